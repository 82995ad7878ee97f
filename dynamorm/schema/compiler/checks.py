"""Checks as generated code: each gives up where its library would object."""

from __future__ import annotations

from .layouts import Accepts, Among, Bounds, Check, Checks, Equals, NotAmong, Satisfies, Size, Unicode
from .source import Source

GIVE_UP = "return None"


def write_checks(source: Source, checks: Checks, value: str) -> None:
    """Write what a value has to satisfy."""
    for check in checks:
        condition = objection(source, check, value)
        if isinstance(check, Accepts) and not check.by_false:
            source.line(condition)
        elif condition:
            with source.block(f"if {condition}:"):
                source.line(GIVE_UP)


def objection(source: Source, check: Check, value: str) -> str:
    """Return the expression that is true, or raises, where a check fails."""
    if isinstance(check, Unicode):
        return f"not {value}.isascii() and not {value}.encode()"
    if isinstance(check, Size):
        length = f"len({value})"
        return _outside(source, length, check.least, check.most, "<", ">")
    if isinstance(check, Bounds):
        below = "<" if check.least_included else "<="
        above = ">" if check.most_included else ">="
        return _outside(source, value, check.least, check.most, below, above)
    if isinstance(check, Among):
        return f"{value} not in {source.use(check.choices, 'choices')}"
    if isinstance(check, NotAmong):
        return f"{value} in {source.use(check.choices, 'choices')}"
    if isinstance(check, Equals):
        return f"{value} != {source.use(check.other, 'other')}"
    if isinstance(check, Satisfies):
        return f"not {source.use(check.function, 'holds')}({value})"
    call = f"{source.use(check.function, 'check')}({value})"
    return f"{call} is False" if check.by_false else call


def _outside(source: Source, value: str, least: object, most: object, below: str, above: str) -> str:
    parts = []
    if least is not None:
        parts.append(f"{value} {below} {source.use(least, 'least')}")
    if most is not None:
        parts.append(f"{value} {above} {source.use(most, 'most')}")
    return " or ".join(parts)
