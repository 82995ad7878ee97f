"""Single items: ``get``, ``require``, ``exists``, ``refresh``."""

from __future__ import annotations

import copy

import pytest

from dynamorm import DoesNotExist, InvalidExpression, InvalidKey, InvalidSchemaField, PartialInstance, ValidationError

from ..books import book_values, page_model
from ..libraries import natives
from ..traffic import sent_by

BOOK = book_values(publisher=None, editions=None)


def test_get_gives_the_instance_or_none(book, page):
    book.put(BOOK)
    found = book.get(isbn=BOOK["isbn"])
    assert type(found) is book
    assert natives(found) == BOOK
    assert book.get(isbn="nowhere") is None

    page.put({"isbn": "1", "number": 2, "body": "text"})
    assert page.get(isbn="1", number=2).body == "text"
    assert page.get(isbn="1", number="2").body == "text"
    assert page.get(isbn="1", number=3) is None


def test_get_is_consistent_when_asked(book):
    book.put(BOOK)
    with sent_by(book) as sent:
        book.get(isbn=BOOK["isbn"])
        book.get(True, isbn=BOOK["isbn"])
        book.get(consistent=True, isbn=BOOK["isbn"])
    assert [request.payload.get("ConsistentRead", False) for request in sent] == [False, True, True]


def test_require_raises_where_get_gives_none(book):
    book.put(BOOK)
    assert book.require(isbn=BOOK["isbn"]).title == BOOK["title"]
    with pytest.raises(DoesNotExist, match="Book with isbn='nowhere'"):
        book.require(isbn="nowhere")


@pytest.mark.parametrize(
    "keys",
    [{}, {"isbn": "1"}, {"number": 1}, {"isbn": "1", "number": None}, {"isbn": "1", "number": 1, "words": 2}],
    ids=str,
)
def test_keys_that_are_missing_or_too_many_are_refused_before_any_request(library, keys):
    page = page_model(library)
    with sent_by(page) as sent:
        for verb in ("get", "require", "exists"):
            with pytest.raises(InvalidKey, match="key of Page"):
                getattr(page, verb)(**keys)
    assert sent == []


def test_a_name_that_is_no_field_is_refused_before_any_request(page):
    with sent_by(page) as sent, pytest.raises(InvalidSchemaField, match="did you mean 'number'"):
        page.get(isbn="1", numbr=1)
    with pytest.raises(ValidationError):
        page.get(isbn="1", number="not a number")
    with pytest.raises(InvalidKey):
        page.get(isbn="", number=1)
    assert sent == []
    assert issubclass(InvalidKey, InvalidSchemaField)


def test_attrs_read_a_part_and_the_key_with_it(book):
    book.put(BOOK)
    with sent_by(book) as sent:
        found = book.get(isbn=BOOK["isbn"], attrs=["title", "subtitle", "meta.lang", "publisher.name"])
    names = sent[0].payload["ExpressionAttributeNames"].values()
    assert set(names) == {"isbn", "title", "sub", "meta", "lang", "pub", "Name"}
    assert found.is_partial
    held = natives(found)
    assert held["isbn"] == BOOK["isbn"]
    assert (held["title"], held["subtitle"], held["meta"]) == ("The Depths", "An account", {"lang": "en"})
    assert found.year is None and found.tags is None
    with pytest.raises(PartialInstance):
        found.save()
    assert book.get(isbn=BOOK["isbn"], attrs=["isbn", book.title]).title == "The Depths"
    assert book.get(isbn="nowhere", attrs=["title"]) is None
    with pytest.raises(InvalidSchemaField, match="did you mean 'title'"):
        book.get(isbn="1", attrs=["titel"])
    with pytest.raises(InvalidSchemaField, match="'town' is nothing of 'publisher'"):
        book.get(isbn="1", attrs=["publisher.town"])


def test_get_item_kwargs_pass_through(book):
    book.put(BOOK)
    projected = book.get(
        isbn=BOOK["isbn"],
        get_item_kwargs={
            "ProjectionExpression": "#y, title",
            "ExpressionAttributeNames": {"#y": "year"},
            "ConsistentRead": True,
        },
    )
    assert (projected.isbn, projected.year, projected.title) == (BOOK["isbn"], 1999, "The Depths")
    assert projected.is_partial
    with sent_by(book) as sent:
        book.get(isbn="1", get_item_kwargs={"ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"})
    assert sent[0].payload["ConsistentRead"] is True
    assert sent[0].payload["ReturnConsumedCapacity"] == "TOTAL"


@pytest.mark.parametrize("names", [{"#p0": "year"}, {"#p0": "year", "#_p0": "isbn"}], ids=len)
def test_get_item_kwargs_may_use_the_placeholders_that_we_use(book, names):
    book.put(BOOK)
    found = book.get(
        isbn=BOOK["isbn"],
        attrs=["title"],
        get_item_kwargs={"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names},
    )
    assert (found.isbn, found.title, found.year) == (BOOK["isbn"], "The Depths", 1999)


def test_get_item_kwargs_are_not_changed(book):
    given = {"ProjectionExpression": "#t", "ExpressionAttributeNames": {"#t": "title"}}
    before = copy.deepcopy(given)
    book.get(isbn="1", get_item_kwargs=given)
    assert given == before


def test_what_the_verb_supplies_cannot_be_passed_through(book):
    with sent_by(book) as sent, pytest.raises(InvalidExpression, match="Key"):
        book.get(isbn="1", get_item_kwargs={"Key": {"isbn": "2"}})
    assert sent == []


def test_exists_asks_for_the_key_only(book):
    book.put(BOOK)
    with sent_by(book) as sent:
        assert book.exists(isbn=BOOK["isbn"]) is True
        assert book.exists(isbn="nowhere", consistent=True) is False
    assert [request.operation for request in sent] == ["GetItem", "GetItem"]
    assert list(sent[0].payload["ExpressionAttributeNames"].values()) == ["isbn"]
    assert sent[1].payload["ConsistentRead"] is True


def test_refresh_reads_the_item_again_consistently(book):
    book.put(BOOK)
    held = book.get(isbn=BOOK["isbn"], attrs=["title"])
    book.update_item(isbn=BOOK["isbn"], year=2001)
    held.title = "unsaved"
    with sent_by(book) as sent:
        held.refresh()
        held.refresh(consistent=False)
    assert natives(held) == {**BOOK, "year": 2001}
    assert not held.is_partial and not held.is_dirty
    assert [request.payload.get("ConsistentRead", False) for request in sent] == [True, False]
    book.delete_item(isbn=BOOK["isbn"])
    with pytest.raises(DoesNotExist):
        held.refresh()
