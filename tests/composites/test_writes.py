"""Updates of the fields that keys are made of: what is sent, what has to be known, what is refused."""

from __future__ import annotations

import pytest

from dynamorm import (
    Composite,
    ConditionFailed,
    DoesNotExist,
    DynaModel,
    F,
    GlobalIndex,
    IncompleteKey,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    ProjectAll,
    Q,
    Transaction,
    TransactionCanceled,
    ValidationError,
)
from dynamorm.signals import pre_request

from ..libraries import boolean, integer, listing, mapping, text
from ..traffic import sent_by

KEY = {"email": "a@x", "id": "1"}
RAW = {"pk": "CUSTOMER#a@x", "sk": "ORDER#1"}


class Shop(DynaModel):
    class Table:
        name = "shop"
        hash_key = "pk"
        range_key = "sk"
        discriminator = "kind"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True

    class Overloaded(GlobalIndex):
        name = "overloaded"
        hash_key = "gpk"
        range_key = "gsk"
        projection = ProjectAll()


@pytest.fixture(scope="module")
def order_class(library):
    """An order with a key of its status and place, and one of its total, with which it stands in an index."""

    class Table(Shop.Table):
        pass

    class ByStatus(Shop.Overloaded):
        hash_key = Composite("STATUS#{status}#{city}", when=Q(details__state="live"))
        range_key = Composite("{total:06d}")

    fields = {
        **dict.fromkeys(KEY, text(required=True)),
        **dict.fromkeys(("status", "city", "note"), text()),
        **dict.fromkeys(("total", "paid"), integer()),
        "details": mapping(),
        "lines": listing(text()),
    }
    keys = {"pk": Composite("CUSTOMER#{email}"), "sk": Composite("ORDER#{id}")}
    return library.model("Order", Table, fields, bases=(Shop,), ByStatus=ByStatus, **keys)


@pytest.fixture
def order(order_class, dynamo_tables):
    dynamo_tables(order_class)
    order_class.put({**KEY, "status": "open", "city": "Oslo", "total": 5, "paid": 3, "details": {"state": "live"}})
    return order_class


def raw(model, **key):
    return model.Table.table.get_item(Key=key or RAW, ConsistentRead=True).get("Item")


def keys(model):
    item = raw(model)
    return item.get("gpk"), item.get("gsk")


def demanded(request):
    """Return the attributes that the conditions of a request are about, besides the kind and the key."""
    text = request.payload.get("ConditionExpression", "")
    names = request.payload.get("ExpressionAttributeNames", {})
    return {name for holder, name in names.items() if holder in text} - {"kind", "pk"}


