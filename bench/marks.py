"""The marks that are set for this project, and whether a run has met them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .building import PARTS
from .items import KINDS, MAIN
from .measure import GROWTH
from .results import Results
from .roster import CLIENT, FASTEST_PEER, FLOOR, LIBRARIES, SAME_SHAPE, TITLES, awaited_of_ours, of_ours

ALONE = ("get", "save", "update")
OF_PAGES = ("query", "scan")
# For the book and for the other kinds: an item of a query or scan in relation to boto3's client, and to a core in Rust.
PAGES = {"marshmallow": (0.15, 0.18), "schematics": (0.18, 0.18), "pydantic": (0.2, 0.2)}
PAGES_OF_PEER = (0.27, 0.4)
MEMORY = (1.6, 2.2)
FLAT = 1.1
# One get at a time beside one that blocks; a hundred at once beside as many in threads, which cost 1.5 times as much.
ONE_AWAITED = 1.6
MANY_AWAITED = 1 / 1.5


class Verdict(NamedTuple):
    """A mark, and the figure of each kind of items that it was measured for."""

    about: str
    who: str
    mark: float
    figures: dict[str, float]
    unit: str = ""

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(kind for kind, figure in self.figures.items() if figure > self.mark)

    @property
    def met(self) -> bool:
        return not self.missed


def verdicts(results: Results) -> Iterator[Verdict]:
    """Return every mark that something was measured for."""
    for verdict in all_marks(results):
        if verdict.figures:
            yield verdict


def all_marks(results: Results) -> Iterator[Verdict]:
    for library in LIBRARIES:
        yield from marks_of_ratios(results, library)
    for library in LIBRARIES:
        for operation, beside, mark in (("get", "direct", ONE_AWAITED), ("at_once", "direct in threads", MANY_AWAITED)):
            ratio = results.ratio("async", awaited_of_ours(library), of_ours("direct", library), operation)
            about = f"async: {operation.replace('_', ' ')}, awaited / {beside}"
            yield Verdict(about, library, mark, known({MAIN: ratio}))
    for library in LIBRARIES:
        figures = results_of(results, "building", of_ours("direct", library))
        yield Verdict(f"building a request, slowest of {', '.join(PARTS)}", library, 25, figures, "us")
    start = results.ratio("cold", of_ours("direct", "marshmallow"), SAME_SHAPE, "start")
    title = f"cold start, direct / {TITLES[SAME_SHAPE]}"
    yield Verdict(title, "marshmallow", 1.0, {MAIN: start} if start is not None else {})
    for library in LIBRARIES:
        name = of_ours("direct", library)
        figures = known({kind: results.ratio("memory", name, FLOOR, kind) for kind in KINDS})
        yield from of_kinds("memory of an instance / plain dict", library, MEMORY, figures)
    for transport in ("direct", "default"):
        yield from growth(results, transport)


def marks_of_ratios(results: Results, library: str) -> Iterator[Verdict]:
    for operation in ALONE:
        yield from ratios(results, library, operation, "default", CLIENT, (0.33, 0.33))
        yield from ratios(results, library, operation, "default", FASTEST_PEER, (1.0, 1.0))
        yield from ratios(results, library, operation, "direct", FLOOR, (1.7 if operation == "get" else 2.0, 2.0))
    for operation in OF_PAGES:
        yield from ratios(results, library, operation, "default", CLIENT, PAGES[library])
        if library == "marshmallow":
            yield from ratios(results, library, operation, "default", FASTEST_PEER, PAGES_OF_PEER)
    yield from ratios(results, library, "batch_get", "default", CLIENT, (0.18, 0.25))
    yield from ratios(results, library, "batch_write", "default", CLIENT, (0.25, 0.25))


def ratios(
    results: Results, library: str, operation: str, transport: str, base: str, two: tuple[float, float]
) -> Iterator[Verdict]:
    name = of_ours(transport, library)
    figures = known({kind: results.ratio(kind, name, base, operation) for kind in KINDS})
    yield from of_kinds(f"{operation}, {transport} / {TITLES[base]}", library, two, figures)


def of_kinds(about: str, library: str, two: tuple[float, float], figures: dict[str, float]) -> Iterator[Verdict]:
    """Return the verdicts on the first kind of items and on the others, one where both have the same mark."""
    if two[0] == two[1]:
        yield Verdict(about, library, two[0], figures)
        return
    yield Verdict(about, library, two[0], {kind: figure for kind, figure in figures.items() if kind == MAIN})
    yield Verdict(about, library, two[1], {kind: figure for kind, figure in figures.items() if kind != MAIN})


def results_of(results: Results, section: str, name: str) -> dict[str, float]:
    medians = [results.median(section, name, part) for part in PARTS]
    slowest = max((figure for figure in medians if figure is not None), default=None)
    return {} if slowest is None else {MAIN: slowest * 1e6}


def growth(results: Results, transport: str) -> Iterator[Verdict]:
    """How far the cost of an item is from flat: as it is, and without what a query costs that finds nothing."""
    for library in LIBRARIES:
        name = of_ours(transport, library)
        costs = growing(results, name)
        if costs is None:
            continue
        none, *each = costs
        counts = counts_of(results)
        own = [cost - none / count for cost, count in zip(each, counts, strict=True)]
        for about, figures in (("", each), (", the request itself taken off", own)):
            spread = max(figures) / min(figures)
            yield Verdict(
                f"most / least per item at {listed(counts)}{about}, {transport}", library, FLAT, {MAIN: spread}
            )


def growing(results: Results, name: str) -> list[float] | None:
    medians = [results.median(MAIN, name, what) for what in GROWTH]
    figures = [figure for figure in medians if figure is not None]
    return figures if len(figures) == len(medians) else None


def counts_of(results: Results) -> tuple[int, int, int]:
    sizes = results.about["sizes"]
    return sizes["few"], sizes["page"], sizes["stored"]


def listed(counts: tuple[int, ...]) -> str:
    return "/".join(f"{count:,}" for count in counts)


def known(figures: dict[str, float | None]) -> dict[str, float]:
    return {kind: figure for kind, figure in figures.items() if figure is not None}
