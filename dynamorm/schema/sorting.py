"""Keys whose stored form does not sort as their values do: found where that can be told, and warned of.

DynamoDB compares texts byte by byte.  Some fields never have texts that sort; others have them as long as all moments
are in one zone, which only the values can tell.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..callers import levels_to_the_caller
from ..exceptions import UnsortableKey
from ..spec import FieldSpec
from .compiler.layouts import Converted, FieldLayout, SchemaLayout, ThroughLibrary

_DAYS = [dt.date(2023, 12, 31), dt.date(2024, 1, 2), dt.date(2024, 1, 10), dt.date(2024, 2, 1), dt.date(2024, 10, 5)]
_TIMES = [dt.time(1, 59, 3), dt.time(2, 10), dt.time(2, 10, 0, 500_000), dt.time(13, 5), dt.time(20, 1, 9)]
_AMOUNTS = [Decimal(number) for number in ("-10", "-9", "0.5", "9", "10.25", "100")]
SAMPLES: Mapping[type, Sequence[Any]] = {
    dt.datetime: [dt.datetime.combine(day, time) for day in _DAYS for time in _TIMES],
    dt.date: _DAYS,
    dt.time: _TIMES,
    dt.timedelta: [dt.timedelta(seconds=seconds) for seconds in (-3600, -1, 0, 1, 9, 90, 3601, 100_000)],
    Decimal: _AMOUNTS,
    float: [float(amount) for amount in _AMOUNTS],
    int: [-10, -9, 0, 9, 10, 100],
}
"""Values of types that have an order, in this order."""


def sorts(kind: type, dump: Callable[[Any], Any]) -> bool:
    """Return whether values of a type are stored as texts that sort as they do, as far as samples can tell."""
    try:
        texts = [dump(value) for value in SAMPLES[kind]]
        return texts == sorted(texts)
    except Exception:
        return True  # nothing is known of what cannot be tried


def has_offset(value: Any) -> bool:
    """Return whether a datetime or time is aware and not in UTC."""
    return value.tzinfo is not None and bool(value.utcoffset())


def warn_of_form(owner: str, spec: FieldSpec, library: str) -> None:
    """Warn of a range key that is stored as text in an order of its own."""
    _warn(
        f"{owner}: the range key {spec.name!r} is stored as text that does not sort as its values do, so queries by "
        f"range and sorted queries give wrong results; {_advice(library)}"
    )


def warn_of_value(label: str, value: Any, library: str) -> None:
    """Warn of a moment in a key that does not sort among others."""
    _warn(
        f"{label} is a key and was given a {type(value).__name__} with the offset {value.utcoffset()} from UTC, which "
        f"is stored as text that does not sort among others; convert it to UTC before, or {_advice(library)}"
    )


def _advice(library: str) -> str:
    return f"declare the field as UTCDateTime or Timestamp of dynamorm.schema.{library}"


def _warn(text: str) -> None:
    warnings.warn(text, UnsortableKey, stacklevel=levels_to_the_caller())


def watch_fields(layout: SchemaLayout, names: Iterable[str], watch: Callable[[Mapping[str, Any]], None]) -> None:
    """Let a function see the values of some fields whenever generated code dumps them."""
    layout.fields[:] = [_watched(field, watch) if field.name in names else field for field in layout.fields]
    if layout.dump_whole is not None:
        layout.dump_whole = _watching(layout.dump_whole, watch)


def _watched(field: FieldLayout, watch: Callable[[Mapping[str, Any]], None]) -> FieldLayout:
    value = field.value
    if isinstance(value, Converted):
        return field.replace(value=value.replace(dump=_watching(value.dump, watch, field.name)))
    if isinstance(value, ThroughLibrary):
        return field.replace(value=value.replace(dump=_watching(value.dump, watch)))
    return field


def _watching(
    dump: Callable[[Any], Any], watch: Callable[[Mapping[str, Any]], None], name: str | None = None
) -> Callable[[Any], Any]:
    """Return a dump that lets a function see the values, or the value with that name, before."""

    def dump_seen(value: Any) -> Any:
        watch(value if name is None else {name: value})
        return dump(value)

    return dump_seen
