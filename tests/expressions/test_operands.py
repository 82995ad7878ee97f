"""Operands are converted by the serialisation of their fields."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid

import pytest
from boto3.dynamodb.conditions import Attr, Key

from dynamorm import F, Q, ValidationError

from ..books import BOOK
from ..libraries import collection, integer, listing, moment, text, unique, with_field
from .shelf import KEPT, matching


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


def test_filter_values_are_serialised_on_tables_and_indexes_alike(shelf):
    assert [found.isbn for found in shelf.ByAuthor.query(author="Mr. Bar", published=KEPT)] == ["A"]
    assert [found.isbn for found in shelf.query(isbn="A", published__lte=KEPT)] == ["A"]
    assert [found.isbn for found in shelf.ByAuthor.scan(published__lt=KEPT + dt.timedelta(1))] == ["A"]
