"""Section 3 of the contract: instances."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import pickle
import sys
import uuid

import pytest

import dynamorm
from dynamorm import (
    DoesNotExist,
    DynaModel,
    DynaModelException,
    F,
    GlobalIndex,
    InvalidSchemaField,
    PartialInstance,
    ProjectKeys,
    Q,
    ValidationError,
)
from dynamorm.signals import post_init, post_request, pre_init, pre_save

from .models import (
    BOOK,
    BOOK_VALUES,
    binary,
    book_model,
    book_values,
    collection,
    day,
    exact,
    integer,
    listing,
    mapping,
    member,
    moment,
    natives,
    nested,
    text,
    unique,
)

TABLE = {"name": "books", "hash_key": "isbn"}


def stored(model, **key):
    """Give an item as boto3 reads it."""
    return model.Table.table.get_item(Key=key).get("Item")


def wire(model, **key):
    """Give an item in wire form."""
    typed = {name: {"S": value} for name, value in key.items()}
    return model.Table.client.get_item(TableName=model.Table.full_name, Key=typed)["Item"]


@pytest.fixture
def operations():
    """The operations that were sent, in order."""
    seen = []

    def note(sender, request, **facts):
        seen.append(request.operation)

    with post_request.connected_to(note):
        yield seen


# What is given.


def test_a_book_comes_back_as_it_was_put(book):
    values = book_values()
    book.put(values)
    found = natives(book.get(isbn=values["isbn"]))
    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in values.items()}


def test_a_book_comes_back_as_it_was_made_and_saved(book):
    book(**book_values()).save()
    found = book.get(isbn=BOOK_VALUES["isbn"])
    assert natives(found) == BOOK_VALUES
    assert {name: type(value) for name, value in natives(found).items()} == {
        name: type(value) for name, value in BOOK_VALUES.items()
    }
    assert not found.is_dirty


def test_a_page_comes_back_by_both_keys(page):
    page.put({"isbn": "1", "number": 2, "body": "x"})
    assert natives(page.get(isbn="1", number=2)) == {"isbn": "1", "number": 2, "body": "x", "words": 0}
    assert page.get(isbn="1", number=3) is None


def test_what_is_given_is_converted_at_once(library):
    made = book_model(library)(
        isbn=5,
        year="1999",
        price="19.90",
        weight="0.5",
        published="1999-05-06T07:08:09.250000+00:00",
        code="12345678-1234-5678-1234-567812345678",
        in_print=True,
        genres=["novel", "drama"],
    )
    assert natives(made) == {
        "isbn": "5",
        "year": 1999,
        "price": decimal.Decimal("19.90"),
        "weight": 0.5,
        "published": BOOK_VALUES["published"],
        "code": BOOK_VALUES["code"],
        "in_print": True,
        "genres": {"novel", "drama"},
        "copies": 1,
    }


@pytest.mark.parametrize(
    "values",
    [{"year": "soon"}, {"rank": 6}, {"published": "yesterday"}, {"code": "x"}, {"publisher": {"founded": "x"}}],
    ids=lambda values: next(iter(values)),
)
def test_a_bad_value_is_refused_at_construction(library, values):
    with pytest.raises(ValidationError):
        book_model(library)(isbn="1", **values)


def test_a_new_instance_may_be_filled_attribute_by_attribute_and_saved(book):
    made = book()
    made.isbn = "1"
    made.title = "T"
    made.year = "1999"
    made.save()
    assert natives(book.get(isbn="1")) == {"isbn": "1", "title": "T", "year": 1999, "copies": 1}


def test_what_is_missing_is_the_business_of_validating_and_saving(book):
    made = book(isbn="1")
    for refuse in (made.validate, made.save, lambda: book.put({"isbn": "1"}), lambda: book.put_unique({"isbn": "1"})):
        with pytest.raises(ValidationError) as caught:
            refuse()
        assert "title" in str(caught.value.errors)
    assert stored(book, isbn="1") is None


def test_partial_at_construction_applies_no_defaults(book):
    made = book(partial=True, isbn="1", title="T")
    assert (made.copies, made.is_partial) == (None, False)
    made.save()
    assert stored(book, isbn="1") == {"isbn": "1", "title": "T"}
    with pytest.raises(ValidationError):
        book(partial=True, isbn="1", rank=6)


def test_a_new_instance_made_with_partial_may_be_saved_whole(book):
    book(partial=True, isbn="1", title="T").save()
    assert book.get(isbn="1").title == "T"


def test_defaults_are_applied_and_none_is_shared_between_instances(library, dynamo_tables):
    fields = {
        "isbn": text(required=True),
        "copies": integer(default=1),
        "tags": listing(text(), default=list),
        "meta": mapping(default=dict),
    }
    (model,) = dynamo_tables(library.model("Book", TABLE, fields))
    one, two = model(isbn="1"), model(isbn="2")
    one.tags.append("x")
    one.meta["x"] = 1
    assert (one.copies, two.tags, two.meta) == (1, [], {})
    one.save()
    assert natives(model.get(isbn="1")) == {"isbn": "1", "copies": 1, "tags": ["x"], "meta": {"x": 1}}
    model.put({"isbn": "3"})
    assert stored(model, isbn="3") == {"isbn": "3", "copies": 1, "tags": [], "meta": {}}


def test_field_validators_run_on_what_is_given_and_on_what_is_assigned_when_it_is_saved(book):
    made = book(isbn="1", title="T", rank=5)
    made.rank = 6
    for refuse in (made.validate, made.save, lambda: made.save(partial=True), lambda: made.update(rank=7)):
        with pytest.raises(ValidationError):
            refuse()
    assert stored(book, isbn="1") is None


def ordered(values):
    low, high = values.get("low"), values.get("high")
    return None if low is not None and high is not None and low <= high else "low and high are out of order"


def span_model(library, **body):
    fields = {"isbn": text(required=True), "low": integer(), "high": integer(), "kind": text()}

    class ByKind(GlobalIndex):
        name = "by-kind"
        hash_key = "kind"
        projection = ProjectKeys()

    return library.model("Span", TABLE, library.schema(fields, whole=ordered), ByKind=ByKind, **body)


def test_trap_an_empty_instance_of_a_schema_with_schema_wide_validators_can_be_made(library):
    model = span_model(library)
    assert natives(model()) == {}
    assert natives(model(low=5)) == {"low": 5}
    assert natives(model(low=5, high=1)) == {"low": 5, "high": 1}
    assert natives(model.new_from_raw({"low": 5, "high": 1})) == {"low": 5, "high": 1}


def test_trap_validators_of_schematics_do_not_run_for_fields_that_are_not_given():
    types = pytest.importorskip("schematics.types")
    errors = pytest.importorskip("schematics.exceptions")

    class Span(DynaModel):
        class Table:
            name = "spans"
            hash_key = "isbn"

        class Schema:
            isbn = types.StringType(required=True)
            low = types.IntType()
            high = types.IntType()

            def validate_high(self, data, value):
                if data["low"] is None or value is None or data["low"] > value:
                    raise errors.ValidationError("out of order")

    assert (Span().high, Span(low=5).low) == (None, 5)
    with pytest.raises(ValidationError, match="out of order"):
        Span(isbn="1", low=5).validate()


def test_schema_wide_validators_run_on_whole_items_only(library, dynamo_tables):
    (model,) = dynamo_tables(span_model(library))
    for refuse in (
        model(isbn="1", low=5, high=1).save,
        model(isbn="1", low=5, high=1).validate,
        lambda: model.put({"isbn": "1", "low": 5, "high": 1}),
        lambda: model.put_unique({"isbn": "1", "low": 5, "high": 1}),
    ):
        with pytest.raises(ValidationError, match="out of order"):
            refuse()
    model(isbn="1", low=1, high=5, kind="k").save()
    found = model.get(isbn="1")
    found.update(low=9)  # one field knows nothing of the others
    found.low = 10
    found.save(partial=True)
    model.update_item(isbn="1", low=11)
    (projected,) = model.ByKind.query(kind="k")
    assert projected.low is None
    assert model.get(isbn="1", attrs=["low", "high"]).low == 11
    with pytest.raises(ValidationError, match="out of order"):
        model.get(isbn="1")
    with pytest.raises(ValidationError, match="out of order"):
        model.scan().all()


# One pipeline.


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
    (model,) = dynamo_tables(library.model("Book", TABLE, MIXED))
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
    (model,) = dynamo_tables(library.model("Book", TABLE, {"isbn": text(), "colour": member(Colour)}))
    model.put({"isbn": "1", "colour": given})
    made = model(isbn="2", colour=given)
    assert made.colour is Colour.BLUE
    made.save()
    assigned = model(isbn="3")
    assigned.colour = given
    assigned.save()
    for isbn in "123":
        assert stored(model, isbn=isbn)["colour"] == "blue"
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
    assert stored(book, isbn="1")["pub"] == {"Name": "House", "city": "Turku", "since": 1890}


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
    assert stored(book, isbn="2") is None


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


def test_what_a_dump_raises_is_a_validation_error_with_the_field(library):
    if library.name == "marshmallow":

        class Broken(library.library.fields.Field):
            def _serialize(self, value, attr, obj, **kwargs):
                raise RuntimeError("no form for it")

        schema = type("Schema", (), {"isbn": library.field(text()), "odd": Broken()})
    elif library.name == "schematics":

        class Broken(library.types.BaseType):
            def to_primitive(self, value, context=None):
                raise RuntimeError("no form for it")

        schema = type("Schema", (), {"isbn": library.field(text()), "odd": Broken()})
    else:

        def fail(value):
            raise RuntimeError("no form for it")

        odd = __import__("typing").Annotated[str | None, library.library.PlainSerializer(fail, return_type=str)]
        body = {"__annotations__": {"isbn": str, "odd": odd}, "odd": None, "__module__": __name__}
        schema = type("Schema", (), body)
    made = library.model("Book", TABLE, schema)(isbn="1")
    made.odd = "x"
    with pytest.raises(ValidationError) as caught:
        made.save()
    assert list(caught.value.errors.messages) == ["odd"]
    assert "no form for it" in str(caught.value)


def test_a_post_load_that_returns_no_mapping_is_an_error_of_the_model():
    marshmallow = pytest.importorskip("marshmallow")

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"

        class Schema:
            isbn = marshmallow.fields.String()

            @marshmallow.post_load
            def make(self, data, **kwargs):
                return object()

    with pytest.raises(DynaModelException, match="has to return a mapping"):
        Book(isbn="1")


def counting_schema(library, calls):
    """A schema whose one hook on loading and one on dumping say what they saw."""
    if library.name == "marshmallow":
        marshmallow = library.library

        @marshmallow.pre_load
        def before(self, data, **kwargs):
            calls.append(("load", data.get("on")))
            return data

        @marshmallow.post_dump
        def after(self, data, **kwargs):
            calls.append(("dump", data.get("on")))
            return data

        body = {"isbn": library.field(text()), "on": library.field(day()), "before": before, "after": after}
    elif library.name == "schematics":

        class Day(library.types.DateType):
            def to_native(self, value, context=None):
                if isinstance(value, str):
                    calls.append(("load", value))
                return super().to_native(value, context)

            def to_primitive(self, value, context=None):
                dumped = super().to_primitive(value, context)
                calls.append(("dump", dumped))
                return dumped

        body = {"isbn": library.field(text()), "on": Day()}
    else:
        pydantic = library.library

        def before(cls, data):
            calls.append(("load", data.get("on")))
            return data

        def dump(self, handler):
            dumped = handler(self)
            calls.append(("dump", dumped.get("on")))
            return dumped

        body = {
            "__annotations__": {"isbn": str, "on": dt.date | None},
            "__module__": __name__,
            "on": None,
            "before": pydantic.model_validator(mode="before")(classmethod(before)),
            "dump": pydantic.model_serializer(mode="wrap")(dump),
        }
    return type("Schema", (), body)


@pytest.mark.parametrize("given", ["2024-05-06", dt.date(2024, 5, 6)], ids=["serialised", "natively"])
def test_no_hook_runs_twice_for_one_write(library, dynamo_tables, given):
    calls = []
    (model,) = dynamo_tables(library.model("Book", TABLE, counting_schema(library, calls)))
    made = model(isbn="1", on=given)
    calls.clear()
    made.save()
    kinds = [kind for kind, _ in calls]
    assert (kinds.count("dump"), kinds.count("load")) == (1, 1)
    if library.name == "schematics" and isinstance(given, dt.date):
        return  # there the hooks are the type's own, which puts what it is given natively into serialised form
    calls.clear()
    model.put({"isbn": "1", "on": given})
    kinds = [kind for kind, _ in calls]
    assert (kinds.count("dump"), kinds.count("load")) == (1, 1)
    calls.clear()
    model.get(isbn="1")
    assert [kind for kind, _ in calls] == ["load"]


# Names that the schema does not know.


def test_unknown_names_are_ignored_where_the_schema_sets_no_policy(book):
    assert natives(book(isbn="1", title="T", colour="red")) == {"isbn": "1", "title": "T", "copies": 1}
    assert book(isbn="1", colour="red").extra == {}
    book.put({"isbn": "1", "title": "T", "colour": "red"})
    assert "colour" not in stored(book, isbn="1")


def test_unknown_names_are_refused_where_the_schema_forbids_them(library, dynamo_tables):
    schema = library.schema({"isbn": text(required=True)}, unknown="forbid")
    (model,) = dynamo_tables(library.model("Book", TABLE, schema))
    for refuse in (lambda: model(isbn="1", colour="red"), lambda: model.put({"isbn": "1", "colour": "red"})):
        with pytest.raises(ValidationError):
            refuse()
    assert stored(model, isbn="1") is None


def test_unknown_names_are_kept_in_extra_where_the_schema_allows_them(library, dynamo_tables):
    schema = library.schema({"isbn": text(required=True), "year": integer()}, unknown="allow")
    (model,) = dynamo_tables(library.model("Book", TABLE, schema))
    made = model(isbn="1", colour="red", size={"w": 1})
    assert made.extra == {"colour": "red", "size": {"w": 1}}
    assert "colour" not in natives(made)
    made.save()
    model.put({"isbn": "2", "colour": "blue"})
    assert stored(model, isbn="1") == {"isbn": "1", "colour": "red", "size": {"w": 1}}
    assert stored(model, isbn="2") == {"isbn": "2", "colour": "blue"}
    found = model.get(isbn="1")
    assert (found.extra, found.is_dirty) == ({"colour": "red", "size": {"w": 1}}, False)
    found.year = 7
    found.save()
    assert stored(model, isbn="1") == {"isbn": "1", "colour": "red", "size": {"w": 1}, "year": 7}


@pytest.mark.parametrize("policy", [None, "forbid", "allow"])
def test_reads_never_fail_on_stored_attributes_that_the_schema_does_not_know(library, dynamo_tables, policy):
    schema = library.schema({"isbn": text(required=True)}, unknown=policy)
    (model,) = dynamo_tables(library.model("Book", TABLE, schema))
    model.Table.table.put_item(Item={"isbn": "1", "colour": "red", "tags": {"a", "b"}})
    for found in (model.get(isbn="1"), *model.scan(), *model.query(isbn="1"), *model.get_batch([{"isbn": "1"}])):
        assert found.extra == {"colour": "red", "tags": {"a", "b"}}
        assert natives(found) == {"isbn": "1"}


@pytest.mark.parametrize("policy", [None, "forbid", "allow"])
def test_unknown_names_in_keys_conditions_and_updates_are_always_refused(library, dynamo_tables, policy):
    schema = library.schema({"isbn": text(required=True), "title": text()}, unknown=policy)
    (model,) = dynamo_tables(library.model("Book", TABLE, schema))
    made = model(isbn="1", title="T")
    made.save()
    for refuse in (
        lambda: model.get(isbn="1", titel="x"),
        lambda: model.get(isnb="1"),
        lambda: model.scan(titel="x").all(),
        lambda: made.save(conditions={"titel": "x"}),
        lambda: made.update(titel="x"),
        lambda: model.update_item(isbn="1", titel="x"),
    ):
        with pytest.raises(InvalidSchemaField):
            refuse()


# Values that are not there.


def test_a_field_without_a_value_reads_as_none(book):
    for made in (book(isbn="1"), book()):
        assert (made.author, made.tags, made.publisher, made.in_print) == (None, None, None, None)
    book.put({"isbn": "1", "title": "T"})
    assert (book.get(isbn="1").author, book.get(isbn="1").subtitle) == (None, None)
    with pytest.raises(AttributeError):
        _ = book(isbn="1").colour


def test_none_given_means_not_given(book):
    made = book(isbn="1", title="T", author=None, copies=None)
    assert natives(made) == {"isbn": "1", "title": "T", "copies": 1}
    made.save()
    assert stored(book, isbn="1") == {"isbn": "1", "title": "T", "copies": 1}
    book.put({"isbn": "2", "title": "T", "author": None, "copies": None})
    assert stored(book, isbn="2") == {"isbn": "2", "title": "T", "copies": 1}


def test_on_the_class_a_field_is_a_reference_to_it(book):
    book.put({"isbn": "1", "title": "T", "year": 1990})
    book.put({"isbn": "2", "title": "T", "year": 2000})
    assert [found.isbn for found in book.scan(book.year > 1995)] == ["2"]
    assert "year" in repr(book.year)


def test_a_deleted_attribute_has_no_value(book):
    book.put({"isbn": "1", "title": "T", "year": 1990})
    found = book.get(isbn="1")
    del found.year
    assert (found.year, found.is_dirty) == (None, True)
    found.save()
    assert "year" not in stored(book, isbn="1")


# Fields that are called like something of ours.

OURS = [
    "update",
    "validate",
    "extra",
    "changes",
    "count",
    "items",
    "model",
    "self",
    "cls",
    "save",
    "delete",
    "to_dict",
    "is_dirty",
    "is_partial",
    "key_changed",
    "refresh",
    "get",
    "query",
    "raw",
    "keys",
    "item",
    "name",
    "values",
    "instance",
]
KEYWORDS = ["conditions", "consistent", "partial", "unique", "return_all", "attrs"]


@pytest.mark.parametrize("name", OURS)
def test_trap_a_field_named_like_something_of_ours_goes_the_whole_way(library, dynamo_tables, name):
    fields = {"id": text(required=True), name: text(), "other": text(default="o")}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    made = model(id="1", **{name: "a"})
    assert getattr(made, name) == "a"
    model.save(made)
    found = model.get(id="1")
    assert (getattr(found, name), found.other) == ("a", "o")
    setattr(found, name, "b")
    assert dynamorm.inspect(found).changes == {name: ("a", "b")}
    assert dynamorm.inspect(found).is_dirty
    model.save(found, partial=True)
    assert stored(model, id="1")[name] == "b"
    assert not dynamorm.inspect(found).is_dirty
    model.update(found, **{name: "c"})
    assert getattr(found, name) == "c"
    model.update_item(id="1", **{name: "d"})
    model.refresh(found)
    assert getattr(found, name) == "d"
    assert model.to_dict(found, native=True) == {"id": "1", name: "d", "other": "o"}
    assert natives(model.new_from_raw({"id": "1", name: "d"})) == {"id": "1", name: "d", "other": "o"}
    assert [one.id for one in model.scan(**{name: "d"})] == ["1"]
    assert [one.id for one in model.scan(F(name) == "d")] == ["1"]
    assert [one.id for one in model.scan(Q(**{name: "d"}))] == ["1"]
    assert [one.id for one in model.query(id="1").filter(**{name: "d"})] == ["1"]
    model.put({"id": "2", name: "e"}, conditions={name: None})
    model.save(model(id="2", **{name: "f"}), conditions=Q(**{name: "e"}))
    assert getattr(model.upsert(id="2", **{name: "g"}), name) == "g"
    assert getattr(model.patch(id="2", **{name: "h"}), name) == "h"
    model.sync(model.get(id="2"))
    model.delete(model.get(id="2"))
    assert copy.deepcopy(made) == copy.copy(made) == made
    assert repr(made) == "<Odd id='1'>"
    made = model(id="3")
    assert getattr(made, name) is None
    model.save(made)
    assert stored(model, id="3") == {"id": "3", "other": "o"}


def test_trap_nested_fields_named_like_methods_of_dicts_may_have_no_value(library, dynamo_tables):
    inner = {"label": text(), "items": listing(text()), "values": text(), "get": integer()}
    fields = {"id": text(required=True), "box": nested(inner), "boxes": listing(nested(inner))}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model(id="1", box={"label": "x"}, boxes=[{"items": ["a"]}]).save()
    model.put({"id": "2", "box": {"values": "v"}, "boxes": []})
    model.update_item(id="2", box={"get": 5})
    for id, box, boxes in (("1", {"label": "x"}, [{"items": ["a"]}]), ("2", {"get": 5}, [])):
        found = stored(model, id=id)
        assert found["box"] == box
        assert [{name: value for name, value in one.items() if value is not None} for one in found["boxes"]] == boxes


@pytest.mark.parametrize("name", ["update", "validate", "save", "is_dirty", "get", "to_dict"])
def test_on_the_class_our_method_stays_where_a_field_has_its_name(library, name):
    model = library.model("Odd", {"name": "odd", "hash_key": "id"}, {"id": text(), name: text()})
    ours = getattr(model, name)
    assert callable(ours) or isinstance(ours, property)
    assert model(id="1").__getattribute__(name) is None
    assert "count" in repr(library.model("Odd", {"name": "o", "hash_key": "id"}, {"id": text(), "count": text()}).count)


@pytest.mark.parametrize("name", KEYWORDS)
def test_a_field_named_like_a_keyword_of_a_verb_is_reached_by_actions_and_conditions(library, dynamo_tables, name):
    fields = {"id": text(required=True), name: text()}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    model.put({"id": "1", name: "a"})
    found = model.get(id="1")
    assert getattr(found, name) == "a"
    found.update(F(name).set("b"))
    assert getattr(found, name) == stored(model, id="1")[name] == "b"
    setattr(found, name, "c")
    found.save(partial=True)
    assert stored(model, id="1")[name] == "c"
    model.update_item(F(name).set("d"), id="1", conditions=F(name) == "c")
    assert [one.id for one in model.scan(F(name) == "d")] == ["1"]
    assert natives(model.new_from_raw({"id": "2", name: "e"})) == {"id": "2", name: "e"}
    found.save(conditions=[F(name) == "d"])
    assert natives(model.get(id="1")) == {"id": "1", name: "c"}


def test_a_field_named_partial_passes_an_init_of_the_models_own(library, dynamo_tables):
    class Odd(DynaModel):
        class Table:
            name = "odd"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        Schema = library.schema({"id": text(required=True), "partial": text()})

        def __init__(self, **values):
            super().__init__(**values)

    dynamo_tables(Odd)
    Odd.put({"id": "1", "partial": "a"})
    assert natives(Odd.get(id="1")) == {"id": "1", "partial": "a"}


def test_a_field_that_a_childs_schema_drops_is_gone_from_class_and_instance(library, dynamo_tables):
    parent = library.model("Parent", TABLE, {"isbn": text(), "year": integer(), "update": text()})

    class Child(parent):
        Schema = library.schema({"isbn": text()})

    class Grandchild(Child):
        Schema = library.schema({"isbn": text(), "year": text()})

    dynamo_tables(parent)
    assert not hasattr(Child, "year") and not hasattr(Child(isbn="1"), "year")
    assert parent(isbn="1").year is None and parent.year is not None
    made = Child(isbn="1")
    made.save()
    assert made.update() is None
    made.save(partial=True)
    assert callable(Child.update) and callable(made.update)
    made.year = 7  # an attribute like any other
    assert (made.year, made.to_dict()) == (7, {"isbn": "1"})
    assert natives(Grandchild(isbn="1", year="x")) == {"isbn": "1", "year": "x"}
    assert [found.isbn for found in Grandchild.scan(Grandchild.year.is_(None))] == ["1"]


# The other forms of an instance.


def test_to_dict_has_stored_names_and_forms_or_python_names_and_natives(library):
    made = library.model("Book", TABLE, {"isbn": text(), "on": day(stored="On"), "note": text(stored="Note")})(
        isbn="1", on="2024-05-06"
    )
    # what has no value is left out, or None where that is the library's own way
    absent = library.name == "schematics"
    assert made.to_dict() == {"isbn": "1", "On": "2024-05-06", **({"Note": None} if absent else {})}
    assert made.to_dict(native=True) == {"isbn": "1", "on": dt.date(2024, 5, 6), **({"note": None} if absent else {})}


def test_validate_gives_the_native_values(book):
    made = book(isbn="1", title="T")
    made.year = "1999"
    found = {name: value for name, value in made.validate().items() if value is not None}
    assert found == {"isbn": "1", "title": "T", "year": 1999, "copies": 1}


def test_new_from_raw_takes_python_names_stored_names_and_none(library):
    model = book_model(library)
    assert model.new_from_raw(None) is None
    assert model.new_from_raw({"isbn": "1", "sub": "S"}).subtitle == "S"
    assert model.new_from_raw({"isbn": "1", "subtitle": "S", "year": "7"}).year == 7
    assert model.new_from_raw({"isbn": "1"}).copies == 1
    assert model.new_from_raw({"isbn": "1"}, partial=True).copies is None
    assert type(model.new_from_raw({"isbn": "1"})) is model
    with pytest.raises(ValidationError):
        model.new_from_raw({"year": "soon"})
    given = {"isbn": "1", "meta": {"a": 1}}
    model.new_from_raw(given)
    assert given == {"isbn": "1", "meta": {"a": 1}}


def test_from_item_and_to_item_speak_dynamodbs_typed_json(book):
    book.put(book_values())
    item = wire(book, isbn=BOOK_VALUES["isbn"])
    made = book.from_item(item)
    assert natives(made) == BOOK_VALUES
    again = made.to_item()
    for value in (item, again):
        value["genres"] = {"SS": sorted(value["genres"]["SS"])}
    assert again == item
    assert (made.is_dirty, made.is_partial) == (False, False)


def test_from_item_keeps_what_the_schema_does_not_know_and_to_item_gives_it_back(library):
    model = library.model("Book", TABLE, {"isbn": text(), "raw": binary()})
    item = {"isbn": {"S": "1"}, "raw": {"B": b"\x01"}, "colour": {"S": "red"}, "n": {"N": "1.50"}, "z": {"NULL": True}}
    made = model.from_item(item)
    assert made.extra == {"colour": "red", "n": decimal.Decimal("1.50"), "z": None}
    assert made.to_item() == item
    with pytest.raises(ValidationError):
        book_model(library).from_item({"isbn": {"S": "1"}, "year": {"S": "soon"}})


def test_bytes_in_typed_json_may_be_base64_text(library):
    model = library.model("Book", TABLE, {"isbn": text(), "raw": binary(), "meta": mapping()})
    item = {
        "isbn": {"S": "aGVsbG8="},
        "raw": {"B": "aGVsbG8="},
        "meta": {"M": {"set": {"BS": ["aGVsbG8="]}, "list": {"L": [{"B": "aGVsbG8="}, {"B": b"hello"}]}}},
        "zzz": {"B": "aGVsbG8="},
    }
    made = model.from_item(item)
    assert natives(made) == {
        "isbn": "aGVsbG8=",
        "raw": b"hello",
        "meta": {"set": {b"hello"}, "list": [b"hello", b"hello"]},
    }
    assert made.extra == {"zzz": b"hello"}
    assert model.from_item(made.to_item()).to_item() == made.to_item()
    assert item["raw"] == {"B": "aGVsbG8="}
    with pytest.raises(ValidationError):
        model.from_item({"isbn": {"S": "1"}, "raw": {"B": "no base64!"}})


def test_an_instance_knows_what_was_changed(book):
    book.put(book_values())
    found = book.get(isbn=BOOK_VALUES["isbn"])
    assert (found.is_dirty, found.changes, found.is_partial, found.key_changed, found.extra) == (
        False,
        {},
        False,
        False,
        {},
    )
    found.year = 2001
    found.tags.append("new")
    found.meta["shelf"]["row"] = 4
    found.author = None
    assert set(found.changes) == {"year", "tags", "meta", "author"}
    assert found.changes["year"] == (1999, 2001)
    assert found.changes["tags"] == (["sea", "deep", "sea"], ["sea", "deep", "sea", "new"])
    assert found.changes["author"] == ("Mr. Bar", None)
    assert found.is_dirty and not found.key_changed
    found.year = 1999
    assert "year" not in found.changes
    found.isbn = "other"
    assert found.key_changed
    found.isbn = BOOK_VALUES["isbn"]
    assert not found.key_changed


def test_a_new_instance_is_dirty_by_what_it_was_given(book):
    made = book(isbn="1", title="T")
    assert made.is_dirty and not made.key_changed
    assert made.changes == {"isbn": (None, "1"), "title": (None, "T")}
    made.save()
    assert (made.is_dirty, made.changes) == (False, {})


def test_inspect_tells_the_same_whatever_the_fields_are_called(library, dynamo_tables):
    names = ["is_dirty", "changes", "is_partial", "key_changed", "extra", "is_loaded"]
    fields = {"id": text(required=True), **{name: text() for name in names}}
    (model,) = dynamo_tables(library.model("Odd", {"name": "odd", "hash_key": "id"}, fields))
    made = model(id="1", **dict.fromkeys(names, "x"))
    seen = dynamorm.inspect(made)
    assert (seen.is_dirty, seen.is_partial, seen.is_loaded, seen.key_changed, seen.extra) == (
        True,
        False,
        False,
        False,
        {},
    )
    made.save()
    assert (seen.is_dirty, seen.is_loaded, seen.changes) == (False, True, {})
    made.changes = "y"
    assert seen.changes == {"changes": ("x", "y")}
    model.Table.table.update_item(Key={"id": "1"}, UpdateExpression="SET zzz = :o", ExpressionAttributeValues={":o": 1})
    assert dynamorm.inspect(model.get(id="1")).extra == {"zzz": 1}
    assert dynamorm.inspect(model.get(id="1", attrs=["changes"])).is_partial
    made.id = "2"
    assert seen.key_changed


def test_the_representation_shows_the_key(library, page):
    assert repr(page(isbn="1", number=2, body="long")) == "<Page isbn='1', number=2>"
    assert repr(page()) == "<Page isbn=None, number=None>"


def test_equality_is_by_model_and_complete_key_and_otherwise_by_identity(library, page):
    one, two = page(isbn="1", number=2, body="x"), page(isbn="1", number=2, body="y")
    assert one == two
    assert one != page(isbn="1", number=3)
    unfinished = page(isbn="1")
    assert unfinished != page(isbn="1") and unfinished == unfinished
    table = {"name": "pages", "hash_key": "isbn", "range_key": "number"}
    other = library.model("Other", table, {"isbn": text(), "number": integer()})
    assert other(isbn="1", number=2) != one
    assert one != {"isbn": "1", "number": 2} and one != "1"


def test_an_instance_is_hashable_when_its_key_is_complete(page):
    assert len({page(isbn="1", number=2), page(isbn="1", number=2), page(isbn="1", number=3)}) == 2
    with pytest.raises(TypeError, match="cannot be hashed before its key is complete"):
        hash(page(isbn="1"))


@pytest.fixture
def importable(monkeypatch):
    """Let a model be found by name, as pickle looks for classes."""

    def make_importable(model):
        monkeypatch.setattr(sys.modules[model.__module__], model.__qualname__, model, raising=False)
        return model

    return make_importable


def copied(way, instance):
    if way == "pickle":
        return pickle.loads(pickle.dumps(instance))
    return copy.copy(instance) if way == "copy" else copy.deepcopy(instance)


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_trap_copies_share_no_state(library, book, importable, way):
    importable(book)
    # the nested classes of pydantic are made inside a function here, where pickle cannot find them
    book.put(book_values(publisher=None, editions=None) if library.name == "pydantic" else book_values())
    book.Table.table.update_item(
        Key={"isbn": BOOK_VALUES["isbn"]}, UpdateExpression="SET zzz = :z", ExpressionAttributeValues={":z": 1}
    )
    found = book.get(isbn=BOOK_VALUES["isbn"])
    twin = copied(way, found)
    assert twin is not found and twin == found and type(twin) is book
    assert natives(twin) == natives(found)
    assert (twin.is_dirty, twin.extra, twin.is_partial) == (False, {"zzz": 1}, False)
    twin.year = 2020
    twin.incr(views=1)
    assert set(twin.changes) == {"year", "views"}
    assert (found.year, found.changes) == (1999, {})
    found.save(partial=True)
    assert twin.is_dirty
    twin.save(partial=True)
    assert (stored(book, isbn=BOOK_VALUES["isbn"])["year"], found.year, twin.is_dirty) == (2020, 1999, False)
    twin.save()
    assert stored(book, isbn=BOOK_VALUES["isbn"])["zzz"] == 1
    if way != "copy":
        twin.meta["shelf"]["row"] = 9
        twin.tags.append("x")
        assert (found.meta["shelf"]["row"], found.tags) == (3, ["sea", "deep", "sea"])
        assert set(twin.changes) == {"meta", "tags"} and found.changes == {}


@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_a_copy_of_a_partial_instance_is_partial_and_one_of_a_new_instance_is_new(book, importable, way):
    importable(book)
    book.put({"isbn": "1", "title": "T", "year": 7})
    twin = copied(way, book.get(isbn="1", attrs=["title"]))
    assert twin.is_partial
    with pytest.raises(PartialInstance):
        twin.save()
    new = copied(way, book(isbn="2", title="U"))
    assert not dynamorm.inspect(new).is_loaded
    new.save(partial=True)
    assert natives(book.get(isbn="2")) == {"isbn": "2", "title": "U", "copies": 1}


# An __init__ of the model's own.


def own_init_model(library, init, name="Own"):
    fields = {"isbn": text(required=True), "title": text(), "year": integer(), "copies": integer(default=1)}
    return library.model(name, TABLE, fields, __init__=init)


def test_without_an_init_of_its_own_a_model_is_read_without_calling_one(library, dynamo_tables, monkeypatch):
    (model,) = dynamo_tables(library.model("Book", TABLE, {"isbn": text(required=True)}))
    model.put({"isbn": "1"})

    def refuse(self, /, **values):
        raise AssertionError("reads skip the constructor")

    monkeypatch.setattr(DynaModel, "__init__", refuse)
    assert model.get(isbn="1").isbn == "1"
    assert [found.isbn for found in model.scan()] == ["1"]


def test_an_init_that_takes_any_keywords_is_used_on_reads(library, dynamo_tables):
    calls = []

    def init(self, partial=False, **values):
        calls.append((partial, values))
        DynaModel.__init__(self, partial=partial, **values)
        self.cache = {}

    (model,) = dynamo_tables(own_init_model(library, init))
    model(isbn="1", title="T", year="7").save()
    calls.clear()
    found = model.get(isbn="1")
    assert calls == [(False, {"isbn": "1", "title": "T", "year": 7, "copies": 1})]
    assert (found.cache, found.is_dirty, natives(found)) == (
        {},
        False,
        {"isbn": "1", "title": "T", "year": 7, "copies": 1},
    )
    calls.clear()
    part = model.get(isbn="1", attrs=["title"])
    assert calls == [(True, {"isbn": "1", "title": "T"})]
    assert part.is_partial and part.copies is None
    calls.clear()
    assert [type(one) for one in model.scan()] == [model]
    assert len(calls) == 1


def test_an_init_that_takes_any_keywords_may_change_what_is_read_as_in_0_11(library, dynamo_tables):
    def init(self, **values):
        if values.get("title"):
            values["title"] = values["title"].strip()
        values["year"] = str(values.get("year") or 1900)
        DynaModel.__init__(self, **values)
        self.title = self.title and self.title.upper()

    (model,) = dynamo_tables(own_init_model(library, init))
    model.Table.table.put_item(Item={"isbn": "1", "title": " the title "})
    found = model.get(isbn="1")
    assert (found.title, found.year, found.copies) == ("THE TITLE", 1900, 1)
    assert set(found.changes) == {"title", "year"}
    found.save(partial=True)
    assert stored(model, isbn="1") == {"isbn": "1", "title": "THE TITLE", "year": 1900}


def test_an_init_need_not_call_ours(library, dynamo_tables):
    def init(self, **values):
        self.title = "set by init"
        self.tool = "hammer"

    (model,) = dynamo_tables(own_init_model(library, init))
    made = model(isbn="ignored")
    assert (made.isbn, made.title, made.year, made.tool) == (None, "set by init", None, "hammer")
    made.isbn = "1"
    made.save()
    assert stored(model, isbn="1")["title"] == "set by init"
    model.update_item(isbn="1", title="stored", year=7)
    found = model.get(isbn="1")
    assert (found.isbn, found.title, found.year, found.tool) == ("1", "stored", 7, "hammer")
    assert not found.is_dirty


def test_an_init_with_arguments_of_its_own_is_gone_round_on_reads(library, dynamo_tables):
    calls = []

    def init(self, title, isbn):
        calls.append(title)
        self.title, self.isbn = title, isbn

    (model,) = dynamo_tables(own_init_model(library, init))
    made = model("T", "1")
    made.save()
    calls.clear()
    found = model.get(isbn="1")
    assert (found.title, found.isbn, calls) == ("T", "1", [])
    assert [one.title for one in model.scan()] == ["T"]
    assert [one.title for one in model.get_batch([{"isbn": "1"}])] == ["T"]
    found.title = "U"
    found.save(partial=True)
    assert stored(model, isbn="1")["title"] == "U"


# Signals around construction.


def test_pre_init_and_post_init_are_sent_at_construction_with_what_is_given(library):
    model = own_init_model(library, DynaModel.__init__)
    seen = []

    def before(sender, instance, partial, raw):
        seen.append(("pre", sender, natives(instance), partial, dict(raw)))
        raw["title"] = "from the receiver"

    def after(sender, instance, partial, raw):
        seen.append(("post", sender, natives(instance), partial, dict(raw)))

    with pre_init.connected_to(before, sender=model), post_init.connected_to(after, sender=model):
        made = model(isbn="1", year="7")
    assert seen == [
        ("pre", model, {}, False, {"isbn": "1", "year": "7"}),
        (
            "post",
            model,
            {"isbn": "1", "year": 7, "title": "from the receiver", "copies": 1},
            False,
            {"isbn": "1", "year": "7", "title": "from the receiver"},
        ),
    ]
    assert made.title == "from the receiver"


@pytest.mark.parametrize("kind", ["none of its own", "any keywords", "own arguments"])
def test_pre_init_and_post_init_are_sent_on_reads_when_they_have_receivers(library, dynamo_tables, kind):
    def keywords(self, **values):
        DynaModel.__init__(self, **values)

    def arguments(self, isbn, title):
        self.isbn, self.title = isbn, title

    init = {"none of its own": DynaModel.__init__, "any keywords": keywords, "own arguments": arguments}[kind]
    (model,) = dynamo_tables(own_init_model(library, init))
    model.put({"isbn": "1", "title": "T"})
    seen = []

    def before(sender, instance, partial, raw):
        seen.append(("pre", sender, partial, raw["title"]))
        raw["title"] = raw["title"] + "!"

    def after(sender, instance, partial, raw):
        seen.append(("post", sender, partial, instance.title))

    with pre_init.connected_to(before, sender=model), post_init.connected_to(after, sender=model):
        found = model.get(isbn="1")
        assert found.title == "T!"
        assert seen == [("pre", model, False, "T"), ("post", model, False, "T!")]
        seen.clear()
        assert [one.title for one in model.query(isbn="1").only("title")] == ["T!"]
        assert seen == [("pre", model, True, "T"), ("post", model, True, "T!")]
    assert model.get(isbn="1").title == "T"


# Stored items that the schema refuses.


def test_a_stored_item_that_the_schema_refuses_is_named_by_its_key(library, page):
    raw = page.Table.table
    raw.put_item(Item={"isbn": "1", "number": 2, "words": "many"})
    for read in (
        lambda: page.get(isbn="1", number=2),
        lambda: page.scan().all(),
        lambda: list(page.query(isbn="1")),
        lambda: list(page.get_batch([{"isbn": "1", "number": 2}])),
    ):
        with pytest.raises(ValidationError, match=r"stored Page with key \{'isbn': '1', 'number': '2'\}"):
            read()


def test_a_stored_item_without_a_required_field_is_refused(book):
    book.Table.table.put_item(Item={"isbn": "1"})
    with pytest.raises(ValidationError, match="stored Book with key"):
        book.get(isbn="1")


@pytest.fixture
def spoilt(book):
    for isbn in "12345":
        book.put({"isbn": isbn, "title": "T", "author": "a", "year": int(isbn)})
    for isbn in "24":
        book.Table.table.update_item(
            Key={"isbn": isbn}, UpdateExpression="SET copies = :c", ExpressionAttributeValues={":c": "many"}
        )
    return book


@pytest.mark.parametrize("page_size", [None, 1, 2])
def test_iteration_goes_on_after_an_item_that_the_schema_refuses(spoilt, page_size):
    query = spoilt.ByAuthor.query(author="a")
    if page_size:
        query = query.page_size(page_size)
    for start in (iter, lambda one: one):
        items, found, refused = start(query), [], 0
        while True:
            try:
                found.append(next(items).isbn)
            except ValidationError:
                refused += 1
            except StopIteration:
                break
        assert (found, refused) == (["1", "3", "5"], 2)


def test_what_becomes_of_refused_items_can_be_decided_beforehand(spoilt):
    query = spoilt.ByAuthor.query(author="a")
    assert [found.isbn for found in query.on_invalid("skip")] == ["1", "3", "5"]
    refused = []
    assert [found.isbn for found in query.on_invalid(refused.append)] == ["1", "3", "5"]
    assert [type(error) for error in refused] == [ValidationError] * 2
    assert sorted(found.isbn for found in spoilt.scan().on_invalid("skip")) == ["1", "3", "5"]
    with pytest.raises(ValidationError):
        query.all()


# Defaults and what is absent.


def test_a_default_satisfies_what_is_required(library, dynamo_tables):
    if library.name == "marshmallow":
        kind = {"copies": library.library.fields.Integer(required=True, dump_default=3)}
    elif library.name == "schematics":
        kind = {"copies": library.types.IntType(required=True, default=3)}
    else:
        kind = {"copies": 3, "__annotations__": {"isbn": str, "copies": int}}
    body = {**kind, "__module__": __name__}
    if library.name != "pydantic":
        body["isbn"] = library.field(text(required=True))
    (model,) = dynamo_tables(library.model("Book", TABLE, type("Schema", (), body)))
    assert model(isbn="1").copies == 3
    model(isbn="1").save()
    model.put({"isbn": "2"})
    assert stored(model, isbn="1") == {"isbn": "1", "copies": 3}
    assert stored(model, isbn="2") == {"isbn": "2", "copies": 3}
    model.Table.table.put_item(Item={"isbn": "3"})
    assert model.get(isbn="3").copies == 3


def test_defaults_of_loading_come_before_defaults_of_dumping():
    fields = pytest.importorskip("marshmallow.fields")

    class Book(DynaModel):
        class Table:
            name = "books"
            hash_key = "isbn"

        class Schema:
            isbn = fields.String()
            one = fields.Integer(load_default=1, dump_default=2)
            two = fields.Integer(dump_default=2)
            three = fields.Integer(dump_default=lambda: 3)

    assert Book().to_dict(native=True) == {"one": 1, "two": 2, "three": 3}


def test_an_absent_attribute_shows_its_default_and_counts_as_absent(book, operations):
    raw = book.Table.table
    raw.put_item(Item={"isbn": "1", "title": "T"})
    found = book.get(isbn="1")
    assert (found.copies, found.is_dirty, found.changes) == (1, False, {})
    operations.clear()
    assert found.save(partial=True) is None
    assert operations == []
    found.title = "U"
    found.save(partial=True)
    assert stored(book, isbn="1") == {"isbn": "1", "title": "U"}
    found.copies = 2
    assert found.changes == {"copies": (None, 2)}
    found.copies = 1
    assert found.changes == {"copies": (None, 1)}  # assigned, it is the program's own
    found.save(partial=True)
    assert stored(book, isbn="1")["copies"] == 1
    book.get(isbn="1").save()


def test_an_absent_default_that_was_changed_in_place_is_a_change(library, dynamo_tables):
    fields = {"isbn": text(required=True), "tags": listing(text(), default=list)}
    (model,) = dynamo_tables(library.model("Book", TABLE, fields))
    model.Table.table.put_item(Item={"isbn": "1"})
    found = model.get(isbn="1")
    found.tags.append("x")
    assert found.changes == {"tags": (None, ["x"])}
    found.save(partial=True)
    assert stored(model, isbn="1") == {"isbn": "1", "tags": ["x"]}


# What a save may not erase.


def test_trap_a_save_on_an_instance_from_a_keys_only_index_does_not_erase_the_document(book):
    book.put(book_values())
    before = stored(book, isbn=BOOK_VALUES["isbn"])
    (found,) = book.ByTitle.query(title=BOOK_VALUES["title"])
    assert (found.is_partial, found.author) == (True, None)
    for refuse in (found.save, lambda: found.save(unique=True), lambda: book.put(found), lambda: book.put_batch(found)):
        with pytest.raises(PartialInstance):
            refuse()
    assert stored(book, isbn=BOOK_VALUES["isbn"]) == before


@pytest.mark.parametrize("way", ["index", "attrs", "only", "batch"])
def test_an_instance_that_was_loaded_in_part_is_updated_partially_saved_refreshed_and_deleted(book, way):
    book.put(book_values())

    def part():
        if way == "index":
            return book.ByTitle.query(title=BOOK_VALUES["title"]).one()
        if way == "attrs":
            return book.get(isbn=BOOK_VALUES["isbn"], attrs=["title"])
        if way == "only":
            return book.query(isbn=BOOK_VALUES["isbn"]).only("title").one()
        return next(iter(book.get_batch([{"isbn": BOOK_VALUES["isbn"]}], attrs=["title"])))

    found = part()
    assert found.is_partial and not found.is_dirty
    with pytest.raises(PartialInstance):
        found.save()
    found.year = 2020
    found.save(partial=True)
    found.update(rank=3)
    assert natives(book.get(isbn=BOOK_VALUES["isbn"])) == {**BOOK_VALUES, "year": 2020, "rank": 3}
    found.refresh()
    assert not found.is_partial
    assert natives(found) == {**BOOK_VALUES, "year": 2020, "rank": 3}
    found.save()
    part().delete()
    assert book.get(isbn=BOOK_VALUES["isbn"]) is None
    with pytest.raises(DoesNotExist):
        found.refresh()


def test_an_instance_from_an_index_that_holds_everything_is_whole(book):
    book.put(book_values())
    (found,) = book.ByAuthor.query(author=BOOK_VALUES["author"])
    assert not found.is_partial
    found.title = "New"
    found.save()
    assert natives(book.get(isbn=BOOK_VALUES["isbn"])) == {**BOOK_VALUES, "title": "New"}


def test_trap_attributes_that_the_schema_does_not_know_are_not_erased_by_a_save(book, operations):
    raw = book.Table.table
    book.put({"isbn": "1", "title": "T", "year": 5, "author": "a"})
    set_extra = {"Key": {"isbn": "1"}, "UpdateExpression": "SET zzz = :z, #s = :s"}
    set_extra["ExpressionAttributeNames"] = {"#s": "size"}
    raw.update_item(**set_extra, ExpressionAttributeValues={":z": {"x": 1}, ":s": 1})
    found = book.get(isbn="1")
    assert found.extra == {"zzz": {"x": 1}, "size": 1}
    raw.update_item(**set_extra, ExpressionAttributeValues={":z": "newer", ":s": 2})
    raw.update_item(Key={"isbn": "1"}, UpdateExpression="SET weight = :w", ExpressionAttributeValues={":w": 4})
    found.title, found.year = "U", None
    operations.clear()
    found.save()
    assert operations == ["UpdateItem"]
    # as they are now; what is declared and absent from the instance is gone, as it is from a put
    assert stored(book, isbn="1") == {
        "isbn": "1",
        "title": "U",
        "author": "a",
        "copies": 1,
        "zzz": "newer",
        "size": 2,
    }
    assert not found.is_dirty
    found.save()
    assert stored(book, isbn="1")["zzz"] == "newer"


def test_a_save_without_such_attributes_a_put_and_a_new_instance_store_the_whole_item(book, operations):
    raw = book.Table.table

    def spoil():
        raw.put_item(Item={"isbn": "1", "title": "T", "copies": 1, "zzz": 1})

    book.put({"isbn": "1", "title": "T"})
    found = book.get(isbn="1")
    for write in (found.save, lambda: book.put({"isbn": "1", "title": "T"}), book(isbn="1", title="T").save):
        spoil()
        operations.clear()
        write()
        assert operations == ["PutItem"]
        assert stored(book, isbn="1") == {"isbn": "1", "title": "T", "copies": 1}


def test_extra_survives_partial_saves_updates_and_refreshes(book):
    book.Table.table.put_item(Item={"isbn": "1", "title": "T", "zzz": 1})
    found = book.get(isbn="1")
    found.title = "U"
    found.save(partial=True)
    found.update(year=7)
    assert found.extra == {"zzz": 1}
    found.save()
    assert stored(book, isbn="1") == {"isbn": "1", "title": "U", "year": 7, "copies": 1, "zzz": 1}
    book.Table.table.update_item(Key={"isbn": "1"}, UpdateExpression="REMOVE zzz")
    found.refresh()
    assert found.extra == {}


# Overriding.


def test_signals_precede_validation_so_a_receiver_can_make_an_instance_valid(book):
    made = book(isbn="1")

    def finish(sender, instance, put_kwargs):
        instance.title = "from the receiver"

    with pre_save.connected_to(finish, sender=book):
        made.save()
    assert stored(book, isbn="1")["title"] == "from the receiver"


def test_partial_saves_go_through_the_classes_own_update_and_that_through_its_update_item(library, dynamo_tables):
    calls = []

    def update(self, *actions, **options):
        updates = {name: value for name, value in options.items() if name in BOOK}
        calls.append(("update", updates))
        options["copies"] = 9
        return DynaModel.update(self, *actions, **options)

    def update_item(cls, *actions, **options):
        calls.append(("update_item", {name: value for name, value in options.items() if name in BOOK}))
        options["rank"] = 5
        return super(model, cls).update_item(*actions, **options)

    model = book_model(library, update=update, update_item=classmethod(update_item))
    dynamo_tables(model)
    model.put({"isbn": "1", "title": "T"})
    found = model.get(isbn="1")
    found.title = "U"
    found.save(partial=True)
    assert calls == [
        ("update", {"title": "U"}),
        ("update_item", {"isbn": "1", "title": "U", "copies": 9}),
    ]
    assert stored(model, isbn="1") == {"isbn": "1", "title": "U", "copies": 9, "rank": 5}
    assert (found.copies, found.rank, found.is_dirty) == (9, 5, False)
