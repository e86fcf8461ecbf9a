"""What stored runs say when they are asked: predictions, data, diagnosis, effects."""
