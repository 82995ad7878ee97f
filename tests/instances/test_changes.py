"""What an instance knows of what was changed in it."""

from __future__ import annotations

import datetime as dt

import pytest

import dynamorm
from dynamorm.mapper import Mapper

from ..books import BOOK_VALUES, book_values
from ..libraries import day, listing, moment, text


def test_an_instance_knows_what_was_changed(book):
    book.put(book_values())
    found = book.get(isbn=BOOK_VALUES["isbn"])
    assert (found.is_dirty, found.changes, found.is_partial, found.key_changed, found.extra) == (
        False,
        {},
        False,
        False,
        {},
    )
    found.year = 2001
    found.tags.append("new")
    found.meta["shelf"]["row"] = 4
    found.author = None
    assert set(found.changes) == {"year", "tags", "meta", "author"}
    assert found.changes["year"] == (1999, 2001)
    assert found.changes["tags"] == (["sea", "deep", "sea"], ["sea", "deep", "sea", "new"])
    assert found.changes["author"] == ("Mr. Bar", None)
    assert found.is_dirty and not found.key_changed
    found.year = 1999
    assert "year" not in found.changes
    found.isbn = "other"
    assert found.key_changed
    found.isbn = BOOK_VALUES["isbn"]
    assert not found.key_changed


def test_a_new_instance_is_dirty_by_what_it_was_given(book):
    made = book(isbn="1", title="T")
    assert made.is_dirty and not made.key_changed
    assert made.changes == {"isbn": (None, "1"), "title": (None, "T")}
    made.save()
    assert (made.is_dirty, made.changes) == (False, {})


def test_inspect_tells_the_same_whatever_the_fields_are_called(library, dynamo_tables):
    names = ["is_dirty", "changes", "is_partial", "key_changed", "extra", "is_loaded"]
    fields = {"id": text(required=True), **{name: text() for name in names}}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    made = model(id="1", **dict.fromkeys(names, "x"))
    seen = dynamorm.inspect(made)
    assert (seen.is_dirty, seen.is_partial, seen.is_loaded, seen.key_changed, seen.extra) == (
        True,
        False,
        False,
        False,
        {},
    )
    made.save()
    assert (seen.is_dirty, seen.is_loaded, seen.changes) == (False, True, {})
    made.changes = "y"
    assert seen.changes == {"changes": ("x", "y")}
    model.Table.table.update_item(Key={"id": "1"}, UpdateExpression="SET zzz = :o", ExpressionAttributeValues={":o": 1})
    assert dynamorm.inspect(model.get(id="1")).extra == {"zzz": 1}
    assert dynamorm.inspect(model.get(id="1", attrs=["changes"])).is_partial
    made.id = "2"
    assert seen.key_changed


@pytest.mark.parametrize("text_of_moment", ["2024-05-06T07:08:09+00:00", "2024-05-06T07:08:09.000001+05:30"])
def test_moments_and_days_are_compared_without_being_written(library, monkeypatch, text_of_moment):
    """Writing each of them twice would cost every partial save more than all that was changed."""
    fields = {"id": text(required=True), "days": listing(day()), "at": moment()}
    model = library.model("Diary", {"name": "diaries", "hash_key": "id"}, fields)
    moments = {"at": {"S": text_of_moment}, "days": {"L": [{"S": "2024-05-06"}]}}
    one = model.from_item({"id": {"S": "1"}, **moments})
    written = []
    genuine = Mapper.wire_of
    monkeypatch.setattr(Mapper, "wire_of", lambda *given: written.append(given[1].name) or genuine(*given))
    assert not one.is_dirty and written == []
    one.at, one.days[0] = one.at + dt.timedelta(hours=1), one.days[0] + dt.timedelta(days=1)
    assert set(one.changes) == {"at", "days"} and set(written) == {"at", "days"}
