"""Reads of items in earlier forms: parts of items are upgraded from the whole."""

from __future__ import annotations

import pytest

from dynamorm import (
    BatchError,
    GlobalIndex,
    InvalidSchemaField,
    ItemTooNew,
    LocalIndex,
    ProjectAll,
    ProjectInclude,
    ProjectKeys,
    TransactionGet,
    ValidationError,
    upgrade,
)

from ..libraries import integer, text
from .reads import asking, assert_gives

OLD = {"team": text(required=True), "id": text(required=True), "name": text(), "rank": integer(), "note": text()}
NEW = {
    "team": text(required=True),
    "id": text(required=True),
    "first": text(),
    "last": text(),
    "rank": integer(),
    "note": text(),
}


class ByRank(GlobalIndex):
    name = "by-rank"
    hash_key = "team"
    range_key = "rank"
    projection = ProjectKeys()


class ByNote(LocalIndex):
    name = "by-note"
    hash_key = "team"
    range_key = "note"
    projection = ProjectAll()


INDEXES = {"ByRank": ByRank, "ByNote": ByNote}
TABLE = {"name": "people", "hash_key": "team", "range_key": "id"}


def split(item):
    if item["name"] == "":
        raise LookupError("no name")
    item["first"], _, item["last"] = item.pop("name").partition(" ")


def person_model(library, version=2, **body):
    steps = {
        f"step{number}": upgrade(number)(split if number == 2 else lambda item: None)
        for number in range(2, version + 1)
    }
    return library.model("Person", {**TABLE, "schema_version": version}, NEW, **{**INDEXES, **steps, **body})


