"""Names that the schema does not know."""

from __future__ import annotations

import pytest

from dynamorm import InvalidSchemaField, ValidationError

from ..books import BOOK_TABLE
from ..libraries import integer, natives, text
from ..stored import stored_item


def test_unknown_names_are_ignored_where_the_schema_sets_no_policy(book):
    assert natives(book(isbn="1", title="T", colour="red")) == {"isbn": "1", "title": "T", "copies": 1}
    assert book(isbn="1", colour="red").extra == {}
    book.put({"isbn": "1", "title": "T", "colour": "red"})
    assert "colour" not in stored_item(book, isbn="1")


def test_unknown_names_are_refused_where_the_schema_forbids_them(library, dynamo_tables):
    schema = library.schema({"isbn": text(required=True)}, unknown="forbid")
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, schema))
    for refuse in (lambda: model(isbn="1", colour="red"), lambda: model.put({"isbn": "1", "colour": "red"})):
        with pytest.raises(ValidationError):
            refuse()
    assert stored_item(model, isbn="1") is None


def test_unknown_names_are_kept_in_extra_where_the_schema_allows_them(library, dynamo_tables):
    schema = library.schema({"isbn": text(required=True), "year": integer()}, unknown="allow")
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, schema))
    made = model(isbn="1", colour="red", size={"w": 1})
    assert made.extra == {"colour": "red", "size": {"w": 1}}
    assert "colour" not in natives(made)
    made.save()
    model.put({"isbn": "2", "colour": "blue"})
    assert stored_item(model, isbn="1") == {"isbn": "1", "colour": "red", "size": {"w": 1}}
    assert stored_item(model, isbn="2") == {"isbn": "2", "colour": "blue"}
    found = model.get(isbn="1")
    assert (found.extra, found.is_dirty) == ({"colour": "red", "size": {"w": 1}}, False)
    found.year = 7
    found.save()
    assert stored_item(model, isbn="1") == {"isbn": "1", "colour": "red", "size": {"w": 1}, "year": 7}


@pytest.mark.parametrize("policy", [None, "forbid", "allow"])
def test_reads_never_fail_on_stored_attributes_that_the_schema_does_not_know(library, dynamo_tables, policy):
    schema = library.schema({"isbn": text(required=True)}, unknown=policy)
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, schema))
    model.Table.table.put_item(Item={"isbn": "1", "colour": "red", "tags": {"a", "b"}})
    for found in (model.get(isbn="1"), *model.scan(), *model.query(isbn="1"), *model.get_batch([{"isbn": "1"}])):
        assert found.extra == {"colour": "red", "tags": {"a", "b"}}
        assert natives(found) == {"isbn": "1"}


@pytest.mark.parametrize("policy", [None, "forbid", "allow"])
def test_unknown_names_in_keys_conditions_and_updates_are_always_refused(library, dynamo_tables, policy):
    schema = library.schema({"isbn": text(required=True), "title": text()}, unknown=policy)
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, schema))
    made = model(isbn="1", title="T")
    made.save()
    for refuse in (
        lambda: model.get(isbn="1", titel="x"),
        lambda: model.get(isnb="1"),
        lambda: model.scan(titel="x").all(),
        lambda: made.save(conditions={"titel": "x"}),
        lambda: made.update(titel="x"),
        lambda: model.update_item(isbn="1", titel="x"),
    ):
        with pytest.raises(InvalidSchemaField):
            refuse()
