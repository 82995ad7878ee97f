"""What is refused when the class is made."""

from __future__ import annotations

import pytest

from dynamorm import (
    DynaModel,
    DynaModelException,
    DynamoTableException,
    GlobalIndex,
    InvalidSchemaField,
    LocalIndex,
    MissingTableAttribute,
    ProjectAll,
    ProjectInclude,
    UnknownSchema,
)

from ..books import BOOK_TABLE
from ..libraries import boolean, listing, mapping, nested, text
from .shop import FIELDS


def test_a_model_without_a_table_is_refused(library):
    with pytest.raises(DynaModelException, match="You must define an inner 'Table' class on your 'Book' class"):
        type(DynaModel)("Book", (DynaModel,), {"Schema": library.schema(FIELDS)})


def test_a_model_without_a_schema_is_refused():
    with pytest.raises(DynaModelException, match="You must define an inner 'Schema' class on your 'Book' class"):
        type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE)})


def test_a_schema_in_no_library_is_refused():
    with pytest.raises(UnknownSchema, match=r"Book\.Schema holds no field of a schema library") as caught:
        type(DynaModel)(
            "Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": type("Schema", (), {"a": 1})}
        )
    assert isinstance(caught.value, DynaModelException)


@pytest.mark.parametrize("missing", ["name", "hash_key"])
def test_a_table_without_name_or_hash_key_is_refused(library, missing):
    with pytest.raises(MissingTableAttribute, match=rf"Book\.Table has no {missing}"):
        library.model("Book", {name: value for name, value in BOOK_TABLE.items() if name != missing}, FIELDS)


@pytest.mark.parametrize("missing", ["name", "hash_key", "projection"])
def test_an_index_without_name_hash_key_or_projection_is_refused(library, missing):
    declared = {"name": "by-author", "hash_key": "author", "projection": ProjectAll()}
    del declared[missing]
    with pytest.raises(MissingTableAttribute, match=rf"Book\.ByAuthor has no {missing}"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=type("ByAuthor", (GlobalIndex,), declared))


@pytest.mark.parametrize("role", ["hash_key", "range_key"])
def test_a_key_that_is_no_field_is_refused_with_the_nearest_name(library, role):
    said = rf"{role} = 'titel' is no field of BookSchema; did you mean 'title'"
    with pytest.raises(InvalidSchemaField, match=rf"Book\.Table: {said}"):
        library.model("Book", {**BOOK_TABLE, role: "titel"}, FIELDS)
    declared = {"name": "by-title", "hash_key": "title", "projection": ProjectAll(), role: "titel"}
    index = type("ByTitle", (GlobalIndex,), declared)
    with pytest.raises(InvalidSchemaField, match=rf"Book\.ByTitle: {said}"):
        library.model("Book", BOOK_TABLE, FIELDS, ByTitle=index)


@pytest.mark.parametrize("field", [boolean(), listing(text()), mapping(), nested({"a": text()})], ids=lambda f: f.kind)
def test_a_key_of_a_field_that_is_no_key_type_is_refused(library, field):
    with pytest.raises(InvalidSchemaField, match="stored neither as string, number nor binary"):
        library.model("Book", {"name": "t", "hash_key": "key"}, {"key": field})


def define(*, table=None, schema=None, index=None, name="Book"):
    body = {}
    if table is not None:
        body["Table"] = type("Table", (), table)
    if schema is not None:
        body["Schema"] = type("Schema", (), schema)
    if index is not None:
        body["ByAuthor"] = index
    return type(DynaModel)(name, (DynaModel,), body)


def schema():
    fields = pytest.importorskip("marshmallow.fields")
    return {"isbn": fields.String(required=True), "author": fields.String(), "year": fields.Integer()}


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        ({"schema": {}}, DynaModelException, "You must define an inner 'Table' class on your 'Book' class"),
        ({"table": BOOK_TABLE}, DynaModelException, "You must define an inner 'Schema' class on your 'Book' class"),
        ({"table": {"hash_key": "isbn"}}, MissingTableAttribute, "Book.Table has no name: declare `name = ...`"),
        ({"table": {"name": "books"}}, MissingTableAttribute, "Book.Table has no hash_key: declare `hash_key"),
        (
            {"table": {**BOOK_TABLE, "hash_key": "isnb"}},
            InvalidSchemaField,
            "'isnb' is no field of BookSchema; did you mean 'isbn'?",
        ),
        (
            {"table": {**BOOK_TABLE, "range_key": "zzz"}},
            InvalidSchemaField,
            "'zzz' is no field of BookSchema; its fields are isbn",
        ),
        ({"table": {**BOOK_TABLE, "stream": "EVERYTHING"}}, Exception, "stream = 'EVERYTHING' has to be one of"),
    ],
)
def test_what_is_missing_or_wrong_is_said_when_the_class_is_made(parts, error, message):
    if ("schema" not in parts and parts.get("table") is not BOOK_TABLE) or "schema" in parts:
        parts = {**parts, "schema": schema()}
    with pytest.raises(error) as caught:
        define(**parts)
    assert message in str(caught.value)


def test_a_field_that_is_stored_as_no_key_type_cannot_be_a_key():
    fields = pytest.importorskip("marshmallow.fields")
    with pytest.raises(InvalidSchemaField, match=r"hash_key = 'flag' is a Boolean, which is stored neither as string"):
        define(table={"name": "t", "hash_key": "flag"}, schema={"flag": fields.Boolean()})


def test_a_schema_of_no_library_names_the_extras_to_install():
    with pytest.raises(UnknownSchema, match=r"Book\.Schema holds no field of a schema library") as caught:
        define(table={"name": "t", "hash_key": "id"}, schema={"id": object()})
    assert "it declares id" in str(caught.value)


def test_an_index_without_projection_is_refused():
    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"

    with pytest.raises(MissingTableAttribute, match=r"Book\.ByAuthor has no projection"):
        define(table=BOOK_TABLE, schema=schema(), index=ByAuthor)


def test_a_local_index_needs_a_range_key_and_so_does_its_table(library):
    local = {"name": "by-author", "hash_key": "isbn", "projection": ProjectAll()}
    with pytest.raises(MissingTableAttribute, match=r"Book\.ByAuthor has no range_key: .* make it a GlobalIndex"):
        library.model("Book", {**BOOK_TABLE, "range_key": "title"}, FIELDS, ByAuthor=type("I", (LocalIndex,), local))
    local["range_key"] = "author"
    with pytest.raises(MissingTableAttribute, match=r"Book\.ByAuthor: .* Book\.Table has none; make it a GlobalIndex"):
        library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=type("I", (LocalIndex,), local))


def test_two_indexes_need_two_names(library):
    index = {"name": "one", "hash_key": "author", "projection": ProjectAll()}
    with pytest.raises(DynamoTableException, match=r"Book\.Second: name = 'one' is also the name of Book\.First"):
        library.model(
            "Book", BOOK_TABLE, FIELDS, First=type("I", (GlobalIndex,), index), Second=type("I", (GlobalIndex,), index)
        )


def test_a_projection_of_an_unknown_field_is_refused():
    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectInclude("titel")

    with pytest.raises(InvalidSchemaField, match="includes 'titel'"):
        define(table=BOOK_TABLE, schema=schema(), index=ByAuthor)
