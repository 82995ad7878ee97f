"""Constructing instances: what may be given, and what they hold afterwards."""

from __future__ import annotations

import decimal

import pytest

from dynamorm import ValidationError

from ..books import BOOK_TABLE, BOOK_VALUES, book_model, book_values
from ..libraries import integer, listing, mapping, natives, text
from ..stored import stored_item


def test_a_book_comes_back_as_it_was_put(book):
    values = book_values()
    book.put(values)
    found = natives(book.get(isbn=values["isbn"]))
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in values.items()}


def test_a_book_comes_back_as_it_was_made_and_saved(book):
    book(**book_values()).save()
    found = book.get(isbn=BOOK_VALUES["isbn"])
    assert natives(found) == BOOK_VALUES
    assert {name: type(value) for name, value in natives(found).items()} == {
        name: type(value) for name, value in BOOK_VALUES.items()
    }
    assert not found.is_dirty


def test_a_page_comes_back_by_both_keys(page):
    page.put({"isbn": "1", "number": 2, "body": "x"})
    assert natives(page.get(isbn="1", number=2)) == {"isbn": "1", "number": 2, "body": "x", "words": 0}
    assert page.get(isbn="1", number=3) is None


def test_what_is_given_is_converted_at_once(library):
    made = book_model(library)(
        isbn=5,
        year="1999",
        price="19.90",
        weight="0.5",
        published="1999-05-06T07:08:09.250000+00:00",
        code="12345678-1234-5678-1234-567812345678",
        in_print=True,
        genres=["novel", "drama"],
    )
    assert natives(made) == {
        "isbn": "5",
        "year": 1999,
        "price": decimal.Decimal("19.90"),
        "weight": 0.5,
        "published": BOOK_VALUES["published"],
        "code": BOOK_VALUES["code"],
        "in_print": True,
        "genres": {"novel", "drama"},
        "copies": 1,
    }


@pytest.mark.parametrize(
    "values",
    [{"year": "soon"}, {"rank": 6}, {"published": "yesterday"}, {"code": "x"}, {"publisher": {"founded": "x"}}],
    ids=lambda values: next(iter(values)),
)
def test_a_bad_value_is_refused_at_construction(library, values):
    with pytest.raises(ValidationError):
        book_model(library)(isbn="1", **values)


def test_a_new_instance_may_be_filled_attribute_by_attribute_and_saved(book):
    made = book()
    made.isbn = "1"
    made.title = "T"
    made.year = "1999"
    made.save()
    assert natives(book.get(isbn="1")) == {"isbn": "1", "title": "T", "year": 1999, "copies": 1}


def test_what_is_missing_is_the_business_of_validating_and_saving(book):
    made = book(isbn="1")
    for refuse in (made.validate, made.save, lambda: book.put({"isbn": "1"}), lambda: book.put_unique({"isbn": "1"})):
        with pytest.raises(ValidationError) as caught:
            refuse()
        assert "title" in str(caught.value.errors)
    assert stored_item(book, isbn="1") is None


def test_partial_at_construction_applies_no_defaults(book):
    made = book(partial=True, isbn="1", title="T")
    assert (made.copies, made.is_partial) == (None, False)
    made.save()
    assert stored_item(book, isbn="1") == {"isbn": "1", "title": "T"}
    with pytest.raises(ValidationError):
        book(partial=True, isbn="1", rank=6)


def test_a_new_instance_made_with_partial_may_be_saved_whole(book):
    book(partial=True, isbn="1", title="T").save()
    assert book.get(isbn="1").title == "T"


def test_defaults_are_applied_and_none_is_shared_between_instances(library, dynamo_tables):
    fields = {
        "isbn": text(required=True),
        "copies": integer(default=1),
        "tags": listing(text(), default=list),
        "meta": mapping(default=dict),
    }
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    one, two = model(isbn="1"), model(isbn="2")
    one.tags.append("x")
    one.meta["x"] = 1
    assert (one.copies, two.tags, two.meta) == (1, [], {})
    one.save()
    assert natives(model.get(isbn="1")) == {"isbn": "1", "copies": 1, "tags": ["x"], "meta": {"x": 1}}
    model.put({"isbn": "3"})
    assert stored_item(model, isbn="3") == {"isbn": "3", "copies": 1, "tags": [], "meta": {}}
