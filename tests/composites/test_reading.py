"""Queries, scans and counts of models that share a table, by parts of keys and by the keys themselves."""

from __future__ import annotations

import pickle
import re

import pytest

from dynamorm import Composite, InvalidCursor, InvalidKey, InvalidSchemaField, MultipleFound, Q

from ..libraries import integer, moment, text
from ..traffic import sent_by
from . import pickled
from .shops import ORDER, day, index, model, order_key, shop

DAYS = range(1, 7)


@pytest.fixture(scope="module")
def shop_models(library):
    return shop(library)


@pytest.fixture
def filled(shop_models, dynamo_tables):
    """The models, with a customer, six orders, two notes, and somebody else's order."""
    models = shop_models
    dynamo_tables(models.Order)
    models.Customer(email="ann@x", name="Ann", city="Oslo").save()
    for number in DAYS:
        models.Order(**order_key(number), status=STATUS[number], total=10 * number, place="Oslo").save()
    for number in (1, 2):
        models.Note(email="ann@x", number=number, body="...").save()
    models.Order(**order_key(1, "bob@x"), status="open", total=5, place="Bergen").save()
    return models


STATUS = dict(zip(DAYS, ["open", "late", "done", "open", "open", "late"], strict=True))


def days(found):
    return [order.placed.day for order in found]


def explained(query):
    """Return the conditions on keys and the filters of a query, without that on the kind."""
    told = query.explain()
    filters = [repr(part) for part in told.filters if "kind" not in repr(part)]
    # how moments are stored, each library says by itself
    return [repr(part) for part in told.keys], [re.sub(r"(T\d\d:\d\d:\d\d)[^']*'", r"\1'", part) for part in filters]


HASH = "pk eq 'CUSTOMER#ann@x'"


@pytest.mark.parametrize(
    ("lookups", "keys", "filters", "found"),
    [
        ({}, ["sk begins_with 'ORDER#'"], [], DAYS),
        (
            {"placed": day(2)},
            ["sk begins_with 'ORDER#2024-05-02T12:30:15#'"],
            ["placed eq '2024-05-02T12:30:15'"],
            [2],
        ),
        (
            {"placed": day(2), "id": "o2"},
            ["sk eq 'ORDER#2024-05-02T12:30:15#o2'"],
            ["placed eq '2024-05-02T12:30:15'"],
            [2],
        ),
        ({"placed": day(2), "id": "o3"}, ["sk eq 'ORDER#2024-05-02T12:30:15#o3'"], None, []),
        ({"placed": day(2), "id__begins_with": "o"}, ["sk begins_with 'ORDER#2024-05-02T12:30:15#o'"], None, [2]),
        ({"placed": day(2), "id__gt": "o1"}, None, None, [2]),
        ({"placed": day(2), "id__gt": "o2"}, None, None, []),
        ({"placed": day(2), "id__gte": "o2"}, None, None, [2]),
        ({"placed": day(2), "id__lt": "o2"}, None, None, []),
        ({"placed": day(2), "id__lte": "o2"}, None, None, [2]),
        ({"placed": day(2), "id__between": ("o1", "o2")}, None, None, [2]),
        ({"placed": day(2), "id__in": ["o1", "o2"]}, None, None, [2]),
        ({"placed": day(2), "id__ne": "o2"}, None, None, []),
        ({"placed__gt": day(4)}, None, ["placed gt '2024-05-04T12:30:15'"], [5, 6]),
        ({"placed__gte": day(4)}, None, ["placed gte '2024-05-04T12:30:15'"], [4, 5, 6]),
        ({"placed__lt": day(3)}, None, ["placed lt '2024-05-03T12:30:15'"], [1, 2]),
        ({"placed__lte": day(3)}, None, ["placed lte '2024-05-03T12:30:15'"], [1, 2, 3]),
        ({"placed__between": (day(2), day(4))}, None, None, [2, 3, 4]),
        ({"placed__gte": day(2), "placed__lt": day(4)}, None, None, [2, 3]),
        ({"placed__gte": day(4), "placed__lte": day(2)}, None, None, []),
        ({"placed__ne": day(2)}, ["sk begins_with 'ORDER#'"], None, [1, 3, 4, 5, 6]),
        ({"placed__exists": True}, ["sk begins_with 'ORDER#'"], None, DAYS),
        ({"placed__in": [day(2), day(3)]}, ["sk begins_with 'ORDER#'"], None, [2, 3]),
        ({"id": "o2"}, ["sk begins_with 'ORDER#'"], ["id eq 'o2'"], [2]),
        ({"id__begins_with": "o2"}, ["sk begins_with 'ORDER#'"], ["id begins_with 'o2'"], [2]),
        ({"placed__gte": day(4), "id": "o5"}, None, None, [5]),
        ({"status": "open"}, ["sk begins_with 'ORDER#'"], ["status eq 'open'"], [1, 4, 5]),
        ({"status": "open", "total__gt": 20}, None, ["status eq 'open'", "total gt 20"], [4, 5]),
    ],
)
def test_parts_become_conditions_on_the_key_and_what_it_does_not_say_a_filter(filled, lookups, keys, filters, found):
    query = filled.Order.query(email="ann@x", **lookups)
    (hashed, *on_range), rest = explained(query)
    assert hashed == HASH
    if keys is not None:
        assert on_range == keys
    if filters is not None:
        assert rest == filters
    assert days(query) == list(found)
    assert query.count() == len(list(found))
    assert query.exists() is bool(list(found))


