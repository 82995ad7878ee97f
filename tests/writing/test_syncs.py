"""``reconcile``, or ``sync`` by its former name, sends what was changed and takes everything back."""

from __future__ import annotations

import pytest

from dynamorm import DoesNotExist, DynaModel

from ..books import KEY, book_model, book_values
from ..libraries import natives
from ..traffic import sent_by

META = book_values()["meta"]


def test_a_sync_sends_changes_and_increments_and_takes_everything_back(book, found):
    book.update_item(isbn=KEY, author="other", views__plus=5, meta__new=1)
    found.title = "x"
    found.incr(views=1)
    with sent_by(book) as requests:
        assert found.sync() is None
    assert [request.operation for request in requests] == ["UpdateItem"]
    expected = book_values(title="x", author="other", views=16, meta={**META, "new": 1})
    assert natives(found) == natives(book.get(isbn=KEY)) == expected
    assert not found.is_dirty


def test_a_sync_of_an_unchanged_instance_reads_only(book, found):
    book.update_item(isbn=KEY, author="other")
    with sent_by(book) as requests:
        found.sync()
    assert [request.operation for request in requests] == ["GetItem"]
    assert found.author == "other"


def test_a_sync_of_a_new_instance_leaves_the_rest_of_an_existing_item(book, found):
    instance = book(isbn=KEY, title="x")
    instance.sync()
    assert natives(instance) == natives(book.get(isbn=KEY)) == book_values(title="x")
    instance = book(isbn="new", title="y")
    instance.sync()
    assert natives(book.get(isbn="new")) == {"isbn": "new", "title": "y", "copies": 1}


def test_a_sync_of_a_new_instance_with_nothing_but_its_key_only_reads(book, found):
    instance = book(isbn=KEY)
    with sent_by(book) as requests:
        instance.sync()
    assert [request.operation for request in requests] == ["GetItem"]
    assert natives(instance) == book_values() and not instance.is_dirty
    with pytest.raises(DoesNotExist):
        book(isbn="nothing").sync()
    assert book.get(isbn="nothing") is None


def test_a_sync_sends_a_map_that_is_gone_whole(book, found):
    book.update_item(isbn=KEY, meta=None)
    found.meta["lang"] = "fi"
    found.sync()
    assert natives(found) == natives(book.get(isbn=KEY)) == book_values(meta={**META, "lang": "fi"})


def test_sync_is_the_former_name_of_reconcile(library, dynamo_tables):
    def reconcile(self, conditions=None):
        seen.append(conditions)
        DynaModel.reconcile(self, conditions)

    seen = []
    model = book_model(library, reconcile=reconcile)
    dynamo_tables(model)
    model.put(book_values())
    found = model.get(isbn=KEY)
    found.title = "x"
    found.reconcile()
    found.title = "y"
    found.sync({"title": "x"})
    assert (seen, model.get(isbn=KEY).title) == ([None, {"title": "x"}], "y")
