"""Files that are read once and remembered while they stay as they are."""

from pathlib import Path

Version = tuple[int, int, int]


def version(path: Path) -> Version:
    """What changes when a file does: modification time in ns, bytes, inode. Raises OSError where there is no file."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
