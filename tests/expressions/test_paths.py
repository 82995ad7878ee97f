"""Paths into maps and lists, and names on them that look like operators."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import F, InvalidExpression, InvalidSchemaField

from ..libraries import boolean, integer, listing, nested, text
from .shelf import matching


def test_a_path_leads_into_nested_schemas_maps_and_lists_by_stored_names(shelf, sent):
    assert matching(shelf, publisher__name="House") == {"A"}
    assert matching(shelf, publisher__founded__gt=1995) == {"B"}
    assert matching(shelf, editions__0__name__begins_with="F") == {"A"}
    assert matching(shelf, editions__1__founded=1900) == {"A"}
    assert matching(shelf, editions__7__founded=1900) == set()
    assert matching(shelf, tags__1="deep") == {"A"}
    assert matching(shelf, meta__shelf__row__gte=3) == {"A"}
    assert matching(shelf, meta__lang__is_in=["fi", "sv"]) == {"B"}
    sent.clear()
    list(shelf.scan(publisher__name="House", publisher__founded__gt=1, editions__0__name="x", subtitle="y"))
    names = set(sent[0].payload["ExpressionAttributeNames"].values())
    assert names == {"pub", "Name", "since", "editions", "sub"}


def test_references_lead_the_same_way(shelf):
    assert matching(shelf, shelf.publisher["name"] == "House") == {"A"}
    assert matching(shelf, shelf.publisher["founded"] > 1995) == {"B"}
    assert matching(shelf, shelf.editions[0]["name"].begins_with("F")) == {"A"}
    assert matching(shelf, shelf.tags[1] == "deep") == {"A"}
    assert matching(shelf, shelf.meta["shelf"]["row"] >= 3) == {"A"}
    assert matching(shelf, F("publisher.name") == "House") == {"A"}
    assert matching(shelf, F("pub.Name") == "House") == {"A"}
    assert matching(shelf, F("pub")["Name"] == "House") == {"A"}
    assert matching(shelf, F("editions[1].since") == 1900) == {"A"}
    assert matching(shelf, Attr("pub.Name").eq("House")) == {"A"}
    assert matching(shelf, Attr("editions[1].since").eq(1900)) == {"A"}


def test_a_number_is_a_key_under_a_map_and_a_position_under_a_list(shelf):
    assert matching(shelf, meta__0="zero") == {"B"}
    assert matching(shelf, tags__0="sky") == {"B"}


def test_a_number_in_untyped_data_is_an_error_that_points_to_f(shelf, sent):
    with pytest.raises(InvalidExpression, match=r"F\("):
        list(shelf.scan(meta__marks__0=1))
    assert sent == []
    assert matching(shelf, F("meta.marks[0]") == 1) == {"A"}
    assert matching(shelf, F("meta", "0") == "zero") == {"B"}
    assert matching(shelf, F("meta.0") == "zero") == {"B"}


def test_a_negative_position_is_an_error(shelf):
    with pytest.raises(InvalidExpression, match="positions"):
        shelf.tags[-1]


def test_what_is_no_path_is_an_error():
    for wrong in ("", "a..b", ".a", "a.", "a[", "a[x]", "[0]", "a[0", 3):
        with pytest.raises(InvalidExpression):
            F(wrong)


OPERATOR_NAMES = {
    "id": text(required=True),
    "type": text(),
    "size": integer(),
    "box": nested(
        {
            "size": integer(),
            "type": text(),
            "in": text(),
            "exists": boolean(),
            "contains": listing(text()),
            "gt": integer(),
            "begins_with": text(),
            "count": integer(),
        }
    ),
}


@pytest.fixture
def boxes(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Boxed", {"name": "boxes", "hash_key": "id"}, OPERATOR_NAMES))
    model.put(
        {
            "id": "1",
            "type": "crate",
            "size": 3,
            "box": {
                "size": 40,
                "type": "oak",
                "in": "hall",
                "exists": False,
                "contains": ["nails", "glue"],
                "gt": 5,
                "begins_with": "x",
                "count": 2,
            },
        }
    )
    model.put({"id": "2", "size": 50, "box": {"size": 4, "type": "pine", "gt": 9}})
    return model


def test_nested_fields_named_like_operators_can_be_reached(boxes):
    assert matching(boxes, box__size=40) == {"1"}
    assert matching(boxes, box__size__gt=10) == {"1"}
    assert matching(boxes, box__size__in=[4]) == {"2"}
    assert matching(boxes, box__size__type="N") == {"1", "2"}
    assert matching(boxes, box__type="oak") == {"1"}
    assert matching(boxes, box__type__begins_with="p") == {"2"}
    assert matching(boxes, box__type__size=4) == {"2"}
    assert matching(boxes, box__type__type="S") == {"1", "2"}
    assert matching(boxes, box__in="hall") == {"1"}
    assert matching(boxes, box__in__in=["hall"]) == {"1"}
    assert matching(boxes, box__exists=False) == {"1"}
    assert matching(boxes, box__exists__exists=True) == {"1"}
    assert matching(boxes, box__contains__contains="glue") == {"1"}
    assert matching(boxes, box__contains__1="glue") == {"1"}
    assert matching(boxes, box__gt__gt=5) == {"2"}
    assert matching(boxes, box__begins_with="x") == {"1"}
    assert matching(boxes, boxes.box["size"] == 40) == {"1"}


def test_fields_named_like_operators_are_fields_in_first_place(boxes):
    assert matching(boxes, type="crate") == {"1"}
    assert matching(boxes, type__type="S") == {"1"}
    assert matching(boxes, size=3) == {"1"}
    assert matching(boxes, size__gt=3) == {"2"}
    assert matching(boxes, type__size=5) == {"1"}


def test_operators_that_once_became_paths_without_a_word_are_operators(shelf):
    assert matching(shelf, year__in=[1999]) == {"A"}
    assert matching(shelf, year__type="N") == {"A", "B"}
    assert matching(shelf, title__not_contains="Depths") == set("BCD")
    assert matching(shelf, publisher__size=3) == {"A", "B"}


def test_operators_on_fields_called_count_are_operators(boxes):
    assert matching(boxes, box__count__in=[1, 2]) == {"1"}
    assert matching(boxes, box__count__type="N") == {"1"}


@pytest.mark.parametrize(
    "name", ["year__larger", "year__gt__lt", "year__size__begins_with", "title__contain", "year__"]
)
def test_what_is_neither_operator_nor_field_is_an_error(shelf, sent, name):
    with pytest.raises(InvalidSchemaField):
        list(shelf.scan(**{name: 1}))
    assert sent == []


def test_young_words_are_keys_below_a_free_form_map(shelf):
    assert matching(shelf, meta__type="web") == {"B"}
    assert matching(shelf, meta__shelf__type="oak") == {"B"}
    assert matching(shelf, meta__shelf__in="hall") == {"B"}
    assert matching(shelf, meta__not_contains="x") == set()
    assert matching(shelf, meta__attribute_type="M") == {"A", "B"}
    assert matching(shelf, meta__shelf__attribute_type="M") == {"A", "B"}
    assert matching(shelf, meta__shelf__row__is_in=[3]) == {"A"}
    assert matching(shelf, meta__type__begins_with="w") == {"B"}
    assert matching(shelf, meta__size=5) == {"B"}, "the size of the map: that word is as old as the data"
    assert matching(shelf, F("meta.size") == 3) == {"B"}


def test_young_words_of_updates_are_keys_below_a_free_form_map(own_shelf):
    found = own_shelf.get(isbn="A")
    found.update(meta__add=1, meta__delete="x", meta__prepend=[1], meta__remove=True, meta__shelf__remove="y")
    meta = own_shelf.get(isbn="A").meta
    assert {name: meta[name] for name in ("add", "delete", "prepend", "remove")} == {
        "add": 1,
        "delete": "x",
        "prepend": [1],
        "remove": True,
    }
    assert meta["shelf"] == {"row": 3, "side": "left", "remove": "y"}
    own_shelf.get(isbn="A").update(F("meta.add").remove(), F("meta.shelf.remove").remove())
    meta = own_shelf.get(isbn="A").meta
    assert "add" not in meta and meta["shelf"] == {"row": 3, "side": "left"}
    own_shelf.get(isbn="A").update(meta__lang__if_not_exists="sv", meta__pages__plus=2, meta__marks__append="z")
    meta = own_shelf.get(isbn="A").meta
    assert (meta["lang"], meta["pages"], meta["marks"]) == ("en", 2, [1, "two", "z"])