class TestChanges:
    """What updates leave in keys, and which attributes have to be as they were."""

    CHANGES = [
        ({"status": "late"}, ("STATUS#late#Oslo", "000005"), {"city", "details"}),
        ({"status": "late", "city": "Rome"}, ("STATUS#late#Rome", "000005"), {"details"}),
        ({"status": None}, (None, "000005"), {"city", "details"}),
        ({"status__remove": True}, (None, "000005"), {"city", "details"}),
        ({"status__if_not_exists": "late"}, ("STATUS#open#Oslo", "000005"), {"status", "city", "details"}),
        ({"total": 7}, ("STATUS#open#Oslo", "000007"), {"details"}),
        ({"total__plus": 2}, ("STATUS#open#Oslo", "000007"), {"total", "details"}),
        ({"total__minus": 2}, ("STATUS#open#Oslo", "000003"), {"total", "details"}),
        ({"total__add": 2}, ("STATUS#open#Oslo", "000007"), {"total", "details"}),
        ({"total": F("paid")}, ("STATUS#open#Oslo", "000003"), {"paid", "details"}),
        ({"total": F("paid") + 4}, ("STATUS#open#Oslo", "000007"), {"paid", "details"}),
        ({"total": F("total") - F("paid")}, ("STATUS#open#Oslo", "000002"), {"total", "paid", "details"}),
        ({"details__state": "dead"}, (None, None), {"status", "city", "total", "details"}),
        ({"details__more": 1}, ("STATUS#open#Oslo", "000005"), {"status", "city", "total", "details"}),
        ({"details": {"state": "dead"}}, (None, None), set()),
        (
            {"status": "late", "city": "Rome", "total": 7, "details": {"state": "live"}},
            ("STATUS#late#Rome", "000007"),
            set(),
        ),
        ({"note": "x", "lines__append": "y"}, ("STATUS#open#Oslo", "000005"), set()),
    ]

    @pytest.mark.parametrize(("changes", "after", "conditions"), CHANGES, ids=[str(case[0]) for case in CHANGES])
    @pytest.mark.parametrize("how", ["loaded", "stale", "by key"])
    def test_keys_follow(self, order, how, changes, after, conditions):
        found = order.get(**KEY)
        if how == "stale":
            order.get(**KEY).update(note="else", total=4, paid=2)
            after = (after[0], {"000005": "000004", "000003": "000002"}.get(after[1], after[1]))
        with sent_by(order) as requests:
            if how == "by key":
                held = {name: getattr(found, name) for name in conditions}
                order.update_item(**KEY, **changes, given=held)
            else:
                found.update(**changes)
        if how != "stale":
            assert keys(order) == after
            assert [demanded(request) for request in requests] == [conditions]
            if how == "loaded":
                assert (found.gpk, found.gsk) == after
        else:
            item = raw(order)
            assert (item.get("gsk") is None) == (after[1] is None)
            assert "gsk" not in item or item["gsk"] == f"{int(item['total']):06d}"
            assert 1 <= len(requests) <= 2
        found.refresh()
        assert keys(order) == (found.gpk, found.gsk)

    @pytest.mark.parametrize(("changes", "after", "conditions"), CHANGES, ids=[str(case[0]) for case in CHANGES])
    def test_what_is_not_known_is_not_guessed(self, order, changes, after, conditions):
        before = raw(order)
        (found,) = order.query(**KEY).specific_attributes(["note"])
        with sent_by(order) as requests:
            for write in (
                lambda: order.update_item(**KEY, **changes),
                lambda: order.patch(**KEY, **changes),
                lambda: found.update(**changes),
            ):
                if conditions:
                    with pytest.raises(IncompleteKey, match=r"of which nothing is known.*given=\{") as caught:
                        write()
                    assert all(name in str(caught.value) for name in conditions)
        if conditions:
            assert requests == [] and raw(order) == before
        else:
            found.update(**changes)
            assert keys(order) == after

    def test_a_change_of_a_collection_counts_for_a_condition(self, library, dynamo_tables):
        class Long(GlobalIndex):
            name = "long"
            hash_key = "many"
            projection = ProjectAll()

        fields = {"id": text(required=True), "lines": listing(text())}
        table = {"name": "lists", "hash_key": "id"}
        many = Composite("MANY", when=Q(lines__contains="z"))
        (model,) = dynamo_tables(library.model("Lists", table, fields, many=many, Long=Long))
        model.put({"id": "1", "lines": ["a"]})
        found = model.get(id="1")
        for change, is_there in (
            ({"lines__append": "z"}, True),
            ({"lines__0__remove": True}, True),
            ({"lines__prepend": ["b", "c"]}, True),
            ({"lines__2": "d"}, False),
            ({"lines": ["z"]}, True),
            ({"lines": None}, False),
        ):
            found.update(**change)
            assert ("many" in raw(model, id="1")) is is_there, change

    def test_what_an_update_leaves_may_be_beyond_telling(self, order):
        found = order.get(**KEY)
        found.update(paid=None)
        before = raw(order)
        for change in ({"total": F("paid")}, {"total": F("lines")}):
            with pytest.raises(IncompleteKey, match=r"cannot follow total.*not there"):
                found.update(**change)
        assert raw(order) == before

    def test_the_own_key_may_be_said_along_in_either_form(self, order):
        found = order.get(**KEY)
        found.update(**RAW, status="late")
        found.update(**KEY, status="done")
        assert keys(order)[0] == "STATUS#done#Oslo"
        for other in ({"pk": "CUSTOMER#b"}, {"email": "b"}, {"gpk": "x"}):
            with pytest.raises((InvalidKey, InvalidExpression)):
                found.update(**other, note="x")

    def test_a_new_item_of_an_instance_takes_the_rest_from_the_one_that_is_there(self, order):
        order(**KEY, status="late").save(partial=True)
        assert keys(order) == ("STATUS#late#Oslo", "000005")
        order(**KEY, total=8).sync()
        assert keys(order) == ("STATUS#late#Oslo", "000008")
        new = order(email="b", id="2", status="open", city="Rome", details={"state": "live"})
        new.update(total__plus=2)
        assert "gsk" not in raw(order, pk="CUSTOMER#b", sk="ORDER#2")  # its details are not stored yet
        new.save()
        assert (new.gpk, new.gsk) == ("STATUS#open#Rome", "000002")

    def test_an_expression_of_the_callers_own_is_refused(self, order):
        before = raw(order)
        given = {"update_item_kwargs": {"UpdateExpression": "SET note = :n", "ExpressionAttributeValues": {":n": "x"}}}
        for write in (lambda: order.update_item(**KEY, **given), lambda: order.get(**KEY).update(**given)):
            with pytest.raises(InvalidExpression, match="computed from fields"):
                write()
        assert raw(order) == before

    def test_what_was_changed_meanwhile_is_no_reason_to_give_up(self, order):
        found, other = order.get(**KEY), order.get(**KEY)
        other.update(total=40)
        with sent_by(order) as requests:
            found.update(total__plus=1)
        assert keys(order)[1] == "000041" and len(requests) == 2
        assert found.total == 41 and not found.is_dirty
        other.update(city="Rome")
        with pytest.raises(ConditionFailed) as caught, sent_by(order) as requests:
            found.update(status="late", conditions={"city": "Oslo"})
        assert len(requests) == 1 and caught.value.current.city == "Rome"
        raw_condition = {"ConditionExpression": "city = :c", "ExpressionAttributeValues": {":c": {"S": "Oslo"}}}
        with pytest.raises(ConditionFailed), sent_by(order) as requests:
            found.update(status="late", update_item_kwargs=raw_condition)
        assert len(requests) <= 2
        other.delete()
        with pytest.raises(DoesNotExist):
            found.update(status="late")
        assert raw(order) is None

    def test_what_is_deleted_between_two_attempts_is_made_anew(self, order):
        new, sent = order(**KEY, status="late"), []

        def interfere(sender, request, **more):
            sent.append(request)
            if len(sent) == 2:
                order.Table.table.delete_item(Key=RAW)

        with pre_request.connected_to(interfere, sender=order):
            new.save(partial=True)
        assert len(sent) == 3
        assert raw(order) == {**RAW, **KEY, "kind": "Order", "status": "late"}


