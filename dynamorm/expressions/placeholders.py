"""Names and values of an expression: each is sent as a placeholder, whatever it is called and whatever it holds."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire.paths import Path


def shown_path(path: Iterable[str | int]) -> str:
    """Return a document path as a reader knows it: ``address.lines[0]``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


class Placeholders:
    """Collects the names and values of one expression, under placeholders that begin with a prefix of its own."""

    def __init__(self, prefix: str = "c") -> None:
        self.prefix = prefix
        self.names: dict[str, str] = {}
        self.values = 0

    def path(self, path: Path) -> str:
        """Return the text of a document path."""
        text = ""
        for part in path:
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                placeholder = self.names.setdefault(part, f"#{self.prefix}{len(self.names)}")
                text += f".{placeholder}" if text else placeholder
        return text

    def value(self) -> str:
        """Return the placeholder of the next value."""
        placeholder = f":{self.prefix}{self.values}"
        self.values += 1
        return placeholder


def overlapping(paths: Iterable[Path]) -> tuple[Path, Path] | None:
    """Find two document paths of which one is the other or leads to it: DynamoDB takes no such two in an expression."""
    seen: list[Path] = []
    for path in sorted(paths, key=len):
        for shorter in seen:
            if path[: len(shorter)] == shorter:
                return shorter, path
        seen.append(path)
    return None


def conflicting(paths: Iterable[Path]) -> tuple[Path, Path] | None:
    """Find two document paths that take one value for a list and for a map: DynamoDB takes no such two either."""
    first: dict[Path, Path] = {}
    for path in paths:
        for length in range(1, len(path)):
            other = first.setdefault(path[:length], path)
            if isinstance(other[length], int) is not isinstance(path[length], int):
                return other, path
    return None
