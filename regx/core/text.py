"""Text that a user or a received folder named, as it may be shown."""

import re
from collections.abc import Iterable

# An underscore between letters is none, so that columns keep their names.
MARKDOWN = re.compile(r"[\\|*`\[\]<>]|(?<![^\W_])_|_(?![^\W_])")


def clean(text: str) -> str:
    """Text in which control signs, halves of signs, and what turns the direction of writing are shown, not obeyed."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def markdown(text: str) -> str:
    """Cleaned text in which nothing is markup."""
    return MARKDOWN.sub(r"\\\g<0>", clean(text))


def capital(text: str) -> str:
    """The text with a capital at its beginning, as a sentence begins."""
    return text[:1].upper() + text[1:]


def first_of(names: Iterable[str], most: int = 12) -> str:
    """Names, of many the first and how many more."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def elided(text: str, width: int) -> str:
    """At most `width` signs: the middle goes, since names differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"
