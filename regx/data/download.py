"""A file from the internet, fetched once, checked, and kept in the user's cache."""

import logging
from pathlib import Path

from regx.core.errors import RegxError


def download(url: str, sha256: str, name: str) -> Path:
    """The file `name` in the user's cache, downloaded from `url` if it is not there with that checksum.

    Raises RegxError where it cannot be had; the cache then holds no part of it.
    """
    import pooch

    cache = Path(pooch.os_cache("regx"))
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        # Not streamed: pooch would leave the connection open after an error.
        downloader = pooch.HTTPDownloader(timeout=30, stream=False)
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=cache, downloader=downloader))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, some of a proxy's address ValueErrors too
        # pooch's own message on the checksum speaks of its developers' registry.
        is_another = "does not match the known hash" in str(error)
        found = f"the file is not the expected one (SHA-256 {sha256})" if is_another else error
        raise RegxError(
            f"Cannot download {url} to {cache / name}: {found}.\n"
            f"Save {name} yourself and name its folder in the environment variable REGX_DATA_DIR, or the file itself "
            "in dataset.path."
        ) from error
