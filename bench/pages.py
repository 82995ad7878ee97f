"""What the documentation shows of a run: ``figures.json`` in ``docs/speed``, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator

from . import chart, report
from .report import Table
from .results import Results
from .roster import ROOT

FOLDER = ROOT / "docs" / "speed"
FIGURES = FOLDER / "figures.json"


def write(results: Results) -> None:
    """Write the figures, and everything that is made of them."""
    results.write(FIGURES)
    for name, text in made(results).items():
        (FOLDER / name).write_text(text)


def made(results: Results) -> dict[str, str]:
    """Return the files that are made of the figures of a run, by name."""
    return {"chart.svg": chart.svg(results), "tables.inc": included(results)}


def included(results: Results) -> str:
    """The tables as the chapter includes them."""
    lines = [
        ".. Made by: make bench ARGS=--docs",
        "",
        f"Measured on {report.summary(results)}.",
        "",
        ", ".join(f"{name} {version}" for name, version in report.versions(results).items()) + ".",
        "",
    ]
    for table in report.tables(results):
        lines += as_table(table)
    for name, reason in results.left_out.items():
        lines += [f"{name} is left out: ``{reason}``", ""]
    return "\n".join(lines)


def as_table(table: Table) -> Iterator[str]:
    """A table in reStructuredText; the column between ratios and figures is dropped."""
    columns = [column for column, head in enumerate(table.heads) if head != "|"]
    rows = [[row[column] or "\\ " for column in columns] for row in [table.heads, *table.rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    rule = "  ".join("=" * width for width in widths)
    yield from (f"{table.title[0].upper()}{table.title[1:]}:", "", rule)
    for number, row in enumerate(rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if number == 0:
            yield rule
    yield from (rule, "")
