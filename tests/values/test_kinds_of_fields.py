"""Every kind of field comes back as it was, and is stored under its type."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import pytest

from ..libraries import text
from .things import UTC, WAYS, stored, write


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def kinds_of(library):
    """Return for each kind of field: how the library declares it, two values, and the type under which it is stored."""
    at = dt.datetime(2024, 5, 6, 7, 8, 9, 250000, tzinfo=UTC)
    naive = at.replace(tzinfo=None)
    code = uuid.UUID(int=7)
    rows = {
        "binary": (b"\x00\xff", b"x", "B"),
        "strings": ({"a", "b"}, {"c"}, "SS"),
        "numbers": ({1, 2}, {3}, "NS"),
        "binaries": ({b"\x00", b"b"}, {b"c"}, "BS"),
        "list": ([1, 2], [3], "L"),
        "map": ({"k": [1, {"x": "y"}]}, {}, "M"),
        "boolean": (True, False, "BOOL"),
        "uuid": (code, uuid.UUID(int=8), "S"),
        "aware": (at, at + dt.timedelta(days=1), "S"),
        "naive": (naive, naive + dt.timedelta(days=1), "S"),
        "date": (dt.date(2024, 5, 6), dt.date(2024, 5, 7), "S"),
        "time": (dt.time(7, 8, 9), dt.time(1, 2), "S"),
        "timedelta": (dt.timedelta(seconds=90), dt.timedelta(days=2), "S" if library.name == "pydantic" else "N"),
        "decimal": (Decimal("1.50"), Decimal("2"), "N"),
        "enum": (Colour.RED, Colour.BLUE, "S"),
        "timestamp": (at.replace(microsecond=0), at, "N"),
    }
    return {name: (field, *rows[name]) for name, field in FIELDS_OF[library.name]().items()}


def marshmallow_fields():
    import marshmallow.fields as fields

    from dynamorm.schema.marshmallow import Binary, Set, Timestamp

    return {
        "binary": Binary(),
        "strings": Set(fields.String()),
        "numbers": Set(fields.Integer()),
        "binaries": Set(Binary()),
        "list": fields.List(fields.Integer()),
        "map": fields.Dict(),
        "boolean": fields.Boolean(),
        "uuid": fields.UUID(),
        "aware": fields.AwareDateTime(),
        "naive": fields.NaiveDateTime(),
        "date": fields.Date(),
        "time": fields.Time(),
        "timedelta": fields.TimeDelta(),
        "decimal": fields.Decimal(),
        "enum": fields.Enum(Colour),
        "timestamp": Timestamp(),
    }


def schematics_fields():
    from schematics import types

    from dynamorm.schema.schematics import Binary, Set, Timestamp

    return {
        "binary": Binary(),
        "strings": Set(types.StringType()),
        "numbers": Set(types.IntType()),
        "binaries": Set(Binary()),
        "list": types.ListType(types.IntType()),
        "map": types.DictType(types.BaseType()),
        "boolean": types.BooleanType(),
        "uuid": types.UUIDType(),
        "aware": types.DateTimeType(),
        "naive": types.DateTimeType(),
        "date": types.DateType(),
        "timedelta": types.TimedeltaType(),
        "timestamp": Timestamp(),
    }


def pydantic_fields():
    return {
        "binary": bytes,
        "strings": set[str],
        "numbers": set[int],
        "binaries": set[bytes],
        "list": list[int],
        "map": dict[str, object],
        "boolean": bool,
        "uuid": uuid.UUID,
        "aware": dt.datetime,
        "naive": dt.datetime,
        "date": dt.date,
        "time": dt.time,
        "timedelta": dt.timedelta,
        "decimal": Decimal,
        "enum": Colour,
    }


FIELDS_OF = {"marshmallow": marshmallow_fields, "schematics": schematics_fields, "pydantic": pydantic_fields}


@pytest.fixture
def kinds(library, dynamo_tables):
    """A model with a field of each kind, and what ``kinds_of`` says of them."""
    rows = kinds_of(library)
    schema = library.schema({"id": text(required=True)})
    for name, (field, *_) in rows.items():
        if library.name == "pydantic":
            schema.__annotations__[name] = field | None
            setattr(schema, name, None)
        else:
            setattr(schema, name, field)
    (model,) = dynamo_tables(library.model("Kinds", {"name": "kinds", "hash_key": "id"}, schema))
    return model, rows


@pytest.mark.parametrize("way", WAYS)
def test_every_kind_of_field_comes_back_as_it_was(kinds, way):
    model, rows = kinds
    for place in (0, 1):
        values = {name: row[1 + place] for name, row in rows.items()}
        write(model, way, **values)
        item = stored(model)
        assert {name: next(iter(item[name])) for name in rows} == {name: row[3] for name, row in rows.items()}
        found = model.get(id="1")
        assert {name: getattr(found, name) for name in rows} == values
        assert {name: type(getattr(found, name)) for name in rows} == {n: type(v) for n, v in values.items()}
        assert not found.is_dirty
        for name, value in values.items():
            assert model.scan(**{name: value}).count() == 1, name
            assert model.scan(**{name: rows[name][2 - place]}).count() == 0, name


@pytest.mark.parametrize("way", WAYS)
def test_what_a_dump_gave_is_taken_as_well(kinds, way):
    model, rows = kinds
    values = {name: row[1] for name, row in rows.items()}
    dumped = model(id="1", **values).to_dict()
    write(model, way, **{name: dumped[name] for name in rows})
    found = model.get(id="1")
    assert {name: getattr(found, name) for name in rows} == values
