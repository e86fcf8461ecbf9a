"""The version of regx, which stands here for every floor; that of `pyproject.toml` is the same, by a test."""

__version__ = "0.1.0"
