"""Stored items that the schema refuses."""

from __future__ import annotations

import pytest

from dynamorm import InvalidExpression, ValidationError

from ..scores import games, spoil


def test_a_stored_item_that_the_schema_refuses_is_named_by_its_key(library, page):
    raw = page.Table.table
    raw.put_item(Item={"isbn": "1", "number": 2, "words": "many"})
    for read in (
        lambda: page.get(isbn="1", number=2),
        lambda: page.scan().all(),
        lambda: list(page.query(isbn="1")),
        lambda: list(page.get_batch([{"isbn": "1", "number": 2}])),
    ):
        with pytest.raises(ValidationError, match=r"stored Page with key \{'isbn': '1', 'number': '2'\}"):
            read()


def test_a_stored_item_without_a_required_field_is_refused(book):
    book.Table.table.put_item(Item={"isbn": "1"})
    with pytest.raises(ValidationError, match="stored Book with key"):
        book.get(isbn="1")


@pytest.fixture
def spoilt(book):
    for isbn in "12345":
        book.put({"isbn": isbn, "title": "T", "author": "a", "year": int(isbn)})
    for isbn in "24":
        book.Table.table.update_item(
            Key={"isbn": isbn}, UpdateExpression="SET copies = :c", ExpressionAttributeValues={":c": "many"}
        )
    return book


@pytest.mark.parametrize("page_size", [None, 1, 2])
def test_iteration_goes_on_after_an_item_that_the_schema_refuses(spoilt, page_size):
    query = spoilt.ByAuthor.query(author="a")
    if page_size:
        query = query.page_size(page_size)
    for start in (iter, lambda one: one):
        items, found, refused = start(query), [], 0
        while True:
            try:
                found.append(next(items).isbn)
            except ValidationError:
                refused += 1
            except StopIteration:
                break
        assert (found, refused) == (["1", "3", "5"], 2)


def test_what_becomes_of_refused_items_can_be_decided_beforehand(spoilt):
    query = spoilt.ByAuthor.query(author="a")
    assert [found.isbn for found in query.on_invalid("skip")] == ["1", "3", "5"]
    refused = []
    assert [found.isbn for found in query.on_invalid(refused.append)] == ["1", "3", "5"]
    assert [type(error) for error in refused] == [ValidationError] * 2
    assert sorted(found.isbn for found in spoilt.scan().on_invalid("skip")) == ["1", "3", "5"]
    with pytest.raises(ValidationError):
        query.all()


def test_an_item_that_the_schema_refuses_raises_with_its_key_and_iteration_goes_on(score):
    spoil(score, "ann", "g2")
    iterator = iter(score.query(user="ann"))
    assert [next(iterator).game, next(iterator).game] == ["g0", "g1"]
    with pytest.raises(ValidationError, match=r"(?s)wins.*'game': 'g2'"):
        next(iterator)
    assert games(iterator) == ["g3", "g4", "g5"]

    query = score.query(user="ann").page_size(1)
    assert [next(query).game, next(query).game] == ["g0", "g1"]
    with pytest.raises(ValidationError):
        next(query)
    assert query.last == {"user": "ann", "game": "g2"}
    assert next(query).game == "g3"
    assert games(query.again()) == ["g4", "g5"]


def test_on_invalid_decides_beforehand(score):
    spoil(score, "ann", "g0")
    spoil(score, "ann", "g3")
    query = score.query(user="ann")
    with pytest.raises(ValidationError):
        list(query.on_invalid("raise"))
    assert games(query.on_invalid("skip")) == ["g1", "g2", "g4", "g5"]
    assert games(query.on_invalid("skip").limit(3)) == ["g1", "g2", "g4"]
    assert games(query.on_invalid("skip").page_size(1).limit(3)) == ["g1", "g2", "g4"]
    assert query.on_invalid("skip").first().game == "g1"
    errors = []
    assert games(query.on_invalid(errors.append)) == ["g1", "g2", "g4", "g5"]
    assert [type(error) for error in errors] == [ValidationError] * 2
    assert [games(one.items) for one in query.on_invalid("skip").page_size(3).pages()] == [["g1", "g2"], ["g4", "g5"]]
    assert games(query.on_invalid("skip").page(3).items) == ["g1", "g2", "g4"]
    with pytest.raises(InvalidExpression, match="callable"):
        query.on_invalid("ignore")
