"""Names in conditions: unknown, undeclared, reserved, and odd ones."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import ConditionFailed, F, InvalidSchemaField, Q

from ..books import PUBLISHER
from ..libraries import integer, listing, mapping, natives, nested, text
from .shelf import matching

# Unknown names.


def test_an_unknown_field_is_an_error_with_the_nearest_name_everywhere(shelf, sent):
    for verb in (
        lambda: list(shelf.scan(titel="x")),
        lambda: list(shelf.scan(titel__begins_with="x")),
        lambda: list(shelf.scan(Q(titel="x") | Q(year=1))),
        lambda: list(shelf.query(isbn="A", titel="x")),
        lambda: list(shelf.query(isbn="A").filter(titel="x")),
        lambda: list(shelf.ByAuthor.query(author="x", titel="x")),
        lambda: list(shelf.find(isbn="A", titel="x")),
        lambda: shelf.put({"isbn": "A", "title": "x"}, conditions={"titel": "x"}),
        lambda: shelf.update_item(isbn="A", titel="x"),
        lambda: shelf.update_item(isbn="A", views=1, conditions=Q(titel="x")),
        lambda: shelf.delete_item(isbn="A", conditions={"titel__exists": True}),
        lambda: shelf.get(titel="x"),
    ):
        with pytest.raises(InvalidSchemaField, match="did you mean 'title'"):
            verb()
    assert sent == []


def test_an_unknown_nested_field_is_an_error_with_the_nearest_name(shelf, sent):
    for verb in (
        lambda: list(shelf.scan(publisher__cty="x")),
        lambda: list(shelf.scan(editions__0__cty="x")),
        lambda: list(shelf.scan(shelf.publisher["cty"] == "x")),
        lambda: shelf.update_item(isbn="A", publisher__cty="x"),
    ):
        with pytest.raises(InvalidSchemaField, match="did you mean 'city'"):
            verb()
    assert sent == []


def test_f_reaches_undeclared_attributes_on_purpose(own_shelf):
    own_shelf.Table.table.put_item(
        Item={"isbn": "E", "title": "E", "legacy": {"x": [1, {"y": "deep"}]}, "pub": {"new": 1}}
    )
    assert matching(own_shelf, F("legacy").exists()) == {"E"}
    assert matching(own_shelf, F("legacy.x[1].y") == "deep") == {"E"}
    assert matching(own_shelf, F("pub.new") == 1) == {"E"}
    assert matching(own_shelf, Attr("legacy.x[0]").eq(1)) == {"E"}
    own_shelf.update_item(F("legacy.x[0]").set(2), isbn="E")
    assert matching(own_shelf, F("legacy.x")[0] == 2) == {"E"}


def test_names_below_a_free_form_map_are_free(shelf):
    assert matching(shelf, meta__nothing__of__this="x") == set()
    assert matching(shelf, meta__nothing__not_exists=True) == set("ABCD")


def test_a_reference_to_what_is_no_field_is_an_attribute_error(shelf):
    with pytest.raises(AttributeError):
        _ = shelf.titel


# Odd names.


def test_names_that_dynamodb_reserves_are_names_like_others(library, dynamo_tables):
    fields = {
        "name": text(required=True),
        "count": integer(required=True),
        "values": listing(text()),
        "status": nested(PUBLISHER),
        "where": mapping(),
        "size": integer(),
    }
    (model,) = dynamo_tables(
        library.model("Reserved", {"name": "reserved-words", "hash_key": "name", "range_key": "count"}, fields)
    )
    item = {
        "name": "x",
        "count": 1,
        "values": ["a"],
        "status": {"city": "here"},
        "where": {"and": {"or": 1}},
        "size": 5,
    }
    model.put_unique(item)
    with pytest.raises(ConditionFailed):
        model.put_unique(item)
    assert [found.size for found in model.query(name="x", count__gte=1, size=5, where__and__or=1)] == [5]
    model.update_item(name="x", count=1, size__plus=1, status__city="there", where__and__or=2, values__append="b")
    found = model.get(name="x", count=1, attrs=["size", "where.and", "values", "status"])
    assert (found.size, found.where, found.to_dict()["values"]) == (6, {"and": {"or": 2}}, ["a", "b"])
    assert natives(found)["status"]["city"] == "there"
    assert len(list(model.get_batch([("x", 1)], attrs=["size"]))) == 1
    model.delete_item(name="x", count=1, conditions=Q(size=6))


def test_a_field_whose_name_holds_double_underscores_is_a_field(library, dynamo_tables):
    fields = {"id": text(required=True), "a__gt": integer(), "a": integer()}
    (model,) = dynamo_tables(library.model("Doubled", {"name": "doubled", "hash_key": "id"}, fields))
    model.put({"id": "1", "a__gt": 1, "a": 5})
    assert matching(model, a__gt=1) == {"1"}
    assert matching(model, a__gt__gt=0) == {"1"}
    assert matching(model, a__gte=5) == {"1"}