@pytest.mark.parametrize(
    ("lookups", "key"),
    [
        ({"total": 40}, "gsi1sk eq '000000000040'"),
        ({"total__gt": 40}, "gsi1sk gt '000000000040'"),
        ({"total__gte": 40}, "gsi1sk gte '000000000040'"),
        ({"total__lt": 40}, "gsi1sk lte '00000000004/'"),
        ({"total__lte": 40}, "gsi1sk lte '000000000040'"),
        ({"total__between": (10, 40)}, "gsi1sk between '000000000010', '000000000040'"),
    ],
)
def test_a_format_that_loses_nothing_leaves_no_filter(filled, lookups, key):
    query = filled.Order.ByStatus.query(status="open", **lookups)
    assert explained(query) == (["gsi1pk eq 'STATUS#open'", key], [])
    amounts = {"bob": 5, 1: 10, 4: 40, 5: 50}
    operator, value = next((name.partition("__")[2], value) for name, value in lookups.items())
    holds = {
        "": lambda total: total == value,
        "gt": lambda total: total > value,
        "gte": lambda total: total >= value,
        "lt": lambda total: total < value,
        "lte": lambda total: total <= value,
        "between": lambda total: value[0] <= total <= value[1],
    }[operator]
    assert [order.total for order in query] == [total for total in amounts.values() if holds(total)]


def test_a_date_in_an_index_tells_days_alone(filled):
    query = filled.Order.ByPlace.query(place="Oslo", placed__gte=day(5)).hydrate()
    with pytest.raises(Exception, match="does not hold placed"):
        list(query)
    query = filled.Order.ByPlace.query(place="Oslo", keyssk__gte="2024-05-05")
    assert explained(query) == (["keyspk eq 'PLACE#Oslo'", "keyssk gte '2024-05-05'"], [])
    assert [order.pk for order in query] == ["CUSTOMER#ann@x"] * 2


