"""How tables of what is compiled are made, whatever the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dynamorm.schema import adapter_for

Cell = tuple[str, str, str]


def account(**members: Any) -> Any:
    """Return what is told of a schema."""
    kind = adapter_for("Book", type("Schema", (), members))
    schema = kind.adopt("BookSchema", type("Schema", (), members))
    type.__setattr__(schema, "_dynamorm_adapter", kind(schema))
    return schema.compiled


def table_of(what: str, cells: Iterable[Cell]) -> list[str]:
    """Return the lines of a table, one for each row, with one answer for all options and those that differ after it."""
    lines: dict[str, dict[str, str]] = {}
    for row, option, answer in cells:
        lines.setdefault(row, {})[option] = answer
    told = {row: _line(found) for row, found in lines.items()}
    width, other = max(map(len, told)), max(map(len, told.values()))
    rule = f"{'=' * width}  {'=' * other}"
    body = [f"{row:{width}}  {text}" for row, text in told.items()]
    return [rule, f"{what:{width}}  with any option", rule, *body, rule]


def _line(found: dict[str, str]) -> str:
    usual = found["alone"]
    others: dict[str, list[str]] = {}
    for option, answer in found.items():
        if answer != usual:
            others.setdefault(answer, []).append(option)
    return "; ".join([usual, *(f"with {', '.join(options)}: {answer}" for answer, options in others.items())])
