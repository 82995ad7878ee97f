"""Copies and pickles of instances and of their classes."""

from __future__ import annotations

import copy
import pickle
import sys

import pytest

import dynamorm
from dynamorm import PartialInstance

from ..books import BOOK_VALUES, book_values
from ..definition.shop import shop_model
from ..libraries import natives
from ..stored import stored_item


@pytest.fixture
def importable(monkeypatch):
    """Let a model be found by name, as pickle looks for classes."""

    def make_importable(model):
        monkeypatch.setattr(sys.modules[model.__module__], model.__qualname__, model, raising=False)
        return model

    return make_importable


def copied(way, instance):
    if way == "pickle":
        return pickle.loads(pickle.dumps(instance))
    return copy.copy(instance) if way == "copy" else copy.deepcopy(instance)


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_copies_share_no_state(library, book, importable, way):
    importable(book)
    # the nested classes of pydantic are made inside a function here, where pickle cannot find them
    book.put(book_values(publisher=None, editions=None) if library.name == "pydantic" else book_values())
    book.Table.table.update_item(
        Key={"isbn": BOOK_VALUES["isbn"]}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": 1}
    )
    found = book.get(isbn=BOOK_VALUES["isbn"])
    twin = copied(way, found)
    assert twin is not found and twin == found and type(twin) is book
    assert natives(twin) == natives(found)
    assert (twin.is_dirty, twin.extra, twin.is_partial) == (False, {"zzz": 1}, False)
    twin.year = 2020
    twin.incr(views=1)
    assert set(twin.changes) == {"year", "views"}
    assert (found.year, found.changes) == (1999, {})
    found.save(partial=True)
    assert twin.is_dirty
    twin.save(partial=True)
    assert (stored_item(book, isbn=BOOK_VALUES["isbn"])["year"], found.year, twin.is_dirty) == (2020, 1999, False)
    twin.save()
    assert stored_item(book, isbn=BOOK_VALUES["isbn"])["zzz"] == 1
    if way != "copy":
        twin.meta["shelf"]["row"] = 9
        twin.tags.append("x")
        assert (found.meta["shelf"]["row"], found.tags) == (3, ["sea", "deep", "sea"])
        assert set(twin.changes) == {"meta", "tags"} and found.changes == {}


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_a_copy_of_a_partial_instance_is_partial_and_one_of_a_new_instance_is_new(book, importable, way):
    importable(book)
    book.put({"isbn": "1", "title": "T", "year": 7})
    twin = copied(way, book.get(isbn="1", attrs=["title"]))
    assert twin.is_partial
    with pytest.raises(PartialInstance):
        twin.save()
    new = copied(way, book(isbn="2", title="U"))
    assert not dynamorm.inspect(new).is_loaded
    new.save(partial=True)
    assert natives(book.get(isbn="2")) == {"isbn": "2", "title": "U", "copies": 1}


def test_model_classes_can_be_copied_and_pickled_by_name(library):
    model = shop_model(library)
    assert copy.copy(model) is model and copy.deepcopy(model) is model
    model.__module__, model.__qualname__ = __name__, "PickledByName"
    sys.modules[__name__].PickledByName = model
    try:
        assert pickle.loads(pickle.dumps(model)) is model
    finally:
        delattr(sys.modules[__name__], "PickledByName")
