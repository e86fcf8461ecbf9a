"""Lanes that train side by side."""