@pytest.mark.parametrize(
    ("lookups", "found"),
    [
        ({"sk": "ORDER#2024-05-02T12:30:15#o2"}, [2]),
        ({"sk__begins_with": "ORDER#2024-05-0"}, DAYS),
        ({"sk__gt": "ORDER#2024-05-04T12:30:15#o4"}, [5, 6]),
        ({"sk__gte": "ORDER#2024-05-05"}, [5, 6]),
        ({"sk__lt": "ORDER#2024-05-02"}, [1]),
        ({"sk__lte": "ORDER#2024-05-02T12:30:15#o2"}, [1, 2]),
        ({"sk__between": ("ORDER#2024-05-02", "ORDER#2024-05-04")}, [2, 3]),
        ({"sk__gte": "A"}, DAYS),
        ({"sk": "PROFILE"}, []),
    ],
)
def test_the_composites_own_name_works_raw(filled, lookups, found):
    for first in ({"email": "ann@x"}, {"pk": "CUSTOMER#ann@x"}):
        query = filled.Order.query(**first, **lookups)
        assert days(query) == list(found)
        assert query.count() == len(list(found))
    assert days(filled.Order.query(filled.Order.pk == "CUSTOMER#ann@x", **lookups)) == list(found)


def test_parts_beside_a_raw_key_are_filters(filled):
    query = filled.Order.query(pk="CUSTOMER#ann@x", email="bob@x")
    assert explained(query) == (["pk eq 'CUSTOMER#ann@x'", "sk begins_with 'ORDER#'"], ["email eq 'bob@x'"])
    assert list(query) == []
    assert days(filled.Order.query(email="ann@x", sk__begins_with="ORDER#", placed=day(2))) == [2]


@pytest.mark.parametrize("lookups", [{"sk__ne": "A"}, {"sk__in": ["A"]}, {"sk__contains": "A"}, {"pk__gt": "A"}])
def test_operators_that_keys_have_not_are_refused(filled, lookups):
    with pytest.raises(InvalidKey):
        list(filled.Order.query(**{"email": "ann@x", **lookups}))


def test_a_hash_key_that_is_not_whole_is_refused(filled, sent):
    with pytest.raises(InvalidKey, match=r"a query of Order needs email=\.\.\. for pk, its hash key"):
        list(filled.Order.query(placed=day(2)))
    with pytest.raises(InvalidKey, match="needs email"):
        list(filled.Order.query(email__begins_with="ann"))
    with pytest.raises(InvalidKey, match=r"needs status=\.\.\. for gsi1pk"):
        list(filled.Order.ByStatus.query(total=5))
    with pytest.raises(InvalidSchemaField, match="'emial'; did you mean 'email'"):
        list(filled.Order.query(emial="ann@x"))
    with pytest.raises(InvalidSchemaField, match="Order has no field 'city'"):
        list(filled.Order.query(email="ann@x", city="Oslo"))
    assert sent == []


# An index with conditions.


def test_a_query_that_contradicts_the_index_is_refused(filled, sent):
    said = (
        r"index 'gsi1'.*items with \{.*'status': 'done'\} are not in the index, since Order\.ByStatus\.hash_key is left"
    )
    for query in (
        filled.Order.ByStatus.query(status="done"),
        filled.Order.query(status="done").on("gsi1"),
        filled.Order.ByStatus.query(gsi1pk="STATUS#done", status="done"),
    ):
        with pytest.raises(InvalidKey, match=said):
            list(query)
    assert sent == []


def test_find_takes_an_index_with_conditions_where_they_are_implied(filled):
    Order = filled.Order
    assert Order.find(status="late").explain().index_name == "gsi1"
    assert days(Order.find(status="late")) == [2, 6]
    assert Order.find(status="late", email="ann@x").explain().index_name is None
    with pytest.raises(InvalidKey, match="needs a hash key"):
        list(Order.find(status="done"))
    assert days(Order.find(email="ann@x", status="done")) == [3]


def test_a_raw_key_implies_no_condition(filled):
    with pytest.raises(InvalidKey, match="needs a hash key"):
        Order = filled.Order
        Order.find(gsi1pk="STATUS#late").explain()
    assert days(filled.Order.ByStatus.query(gsi1pk="STATUS#late")) == [2, 6]


# Kinds.


