"""Where a run that takes long stands, in a file from which another process goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..exceptions import InvalidCursor, InvalidExpression
from ..expressions import shortened
from ..wire.codec import WireItem
from ..wire.texts import item_of, text_of


class Position(NamedTuple):
    """How far a segment of a scan has come: to the key ``after``, ``None`` for its beginning, or to its end."""

    after: WireItem | None = None
    is_finished: bool = False


class Checkpoint:
    """A file that says of one run, which ``run`` tells from others, how far each segment and its counts have come."""

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self._path = path
        self._beside = path.with_name(f"{path.name}.new")
        self._run = dict(run)

    def read(self) -> tuple[list[Position], dict[str, Any]] | None:
        """Return the positions and counts that are noted, ``None`` where no run has begun.

        :raises InvalidCursor: if the file is of another run, or no checkpoint
        """
        try:
            noted = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self._refusal(f"it cannot be read as a checkpoint: {error}") from error
        try:
            of_run, counts = noted["run"], dict(noted["counts"])
            positions = [_position(one) for one in noted["segments"]]
        except (KeyError, TypeError, ValueError) as error:
            raise self._refusal("it is no checkpoint of a migration") from error
        for name, value in self._run.items():
            if of_run.get(name) != value:
                raise self._refusal(f"it is of a run with {name} = {of_run.get(name)!r}, and this one has {value!r}")
        return positions, counts

    def write(self, positions: Sequence[Position], counts: Mapping[str, Any]) -> None:
        """Note where each segment stands; whoever is killed meanwhile leaves the file as it was before, or after."""
        noted = {"run": self._run, "segments": [_noted(one) for one in positions], "counts": counts}
        try:
            with self._beside.open("w", encoding="utf-8") as file:
                json.dump(noted, file)
                file.flush()
                os.fsync(file.fileno())
            self._beside.replace(self._path)
        except OSError as error:
            raise InvalidExpression(f"checkpoint={str(self._path)!r} cannot be written: {error}") from error

    def remove(self) -> None:
        """Delete the file, since there is nothing left to go on with."""
        for path in (self._path, self._beside):
            with suppress(FileNotFoundError):
                path.unlink()

    def _refusal(self, reason: str) -> InvalidCursor:
        return InvalidCursor(
            f"checkpoint={str(self._path)!r}: {reason}; name another file, or delete this one to begin at the beginning"
        )


def path_given(given: Any) -> Path | None:
    """Return the path of a checkpoint."""
    if given is None:
        return None
    path = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        raise InvalidExpression(f"checkpoint={shortened(given)}: the path of a file is meant")
    file = Path(path)
    if file.is_dir() or not file.parent.is_dir():
        what = "is a folder" if file.is_dir() else f"is in a folder that is not there, {str(file.parent)!r}"
        raise InvalidExpression(f"checkpoint={path!r} {what}: the path of a file is meant")
    return file


def _noted(position: Position) -> Any:
    if position.is_finished:
        return "finished"
    return None if position.after is None else as_json(position.after)


def _position(noted: Any) -> Position:
    if noted == "finished":
        return Position(is_finished=True)
    return Position(None if noted is None else from_json(noted))


def as_json(key: WireItem) -> Any:
    """Return a key as JSON can hold it."""
    return json.loads(text_of(key) or b"null")


def from_json(noted: Any) -> WireItem:
    """Return a key that was made to be held by JSON."""
    return item_of(json.dumps(noted).encode())
