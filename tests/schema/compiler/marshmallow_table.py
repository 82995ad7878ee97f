"""The table of what is compiled, for the tests and for the page ``docs/compiled.rst``.

``python -m tests.schema.compiler.marshmallow_table`` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from marshmallow import Schema, fields, validate

from dynamorm.schema.marshmallow import Binary, Set, Timestamp, UTCDateTime

from .items import Color
from .marshmallow_schemas import VERSION, Shouted
from .tables import Cell, account, table_of

FIELD = "``fields.{}``"


class Inner(Schema):
    name = fields.String()


class Hooked(Schema):
    name = fields.String()

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        return super().get_attribute(obj, attr, default)


def _rows() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Return each row with what makes its field."""
    plain = (
        "String Email URL Integer Float Decimal Boolean UUID DateTime AwareDateTime NaiveDateTime Date Time TimeDelta "
    )
    for name in (plain + "Raw Dict IP IPv4 IPv6 IPInterface IPv4Interface IPv6Interface").split():
        yield FIELD.format(name), getattr(fields, name)
    yield "``fields.Integer(strict=True)``", lambda **kw: fields.Integer(strict=True, **kw)
    yield "``fields.Integer(as_string=True)``", lambda **kw: fields.Integer(as_string=True, **kw)
    yield "``fields.Float(allow_nan=True)``", lambda **kw: fields.Float(allow_nan=True, **kw)
    yield "``fields.Float(as_string=True)``", lambda **kw: fields.Float(as_string=True, **kw)
    yield "``fields.Decimal(places=2)``", lambda **kw: fields.Decimal(places=2, **kw)
    yield "``fields.Decimal(as_string=True)``", lambda **kw: fields.Decimal(as_string=True, **kw)
    yield "``fields.Boolean(truthy=..., falsy=...)``", lambda **kw: fields.Boolean(truthy={"y"}, falsy={"n"}, **kw)
    yield '``fields.DateTime("rfc")``', lambda **kw: fields.DateTime("rfc", **kw)
    yield '``fields.DateTime("%Y-%m-%d")``', lambda **kw: fields.DateTime("%Y-%m-%d", **kw)
    if VERSION >= (3, 19):
        yield '``fields.DateTime("timestamp")``', lambda **kw: fields.DateTime("timestamp", **kw)
    yield '``fields.TimeDelta("minutes")``', lambda **kw: fields.TimeDelta("minutes", **kw)
    yield "``fields.Enum``", lambda **kw: fields.Enum(Color, **kw)
    yield "``fields.Enum(by_value=True)``", lambda **kw: fields.Enum(Color, by_value=True, **kw)
    yield "``fields.Enum(by_value=fields.String)``", lambda **kw: fields.Enum(Color, by_value=fields.String, **kw)
    yield "``fields.Constant``", lambda **kw: fields.Constant(5, **{k: v for k, v in kw.items() if "default" not in k})
    yield "``fields.List``", lambda **kw: fields.List(fields.String(), **kw)
    yield "``fields.Tuple``", lambda **kw: fields.Tuple((fields.String(), fields.Integer()), **kw)
    yield "``fields.Dict(keys=..., values=...)``", lambda **kw: fields.Dict(fields.UUID(), fields.Float(), **kw)
    yield "``fields.Nested``", lambda **kw: fields.Nested(Inner, **kw)
    yield "``fields.Nested(many=True)``", lambda **kw: fields.Nested(Inner, many=True, **kw)
    yield "``fields.Nested(only=...)``", lambda **kw: fields.Nested(Inner, only=["name"], **kw)
    yield "``fields.Pluck``", lambda **kw: fields.Pluck(Inner, "name", **kw)
    yield "``Set``", lambda **kw: Set(fields.String(), **kw)
    yield "``Binary``", Binary
    yield "``Timestamp``", Timestamp
    yield "``UTCDateTime``", UTCDateTime
    yield "``fields.Nested``, whose schema overrides a method", lambda **kw: fields.Nested(Hooked, **kw)
    yield "``fields.Function``", lambda **kw: fields.Function(len, lambda value: value, **_without_only(kw))
    yield "``fields.Method``", lambda **kw: fields.Method("made", "taken", **_without_only(kw))
    yield "a field class of the user's", Shouted
    if VERSION >= (4, 3):
        yield "``pre_load=...``, ``post_load=...``", lambda **kw: fields.String(pre_load=str, **kw)


def _without_only(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if not name.endswith("_only")}


def _objects(value: Any) -> None:
    return None


OPTIONS: dict[str, dict[str, Any]] = {
    "alone": {},
    "``required``": {"required": True},
    "``allow_none``": {"allow_none": True},
    "``load_default``": {"load_default": None},
    "``dump_default``": {"dump_default": None},
    "``data_key``": {"data_key": "other"},
    "``attribute``": {"attribute": "other"},
    "``load_only``": {"load_only": True},
    "``dump_only``": {"dump_only": True},
    "``validate``": {"validate": [validate.Length(max=5), _objects]},
}


def made(self: Any, obj: Any) -> Any:
    return len(obj)


def taken(self: Any, value: Any) -> Any:
    return value


@cache
def cells() -> tuple[Cell, ...]:
    """Return (row, option, told) for every field and every option."""
    return tuple(_cells())


def _cells() -> Iterator[Cell]:
    for row, make in _rows():
        for option, given in OPTIONS.items():
            told = account(field=make(**given), made=made, taken=taken)
            (name,) = (name for name in told.load.fields if "." not in name)
            assert told.load and told.dump
            yield row, option, told.load.fields[name]


def table() -> list[str]:
    """Return the table of the page, a line for each field."""
    return table_of("field", cells())


if __name__ == "__main__":
    print("\n".join(table()))
