"""Section 7 of the contract: whole items put, saved and deleted, conditions, and what writes return."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

import dynamorm
from dynamorm import (
    ConditionFailed,
    DoesNotExist,
    DynaModelException,
    DynamoException,
    F,
    HashKeyExists,
    InvalidKey,
    InvalidSchemaField,
    PartialInstance,
    Q,
    ValidationError,
)

from .models import BOOK, book_model, book_values, natives, text, with_field
from .traffic import sent_by

KEY = "9780000000001"


@pytest.fixture
def stored(book):
    """The key of a stored book."""
    book.put(book_values())
    return KEY


def raw_of(model, **key):
    return model.Table.table.get_item(Key=key, ConsistentRead=True).get("Item")


# Whole items.


def test_a_put_stores_the_whole_item_in_place_of_what_was_there(book, stored):
    book.put({"isbn": stored, "title": "Anew"})
    assert raw_of(book, isbn=stored) == {"isbn": stored, "title": "Anew", "copies": 1}


def test_a_put_takes_an_instance_too(book):
    book.put(book(**book_values()))
    assert natives(book.get(isbn=KEY)) == book_values()


@pytest.mark.parametrize("verb", ["put", "put_unique", "put_batch"])
@pytest.mark.parametrize(
    ("values", "field"), [({"isbn": "1"}, "title"), ({"isbn": "1", "title": "T", "rank": 6}, "rank")]
)
def test_whatever_is_put_is_validated_in_full_required_fields_and_validators_included(book, verb, values, field):
    with sent_by(book) as requests, pytest.raises(ValidationError) as caught:
        getattr(book, verb)(values)
    assert field in str(caught.value.errors)
    assert not requests


def test_what_is_no_item_is_not_put(book, page):
    for item in (["isbn"], "isbn", page(isbn="1", number=2)):
        with pytest.raises(DynaModelException):
            book.put(item)


def test_an_item_without_its_key_is_not_put(page):
    page.put({"isbn": "1", "number": 1})
    instance = page(isbn="1", number=1)
    instance.number = None
    for write in (instance.save, lambda: page.put({"isbn": "", "number": 1})):
        with pytest.raises((InvalidKey, ValidationError)):
            write()


def test_put_unique_is_about_the_whole_primary_key(page):
    page.put_unique({"isbn": "1", "number": 1, "body": "first"})
    page.put_unique({"isbn": "1", "number": 2})
    with pytest.raises(HashKeyExists) as caught:
        page.put_unique({"isbn": "1", "number": 1, "body": "second"})
    assert natives(caught.value.current) == {"isbn": "1", "number": 1, "body": "first", "words": 0}
    with pytest.raises(HashKeyExists):
        page(isbn="1", number=2).save(unique=True)


def test_put_unique_works_where_the_hash_key_is_called_name(library, dynamo_tables):
    fields = {"name": text(required=True), "value": text()}
    (model,) = dynamo_tables(library.model("Named", {"name": "named", "hash_key": "name"}, fields))
    model.put_unique({"name": "a", "value": "1"})
    with pytest.raises(HashKeyExists):
        model.put_unique({"name": "a", "value": "2"})
    with pytest.raises(HashKeyExists):
        model(name="a").save(unique=True)
    assert model.get(name="a").value == "1"


def test_put_unique_with_conditions_tells_which_of_the_two_failed(book, stored):
    with pytest.raises(HashKeyExists):
        book.put_unique({"isbn": stored, "title": "x"}, conditions={"title__not_exists": True})
    with pytest.raises(ConditionFailed) as caught:
        book.put_unique({"isbn": "new", "title": "x"}, conditions={"title__exists": True})
    assert not isinstance(caught.value, HashKeyExists)


def test_put_batch_validates_everything_before_anything_is_stored(book):
    with pytest.raises(ValidationError):
        book.put_batch({"isbn": "1", "title": "T"}, {"isbn": "2"})
    assert list(book.scan()) == []
    assert book.put_batch({"isbn": "1", "title": "T"}, book(isbn="2", title="U")) is None
    assert sorted(item.isbn for item in book.scan()) == ["1", "2"]


def test_a_full_save_puts_everything_and_clears_what_is_none(book, stored):
    found = book.get(isbn=stored)
    found.meta, found.year, found.title = None, 2001, "Anew"
    del found.tags
    found.save()
    expected = book_values(meta=None, tags=None, year=2001, title="Anew")
    assert natives(book.get(isbn=stored)) == expected
    assert not found.is_dirty and natives(found) == expected


def test_after_a_save_the_instance_knows_its_stored_state(book):
    instance = book(**book_values())
    assert instance.is_dirty
    instance.save()
    assert not instance.is_dirty and instance.changes == {}
    with sent_by(book) as requests:
        assert instance.save(partial=True) is None
    assert requests == []


def test_a_save_refused_by_the_schema_changes_nothing_anywhere(book, stored):
    found = book.get(isbn=stored)
    found.rank = 6
    with pytest.raises(ValidationError):
        found.save()
    assert found.changes == {"rank": (2, 6)}
    assert natives(book.get(isbn=stored)) == book_values()


def test_a_full_save_drops_pending_increments(book, stored):
    found = book.get(isbn=stored)
    found.incr(views=5)
    book.update_item(isbn=stored, views__plus=100)
    found.save()
    assert book.get(isbn=stored).views == 15
    assert not found.is_dirty
    found.save(partial=True)
    assert book.get(isbn=stored).views == 15


def test_a_full_save_after_the_key_was_changed_stores_a_new_item(book, stored):
    found = book.get(isbn=stored)
    found.isbn = "other"
    assert found.key_changed
    found.save()
    assert not found.key_changed
    assert natives(book.get(isbn="other")) == book_values(isbn="other")
    assert natives(book.get(isbn=stored)) == book_values()


def test_after_the_key_was_changed_no_other_write_knows_where_to_go(book, stored):
    found = book.get(isbn=stored)
    found.isbn = "other"
    verbs = [lambda: found.save(partial=True), lambda: found.update(year=1), found.refresh, found.delete, found.sync]
    with sent_by(book) as requests:
        for verb in verbs:
            with pytest.raises(InvalidKey):
                verb()
    assert requests == []
    found.isbn = stored
    assert not found.key_changed
    found.update(year=1)


def test_a_save_of_an_instance_from_a_keys_only_index_is_refused_instead_of_erasing_the_rest(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    assert found.is_partial and found.author is None
    with sent_by(book) as requests, pytest.raises(PartialInstance):
        found.save()
    with pytest.raises(PartialInstance):
        book.put(found)
    assert requests == []
    found.author = "Mrs. Foo"
    found.save(partial=True)
    found.update(year=2002)
    assert natives(book.get(isbn=stored)) == book_values(author="Mrs. Foo", year=2002)
    found.refresh()
    assert not found.is_partial
    found.save()
    assert natives(book.get(isbn=stored)) == book_values(author="Mrs. Foo", year=2002)


def test_a_partial_instance_can_be_deleted(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    found.delete()
    assert book.get(isbn=stored) is None


def test_a_sync_makes_a_partial_instance_whole(book, stored):
    (found,) = book.ByTitle.query(title="The Depths")
    found.year = 2003
    found.sync()
    assert natives(found) == book_values(year=2003)
    assert not found.is_partial
    found.save()


def test_an_instance_made_with_partial_is_a_new_item_and_may_be_saved(book, stored):
    book(partial=True, isbn=stored, title="x").save()
    assert raw_of(book, isbn=stored) == {"isbn": stored, "title": "x"}


# The attributes that the schema does not know.


def test_a_save_keeps_the_attributes_that_the_schema_does_not_know_as_they_are_by_now(book, stored):
    raw = book.Table.table
    document = {"deep": [1, {"x": None}], "flag": True}
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": document})
    found = book.get(isbn=stored)
    assert found.extra == {"zzz": document}
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": "newer"})
    found.year, found.meta = 2010, None
    found.save()
    assert raw_of(book, isbn=stored)["zzz"] == "newer"
    found.year = 2011
    found.save()
    assert raw_of(book, isbn=stored)["zzz"] == "newer"
    assert natives(book.get(isbn=stored)) == book_values(year=2011, meta=None)


def test_a_put_and_a_save_of_a_new_instance_store_the_item_as_it_is_given(book, stored):
    raw = book.Table.table
    raw.update_item(Key={"isbn": stored}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": 1})
    book(isbn=stored, title="x").save()
    assert "zzz" not in raw_of(book, isbn=stored)


# Conditions.

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
    before = raw_of(book, isbn=stored)
    for name, write in writes(book, stored, REFUSED[form](book)).items():
        with pytest.raises(ConditionFailed) as caught:
            write()
        assert raw_of(book, isbn=stored) == before, name
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
            assert raw_of(book, isbn=stored) is None, name
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


# Deleting.


def test_a_delete_removes_the_item_and_is_no_error_where_there_is_none(book, stored):
    found = book.get(isbn=stored)
    response = found.delete()
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert book.get(isbn=stored) is None
    found.delete()
    book.delete_item(isbn=stored)


def test_an_instance_that_was_deleted_can_be_saved_again_as_a_whole_only(book, stored):
    found = book.get(isbn=stored)
    found.delete()
    found.title = "x"
    with pytest.raises(DoesNotExist):
        found.save(partial=True)
    found.save()
    assert natives(book.get(isbn=stored)) == book_values(title="x")


def test_delete_item_takes_the_whole_key_and_nothing_else(page):
    page.put({"isbn": "1", "number": 1})
    with sent_by(page) as requests:
        for keys in ({"isbn": "1"}, {"isbn": "1", "number": 1, "body": "x"}, {}):
            with pytest.raises(InvalidKey):
                page.delete_item(**keys)
        with pytest.raises(InvalidSchemaField):
            page.delete_item(isbn="1", nummer=1)
    assert requests == []
    page.delete_item(isbn="1", number="1")
    assert page.get(isbn="1", number=1) is None


# What is passed through, and what comes back.


def test_writes_return_boto3s_response_with_plain_attributes(book, stored):
    response = book.put({"isbn": stored, "title": "x"}, ReturnValues="ALL_OLD", ReturnConsumedCapacity="TOTAL")
    assert response["Attributes"]["year"] == 1999
    assert response["Attributes"]["meta"] == book_values()["meta"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    found = book.get(isbn=stored)
    assert found.save(ReturnValues="ALL_OLD")["Attributes"]["title"] == "x"
    assert found.update(title="y")["Attributes"]["title"] == "y"
    assert found.update(title="z", return_all=True)["Attributes"] == {"isbn": stored, "title": "z", "copies": 1}
    response = book.update_item(isbn=stored, title="u", update_item_kwargs={"ReturnValues": "UPDATED_OLD"})
    assert response["Attributes"] == {"title": "z"}
    assert "Attributes" not in book.update_item(isbn=stored, title="v")
    assert "Attributes" in found.delete(ReturnValues="ALL_OLD")


def test_where_no_request_was_made_nothing_is_returned(book, stored):
    found = book.get(isbn=stored)
    with sent_by(book) as requests:
        assert found.update() is None
        assert found.save(partial=True) is None
        assert book.update_item(isbn=stored) is None
    assert requests == []


def test_validate_gives_the_native_values(book):
    instance = book(isbn="1", title="T", year="5")
    assert instance.validate()["year"] == 5


def test_tables_are_created_and_deleted_with_what_0_11_returned(library, dynamo_tables):
    model = book_model(library)
    created = model.Table.create_table()
    assert created.table_name == model.Table.full_name
    assert model.Table.delete() is True


def test_put_item_kwargs_are_in_the_form_of_boto3s_resource(book, stored):
    options = {
        "ConditionExpression": "#y = :y AND begins_with(#c0, :c0)",
        "ExpressionAttributeNames": {"#y": "year", "#c0": "title"},
        "ExpressionAttributeValues": {":y": 1999, ":c0": "The"},
    }
    book.put(book_values(author="a"), conditions={"copies": 3, "title": "The Depths"}, **options)
    assert book.get(isbn=stored).author == "a"
    for conditions in ({"copies": 4}, {"title": "x"}):
        with pytest.raises(ConditionFailed):
            book.put(book_values(author="b"), conditions=conditions, **options)
    book.put(book_values(author="b"), ConditionExpression=Attr("year").eq(1999))
    with pytest.raises(ConditionFailed):
        book.get(isbn=stored).save(ConditionExpression=Attr("year").eq(1))
    assert book.get(isbn=stored).author == "b"


def test_update_item_kwargs_are_in_the_form_of_boto3s_resource(book, stored):
    options = {
        "UpdateExpression": "SET #x = :x REMOVE subtitle_, #r",
        "ConditionExpression": Attr("year").eq(1999),
        "ExpressionAttributeNames": {"#x": "author", "#r": "sub"},
        "ExpressionAttributeValues": {":x": "theirs"},
    }
    given = dict(options)
    response = book.update_item(isbn=stored, title="ours", conditions={"copies": 3}, update_item_kwargs=given)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert given == options
    assert natives(book.get(isbn=stored)) == book_values(title="ours", author="theirs", subtitle=None)
    book.get(isbn=stored).update(
        update_item_kwargs={
            "UpdateExpression": "SET author = :a, meta.lang = :l",
            "ExpressionAttributeValues": {":a": "again", ":l": "fi"},
        }
    )
    assert (book.get(isbn=stored).author, book.get(isbn=stored).meta["lang"]) == ("again", "fi")


def test_what_an_expression_of_ones_own_changes_is_taken_over_and_nothing_else_is_lost(book, stored):
    found = book.get(isbn=stored)
    found.title = "unsaved"
    found.update(
        copies=7,
        update_item_kwargs={
            "UpdateExpression": "SET author = :a, meta.lang = :l REMOVE #r",
            "ExpressionAttributeNames": {"#r": "rank"},
            "ExpressionAttributeValues": {":a": "again", ":l": "fi"},
        },
    )
    meta = {**book_values()["meta"], "lang": "fi"}
    assert natives(found) == book_values(title="unsaved", copies=7, author="again", meta=meta, rank=None)
    assert list(found.changes) == ["title"]


def test_what_the_verb_supplies_itself_cannot_be_passed_through(book, stored):
    for name in ("TableName", "Key", "Item"):
        with pytest.raises(DynamoException):
            book.put(book_values(), **{name: "x"})


# Places.


def test_an_instance_is_saved_where_it_was_loaded(book, stored, dynamo_tables):
    prefix = dynamo_tables.prefix + "other-"
    with dynamorm.using(table_prefix=prefix):
        book.Table.create_table()
        book.put(book_values(title="there"))
        found = book.get(isbn=stored)
        pages = list(book.scan())
    try:
        found.year = 1
        found.save()
        found.update(rank=1)
        found.incr(views=1)
        found.save(partial=True)
        pages[0].refresh()
        found.sync()
        assert natives(book.get(isbn=stored)) == book_values()
        with dynamorm.using(table_prefix=prefix):
            assert natives(book.get(isbn=stored)) == book_values(title="there", year=1, rank=1, views=11)
        with pytest.raises(ConditionFailed) as caught:
            found.save(conditions={"year": 2})
        caught.value.current.delete()
        with dynamorm.using(table_prefix=prefix):
            assert book.get(isbn=stored) is None
        assert book.get(isbn=stored) is not None
    finally:
        with dynamorm.using(table_prefix=prefix):
            book.Table.delete()


def test_an_instance_stays_where_it_was_saved_first(book, stored, dynamo_tables):
    prefix = dynamo_tables.prefix + "other-"
    instance = book(**book_values(title="there"))
    with dynamorm.using(table_prefix=prefix):
        book.Table.create_table()
        instance.save()
    try:
        instance.title = "there again"
        instance.save()
        assert book.get(isbn=stored).title == "The Depths"
    finally:
        with dynamorm.using(table_prefix=prefix):
            assert book.get(isbn=stored).title == "there again"
            book.Table.delete()


# Fields that have the names of verbs and their arguments.


def test_fields_named_like_arguments_and_verbs_are_saved_like_all_others(library, dynamo_tables):
    names = ["conditions", "update_item_kwargs", "return_all", "update", "extra", "changes", "count", "self", "model"]
    fields = {"id": text(required=True), **{name: text() for name in names}}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model.put({"id": "1", **dict.fromkeys(names, "a")})
    found = model.get(id="1")
    for name in names:
        setattr(found, name, "b")
    model.save(found, partial=True)
    assert model.get(id="1").to_dict(native=True) == {"id": "1", **dict.fromkeys(names, "b")}
    model.update(found, F("conditions").set("c"), F("update").set("c"), count="c")
    stored = model.get(id="1").to_dict(native=True)
    assert {name for name in names if stored[name] == "c"} == {"conditions", "update", "count"}
    assert model.to_dict(found, native=True) == stored
    assert dynamorm.inspect(found).changes == {}


def test_a_required_field_is_demanded_in_whole_items_only(library, dynamo_tables):
    fields = with_field(BOOK, "author", required=True)
    (model,) = dynamo_tables(library.model("Strict", {"name": "strict", "hash_key": "isbn"}, fields))
    instance = model(isbn="1")
    instance.title = "T"
    with pytest.raises(ValidationError):
        instance.save()
    instance.author = "A"
    instance.save()
    model.update_item(isbn="2", title="fragment")
    with pytest.raises(ValidationError, match="'2'"):
        model.get(isbn="2")
