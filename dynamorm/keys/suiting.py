"""Whether a format suits the field that it writes, as far as the type of the field is known."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ..spec import FieldSpec
from .formats import Cased, Format, Moment, Number, Stored

_NUMBERS = (int, float, Decimal)
_MOMENTS = (dt.date, dt.time)


def misfit(format_: Format, spec: FieldSpec) -> str | None:
    """Return what is wrong with a format for a field, ``None`` where nothing is, or nothing is known."""
    types = _types_of(spec)
    if isinstance(format_, Cased) and spec.key_type == "N":
        return "is stored as a number, which has no case; leave out !l and !u"
    if isinstance(format_, Number) and not _may_be(types, _NUMBERS):
        return f"holds {_shown(types)}, and its format writes numbers; {_REMEDY}"
    if isinstance(format_, Moment):
        if not _may_be(types, _MOMENTS):
            return f"holds {_shown(types)}, and its format writes dates and times; {_REMEDY}"
        lacking = _lacking(format_, types)
        if lacking is not None:
            return f"holds {_shown(types)}, which has no {lacking}; leave that out of the format"
    return None


_REMEDY = "leave the format out, or name another field"


def disorder(format_: Format, spec: FieldSpec) -> str | None:
    """Return what to write so that the texts of a field sort as its values do, ``None`` where they do, or may."""
    name = spec.name
    if isinstance(format_, Moment):
        types = [kind for kind in _types_of(spec) if issubclass(kind, _MOMENTS)] or [dt.datetime]
        if all(map(format_.sorts_of, types)):
            return None
        return f"write what is greater first, as in {{{name}:%Y-%m-%dT%H:%M:%S}}"
    if isinstance(format_, Stored) and spec.key_type == "N":
        if _may_be(_types_of(spec), _NUMBERS):
            return (
                f"give them a width, as in {{{name}:012d}} or {{{name}:015.2f}}, or write {{{name}:d}} if it is never "
                "queried by order"
            )
        return f"give it a format of fixed width, as in {{{name}:%Y-%m-%dT%H:%M:%S}}"
    return None


def _types_of(spec: FieldSpec) -> tuple[type, ...]:
    """Return the types of a field's values, as far as they are known; none where nothing is."""
    if spec.kind == "text":
        return (str,)
    return spec.loads_to or ((int, float) if spec.key_type == "N" else ())


def _may_be(types: tuple[type, ...], wanted: tuple[type, ...]) -> bool:
    return not types or any(issubclass(kind, wanted) for kind in types)


def _lacking(format_: Moment, types: tuple[type, ...]) -> str | None:
    """Return what a format writes and no moment of these types has."""
    moments = [kind for kind in types if issubclass(kind, _MOMENTS)]
    if moments and all(issubclass(kind, dt.time) for kind in moments) and format_.writes_a_day:
        return "date"
    if moments and not any(issubclass(kind, (dt.time, dt.datetime)) for kind in moments) and format_.writes_a_time:
        return "time"
    return None


def _shown(types: tuple[type, ...]) -> str:
    names = {str: "text", int: "numbers", float: "numbers", Decimal: "numbers"}
    return " or ".join(dict.fromkeys(names.get(kind, kind.__name__) for kind in types))
