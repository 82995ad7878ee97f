"""``change_key``: an item moves to another key as a whole, or stays where it is."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
import sys

import pytest

import dynamorm
from dynamorm import (
    ConditionFailed,
    ConnectionFailed,
    DynaModelException,
    ExpressionTooLong,
    HashKeyExists,
    InvalidKey,
    ItemTooLarge,
    OneToOne,
    PartialInstance,
    ValidationError,
    VersionConflict,
    WrongPlace,
)
from dynamorm.signals import post_delete, post_save, pre_delete, pre_request, pre_save

from ..books import book_values
from ..libraries import integer, moment, natives, text
from .write_paths import Clock, account_model

PAGE = {"isbn": "1", "number": 1, "body": "Once", "lines": ["a"], "words": 3}


@pytest.fixture
def clock():
    clock = Clock()
    dynamorm.configure(clock=clock)
    yield clock
    dynamorm.configure(clock=None)


@pytest.fixture(scope="module")
def account_class(library):
    return account_model(library)


@pytest.fixture
def account(account_class, dynamo_tables, clock):
    (model,) = dynamo_tables(account_class)
    model.put({"id": "1", "balance": 1, "tags": ["a"]})
    return model


@pytest.fixture
def first(page):
    """A stored page, loaded."""
    page.put(PAGE)
    return page.get(isbn="1", number=1)


def stored(model):
    """Return every item of a model's table as it is."""
    return model.Table.table.scan()["Items"]


def raw(model, **key):
    return model.Table.table.get_item(Key=key).get("Item")


def change_by_others(model, key, text):
    """Change an item as a program does that knows nothing of the model."""
    model.Table.table.update_item(
        Key=key, UpdateExpression=text, **({"ExpressionAttributeValues": {":x": "theirs"}} if ":x" in text else {})
    )


def listening(events):
    """Return what connects receivers to all four signals, which note what they see."""
    signals = {"pre_save": pre_save, "pre_delete": pre_delete, "post_save": post_save, "post_delete": post_delete}
    receivers = []
    for name, signal in signals.items():

        def receiver(sender, instance, name=name, **facts):
            events.append((name, instance.number, instance.is_dirty))

        receivers.append(receiver)
        signal.connect(receiver)
    return receivers


# What becomes of the item and its instance.


def test_the_whole_item_moves_in_one_request(book, found, operations):
    before = raw(book, isbn=found.isbn)
    operations.clear()
    assert found.change_key(isbn="new") is None
    assert operations == ["TransactWriteItems"]
    assert stored(book) == [{**before, "isbn": "new"}]
    assert natives(found) == natives(book.get(isbn="new")) == book_values(isbn="new")


def test_the_instance_belongs_to_the_new_key(page, first):
    old = page(isbn="1", number=1)
    assert first == old
    first.change_key(number=2)
    assert repr(first) == "<Page isbn='1', number=2>"
    assert first == page(isbn="1", number=2) != old and hash(first) == hash(page(isbn="1", number=2))
    assert not first.is_dirty and not first.key_changed and first.changes == {} and not first.is_partial
    first.update(words__plus=1)
    first.body = "Twice"
    first.save(partial=True)
    first.refresh()
    assert (first.words, first.body) == (4, "Twice")
    first.change_key(number=1)
    first.delete()
    assert stored(page) == []


@pytest.mark.parametrize("key", [{"isbn": "2"}, {"number": 2}, {"isbn": "2", "number": 2}])
def test_any_part_of_the_key_can_be_given(page, first, key):
    first.change_key(**key)
    expected = {**PAGE, **key}
    assert natives(first) == expected == natives(page.get(isbn=expected["isbn"], number=expected["number"]))
    assert len(stored(page)) == 1


def test_values_are_converted_like_those_of_a_constructor(page, first):
    first.change_key(isbn="2", number="7")
    assert first.number == 7 and page.exists(isbn="2", number=7)


def test_what_is_not_saved_yet_is_stored_along(page, first):
    first.body, first.lines = None, [*first.lines, "b"]
    first.lines.append("c")
    first.incr(words=2)
    first.change_key(number=2)
    assert not first.is_dirty
    expected = {"isbn": "1", "number": 2, "lines": ["a", "b", "c"], "words": 5}
    assert natives(first) == expected == natives(page.get(isbn="1", number=2))
    assert first.save(partial=True) is None and page.get(isbn="1", number=2).words == 5


