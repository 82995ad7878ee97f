"""``upsert`` and ``patch``."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, DoesNotExist, DynaModelException, DynamoException, F, PathMissing

from ..books import KEY, book_values
from ..traffic import sent_by, update_of, values_in
from .updated import inside, natives


def test_an_upsert_creates_with_defaults_or_changes_and_leaves_the_rest(book):
    made = book.upsert(isbn=KEY, title="T", views__plus=1)
    assert natives(made) == natives(book.get(isbn=KEY)) == {"isbn": KEY, "title": "T", "views": 1, "copies": 1}
    assert not made.is_dirty
    book.put(book_values())
    changed = book.upsert(book.views.add(1), isbn=KEY, title="x")
    assert natives(changed) == natives(book.get(isbn=KEY)) == book_values(title="x", views=11)


def test_the_defaults_of_an_upsert_go_only_where_nothing_is_and_nothing_is_sent(book):
    with sent_by(book) as requests:
        book.upsert(isbn="1", title="T")
        book.upsert(isbn="1", title="T", copies__plus=2)
        book.upsert(isbn="1", title="T", copies=5)
    assert [update_of(request) for request in requests] == [
        "SET title = :u0, copies = if_not_exists(copies, :u1)",
        "SET title = :u0, copies = if_not_exists(copies, :u2) + :u1",
        "SET title = :u0, copies = :u1",
    ]
    assert values_in(requests[0]) == [{"S": "T"}, {"N": "1"}]
    assert book.get(isbn="1").copies == 5


def test_an_upsert_must_supply_every_required_field_without_a_default(book):
    with sent_by(book) as requests, pytest.raises(DynaModelException, match="title"):
        book.upsert(isbn="1", year=5)
    assert requests == []


def test_a_patch_changes_only_what_is_there(book, found):
    patched = book.patch(F("meta.lang").remove(), isbn=KEY, year__plus=1)
    assert natives(patched) == natives(book.get(isbn=KEY)) == book_values(year=2000, meta=inside("meta", lang=None))
    assert type(patched) is book and not patched.is_dirty
    with pytest.raises(DoesNotExist, match="nothing"):
        book.patch(isbn="nothing", year=1)
    with pytest.raises(DoesNotExist):
        book.patch(isbn="nothing", year=1, conditions={"year": 1})
    assert book.get(isbn="nothing") is None
    with pytest.raises(ConditionFailed) as caught:
        book.patch(isbn=KEY, year=1, conditions={"year": 1})
    assert caught.value.current.year == 2000
    with pytest.raises(PathMissing):
        book.patch(isbn=KEY, meta__none__x=1)


def test_a_patch_of_nothing_gives_the_item_as_it_is(book, found):
    assert natives(book.patch(isbn=KEY)) == book_values()
    with pytest.raises(DoesNotExist):
        book.patch(isbn="nothing")
    assert book.get(isbn="nothing") is None


@pytest.mark.parametrize("verb", ["upsert", "patch"])
def test_upsert_and_patch_are_validated_like_updates(book, found, verb):
    with sent_by(book) as requests:
        for wrong in ({"rank": 6}, {"titel": "x"}, {"title": None}, {"year": "many"}):
            with pytest.raises(DynamoException):
                getattr(book, verb)(isbn=KEY, **{"title": "T", **wrong})
    assert requests == []
    assert natives(book.get(isbn=KEY)) == book_values()
