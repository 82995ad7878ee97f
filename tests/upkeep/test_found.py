"""What random moves have found, each as the few moves that it takes."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools

import pytest

import dynamorm
from dynamorm import (
    BatchError,
    BatchWriter,
    Composite,
    ConditionFailed,
    DoesNotExist,
    DynamoException,
    F,
    ItemTooNew,
    PathMissing,
    RequestRefused,
    Transaction,
    TransactionCanceled,
    UniqueViolation,
    ValidationError,
    downgrade,
    upgrade,
)
from dynamorm.requests import Request
from dynamorm.signals import pre_request

from ..composites import shops
from ..libraries import integer, text
from .accounts import account_model
from .plain_accounts import key_of

START = 1_900_000_000


class Clock:
    """Shows one moment, until it is set to another."""

    def __init__(self):
        self.second = START

    def __call__(self):
        return dt.datetime.fromtimestamp(self.second, dt.timezone.utc)


@pytest.fixture
def clock():
    clock = Clock()
    dynamorm.configure(clock=clock)
    yield clock
    dynamorm.configure(clock=None)


@pytest.fixture(scope="module")
def account_class(library):
    return account_model(library)


@pytest.fixture(scope="module")
def first_release(library):
    """A program that knows all versions, and still stores the first."""
    return account_model(library, written=1)


@pytest.fixture
def account(account_class, dynamo_tables, clock):
    (model,) = dynamo_tables(account_class)
    return model


ONE, TWO = ({"home": "a", "id": number} for number in "12")


def raw_items(model):
    """Return what is stored, but for guards, by key."""
    return {key_of(item): item for item in model.Table.table.scan()["Items"] if "_holder" not in item}


def holders(model):
    """Return the ids of those that have unique values, by the fields."""
    found = [item for item in model.Table.table.scan()["Items"] if "_holder" in item]
    return sorted((item["_unique"].removeprefix(": "), item["_holder"]["id"]) for item in found)


def put_raw(model, item):
    model.Table.table.put_item(Item=item)


# A value that is taken is never told as something else.


def test_a_value_that_is_taken_is_no_item_with_the_same_key(account):
    account.put({**ONE, "plan": "a", "email": "a@x"})
    with pytest.raises(UniqueViolation):
        account.put_unique({**TWO, "plan": "a", "email": "a@x"})
    with pytest.raises(UniqueViolation):
        account.create(**TWO, plan="a", email="a@x")
    with pytest.raises(UniqueViolation):
        account.get_or_create(**TWO, defaults={"plan": "a", "email": "a@x"})


def test_a_value_that_is_taken_is_no_item_that_is_gone(account):
    account.put({**ONE, "plan": "a", "email": "a@x"})
    account.put({**TWO, "plan": "a", "email": "b@x"})
    with pytest.raises(UniqueViolation):
        account.patch(**TWO, email="a@x")
    with pytest.raises(UniqueViolation):
        account.update_item(**TWO, email="a@x")
    with pytest.raises(UniqueViolation):
        account.get(**TWO).update(email="a@x")


# What is demanded is demanded of the item as it is shown, also where it was read before.


def test_conditions_hold_of_items_in_an_old_form_that_were_read(account):
    put_raw(account, {**ONE, "plan": "a", "email": "A@x", "points": "1"})
    with pytest.raises(ConditionFailed):
        account.put({**ONE, "plan": "b"}, {"plan": "other"})
    with pytest.raises(ConditionFailed):
        account.update_item({"plan": "other"}, **ONE, slug="s")
    with pytest.raises(ConditionFailed):
        account.delete_item({"plan": "other"}, **ONE)
    assert raw_items(account) == {("a", "1"): {**ONE, "plan": "a", "email": "A@x", "points": "1"}}
    account.update_item({"points": 1}, **ONE, slug="s")
    assert account.get(**ONE).slug == "s"


def test_expired_items_that_were_read_count_as_absent(account, clock):
    put_raw(account, {**ONE, "plan": "a", "until": clock.second})
    with pytest.raises(DoesNotExist):
        account.update_item(**ONE, slug="s")
    with pytest.raises(DoesNotExist):
        account.patch(**ONE, slug="s", plan="b")
    assert raw_items(account) == {("a", "1"): {**ONE, "plan": "a", "until": clock.second}}


def test_conditions_hold_of_what_an_earlier_form_is_made_for(first_release, dynamo_tables):
    dynamo_tables(first_release)
    with pytest.raises(ConditionFailed):
        first_release.upsert({"memo": "other"}, **ONE, plan="a", slug="s")
    assert raw_items(first_release) == {}
    first_release.upsert({"memo__not_exists": True}, **ONE, plan="a", slug="s")
    assert raw_items(first_release) == {("a", "1"): {**ONE, "plan": "a", "slug": "s"}}


# What an update is answered with is the item, also where it is expired by that.


def test_an_update_that_lets_an_item_expire_returns_it(account, clock):
    for email in (None, "a@x"):
        assert account.upsert(**ONE, plan="a", email=email, until=clock.second).until == clock.second
        account.put({**ONE, "plan": "a", "email": email})
        one = account.get(**ONE)
        one.update(until=clock.second - 1)
        assert one.until == clock.second - 1 and not one.is_dirty
        account.put({**ONE, "plan": "a", "email": email})
        one.refresh()
        one.update(until=clock.second - 1, return_all=True)
        assert (one.until, one.plan, one.email) == (clock.second - 1, "a", email)


def test_a_missing_map_is_told_where_the_update_takes_a_value(account):
    account.put({**ONE, "plan": "a"})
    one = account.get(**ONE)
    for _ in range(2):
        with pytest.raises(PathMissing):
            account.update_item(**ONE, email="a@x", info__x=1)
        with pytest.raises(PathMissing):
            one.update(email="a@x", info__x=1)
        put_raw(account, {**ONE, "plan": "a", "points": "1"})
    account.put({**ONE, "plan": "a"})
    with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.update(account, **ONE, email="a@x", info__x=1)
    assert isinstance(caught.value.failed[0].error, PathMissing)


def test_a_partial_save_sends_a_map_that_is_gone_where_it_takes_a_value(account):
    account.put({**ONE, "plan": "a", "info": {"x": 1}})
    one = account.get(**ONE)
    account.update_item(F("info").remove(), **ONE)
    one.email, one.info["x"] = "a@x", 2
    one.save(partial=True)
    assert account.get(**ONE).info == {"x": 2}
    assert holders(account) == [("email", "1")]


# Keys follow what an item holds in its current form.


def test_a_query_updates_keys_of_items_in_an_old_form(account):
    put_raw(account, {**ONE, "plan": "a", "name": "Ann Lee", "points": "7"})
    account.put({**TWO, "plan": "a", "first": "Bob", "last": "Lee", "points": 1})
    assert account.query(home="a").update(points__plus=1) == 2
    assert {key: item["gsi1sk"] for key, item in raw_items(account).items()} == {
        ("a", "1"): "Ann#00008",
        ("a", "2"): "Bob#00002",
    }
    put_raw(account, {**ONE, "plan": "a", "name": "Ann Lee", "points": "7"})
    upgraded = []

    def upgrade_meanwhile(sender, request):
        if request.operation == "UpdateItem" and not upgraded:
            upgraded.append(True)
            account.update_item(**ONE, memo="upgraded")

    with pre_request.connected_to(upgrade_meanwhile):
        assert account.query(home="a").filter(plan="a").update(last="Roe") == 2
    assert raw_items(account)["a", "1"]["gsi1pk"] == "NAME#Roe"


# Transactions are made of what the items are by now.


def test_a_value_passes_in_a_transaction_from_an_item_that_was_not_known_to_have_it(account):
    account.put({**ONE, "plan": "a", "email": "a@x"})
    stale = account.get(**ONE)
    account.update_item(**ONE, email="b@x", given={"email": "a@x"})
    with Transaction() as tx:
        tx.save(stale)
        tx.put(account, {**TWO, "plan": "a", "email": "b@x"})
    assert holders(account) == [("email", "1"), ("email", "2")]
    assert account.get(**ONE).email == "a@x"


def test_an_item_that_is_gone_is_told_before_keys_that_cannot_follow(account, clock):
    item = {**ONE, "plan": "a", "first": "Ann", "memo": "Bob", "points": 1, "until": clock.second + 1}
    account.put(item)
    one = account.get(**ONE)
    account.delete_item(**ONE)
    with pytest.raises(DoesNotExist):
        one.update(F("first").set(F("memo")))
    account.put(item)
    one.refresh()
    clock.second += 1
    with pytest.raises(DoesNotExist):
        one.update(F("first").set(F("memo")))
    assert account.query(home="a").update(F("first").set(F("memo"))) == 0


def test_a_unique_value_is_copied_from_what_the_item_holds_by_now(account):
    account.put({**ONE, "plan": "a", "tenant": "t", "slug": "s", "memo": "b"})
    stale = account.get(**ONE)
    account.update_item(**ONE, memo="c")
    stale.update(F("slug").set(F("memo")))
    assert stale.slug == account.get(**ONE).slug == "c"


def test_a_unique_value_is_copied_from_what_the_item_has_got_meanwhile(account):
    account.put({**ONE, "plan": "a", "tenant": "t"})
    stale = account.get(**ONE)
    account.update_item(**ONE, memo="c")
    stale.update(F("slug").set(F("memo")))
    assert stale.slug == account.get(**ONE).slug == "c"
    account.update_item(F("memo").remove(), **ONE)
    with pytest.raises(RequestRefused):
        stale.update(F("slug").set(F("memo")))


# Making an item of nothing but its key.


def test_the_key_alone_is_stored_in_place_of_what_is_expired(library, dynamo_tables, clock):
    fields = {"id": text(required=True), "until": integer(), "note": text()}
    table = {"name": "bare", "hash_key": "id", "ttl": "until", "hide_expired": True}
    for words in ({}, {"schema_version": 2}):
        steps = {"nothing": upgrade(2)(lambda item: None)} if words else {}
        (model,) = dynamo_tables(library.model("Bare", {**table, **words}, fields, **steps))
        put_raw(model, {"id": "1", "until": clock.second, "note": "old"})
        model(id="1").save(partial=True)
        assert model.get(id="1").note is None
        model.delete_item(id="1")


def test_the_key_alone_is_stored_in_the_form_that_is_written(library, dynamo_tables):
    fields = {"id": text(required=True), "first": text()}
    table = {"name": "bare", "hash_key": "id", "schema_version": 2, "write_version": 1}
    steps = {"to": upgrade(2)(lambda item: None), "back": downgrade(2)(lambda item: None)}
    (model,) = dynamo_tables(library.model("Bare", table, fields, **steps))
    model(id="1").save(partial=True)
    assert model.Table.table.scan()["Items"] == [{"id": "1"}]


def test_an_update_that_makes_an_item_takes_the_unique_part_of_its_key(library, dynamo_tables):
    fields = {"home": text(required=True), "id": text(required=True), "note": text()}
    table = {"name": "parts", "hash_key": "home", "range_key": "id", "unique": ["id"]}
    (model,) = dynamo_tables(library.model("Part", table, fields))
    model.update_item(home="a", id="1", note="x")
    assert holders(model) == [("id", "1")]
    model.update_item(home="a", id="1", note="y")
    model.get(home="a", id="1").update(note="z")
    with pytest.raises(UniqueViolation):
        model.update_item(home="b", id="1", note="x")
    with pytest.raises(UniqueViolation):
        model(home="b", id="1").save(partial=True)
    model.delete_item(home="a", id="1")
    model(home="b", id="1").save(partial=True)
    assert holders(model) == [("id", "1")] and len(raw_items(model)) == 1


@contextlib.contextmanager
def meanwhile(do, number):
    """Let somebody do something just before the write with a number is sent."""
    sent = itertools.count(1)

    def note(sender, request):
        is_write = isinstance(request, Request) and request.operation in ("PutItem", "UpdateItem", "TransactWriteItems")
        if is_write and next(sent) == number:
            do()

    with pre_request.connected_to(note):
        yield


def test_keys_follow_what_an_old_program_changes_while_an_item_is_upgraded(account):
    def rename():
        account.Table.table.update_item(
            Key=ONE,
            UpdateExpression="SET #n = :n",
            ExpressionAttributeNames={"#n": "last"},
            ExpressionAttributeValues={":n": "Roe"},
        )

    for before in ({"last": "Lee"}, {}):
        put_raw(account, {**ONE, "plan": "a", "first": "Ann", **before, "points": "7", "_v": 2})
        with meanwhile(rename, 2):
            account.update_item(**ONE, memo="a")
        item = raw_items(account)["a", "1"]
        assert (item["last"], item["gsi1pk"], item["memo"]) == ("Roe", "NAME#Roe", "a")


# Models that share a table.


def shared_table(library, dynamo_tables):
    """Return the base of an order, and of a gift, which is an order that has a code for itself."""
    fields = {"id": text(required=True), "email": text()}
    base = shops.base()
    keys = {"pk": Composite("ORDER#{id}"), "sk": Composite("ORDER")}
    order = shops.model(library, "Order", base, fields, {"unique": ["email"]}, **keys)
    gift = shops.model(library, "Gift", order, {**fields, "code": text()}, {"unique": ["email", "code"]})
    dynamo_tables(base)
    return base, order, gift


def taken(base):
    return sorted(item["_unique"] for item in base.Table.table.scan()["Items"] if "_holder" in item)


def test_who_deletes_what_may_be_of_several_models_gives_up_what_it_has_taken(library, dynamo_tables):
    base, order, gift = shared_table(library, dynamo_tables)

    def by_writer():
        with BatchWriter() as writer:
            writer.delete(order, id="1")
            writer.delete(order, id="2")

    for delete in (
        lambda: base.query(pk="ORDER#1").delete(),
        lambda: base.scan().delete(recheck=False),
        lambda: order.scan().delete(),
        lambda: base.delete_batch({"pk": "ORDER#1", "sk": "ORDER"}),
        lambda: base.delete_item(pk="ORDER#1", sk="ORDER"),
        lambda: order.delete_item(id="1"),
        by_writer,
    ):
        gift.put({"id": "1", "email": "a@x", "code": "c"})
        order.put({"id": "2", "email": "b@x"})
        assert taken(base) == ["Gift: code", "Order: email", "Order: email"]
        delete()
        assert len(taken(base)) == len(list(base.scan()))
        order.delete_batch({"id": "1"}, {"id": "2"})
        assert taken(base) == []


def test_a_transaction_that_deletes_by_a_parent_gives_up_what_the_child_has_taken(library, dynamo_tables):
    base, order, gift = shared_table(library, dynamo_tables)
    for delete in (lambda tx: tx.delete(order, id="1"), lambda tx: tx.delete(gift, id="1")):
        gift.put({"id": "1", "email": "a@x", "code": "c"})
        with Transaction() as tx:
            delete(tx)
        assert taken(base) == []


# What cannot be written as it is.


def test_an_item_in_an_old_form_that_fits_no_key_is_read_and_mended(account):
    old = {**ONE, "plan": "a", "name": "Ann Lee", "points": "-1"}
    put_raw(account, old)
    one = account.get(**ONE)
    assert (one.points, list(account.scan())) == (-1, [one])
    with pytest.raises(ValidationError):
        account.update_item(**ONE, memo="b")
    assert raw_items(account) == {("a", "1"): old}
    one.update(points=1)
    assert raw_items(account)["a", "1"]["gsi1sk"] == "Ann#00001"
    for write in (lambda: account.put({**ONE, "plan": "b"}), lambda: account.delete_item(**ONE)):
        put_raw(account, old)
        write()
        assert raw_items(account).get(("a", "1"), {}).get("plan") != "a"


def test_an_item_that_is_too_new_is_left_alone_and_says_nothing_about_others(account):
    new = {**ONE, "plan": "a", "_v": 4}
    put_raw(account, new)
    with pytest.raises(ItemTooNew, match="'id': '1'"):
        account.put_batch({**ONE, "plan": "b"}, {**TWO, "plan": "b"})
    assert raw_items(account)["a", "1"] == new and account.get(**TWO).plan == "b"
    with pytest.raises(ItemTooNew):
        account.delete_batch(ONE, TWO)
    assert raw_items(account) == {("a", "1"): new}


def test_what_an_upgrade_does_not_touch_stays_as_it_is_stored(account):
    kept = {"seen": None, "deep": {"a": None, "b": [None, {"c": None}], "e": ""}, "some": {"x", "y"}}
    put_raw(account, {**ONE, "plan": "a", **kept})
    account.update_item(**ONE, memo="b")
    assert raw_items(account)["a", "1"] == {**ONE, "plan": "a", **kept, "memo": "b", "_v": 3}


# What is returned of a write that takes a value.


def test_what_was_there_is_returned_where_a_write_takes_a_value(account):
    account.put({**ONE, "plan": "a", "email": "a@x"})
    stale = account.get(**ONE)
    account.put({**ONE, "plan": "b", "email": "b@x"})
    for write, plan in (
        (lambda: account.put({**ONE, "plan": "c", "email": "c@x"}, ReturnValues="ALL_OLD"), "b"),
        (lambda: stale.save(ReturnValues="ALL_OLD"), "c"),
        (lambda: stale.delete(ReturnValues="ALL_OLD"), "a"),
    ):
        assert write()["Attributes"]["plan"] == plan
    assert "Attributes" not in account.put({**ONE, "plan": "c", "email": "c@x"}, ReturnValues="ALL_OLD")
    kwargs = {"ReturnValues": "UPDATED_OLD"}
    answer = account.update_item(**ONE, email="d@x", update_item_kwargs=kwargs)
    assert answer["Attributes"]["email"] == "c@x" and "plan" not in answer["Attributes"]


def test_what_a_write_consumes_is_told_where_it_takes_a_value(account):
    kwargs = {"ReturnConsumedCapacity": "TOTAL"}
    assert account.put({**ONE, "plan": "a"}, **kwargs)["ConsumedCapacity"]["CapacityUnits"] > 0
    assert account.put({**ONE, "plan": "a", "email": "a@x"}, **kwargs)["ConsumedCapacity"]["CapacityUnits"] > 1


def test_what_others_change_while_an_item_is_upgraded_is_returned(account):
    def note():
        account.Table.table.update_item(
            Key=ONE,
            UpdateExpression="SET #n = :n",
            ExpressionAttributeNames={"#n": "tags"},
            ExpressionAttributeValues={":n": ["x"]},
        )

    for values in ({"memo": "b"}, {"slug": "s", "tenant": "t"}):
        put_raw(account, {**ONE, "plan": "a", "_v": 2})
        with meanwhile(note, 2 if "memo" in values else 1):
            assert account.patch(**ONE, **values).tags == ["x"]


def test_an_item_in_an_old_form_that_fits_no_key_is_not_migrated_without_it(account):
    old = {**ONE, "plan": "a", "name": "Ann Lee", "points": "-1"}
    put_raw(account, old)
    put_raw(account, {**TWO, "plan": "a", "name": "Bob Lee"})
    with pytest.raises(BatchError, match="1 of 2 items could not be upgraded"):
        account.migrate()
    assert raw_items(account)["a", "1"] == old and account.verify_unique() == []


def test_an_item_that_is_handed_over_is_shown_be_it_expired(account, clock):
    item = {**ONE, "plan": "a", "until": 1}
    assert account.from_item(account(**item).to_item()).plan == "a"
    account.put({**ONE, "plan": "a", "email": "a@x"})
    raw = [item for item in account.Table.client.scan(TableName=account.Table.full_name)["Items"] if "_holder" in item]
    with pytest.raises(DynamoException, match="of another kind"):
        account.from_item(raw[0])
