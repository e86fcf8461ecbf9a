"""Text that a user or a received folder named, as it may be shown."""

from __future__ import annotations

MARKDOWN = "\\|*_`[]<>"


def clean(text: str) -> str:
    """Text in which control signs, halves of signs, and what turns the direction of writing are shown, not obeyed."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def markdown(text: str) -> str:
    """Cleaned text in which nothing is markup."""
    return "".join("\\" * (sign in MARKDOWN) + sign for sign in clean(text))
