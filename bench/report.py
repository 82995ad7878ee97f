"""The tables of a run: ratios first, absolute figures after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .awaiting import AT_ONCE, AWAITABLE, CONNECTIONS
from .building import PARTS
from .items import KINDS, MAIN
from .marks import Verdict, counts_of, growing, verdicts
from .measure import OPERATIONS
from .results import Results
from .roster import AWAITED, CLIENT, ENTRIES, FLOOR, SAME_SHAPE, TITLES

SHORT = {"batch_get": "b.get", "batch_write": "b.write", "at_once": "at once"}
NOTHING = "-"


class Table(NamedTuple):
    """A heading, the heads of the columns, and rows of texts."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(results: Results) -> Iterator[Table]:
    """Return every table of figures that something was measured for."""
    made = (
        *(operations(results, kind) for kind in KINDS),
        growth(results),
        awaited(results),
        building(results),
        cold(results),
        memory(results),
    )
    yield from (table for table in made if table.rows)


def operations(results: Results, kind: str) -> Table:
    return costs(results, kind, OPERATIONS, f"{KINDS[kind].title}: {per_call(CLIENT)}")


def awaited(results: Results) -> Table:
    """The ways to wait, each with its own way to do many things at once."""
    title = f"async: {AT_ONCE} gets at once in {CONNECTIONS} threads, or awaited through {CONNECTIONS} connections"
    return costs(results, "async", AWAITABLE, f"{title}; {per_call(CLIENT)}")


def costs(results: Results, section: str, whats: Sequence[str], title: str) -> Table:
    """What each contender pays for each of some operations, as far as they were measured."""
    names = in_order(results.names(section))
    shown = [what for what in whats if any(results.figures(section, name, what) for name in names)]
    heads = [SHORT.get(what, what) for what in shown]
    rows = [
        [
            TITLES[name],
            *(number(results.ratio(section, name, CLIENT, what)) for what in shown),
            "|",
            *(micros(results.median(section, name, what)) for what in shown),
        ]
        for name in names
    ]
    return Table(title, ["", *heads, "|", *heads], rows if shown else [])


def per_call(base: str) -> str:
    return f"CPU of the client per call, of many items per item; first in relation to {TITLES[base]}, then in us"


def growth(results: Results) -> Table:
    rows = []
    for name in in_order(results.names(MAIN)):
        costs = growing(results, name)
        if costs is not None:
            none, *each = costs
            rows.append([TITLES[name], *(number(cost / each[0]) for cost in each), "|", *map(micros, [*each, none])])
    if not rows:
        return Table("", [], [])
    counts = [f"{count:,}" for count in counts_of(results)]
    title = f"growth: a query by the number of items, per item; first in relation to {counts[0]}, then in us"
    return Table(title, ["", *counts, "|", *counts, "empty query"], rows)


def building(results: Results) -> Table:
    names = in_order(results.names("building"))
    rows = [[TITLES[name], *(micros(results.median("building", name, part)) for part in PARTS)] for name in names]
    return Table("building a request of five parts, everything but sending it; in us", ["", *PARTS], rows)


def cold(results: Results) -> Table:
    rows = [
        [
            TITLES[name],
            number(results.ratio("cold", name, SAME_SHAPE, "start")),
            number(results.ratio("cold", name, CLIENT, "start")),
            "|",
            f"{(results.median('cold', name, 'start') or 0) * 1e3:.0f}",
        ]
        for name in in_order(results.names("cold"))
    ]
    title = "cold start: user CPU of a process that imports, defines 5 models, reads one item"
    return Table(title, ["", f"/ {TITLES[SAME_SHAPE]}", f"/ {TITLES[CLIENT]}", "|", "ms"], rows)


def memory(results: Results) -> Table:
    kinds = [kind for kind in KINDS if any(results.figures("memory", name, kind) for name in results.names("memory"))]
    rows = [
        [
            "plain dicts of the same values" if name == FLOOR else TITLES[name].removesuffix(", direct"),
            *(number(results.ratio("memory", name, FLOOR, kind)) for kind in kinds),
            "|",
            *(whole(results.median("memory", name, kind)) for kind in kinds),
        ]
        for name in in_order(results.names("memory"))
    ]
    title = "memory of an item that was read; first in relation to a plain dict of the same values, then in bytes"
    titles = [KINDS[kind].title for kind in kinds]
    return Table(title, ["", *titles, "|", *titles], rows)


def judged(results: Results) -> Table:
    found = list(verdicts(results))
    kinds = [kind for kind in KINDS if any(kind in verdict.figures for verdict in found)]
    rows = [
        [
            verdict.about,
            verdict.who,
            f"<= {verdict.mark:.3g} {verdict.unit}".rstrip(),
            *(figure_of(verdict, kind) for kind in kinds),
            "met" if verdict.met else "MISSED",
        ]
        for verdict in found
    ]
    return Table("marks; * is missed", ["", "", "mark", *(KINDS[kind].title for kind in kinds), ""], rows)


def figure_of(verdict: Verdict, kind: str) -> str:
    if kind not in verdict.figures:
        return NOTHING
    return f"{'*' if kind in verdict.missed else ''}{number(verdict.figures[kind])}"


def text(results: Results) -> str:
    """The whole report, for a terminal."""
    found = [*tables(results), judged(results)]
    parts = ["\n".join(laid_out(table)) for table in found if table.rows]
    if results.left_out:
        parts.append("\n".join(f"{name} is left out: {reason}" for name, reason in results.left_out.items()))
    met = [verdict.met for verdict in verdicts(results)]
    parts.append(f"{sum(met)} of {len(met)} marks met.\n{summary(results)}")
    return "\n\n".join(parts)


def summary(results: Results) -> str:
    about = results.about
    return (
        f"{about['date']}; {about['machine']}; {about['python']}; engine: {about['engine']}; "
        f"{turns_of(about['turns'])}; {about['seconds']} seconds"
    )


def turns_of(count: int) -> str:
    return "one turn" if count == 1 else f"medians of {count} turns"


def versions(results: Results) -> dict[str, str]:
    """The version of everything that was measured, by what it is called on the package index."""
    found: dict[str, set[str]] = {}
    for known in results.versions.values():
        for name, version in known.items():
            found.setdefault(name, set()).add(version)
    return {name: " and ".join(sorted(known)) for name, known in sorted(found.items())}


def laid_out(table: Table) -> Iterator[str]:
    rows = [table.heads, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.heads))]
    yield table.title
    for row in rows:
        cells = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def in_order(names: Iterable[str]) -> list[str]:
    known = list(names)
    order = [entry.name for entry in ENTRIES + AWAITED] + [SAME_SHAPE]
    return [name for name in order if name in known]


def number(figure: float | None) -> str:
    return NOTHING if figure is None else f"{figure:.2f}" if figure < 100 else f"{figure:.0f}"


def micros(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    return f"{seconds * 1e6:.1f}" if seconds < 1e-4 else f"{seconds * 1e6:.0f}"


def whole(figure: float | None) -> str:
    return NOTHING if figure is None else f"{figure:,.0f}"
