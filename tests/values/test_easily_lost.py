"""The values that are easily lost, through a real engine and back."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import uuid

import pytest

from dynamorm import DynaModel, ValidationError

# annotations are texts here, which pydantic reads among the names of this module
with contextlib.suppress(ImportError):
    import pydantic

UTC = datetime.timezone.utc
KEY = uuid.UUID("12345678-1234-5678-1234-567812345678")
VALUES = {
    "id": KEY,
    "ratio": 19.99,
    "price": decimal.Decimal("0.1"),
    "exact": decimal.Decimal("0.12345678901234567890123456789012345678"),
    "large": 10**37,
    "at": datetime.datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=UTC),
    "tree": {"rows": [{"tags": {"a", "b"}, "numbers": {1, 2}, "deep": [[b"x"], [None, True, ""]]}]},
    "tags": {"red", "blue"},
    "hash": "secret hash",
}


class Common:
    class Table:
        name = "common"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True


def marshmallow_model(marshmallow):
    from dynamorm.schema import marshmallow as own

    fields = marshmallow.fields

    class OfMarshmallow(Common, DynaModel):
        class Table(Common.Table):
            name = "of-marshmallow"
            abstract = False

        class Schema:
            id = fields.UUID(required=True)
            ratio = fields.Float()
            price = fields.Decimal()
            exact = fields.Decimal()
            large = fields.Integer()
            at = fields.AwareDateTime(data_key="At")
            tree = fields.Dict()
            tags = own.Set(fields.String(), required=True)
            note = fields.String(required=True, allow_none=True)
            hash = fields.String(load_only=True)
            serial = fields.Integer(dump_only=True)

    return OfMarshmallow


def schematics_model(types):
    from dynamorm.schema import schematics as own

    class OfSchematics(Common, DynaModel):
        class Table(Common.Table):
            name = "of-schematics"
            abstract = False

        class Schema:
            id = types.UUIDType(required=True)
            ratio = types.FloatType()
            price = types.DecimalType()
            exact = types.DecimalType()
            large = types.LongType()
            at = types.DateTimeType(serialized_name="At")
            tree = types.BaseType()
            tags = own.Set(types.StringType(), required=True)
            note = types.StringType()
            hash = types.StringType()
            serial = types.IntType()

    return OfSchematics


def pydantic_model(pydantic):
    class Schema(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(strict=True)

        id: uuid.UUID
        ratio: float = 0.0
        price: decimal.Decimal | None = None
        exact: decimal.Decimal | None = None
        large: int | None = None
        at: datetime.datetime | None = pydantic.Field(None, validation_alias="when", serialization_alias="At")
        tree: dict | None = None
        tags: set[str]
        note: str | None
        hash: pydantic.SecretStr | None = None
        serial: int | None = None

    table = type("Table", (Common.Table,), {"name": "of-pydantic", "abstract": False})
    return type(DynaModel)("OfPydantic", (DynaModel,), {"Table": table, "Schema": Schema})


@pytest.fixture
def model(library, dynamo_tables):
    if library.name == "schematics":
        made = schematics_model(library.types)
    else:
        made = {"marshmallow": marshmallow_model, "pydantic": pydantic_model}[library.name](library.library)
    dynamo_tables(made)
    return made


@pytest.fixture
def given(library):
    """The values as a model of the library takes them."""
    values = dict(VALUES)
    if library.name == "pydantic":
        values["hash"] = library.library.SecretStr(values["hash"])
        values["when"] = values.pop("at")
    return values


@pytest.mark.parametrize("way", ["put", "save", "assign"])
def test_what_is_easily_lost_comes_back(model, given, way):
    with decimal.localcontext() as context:
        context.prec = 5
        if way == "put":
            model.put({**given, "note": None, "serial": 7})
        elif way == "save":
            model(**given, note=None, serial=7).save()
        else:
            instance = model(id=KEY)
            for name, value in {**given, "note": None, "serial": 7}.items():
                setattr(instance, "at" if name == "when" else name, value)
            instance.save()
        found = model.get(id=str(KEY))
    expected = {**given, "serial": 7}
    expected["at"] = VALUES["at"]
    expected.pop("when", None)
    natives = {name: value for name, value in found.to_dict(native=True).items() if value is not None}
    assert natives == expected
    assert {name: type(value) for name, value in natives.items()} == {
        name: type(value) for name, value in expected.items()
    }
    assert found.note is None
    stored = found.to_item()
    assert "At" in stored and "note" not in stored
    assert "secret" not in repr(found)


def test_a_required_empty_set_comes_back_empty(model):
    model.put({"id": KEY, "tags": set(), "note": None})
    found = model.get(id=KEY)
    assert found.tags == set()
    assert "tags" not in found.to_item()
    found.save()


def test_a_required_field_that_may_be_none_still_has_to_be_given(model):
    if not model._dynamorm.adapter.fields["note"].required:
        pytest.skip("with schematics, what is required cannot be None")
    with pytest.raises(ValidationError):
        model(id=KEY, tags=set()).save()
    with pytest.raises(ValidationError):
        model(id=KEY, tags=set()).validate()
    model(id=KEY, tags=set(), note=None).save()
    assert model.get(id=KEY).note is None


def test_an_update_and_a_condition_speak_the_fields_language(model, given):
    instance = model(**given, note="x", serial=1)
    instance.save()
    later = VALUES["at"] + datetime.timedelta(days=1)
    instance.update(at=later, serial__plus=1, conditions={"at": VALUES["at"], "tags__contains": "red"})
    assert (instance.at, instance.serial) == (later, 2)
    assert [found.id for found in model.scan(at__gt=VALUES["at"], price=decimal.Decimal("0.1"))] == [KEY]