def test_the_filter_by_kind_lets_items_from_before_there_were_kinds_through(filled):
    (by_kind,) = [part for part in filled.Order.query(email="ann@x").explain().filters if "kind" in repr(part)]
    assert repr(by_kind) == "(kind eq 'order') | (kind not_exists)"
    for range_key in ("ORDER#2024-05-02T12:30:15#o2", "PROFILE"):
        key = {"pk": "CUSTOMER#ann@x", "sk": range_key}
        filled.Order.Table.table.update_item(Key=key, UpdateExpression="REMOVE kind")
    assert days(filled.Order.query(email="ann@x")) == list(DAYS)
    assert filled.Order.query(email="ann@x").count() == 6
    assert filled.Order.scan().count() == len(filled.Order.scan().all()) == 7
    assert [found.name for found in filled.Customer.scan()] == ["Ann"]
    assert filled.Customer.scan().count() == 1
    assert filled.Order.get(**order_key(2)).total == 20
    assert filled.Order.get(pk="CUSTOMER#ann@x", sk="PROFILE") is None
    assert len(filled.Shop.query(email="ann@x").all()) == 9
    assert days(
        filled.Order.query(email="ann@x").page(2, filled.Order.query(email="ann@x").page(1).next_cursor).items
    ) == [2, 3]


def test_an_index_that_holds_no_kinds_is_told_by_keys(filled):
    orders, customers = filled.Order.ByPlace.query(place="Oslo"), filled.Customer.ByName.query(city="Oslo")
    assert orders.explain().filters == customers.explain().filters == ()
    assert len(orders.all()) == orders.count() == 6
    assert [type(found) for found in customers] == [filled.Customer]
    assert customers.count() == 1
    assert customers.exists()
    assert len(filled.Order.scan().on("keys").all()) == filled.Order.scan().on("keys").count() == 7
    assert filled.Customer.scan().on("keys").count() == 1
    assert len(filled.Shop.Keys.query(keyspk="PLACE#Oslo").all()) == 7
    assert filled.Shop.Keys.query(keyspk="PLACE#Oslo").count() == 7
    assert not filled.Customer.ByName.query(keyspk="PLACE#Bergen").exists()
    assert filled.Customer.ByName.query(keyspk="PLACE#Bergen").count() == 0
    assert filled.Customer.ByName.query(keyspk="PLACE#Bergen").first() is None
    page = filled.Customer.ByName.query(city="Oslo").page(1)
    assert (len(page.items), page.next_cursor) == (1, None)
    assert [order.total for order in orders.hydrate()] == [10, 20, 30, 40, 50, 60]
    assert orders.hydrate().count() == 6
    assert orders.limit(4).count() == 4


