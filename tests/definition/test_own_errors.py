"""Each model has its own error for items that are not there."""

from __future__ import annotations

import itertools
import pickle
import sys

import pytest

import dynamorm
from dynamorm import DynaModel, DynamoTableException, NoSuchPosition, OneToMany

from ..books import BOOK_TABLE
from ..libraries import text

FIELDS = {"isbn": text(required=True), "title": text(), "author": text()}


@pytest.fixture
def pair(library, dynamo_tables):
    """Two models that have nothing to do with each other."""
    books = library.model("Book", BOOK_TABLE, FIELDS)
    others = library.model("Other", {**BOOK_TABLE, "name": "others"}, FIELDS)
    return dynamo_tables(books, others)


def refreshed(model):
    model.put({"isbn": "1", "title": "a"})
    found = model.get(isbn="1")
    model.delete_item(isbn="1")
    return found


def changed(instance):
    instance.title = "b"
    return instance


RAISING = {
    "require": lambda m: m.require(isbn="1"),
    "refresh": lambda m: refreshed(m).refresh(),
    "reconcile": lambda m: changed(refreshed(m)).reconcile(),
    "update": lambda m: refreshed(m).update(title="b"),
    "partial save": lambda m: changed(refreshed(m)).save(partial=True),
    "check": lambda m: refreshed(m).save(partial=True, conditions={"title": "a"}),
    "patch": lambda m: m.patch(isbn="1", title="b"),
    "one": lambda m: m.query(isbn="1").one(),
    "one of a scan": lambda m: m.scan().one(),
    "position": lambda m: m.query(isbn="1")[0],
    "of a handle": lambda m: m.using().require(isbn="1"),
}


@pytest.mark.parametrize("verb", RAISING)
def test_each_verb_raises_the_models_own(pair, verb):
    book, other = pair
    with pytest.raises(book.DoesNotExist) as caught:
        RAISING[verb](book)
    error = caught.value
    assert isinstance(error, dynamorm.DoesNotExist) and isinstance(error, DynamoTableException)
    assert not isinstance(error, other.DoesNotExist)
    assert isinstance(error, IndexError) == (verb == "position") == isinstance(error, NoSuchPosition)


def test_an_update_that_would_make_a_fragment_raises_the_models_own(library, dynamo_tables):
    fields = {"isbn": text(required=True), "title": text(required=True), "author": text()}
    (book,) = dynamo_tables(library.model("Book", BOOK_TABLE, fields))
    with pytest.raises(book.DoesNotExist, match="upsert"):
        book.update_item(isbn="1", author="a")


def test_a_childs_is_a_kind_of_its_parents(library):
    abstract = {"Table": type("Table", (), {**BOOK_TABLE, "abstract": True})}
    base = type(DynaModel)("Base", (DynaModel,), abstract)
    one = type(DynaModel)("One", (base,), {"Schema": library.schema(FIELDS)})
    two = type(DynaModel)("Two", (base,), {"Schema": library.schema(FIELDS)})
    child = type(DynaModel)("Child", (one,), {})
    both = type(DynaModel)("Both", (child, one), {})
    assert DynaModel.DoesNotExist is dynamorm.DoesNotExist
    kinds = [DynaModel, base, one, child, both]
    for parent, heir in itertools.pairwise(kinds):
        assert heir.DoesNotExist is not parent.DoesNotExist
        assert issubclass(heir.DoesNotExist, parent.DoesNotExist)
    assert not issubclass(two.DoesNotExist, one.DoesNotExist)
    assert issubclass(two.DoesNotExist, base.DoesNotExist)


def test_it_says_whose_it_is(library):
    book = library.model("Book", BOOK_TABLE, FIELDS)
    assert book.DoesNotExist.__qualname__ == "Book.DoesNotExist"
    assert book.DoesNotExist.__module__ == book.__module__
    assert "Book" in book.DoesNotExist.__doc__


@pytest.fixture
def importable(monkeypatch, pair):
    """Books that others can find by name."""
    book, _ = pair
    monkeypatch.setattr(sys.modules[book.__module__], book.__qualname__, book, raising=False)
    return book


@pytest.mark.parametrize("verb", ["require", "position"])
def test_it_survives_a_pickle(importable, verb):
    with pytest.raises(importable.DoesNotExist) as caught:
        RAISING[verb](importable)
    error = caught.value
    error.position = 3
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert (str(twin), twin.position) == (str(error), 3)


@pytest.mark.parametrize("verb", ["require", "position"])
def test_of_a_model_that_cannot_be_found_by_name_what_can_is_pickled(pair, verb):
    book, _ = pair
    with pytest.raises(book.DoesNotExist) as caught:
        RAISING[verb](book)
    twin = pickle.loads(pickle.dumps(caught.value))
    assert type(twin) is (NoSuchPosition if verb == "position" else dynamorm.DoesNotExist)
    assert str(twin) == str(caught.value)


def test_what_the_model_has_under_this_name_stays(library, dynamo_tables):
    class Mine(dynamorm.DoesNotExist):
        pass

    class Foreign(Exception):
        pass

    book = library.model("Book", BOOK_TABLE, FIELDS, DoesNotExist=Mine)
    dynamo_tables(book)
    assert book.DoesNotExist is Mine
    with pytest.raises(Mine):
        book.require(isbn="1")
    child = type(DynaModel)("Child", (book,), {})
    assert child.DoesNotExist is Mine
    with pytest.raises(Mine):
        child.require(isbn="1")

    foreign = library.model("Book", BOOK_TABLE, FIELDS, DoesNotExist=Foreign)
    dynamo_tables(foreign)
    assert foreign.DoesNotExist is Foreign
    with pytest.raises(dynamorm.DoesNotExist) as caught:
        foreign.require(isbn="1")
    assert not isinstance(caught.value, Foreign)


def test_a_field_or_a_relationship_may_have_this_name(library, dynamo_tables):
    book = library.model("Book", BOOK_TABLE, {**FIELDS, "DoesNotExist": text()})
    dynamo_tables(book)
    made = book.create(isbn="1", DoesNotExist="a")
    assert made.DoesNotExist == "a" and book.get(isbn="1").DoesNotExist == "a"
    assert book(isbn="2").DoesNotExist is None
    with pytest.raises(book.DoesNotExist):
        book.require(isbn="2")
    child = type(DynaModel)("Child", (book,), {})
    assert issubclass(child.DoesNotExist, book.DoesNotExist) and child(isbn="1", DoesNotExist="b").DoesNotExist == "b"
    ours = OneToMany(book, query=lambda one: {"isbn": "1"})
    related = library.model("Related", {**BOOK_TABLE, "name": "related"}, FIELDS, DoesNotExist=ours)
    dynamo_tables(related)
    assert [one.isbn for one in related(isbn="9").DoesNotExist] == ["1"]
    with pytest.raises(dynamorm.DoesNotExist):
        related.require(isbn="2")
