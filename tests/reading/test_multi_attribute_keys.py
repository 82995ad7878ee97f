"""Reads on indexes whose keys consist of several attributes."""

from __future__ import annotations

import datetime as dt

import pytest
from boto3.dynamodb.conditions import Key

from dynamorm import (
    AmbiguousIndex,
    F,
    GlobalIndex,
    InvalidCursor,
    InvalidKey,
    NotProjected,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    Q,
    ValidationError,
)
from dynamorm.signals import pre_request

from ..libraries import Library, integer, moment, text
from ..traffic import sent_by

MATCH = {
    "code": text(required=True),
    "tenant": text(),
    "region": text(stored="Region"),
    "year": integer(),
    "month": integer(),
    "round": text(stored="Round"),
    "points": integer(),
    "at": moment(),
}


class ByPlace(GlobalIndex):
    name = "by-place"
    hash_key = ("tenant", "region")
    range_key = ("year", "month", "round")
    projection = ProjectAll()


class ByTenant(GlobalIndex):
    name = "by-tenant"
    hash_key = "tenant"
    range_key = ["region", "year"]
    projection = ProjectInclude("points")


class ByMonth(GlobalIndex):
    name = "by-month"
    hash_key = ("month", "year")
    projection = ProjectKeys()


class ByTime(GlobalIndex):
    name = "by-time"
    hash_key = ("region", "month")
    range_key = ("at",)
    projection = ProjectAll()


def match_model(library: Library, **body):
    indexes = {"ByPlace": ByPlace, "ByTenant": ByTenant, "ByMonth": ByMonth, "ByTime": ByTime}
    return library.model("Match", {"name": "matches", "hash_key": "code"}, MATCH, **{**indexes, **body})


def match_values(code: str) -> dict:
    """Return a match in the place, year and month, and of the round, that its code names: ``a-eu-2024-02-x``."""
    tenant, region, year, month, round_ = code.split("-")
    at = dt.datetime(int(year), int(month), 1, tzinfo=dt.timezone.utc)
    values = {"code": code, "tenant": tenant, "region": region, "year": int(year), "month": int(month), "at": at}
    return {**values, "round": round_, "points": int(month) * 10}


CODES = [
    f"{tenant}-{region}-{year}-{month:02}-{round_}"
    for tenant in "ab"
    for region in ("eu", "us")
    for year in (2023, 2024)
    for month in (2, 11)
    for round_ in "xy"
]
OF_A_EU = [code for code in CODES if code.startswith("a-eu-")]


@pytest.fixture
def match(library, on_moto):
    model = match_model(library)
    model.Table.create_table()
    model.put_batch(*map(match_values, reversed(CODES)))
    return model


def codes(found):
    return [item.code for item in found]


def of_a_eu(match):
    return match.ByPlace.query(tenant="a", region="eu")


def test_a_query_gives_the_items_under_all_hash_attributes_in_the_order_of_the_range_attributes(match):
    assert codes(of_a_eu(match)) == OF_A_EU
    assert codes(of_a_eu(match).reverse()) == OF_A_EU[::-1]
    assert of_a_eu(match).first().code == OF_A_EU[0]
    assert of_a_eu(match).first(reverse=True).code == OF_A_EU[-1]
    assert of_a_eu(match).count() == len(OF_A_EU)
    assert codes(match.ByPlace.query(tenant="c", region="eu")) == []


@pytest.mark.parametrize(
    ("conditions", "beginnings"),
    [
        ({"year": 2024}, ["2024"]),
        ({"year__gt": 2023}, ["2024"]),
        ({"year__between": (2020, 2023)}, ["2023"]),
        ({"year__gte": 2023, "year__lte": 2024}, ["2023", "2024"]),
        ({"year": 2024, "month": 2}, ["2024-02"]),
        ({"year": 2024, "month__lt": 11}, ["2024-02"]),
        ({"year": 2023, "month__gte": 3, "month__lte": 12}, ["2023-11"]),
        ({"year": 2023, "month": 11, "round": "y"}, ["2023-11-y"]),
        ({"round__begins_with": "x", "month": 11, "year": 2024}, ["2024-11-x"]),
        ({"year": 2024, "points__gt": 20}, ["2024-11"]),
    ],
)
def test_range_attributes_are_used_from_left_to_right(match, conditions, beginnings):
    expected = [code for code in OF_A_EU if code.removeprefix("a-eu-").startswith(tuple(beginnings))]
    assert codes(of_a_eu(match).filter(**conditions)) == expected
    assert codes(of_a_eu(match).filter(**conditions).reverse()) == expected[::-1]