def test_a_page_leads_to_none_that_has_only_items_of_others(filled):
    page = filled.Note.query(pk="CUSTOMER#ann@x", sk__gte="A").page(2)
    assert [note.number for note in page.items] == [1, 2]
    assert page.next_cursor is None
    first = filled.Note.query(pk="CUSTOMER#ann@x", sk__gte="A").page(1)
    second = filled.Note.query(pk="CUSTOMER#ann@x", sk__gte="A").page(1, first.next_cursor)
    assert [note.number for note in (*first.items, *second.items)] == [1, 2]
    assert second.next_cursor is None
    by_keys = filled.Order.ByPlace.query(place="Oslo")
    found, cursor = [], None
    while True:
        page = by_keys.page(2, cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == 6
    assert by_keys.page(6).next_cursor is None  # behind them is a customer


def test_the_kind_is_a_key_where_an_index_is_by_kind(filled):
    query = filled.Order.ByKind.query(place="Oslo")
    assert [repr(part) for part in query.explain().keys] == ["kind eq 'order'", "place eq 'Oslo'"]
    assert query.explain().filters == ()
    assert len(query.all()) == query.count() == 6
    assert "Select" in query._read.built(count=True).request.payload  # which DynamoDB counts itself
    assert len(filled.Order.ByKind.query().all()) == 7
    assert len(filled.Order.ByKind.query(kind="order").all()) == 7
    assert filled.Order.ByKind.query(kind="Customer").all() == []
    assert filled.Order.ByKind.query(kind="Customer").count() == 0
    assert len(filled.Order.scan().on("by-kind").all()) == filled.Order.scan().on("by-kind").count() == 7
    assert len(filled.Shop.ByKind.query(kind="order", place="Oslo").all()) == 6
    with pytest.raises(InvalidKey, match=r"needs kind=\.\.\., its hash key"):
        list(filled.Shop.ByKind.query(place="Oslo"))


def test_find_takes_an_index_by_kind_only_where_the_kind_is_given(filled):
    with pytest.raises(InvalidKey, match="needs a hash key"):
        filled.Order.find(total=5).explain()
    assert filled.Order.find(total=5, kind="order").explain().index_name == "by-kind"


# Limits.


def test_a_limit_is_not_widened_by_the_filter_on_the_kind(filled, sent):
    assert days(filled.Order.query(email="ann@x").limit(2)) == [1, 2]
    assert days(filled.Order.query(email="ann@x")[:2]) == [1, 2]
    assert filled.Order.query(email="ann@x").first().id == "o1"
    assert [request.payload["Limit"] for request in sent] == [2, 2, 1]


def test_where_others_are_passed_over_steps_get_longer(filled, sent):
    with pytest.raises(MultipleFound):
        filled.Order.query(pk="CUSTOMER#ann@x", sk__gte="A").one()
    limits = [request.payload["Limit"] for request in sent]
    assert limits == [2, 4]  # two notes, then orders
    sent.clear()
    assert filled.Customer.query(pk="CUSTOMER#ann@x", sk__gte="A").first().name == "Ann"
    assert [request.payload["Limit"] for request in sent] == [1, 2, 4, 8]
    sent.clear()
    assert filled.Customer.ByName.query(keyspk="PLACE#Oslo", keyssk__gte="2").first().pk == "CUSTOMER#ann@x"
    assert [request.payload["Limit"] for request in sent] == [1, 2, 4]


# Cursors and pages.


def test_pages_lead_forwards_and_backwards(filled):
    query = filled.Order.query(email="ann@x")
    first = query.page(2)
    second = query.page(2, first.next_cursor)
    third = query.page(2, second.next_cursor)
    assert [days(page.items) for page in (first, second, third)] == [[1, 2], [3, 4], [5, 6]]
    assert third.next_cursor is None
    assert first.previous_cursor is None
    assert days(query.page(2, third.previous_cursor).items) == [3, 4]
    assert query.page(2, query.page(2, third.previous_cursor).previous_cursor).previous_cursor is None
    down = query.reverse()
    assert [days(page.items) for page in (down.page(4), down.page(4, down.page(4).next_cursor))] == [
        [6, 5, 4, 3],
        [2, 1],
    ]
    by_status = filled.Order.ByStatus.query(status="open")
    assert [order.total for order in by_status.page(3, by_status.page(3).next_cursor).items] == [50]
    pages = [days(page.items) for page in filled.Order.query(email="ann@x").page_size(4).pages()]
    assert [number for page in pages for number in page] == list(DAYS)


def test_a_cursor_belongs_to_its_query(filled):
    cursor = filled.Order.query(email="ann@x").page(2).next_cursor
    assert days(filled.Order.query(email="ann@x").start(cursor)) == [3, 4, 5, 6]
    for other in (filled.Order.query(email="bob@x"), filled.Order.query(email="ann@x", placed__gte=day(1))):
        with pytest.raises(InvalidCursor):
            other.page(2, cursor)


def test_a_cursor_outlives_a_new_kind(library, dynamo_tables):
    models = shop(library)
    dynamo_tables(models.Order)
    for number in DAYS:
        models.Order(**order_key(number), status="open", total=number).save()
    queries = {
        "by parts": (models.Order.query(email="ann@x", placed__gte=day(1)), days),
        "of the base": (models.Shop.query(email="ann@x"), days),
        "on an index": (models.Order.ByStatus.query(status="open"), days),
        "scan": (models.Order.scan(), len),
    }
    cursors = {name: query.page(2).next_cursor for name, (query, _) in queries.items()}
    kept = model(
        library, "Parcel", models.Order, {**ORDER, "weight": integer()}, None, sk=Composite("PARCEL#{placed:%Y}#{id}")
    )
    for name, (query, seen) in queries.items():
        assert seen(query.page(10, cursors[name]).items) == (4 if seen is len else [3, 4, 5, 6]), name
    assert kept


def test_a_cursor_outlives_the_first_kind(library, dynamo_tables):
    words = {"name": "orders", "hash_key": "email", "range_key": "placed"}
    Former = library.model("Order", words, ORDER)
    Latter = library.model("Order", {**words, "discriminator": "kind"}, ORDER)
    dynamo_tables(Former)
    for number in DAYS:
        Former(**order_key(number), total=number).save()
    for lookups in ({}, {"placed__gte": day(1)}, {"total__gt": 0}):
        cursor = Former.query(email="ann@x", **lookups).page(2).next_cursor
        assert days(Latter.query(email="ann@x", **lookups).page(10, cursor).items) == [3, 4, 5, 6]


def test_start_takes_instances_and_raw_keys(filled):
    query = filled.Order.query(email="ann@x")
    assert days(query.start(query[1])) == [3, 4, 5, 6]
    assert days(query.start({"pk": "CUSTOMER#ann@x", "sk": "ORDER#2024-05-02T12:30:15#o2"})) == [3, 4, 5, 6]
    by_status = filled.Order.ByStatus.query(status="open")
    assert [order.total for order in by_status.start(by_status[1])] == [40, 50]
    by_kind = filled.Order.ByKind.query(place="Oslo")
    assert len(by_kind.start(by_kind[1]).all()) == 4
    with pytest.raises(InvalidKey, match="has no status"):
        list(by_status.start(filled.Order(**order_key(3))))
    query.limit(2).all()
    limited = query.limit(2)
    assert days(limited) == [1, 2]
    assert limited.last == {"pk": "CUSTOMER#ann@x", "sk": "ORDER#2024-05-02T12:30:15#o2"}
    assert days(limited.again()) == [3, 4]


# What else a read may be asked for.


def test_parts_of_items(filled):
    for query in (
        filled.Order.query(email="ann@x").only("total"),
        filled.Order.query(email="ann@x").specific_attributes(["total"]),
        filled.Order.scan(email="ann@x").only("total"),
    ):
        found = sorted(query, key=lambda order: order.total)
        assert [(type(order), order.total, order.status) for order in found] == [
            (filled.Order, 10 * number, None) for number in DAYS
        ]
        # what the key tells is there too
        assert [(order.email, order.placed, order.id, order.pk) for order in found] == [
            ("ann@x", day(number), f"o{number}", "CUSTOMER#ann@x") for number in DAYS
        ]
    only_key = filled.Order.query(email="ann@x").only("pk").first()
    assert (only_key.pk, only_key.id, only_key.total) == ("CUSTOMER#ann@x", "o1", None)
    by_kind = filled.Order.query(email="ann@x").only("kind")
    assert days(by_kind) == list(DAYS)


TOTAL = {"ProjectionExpression": "#total", "ExpressionAttributeNames": {"#total": "total"}}


def test_projections_as_text_tell_kinds(filled):
    query = filled.Order.query(pk="CUSTOMER#ann@x", sk__gte="A", query_kwargs=TOTAL)
    assert [order.total for order in query] == [10 * number for number in DAYS]
    assert query.count() == 6
    scan = filled.Order.scan(scan_kwargs=TOTAL)
    assert len(scan.all()) == scan.count() == 7


def test_consistent_and_reverse(filled, sent):
    assert days(filled.Order.query(email="ann@x").consistent().reverse()) == [6, 5, 4, 3, 2, 1]
    assert sent[-1].payload["ConsistentRead"] is True
    assert filled.Order.query(email="ann@x").first(reverse=True).id == "o6"
    with pytest.raises(InvalidKey, match="no consistent reads"):
        list(filled.Order.ByStatus.query(status="open").consistent())


def test_one_first_exists(filled):
    assert filled.Order.query(email="ann@x", placed=day(2)).one().id == "o2"
    with pytest.raises(filled.Order.DoesNotExist):
        filled.Order.query(email="eve@x").one()
    assert filled.Order.query(email="eve@x").first() is None
    assert not filled.Order.query(email="eve@x")
    assert filled.Order.query(email="bob@x")
    assert not filled.Note.query(email="bob@x")
    # notes stand in front of orders
    assert filled.Customer.query(pk="CUSTOMER#bob@x", sk__gte="A").exists() is False


def test_scans(filled):
    assert len(filled.Order.scan().all()) == filled.Order.scan().count() == 7
    assert sorted(days(filled.Order.scan(email="ann@x"))) == list(DAYS)
    assert [type(found) for found in filled.Customer.scan()] == [filled.Customer]
    assert len(filled.Order.scan().parallel(3).all()) == filled.Order.scan().parallel(3).count() == 7
    segments = [filled.Order.scan().segment(number, 3).all() for number in range(3)]
    assert sum(map(len, segments)) == 7
    assert filled.Order.scan(total__gte=40).count() == 3
    assert filled.Order.scan(Q(sk__begins_with="ORDER#")).count() == 7
    assert filled.Order.scan().on("gsi1").count() == len(filled.Order.scan().on("gsi1").all()) == 6
    assert filled.Order.scan().limit(3).count() == 3


def test_deletes_of_what_matches(filled):
    assert filled.Order.query(email="ann@x", placed__gte=day(5)).delete(dry_run=True) == 2
    assert filled.Order.query(email="ann@x", placed__gte=day(5)).delete() == 2
    assert filled.Order.ByStatus.query(status="open").delete() == 3
    assert days(filled.Order.scan()) == [2, 3]
    assert filled.Order.ByPlace.query(place="Oslo").delete() == 2
    assert filled.Note.scan().delete() == 2
    assert [type(found) for found in filled.Shop.scan()] == [filled.Customer]
    assert filled.Order.query(pk="CUSTOMER#ann@x", sk__gte="A").delete() == 0
    assert filled.Customer.exists(email="ann@x")


def test_deletes_go_in_batches_where_no_other_model_has_such_keys(filled):
    Note = filled.Note
    with sent_by(Note) as requests:
        assert Note.query(email="ann@x").delete(recheck=False) == 2
        Note.put_batch([{"email": "ann@x", "number": number} for number in range(30)])
        Note.delete_batch([("ann@x", number) for number in range(20)])
        Note.delete_batch([Note.get(email="ann@x", number=number) for number in range(20, 30)])
    written = [request.operation for request in requests if request.operation not in ("Query", "GetItem")]
    assert written == ["BatchWriteItem"] * 5
    assert Note.scan().count() == 0


def test_updates_of_what_matches(filled):
    Order = filled.Order
    assert Order.query(email="ann@x", status="open").update(status="late") == 3
    assert sorted(days(Order.ByStatus.query(status="late"))) == [1, 2, 4, 5, 6]
    assert Order.ByStatus.query(status="late", total__gte=50).update(total=7) == 2
    assert [order.total for order in Order.ByStatus.query(status="late")] == [7, 7, 10, 20, 40]
    assert Order.query(pk="CUSTOMER#ann@x", sk__gte="A").update(place="Moss") == 6
    assert filled.Customer.get(email="ann@x").extra == {}
    assert Order.query(email="ann@x", placed=day(1)).update(Order.total.add(5)) == 1
    assert [order.total for order in Order.ByStatus.query(status="late", total__gt=7)] == [15, 20, 40]


def test_updates_over_an_index_that_lacks_parts_are_refused_before_they_start(filled, sent):
    with pytest.raises(Exception, match="does not hold"):
        filled.Order.ByPlace.query(place="Oslo").update(total=5)
    assert sent == []


# Pickling.


def test_queries_travel(library, dynamo_tables):
    (order,) = dynamo_tables(pickled.Order)
    for number in DAYS:
        order(**order_key(number), status="open", total=number).save()
    for query in (
        order.query(email="ann@x", placed__gte=day(3)),
        order.ByStatus.query(status="open", total__gte=3),
        pickled.Shop.query(email="ann@x", sk__gte="ORDER#2024-05-03"),
        pickled.Shop.GSI1.query(gsi1pk="STATUS#open", gsi1sk__gte="000000000003"),
    ):
        assert days(pickle.loads(pickle.dumps(query))) == [3, 4, 5, 6]
    (instance,) = order.query(email="ann@x", placed=day(3))
    twin = pickle.loads(pickle.dumps(instance))
    assert twin == instance
    assert (twin.pk, twin.gsi1sk) == (instance.pk, instance.gsi1sk)
    twin.update(total=9)
    assert order.ByStatus.query(status="open", total=9).one().id == "o3"


# Against filters alone.

WORDS = ["", "a", "a#", "a#b", "ab", "#", "$0", "é"]
NUMBERS = [0, 9, 10, 99]
DAYS_OF_ALL = [day(1), day(2), day(2).replace(microsecond=5), day(3)]


def one_by_one():
    """Return conditions on one field with each operator, for each of some values."""
    for name, values in (("word", WORDS), ("number", NUMBERS), ("moment", DAYS_OF_ALL)):
        for value in values[1:-1]:
            for operator in ("eq", "ne", "lt", "lte", "gt", "gte"):
                yield {f"{name}__{operator}": value}
        yield {f"{name}__between": (values[1], values[-1])}
        yield {f"{name}__gte": values[1], f"{name}__lt": values[-1]}
        yield {f"{name}__gt": values[1], f"{name}__lte": values[-1]}
        yield {f"{name}__in": values[1:3]}
    for value in ("a", "a#", "#"):
        yield {"word__begins_with": value}


@pytest.mark.parametrize(
    "template",
    [
        "{word}",
        "{word}#{number:03d}#{moment:%Y-%m-%dT%H:%M:%S}",
        "{number:03d}{word}",
        "{moment:%Y-%m-%d}#{word}#{number:d}",
    ],
)
def test_queries_find_what_filters_find(library, dynamo_tables, template):
    fields = {
        "owner": text(required=True),
        "id": integer(required=True),
        "word": text(),
        "number": integer(),
        "moment": moment(),
    }
    made = index("gsi1")
    by_parts = type("ByParts", (made,), {"hash_key": Composite("{owner}"), "range_key": Composite(template)})
    words = {"name": "things", "hash_key": "owner", "range_key": "id"}
    (thing,) = dynamo_tables(library.model("Thing", words, fields, ByParts=by_parts))
    every = [
        {"word": word, "number": number, "moment": DAYS_OF_ALL[(place + number) % 4]}
        for place, word in enumerate(WORDS)
        for number in NUMBERS
    ]
    thing.put_batch([{"owner": "ann", "id": number, **one} for number, one in enumerate(every)])
    first = Composite(template).fields[0]
    in_index = {one.id for one in thing.scan(gsi1sk__exists=True)}
    for lookups in one_by_one():
        for more in ({}, {first: every[9][first]}):
            if any(name.partition("__")[0] in more for name in lookups):
                continue
            found = thing.ByParts.query(owner="ann", **lookups, **more)
            wanted = {one.id for one in thing.query(owner="ann", **lookups, **more)} & in_index
            assert {one.id for one in found} == wanted, (lookups, more, str(found.explain()))
