"""Text that users named, as it may be shown."""

from __future__ import annotations


def clean(text: str) -> str:
    """Text without control signs, halves of signs, and what would turn the direction of writing or move the cursor."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
