"""Updates: what can be asked for, and what becomes of item and instance."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import (
    ConditionFailed,
    DoesNotExist,
    DynaModel,
    F,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    Q,
    ValidationError,
)

from ..books import BOOK, KEY, PUBLISHER, book_values, page_model
from ..libraries import collection, integer, listing, moment, nested, text, with_field
from ..stored import stored_item
from ..traffic import sent_by
from .updated import inside, natives

WHEN = book_values()["published"]
EDITIONS = book_values()["editions"]


# The grammar: what is asked, and what becomes of the book.


UPDATES = {
    "set": ({"title": "x", "year": 2001}, {"title": "x", "year": 2001}),
    "set from serialised forms": (
        {"year": "2001", "published": "2001-02-03T04:05:06+00:00", "code": str(uuid.UUID(int=1)), "price": "1.5"},
        {
            "year": 2001,
            "published": dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.timezone.utc),
            "code": uuid.UUID(int=1),
            "price": decimal.Decimal("1.5"),
        },
    ),
    "None removes": ({"year": None, "meta": None}, {"year": None, "meta": None}),
    "remove": ({"year__remove": True, "subtitle__remove": True}, {"year": None, "subtitle": None}),
    "an empty set removes": ({"genres": set()}, {"genres": None}),
    "plus and minus": (
        {"year__plus": 2, "views__minus": 3, "weight__plus": 0.5},
        {"year": 2001, "views": 7, "weight": 1.25},
    ),
    "add to a number": ({"views__add": 5}, {"views": 15}),
    "add to a set": ({"genres__add": {"poem", "novel"}}, {"genres": {"novel", "drama", "poem"}}),
    "add one element": ({"genres__add": "poem"}, {"genres": {"novel", "drama", "poem"}}),
    "delete from a set": ({"genres__delete": ["drama", "poem"]}, {"genres": {"novel"}}),
    "delete the last": ({"genres__delete": {"drama", "novel"}}, {"genres": None}),
    "append": ({"tags__append": "x"}, {"tags": ["sea", "deep", "sea", "x"]}),
    "append several": ({"tags__append": ["x", "y"]}, {"tags": ["sea", "deep", "sea", "x", "y"]}),
    "prepend": ({"tags__prepend": ["x", "y"]}, {"tags": ["x", "y", "sea", "deep", "sea"]}),
    "if_not_exists": ({"author__if_not_exists": "x", "rank__if_not_exists": 5}, {}),
    "nested in a free map": ({"meta__lang": "fi"}, {"meta": inside("meta", lang="fi")}),
    "deeper in a free map": (
        {"meta__shelf__row__plus": 4},
        {"meta": inside("meta", shelf={"row": 7, "side": "left"})},
    ),
    "new in a free map": ({"meta__new": {"a": [1]}}, {"meta": inside("meta", new={"a": [1]})}),
    "removed from a free map": ({"meta__lang": None}, {"meta": inside("meta", lang=None)}),
    "append in a free map": ({"meta__marks__append": 3}, {"meta": inside("meta", marks=[1, "two", 3])}),
    "nested in a schema": (
        {"publisher__city": "Vaasa", "publisher__founded__minus": 1},
        {"publisher": inside("publisher", city="Vaasa", founded=1889)},
    ),
    "removed from a nested schema": ({"publisher__city": None}, {"publisher": inside("publisher", city=None)}),
    "a nested schema whole": (
        {"publisher": {"name": "New", "founded": "5"}},
        {"publisher": {"name": "New", "founded": 5}},
    ),
    "a list position": ({"tags__1": "x"}, {"tags": ["sea", "x", "sea"]}),
    "inside a list position": (
        {"editions__0__city": "Vaasa", "editions__1__founded__plus": 1},
        {"editions": [{**EDITIONS[0], "city": "Vaasa"}, {**EDITIONS[1], "founded": 1901}]},
    ),
    "an appended nested schema": (
        {"editions__append": {"name": "Third", "founded": "1950"}},
        {"editions": [*EDITIONS, {"name": "Third", "founded": 1950}]},
    ),
    "a position removed": ({"tags__0__remove": True}, {"tags": ["deep", "sea"]}),
    "words below a free map are keys": (
        {"meta__add": 1, "meta__remove": "x"},
        {"meta": inside("meta", add=1, remove="x")},
    ),
}


@pytest.mark.parametrize("what", UPDATES)
def test_an_update_does_to_item_and_instance_what_it_says(book, found, what):
    updates, changed = UPDATES[what]
    expected = {name: value for name, value in {**book_values(), **changed}.items() if value is not None}
    found.update(**updates)
    assert natives(book.get(isbn=KEY)) == expected
    assert natives(found) == expected
    assert not found.is_dirty


@pytest.mark.parametrize("what", UPDATES)
def test_an_update_of_an_item_that_is_not_loaded_does_the_same(book, found, what):
    updates, changed = UPDATES[what]
    book.update_item(isbn=KEY, **updates)
    expected = {name: value for name, value in {**book_values(), **changed}.items() if value is not None}
    assert natives(book.get(isbn=KEY)) == expected


ACTIONS = {
    "add": (
        lambda book: [book.views.add(1), book.genres.add({"poem"})],
        {"views": 11, "genres": {"novel", "drama", "poem"}},
    ),
    "set and remove": (lambda book: [book.title.set("x"), F("year").remove()], {"title": "x", "year": None}),
    "nested": (
        lambda book: [F("meta.lang").remove(), book.meta["shelf"]["row"].plus(1), book.publisher["city"].set("Vaasa")],
        {
            "meta": inside("meta", lang=None, shelf={"row": 4, "side": "left"}),
            "publisher": inside("publisher", city="Vaasa"),
        },
    ),
    "keys with dots": (lambda book: [book.meta["a.b"].set(1)], {"meta": inside("meta", **{"a.b": 1})}),
    "positions": (
        lambda book: [book.tags[0].set("x"), F("editions[1].city").set("Vaasa")],
        {"tags": ["x", "deep", "sea"], "editions": [EDITIONS[0], {**EDITIONS[1], "city": "Vaasa"}]},
    ),
    "lists": (
        lambda book: [book.tags.prepend("x"), F("meta.marks").append([3])],
        {"tags": ["x", "sea", "deep", "sea"], "meta": inside("meta", marks=[1, "two", 3])},
    ),
    "sets": (lambda book: [book.genres.delete(["novel"]), book.rank.if_not_exists(1)], {"genres": {"drama"}}),
    "minus": (lambda book: [book.views.minus(4), book.weight.plus(0.25)], {"views": 6, "weight": 1.0}),
    "copies": (lambda book: [book.subtitle.set(book.title)], {"subtitle": "The Depths"}),
    "sums": (
        lambda book: [book.rank.set(book.copies + 1), book.views.set(book.year - book.copies)],
        {"rank": 4, "views": 1996},
    ),
}


@pytest.mark.parametrize("what", ACTIONS)
def test_actions_do_the_same_as_keyword_arguments(book, found, what):
    actions, changed = ACTIONS[what]
    expected = {name: value for name, value in {**book_values(), **changed}.items() if value is not None}
    found.update(*actions(book))
    assert natives(found) == natives(book.get(isbn=KEY)) == expected
    book.put(book_values())
    book.update_item(*actions(book), isbn=KEY)
    assert natives(book.get(isbn=KEY)) == expected


def test_a_reference_as_a_value_copies(book, found):
    found.update(subtitle=book.title, author=F("meta.lang"), rank=F("copies") + 2, views__plus=book.copies)
    expected = book_values(subtitle="The Depths", author="en", rank=5, views=13)
    assert natives(found) == natives(book.get(isbn=KEY)) == expected


def test_what_is_absent_counts_as_0_and_as_an_empty_list(book):
    book.put({"isbn": "1", "title": "T"})
    instance = book.get(isbn="1")
    instance.update(views__plus=2, year__minus=3, tags__append="a", rank=F("views") + 1)
    assert natives(book.get(isbn="1")) == natives(instance) == {
        "isbn": "1", "title": "T", "copies": 1, "views": 2, "year": -3, "tags": ["a"], "rank": 1,
    }  # fmt: skip
    instance.update(editions__prepend={"city": "Turku"}, genres__add="g")
    assert natives(book.get(isbn="1"))["editions"] == [{"city": "Turku"}]
    assert instance.genres == {"g"}


def test_function_and_nested_values_pass_the_serialisation_of_their_fields(library, dynamo_tables):
    """0.11 sent whatever was given to functions and nested paths as it was."""
    when = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)
    inner = {"at": moment(stored="At"), "n": integer()}
    fields = {
        "id": text(required=True),
        "at": moment(),
        "days": listing(moment()),
        "row": nested(inner, stored="Row"),
        "rows": listing(nested(inner)),
        "names": collection(text()),
    }
    (model,) = dynamo_tables(library.model("Item", {"name": "items", "hash_key": "id"}, fields))
    model.put({"id": "1", "row": {"n": 1}, "rows": [{"n": 1}]})
    instance = model.get(id="1")
    instance.update(at__if_not_exists=when, days__append=when, row__at=when, row__n__plus="2", rows__0__at=when)
    instance.update(rows__append={"at": when, "n": "7"}, names__add=[5], days__prepend=["2024-05-06T07:08:09+00:00"])
    raw = model.Table.table.get_item(Key={"id": "1"})["Item"]
    whole = model(id="2", at=when, days=[when], row={"at": when, "n": 3}, rows=[{"at": when, "n": 7}], names={"5"})
    whole.save()
    like = model.Table.table.get_item(Key={"id": "2"})["Item"]
    assert raw["at"] == like["at"] and raw["Row"] == like["Row"] and raw["names"] == like["names"] == {"5"}
    assert raw["days"] == like["days"] * 2
    assert raw["rows"] == [{"n": 1, "At": like["at"]}, *like["rows"]]
    assert instance.at == when and instance.days == [when, when] and not instance.is_dirty


def test_values_of_conditions_on_writes_pass_the_serialisation_of_their_fields(book, found):
    found.update(title="x", conditions={"published": WHEN, "code__in": [book_values()["code"]]})
    found.update(
        title="y", conditions=Q(published__between=[WHEN, "2000-01-01T00:00:00+00:00"]) & Q(publisher__founded="1890")
    )
    assert book.get(isbn=KEY).title == "y"


def test_no_field_called_like_a_function_is_taken_for_one(library, dynamo_tables):
    inner = {"add": integer(), "remove": text(), "plus": integer(), "city": PUBLISHER["city"]}
    fields = {"id": text(required=True), "add": integer(), "box": nested(inner)}
    (model,) = dynamo_tables(library.model("Words", {"name": "words", "hash_key": "id"}, fields))
    model.put({"id": "1", "add": 1, "box": {"add": 1, "remove": "x", "plus": 1}})
    instance = model.get(id="1")
    instance.update(add__add=1, box__add__add=1, box__remove="y", box__plus=7)
    instance.update(box__remove=None, box__plus__plus=1)
    assert model.Table.table.get_item(Key={"id": "1"})["Item"] == {"id": "1", "add": 2, "box": {"add": 2, "plus": 8}}


# What is refused.


@pytest.mark.parametrize(
    ("updates", "error"),
    [
        ({"isbn": "other"}, InvalidKey),
        ({"isbn__if_not_exists": "other"}, InvalidKey),
        ({"titel": "x"}, InvalidSchemaField),
        ({"title__pluss": 1}, InvalidSchemaField),
        ({"publisher__citty": "x"}, InvalidSchemaField),
        ({"title": None}, ValidationError),
        ({"title__remove": True}, ValidationError),
        ({"rank": 6}, ValidationError),
        ({"rank__if_not_exists": 6}, ValidationError),
        ({"year": "many"}, ValidationError),
        ({"publisher__founded": "long ago"}, ValidationError),
        ({"publisher": {"founded": "long ago"}}, ValidationError),
        ({"editions__append": {"founded": "long ago"}}, ValidationError),
        ({"editions__0__founded": "long ago"}, ValidationError),
        ({"year__plus": "many"}, ValidationError),
        ({"title__plus": 1}, InvalidExpression),
        ({"title__append": "x"}, InvalidExpression),
        ({"title__delete": "x"}, InvalidExpression),
        ({"views__plus": None}, InvalidExpression),
        ({"meta__x": object()}, ValidationError),
        ({"meta": {"x": float("nan")}}, ValidationError),
        ({"year__remove": False}, TypeError),
        ({"meta": {}, "meta__lang": "fi"}, InvalidExpression),
    ],
)
def test_an_update_that_cannot_be_meant_is_refused_before_anything_is_sent(book, found, updates, error):
    with sent_by(book) as requests:
        with pytest.raises(error):
            found.update(**updates)
        if "isbn" not in updates:
            for verb in (book.update_item, book.patch, book.upsert):
                with pytest.raises(error):
                    verb(**{"title": "T", "isbn": KEY, **updates})
    assert requests == []
    assert natives(found) == book_values() and not found.is_dirty


def test_elements_that_are_appended_are_validated(library, dynamo_tables):
    fields = with_field(BOOK, "tags", element=text(at_most=3))
    (model,) = dynamo_tables(library.model("Book", {"name": "books", "hash_key": "isbn"}, fields))
    with pytest.raises(ValidationError):
        model.update_item(isbn="1", tags__append=["long"])
    with pytest.raises(ValidationError):
        model.update_item(isbn="1", tags__0="long")
    with pytest.raises(ValidationError):
        model.update_item(isbn="1", tags=["long"])
    model.update_item(isbn="1", title="T", tags__append=["abc"])
    assert model.get(isbn="1").tags == ["abc"]


def test_something_that_is_neither_action_nor_condition_is_refused(book, found):
    for given in (5, "title", object()):
        with pytest.raises(InvalidExpression):
            found.update(given, title="x")


# Conditions given by position, as in 0.11.


@pytest.mark.parametrize(
    "condition",
    [{"year": 1999}, Q(year=1999), [Q(year=1999), {"copies": 3}], Attr("year").eq(1999), F("meta.lang") == "en"],
)
def test_a_condition_given_positionally_is_a_condition(book, found, condition):
    found.update(condition, book.views.add(1), title="x")
    book.update_item(condition, isbn=KEY, author="y")
    assert natives(book.get(isbn=KEY)) == book_values(title="x", author="y", views=11)
    book.update_item(isbn=KEY, year=1, copies=1, meta=None)
    for write in (lambda: found.update(condition, title="z"), lambda: book.update_item(condition, isbn=KEY, title="z")):
        with pytest.raises(ConditionFailed):
            write()


def test_conditions_by_position_and_by_keyword_all_have_to_hold(book, found):
    found.update(Q(year=1999), book.copies == 3, conditions={"rank": 2}, title="x")
    for given, by_name in (((Q(year=1),), {"rank": 2}), ((Q(year=1999),), {"rank": 1})):
        with pytest.raises(ConditionFailed):
            found.update(*given, conditions=by_name, title="y")
    assert book.get(isbn=KEY).title == "x"


# Instances and keys.


def test_an_update_of_what_is_not_loaded_creates_it_and_one_of_what_was_loaded_does_not(book, found):
    book.update_item(isbn="new", title="x")
    assert natives(book.get(isbn="new")) == {"isbn": "new", "title": "x", "copies": 1}
    instance = book(isbn="newer")
    instance.update(title="y")
    assert natives(book.get(isbn="newer")) == {"isbn": "newer", "title": "y", "copies": 1}
    book.delete_item(isbn=KEY)
    with pytest.raises(DoesNotExist):
        found.update(title="y")
    assert book.get(isbn=KEY) is None


def test_update_item_takes_the_whole_key(page):
    with sent_by(page) as requests, pytest.raises(InvalidKey):
        page.update_item(isbn="1", body="x")
    assert requests == []
    page.update_item(isbn="1", number="2", body="x")
    assert natives(page.get(isbn="1", number=2)) == {"isbn": "1", "number": 2, "body": "x", "words": 0}


def test_other_unsaved_local_changes_stay(book, found):
    found.title = "unsaved"
    found.meta["lang"] = "fi"
    found.tags.append("unsaved")
    found.incr(views=1)
    found.update(year=2001, meta__shelf__row=9, copies__plus=1)
    meta = inside("meta", lang="fi", shelf={"row": 9, "side": "left"})
    changed = {"title": "unsaved", "tags": ["sea", "deep", "sea", "unsaved"], "views": 11, "meta": meta}
    assert natives(found) == book_values(**changed, year=2001, copies=4)
    assert sorted(found.changes) == ["meta", "tags", "title", "views"]
    found.save(partial=True)
    assert natives(book.get(isbn=KEY)) == natives(found) == book_values(**changed, year=2001, copies=4)


def test_the_value_at_the_path_that_was_sent_is_the_one_that_is_stored_now(book, found):
    book.update_item(isbn=KEY, views=100, title="theirs", meta__lang="sv", meta__theirs=1)
    found.views, found.title = 5, "unsaved"
    found.update(views__plus=1, meta__lang__if_not_exists="fi")
    assert (found.views, found.title, found.meta) == (101, "unsaved", inside("meta", lang="sv"))
    assert list(found.changes) == ["title"]


def test_positions_of_a_list_that_others_changed_are_taken_as_they_are_now(book, found):
    book.update_item(isbn=KEY, tags=["a", "b", "c", "d"])
    found.update(tags__1="x")
    assert found.tags == ["a", "x", "c", "d"] and not found.is_dirty
    assert found.save(partial=True) is None
    book.update_item(isbn=KEY, tags=["e", "f", "g", "h"])
    found.update(tags__0="x")
    found.save(partial=True)
    assert book.get(isbn=KEY).tags == ["x", "f", "g", "h"]


def test_a_counter_past_what_the_schema_takes_is_counted_and_known_all_the_same(book, found):
    found.update(rank__plus=10)
    assert (found.rank, found.is_dirty) == (12, False)
    assert book.Table.table.get_item(Key={"isbn": KEY})["Item"]["rank"] == 12


# The item's own key among the updates, as code written for DynamORM 0.11 has it.


@pytest.mark.parametrize("replaced", [(), ("update",), ("update_item",), ("update", "update_item")])
def test_the_items_own_key_among_the_updates_says_which_item_is_meant(library, dynamo_tables, replaced):
    def update(self, conditions=None, update_item_kwargs=None, return_all=False, **updates):
        updates = {"isbn": self.isbn, "number": self.number, **updates}
        return DynaModel.update(
            self, conditions=conditions, update_item_kwargs=update_item_kwargs, return_all=return_all, **updates
        )

    def update_item(cls, conditions=None, update_item_kwargs=None, **keys_and_updates):
        return super(model, cls).update_item(
            conditions=conditions, update_item_kwargs=update_item_kwargs, **keys_and_updates
        )

    own = {"update": update, "update_item": classmethod(update_item)}
    model = page_model(library, **{name: own[name] for name in replaced})
    dynamo_tables(model)
    model.put({"isbn": "1", "number": 2, "words": 5})
    for found in (model.get(isbn="1", number=2), model(isbn="1", number=2)):
        with sent_by(model) as requests:
            found.update(isbn="1", number="2", words=6)
            found.update(number=2, words__plus=1)
            found.words += 1
            found.save(partial=True)
        assert [sorted(request.payload["Key"]) for request in requests] == [["isbn", "number"]] * 3
        assert stored_item(model, isbn="1", number=2) == {"isbn": "1", "number": 2, "words": 8}
        assert (found.words, found.is_dirty, found.key_changed) == (8, False, False)


def test_nothing_but_the_items_own_key_is_no_update(page):
    page.put({"isbn": "1", "number": 2})
    found = page.get(isbn="1", number=2)
    with sent_by(page) as requests:
        assert found.update(isbn="1", number=2) is None
    assert requests == []


@pytest.mark.parametrize("key", [{"isbn": "2"}, {"number": 3}, {"number": "x"}, {"number": None}, {"isbn": None}])
def test_another_key_among_the_updates_is_refused(page, key):
    page.put({"isbn": "1", "number": 2})
    found = page.get(isbn="1", number=2)
    with sent_by(page) as requests, pytest.raises(InvalidKey, match="part of the key, which DynamoDB cannot update"):
        found.update(words=6, **key)
    with sent_by(page) as more, pytest.raises(InvalidKey):
        page(words=1).update(words=6, **key)
    assert requests == more == []