def test_what_the_schema_does_not_know_moves_along(page, first):
    change_by_others(page, {"isbn": "1", "number": 1}, "SET zzz = :x")
    first.refresh()
    first.change_key(number=2)
    assert raw(page, isbn="1", number=2)["zzz"] == "theirs" and first.extra == {"zzz": "theirs"}
    first.change_key(number=3)
    assert [one["zzz"] for one in stored(page)] == ["theirs"]


def test_an_instance_that_was_saved_first_can_move(page):
    one = page(**PAGE)
    one.save()
    one.change_key(isbn="2")
    assert natives(page.get(isbn="2", number=1)) == {**PAGE, "isbn": "2"} and len(stored(page)) == 1


def test_the_version_goes_on_and_only_the_change_is_stamped(account, clock):
    found = account.get(id="1")
    made = found.made
    found.update(balance=2)
    found.change_key(id="2")
    (item,) = stored(account)
    there = account.get(id="2")
    assert item["rev"] == found.rev == there.rev == 3
    assert found.made == there.made == made
    assert found.changed == there.changed == clock.now > made
    found.balance = 5
    found.save()
    assert account.get(id="2").rev == 4


def test_parts_of_the_key_that_stay_keep_the_form_in_which_others_wrote_them(library, dynamo_tables):
    fields = {"at": moment(required=True), "number": integer(required=True), "note": text()}
    table = {"name": "moments", "hash_key": "at", "range_key": "number"}
    (model,) = dynamo_tables(library.model("Moment", table, fields))
    model.Table.table.put_item(Item={"at": "2024-05-06T07:08:09.000000Z", "number": 1, "note": "theirs"})
    (found,) = model.scan()
    found.change_key(number=2)
    assert stored(model) == [{"at": "2024-05-06T07:08:09.000000Z", "number": 2, "note": "theirs"}]
    with pytest.raises(InvalidKey, match="has this key already"):
        found.change_key(at=dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc))
    found.update(note="mine")
    found.delete()
    assert stored(model) == []


# What is refused.


def same_as_before(instance, before):
    return (instance.__dict__, instance.changes, instance.is_dirty, repr(instance)) == before


def state_of(instance):
    return copy.deepcopy(instance.__dict__), instance.changes, instance.is_dirty, repr(instance)


@pytest.fixture
def changed(first):
    """A stored page that was changed since it was loaded."""
    first.body = "Twice"
    first.incr(words=2)
    return first


def test_a_key_that_is_taken(page, changed):
    page.put({"isbn": "1", "number": 2, "body": "there"})
    before, items = state_of(changed), stored(page)
    with pytest.raises(HashKeyExists) as caught:
        changed.change_key(number=2)
    assert (caught.value.current.number, caught.value.current.body) == (2, "there")
    assert isinstance(caught.value.__cause__, dynamorm.TransactionCanceled) and not caught.value.ambiguous
    assert same_as_before(changed, before) and stored(page) == items
    changed.save(partial=True)
    assert page.get(isbn="1", number=1).words == 5


@pytest.mark.parametrize("change", ["SET Body = :x", "SET zzz = :x", "REMOVE zzz", "REMOVE words", None])
def test_an_item_that_others_have_changed_since(page, change):
    key = {"isbn": "1", "number": 1}
    page.Table.table.put_item(Item={**key, "Body": "Once", "zzz": "ours", "words": 3})
    found = page.get(**key)
    found.body = "mine"
    found.incr(words=1)
    before = state_of(found)
    if change is None:
        page.Table.table.delete_item(Key=key)
    else:
        change_by_others(page, key, change)
    items = stored(page)
    with pytest.raises(ConditionFailed) as caught:
        found.change_key(number=2)
    assert not isinstance(caught.value, HashKeyExists)
    assert (caught.value.current is None) == (change is None)
    assert same_as_before(found, before) and stored(page) == items
    if change is not None:
        found.refresh()
        found.change_key(number=2)
        (item,) = stored(page)
        assert item == {"words": 0, **items[0], "number": 2}


def test_what_the_schema_does_not_know_and_others_have_added_since_cannot_be_seen(page, first):
    change_by_others(page, {"isbn": "1", "number": 1}, "SET zzz = :x")
    first.change_key(number=2)
    assert [set(one) for one in stored(page)] == [{"isbn", "number", "Body", "lines", "words"}]


