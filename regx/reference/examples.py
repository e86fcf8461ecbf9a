"""The example configs."""

import os
from pathlib import Path

from regx.config.load import configs_folder
from regx.core.errors import InputError


def copy_examples(folder: Path) -> list[Path]:
    """Copy the example configs into a folder, made if it is missing, and return the paths of all of them there.

    Raises InputError, before anything is written, where a file of other content is in the way.
    """
    examples = {folder / example.name: example.read_bytes() for example in sorted(configs_folder().glob("*.yaml"))}
    try:
        present = [path for path in examples if os.path.lexists(path)]
        differing = [str(path) for path in present if not path.is_file() or path.read_bytes() != examples[path]]
        if differing:
            listed = ", ".join(differing)
            raise InputError(
                f"{folder}: expected no other files under the examples' names, found {listed}. "
                "Nothing was written. Name another folder"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in examples.items():
            if path not in present:
                # Exclusive, so that a file that appears meanwhile is not lost either.
                with path.open("xb") as file:
                    file.write(content)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: expected a folder to write into: {error.strerror}") from None
    return list(examples)
