"""Answers as AWS gives them: fragments of maps, and nothing for what was removed."""

from __future__ import annotations

import pytest

from dynamorm import F

from ..books import KEY, book_values
from ..traffic import answered
from .updated import inside, natives


@pytest.fixture
def answering(book, monkeypatch):
    """A stored book, loaded through boto3's own client, whose answers can be made up."""
    monkeypatch.setattr(book.Table, "transport", "boto3", raising=False)
    book.put(book_values())
    return book.get(isbn=KEY)


ANSWERS = {
    "a nested value": (
        {"meta__lang": "fi"},
        {"meta": {"M": {"lang": {"S": "fi"}}}},
        {"meta": inside("meta", lang="fi")},
    ),
    "a deep value": (
        {"meta__shelf__row": 9},
        {"meta": {"M": {"shelf": {"M": {"row": {"N": "9"}}}}}},
        {"meta": inside("meta", shelf={"row": 9, "side": "left"})},
    ),
    "two values in one map": (
        {"meta__lang": "fi", "meta__shelf__row__plus": 1},
        {"meta": {"M": {"lang": {"S": "fi"}, "shelf": {"M": {"row": {"N": "14"}}}}}},
        {"meta": inside("meta", lang="fi", shelf={"row": 14, "side": "left"})},
    ),
    "a nested schema": (
        {"publisher__city": "Vaasa"},
        {"pub": {"M": {"city": {"S": "Vaasa"}}}},
        {"publisher": inside("publisher", city="Vaasa")},
    ),
    "the whole map": (
        {"meta__lang": "fi"},
        {"meta": {"M": {"lang": {"S": "fi"}, "theirs": {"N": "1"}}}},
        {"meta": inside("meta", lang="fi")},
    ),
    "a value that was a map": (
        {"meta__shelf": "gone"}, {"meta": {"M": {"shelf": {"S": "gone"}}}}, {"meta": inside("meta", shelf="gone")},
    ),
    "a pure removal": ({"year": None, "meta": None}, None, {"year": None, "meta": None}),
    "a removal in a map": ({"meta__lang": None}, None, {"meta": inside("meta", lang=None)}),
    "a removal in a map and a value": (
        {"meta__shelf__row": None, "title": "x"},
        {"title": {"S": "x"}},
        {"meta": inside("meta", shelf={"side": "left"}), "title": "x"},
    ),
    "a set without its last element": ({"genres__delete": ["drama", "novel"]}, None, {"genres": None}),
    "a value that somebody else counted up": ({"views__plus": 1}, {"views": {"N": "99"}}, {"views": 99}),
    "a value that was there": ({"author__if_not_exists": "x"}, {"author": {"S": "theirs"}}, {"author": "theirs"}),
}  # fmt: skip


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_to_nested_and_removing_updates_are_applied_at_the_paths_sent(book, answering, what):
    """0.11 put the fragment that AWS answers with in place of the whole local map."""
    updates, attributes, changed = ANSWERS[what]
    answer = {} if attributes is None else {"Attributes": attributes}
    with answered(book, answer) as requests:
        answering.update(**updates)
    assert requests[0].payload["ReturnValues"] == "UPDATED_NEW"
    expected = {name: value for name, value in {**book_values(), **changed}.items() if value is not None}
    assert natives(answering) == expected
    assert not answering.is_dirty


def wire_of_book(book, **changes):
    """Return a book's item as AWS has it, with some attributes in other forms."""
    return {**book.to_item(book(**book_values())), **changes}


@pytest.mark.parametrize(
    ("updates", "wire", "changed"),
    [
        ({"tags__1": "x"}, {"tags": {"L": [{"S": "a"}, {"S": "x"}, {"S": "c"}]}}, {"tags": ["a", "x", "c"]}),
        ({"tags__9": "x"}, {"tags": {"L": [{"S": "sea"}, {"S": "x"}]}}, {"tags": ["sea", "x"]}),
        ({"tags__0__remove": True}, {"tags": {"L": [{"S": "x"}]}}, {"tags": ["x"]}),
        (
            {"editions__0__city": "x"},
            {"editions": {"L": [{"M": {"Name": {"S": "First"}, "city": {"S": "x"}}}]}},
            {"editions": [{"name": "First", "city": "x"}]},
        ),
    ],
)
def test_updates_at_list_positions_ask_for_the_whole_item_since_aws_answers_with_the_element_alone(
    book, answering, updates, wire, changed
):
    with answered(book, {"Attributes": wire_of_book(book, **wire, author={"S": "theirs"})}) as requests:
        answering.update(**updates)
    assert requests[0].payload["ReturnValues"] == "ALL_NEW"
    assert natives(answering) == book_values(**changed)
    assert not answering.is_dirty


def test_a_partial_save_takes_over_a_fragment_as_it_should(book, answering):
    answering.meta["lang"] = "fi"
    answering.title, answering.year = "x", None
    answer = {"Attributes": {"meta": {"M": {"lang": {"S": "fi"}}}, "title": {"S": "x"}}}
    with answered(book, answer):
        answering.save(partial=True)
    assert natives(answering) == book_values(meta=inside("meta", lang="fi"), title="x", year=None)
    assert not answering.is_dirty


@pytest.mark.parametrize("transport", ["direct", "boto3"])
def test_nested_updates_leave_the_rest_of_the_map_alone_on_every_transport(book, monkeypatch, transport):
    monkeypatch.setattr(book.Table, "transport", transport, raising=False)
    book.put(book_values())
    found = book.get(isbn=KEY)
    found.update(meta__lang="fi")
    found.update(F("meta.shelf.row").remove())
    expected = book_values(meta=inside("meta", lang="fi", shelf={"side": "left"}))
    assert natives(found) == natives(book.get(isbn=KEY)) == expected
