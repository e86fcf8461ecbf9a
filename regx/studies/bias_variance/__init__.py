"""The expected test error in parts."""
