"""A grid of configs, and what is best in it."""