def test_a_declared_attribute_that_others_have_added_since(page):
    page.Table.table.put_item(Item={"isbn": "1", "number": 1})
    found = page.get(isbn="1", number=1)
    page.update_item(isbn="1", number=1, body="theirs")
    with pytest.raises(ConditionFailed) as caught:
        found.change_key(number=2)
    assert caught.value.current.body == "theirs" and len(stored(page)) == 1


@pytest.mark.parametrize("is_gone", [False, True])
def test_another_version_is_a_conflict(account, is_gone):
    found = account.get(id="1")
    if is_gone:
        account.delete_item(id="1")
    else:
        account.update_item(id="1", kind="theirs")
    before, items = state_of(found), stored(account)
    with pytest.raises(VersionConflict) as caught:
        found.change_key(id="2")
    assert (caught.value.current and caught.value.current.rev) == (None if is_gone else 2)
    assert same_as_before(found, before) and stored(account) == items


def test_a_change_that_did_not_advance_the_version_is_seen_too(account):
    found = account.get(id="1")
    change_by_others(account, {"id": "1"}, "SET kind = :x")
    with pytest.raises(ConditionFailed) as caught:
        found.change_key(id="2")
    assert not isinstance(caught.value, VersionConflict) and caught.value.current.kind == "theirs"


def test_a_version_can_be_carried_by_a_form(account):
    found = account.get(id="1")
    account.update_item(id="1", kind="theirs")
    found.refresh()
    found.rev = 1  # the one of a hidden field
    with pytest.raises(VersionConflict):
        found.change_key(id="2")
    found.rev = 2
    found.change_key(id="2")
    assert account.get(id="2").rev == 3


# 131 fields can just be compared, and not together with a version
@pytest.mark.parametrize("count", [130, 131, 310])
def test_of_an_item_too_wide_to_be_compared_the_version_alone_answers(library, dynamo_tables, count):
    fields = {"id": text(required=True), "rev": integer(), **{f"field_{number}": text() for number in range(count)}}
    plain = library.model("Wide", {"name": "wide", "hash_key": "id"}, fields)
    versioned = library.model("Versioned", {"name": "versioned", "hash_key": "id", "version": "rev"}, fields)
    plain, versioned = dynamo_tables(plain, versioned)
    versioned.put({"id": "1", "field_1": "x"})
    found, other = versioned.get(id="1"), versioned.get(id="1")
    other.update(field_2="theirs")
    with pytest.raises(VersionConflict):
        found.change_key(id="2")
    found.refresh()
    found.change_key(id="2")
    assert [(one.id, one.field_2, one.rev) for one in versioned.scan()] == [("2", "theirs", 3)]
    found.delete()
    with pytest.raises(VersionConflict):
        found.change_key(id="3")
    assert stored(versioned) == []
    plain.put({"id": "1", "field_1": "x"})
    if count > 131:
        with pytest.raises(ExpressionTooLong, match="version"):
            plain.get(id="1").change_key(id="2")
        assert plain.get(id="1").id == "1"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({}, InvalidKey, "has this key already.*isbn, number"),
        ({"number": 1}, InvalidKey, "has this key already"),
        ({"number": "1", "isbn": "1"}, InvalidKey, "has this key already"),
        ({"body": "x"}, InvalidKey, r"body=.*the key of Page is isbn, number; update\(\) and save\(\)"),
        ({"isbn": "2", "Body": "x"}, InvalidKey, "Body"),
        ({"nmber": 2}, InvalidKey, "nmber"),
        ({"isbn": None}, InvalidKey, "isbn"),
        ({"isbn": ""}, InvalidKey, "empty"),
        ({"number": "many"}, ValidationError, "number"),
    ],
)
def test_what_can_be_no_new_key(page, changed, operations, given, error, words):
    before = state_of(changed)
    operations.clear()
    with pytest.raises(error, match=words):
        changed.change_key(**given)
    assert operations == [] and same_as_before(changed, before)


