"""What a run has brought: figures of every turn, and the medians and ratios that are made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

FORMAT = 1
Figures = list["float | None"]


class Results:
    """Figures by section, name and what was measured: a list with one figure for each turn.

    A section is the name of a kind of items, or ``async``, ``cold``, ``building`` or ``memory``.  Turns that lack
    somebody hold ``None``, so that figures in the same place were measured one after the other.
    """

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data = data or {"format": FORMAT, "about": {}, "versions": {}, "left_out": {}, "figures": {}}

    @classmethod
    def read(cls, path: Path) -> Results:
        data = json.loads(path.read_text())
        if data.get("format") != FORMAT:
            raise SystemExit(f"{path} was written by another version of this program: measure again")
        return cls(data)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.data, indent=1, sort_keys=True) + "\n")

    @property
    def about(self) -> dict[str, Any]:
        about: dict[str, Any] = self.data["about"]
        return about

    @property
    def versions(self) -> dict[str, dict[str, str]]:
        versions: dict[str, dict[str, str]] = self.data["versions"]
        return versions

    @property
    def left_out(self) -> dict[str, str]:
        left_out: dict[str, str] = self.data["left_out"]
        return left_out

    def add(self, section: str, name: str, what: str, turn: int, figure: float) -> None:
        places = self.data["figures"].setdefault(section, {}).setdefault(name, {})
        figures: Figures = places.setdefault(what, [])
        figures.extend([None] * (turn - len(figures)))
        figures.append(figure)

    def names(self, section: str) -> Iterator[str]:
        yield from self.data["figures"].get(section, {})

    def figures(self, section: str, name: str, what: str) -> Figures:
        found: Figures = self.data["figures"].get(section, {}).get(name, {}).get(what, [])
        return found

    def median(self, section: str, name: str, what: str) -> float | None:
        """Return the median of all turns."""
        return middle(self.figures(section, name, what))

    def ratio(self, section: str, name: str, base: str, what: str) -> float | None:
        """Return the median of the ratios of each turn, so that a slow turn is slow for both."""
        pairs = zip(self.figures(section, name, what), self.figures(section, base, what), strict=False)
        return middle([one / other if one is not None and other else None for one, other in pairs])


def middle(figures: Sequence[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return median(known) if known else None