GIVEN = {
    "keywords": lambda m: m.ByPlace.query(month__gt=2, year=2024, region="eu", tenant="a"),
    "Qs": lambda m: m.ByPlace.query(Q(month__gt=2) & Q(year=2024), Q(region="eu", tenant="a")),
    "references": lambda m: m.ByPlace.query(m.month > 2, m.year == 2024, m.region == "eu", m.tenant == "a"),
    "F": lambda m: m.ByPlace.query(F("month") > 2, F("year") == 2024, F("region") == "eu", F("tenant") == "a"),
    "boto3's": lambda m: m.ByPlace.query(
        Key("month").gt(2) & Key("year").eq(2024) & Key("region").eq("eu") & Key("tenant").eq("a")
    ),
    "filter and key": lambda m: m.ByPlace.query(month__gt=2).key(region="eu").filter(year=2024).key(tenant="a"),
    "a name of the index": lambda m: m.query(tenant="a", region="eu", year=2024, month__gt=2).on("by-place"),
    "find": lambda m: m.find(tenant="a", region="eu", year=2024, month__gt=2),
    "query_kwargs": lambda m: m.ByPlace.query(
        tenant="a", region="eu", query_kwargs={"KeyConditionExpression": Key("year").eq(2024) & Key("month").gt(2)}
    ),
}


@pytest.mark.parametrize("form", GIVEN)
def test_key_conditions_are_sent_in_the_order_of_the_key_however_they_are_given(match, form):
    query = GIVEN[form](match)
    request = query.explain().request.payload
    assert request["KeyConditionExpression"] == "#k0 = :k0 AND #k1 = :k1 AND #k2 = :k2 AND #k3 > :k3"
    assert request["ExpressionAttributeNames"] == {"#k0": "tenant", "#k1": "Region", "#k2": "year", "#k3": "month"}
    assert request["ExpressionAttributeValues"] == {
        ":k0": {"S": "a"},
        ":k1": {"S": "eu"},
        ":k2": {"N": "2024"},
        ":k3": {"N": "2"},
    }
    assert "FilterExpression" not in request
    assert codes(query) == ["a-eu-2024-11-x", "a-eu-2024-11-y"]


def test_key_conditions_as_text_may_be_any_part_of_the_key(match):
    text = {
        "KeyConditionExpression": "#y = :y AND #r = :r",
        "ExpressionAttributeNames": {"#y": "year", "#r": "Region"},
        "ExpressionAttributeValues": {":y": 2024, ":r": "eu"},
    }
    expected = ["a-eu-2024-11-x", "a-eu-2024-11-y"]
    assert codes(match.ByPlace.query(tenant="a", month=11, query_kwargs=text)) == expected


def test_every_attribute_of_a_key_is_converted_by_its_field(match):
    since = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
    found = match.ByTime.query(region="us", month="11", at__gte=since)
    assert found.explain().request.payload["ExpressionAttributeValues"][":k1"] == {"N": "11"}
    assert sorted(codes(found)) == [f"{tenant}-us-2024-11-{round_}" for tenant in "ab" for round_ in "xy"]
    with pytest.raises(ValidationError, match="month"):
        match.ByTime.query(region="us", month="November").explain()


