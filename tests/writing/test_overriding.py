"""Verbs that a model overrides are the ones that its other verbs call."""

from __future__ import annotations

import pytest

from dynamorm import ConditionFailed, DynaModel, Q

from ..books import BOOK, KEY, book_model, book_values
from ..libraries import natives, text
from ..stored import stored_item
from .updated import publisher_of


def test_partial_saves_go_through_the_classes_own_update_and_that_through_its_update_item(library, dynamo_tables):
    calls = []

    def update(self, *actions, **options):
        updates = {name: value for name, value in options.items() if name in BOOK}
        calls.append(("update", updates))
        options["copies"] = 9
        return DynaModel.update(self, *actions, **options)

    def update_item(cls, *actions, **options):
        calls.append(("update_item", {name: value for name, value in options.items() if name in BOOK}))
        options["rank"] = 5
        return super(model, cls).update_item(*actions, **options)

    model = book_model(library, update=update, update_item=classmethod(update_item))
    dynamo_tables(model)
    model.put({"isbn": "1", "title": "T"})
    found = model.get(isbn="1")
    found.title = "U"
    found.save(partial=True)
    assert calls == [
        ("update", {"title": "U"}),
        ("update_item", {"isbn": "1", "title": "U", "copies": 9}),
    ]
    assert stored_item(model, isbn="1") == {"isbn": "1", "title": "U", "copies": 9, "rank": 5}
    assert (found.copies, found.rank, found.is_dirty) == (9, 5, False)


META = book_values()["meta"]


def test_overriding_update_and_update_item_is_seen_by_partial_saves(library, dynamo_tables):
    seen = []

    def update(self, *actions, **kwargs):
        seen.append(("update", sorted(kwargs)))
        return super(model, self).update(*actions, **kwargs)

    def update_item(cls, *actions, **kwargs):
        seen.append(("update_item", sorted(kwargs)))
        return super(model, cls).update_item(*actions, year=2020, **kwargs)

    model = book_model(library, update=update, update_item=classmethod(update_item))
    dynamo_tables(model)
    model.put(book_values())
    found = model.get(isbn=KEY)
    found.title = "x"
    found.meta["a__b"] = 1
    found.save(partial=True)
    assert natives(model.get(isbn=KEY)) == book_values(title="x", year=2020, meta={**META, "a__b": 1})
    assert found.year == 2020 and not found.is_dirty
    assert seen == [
        ("update", ["return_all", "title", "update_item_kwargs"]),
        ("update_item", ["conditions", "isbn", "title", "update_item_kwargs"]),
    ]


@pytest.mark.parametrize("verb", ["update", "update_item"])
def test_overrides_with_the_signatures_of_0_11_which_take_no_actions_go_on_working(library, dynamo_tables, verb):
    def update(self, conditions=None, update_item_kwargs=None, return_all=False, **kwargs):
        kwargs["author"] = "stamped"
        return super(model, self).update(
            conditions=conditions, update_item_kwargs=update_item_kwargs, return_all=return_all, **kwargs
        )

    def update_item(cls, conditions=None, update_item_kwargs=None, **kwargs):
        kwargs["author"] = "stamped"
        return super(model, cls).update_item(conditions=conditions, update_item_kwargs=update_item_kwargs, **kwargs)

    model = book_model(library, **{verb: update if verb == "update" else classmethod(update_item)})
    dynamo_tables(model)
    model.put(book_values())
    found = model.get(isbn=KEY)
    found.meta["a__b"], found.meta["lang"], found.title, found.year = 1, "fi", "x", None
    publisher_of(found)("city", "Vaasa")
    found.incr(views=2)
    with pytest.raises(ConditionFailed):
        found.save(partial=True, conditions=Q(rank=1))
    found.save(partial=True, conditions={"rank": 2})
    expected = book_values(
        meta={**META, "a__b": 1, "lang": "fi"},
        title="x",
        year=None,
        author="stamped",
        views=12,
        publisher={**book_values()["publisher"], "city": "Vaasa"},
    )
    assert natives(model.get(isbn=KEY)) == natives(found) == expected
    found.meta["c__d"] = 2
    found.sync()
    assert natives(model.get(isbn=KEY))["meta"] == {**META, "a__b": 1, "lang": "fi", "c__d": 2}


def test_fields_named_like_keywords_pass_verbs_of_the_models_own(library, dynamo_tables):
    names = ["conditions", "if_version", "return_all", "update_item_kwargs"]

    class Own:
        def update(self, *args, **kwargs):
            return super().update(*args, **kwargs)

        @classmethod
        def update_item(cls, *args, **kwargs):
            return super().update_item(*args, **kwargs)

    fields = {"id": text(required=True), **{name: text() for name in names}}
    base = library.model("Base", {"name": "odd", "hash_key": "id"}, fields)
    (model,) = dynamo_tables(type(base)("Odd", (Own, base), {}))
    model.put({"id": "1", **dict.fromkeys(names, "a")})
    found = model.get(id="1")
    for name in names:
        setattr(found, name, "b")
    found.save(partial=True)
    assert model.get(id="1").to_dict(native=True) == {"id": "1", **dict.fromkeys(names, "b")}
