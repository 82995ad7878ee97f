"""Section 4 of the contract: values, how they are stored, and how they come back."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pickle
import uuid
from decimal import Decimal

import pytest

from dynamorm import DynaModel, F, InvalidSchemaField, ValidationError
from dynamorm.signals import pre_request

from .models import (
    binary,
    boolean,
    collection,
    exact,
    integer,
    listing,
    mapping,
    nested,
    real,
    text,
)

UTC = dt.timezone.utc

THING = {
    "id": text(required=True),
    "n": integer(),
    "x": real(),
    "d": exact(),
    "s": text(),
    "blob": binary(),
    "flag": boolean(),
    "words": listing(text()),
    "tags": collection(text()),
    "marks": collection(integer()),
    "blobs": collection(binary()),
    "free": mapping(),
    "box": nested({"a": integer(stored="A"), "b": text(), "free": mapping(), "tags": collection(text())}),
    "boxes": listing(nested({"a": integer(), "b": text()})),
}


@pytest.fixture
def thing(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Thing", {"name": "things", "hash_key": "id"}, THING))
    return model


@pytest.fixture
def sent():
    requests = []

    def receive(sender, request):
        requests.append(request)

    with pre_request.connected_to(receive):
        yield requests


def stored(model, key="1"):
    """Give an item as it is stored, in wire form."""
    return model.Table.client.get_item(TableName=model.Table.full_name, Key={"id": {"S": key}})["Item"]


def store(model, **attributes):
    """Store an item as another program would, in wire form."""
    item = {"id": {"S": "1"}, **attributes}
    model.Table.client.put_item(TableName=model.Table.full_name, Item=item)


def write(model, way, **values):
    """Write values in one of the ways in which they can be written."""
    if way == "put":
        model.put({"id": "1", **values})
    elif way == "constructor":
        model(id="1", **values).save()
    elif way == "assigned":
        instance = model(id="1")
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()
    elif way == "partial":
        model(id="1").save()
        instance = model.get(id="1")
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save(partial=True)
    else:
        model.update_item(id="1", **values)


WAYS = ["put", "constructor", "assigned", "partial", "update"]


# Numbers.

INTEGERS = [0, -1, 7, 2**63, 10**37, 10**38 - 1, -(10**38) + 1, 10**125, 123 * 10**100]
REALS = [0.1, -19.99, 1e-130, 1.7976931348623157e125, 2.0, 1 / 3, 5e-100]
DECIMALS = [
    "0.1",
    "1.10",
    "-1E-130",
    "9.9999999999999999999999999999999999999E125",
    "12345678901234567890.123456789",
    "0",
]


@pytest.mark.parametrize("way", WAYS)
def test_numbers_come_back_as_the_same_numbers_of_the_fields_type(thing, way):
    for number in INTEGERS:
        write(thing, way, n=number)
        found = thing.get(id="1").n
        assert (found, type(found)) == (number, int)
        assert Decimal(stored(thing)["n"]["N"]) == number
    for number in REALS:
        write(thing, way, x=number)
        found = thing.get(id="1").x
        assert (found, type(found)) == (number, float)
    for digits in DECIMALS:
        write(thing, way, d=Decimal(digits))
        found = thing.get(id="1").d
        assert (found, type(found)) == (Decimal(digits), Decimal)


TOO_MUCH = [
    10**38 + 1,
    10**126,
    -(10**126),
    Decimal("1E-131"),
    Decimal("1E+126"),
    Decimal("0." + "1" * 39),
    Decimal("NaN"),
    Decimal("Infinity"),
    float("nan"),
    float("inf"),
    float("-inf"),
    1e-200,
    1e200,
]


@pytest.mark.parametrize("way", WAYS)
def test_what_dynamodb_cannot_hold_is_an_error_with_the_path_before_any_request(thing, sent, way):
    if way == "partial":
        thing(id="1").save()
    for number in TOO_MUCH:
        sent.clear()
        with pytest.raises(ValidationError, match=r"free.*deep\[1\]\.x") as caught:
            write(thing, way, free={"deep": [0, {"x": number}]})
        pickle.loads(pickle.dumps(caught.value))
        assert [request for request in sent if "Item" in request.payload and "free" in request.payload["Item"]] == []
        assert [request for request in sent if "free" in str(request.payload.get("UpdateExpression"))] == []
    for number in (10**38 + 1, 10**126):
        with pytest.raises(ValidationError) as caught:
            write(thing, way, n=number)
        assert "n" in caught.value.errors
    for number in (float("nan"), float("inf"), 1e-200):
        with pytest.raises(ValidationError) as caught:
            write(thing, way, x=number)
        assert "x" in str(caught.value.errors)


def test_conditions_refuse_such_numbers_too(thing, sent):
    for number in TOO_MUCH:
        with pytest.raises(ValidationError, match="free"):
            list(thing.scan(free__x=number))
        with pytest.raises(ValidationError):
            list(thing.scan(F("free.x") > number))
    assert sent == []


@pytest.mark.parametrize("way", WAYS)
def test_the_ambient_decimal_context_has_no_say(thing, way):
    long = Decimal("12345678901234567890.123456789012345678")
    with decimal.localcontext() as context:
        context.prec = 2
        context.Emax = 5
        context.Emin = -5
        context.traps[decimal.Inexact] = True
        context.traps[decimal.Rounded] = True
        write(thing, way, n=10**30 + 1, x=0.123456789, d=long, free={"d": long, "l": [long]}, marks={10**20 + 1})
        found = thing.get(id="1")
        assert (found.n, found.x, str(found.d), found.marks) == (10**30 + 1, 0.123456789, str(long), {10**20 + 1})
        assert str(found.free["d"]) == str(found.free["l"][0]) == str(long)
        assert not found.is_dirty
        assert thing.scan(free__d=long, n=10**30 + 1, x__lt=0.2).count() == 1
        found.update(n__plus=1, free__d__plus=Decimal("0.000000000000000001"))
        assert found.n == 10**30 + 2
        assert str(found.free["d"]) == "12345678901234567890.123456789012345679"


@pytest.mark.parametrize("way", WAYS)
def test_free_form_data_gives_integers_and_decimals(thing, way):
    given = {"i": 3, "f": 0.1, "whole": 2.0, "d": Decimal("1.50"), "deep": [1.5, {"x": Decimal("1E2"), "t": (1, 2)}]}
    write(thing, way, free=given)
    found = thing.get(id="1").free
    expected = {
        "i": 3,
        "f": Decimal("0.1"),
        "whole": 2,
        "d": Decimal("1.5"),
        "deep": [Decimal("1.5"), {"x": 100, "t": [1, 2]}],
    }
    assert found == expected
    assert [type(found[name]) for name in ("i", "f", "whole", "d")] == [int, Decimal, int, Decimal]
    assert [type(found["deep"][0]), type(found["deep"][1]["x"])] == [Decimal, int]


@pytest.mark.parametrize("way", WAYS)
def test_empty_strings_and_bytes_are_stored(thing, way):
    write(thing, way, s="", blob=b"", words=["", "a"], free={"s": "", "b": b"", "l": [], "m": {}}, tags={""})
    item = stored(thing)
    assert (item["s"], item["blob"], item["words"]["L"][0]) == ({"S": ""}, {"B": b""}, {"S": ""})
    assert item["free"]["M"] == {"s": {"S": ""}, "b": {"B": b""}, "l": {"L": []}, "m": {"M": {}}}
    found = thing.get(id="1")
    assert (found.s, found.blob, found.words, found.tags) == ("", b"", ["", "a"], {""})
    assert found.free == {"s": "", "b": b"", "l": [], "m": {}}
    assert thing.scan(s="", blob=b"").count() == 1


@pytest.mark.parametrize("way", ["put", "constructor", "assigned", "update"])
def test_empty_sets_are_not_stored(thing, way):
    write(thing, way, tags=set(), marks={1}, free={"none": set(), "some": {"a"}})
    item = stored(thing)
    assert "tags" not in item
    assert item["free"]["M"] == {"some": {"SS": ["a"]}}
    assert thing.get(id="1").marks == {1}


def test_an_update_to_the_empty_set_removes(thing):
    thing.put({"id": "1", "tags": {"a"}, "marks": {1}, "box": {"tags": {"b"}}})
    found = thing.get(id="1")
    found.update(tags=set(), box__tags=set())
    assert "tags" not in stored(thing) and stored(thing)["box"]["M"] == {}
    found.marks = set()
    found.save(partial=True)
    assert "marks" not in stored(thing)


def test_an_absent_required_set_reads_as_the_empty_set(library, dynamo_tables):
    fields = {"id": text(required=True), "tags": collection(text(), required=True)}
    (model,) = dynamo_tables(library.model("Tagged", {"name": "tagged", "hash_key": "id"}, fields))
    model.put({"id": "1", "tags": set()})
    assert set(stored(model)) == {"id"}
    found = model.get(id="1")
    assert found.tags == set()
    assert not found.is_dirty
    found.tags.add("x")
    found.save(partial=True)
    assert model.get(id="1").tags == {"x"}
    found.update(tags=set())
    assert model.get(id="1").tags == set()


# None.


@pytest.mark.parametrize("way", ["put", "constructor", "assigned"])
def test_none_is_dropped_through_dicts_and_kept_in_lists(thing, way):
    free = {"x": None, "deep": {"y": None, "z": 1}, "l": [None, 1, {"in list": None}]}
    write(thing, way, n=None, s=None, free=free, box={"a": 1, "b": None, "free": {"x": None}})
    item = stored(thing)
    assert item == {
        "id": {"S": "1"},
        "free": {
            "M": {
                "deep": {"M": {"z": {"N": "1"}}},
                "l": {"L": [{"NULL": True}, {"N": "1"}, {"M": {"in list": {"NULL": True}}}]},
            }
        },
        "box": {"M": {"A": {"N": "1"}, "free": {"M": {}}}},
    }


@pytest.mark.parametrize("way", ["partial", "update"])
def test_none_inside_what_an_update_writes_is_dropped_alike(thing, way):
    write(thing, way, free={"x": None, "l": [None]}, box={"a": 1, "b": None, "free": {"x": None}})
    item = stored(thing)
    assert item["free"] == {"M": {"l": {"L": [{"NULL": True}]}}}
    assert item["box"] == {"M": {"A": {"N": "1"}, "free": {"M": {}}}}
    thing.update_item(id="1", free__deep={"y": None, "z": 1}, box__free={"x": None, "y": 2})
    item = stored(thing)
    assert item["free"]["M"]["deep"] == {"M": {"z": {"N": "1"}}}
    assert item["box"]["M"]["free"] == {"M": {"y": {"N": "2"}}}


def test_conditions_compare_with_what_is_stored_of_a_value_that_holds_none(thing):
    box = {"a": 1, "b": None}
    thing.put({"id": "1", "box": box, "free": {"m": {"x": None, "y": 1}}, "boxes": [{"a": 1}]})
    assert thing.scan(box=box).count() == 1
    assert thing.scan(box={"a": 1}).count() == 1
    assert thing.scan(free__m={"x": None, "y": 1}).count() == 1
    assert thing.scan(boxes=[{"a": 1}]).count() == 1
    assert thing.scan(boxes__contains={"a": 1}).count() == 1
    assert thing.scan(boxes__0={"a": 1}).count() == 1


def test_none_in_an_update_removes_the_attribute(thing):
    thing.put({"id": "1", "n": 1, "s": "x", "box": {"a": 1, "b": "x"}, "free": {"k": 1, "l": 2}})
    thing.update_item(id="1", n=None, box__b=None, free__k=None)
    assert stored(thing) == {
        "id": {"S": "1"},
        "s": {"S": "x"},
        "box": {"M": {"A": {"N": "1"}}},
        "free": {"M": {"l": {"N": "2"}}},
    }
    found = thing.get(id="1")
    found.update(s=None)
    assert found.s is None and "s" not in stored(thing)
    found.free = None
    found.save(partial=True)
    assert "free" not in stored(thing)
    del found.box
    found.save(partial=True)
    assert set(stored(thing)) == {"id"}


def test_a_required_field_that_does_not_accept_none_cannot_be_removed(library, dynamo_tables, sent):
    fields = {"id": text(required=True), "must": text(required=True), "box": nested({"must": text(required=True)})}
    (model,) = dynamo_tables(library.model("Strict", {"name": "strict", "hash_key": "id"}, fields))
    model.put({"id": "1", "must": "x", "box": {"must": "y"}})
    found = model.get(id="1")
    sent.clear()
    for removal in ({"must": None}, {"must__remove": True}, {"box__must": None}):
        with pytest.raises(ValidationError, match="must"):
            found.update(**removal)
        with pytest.raises(ValidationError, match="must"):
            model.update_item(id="1", **removal)
    with pytest.raises(ValidationError, match="must"):
        found.update(model.must.remove())
    found.must = None
    with pytest.raises(ValidationError, match="must"):
        found.save(partial=True)
    assert sent == []
    assert stored(model)["must"] == {"S": "x"}


NULLS = {
    "id": text(required=True),
    "maybe": text(nullable=True),
    "plain": text(),
    "must": text(required=True, nullable=True),
    "counted": integer(default=7),
    "box": nested({"maybe": text(nullable=True), "plain": text(), "must": text(required=True, nullable=True)}),
}


def test_a_stored_null_is_none_or_absent_and_what_is_absent_and_required_is_none(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Nulls", {"name": "nulls", "hash_key": "id"}, nulls_of(library)))
    null = {"NULL": True}
    inside = {"M": {"maybe": null, "plain": null, "must": null}}
    store(model, maybe=null, plain=null, must=null, counted=null, box=inside)
    found = model.get(id="1")
    assert (found.maybe, found.plain, found.must) == (None, None, None)
    assert found.counted == (7 if not nullable(model, "counted") else None)
    assert not found.is_dirty
    store(model, box={"M": {}})
    found = model.get(id="1")
    assert (found.maybe, found.plain, found.must, found.counted) == (None, None, None, 7)
    assert found.box is not None
    assert not found.is_dirty
    assert [item.id for item in model.scan(must=None)] == ["1"]
    found.validate()
    found.save()


def nullable(model, name):
    return model._dynamorm.adapter.fields[name].nullable


def nulls_of(library):
    """Give the fields above, as far as a library can declare them."""
    if library.name != "schematics":
        return NULLS
    # with schematics, what is required cannot be None
    return {
        name: nested({"maybe": text(), "plain": text(), "must": text()}) if name == "box" else declared
        for name, declared in {**NULLS, "must": text()}.items()
    }


def test_a_null_that_is_read_stays_where_it_is(thing):
    store(thing, s={"NULL": True}, n={"N": "1"})
    found = thing.get(id="1")
    assert found.s is None and not found.is_dirty
    found.n = 2
    found.save(partial=True)
    assert stored(thing)["s"] == {"NULL": True}


# Storage is neither a client's input nor its output.


def test_marshmallows_load_only_and_dump_only_fields_are_stored_and_read(dynamo_tables):
    fields = pytest.importorskip("marshmallow.fields")

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = fields.String(required=True)
            secret = fields.String(load_only=True)
            serial = fields.Integer(dump_only=True)
            length = fields.Method("length_of", dump_only=True)
            shout = fields.Function(lambda values: values["secret"].upper() if values.get("secret") else None)

            def length_of(self, values):
                return len(values.get("secret") or "")

    dynamo_tables(Account)
    check_computed(Account, {"secret": "abc", "serial": 5}, ("length", 3, 4), ("shout", "ABC", "WXYZ"))


def check_computed(model, given, *computed):
    (model_name,) = {model.__name__}
    taken = {name: 99 if isinstance(before, int) else "given" for name, before, _ in computed}
    model.put({"id": "1", **given, **taken})
    item = stored(model)
    for name, before, _ in computed:
        assert item[name] in ({"N": str(before)}, {"S": before}), f"{model_name}.{name} is stored as it is computed"
    found = model.get(id="1")
    assert {name: getattr(found, name) for name in given} == given
    assert [getattr(found, name) for name, *_ in computed] == [before for _, before, _ in computed]
    found.secret = "wxyz"
    assert [getattr(found, name) for name, *_ in computed] == [after for *_, after in computed]
    found.save()
    item = stored(model)
    for name, _, after in computed:
        assert item[name] in ({"N": str(after)}, {"S": after})
    wrong = {name: {"S": "tampered"} for name, *_ in computed}
    model.Table.client.put_item(TableName=model.Table.full_name, Item={**item, **wrong})
    found = model.get(id="1")
    assert [getattr(found, name) for name, *_ in computed] == [after for *_, after in computed]


def test_schematics_serializables_are_stored_and_computed(dynamo_tables):
    types = pytest.importorskip("schematics.types")
    from schematics.types.serializable import serializable

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema:
            id = types.StringType(required=True)
            secret = types.StringType(export_level=10)
            serial = types.IntType()

            @serializable(type=types.IntType())
            def length(self):
                return len(self.secret or "")

            @serializable
            def shout(self):
                return (self.secret or "").upper()

    dynamo_tables(Account)
    check_computed(Account, {"secret": "abc", "serial": 5}, ("length", 3, 4), ("shout", "ABC", "WXYZ"))


def test_pydantics_computed_fields_are_stored_and_computed(dynamo_tables):
    pydantic = pytest.importorskip("pydantic")

    def length(self) -> int:
        return len(self.secret or "")

    def shout(self) -> str:
        return (self.secret or "").upper()

    body = {
        "__annotations__": {"id": str, "secret": "str | None", "serial": "int | None"},
        "__module__": __name__,
        "secret": None,
        "serial": None,
        "length": pydantic.computed_field(property(length)),
        "shout": pydantic.computed_field(property(shout)),
    }
    table = type("Table", (), {"name": "accounts", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"})
    schema = type(pydantic.BaseModel)("Schema", (pydantic.BaseModel,), body)
    model = type(DynaModel)("Account", (DynaModel,), {"Table": table, "Schema": schema, "__module__": __name__})
    dynamo_tables(model)
    check_computed(model, {"secret": "abc", "serial": 5}, ("length", 3, 4), ("shout", "ABC", "WXYZ"))


def test_pydantic_models_are_stored_by_serialisation_alias_with_secrets_and_read_by_field_name(dynamo_tables):
    pydantic = pytest.importorskip("pydantic")
    body = {
        "__annotations__": {
            "id": str,
            "pin": pydantic.SecretStr,
            "raw": pydantic.SecretBytes,
            "at": dt.datetime,
            "n": int,
            "ratio": float,
        },
        "__module__": __name__,
        "model_config": pydantic.ConfigDict(strict=True),
        "at": pydantic.Field(validation_alias="when", serialization_alias="At"),
    }
    table = type("Table", (), {"name": "vaults", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"})
    schema = type(pydantic.BaseModel)("Schema", (pydantic.BaseModel,), body)
    model = type(DynaModel)("Vault", (DynaModel,), {"Table": table, "Schema": schema, "__module__": __name__})
    dynamo_tables(model)
    at = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    secrets = {"pin": pydantic.SecretStr("1234"), "raw": pydantic.SecretBytes(b"\x00")}
    model(id="1", when=at, n=3, ratio=1.0, **secrets).save()
    item = stored(model)
    assert (item["pin"], item["raw"], set(item)) == (
        {"S": "1234"},
        {"B": b"\x00"},
        {"id", "pin", "raw", "At", "n", "ratio"},
    )
    found = model.get(id="1")
    assert (found.pin.get_secret_value(), found.raw.get_secret_value(), found.at) == ("1234", b"\x00", at)
    assert (found.n, found.ratio, type(found.ratio)) == (3, 1.0, float)
    assert model.scan(at=at, pin="1234").count() == 1


# Types.


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def kinds_of(library):
    """Give for each kind of field: how the library declares it, two values, and the type under which it is stored."""
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


@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_form_in_dynamodb_is_an_error_with_its_path(thing, sent, way):
    if way == "partial":
        thing(id="1").save()
    wrong = [object(), lambda: None, "\ud800", range(2)]
    if thing.Schema.base_schema_type().__module__.partition(".")[0] != "pydantic":  # which gives these another form
        wrong += [1j, {1, "a"}, {("a",)}, {"k": {2.5: 1}}]
    for value in wrong:
        with pytest.raises(ValidationError, match=r"free.*deep\[1\]\.x"):
            write(thing, way, free={"deep": [0, {"x": value}]})
    assert not any("free" in str(request.payload) for request in sent)


def test_ttl_names_a_field_that_is_stored_as_a_number(library):
    for wrong in ("s", "free", "flag", "nothing"):
        with pytest.raises(InvalidSchemaField, match=f"ttl = '{wrong}'"):
            library.model("Expiring", {"name": "expiring", "hash_key": "id", "ttl": wrong}, THING)
    library.model("Expiring", {"name": "expiring", "hash_key": "id", "ttl": "n"}, THING)


def test_sets_in_free_form_data_are_dynamodbs_sets(thing):
    thing.put({"id": "1", "free": {"s": {"a"}, "n": {1, Decimal("2.5")}, "b": frozenset({b"x"})}})
    assert stored(thing)["free"]["M"]["b"] == {"BS": [b"x"]}
    assert thing.get(id="1").free == {"s": {"a"}, "n": {1, Decimal("2.5")}, "b": {b"x"}}


def test_text_of_every_script_is_kept(thing):
    strange = "\x00 \t\n\"quoted\" 'single' \\ \u202e é 漢 \U0001f40d \uffff"
    thing.put({"id": strange, "s": strange, "free": {strange: strange}, "tags": {strange}})
    found = thing.get(id=strange)
    assert (found.id, found.s, found.free, found.tags) == (strange, strange, {strange: strange}, {strange})
