"""Checks as generated code: each gives up where its library would object."""

from __future__ import annotations

from .layouts import Accepts, Among, Bounds, Check, Checks, Equals, NotAmong, Satisfies, Size, Unicode
from .source import Source


def write_checks(source: Source, checks: Checks, value: str) -> None:
    """Write what a value has to satisfy."""
    for check in checks:
        condition = objection(source, check, value)
        if isinstance(check, Accepts) and not check.by_false:
            source.line(condition)
        elif condition:
            source.give_up_if(condition)


def objection(source: Source, check: Check, value: str) -> str:
    """Return the expression that is true, or raises, where a check fails."""
    if isinstance(check, Unicode):
        return f"not {value}.isascii() and not {value}.encode()"
    if isinstance(check, Size):
        return _outside(source, f"len({value})", Bounds(check.least, check.most))
    if isinstance(check, Bounds):
        return _outside(source, value, check)
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


def _outside(source: Source, value: str, bounds: Bounds) -> str:
    parts = []
    if bounds.least is not None:
        parts.append(f"{value} {'<' if bounds.least_included else '<='} {source.use(bounds.least, 'least')}")
    if bounds.most is not None:
        parts.append(f"{value} {'>' if bounds.most_included else '>='} {source.use(bounds.most, 'most')}")
    return " or ".join(parts)