def test_an_instance_that_cannot_move(page, first, operations):
    page.put({"isbn": "2", "number": 1})
    (partial,) = page.query(isbn="2").specific_attributes(["words"])
    new, elsewhere = page(**PAGE), page.get(isbn="1", number=1)
    elsewhere.number = 9
    here = page.get(isbn="1", number=1)
    here.move_to_here()
    operations.clear()
    for one, error, words in (
        (partial, PartialInstance, r"refresh\(\) it first"),
        (new, DynaModelException, r"never loaded or saved.*save\(\) it"),
        (here, DynaModelException, "never loaded or saved"),
        (elsewhere, InvalidKey, "its key was changed"),
    ):
        before, events = state_of(one), []
        receivers = listening(events)
        with pytest.raises(error, match=words):
            one.change_key(number=5)
        assert same_as_before(one, before) and events == []
        del receivers
    assert operations == []
    partial.refresh()
    partial.change_key(number=5)
    assert page.exists(isbn="2", number=5)


def test_an_instance_that_is_not_valid_stays(page, first, operations):
    first.words = "many"
    operations.clear()
    with pytest.raises(ValidationError):
        first.change_key(number=2)
    first.words, first.body = 1, "x" * 409_600
    with pytest.raises(ItemTooLarge):
        first.change_key(number=2)
    assert operations == [] and first.number == 1 and not first.key_changed


def test_no_answer_leaves_the_instance_as_it_was(page, changed):
    def fail(sender, request):
        assert sender is page
        raise ConnectionFailed("no answer")

    before = state_of(changed)
    with pre_request.connected_to(fail), pytest.raises(ConnectionFailed) as caught:
        changed.change_key(number=2)
    assert same_as_before(changed, before), caught
    changed.change_key(number=2)
    assert page.get(isbn="1", number=2).words == 5 and len(stored(page)) == 1


# Who is told.


def test_signals_are_those_of_a_save_and_a_delete(page, changed):
    events = []
    receivers = listening(events)
    changed.change_key(number=2)
    assert [event[:2] for event in events] == [
        ("pre_save", 2),
        ("pre_delete", 1),
        ("post_save", 2),
        ("post_delete", 1),
    ]
    assert ("post_save", 2, False) in events
    del events[:], changed
    page.put({**PAGE, "number": 1})
    with pytest.raises(HashKeyExists):
        page.get(isbn="1", number=2).change_key(number=1)
    assert [event[:2] for event in events] == [("pre_save", 1), ("pre_delete", 2)]
    del receivers


def test_what_receivers_change_is_stored(page, first):
    def note(sender, instance, put_kwargs):
        instance.body = "receiver"
        instance.number *= 10

    with pre_save.connected_to(note):
        first.change_key(number=2)
        assert (first.number, first.body, first.is_dirty) == (20, "receiver", False)
        assert [(one["number"], one["Body"]) for one in stored(page)] == [(20, "receiver")]

    def refuse(sender, instance, put_kwargs):
        put_kwargs["ConditionExpression"] = "attribute_exists(nothing)"

    with pre_save.connected_to(refuse), pytest.raises(ConditionFailed):
        first.change_key(number=3)
    assert first.number == 20

    def back(sender, instance, put_kwargs):
        instance.number, instance.isbn = 20, "1"

    with pre_save.connected_to(back), pytest.raises(InvalidKey, match="has this key already"):
        first.change_key(isbn="2")
    assert (first.isbn, first.number, first.is_dirty) == ("1", 20, False)


def test_what_is_changed_while_it_is_under_way_is_still_to_be_sent(page, first):
    def meanwhile(sender, request):
        first.body = "later"
        first.incr(words=4)

    with pre_request.connected_to(meanwhile):
        first.change_key(number=2)
    assert page.get(isbn="1", number=2).body == "Once"
    assert first.changes == {"body": ("Once", "later"), "words": (3, 7)}
    first.save(partial=True)
    assert natives(page.get(isbn="1", number=2)) == {**PAGE, "number": 2, "body": "later", "words": 7}


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["pre_save", "pre_delete", "post_save", "post_delete"])
def test_a_receiver_that_fails(page, changed, name, error):
    def receiver(sender, instance, **facts):
        raise error("mine")

    before = state_of(changed)
    signal = {"pre_save": pre_save, "pre_delete": pre_delete, "post_save": post_save, "post_delete": post_delete}[name]
    # whoever holds the error holds its traceback, and so everything that was under way
    with signal.connected_to(receiver), pytest.raises(error, match="mine") as caught:
        changed.change_key(number=2)
    (item,) = stored(page)
    if name.startswith("pre"):
        assert item["number"] == 1 and same_as_before(changed, before), caught
    else:
        assert item["number"] == 2 and changed.number == 2 and not changed.is_dirty and not changed.key_changed