@pytest.fixture
def old(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Person", TABLE, OLD, **INDEXES))
    return model


@pytest.fixture
def person(library, old):
    """A model of the second version, with items of which each second one is of the first."""
    new = person_model(library)
    for number in range(6):
        common = {"team": "a", "id": str(number), "rank": number, "note": f"n{number}"}
        if number % 2:
            new.put({**common, "first": f"F{number}", "last": f"L{number}"})
        else:
            old.put({**common, "name": f"F{number} L{number}"})
    return new


ALL = [str(number) for number in range(6)]
NAMES = [(f"F{number}", f"L{number}") for number in range(6)]


def held(one):
    """Return what an instance has of its fields."""
    return {name: value for name, value in one.to_dict().items() if value is not None}


def names(found):
    return [(one.first, one.last) for one in found]


def test_whole_items_are_upgraded_without_another_request(person, operations):
    operations.clear()
    assert names(person.query(team="a")) == NAMES
    assert names(person.ByNote.query(team="a")) == NAMES
    assert sorted(names(person.scan())) == NAMES
    assert operations == ["Query", "Query", "Scan"]


def test_parts_of_items_in_the_current_form_are_used_as_they_came(person, operations):
    operations.clear()
    found = [one for number in (1, 3, 5) for one in person.query(team="a", id=str(number)).only("first")]
    assert [one.first for one in found] == ["F1", "F3", "F5"] and set(operations) == {"Query"}


@pytest.mark.parametrize("only", [["first"], ["last", "first"], ["rank"], []])
def test_parts_of_items_in_an_earlier_form_are_read_as_wholes(person, operations, only):
    operations.clear()
    found = list(person.query(team="a").only(*only))
    assert operations == ["Query", "BatchGetItem"]
    assert all(one.is_partial for one in found)
    kept = {"team", "id", *only}
    for number, one in enumerate(found):
        values = {"team": "a", "id": str(number), "first": f"F{number}", "last": f"L{number}", "rank": number}
        assert held(one) == {name: value for name, value in values.items() if name in kept}
    assert_gives(person.query(team="a").only(*only), ALL)
    assert_gives(person.scan().only(*only), ALL)


def test_only_the_items_in_an_earlier_form_are_read_again(person, sent):
    sent.clear()
    list(person.query(team="a").only("first"))
    asked = sent[1].payload["RequestItems"]
    (wanted,) = asked.values()
    assert [key["id"]["S"] for key in wanted["Keys"]] == ["0", "2", "4"]
    assert "ProjectionExpression" not in wanted


def test_a_projection_in_boto3s_form_is_upgraded_too(person, operations):
    projection = {"ProjectionExpression": "#f, #r", "ExpressionAttributeNames": {"#f": "first", "#r": "rank"}}
    found = list(person.query(team="a", query_kwargs=projection))
    assert [(one.first, one.rank) for one in found] == [(f"F{number}", number) for number in range(6)]
    assert {name for one in found for name in held(one)} == {"team", "id", "first", "rank"}
    assert_gives(person.scan(scan_kwargs=projection), ALL)


def test_an_index_that_does_not_hold_the_version_leads_to_whole_items(person, operations):
    operations.clear()
    found = list(person.ByRank.query(team="a"))
    assert names(found) == NAMES and all(one.is_partial for one in found)
    assert operations == ["Query", "BatchGetItem"]
    assert_gives(person.ByRank.query(team="a"), ALL)
    assert_gives(person.ByRank.query(team="a").reverse().only("rank"), ALL[::-1])
    assert_gives(person.ByRank.scan(), ALL)
    operations.clear()
    assert person.ByRank.query(team="a").count() == 6 and person.ByRank.query(team="a").exists()
    assert operations == ["Query", "Query"]


def test_an_index_that_holds_the_version_says_which_items_to_read(library, dynamo_tables, sent):
    class ByRank(GlobalIndex):
        name = "by-rank"
        hash_key = "team"
        range_key = "rank"
        projection = ProjectInclude("first", "_v")

    (model,) = dynamo_tables(person_model(library, ByRank=ByRank))
    model.put({"team": "a", "id": "1", "rank": 1, "first": "F1", "last": "L1"})
    model.Table.put({"team": "a", "id": "2", "rank": 2, "name": "F2 L2"})
    sent.clear()
    assert names(model.ByRank.query(team="a")) == [("F1", None), ("F2", "L2")]
    assert [one.first for one in model.ByRank.query(team="a").only("first")] == ["F1", "F2"]
    assert [request.operation for request in sent] == ["Query", "BatchGetItem"] * 2
    assert all(str(request.payload).count("'id':") == 1 for request in sent[1::2])


def test_an_index_holds_no_version_where_there_is_none(library):
    class ByRank(GlobalIndex):
        name = "by-rank"
        hash_key = "team"
        projection = ProjectInclude("_v")

    with pytest.raises(InvalidSchemaField, match="'_v'"):
        library.model("Person", TABLE, NEW, ByRank=ByRank)


def test_hydrated_items_are_upgraded_as_wholes(person, sent):
    sent.clear()
    found = list(person.ByRank.query(team="a").only("first").hydrate())
    assert [one.first for one in found] == [f"F{number}" for number in range(6)]
    assert {name for one in found for name in held(one)} == {"team", "id", "first", "rank"}
    assert len(sent) == 2
    assert names(person.ByRank.query(team="a").hydrate()) == NAMES


def test_items_that_are_gone_by_then_are_left_out(person):
    def delete(request):
        if request.operation == "BatchGetItem":
            person.Table.delete_item(team="a", id="2")

    with asking(delete):
        assert [one.id for one in person.query(team="a").only("first")] == ["0", "1", "3", "4", "5"]


def test_positions_are_those_of_what_was_read(person):
    query = person.ByRank.query(team="a")

    def move(request):
        if request.operation == "BatchGetItem":
            person.Table.update(team="a", id="2", rank=9)

    with asking(move):
        page = query.page(3)
    assert [one.rank for one in page.items] == [0, 1, 9]
    assert [one.id for one in query.page(9, page.next_cursor).items] == ["3", "4", "5", "2"]


def test_reads_by_key_of_a_part_read_whole_items(person, sent):
    keys = [("a", str(number)) for number in range(6)]
    sent.clear()
    found = [person.get(team="a", id=str(number), attrs=["first"]) for number in range(6)]
    found += person.get_batch(keys, attrs=["first"], ordered=True)
    found += sorted(person.get_batch(keys, attrs="first"), key=lambda one: one.id)
    projection = {"ProjectionExpression": "#f", "ExpressionAttributeNames": {"#f": "first"}}
    found += [person.get(team="a", id=str(number), get_item_kwargs=projection) for number in range(6)]
    found += person.get_batch(keys, batch_get_kwargs=projection, ordered=True)
    with TransactionGet() as tx:
        got = [tx.get(person, team="a", id=str(number), attrs=["first"]) for number in range(6)]
    found += [one.instance for one in got]
    assert [one.first for one in found] == [f"F{number}" for number in range(6)] * 6
    assert all(one.is_partial and held(one).keys() == {"team", "id", "first"} for one in found)
    assert not any("Projection" in str(request.payload) for request in sent)
    assert person.get(team="a", id="none", attrs=["first"]) is None


def test_a_part_that_was_upgraded_can_be_saved(person, old):
    one = person.get(team="a", id="0", attrs=["first"])
    one.first = "Zoe"
    one.save(partial=True)
    assert person.get(team="a", id="0").last == "L0" and person.get(team="a", id="0").first == "Zoe"
    (two,) = person.query(team="a", id="2").only("first")
    two.update(first="Max")
    assert names([person.get(team="a", id="2")]) == [("Max", "L2")]


def test_models_without_versions_ask_for_parts_only(old, sent):
    old.put({"team": "a", "id": "1", "name": "x y"})
    sent.clear()
    old.get(team="a", id="1", attrs=["name"])
    list(old.get_batch([("a", "1")], attrs=["name"]))
    list(old.query(team="a").only("name"))
    list(old.ByRank.query(team="a"))
    with TransactionGet() as tx:
        tx.get(old, team="a", id="1", attrs=["name"])
    assert ["Projection" in str(request.payload) for request in sent] == [True, True, True, False, True]
    assert len(sent) == 5


def test_filters_see_what_is_stored(person):
    assert [one.id for one in person.query(team="a", first="F0")] == []
    assert [one.id for one in person.query(team="a", first="F1")] == ["1"]


READS = {
    "queries": lambda model: model.query(team="a"),
    "scans": lambda model: model.scan(),
    "projections": lambda model: model.query(team="a").only("first"),
    "indexes": lambda model: model.ByRank.query(team="a"),
    "hydrated": lambda model: model.ByRank.query(team="a").hydrate(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_items_of_a_newer_version_go_to_on_invalid(library, person, read):
    newer = person_model(library, 4)
    newer.put({"team": "a", "id": "6", "rank": 6, "first": "x", "note": "n6"})
    newer.put({"team": "a", "id": "7", "rank": 7, "first": "x", "note": "n7"})
    person.put({"team": "a", "id": "8", "rank": 8, "first": "F8", "note": "n8"})
    with pytest.raises(ItemTooNew, match="version 4"):
        list(read(person))
    assert sorted(one.id for one in read(person).on_invalid("skip")) == [*ALL, "8"]
    refused = []
    assert sorted(one.id for one in read(person).on_invalid(refused.append)) == [*ALL, "8"]
    assert [type(error) for error in refused] == [ItemTooNew] * 2
    assert sorted(error.raw["id"] for error in refused) == ["6", "7"]
    assert {one.id for page in read(person).on_invalid("skip").page_size(2).pages() for one in page.items} == {
        *ALL,
        "8",
    }
    iterated, found = iter(read(person)), []
    while True:  # an error stands where its item stands
        try:
            found.append(next(iterated).id)
        except ItemTooNew:
            continue
        except StopIteration:
            break
    assert sorted(found) == [*ALL, "8"]


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_items_that_a_function_cannot_upgrade_go_to_on_invalid(person, old, read):
    old.Table.put({"team": "a", "id": "2", "rank": 2, "note": "n2", "name": ""})
    old.Table.put({"team": "a", "id": "4", "rank": 4, "note": "n4"})
    with pytest.raises(ValidationError, match=r"@upgrade\(2\) split failed: LookupError: no name"):
        list(read(person))
    assert sorted(one.id for one in read(person).on_invalid("skip")) == ["0", "1", "3", "5"]
    refused = []

    def instead(error):
        refused.append(error)
        return person(team="a", id="made", rank=1)

    found = sorted(one.id for one in read(person).on_invalid(instead))
    assert found == ["0", "1", "3", "5", "made", "made"]
    assert sorted(str(error).count("KeyError: 'name'") for error in refused) == [0, 1]


def test_a_version_that_is_none_goes_to_on_invalid(person):
    person.Table.update(team="a", id="1", _v="two")
    with pytest.raises(ValidationError, match="'two' is no version"):
        list(person.query(team="a").only("first"))
    assert [one.id for one in person.query(team="a").only("first").on_invalid("skip")] == ["0", "2", "3", "4", "5"]


def test_what_cannot_be_read_as_a_whole_is_asked_for_again(person):
    failing = [True]

    def fail(request):
        if request.operation == "BatchGetItem" and failing:
            failing.clear()
            raise BatchError("not now", [], [])

    iterated = iter(person.query(team="a").only("first"))
    with asking(fail):
        with pytest.raises(BatchError):
            next(iterated)
        assert [one.first for one in iterated] == [f"F{number}" for number in range(6)]


def test_parts_read_ahead_and_in_parallel_are_upgraded(person):
    assert [one.first for one in person.query(team="a").only("first").page_size(2).read_ahead()] == [
        f"F{number}" for number in range(6)
    ]
    assert sorted(one.first for one in person.scan().only("first").parallel(3)) == [f"F{number}" for number in range(6)]
    assert [one.first for one in person.query(team="a").only("first").rate_limit(1e6)] == [
        f"F{number}" for number in range(6)
    ]


def test_a_whole_item_of_the_first_version_needs_no_attribute(library, old, operations):
    model = library.model("Person", {**TABLE, "schema_version": 1}, OLD, **INDEXES)
    old.put({"team": "a", "id": "1", "name": "x y", "rank": 1})
    operations.clear()
    assert [one.name for one in model.query(team="a").only("name")] == ["x y"]
    assert operations == ["Query"]
    assert [one.name for one in model.ByRank.query(team="a")] == ["x y"]
    assert operations == ["Query", "Query", "BatchGetItem"]