class TestGiven:
    def test_it_is_demanded_and_not_set(self, order):
        order.update_item(**KEY, status="late", given={"city": "Oslo", "details": {"state": "live"}})
        assert keys(order) == ("STATUS#late#Oslo", "000005")
        before = raw(order)
        for wrong in ({"city": "Rome", "details": {"state": "live"}}, {"city": None, "details": {"state": "live"}}):
            for write in (order.update_item, order.patch, order.upsert):
                with pytest.raises(ConditionFailed) as caught:
                    write(**KEY, status="open", given=wrong)
                assert caught.value.current.city == "Oslo"
        assert raw(order) == before
        order.get(**KEY).update(city=None)
        order.update_item(**KEY, status="open", given={"city": None, "details": {"state": "live"}})
        assert keys(order) == (None, "000005")

    def test_it_may_say_that_there_is_no_item(self, order):
        absent = dict.fromkeys(["city", "details"])
        order.update_item(email="b", id="2", status="open", given=absent)
        assert raw(order, pk="CUSTOMER#b", sk="ORDER#2") == {
            "pk": "CUSTOMER#b", "sk": "ORDER#2", "kind": "Order", "email": "b", "id": "2", "status": "open",
        }  # fmt: skip

    @pytest.mark.parametrize("given", [{"nothing": 1}, ["city"], {"total": "many"}])
    def test_it_has_to_be_values_of_fields(self, order, given):
        with pytest.raises((InvalidKey, ValidationError, InvalidSchemaField)) as caught, sent_by(order) as requests:
            order.update_item(**KEY, status="late", given=given)
        assert requests == [] and str(caught.value)

    def test_a_field_may_have_that_name_where_keys_are_plain(self, library, dynamo_tables):
        fields = {"id": text(required=True), "given": text()}
        (model,) = dynamo_tables(library.model("Gift", {"name": "gifts", "hash_key": "id"}, fields))
        model.update_item(id="1", given="x")
        assert model.get(id="1").given == "x"


