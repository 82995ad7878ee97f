"""Write-only, read-only, secret and computed fields: all of them are stored."""

from __future__ import annotations

import datetime as dt

import pytest

from dynamorm import DynaModel

from .things import UTC, stored


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
