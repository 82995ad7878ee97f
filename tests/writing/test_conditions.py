"""Conditions on writes."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from dynamorm import ConditionFailed, DynamoException, F, Q

from ..books import book_values
from ..libraries import natives
from ..stored import stored_item
from ..traffic import sent_by

FORMS = {
    "dict": lambda model: {"year": 1999, "title__begins_with": "The"},
    "Q": lambda model: Q(year=1999) & ~Q(title="x"),
    "reference": lambda model: model.year == 1999,
    "undeclared": lambda model: F("meta.lang") == "en",
    "boto3": lambda model: Attr("year").eq(1999),
    "list": lambda model: [Q(year=1999), {"title": "The Depths"}, model.rank < 5],
    "nested": lambda model: Q(publisher__founded__lt=1900),
    "none": lambda model: Q(subtitle__ne=None) & Q(isbn__not_exists=True) | Q(year=1999),
}
REFUSED = {
    "dict": lambda model: {"year": 1, "title__begins_with": "The"},
    "Q": lambda model: Q(year=1999) & Q(title="x"),
    "reference": lambda model: model.year > 1999,
    "undeclared": lambda model: F("meta.lang") == "fi",
    "boto3": lambda model: Attr("year").eq(1),
    "list": lambda model: [Q(year=1999), {"title": "x"}],
    "nested": lambda model: Q(publisher__founded__gt=1900),
    "none": lambda model: Q(year=None),
}


def writes(model, key, conditions):
    """Every write that takes conditions, by name: the condition by keyword, and by position where there is one."""
    found = model.get(isbn=key)
    changed = model.get(isbn=key)
    changed.author = "changed"
    whole = {**book_values(), "author": "put"}
    return {
        "put": lambda: model.put(whole, conditions=conditions),
        "put by position": lambda: model.put(whole, conditions),
        "put_unique": lambda: model.put_unique(whole, conditions),
        "save": lambda: found.save(conditions=conditions),
        "partial save": lambda: changed.save(partial=True, conditions=conditions),
        "partial save of nothing": lambda: found.save(partial=True, conditions=conditions),
        "update": lambda: found.update(author="updated", conditions=conditions),
        "update by position": lambda: found.update(conditions, author="updated"),
        "update_item": lambda: model.update_item(isbn=key, author="updated", conditions=conditions),
        "update_item by position": lambda: model.update_item(conditions, isbn=key, author="updated"),
        "upsert": lambda: model.upsert(isbn=key, title="The Depths", conditions=conditions),
        "upsert by position": lambda: model.upsert(conditions, isbn=key, title="The Depths"),
        "patch": lambda: model.patch(isbn=key, author="patched", conditions=conditions),
        "patch by position": lambda: model.patch(conditions, isbn=key, author="patched"),
        "sync": lambda: changed.sync(conditions=conditions),
        "sync by position": lambda: changed.sync(conditions),
        "sync of nothing": lambda: found.sync(conditions),
        "delete_item": lambda: model.delete_item(isbn=key, conditions=conditions),
        "delete_item by position": lambda: model.delete_item(conditions, isbn=key),
        "delete": lambda: found.delete(conditions=conditions),
        "delete by position": lambda: found.delete(conditions),
    }


@pytest.mark.parametrize("form", REFUSED)
def test_every_write_is_refused_where_its_conditions_do_not_hold_and_shows_what_is_there(book, stored, form):
    before = stored_item(book, isbn=stored)
    for name, write in writes(book, stored, REFUSED[form](book)).items():
        with pytest.raises(ConditionFailed) as caught:
            write()
        assert stored_item(book, isbn=stored) == before, name
        assert type(caught.value.current) is book
        assert natives(caught.value.current) == book_values(), name
        assert isinstance(caught.value, ClientError) and isinstance(caught.value.args[0], ClientError)
        assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize("form", FORMS)
def test_every_write_is_done_where_its_conditions_hold(book, stored, form):
    for name, write in writes(book, stored, FORMS[form](book)).items():
        if name == "put_unique":
            continue
        write()
        if "delete" in name:
            assert stored_item(book, isbn=stored) is None, name
            book.put(book_values())


def test_what_met_a_refused_condition_is_where_an_instance_may_go_on(book, stored):
    stale = book.get(isbn=stored)
    book.update_item(isbn=stored, year=2005)
    with pytest.raises(ConditionFailed) as caught:
        stale.update(title="x", conditions={"year": stale.year})
    current = caught.value.current
    current.update(title="x", conditions={"year": current.year})
    assert (book.get(isbn=stored).title, current.is_dirty) == ("x", False)


def test_a_refused_condition_where_there_is_nothing_shows_nothing(book):
    with pytest.raises(ConditionFailed) as caught:
        book.put({"isbn": "1", "title": "T"}, conditions={"title": "x"})
    assert caught.value.current is None


@pytest.mark.parametrize("conditions", [{"titel": "x"}, Q(titel="x"), {"year": "many"}, 5, "year = 1999"])
def test_conditions_that_cannot_be_meant_are_refused_before_anything_is_sent(book, stored, conditions):
    found = book.get(isbn=stored)
    with sent_by(book) as requests:
        for write in (
            lambda: book.put(book_values(), conditions=conditions),
            lambda: found.save(conditions=conditions),
            lambda: found.update(title="x", conditions=conditions),
            lambda: book.update_item(isbn=stored, title="x", conditions=conditions),
            lambda: found.delete(conditions=conditions),
        ):
            with pytest.raises(DynamoException):
                write()
    assert requests == []


def test_a_refused_write_leaves_the_instance_as_dirty_as_before(book, stored):
    found = book.get(isbn=stored)
    found.title, found.meta["lang"] = "x", "fi"
    found.incr(views=3)
    before = (natives(found), sorted(found.changes))
    for write in (
        lambda: found.save(conditions={"year": 1}),
        lambda: found.save(partial=True, conditions={"year": 1}),
        lambda: found.sync(conditions={"year": 1}),
        lambda: found.update(author="x", conditions={"year": 1}),
        lambda: found.update(views__plus=1, conditions={"year": 1}),
        lambda: found.delete(conditions={"year": 1}),
        lambda: found.save(partial=True, conditions={"titel": 1}),
        lambda: found.update(rank=6),
    ):
        with pytest.raises(DynamoException):
            write()
        assert (natives(found), sorted(found.changes)) == before
    found.save(partial=True)
    assert natives(book.get(isbn=stored)) == book_values(
        title="x", meta={**book_values()["meta"], "lang": "fi"}, views=13
    )