class TestNewItems:
    """Keys that an item has because it lacks something."""

    @pytest.fixture
    def task(self, library, dynamo_tables):
        class Open(GlobalIndex):
            name = "open"
            hash_key = "open_key"
            projection = ProjectAll()

        class Named(GlobalIndex):
            name = "named"
            hash_key = "named_key"
            projection = ProjectAll()

        fields = {"id": text(required=True), "closed": boolean(), "nick": text(), "note": text(), "at": integer()}
        (model,) = dynamo_tables(
            library.model(
                "Task",
                {"name": "tasks", "hash_key": "id"},
                fields,
                open_key=Composite("OPEN", when=Q(closed__not_exists=True)),
                named_key=Composite("nick", merge=lambda nick: nick or "nobody"),
                Open=Open,
                Named=Named,
            )
        )
        return model

    def test_an_update_that_makes_an_item_gives_it_such_keys_or_makes_none(self, task):
        for change in (lambda: task.update_item(id="1", note="x"), lambda: _in_transaction(task, id="1", note="x")):
            with pytest.raises((DoesNotExist, TransactionCanceled)):
                change()
            assert raw(task, id="1") is None
        with pytest.raises(IncompleteKey, match="closed, nick"):
            task.upsert(id="1", note="x")
        task.upsert(id="1", note="x", given={"closed": None, "nick": None})
        assert raw(task, id="1") == {"id": "1", "note": "x", "open_key": "OPEN", "named_key": "nobody"}
        task.update_item(id="2", note="x", closed=True, nick="Bo")
        assert raw(task, id="2") == {"id": "2", "note": "x", "closed": True, "nick": "Bo", "named_key": "Bo"}

    def test_an_item_that_is_there_needs_nothing_to_be_said(self, task):
        task.put({"id": "1", "closed": True, "nick": "Bo"})
        task.update_item(id="1", note="x")
        _in_transaction(task, id="1", at=1)
        task.patch(id="1", note="y")
        assert raw(task, id="1") == {
            "id": "1", "note": "y", "at": 1, "closed": True, "nick": "Bo", "named_key": "Bo",
        }  # fmt: skip

    def test_an_instance_that_was_never_loaded_finds_out(self, task):
        task.put({"id": "1", "closed": True, "nick": "Bo"})
        for key in ("1", "2"):
            task(id=key, note="x").save(partial=True)
        assert raw(task, id="1") == {"id": "1", "note": "x", "closed": True, "nick": "Bo", "named_key": "Bo"}
        assert raw(task, id="2") == {"id": "2", "note": "x", "open_key": "OPEN", "named_key": "nobody"}
        task(id="3").save(partial=True)
        assert raw(task, id="3") == {"id": "3", "open_key": "OPEN", "named_key": "nobody"}


def _in_transaction(target, **changes):
    with Transaction() as tx:
        tx.update(target, **changes)
