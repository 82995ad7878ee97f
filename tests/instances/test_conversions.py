"""Values are converted alike, native or serialised, whichever way they come in."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid

import pytest

from dynamorm import DynaModel, ValidationError

from ..books import BOOK, BOOK_TABLE, BOOK_VALUES
from ..libraries import binary, collection, day, exact, listing, member, moment, natives, text, unique
from ..stored import stored_item


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


MIXED = {
    "isbn": text(required=True),
    "at": moment(),
    "on": day(),
    "code": unique(),
    "price": exact(),
    "raw": binary(),
    "days": listing(day()),
    "codes": collection(unique()),
}
MIXED_NATIVE = {
    "isbn": "1",
    "at": dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc),
    "on": dt.date(2024, 5, 6),
    "code": uuid.UUID(int=7),
    "price": decimal.Decimal("1.50"),
    "raw": b"\x00\xff",
    "days": [dt.date(2024, 5, 6), dt.date(2024, 5, 7)],
    "codes": {uuid.UUID(int=1), uuid.UUID(int=2)},
}
MIXED_TEXT = {
    "isbn": "1",
    "at": "2024-05-06T07:08:09+00:00",
    "on": "2024-05-06",
    "code": str(uuid.UUID(int=7)),
    "price": "1.50",
    "raw": b"\x00\xff",
    "days": ["2024-05-06", "2024-05-07"],
    "codes": [str(uuid.UUID(int=1)), str(uuid.UUID(int=2))],
}


@pytest.mark.parametrize("given", [MIXED_NATIVE, MIXED_TEXT], ids=["natively", "serialised"])
@pytest.mark.parametrize("way", ["put", "make", "assign", "raw"])
def test_values_are_given_natively_or_serialised_in_every_way(library, dynamo_tables, given, way):
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, MIXED))
    if way == "put":
        model.put(given)
    elif way == "make":
        made = model(**given)
        assert natives(made) == MIXED_NATIVE
        made.save()
    elif way == "raw":
        model.new_from_raw(given).save()
    else:
        made = model()
        for name, value in given.items():
            setattr(made, name, value)
        made.save()
    found = natives(model.get(isbn="1"))
    assert found == MIXED_NATIVE
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in MIXED_NATIVE.items()
    }


@pytest.mark.parametrize("given", [Colour.BLUE, "blue"])
def test_a_member_of_an_enum_is_given_as_it_is_or_by_its_value(library, dynamo_tables, given):
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, {"isbn": text(), "colour": member(Colour)}))
    model.put({"isbn": "1", "colour": given})
    made = model(isbn="2", colour=given)
    assert made.colour is Colour.BLUE
    made.save()
    assigned = model(isbn="3")
    assigned.colour = given
    assigned.save()
    for isbn in "123":
        assert stored_item(model, isbn=isbn)["colour"] == "blue"
        assert model.get(isbn=isbn).colour is Colour.BLUE


class Publisher:
    def __init__(self, name, city, founded):
        self.name, self.city, self.founded = name, city, founded


def publisher_object(library, model):
    field = model.Schema.dynamorm_fields()["publisher"]
    if library.name == "schematics":
        return field.model_class({"Name": "House", "city": "Turku", "since": 1890})
    if library.name == "pydantic":
        return field.annotation.__args__[0](Name="House", city="Turku", since=1890)
    return Publisher("House", "Turku", 1890)


@pytest.mark.parametrize("way", ["put", "make", "assign", "update"])
def test_a_nested_object_is_given_as_it_is(library, book, way):
    given = publisher_object(library, book)
    if way == "put":
        book.put({"isbn": "1", "title": "T", "publisher": given})
    elif way == "make":
        book(isbn="1", title="T", publisher=given).save()
    elif way == "assign":
        made = book(isbn="1", title="T")
        made.publisher = given
        made.save()
    else:
        made = book(isbn="1", title="T")
        made.save()
        made.update(publisher=given)
        assert natives(made)["publisher"] == BOOK_VALUES["publisher"]
    assert natives(book.get(isbn="1"))["publisher"] == BOOK_VALUES["publisher"]
    assert stored_item(book, isbn="1")["pub"] == {"Name": "House", "city": "Turku", "since": 1890}


def test_saving_converts_what_was_assigned_and_refuses_what_cannot_be(book):
    made = book(isbn="1", title="T")
    made.year, made.price, made.in_print = "2001", "3.5", True
    made.save()
    assert natives(book.get(isbn="1")) == {
        "isbn": "1",
        "title": "T",
        "year": 2001,
        "price": decimal.Decimal("3.5"),
        "in_print": True,
        "copies": 1,
    }
    for name, value in {"year": "soon", "published": "yesterday", "code": object(), "publisher": 7, "tags": 7}.items():
        made = book(isbn="2", title="T")
        setattr(made, name, value)
        with pytest.raises(ValidationError) as caught:
            made.save()
        assert (BOOK[name].stored or name) in str(caught.value.errors) or name in str(caught.value.errors)
    assert stored_item(book, isbn="2") is None


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        (5, "5"),
        (2.5, "2.5"),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (dt.date(2024, 5, 6), "2024-05-06"),
    ],
)
def test_scalars_given_to_a_string_field_are_converted(book, scalar, expected):
    assert book(isbn="1", title=scalar).title == expected
    book.put({"isbn": "1", "title": scalar})
    assert book.get(isbn="1").title == expected
    made = book(isbn="2")
    made.title = scalar
    made.save()
    assert book.get(isbn="2").title == expected


@pytest.mark.parametrize("container", [["x"], {"x": 1}, {"x"}, ("x",)], ids=lambda value: type(value).__name__)
def test_containers_given_to_a_string_field_are_refused(book, container):
    made = book(isbn="1")
    made.title = container
    for refuse in (
        lambda: book(isbn="1", title=container),
        lambda: book.put({"isbn": "1", "title": container}),
        made.save,
        made.validate,
    ):
        with pytest.raises(ValidationError):
            refuse()


def test_a_constructor_keeps_the_digits_of_numbers_inside():
    fields = pytest.importorskip("marshmallow").fields

    class Prices(DynaModel):
        class Table:
            name = "prices"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = fields.String(required=True)
            by_name = fields.Dict(keys=fields.String(), values=fields.Decimal())

    assert str(Prices(id="1", by_name={"a": decimal.Decimal("1.10")}).by_name["a"]) == "1.10"


def test_a_constructor_converts_the_keys_of_maps():
    types = pytest.importorskip("schematics.types")

    class Counts(DynaModel):
        class Table:
            name = "counts"
            hash_key = "id"
            read = 1
            write = 1

        class Schema:
            id = types.StringType(required=True)
            by_name = types.DictType(types.IntType, coerce_key=str.upper)

    assert Counts(id="1", by_name={"a": 1}).by_name == {"A": 1}
