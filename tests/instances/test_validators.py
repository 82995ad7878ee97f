"""When validators of fields and of whole items run."""

from __future__ import annotations

import pytest

from dynamorm import DynaModel, GlobalIndex, ProjectKeys, ValidationError

from ..books import BOOK_TABLE
from ..libraries import integer, natives, text
from ..stored import stored_item


def test_field_validators_run_on_what_is_given_and_on_what_is_assigned_when_it_is_saved(book):
    made = book(isbn="1", title="T", rank=5)
    made.rank = 6
    for refuse in (made.validate, made.save, lambda: made.save(partial=True), lambda: made.update(rank=7)):
        with pytest.raises(ValidationError):
            refuse()
    assert stored_item(book, isbn="1") is None


def ordered(values):
    low, high = values.get("low"), values.get("high")
    return None if low is not None and high is not None and low <= high else "low and high are out of order"


def span_model(library, **body):
    fields = {"isbn": text(required=True), "low": integer(), "high": integer(), "kind": text()}

    class ByKind(GlobalIndex):
        name = "by-kind"
        hash_key = "kind"
        projection = ProjectKeys()

    return library.model("Span", BOOK_TABLE, library.schema(fields, whole=ordered), ByKind=ByKind, **body)


def test_an_empty_instance_of_a_schema_with_schema_wide_validators_can_be_made(library):
    model = span_model(library)
    assert natives(model()) == {}
    assert natives(model(low=5)) == {"low": 5}
    assert natives(model(low=5, high=1)) == {"low": 5, "high": 1}
    assert natives(model.new_from_raw({"low": 5, "high": 1})) == {"low": 5, "high": 1}


def test_validators_of_schematics_do_not_run_for_fields_that_are_not_given():
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


def test_validate_gives_the_native_values(book):
    instance = book(isbn="1", title="T", year="5")
    assert instance.validate()["year"] == 5
