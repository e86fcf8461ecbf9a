"""Where an epoch's batches begin and end."""

from itertools import pairwise


def steps_per_epoch(n: int, size: int | str | None) -> int:
    """How many batches of this size n rows make. size: None or `full` for all rows."""
    return 1 if size is None or size == "full" else -(-n // int(size))


def bounds(n: int, size: int, least: int = 1) -> list[tuple[int, int]]:
    """The first row of every batch of an epoch over n rows, and the one behind its last.

    What is left over and is less than `least` rows is joined to the batch before.
    """
    size = min(size, n)
    rest = n % size
    joined = rest if rest < least <= size else 0
    return list(pairwise([*range(0, n - joined, size), n]))