def test_verbs_that_a_model_replaced_are_not_called(library, dynamo_tables):
    def refuse(self, *arguments, **options):
        raise AssertionError("it would send by itself")

    fields = {"id": text(required=True), "change_key": text()}
    model = library.model("Own", {"name": "own", "hash_key": "id"}, fields, save=refuse, delete=refuse, put=refuse)
    (model,) = dynamo_tables(model)
    one = model.from_item({"id": {"S": "1"}, "change_key": {"S": "a field"}})
    model.Table.put(model.to_item(one) and {"id": "1", "change_key": "a field"})
    assert one.change_key == "a field"
    model.change_key(one, id="2")  # the verb stays on the class
    assert stored(model) == [{"id": "2", "change_key": "a field"}]


# Where.


def test_an_item_moves_within_the_place_that_it_came_from(page, dynamo_tables):
    page.put({**PAGE, "body": "here"})
    elsewhere = {"table_prefix": dynamo_tables.prefix + "other-"}
    with dynamorm.using(**elsewhere):
        page.Table.create_table()
        page.put({**PAGE, "body": "there"})
        found = page.get(isbn="1", number=1)
    try:
        found.change_key(number=2)
        assert [(one["number"], one["Body"]) for one in stored(page)] == [(1, "here")]
        with dynamorm.using(**elsewhere):
            assert [(one.number, one.body) for one in page.scan()] == [(2, "there")]
        (again,) = page.using(**elsewhere).scan()
        again.change_key(number=3)
        with dynamorm.using(**elsewhere):
            assert [one.number for one in page.scan()] == [3]
    finally:
        with dynamorm.using(**elsewhere):
            page.Table.delete()


def test_an_instance_of_another_process_moves_where_it_came_from_or_not_at_all(page, first, monkeypatch):
    monkeypatch.setattr(sys.modules[page.__module__], page.__name__, page, raising=False)
    twin, other = (pickle.loads(pickle.dumps(first)) for _ in range(2))
    twin.change_key(number=2)
    assert page.exists(isbn="1", number=2)
    with dynamorm.using(table_prefix="nowhere-"), pytest.raises(WrongPlace):
        other.change_key(number=3)
    assert other.number == 1


@pytest.mark.parametrize("transport", ["default", "direct", "boto3"])
def test_each_transport_moves_and_refuses_alike(page, transport):
    page.put(PAGE)
    page.put({**PAGE, "number": 3})
    with dynamorm.using(transport=transport):
        found = page.get(isbn="1", number=1)
        found.change_key(number=2)
        with pytest.raises(HashKeyExists) as caught:
            found.change_key(number=3)
        assert caught.value.current.number == 3
        page.update_item(isbn="1", number=2, words=9)
        with pytest.raises(ConditionFailed) as caught:
            found.change_key(number=4)
        assert caught.value.current.words == 9
    assert sorted(one["number"] for one in stored(page)) == [2, 3]


# Partners.


def by_id(one):
    return {"id": one.id}


@pytest.fixture
def person(library, dynamo_tables):
    fields = {"id": text(required=True), "n": integer()}
    address = library.model("Address", {"name": "addresses", "hash_key": "id"}, fields)
    person = library.model(
        "Person",
        {"name": "people", "hash_key": "id"},
        fields,
        address=OneToOne(address, query=by_id, back_query=by_id),
    )
    return dynamo_tables(person, address)[0]


def test_a_partner_that_was_changed_is_not_forgotten(person):
    one = person(id="1", n=1)
    one.address.n = 5
    one.save()
    found = person.get(id="1")
    found.address.n = 6
    with pytest.raises(DynaModelException, match="was changed too"):
        found.change_key(id="2")
    assert found.address.n == 6 and found.id == "1"
    found.save()
    address = found.address

    def look(sender, instance, **facts):
        assert instance.address is not address  # the new key leads elsewhere

    with pre_save.connected_to(look, sender=person):
        person(id="3", n=1).save()
        with pytest.raises(HashKeyExists):
            found.change_key(id="3")
        assert found.address is address
        found.change_key(id="2")
    assert found.address.n is None and type(found.address).get(id="1").n == 6
