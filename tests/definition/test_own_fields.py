"""Models with field classes of their own."""

from __future__ import annotations

import pytest

from ..libraries import text


def own_kind(library, base, dumped, attributes):
    """Return a kind of field, derived from one of the library's, whose dump is what ``dumped`` makes of the value."""
    if library.name == "pydantic":
        core = pytest.importorskip("pydantic_core.core_schema")

        def schema(cls, source, handler):
            def take(value):
                return value if isinstance(value, cls) else cls(value)

            dump = core.plain_serializer_function_ser_schema(lambda held: dumped(held.value))
            return core.no_info_plain_validator_function(take, serialization=dump)

        kind = {"text": str, "integer": int, "any": object}[base]
        body = {
            "__new__": lambda cls, value: kind.__new__(cls) if kind is object else kind.__new__(cls, value),
            "__init__": lambda self, value: setattr(self, "value", value),
            "__get_pydantic_core_schema__": classmethod(schema),
        }
    elif library.name == "marshmallow":
        kind = getattr(library.library.fields, {"text": "String", "integer": "Integer", "any": "Field"}[base])
        body = {
            "_serialize": lambda self, value, *rest, **options: dumped(value),
            "_deserialize": lambda self, value, *rest, **options: value,
        }
    else:
        kind = getattr(library.types, {"text": "StringType", "integer": "IntType", "any": "BaseType"}[base])
        body = {
            "to_primitive": lambda self, value, context=None: dumped(value),
            "to_native": lambda self, value, context=None: value,
        }
    return type("Own", (kind,), {**body, **attributes})


def model_with(library, base, dumped, key="own", **attributes):
    kind = own_kind(library, base, dumped, attributes)
    if library.name == "pydantic":
        annotations = {"isbn": str | None, "own": kind | None}
        body = {"__annotations__": annotations, "isbn": None, "own": None, "__module__": __name__}
    else:
        body = {"isbn": library.field(text()), "own": kind()}
    return library.model("Book", {"name": "books", "hash_key": key}, type("Schema", (), body))


@pytest.mark.parametrize(
    ("dumped", "letter"),
    [
        (str, "S"),
        (int, "N"),
        (lambda value: str(value).encode(), "B"),
        (lambda value: [value], "L"),
        (lambda value: {"v": value}, "M"),
        (bool, "BOOL"),
    ],
)
def test_what_an_own_fields_dump_returns_is_stored_by_its_python_type(library, dynamo_tables, dumped, letter):
    (model,) = dynamo_tables(model_with(library, "any", dumped, key="isbn"))
    instance = model(isbn="1")
    instance.own = 7
    instance.save()
    found = model.Table.client.get_item(TableName=model.Table.full_name, Key={"isbn": {"S": "1"}})["Item"]
    assert list(found["own"]) == [letter]


@pytest.mark.parametrize(
    ("base", "attributes", "letter"),
    [
        ("integer", {}, "N"),
        ("text", {}, "S"),
        ("any", {}, "S"),
        ("any", {"dynamo_type": "N"}, "N"),
        ("text", {"dynamo_type": "B"}, "B"),
    ],
)
def test_an_own_field_is_a_key_as_its_nearest_known_ancestor_or_as_it_says(library, base, attributes, letter):
    model = model_with(library, base, str, **attributes)
    assert model.Table.attribute_definitions == [{"AttributeName": "own", "AttributeType": letter}]
    assert model.Schema.field_to_dynamo_type(model.Schema.dynamorm_fields()["own"]) == letter
