"""Hooks of schemas: how often they run, and what happens when they fail."""

from __future__ import annotations

import datetime as dt

import pytest

from dynamorm import DynaModel, DynaModelException, ValidationError

from ..books import BOOK_TABLE
from ..libraries import day, text


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
    made = library.model("Book", BOOK_TABLE, schema)(isbn="1")
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
    (model,) = dynamo_tables(library.model("Book", BOOK_TABLE, counting_schema(library, calls)))
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
