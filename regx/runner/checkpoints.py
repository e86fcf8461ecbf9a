"""Checkpoints on the disk: where the populations stand that train what some run folders lack.

One file per population in the folder `.checkpoints`, beside the run's files or, for the runs of a sweep, beside their
folders. It says whose networks it holds and what they are trained on, and a digest of everything in it: a checkpoint
that is damaged, or of other data or another version, is never gone on from.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.errors import InputError
from regx.core.notes import note
from regx.core.version import __version__
from regx.engine.checkpoint import Checkpoint, from_text, text
from regx.runner.plan import Resumed, Trainee, fingerprint, is_pictured
from regx.store.atomic import clear_temporaries, make_folder, unwritable, write_atomically
from regx.store.opened import is_own_folder
from regx.store.weights import digest, format_weights, read_arrays

FOLDER = ".checkpoints"
FORMAT = 1  # of what the engine saves
OWN = re.compile(r"[0-9a-f]{16}\.npz")  # what is written there; nothing else is ever removed


class Checkpoints:
    """The checkpoints of a command. folder: that the command has locked. Members are numbered by `configs`."""

    def __init__(self, folder: Path, configs: Sequence[Config], peek: bool) -> None:
        self._folder, self._configs, self._peek = folder / FOLDER, configs, peek
        self._numbers = {config.digest(): number for number, config in enumerate(configs)}
        self._paths: dict[tuple[Trainee, ...], Path] = {}

    def found(self, trainees: Sequence[Trainee], force: bool) -> Resumed:
        """The populations that can go on, all of whose networks are among `trainees`. With `force` none.

        Removes what will never be gone on from, and says so on stderr where that was to be. Raises RegxError naming the
        folder if the disk refuses.
        """
        if not is_own_folder(self._folder):
            return {}
        try:
            clear_temporaries(self._folder)
            return dict(self._found(set(trainees), force))
        except OSError as error:
            raise unwritable(self._folder, error) from error
        finally:
            self._remove_folder()

    def _found(self, wanted: set[Trainee], force: bool) -> Iterator[tuple[tuple[Trainee, ...], Checkpoint]]:
        for path in sorted(path for path in self._folder.iterdir() if OWN.fullmatch(path.name)):
            try:
                about, checkpoint = _read(path)
                own = [(self._numbers.get(one["digest"]), one["seed"]) for one in about["members"]]
            except (InputError, KeyError, TypeError, ValueError):
                self._give_up(path, "is damaged")
                continue
            part = tuple(Trainee(number, seed) for number, seed in own if number is not None)
            asked_for = [trainee for trainee in part if trainee.seed in self._configs[trainee.config].seeds]
            if any(force or trainee not in wanted for trainee in asked_for):
                path.unlink()  # what is finished, or trained anew, needs it no more
            elif len(asked_for) < len(own):
                continue  # of networks that this command is not about
            elif about != self._about(part):
                self._give_up(path, "is of other data or of another version")
            else:
                self._paths[part] = path
                wanted -= set(part)
                yield part, checkpoint

    def write(self, trainees: Sequence[Trainee], checkpoint: Checkpoint) -> None:
        """Keep where a population stands. Raises RegxError naming the file if the disk refuses."""
        about = self._about(trainees)
        name = hashlib.sha256(json.dumps(about["members"]).encode()).hexdigest()[:16]
        is_own_folder(self._folder)
        make_folder(self._folder)
        arrays = {**checkpoint, "about": text(about)}
        path = self._folder / f"{name}.npz"
        write_atomically(path, format_weights({**arrays, "sha256": text(digest(arrays))}))
        self._paths[tuple(trainees)] = path

    def has(self, trainees: Sequence[Trainee]) -> bool:
        """Whether there is a checkpoint of any of these networks."""
        return any(True for _ in self._of(trainees))

    def remove(self, trainees: Sequence[Trainee]) -> None:
        """Forget where these networks stood, now that it is stored what became of them."""
        for part in list(self._of(trainees)):
            path = self._paths.pop(part)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from error
            self._remove_folder()

    def _of(self, trainees: Sequence[Trainee]) -> Iterator[tuple[Trainee, ...]]:
        """The populations of which there is a checkpoint and that hold one of these: of one cut in two the whole."""
        return (part for part in self._paths if not set(trainees).isdisjoint(part))

    def _about(self, trainees: Sequence[Trainee]) -> dict[str, Any]:
        """What must be the same for a checkpoint to be gone on from."""
        return {
            "format": FORMAT,
            "versions": [__version__, np.__version__],
            "peek": self._peek,
            "members": [
                {
                    "digest": config.digest(),
                    "seed": trainee.seed,
                    "data": fingerprint(config.dataset),
                    "snapshots": is_pictured(config, trainee.seed) and config.training.snapshots,
                }
                for trainee, config in ((trainee, self._configs[trainee.config]) for trainee in trainees)
            ],
        }

    def _give_up(self, path: Path, why: str) -> None:
        note(f"warning: {path}: the checkpoint {why}, so its networks are trained from the beginning")
        path.unlink()

    def _remove_folder(self) -> None:
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # if it is empty


def _read(path: Path) -> tuple[dict[str, Any], Checkpoint]:
    """What a checkpoint is of, and the checkpoint. Raises InputError, KeyError or ValueError if it is damaged."""
    arrays = read_arrays(path)
    written = from_text(arrays.pop("sha256"))
    if digest(arrays) != written:
        raise ValueError
    about = from_text(arrays.pop("about"))
    return about, arrays
