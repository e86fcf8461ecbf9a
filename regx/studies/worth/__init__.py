"""What regularizers are worth in training rows."""
