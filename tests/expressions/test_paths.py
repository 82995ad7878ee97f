"""Section 5 of the contract: ``Q``, ``F``, field references, and what they mean."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import pickle
import uuid

import pytest
from boto3.dynamodb.conditions import Attr, ConditionBase, In, Key

from dynamorm import ConditionFailed, F, InvalidExpression, InvalidKey, InvalidSchemaField, Q, ValidationError, using
from dynamorm.expressions import Condition
from dynamorm.signals import pre_request

from .models import (
    BOOK,
    LIBRARIES,
    PUBLISHER,
    book_model,
    book_values,
    boolean,
    collection,
    integer,
    listing,
    mapping,
    moment,
    natives,
    nested,
    text,
    unique,
    with_field,
)

KEPT = dt.datetime(1999, 5, 6, 7, 8, 9, 250000, tzinfo=dt.timezone.utc)


def filled(book):
    """Store four books: A has every field, B some, C the required ones, and D holds a NULL."""
    book.put(book_values(isbn="A"))
    book.put(
        {
            "isbn": "B",
            "title": "Sky",
            "author": "Ms. Foo",
            "year": 2005,
            "tags": ["sky"],
            "genres": {"poem"},
            "meta": {"lang": "fi", "type": "web", "0": "zero", "size": 3, "shelf": {"type": "oak", "in": "hall"}},
            "publisher": {"name": "Other", "city": "Bergen", "founded": 2000},
            "published": KEPT + dt.timedelta(days=365),
            "views": 2,
            "rank": 5,
        }
    )
    book.put({"isbn": "C", "title": "Bare"})
    null = {"isbn": {"S": "D"}, "title": {"S": "Null"}, "sub": {"NULL": True}}
    book.Table.client.put_item(TableName=book.Table.full_name, Item=null)
    return book


@pytest.fixture(scope="module", params=LIBRARIES)
def shelf(request, dynamo_local):
    """The four books, for tests that write nothing."""
    settings = {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": f"test-{uuid.uuid4().hex}-",
    }
    model = book_model(LIBRARIES[request.param]())
    with using(**settings):
        model.Table.create_table()
        yield filled(model)
        model.Table.delete()


@pytest.fixture
def own_shelf(book):
    """The four books, for a test that writes."""
    return filled(book)


def found(model, *conditions, **lookups):
    """Give the keys of the items that a scan finds."""
    return {item.to_dict()[hash_key_of(model)] for item in model.scan(*conditions, **lookups)}


def hash_key_of(model):
    return model.Table.key_schema[0]["AttributeName"]


def matching(model, *conditions, **lookups):
    """Give the keys of the items that match, as a filter and as the condition of a write alike."""
    written = set()
    for item in model.scan():
        try:
            item.save(partial=True, conditions=[*conditions, lookups])
            written.add(item.to_dict()[hash_key_of(model)])
        except ConditionFailed:
            pass
    assert found(model, *conditions, **lookups) == written
    return written


@pytest.fixture
def sent():
    """Collects the requests that are sent."""
    requests = []

    def receive(sender, request):
        requests.append(request)

    with pre_request.connected_to(receive):
        yield requests


# Operators.

OPERATORS = [
    ("year", 1999, lambda year: year == 1999, Attr("year").eq(1999), "A"),
    ("year__eq", 1999, lambda year: year.eq(1999), Attr("year").eq(1999), "A"),
    ("year__ne", 1999, lambda year: year != 1999, Attr("year").ne(1999), "BCD"),
    ("year__lt", 2005, lambda year: year < 2005, Attr("year").lt(2005), "A"),
    ("year__lte", 2005, lambda year: year <= 2005, Attr("year").lte(2005), "AB"),
    ("year__gt", 1999, lambda year: year > 1999, Attr("year").gt(1999), "B"),
    ("year__gte", 1999, lambda year: year >= 1999, Attr("year").gte(1999), "AB"),
    ("year__between", (1999, 2004), lambda year: year.between(1999, 2004), Attr("year").between(1999, 2004), "A"),
    ("year__in", [1999, 7], lambda year: year.is_in([1999, 7]), Attr("year").is_in([1999, 7]), "A"),
    ("year__is_in", (2005,), lambda year: year.is_in({2005}), Attr("year").is_in([2005]), "B"),
    ("year__exists", True, lambda year: year.exists(), Attr("year").exists(), "AB"),
    ("year__not_exists", True, lambda year: year.not_exists(), Attr("year").not_exists(), "CD"),
    ("year__type", "N", lambda year: year.type("N"), Attr("year").attribute_type("N"), "AB"),
    ("subtitle__type", "NULL", lambda sub: sub.type("NULL"), Attr("sub").attribute_type("NULL"), "D"),
    ("subtitle__attribute_type", "S", lambda sub: sub.attribute_type("S"), Attr("sub").attribute_type("S"), "A"),
    ("title__begins_with", "The", lambda title: title.begins_with("The"), Attr("title").begins_with("The"), "A"),
    ("title__contains", "ep", lambda title: title.contains("ep"), Attr("title").contains("ep"), "A"),
    ("tags__contains", "sea", lambda tags: tags.contains("sea"), Attr("tags").contains("sea"), "A"),
    ("genres__contains", "poem", lambda genres: genres.contains("poem"), Attr("genres").contains("poem"), "B"),
    ("tags__not_contains", "sea", lambda tags: tags.not_contains("sea"), ~Attr("tags").contains("sea"), "BCD"),
    ("title__size", 4, lambda title: title.size() == 4, Attr("title").size().eq(4), "CD"),
    ("title__size__eq", 3, lambda title: title.size().eq(3), Attr("title").size().eq(3), "B"),
    ("title__size__ne", 4, lambda title: title.size() != 4, ~Attr("title").size().eq(4), "AB"),
    ("title__size__lt", 4, lambda title: title.size() < 4, Attr("title").size().lt(4), "B"),
    ("title__size__lte", 4, lambda title: title.size() <= 4, Attr("title").size().lte(4), "BCD"),
    ("title__size__gt", 4, lambda title: title.size() > 4, Attr("title").size().gt(4), "A"),
    ("tags__size__gte", 2, lambda tags: tags.size() >= 2, Attr("tags").size().gte(2), "A"),
    ("tags__size__between", (1, 2), lambda tags: tags.size().between(1, 2), Attr("tags").size().between(1, 2), "B"),
    ("genres__size__in", [2, 9], lambda genres: genres.size().is_in([2, 9]), In(Attr("genres").size(), [2, 9]), "A"),
    ("meta__size__is_in", [5], lambda meta: meta.size().is_in([5]), In(Attr("meta").size(), [5]), "B"),
]


@pytest.mark.parametrize(("name", "value", "refer", "theirs", "expected"), OPERATORS, ids=[row[0] for row in OPERATORS])
def test_an_operator_is_the_same_as_keyword_q_reference_and_boto3_condition(
    shelf, name, value, refer, theirs, expected
):
    field = name.partition("__")[0]
    expected = set(expected)
    assert matching(shelf, **{name: value}) == expected
    assert found(shelf, Q(**{name: value})) == expected
    assert found(shelf, refer(getattr(shelf, field))) == expected
    assert found(shelf, refer(F(field))) == expected
    assert found(shelf, theirs) == expected
    assert matching(shelf, ~Q(**{name: value})) == set("ABCD") - expected


@pytest.mark.parametrize("operator", ["exists", "not_exists"])
def test_existence_takes_true_and_nothing_else(shelf, sent, operator):
    for value in (False, None, 1):
        with pytest.raises(TypeError, match="opposite"):
            list(shelf.scan(**{f"year__{operator}": value}))
    assert sent == []


@pytest.mark.parametrize("value", ["2", 2.0, True, None, decimal.Decimal(2)])
def test_a_size_is_compared_with_an_integer_alone(shelf, sent, value):
    with pytest.raises(InvalidExpression, match="size"):
        list(shelf.scan(tags__size__gte=value))
    assert sent == []


def test_a_type_is_one_of_dynamodbs_codes(shelf, sent):
    for wrong in ("string", "s", None, str):
        with pytest.raises(InvalidExpression):
            list(shelf.scan(year__type=wrong))
    assert sent == []


def test_several_values_are_asked_of_operators_that_take_several(shelf, sent):
    for name, value in [
        ("year__between", 1999),
        ("year__between", [1999]),
        ("year__between", [1, 2, 3]),
        ("title__in", "The Depths"),
        ("year__in", 1999),
        ("year__in", []),
        ("year__in", range(101)),
    ]:
        with pytest.raises(InvalidExpression, match=name):
            list(shelf.scan(**{name: value}))
    assert sent == []
    assert matching(shelf, year__in=range(1950, 2000)) == {"A"}
    assert [found.isbn for found in shelf.scan(year__in=(year for year in [2005]))] == ["B"]


# None.


def test_none_means_absent_or_null(shelf):
    for absent in (Q(subtitle=None), Q(subtitle__eq=None), shelf.subtitle == None, shelf.subtitle.is_(None)):  # noqa: E711
        assert matching(shelf, absent) == set("BCD")
        assert matching(shelf, ~absent) == {"A"}
    present = [Q(subtitle__ne=None), shelf.subtitle != None, shelf.subtitle.is_not(None), F("sub").is_not(None)]  # noqa: E711
    for condition in present:
        assert matching(shelf, condition) == {"A"}
        assert matching(shelf, ~condition) == set("BCD")
    assert matching(shelf, Q(subtitle=None) | Q(year=1999)) == set("ABCD")
    assert matching(shelf, Q(subtitle=None) & Q(year=2005)) == {"B"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lt", None),
        ("lte", None),
        ("gt", None),
        ("gte", None),
        ("begins_with", None),
        ("contains", None),
        ("not_contains", None),
        ("type", None),
        ("in", None),
        ("in", [1, None]),
        ("between", [None, 1]),
        ("size", None),
        ("size__gt", None),
    ],
)
def test_none_inside_other_operators_is_an_error(shelf, sent, name, value):
    with pytest.raises(InvalidExpression):
        list(shelf.scan(**{f"tags__{name}": value}))
    assert sent == []


def test_boto3s_own_none_is_null_and_nothing_else(shelf):
    assert matching(shelf, Attr("sub").eq(None)) == {"D"}


# Paths.


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


# Operands.


def test_operands_are_converted_by_the_fields_own_serialisation(shelf, sent):
    code = uuid.UUID("12345678-1234-5678-1234-567812345678")
    assert matching(shelf, published=KEPT) == {"A"}
    assert matching(shelf, published__gt=KEPT) == {"B"}
    assert matching(shelf, published__in=[KEPT, KEPT + dt.timedelta(days=1)]) == {"A"}
    assert matching(shelf, published__between=(KEPT, KEPT + dt.timedelta(days=1))) == {"A"}
    assert matching(shelf, code=code) == {"A"}
    assert matching(shelf, code=str(code)) == {"A"}
    assert matching(shelf, code=str(code).upper()) == {"A"}
    assert matching(shelf, year="1999") == {"A"}
    assert matching(shelf, year__between=["1999", "2000"]) == {"A"}
    assert matching(shelf, title__in=["Bare"]) == {"C"}
    assert matching(shelf, price=decimal.Decimal("19.90")) == {"A"}
    assert matching(shelf, weight__gt=0.5) == {"A"}
    assert matching(shelf, weight__lte=decimal.Decimal("0.75")) == {"A"}
    assert matching(shelf, in_print=True) == {"A"}
    assert matching(shelf, genres={"novel", "drama"}) == {"A"}
    assert matching(shelf, genres=["novel", "drama"]) == {"A"}
    assert matching(shelf, tags=["sea", "deep", "sea"]) == {"A"}
    assert matching(shelf, publisher={"name": "House", "city": "Turku", "founded": 1890}) == {"A"}
    assert matching(shelf, publisher__founded="1890") == {"A"}
    assert matching(shelf, editions__0__founded="1891") == {"A"}
    assert matching(shelf, meta__lang="en") == {"A"}
    assert matching(shelf, shelf.published == KEPT) == {"A"}
    assert matching(shelf, Attr("code").eq(code)) == {"A"}
    assert matching(shelf, F("published") == KEPT) == {"A"}
    sent.clear()
    list(shelf.scan(published__gt=KEPT))
    (value,) = sent[0].payload["ExpressionAttributeValues"].values()
    assert value["S"].startswith("1999-05-06T07:08:09.25")


def test_contains_converts_through_the_element_field(library, dynamo_tables):
    fields = {
        "id": text(required=True),
        "at": listing(moment()),
        "codes": listing(unique()),
        "ns": collection(integer()),
    }
    (model,) = dynamo_tables(library.model("Listed", {"name": "listed", "hash_key": "id"}, fields))
    code = uuid.uuid4()
    model.put({"id": "1", "at": [KEPT], "codes": [code], "ns": {1, 2}})
    model.put({"id": "2", "at": [], "codes": [], "ns": {3}})
    assert matching(model, at__contains=KEPT) == {"1"}
    assert matching(model, at__not_contains=KEPT) == {"2"}
    assert matching(model, codes__contains=code) == {"1"}
    assert matching(model, codes__contains=str(code)) == {"1"}
    assert matching(model, codes__0=code) == {"1"}
    assert matching(model, ns__contains="2") == {"1"}
    assert matching(model, ns={"1", 2}) == {"1"}
    assert matching(model, model.codes.contains(code)) == {"1"}


def test_operands_are_never_validated(library, dynamo_tables):
    fields = with_field(BOOK, "isbn", at_most=3)
    (model,) = dynamo_tables(library.model("Short", {"name": "short", "hash_key": "isbn"}, fields))
    model.put({"isbn": "1", "title": "x", "rank": 4})
    assert matching(model, rank__gt=10) == set()
    assert matching(model, rank__lt=10) == {"1"}
    assert matching(model, rank__between=[0, 99]) == {"1"}
    assert model.get(isbn="not an isbn") is None
    assert list(model.query(isbn="not an isbn")) == []
    assert model.exists(isbn="not an isbn") is False
    assert list(model.get_batch([{"isbn": "not an isbn"}])) == []
    with pytest.raises(ValidationError):
        model.put({"isbn": "not an isbn", "title": "x"})


def test_keys_are_converted(library, dynamo_tables):
    fields = {"code": unique(required=True), "at": moment(required=True), "note": text()}
    (model,) = dynamo_tables(library.model("Keyed", {"name": "keyed", "hash_key": "code", "range_key": "at"}, fields))
    code = uuid.uuid4()
    model.put({"code": code, "at": KEPT, "note": "x"})
    for given_code in (code, str(code)):
        for at in (KEPT, KEPT.isoformat()):
            assert model.get(code=given_code, at=at).note == "x"
            assert [found.note for found in model.query(code=given_code, at=at)] == ["x"]
            assert [found.note for found in model.query(Key("code").eq(given_code) & Key("at").gte(at))] == ["x"]
    assert [found.note for found in model.query(code=code, at__begins_with="1999-05")] == ["x"]
    assert list(model.query(code=code, at__begins_with="1999-06")) == []
    assert [found.note for found in model.query(code=code, at__between=["1999-01", "2000-01"])] == ["x"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("begins_with", "1999-05", "A"),
        ("contains", "-05-0", "AB"),
        ("lt", "2000-01", "A"),
        ("lte", "2000-01", "A"),
        ("gt", "2000-01", "B"),
        ("gte", "2000-01", "B"),
        ("between", ["1999-01", "2000-01"], "A"),
    ],
)
def test_text_that_a_field_cannot_load_is_sent_as_it_is_by_operators_that_compare_text(shelf, name, value, expected):
    assert matching(shelf, **{f"published__{name}": value}) == set(expected)
    assert matching(shelf, Q(**{f"published__{name}": value})) == set(expected)


def test_the_beginning_of_a_uuid_finds_it(shelf):
    assert matching(shelf, code__begins_with="12345678") == {"A"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("published", "1999-05"),
        ("published__ne", "soon"),
        ("published__in", ["1999-05"]),
        ("year", "many"),
        ("year__gt", "many"),
        ("year__between", [1, "many"]),
        ("year", [1]),
        ("code", "no uuid"),
        ("title", {"a": 1}),
        ("title", ["x"]),
        ("in_print", "perhaps"),
        ("publisher__founded", "long ago"),
        ("meta__x", object()),
        ("weight", float("nan")),
    ],
)
def test_what_cannot_be_converted_is_a_validation_error_before_any_request(shelf, sent, name, value):
    for verb in (
        lambda: list(shelf.scan(**{name: value})),
        lambda: list(shelf.query(isbn="A", **{name: value})),
        lambda: shelf.put({"isbn": "A", "title": "x"}, conditions={name: value}),
        lambda: shelf.update_item(isbn="A", conditions=Q(**{name: value}), views=1),
        lambda: shelf.delete_item(isbn="A", conditions=Q(**{name: value})),
        lambda: shelf(isbn="A", title="x").save(conditions=Q(**{name: value})),
    ):
        with pytest.raises(ValidationError) as caught:
            verb()
        assert list(caught.value.errors) == [name]
    assert sent == []


def test_keys_that_cannot_be_converted_are_validation_errors_before_any_request(page, sent):
    for verb in (
        lambda: page.get(isbn="1", number="many"),
        lambda: list(page.query(isbn="1", number="many")),
        lambda: list(page.query(isbn=["1"])),
        lambda: list(page.get_batch([("1", "many")])),
        lambda: page.delete_item(isbn="1", number="many"),
    ):
        with pytest.raises(ValidationError):
            verb()
    assert sent == []


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


# Composition.


def test_conditions_compose(shelf):
    old, long = Q(year__lt=2000), Q(title__size__gt=3)
    assert matching(shelf, old & long) == {"A"}
    assert matching(shelf, old | long) == set("ACD")
    assert matching(shelf, ~long) == {"B"}
    assert matching(shelf, ~(old | ~long)) == {"C", "D"}
    assert matching(shelf, ~~old) == {"A"}
    assert matching(shelf, Q(year__gt=1000, title__contains="k")) == {"B"}
    assert matching(shelf, ~Q(year__gt=1000, title__contains="k")) == set("ACD")
    assert matching(shelf, old, long, isbn="A") == {"A"}
    assert matching(shelf, (shelf.year == 1999) | (shelf.year == 2005) & (shelf.title == "x")) == {"A"}
    assert matching(shelf, Q(tags__not_contains="sea") | Q(tags__not_contains="sky")) == set("ABCD")
    assert matching(shelf, ~Q(tags__not_contains="sea")) == {"A"}
    assert matching(shelf, Q(year__exists=True) & (Q(tags__not_contains="sea"))) == {"B"}


def test_conditions_are_not_changed_by_composing(shelf):
    old = Q(year__lt=2000)
    _ = old & Q(title="x"), old | Q(title="x"), ~old
    assert matching(shelf, old) == {"A"}


def test_an_empty_q_is_neutral(own_shelf):
    everything = set("ABCD")
    assert matching(own_shelf, Q()) == everything
    assert matching(own_shelf, Q() & Q()) == everything
    assert matching(own_shelf, ~Q()) == everything
    for empty in (Q(), ~Q(), Q() | Q()):
        assert matching(own_shelf, empty & Q(year=1999)) == {"A"}
        assert matching(own_shelf, Q(year=1999) & empty) == {"A"}
        assert matching(own_shelf, empty | Q(year=1999)) == {"A"}
        assert matching(own_shelf, Q(year=1999) | empty) == {"A"}
    own_shelf.put({"isbn": "F", "title": "F"}, conditions=Q())
    assert matching(own_shelf, Attr("year").eq(1999) & Q()) == {"A"}
    assert matching(own_shelf, Attr("year").eq(1999) | Q()) == {"A"}


def test_none_among_conditions_is_neutral(own_shelf):
    assert matching(own_shelf, None, Q(year=1999), None) == {"A"}
    assert matching(own_shelf, Q(year=1999) & None) == {"A"}
    assert matching(own_shelf, None & Q(year=1999)) == {"A"}
    assert matching(own_shelf, None | Q(year=1999)) == {"A"}
    assert [found.isbn for found in own_shelf.query(None, isbn="A").filter(None)] == ["A"]
    own_shelf.delete_item(isbn="A", conditions=None)


def test_no_condition_is_a_truth_value(shelf):
    conditions = [
        Q(),
        Q(year=1),
        Q(year=1) & Q(title="x"),
        Q(year=1) | Q(title="x"),
        ~Q(year=1),
        shelf.year == 1,
        F("x").exists(),
        shelf.year.size() > 1,
    ]
    for condition in conditions:
        with pytest.raises(TypeError, match="truth value"):
            bool(condition)
    with pytest.raises(TypeError, match="truth value"):
        _ = 1 < shelf.year < 3
    with pytest.raises(TypeError, match="truth value"):
        _ = Q(year=1) and Q(year=2)


def test_what_is_no_condition_does_not_compose(shelf, sent):
    for wrong in (1, "year = 1", {"year": 1}):
        with pytest.raises(TypeError):
            Q(year=1) & wrong
        with pytest.raises(TypeError):
            wrong | Q(year=1)
    for wrong in (1, "year = 1", object()):
        with pytest.raises(InvalidExpression):
            list(shelf.scan(wrong))
    assert sent == []


# boto3.


def test_boto3_conditions_compose_on_either_side(shelf):
    theirs, ours = Attr("year").gte(1999), Q(title__contains="k")
    assert matching(shelf, theirs & ours) == {"B"}
    assert matching(shelf, ours & theirs) == {"B"}
    assert matching(shelf, theirs | ours) == {"A", "B"}
    assert matching(shelf, ours | theirs) == {"A", "B"}
    assert matching(shelf, ~(theirs & ours)) == set("ACD")
    assert matching(shelf, ~theirs & ours) == set()
    assert matching(shelf, ~(ours & theirs)) == set("ACD")
    assert matching(shelf, theirs & (shelf.title == "Sky")) == {"B"}
    assert matching(shelf, (shelf.title == "Sky") & theirs) == {"B"}
    assert matching(shelf, (theirs & ours) | Attr("isbn").eq("A")) == {"A", "B"}
    assert matching(shelf, Attr("views").gt(Attr("rank"))) == {"A"}
    assert matching(shelf, Attr("title").size().gt(Attr("rank"))) == {"A"}
    assert matching(shelf, Attr("rank").lt(Attr("title").size())) == {"A"}


def test_boto3_conditions_are_accepted_wherever_a_q_is(shelf):
    assert [found.isbn for found in shelf.query(Key("isbn").eq("A"))] == ["A"]
    assert [found.isbn for found in shelf.query(Key("isbn").eq("A") & Attr("year").gt(2000))] == []
    found = shelf.ByAuthor.query(Key("author").eq("Mr. Bar") & Key("year").between(1990, 2000))
    assert [item.isbn for item in found] == ["A"]
    assert [item.isbn for item in shelf.query(isbn="A").filter(Attr("year").eq(1999))] == ["A"]
    assert [item.isbn for item in shelf.find(Key("author").eq("Mr. Bar"))] == ["A"]
    with pytest.raises(ConditionFailed):
        shelf.put({"isbn": "A", "title": "x"}, conditions=Attr("isbn").not_exists())
    with pytest.raises(ConditionFailed):
        shelf.get(isbn="A").update(Attr("views").lt(5), views=1)
    with pytest.raises(ConditionFailed):
        shelf.delete_item(isbn="A", conditions=Attr("views").lt(5))
    with pytest.raises(ConditionFailed):
        shelf.get(isbn="A").save(conditions=[Attr("views").lt(5), Q(title="x")])
    assert shelf.get(isbn="A").views == 10


def test_ours_are_instances_of_boto3s_base_class_and_of_our_own(shelf):
    for condition in (Q(year=1), Q(), Q(year=1) & Q(title="x"), Q(year=1) | Q(), ~Q(year=1), shelf.year == 1):
        assert isinstance(condition, ConditionBase)
        assert isinstance(condition, Condition)
        assert issubclass(type(condition), Condition)
    assert isinstance(Q(), Q)


def test_to_boto3_serves_boto3s_own_table(own_shelf):
    table = own_shelf.Table.table
    for condition in (
        Q(publisher__name="House"),
        Q(published=KEPT),
        own_shelf.tags[1] == "deep",
        Q(subtitle__ne=None) & ~Q(year__lt=1000),
        Q(tags__size__gte=2) & Q(tags__contains="sea") & ~Q(tags__not_contains="sea"),
        Q(views__gt=own_shelf.rank, year__between=[1, 3000]) & Q(year__in=[1999, 2000]),
        Attr("year").lt(2000) & Q(title__type="S", title__begins_with="The"),
        own_shelf.title.size() > own_shelf.rank,
        Q(tags__size__in=[3, 7], title__size__ne=4) & Q(year__ne=2005),
    ):
        theirs = (Q() & condition).to_boto3(own_shelf)
        assert type(theirs).__module__ == "boto3.dynamodb.conditions"
        assert [item["isbn"] for item in table.scan(FilterExpression=theirs)["Items"]] == ["A"]
    key = Q(isbn="A").to_boto3(own_shelf)
    assert table.scan(FilterExpression=key & Attr("year").eq(1999))["Count"] == 1
    filtered = {"KeyConditionExpression": Key("isbn").eq("A"), "FilterExpression": Q(year=1999).to_boto3(own_shelf)}
    assert table.query(**filtered)["Count"] == 1
    table.delete_item(Key={"isbn": "A"}, ConditionExpression=Q(views=10).to_boto3(own_shelf))
    assert own_shelf.get(isbn="A") is None


def test_an_empty_condition_has_no_form_in_boto3(shelf):
    with pytest.raises(InvalidExpression, match="empty"):
        Q().to_boto3(shelf)


def test_boto3_is_told_to_ask_for_its_own_form(shelf):
    with pytest.raises(InvalidExpression, match="to_boto3"):
        shelf.Table.table.scan(FilterExpression=Q(year=1))
    with pytest.raises(InvalidExpression, match="to_boto3"):
        shelf.Table.table.scan(FilterExpression=Attr("x").eq(1) & Q(year=1))


# References.


def test_references_have_every_operator(shelf):
    assert matching(shelf, shelf.year > 1990) == {"A", "B"}
    year = 1999
    assert matching(shelf, year < shelf.year) == {"B"}
    assert matching(shelf, year >= shelf.year) == {"A"}
    assert matching(shelf, year == shelf.year) == {"A"}
    assert matching(shelf, shelf.title.begins_with("B")) == {"C"}
    assert matching(shelf, shelf.meta["lang"] == "en") == {"A"}
    assert matching(shelf, shelf.tags[0] == "sky") == {"B"}
    assert matching(shelf, shelf.author.is_in(["Mr. Bar", "x"])) == {"A"}
    assert matching(shelf, shelf.year.between(1, 2)) == set()
    assert matching(shelf, shelf.subtitle.is_(None)) == set("BCD")
    assert matching(shelf, shelf.title.is_("Sky")) == {"B"}
    assert matching(shelf, shelf.title.is_not("Sky")) == set("ACD")


def test_attributes_are_compared_with_attributes(shelf):
    assert matching(shelf, shelf.views > shelf.rank) == {"A"}
    assert matching(shelf, shelf.views < shelf.rank) == {"B"}
    assert matching(shelf, views__gt=shelf.rank) == {"A"}
    assert matching(shelf, Q(views__lte=F("rank"))) == {"B"}
    assert matching(shelf, shelf.views.between(shelf.rank, 100)) == {"A"}
    assert matching(shelf, shelf.rank.is_in([shelf.views, 5])) == {"B"}
    assert matching(shelf, F("meta.lang") != shelf.title) == set("ABCD")
    assert matching(shelf, shelf.publisher["founded"] < shelf.year) == {"A", "B"}
    assert matching(shelf, shelf.editions[0]["name"] < shelf.editions[1]["name"]) == {"A"}
    assert matching(shelf, shelf.title.size() > shelf.rank) == {"A"}
    assert matching(shelf, title__size__lt=shelf.rank) == {"B"}
    assert matching(shelf, shelf.rank > shelf.title.size()) == {"B"}
    assert matching(shelf, shelf.tags.contains(shelf.tags[0])) == {"A", "B"}


def test_references_are_neither_iterable_nor_containers_nor_truth_values(shelf):
    for reference in (shelf.year, F("year"), shelf.meta["x"], shelf.tags[0]):
        with pytest.raises(TypeError):
            iter(reference)
        with pytest.raises(TypeError):
            _ = 1 in reference
        with pytest.raises(TypeError):
            bool(reference)
        with pytest.raises(TypeError):
            len(reference)
        with pytest.raises(TypeError):
            list(reference)
    with pytest.raises(TypeError):
        shelf.tags[True]
    with pytest.raises(TypeError):
        shelf.tags[0:1]


def test_references_and_conditions_and_actions_pickle(own_shelf):
    conditions = [
        Q(year=1999) & ~Q(title="x"),
        Q(year=1999) | Q(title="Nothing"),
        Q(year=1999),
        own_shelf.year == 1999,
        own_shelf.publisher["name"] == "House",
        F("meta.shelf.row") == 3,
        own_shelf.views > own_shelf.rank,
        own_shelf.title.size() > own_shelf.rank,
        Attr("year").eq(1999) & Q(),
        (own_shelf.year == 1999) & Attr("year").eq(1999),
    ]
    for condition in conditions:
        for travelled in (pickle.loads(pickle.dumps(condition)), copy.deepcopy(condition), copy.copy(condition)):
            assert matching(own_shelf, travelled) == {"A"}
    for reference in (own_shelf.year, F("year")):
        assert matching(own_shelf, pickle.loads(pickle.dumps(reference)) == 1999) == {"A"}
    action = pickle.loads(pickle.dumps(own_shelf.views.add(1)))
    own_shelf.update_item(action, isbn="A")
    own_shelf.update_item(isbn="A", views=pickle.loads(pickle.dumps(F("views") + 1)))
    assert own_shelf.get(isbn="A").views == 12


def test_references_can_stand_in_sets_and_dicts(shelf):
    assert len({hash(shelf.year), hash(shelf.title), hash(F("year"))}) == 3
    assert hash(shelf.year) == hash(pickle.loads(pickle.dumps(shelf.year)))


def test_f_has_the_actions(own_shelf):
    changed = own_shelf.get(isbn="A")
    changed.update(
        F("title").set("New"),
        F("views").add(2),
        F("genres").delete({"drama"}),
        F("subtitle").remove(),
        F("tags").append("z"),
        F("meta.marks").prepend(["a"]),
        F("author").if_not_exists("Nobody"),
        F("meta.fresh").if_not_exists("yes"),
        own_shelf.copies.add(1),
        F("pub.Name").set("Renamed"),
    )
    found = natives(own_shelf.get(isbn="A", consistent=True))
    assert found["title"] == "New"
    assert found["views"] == 12
    assert found["genres"] == {"novel"}
    assert found.get("subtitle") is None
    assert found["tags"] == ["sea", "deep", "sea", "z"]
    assert found["meta"]["marks"] == ["a", 1, "two"]
    assert (found["author"], found["meta"]["fresh"], found["copies"]) == ("Mr. Bar", "yes", 4)
    assert found["publisher"]["name"] == "Renamed"
    assert natives(changed) == found


def test_a_reference_with_a_number_is_a_value_for_updates(own_shelf):
    found = own_shelf.get(isbn="A")
    found.update(
        views=F("views") + 1, copies=own_shelf.copies - 1, rank=own_shelf.copies + own_shelf.rank, year=10 - F("views")
    )
    assert (found.views, found.copies, found.rank, found.year) == (11, 2, 5, 0)
    again = own_shelf.get(isbn="A")
    assert (again.views, again.copies, again.rank, again.year) == (11, 2, 5, 0)
    found.update(F("views").set(5 + F("views")))
    assert found.views == 16
    with pytest.raises(InvalidExpression, match="two"):
        _ = F("views") + 1 + 2


# Where conditions were lost.


def test_a_q_given_to_an_index_query_is_not_dropped(shelf):
    assert [found.isbn for found in shelf.ByAuthor.query(Q(author="Mr. Bar"))] == ["A"]
    assert list(shelf.ByAuthor.query(Q(author="Mr. Bar"), Q(title="x"))) == []
    assert list(shelf.ByAuthor.query(Q(author="Mr. Bar") & Q(title="x"))) == []
    assert list(shelf.ByAuthor.query(Q(title="x"), author="Mr. Bar")) == []
    assert list(shelf.ByAuthor.query(author="Mr. Bar").filter(~Q(title="The Depths"))) == []
    assert [found.isbn for found in shelf.ByAuthor.query(Q(author="Mr. Bar", year__gt=1990, views=10))] == ["A"]
    assert list(shelf.ByAuthor.scan(Q(title="x"))) == []


def test_filter_values_are_serialised_on_tables_and_indexes_alike(shelf):
    assert [found.isbn for found in shelf.ByAuthor.query(author="Mr. Bar", published=KEPT)] == ["A"]
    assert [found.isbn for found in shelf.query(isbn="A", published__lte=KEPT)] == ["A"]
    assert [found.isbn for found in shelf.ByAuthor.scan(published__lt=KEPT + dt.timedelta(1))] == ["A"]


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


def test_conditions_say_what_they_are(shelf):
    assert repr(Q(year__lt=2000) & ~Q(title="x")) == "Q(year__lt=2000) & ~Q(title='x')"
    assert repr(shelf.meta["lang"]) == "Book.meta['lang']"
    assert "Book.year" in repr(shelf.year > 1)
    assert repr(F("a.b[0]")) == "F('a')['b'][0]"


def test_keys_are_never_filters_by_another_operator(shelf, sent):
    with pytest.raises(InvalidKey, match="scan"):
        list(shelf.query(isbn__begins_with="A"))
    assert sent == []
    assert matching(shelf, isbn__begins_with="A") == {"A"}
