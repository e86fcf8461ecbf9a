"""Which regularizers help on a table."""
