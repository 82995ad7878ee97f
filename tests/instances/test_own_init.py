"""Models with an ``__init__`` of their own, and the signals around construction."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel
from dynamorm.signals import post_init, pre_init

from ..books import BOOK_TABLE
from ..libraries import integer, natives, text
from ..stored import stored_item

# An __init__ of the model's own.


def own_init_model(library, init, name="Own"):
    fields = {"isbn": text(required=True), "title": text(), "year": integer(), "copies": integer(default=1)}
    return library.model(name, BOOK_TABLE, fields, __init__=init)


def test_without_an_init_of_its_own_a_model_is_read_without_calling_one(library, dynamo_tables, monkeypatch):
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, {"isbn": text(required=True)}))
    model.put({"isbn": "1"})

    def refuse(self, /, **values):
        raise AssertionError("reads skip the constructor")

    monkeypatch.setattr(DynaModel, "__init__", refuse)
    assert model.get(isbn="1").isbn == "1"
    assert [found.isbn for found in model.scan()] == ["1"]


def test_an_init_that_takes_any_keywords_is_used_on_reads(library, dynamo_tables):
    calls = []

    def init(self, partial=False, **values):
        calls.append((partial, values))
        DynaModel.__init__(self, partial=partial, **values)
        self.cache = {}

    (model,) = dynamo_tables(own_init_model(library, init))
    model(isbn="1", title="T", year="7").save()
    calls.clear()
    found = model.get(isbn="1")
    assert calls == [(False, {"isbn": "1", "title": "T", "year": 7, "copies": 1})]
    assert (found.cache, found.is_dirty, natives(found)) == (
        {},
        False,
        {"isbn": "1", "title": "T", "year": 7, "copies": 1},
    )
    calls.clear()
    part = model.get(isbn="1", attrs=["title"])
    assert calls == [(True, {"isbn": "1", "title": "T"})]
    assert part.is_partial and part.copies is None
    calls.clear()
    assert [type(one) for one in model.scan()] == [model]
    assert len(calls) == 1


def test_an_init_that_takes_any_keywords_may_change_what_is_read_as_in_0_11(library, dynamo_tables):
    def init(self, **values):
        if values.get("title"):
            values["title"] = values["title"].strip()
        values["year"] = str(values.get("year") or 1900)
        DynaModel.__init__(self, **values)
        self.title = self.title and self.title.upper()

    (model,) = dynamo_tables(own_init_model(library, init))
    model.Table.table.put_item(Item={"isbn": "1", "title": " the title "})
    found = model.get(isbn="1")
    assert (found.title, found.year, found.copies) == ("THE TITLE", 1900, 1)
    assert set(found.changes) == {"title", "year"}
    found.save(partial=True)
    assert stored_item(model, isbn="1") == {"isbn": "1", "title": "THE TITLE", "year": 1900}


def test_an_init_need_not_call_ours(library, dynamo_tables):
    def init(self, **values):
        self.title = "set by init"
        self.tool = "hammer"

    (model,) = dynamo_tables(own_init_model(library, init))
    made = model(isbn="ignored")
    assert (made.isbn, made.title, made.year, made.tool) == (None, "set by init", None, "hammer")
    made.isbn = "1"
    made.save()
    assert stored_item(model, isbn="1")["title"] == "set by init"
    model.update_item(isbn="1", title="stored", year=7)
    found = model.get(isbn="1")
    assert (found.isbn, found.title, found.year, found.tool) == ("1", "stored", 7, "hammer")
    assert not found.is_dirty


def test_an_init_with_arguments_of_its_own_is_gone_round_on_reads(library, dynamo_tables):
    calls = []

    def init(self, title, isbn):
        calls.append(title)
        self.title, self.isbn = title, isbn

    (model,) = dynamo_tables(own_init_model(library, init))
    made = model("T", "1")
    made.save()
    calls.clear()
    found = model.get(isbn="1")
    assert (found.title, found.isbn, calls) == ("T", "1", [])
    assert [one.title for one in model.scan()] == ["T"]
    assert [one.title for one in model.get_batch([{"isbn": "1"}])] == ["T"]
    found.title = "U"
    found.save(partial=True)
    assert stored_item(model, isbn="1")["title"] == "U"


# Signals around construction.


def test_pre_init_and_post_init_are_sent_at_construction_with_what_is_given(library):
    model = own_init_model(library, DynaModel.__init__)
    seen = []

    def before(sender, instance, partial, raw):
        seen.append(("pre", sender, natives(instance), partial, dict(raw)))
        raw["title"] = "from the receiver"

    def after(sender, instance, partial, raw):
        seen.append(("post", sender, natives(instance), partial, dict(raw)))

    with pre_init.connected_to(before, sender=model), post_init.connected_to(after, sender=model):
        made = model(isbn="1", year="7")
    assert seen == [
        ("pre", model, {}, False, {"isbn": "1", "year": "7"}),
        (
            "post",
            model,
            {"isbn": "1", "year": 7, "title": "from the receiver", "copies": 1},
            False,
            {"isbn": "1", "year": "7", "title": "from the receiver"},
        ),
    ]
    assert made.title == "from the receiver"


@pytest.mark.parametrize("kind", ["none of its own", "any keywords", "own arguments"])
def test_pre_init_and_post_init_are_sent_on_reads_when_they_have_receivers(library, dynamo_tables, kind):
    def keywords(self, **values):
        DynaModel.__init__(self, **values)

    def arguments(self, isbn, title):
        self.isbn, self.title = isbn, title

    init = {"none of its own": DynaModel.__init__, "any keywords": keywords, "own arguments": arguments}[kind]
    (model,) = dynamo_tables(own_init_model(library, init))
    model.put({"isbn": "1", "title": "T"})
    seen = []

    def before(sender, instance, partial, raw):
        seen.append(("pre", sender, partial, raw["title"]))
        raw["title"] = raw["title"] + "!"

    def after(sender, instance, partial, raw):
        seen.append(("post", sender, partial, instance.title))

    with pre_init.connected_to(before, sender=model), post_init.connected_to(after, sender=model):
        found = model.get(isbn="1")
        assert found.title == "T!"
        assert seen == [("pre", model, False, "T"), ("post", model, False, "T!")]
        seen.clear()
        assert [one.title for one in model.query(isbn="1").only("title")] == ["T!"]
        assert seen == [("pre", model, True, "T"), ("post", model, True, "T!")]
    assert model.get(isbn="1").title == "T"
