"""The table of what is compiled of schematics, for the tests and for the page ``docs/compiled.rst``.

``python -m tests.schema.compiler.schematics_table`` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from schematics import Model
from schematics import types as t
from schematics.contrib.enum_type import EnumType
from schematics.exceptions import ValidationError

from dynamorm.schema.schematics import Binary, Set, Timestamp, UTCDateTime

from .items import Color
from .schematics_schemas import Circle, Shouted, Square, with_context
from .tables import Cell, account, table_of

TYPE = "``types.{}``"


class Initiated(Model):
    name = t.StringType()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class Validated(Model):
    name = t.StringType()

    def validate_name(self, data: Any, value: Any, context: Any) -> None:
        if value == "abc":
            raise ValidationError("unwanted")


class Computing(Model):
    name = t.StringType()

    @t.serializable
    def length(self) -> int:
        return len(self.name or "")


def _rows() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Return each row with what makes its field."""
    strings = "String Email URL IPAddress IPv4 IPv6 MACAddress MD5 SHA1"
    others = "Int Long Float Decimal Boolean UUID Date DateTime UTCDateTime Timestamp Timedelta GeoPoint"
    for name in f"{strings} {others}".split():
        yield TYPE.format(name + "Type"), getattr(t, name + "Type", None) or t.IntType
    yield "``types.BaseType``", t.BaseType
    yield "``types.MultilingualStringType``", lambda **kw: t.MultilingualStringType(default_locale="en_US", **kw)
    yield "``types.DateType(formats=...)``", lambda **kw: t.DateType(formats="%d.%m.%Y", **kw)
    yield '``types.DateTimeType(tzd="utc")``', lambda **kw: t.DateTimeType(tzd="utc", **kw)
    yield "``types.DateTimeType(convert_tz=True)``", lambda **kw: t.DateTimeType(convert_tz=True, **kw)
    yield "``types.DateTimeType(formats=...)``", lambda **kw: t.DateTimeType(formats="%d.%m.%Y", **kw)
    yield "``types.DateTimeType(parser=...)``", lambda **kw: t.DateTimeType(parser=_never, **kw)
    yield (
        "``types.DateTimeType(serialized_format=...)``",
        lambda **kw: t.DateTimeType(serialized_format="%d.%m.%Y", **kw),
    )
    yield "``types.ListType``", lambda **kw: t.ListType(t.StringType, **kw)
    yield "``types.DictType``", lambda **kw: t.DictType(t.FloatType, **kw)
    yield "``types.DictType(coerce_key=...)``", lambda **kw: t.DictType(t.FloatType, coerce_key=int, **kw)
    yield "``types.ModelType``", lambda **kw: t.ModelType(Circle, **kw)
    yield "``types.ListType`` of ``types.ModelType``", lambda **kw: t.ListType(t.ModelType(Circle), **kw)
    yield "``types.PolyModelType``", lambda **kw: t.PolyModelType([Circle, Square], **kw)
    yield "``types.UnionType``", lambda **kw: t.UnionType((t.IntType, t.StringType), **kw)
    yield "``contrib.enum_type.EnumType``", lambda **kw: EnumType(Color, **kw)
    yield "``Set``", lambda **kw: Set(t.StringType, **kw)
    yield "``Binary``", Binary
    yield "``Timestamp``", Timestamp
    yield "``UTCDateTime``", UTCDateTime
    yield "``serializable``", lambda **kw: t.serializable(lambda self: 5)
    yield "``types.ModelType``, whose model overrides a method", lambda **kw: t.ModelType(Initiated, **kw)
    yield "``types.ModelType``, whose model has a ``validate_...``", lambda **kw: t.ModelType(Validated, **kw)
    yield "``types.ModelType``, whose model computes something", lambda **kw: t.ModelType(Computing, **kw)
    yield "a type of the user's", Shouted


def _never(value: Any) -> Any:
    raise ValueError(value)


def _objects(value: Any) -> None:
    return None


OPTIONS: dict[str, dict[str, Any]] = {
    "alone": {},
    "``required``": {"required": True},
    "``default``": {"default": None},
    "``serialized_name``": {"serialized_name": "other"},
    "``deserialize_from``": {"deserialize_from": ["former", "older"]},
    "``choices``": {"choices": ["a", 5]},
    "``validators``": {"validators": [_objects]},
    "a validator that takes the context": {"validators": [with_context]},
    "``serialize_when_none``": {"serialize_when_none": False},
    "``export_level``": {"export_level": 1},
    "``messages``": {"messages": {"required": "!"}},
    "``metadata``": {"metadata": {"label": "A"}},
}


@cache
def cells() -> tuple[Cell, ...]:
    """Return (row, option, told) for every type and every option."""
    return tuple(_cells())


def _cells() -> Iterator[Cell]:
    for row, make in _rows():
        for option, given in OPTIONS.items():
            told = account(field=make(**given))
            (name,) = (name for name in told.load.fields if "." not in name)
            assert told.load and told.dump
            yield row, option, told.load.fields[name]


def table() -> list[str]:
    """Return the table of the page, a line for each type."""
    return table_of("type", cells())


if __name__ == "__main__":
    print("\n".join(table()))
