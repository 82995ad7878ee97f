"""What is given by position where keywords are meant, and names that are nearly right."""

from __future__ import annotations

import pytest

from dynamorm import DynaModelException, DynamoException, InvalidExpression, InvalidKey, InvalidSchemaField

from ..books import KEY, book_values
from ..libraries import natives, text
from ..traffic import sent_by

SECRET = "hunter2-and-more"

BY_POSITION = {
    "get": lambda page: page.get(SECRET),
    "get of a number": lambda page: page.get(1),
    "get of a dict": lambda page: page.get({"isbn": SECRET}),
    "require": lambda page: page.require(SECRET),
    "exists": lambda page: page.exists(SECRET),
    "delete_item": lambda page: page.delete_item({"words": 1}),
    "nothing at all": lambda page: page.get(),
    "get_batch": lambda page: page.get_batch([("1", 2)], SECRET),
    "refresh": lambda page: page(isbn="1", number=2).refresh(SECRET),
}


@pytest.mark.parametrize("call", BY_POSITION)
def test_a_key_by_position_is_refused_with_its_keywords(page, call):
    with (
        sent_by(page) as requests,
        pytest.raises(InvalidKey, match=r"give (it|the key) by keyword: isbn=\.\.\., number=") as caught,
    ):
        BY_POSITION[call](page)
    assert requests == []
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("verb", ["update_item", "upsert", "patch"])
def test_a_key_by_position_of_an_update_is_refused(page, verb):
    with sent_by(page) as requests, pytest.raises(InvalidExpression, match="give keys and values by keyword"):
        getattr(page, verb)("1", number=2)
    assert requests == []


@pytest.mark.parametrize("given", [{"isbn": SECRET}, SECRET, 7, [SECRET], object()], ids=lambda given: type(given))
def test_values_by_position_are_refused_by_the_constructor(page, given):
    with pytest.raises(DynaModelException, match=r"give the values by keyword: Page\(\*\*values\)") as caught:
        page(given)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("given", [{"isbn": SECRET}, SECRET, 7])
@pytest.mark.parametrize("name", ["partial", "unique", "return_all"])
def test_save_takes_switches(page, given, name):
    made = page(isbn="1", number=2)
    with sent_by(page) as requests, pytest.raises(DynaModelException, match=rf"save\({name}=\.\.\.\) takes True or"):
        made.save(**{name: given})
    assert requests == []


def test_none_and_numbers_that_say_yes_or_no_stay_switches(page):
    page(1, isbn="1", number=2).save(partial=0, unique=None)
    assert natives(page.get(1, isbn="1", number=2)) == natives(page.get(None, isbn="1", number=2))
    assert page.get(isbn="1", number=2, consistent=0).isbn == "1"


NO_DICTS = {
    "new_from_raw": lambda page: page.new_from_raw("1"),
    "from_item": lambda page: page.from_item("1"),
    "get_item_kwargs": lambda page: page.get(True, "1", isbn="1", number=2),
    "update_item_kwargs": lambda page: page(isbn="1", number=2).update(words=1, update_item_kwargs="1"),
    "update_item_kwargs by key": lambda page: page.update_item(isbn="1", number=2, words=1, update_item_kwargs="1"),
    "query_kwargs": lambda page: page.query(isbn="1", query_kwargs="1").all(),
    "batch_get_kwargs": lambda page: page.get_batch([("1", 2)], batch_get_kwargs="1"),
    "the keys of get_batch": lambda page: page.get_batch(5),
    "attrs": lambda page: page.get(isbn="1", number=2, attrs=5),
    "an item of no typed JSON": lambda page: page.from_item({"isbn": "1"}),
}


@pytest.mark.parametrize("call", NO_DICTS)
def test_what_is_no_dict_is_refused_before_anything_is_sent(page, call):
    with sent_by(page) as requests, pytest.raises(DynamoException):
        NO_DICTS[call](page)
    assert requests == []


def test_arguments_in_boto3s_form_may_come_first_as_in_0_11(book):
    for number in range(3):
        book.put({**book_values(), "isbn": str(number)})
    assert [found.isbn for found in book.query({"Limit": 1}, isbn="1")] == ["1"]
    assert len(book.scan({"Limit": 2}).all()) == 2
    assert book.get(True, {"ProjectionExpression": "title"}, isbn="1").is_partial
    (found,) = book.get_batch(
        [KEY, "1"], True, None, {"ProjectionExpression": "#t", "ExpressionAttributeNames": {"#t": "title"}}
    )
    assert (found.title, found.year, found.is_partial) == (book_values()["title"], None, True)
    with pytest.raises(InvalidExpression, match="not ReturnItemCollectionMetrics"):
        book.get_batch(["1"], batch_get_kwargs={"ReturnItemCollectionMetrics": "SIZE"})


NEARLY = {
    "a key": lambda model: model.get(isbnn="1", number=2),
    "a condition": lambda model: model.scan(word=1).all(),
    "conditions": lambda model: model.put({"isbn": "1", "number": 2}, conditions={"Words": 1}),
    "an update": lambda model: model.update_item(isbn="1", number=2, wrods=3),
    "an increment": lambda model: model(isbn="1", number=2).incr(word=1),
    "attrs": lambda model: model.get(isbn="1", number=2, attrs=["word"]),
    "only": lambda model: model.query(isbn="1").only("word").all(),
    "a reference": lambda model: model.scan(model.wrods == 1).all(),
}


@pytest.mark.parametrize("place", NEARLY)
def test_a_name_that_is_nearly_right_is_told_with_the_right_one(page, place):
    with sent_by(page) as requests, pytest.raises((InvalidSchemaField, AttributeError)) as caught:
        NEARLY[place](page)
    assert "did you mean 'isbn'?" in str(caught.value) or "did you mean 'words'?" in str(caught.value)
    assert requests == []


def test_a_constructor_that_refuses_names_tells_the_nearest_too(library):
    schema = library.schema({"isbn": text(required=True), "title": text()}, unknown="forbid")
    model = library.model("Book", {"name": "books", "hash_key": "isbn"}, schema)
    for refuse in (lambda: model(isbn="1", titel="x", colour="y"), lambda: model.put({"isbn": "1", "titel": "x"})):
        with pytest.raises(DynaModelException, match=r"\(titel: did you mean 'title'\?\)$"):
            refuse()
    with pytest.raises(DynaModelException) as caught:
        model(isbn="1", colour="y")
    assert "did you mean" not in str(caught.value)