REFUSED = {
    "no hash attribute": (
        lambda m: m.ByPlace.query(points=1),
        r"on index 'by-place' needs tenant=\.\.\. and region=\.\.\., its hash key; scan\(\) reads without",
    ),
    "one hash attribute of two": (
        lambda m: m.ByTime.query(region="eu", at__exists=True),
        r"needs region=\.\.\. and month=\.\.\., its hash key, as a whole: there is no month",
    ),
    "a hash key that serves elsewhere": (
        lambda m: m.ByPlace.query(tenant="a"),
        r"needs tenant=\.\.\. and region=\.\.\., its hash key; .*, index 'by-tenant' can be queried \(find\(\)",
    ),
    "a hash attribute by another operator": (
        lambda m: m.ByPlace.query(tenant="a", region__begins_with="e"),
        r"region is part of the hash key, which DynamoDB finds by equality alone, not with begins_with",
    ),
    "a hash attribute twice": (
        lambda m: m.ByPlace.query(tenant="a", region="eu").filter(region="us"),
        "one value of region, part of the hash key, not 2",
    ),
    "a gap": (
        lambda m: of_a_eu(m).filter(month=2),
        "its range key is year, month, round, in this order, so that month is found only together with year by "
        r"equality, which is not given; scan\(\) can",
    ),
    "a gap further on": (
        lambda m: of_a_eu(m).filter(year=2024, round="x"),
        "so that round is found only together with month by equality, which is not given",
    ),
    "something after a range": (
        lambda m: of_a_eu(m).filter(year__gte=2023, month=2),
        "so that month is found only together with year by equality, which comes with gte",
    ),
    "something after two bounds": (
        lambda m: of_a_eu(m).filter(year__gte=2023, year__lte=2024, month=2),
        "so that month is found only together with year by equality, which comes with between",
    ),
    "an operator that finds no range": (
        lambda m: of_a_eu(m).filter(year__ne=2024),
        "year is part of the range key, which is found with .*, not with ne",
    ),
    "two conditions on a range attribute": (
        lambda m: of_a_eu(m).filter(year=2024).filter(year__gt=2000),
        "one condition on year, part of the range key",
    ),
    "another attribute": (
        lambda m: of_a_eu(m).filter(m.year == m.month),
        "year is a key here, which DynamoDB compares with values",
    ),
    "an alternative": (
        lambda m: of_a_eu(m).filter(Q(month=2) | Q(points=1)),
        "month is a key here, and DynamoDB takes",
    ),
    "consistency": (lambda m: of_a_eu(m).consistent(), "a global index has no consistent reads"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_dynamodb_would_refuse_is_an_error_before_any_request(library, case):
    query, message = REFUSED[case]
    model = match_model(library)
    with sent_by(model) as sent, pytest.raises(InvalidKey, match=message):
        list(query(model))
    assert sent == []


def test_a_filter_on_what_such_an_index_does_not_hold_is_refused(library):
    model = match_model(library)
    with pytest.raises(NotProjected, match="does not hold points; it holds code, month, year"):
        model.ByMonth.query(year=2024, month=2, points=1).explain()


def test_find_takes_the_index_whose_key_takes_most_of_the_conditions(library):
    match = match_model(library)

    def chosen(**conditions):
        return match.find(**conditions).explain().index_name

    assert chosen(tenant="a") == "by-tenant"
    assert chosen(tenant="a", points=1) == "by-tenant"
    assert chosen(tenant="a", region="eu") == "by-place"  # it holds more
    assert chosen(tenant="a", region="eu", year=2024, month=2) == "by-place"
    assert chosen(tenant="a", region="eu", month=2) == "by-time"  # by-place would leave a gap
    assert chosen(year=2024, month=2) == "by-month"
    assert chosen(code="x", year=2024) is None
    assert chosen(tenant="a", region__gt="e") == "by-tenant"
    with sent_by(match) as sent:
        with pytest.raises(
            InvalidKey, match="one of code, tenant with region, tenant, month with year, region with month"
        ):
            match.find(region="eu").explain()
        with pytest.raises(InvalidKey, match="round is found only together with month by equality"):
            match.ByPlace.query().key(tenant="a", region="eu", year=2024, round="x").explain()
    assert sent == []


def test_find_does_not_choose_between_equal_indexes(library):
    same = type("BySame", (GlobalIndex,), {**vars(ByPlace), "name": "by-same", "hash_key": ("region", "tenant")})
    match = match_model(library, BySame=same)
    with pytest.raises(AmbiguousIndex, match="'by-place', 'by-same' serve equally well"):
        match.find(tenant="a", region="eu", year=2024).explain()


def test_explain_shows_the_whole_key_in_its_order(library):
    plan = match_model(library).find(points=1, year__gt=2000, region="eu", tenant="a").explain()
    assert [part.path for part in plan.keys] == [("tenant",), ("Region",), ("year",)]
    assert [part.path for part in plan.filters] == [("points",)]
    assert str(plan).startswith("Query of index 'by-place'\n  key: ")


def test_an_item_that_lacks_any_attribute_of_the_key_is_not_in_the_index(match):
    for lacking in ("region", "month"):
        match.put({**match_values("z-eu-2024-11-x"), "code": f"without {lacking}", lacking: None})
    match.put(match_values("z-eu-2024-11-x"))
    assert codes(match.ByPlace.query(tenant="z", region="eu")) == ["z-eu-2024-11-x"]
    assert {"without region", "without month"} & set(codes(match.ByPlace.scan())) == set()
    assert match.get(code="without month").month is None
    match.get(code="without month").update(month=12)
    assert codes(match.ByPlace.query(tenant="z", region="eu")) == ["z-eu-2024-11-x", "without month"]


def test_cursors_and_places_hold_every_attribute_of_the_key(match):
    read, cursor = [], None
    while True:
        page = of_a_eu(match).page(3, cursor)
        read += codes(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
        with pytest.raises(InvalidCursor):
            match.ByPlace.query(tenant="a", region="us").page(3, cursor)
    assert read == OF_A_EU
    query = of_a_eu(match).limit(5)
    first = query.all()
    assert query.last == {
        "code": OF_A_EU[4],
        "tenant": "a",
        "Region": "eu",
        "year": 2024,
        "month": 2,
        "Round": "x",
    }
    assert codes(query.again()) == OF_A_EU[5:]
    assert codes(of_a_eu(match).start(first[1])) == OF_A_EU[2:]
    assert codes(of_a_eu(match).page_size(2)) == OF_A_EU
    first[1].month = None
    with pytest.raises(InvalidKey, match="has no month, and so no place in Match on index 'by-place'"):
        of_a_eu(match).start(first[1]).explain()


@pytest.mark.parametrize("reverse", [False, True])
def test_pages_lead_back_to_the_start(match, reverse):
    query = of_a_eu(match).reverse(reverse)
    expected = codes(query)
    for number in (0, 2):
        read = query.start(query[number])
        page = read.page(9, read.page(2).next_cursor)
        assert codes(page.items) == expected[number + 3 :]
        back = read.page(9, page.previous_cursor)
        assert (codes(back.items), back.previous_cursor) == (expected[number + 1 : number + 3], None)
        back = read.page(1, page.previous_cursor)
        assert codes(back.items) == [expected[number + 2]]
        assert codes(read.page(1, back.previous_cursor).items) == [expected[number + 1]]
        gone = query[number]
        gone.delete()
        assert codes(read.page(9, page.previous_cursor).items) == expected[number + 1 : number + 3]
        gone.save()


def test_what_an_index_holds_in_part_is_hydrated(match):
    query = match.ByMonth.query(year=2024, month=2)
    expected = {code for code in CODES if "-2024-02-" in code}
    parts = query.all()
    assert set(codes(parts)) == expected
    assert {(part.is_partial, part.year, part.month, part.region) for part in parts} == {(True, 2024, 2, None)}
    whole = query.hydrate().all()
    assert set(codes(whole)) == expected
    assert {part.to_dict(native=True)["points"] for part in whole} == {20}
    only = query.only("year").all()
    assert {(part.year, part.month, part.points) for part in only} == {(2024, 2, None)}


def test_what_matched_is_changed_and_deleted_also_where_it_changes_places(match):
    assert of_a_eu(match).filter(year=2023).update(year__plus=1, points=0) == 4
    moved = of_a_eu(match).filter(year=2024)
    assert (moved.count(), moved.filter(points=0).count()) == (8, 4)
    assert moved.filter(month=11, round="x").delete() == 2
    assert of_a_eu(match).count() == 6
    assert match.scan().count() == len(CODES) - 2


def test_such_an_index_is_scanned_whole_and_in_parts(match):
    assert sorted(codes(match.ByPlace.scan())) == CODES
    assert sorted(codes(match.ByPlace.scan().parallel(3))) == CODES
    assert sorted(codes(match.ByPlace.scan(year=2024, month__gt=2))) == [code for code in CODES if "-2024-11-" in code]


def test_plain_values_are_queried_by_the_whole_hash_key(match):
    sent = []

    def note(sender, request):
        sent.append(request.payload)

    with pre_request.connected_to(note):
        answer = match.Table.query(
            month__gt=2, Region="eu", year=2024, tenant="a", points=110, query_kwargs={"IndexName": "by-place"}
        )
    (payload,) = sent
    assert payload["KeyConditionExpression"] == "#k0 = :k0 AND #k1 = :k1 AND #k2 = :k2 AND #k3 > :k3"
    named = [payload["ExpressionAttributeNames"][f"#k{number}"] for number in range(4)]
    assert named == ["tenant", "Region", "year", "month"]
    assert [item["code"] for item in answer["Items"]] == ["a-eu-2024-11-x", "a-eu-2024-11-y"]
    with pytest.raises(InvalidKey, match=r"needs tenant=\.\.\. and Region=\.\.\., its hash key; scan\(\) reads"):
        match.Table.query(tenant="a", query_kwargs={"IndexName": "by-place"})
