"""Values that are not there, and defaults in their place."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, ValidationError

from ..books import BOOK_TABLE
from ..libraries import integer, listing, natives, text
from ..stored import stored_item

# Values that are not there.


def test_a_field_without_a_value_reads_as_none(book):
    for made in (book(isbn="1"), book()):
        assert (made.author, made.tags, made.publisher, made.in_print) == (None, None, None, None)
    book.put({"isbn": "1", "title": "T"})
    assert (book.get(isbn="1").author, book.get(isbn="1").subtitle) == (None, None)
    with pytest.raises(AttributeError):
        _ = book(isbn="1").colour


def test_none_given_means_not_given(book):
    made = book(isbn="1", title="T", author=None, copies=None)
    assert natives(made) == {"isbn": "1", "title": "T", "copies": 1}
    made.save()
    assert stored_item(book, isbn="1") == {"isbn": "1", "title": "T", "copies": 1}
    book.put({"isbn": "2", "title": "T", "author": None, "copies": None})
    assert stored_item(book, isbn="2") == {"isbn": "2", "title": "T", "copies": 1}


def test_on_the_class_a_field_is_a_reference_to_it(book):
    book.put({"isbn": "1", "title": "T", "year": 1990})
    book.put({"isbn": "2", "title": "T", "year": 2000})
    assert [found.isbn for found in book.scan(book.year > 1995)] == ["2"]
    assert "year" in repr(book.year)


def test_a_deleted_attribute_has_no_value(book):
    book.put({"isbn": "1", "title": "T", "year": 1990})
    found = book.get(isbn="1")
    del found.year
    assert (found.year, found.is_dirty) == (None, True)
    found.save()
    assert "year" not in stored_item(book, isbn="1")


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("name", ["title", "author", "copies", "note"])
def test_deleting_an_attribute_equals_assigning_none(library, dynamo_tables, name, loaded):
    fields = {
        "isbn": text(required=True),
        "title": text(required=True),
        "author": text(),
        "copies": integer(default=1),
        "note": text(required=True, nullable=True),
    }
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    model.put({"isbn": "1", "title": "T", "note": "n"})

    def outcome(change, partial):
        made = model.get(isbn="1", consistent=True) if loaded else model(isbn="1", title="T", note="n")
        change(made)
        change(made)
        try:
            made.save(partial=partial)
        except ValidationError as error:
            return list(error.errors.messages)
        return made.changes, stored_item(model, isbn="1")

    for partial in (False, True):
        deleted = outcome(lambda made: delattr(made, name), partial)
        assert deleted == outcome(lambda made: setattr(made, name, None), partial)


def test_deleting_a_field_forgets_its_increment(book):
    book.put({"isbn": "1", "title": "T", "copies": 5})
    found = book.get(isbn="1")
    found.incr(copies=1)
    del found.copies
    del found.copies
    found.save(partial=True)
    assert "copies" not in stored_item(book, isbn="1")


def test_what_is_no_field_can_only_be_deleted_where_it_is(book):
    made = book(isbn="1")
    made.remark = "own"
    del made.remark
    with pytest.raises(AttributeError):
        del made.remark


# Defaults and what is absent.


def test_a_default_satisfies_what_is_required(library, dynamo_tables):
    if library.name == "marshmallow":
        kind = {"copies": library.library.fields.Integer(required=True, dump_default=3)}
    elif library.name == "schematics":
        kind = {"copies": library.types.IntType(required=True, default=3)}
    else:
        kind = {"copies": 3, "__annotations__": {"isbn": str, "copies": int}}
    body = {**kind, "__module__": __name__}
    if library.name != "pydantic":
        body["isbn"] = library.field(text(required=True))
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, type("Schema", (), body)))
    assert model(isbn="1").copies == 3
    model(isbn="1").save()
    model.put({"isbn": "2"})
    assert stored_item(model, isbn="1") == {"isbn": "1", "copies": 3}
    assert stored_item(model, isbn="2") == {"isbn": "2", "copies": 3}
    model.Table.table.put_item(Item={"isbn": "3"})
    assert model.get(isbn="3").copies == 3


def test_defaults_of_loading_come_before_defaults_of_dumping():
    fields = pytest.importorskip("marshmallow.fields")

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"

        class Schema:
            isbn = fields.String()
            one = fields.Integer(load_default=1, dump_default=2)
            two = fields.Integer(dump_default=2)
            three = fields.Integer(dump_default=lambda: 3)

    assert Book().to_dict(native=True) == {"one": 1, "two": 2, "three": 3}


def test_an_absent_attribute_shows_its_default_and_counts_as_absent(book, operations):
    raw = book.Table.table
    raw.put_item(Item={"isbn": "1", "title": "T"})
    found = book.get(isbn="1")
    assert (found.copies, found.is_dirty, found.changes) == (1, False, {})
    operations.clear()
    assert found.save(partial=True) is None
    assert operations == []
    found.title = "U"
    found.save(partial=True)
    assert stored_item(book, isbn="1") == {"isbn": "1", "title": "U"}
    found.copies = 2
    assert found.changes == {"copies": (None, 2)}
    found.copies = 1
    assert found.changes == {"copies": (None, 1)}  # assigned, it is the program's own
    found.save(partial=True)
    assert stored_item(book, isbn="1")["copies"] == 1
    book.get(isbn="1").save()


def test_an_absent_default_that_was_changed_in_place_is_a_change(library, dynamo_tables):
    fields = {"isbn": text(required=True), "tags": listing(text(), default=list)}
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    model.Table.table.put_item(Item={"isbn": "1"})
    found = model.get(isbn="1")
    found.tags.append("x")
    assert found.changes == {"tags": (None, ["x"])}
    found.save(partial=True)
    assert stored_item(model, isbn="1") == {"isbn": "1", "tags": ["x"]}
