"""What every schema adapter has to do alike, as tests that any adapter's author can run with pytest.

A :class:`SchemaKit` says how the common things are declared in a library; the tests are methods of
:class:`SchemaSuite`::

    class TestMine(SchemaSuite):
        kit = MyKit()

With the fixtures of ``dynamorm.pytest_plugin`` at hand, items also go through a local engine and back.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pytest

import dynamorm
from dynamorm.exceptions import UnknownSchema, ValidationError
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE, Adapter, DynamORMSchema, adapter_for, adapter_of
from dynamorm.wire.codec import WireItem, decode_item, encode_item

NATIVES: Mapping[str, Any] = {
    "isbn": "978-0",
    "title": "Distant Stars",
    "pages": 320,
    "rating": 4.35,
    "price": Decimal("19.990000000000000001"),
    "in_print": True,
    "published": dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc),
    "ident": uuid.UUID("12345678-1234-5678-1234-567812345678"),
    "tags": ["space", "", "space"],
    "stock": {"here": 3, "there": 0},
    "genres": {"science", "fiction"},
    "publisher": {"name": "Orbit Press", "city": "Turin"},
    "note": "a note",
    "shelf": "B7",
}
SERIALISED: Mapping[str, Any] = {
    "pages": "320",
    "rating": "4.35",
    "price": "19.990000000000000001",
    "in_print": "true",
    "published": "2024-05-06T07:08:09+00:00",
    "ident": "12345678-1234-5678-1234-567812345678",
    "genres": ["science", "fiction", "science"],
}
BAD: Mapping[str, Any] = {
    "title": ["no", "text"],
    "pages": "many",
    "rating": "high",
    "price": "cheap",
    "published": "yesterday",
    "ident": "x",
    "tags": 5,
    "stock": {"here": "many"},
    "publisher": {"city": "without a name"},
}
KEY_TYPES: Mapping[str, str | None] = {
    "isbn": "S",
    "pages": "N",
    "rating": "N",
    "ident": "S",
    "in_print": None,
    "tags": None,
    "stock": None,
    "genres": None,
    "publisher": None,
}


class SchemaKit:
    """How the common things are declared in one library; subclass it and fill in what is missing.

    The values that tests use stand in the attributes ``natives``, ``serialised``, ``bad`` and ``key_types``, by the
    names of fields; what a library cannot do is left out of them, or replaced by what it can.
    """

    library_error: ClassVar[type[Exception]]
    """What the library raises for a bad value; it becomes the ``__cause__`` of ours."""

    natives: Mapping[str, Any] = NATIVES
    """A native value for each field of :meth:`book`; a nested schema's as a dict."""

    serialised: Mapping[str, Any] = SERIALISED
    """Other forms of the same values, which the library's load accepts."""

    bad: Mapping[str, Any] = BAD
    """Values that the library refuses."""

    key_types: Mapping[str, str | None] = KEY_TYPES
    """The DynamoDB type under which each field can be a key, ``None`` where it cannot."""

    def book(self) -> type:
        """Return an inner ``Schema`` with the fields of :attr:`natives`.

        ``isbn`` is required; ``title`` is ``"Untitled"`` by default; ``pages`` may not be over 1000; ``shelf`` is
        stored as ``Shelf``; ``note`` accepts ``None``; ``publisher`` is nested, with a required ``name`` and a
        ``city``; ``genres`` is a set of strings and ``stock`` maps strings to integers.
        """
        raise NotImplementedError

    def nullable(self) -> type | None:
        """Return one with ``isbn`` and a required ``note`` that accepts ``None``, if there are such fields."""
        return None

    def with_set(self) -> type | None:
        """Return one with ``isbn`` and a required ``genres``; ``None`` where the library knows no sets."""
        return None

    def counted(self, calls: Counter[str]) -> type | None:
        """Return one with ``isbn`` and ``published`` whose hooks count in ``calls``; ``None`` where there are no hooks.

        ``calls["load"]``: a hook before or after a load.  ``calls["field"]``: a validator of ``published``, which has
        to see a native value.  ``calls["whole"]``: a schema-wide validator.  Those that do not exist count nothing.
        """
        return None

    counts: tuple[str, ...] = ("load", "field", "whole")
    """Which of the calls :meth:`counted` counts."""

    def fields_in(self, errors: Any) -> set[str]:
        """Return the names of the fields that a library's report names."""
        return set(errors)

    def plain(self, native: Any) -> Any:
        """Return the native value of the nested schema as a dict."""
        return native

    def adapter(self, inner: type) -> Adapter:
        """Return the adapter of an inner ``Schema``, made as a model makes it."""
        kind = adapter_for("Book", inner)
        schema = kind.adopt("BookSchema", inner)
        adapter = kind(schema)
        type.__setattr__(schema, "_dynamorm_adapter", adapter)
        return adapter


def through_storage(dumped: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a dump is after DynamoDB had it."""
    return decode_item(encode_item(dumped))


class SchemaSuite:
    """The tests; a subclass whose name begins with ``Test`` sets :attr:`kit`."""

    kit: ClassVar[SchemaKit]

    @pytest.fixture
    def book(self) -> Adapter:
        return self.kit.adapter(self.kit.book())

    def same(self, loaded: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        """Compare natives with what they should be, types included."""
        assert {name for name, value in loaded.items() if value is not None} == set(expected)
        for name, value in expected.items():
            found = self.kit.plain(loaded[name]) if name == "publisher" else loaded[name]
            assert found == value, name
            assert type(found) is type(value), name

    def refused(self, adapter: Adapter, call: Any) -> set[str]:
        """Return the fields for which a value is refused."""
        with pytest.raises(ValidationError) as caught:
            call()
        error = caught.value
        assert str(error).startswith(f"Validation failed for schema {adapter.schema_name}. Errors: ")
        assert error.schema_name == adapter.schema_name == "BookSchema"
        assert error.raw is not None
        assert error.__cause__ is not None
        return self.kit.fields_in(error.errors)

    # Declaring

    def test_the_schema_becomes_a_class_of_the_library(self, book: Adapter) -> None:
        assert book.schema.__name__ == "BookSchema"
        assert issubclass(book.schema, DynamORMSchema)
        assert book.schema.base_schema_type() is book.base
        assert adapter_of(book.schema) is book

    def test_all_fields_are_described(self, book: Adapter) -> None:
        assert set(book.fields) == set(self.kit.natives) == set(book.schema.dynamorm_fields())  # type: ignore[attr-defined]
        assert {spec.stored for spec in book.fields.values()} == (set(self.kit.natives) - {"shelf"}) | {"Shelf"}
        assert book.fields["isbn"].required and not book.fields["note"].required
        assert book.fields["note"].nullable
        nested = book.fields["publisher"].fields
        assert nested is not None and set(nested) == {"name", "city"}
        assert nested["name"].required
        if "genres" in book.fields:
            assert book.fields["genres"].kind == "set"

    def test_an_adapter_claims_its_own_schemas_only(self) -> None:
        class Foreign:
            isbn = object()

        with pytest.raises(UnknownSchema):
            adapter_for("Book", Foreign)

    def test_fields_have_key_types(self, book: Adapter) -> None:
        for name, letter in self.kit.key_types.items():
            assert book.fields[name].key_type == letter, name

    # Taking in

    def test_natives_are_taken_as_they_are(self, book: Adapter) -> None:
        self.same(book.natives_of_given(self.kit.natives), self.kit.natives)
        self.same(book.natives_of_whole(self.kit.natives), self.kit.natives)

    def test_serialised_forms_become_natives(self, book: Adapter) -> None:
        given = {**self.kit.natives, **self.kit.serialised}
        self.same(book.natives_of_given(given), self.kit.natives)
        self.same(book.natives_of_whole(given), self.kit.natives)

    def test_the_stored_name_is_taken_as_well(self, book: Adapter) -> None:
        assert book.natives_of_given({"Shelf": "B7"})["shelf"] == "B7"

    def test_what_is_given_is_not_changed(self, book: Adapter) -> None:
        given = {**self.kit.natives, "tags": ["a"], "stock": {"here": 1}, "publisher": {"name": "x"}}
        copy = {**given, "tags": ["a"], "stock": {"here": 1}, "publisher": {"name": "x"}}
        book.natives_of_given(given)
        book.natives_of_whole(given)
        assert given == copy

    def test_bad_values_are_refused_by_field(self, book: Adapter) -> None:
        for name, value in self.kit.bad.items():
            given = {**self.kit.natives, name: value}
            assert self.refused(book, lambda given=given: book.natives_of_given(given)) == {name}
            assert self.refused(book, lambda given=given: book.natives_of_whole(given)) == {name}

    def test_the_cause_is_the_librarys_own_error(self, book: Adapter) -> None:
        with pytest.raises(ValidationError) as caught:
            book.natives_of_given({"pages": "many"})
        assert isinstance(caught.value.__cause__, self.kit.library_error)

    def test_validators_of_fields_run_on_what_is_given(self, book: Adapter) -> None:
        assert self.refused(book, lambda: book.natives_of_given({"pages": 1001})) == {"pages"}
        assert self.refused(book, lambda: book.natives_of_whole({"isbn": "1", "pages": 1001})) == {"pages"}

    def test_what_is_missing_matters_in_whole_items_only(self, book: Adapter) -> None:
        self.same(book.natives_of_given({"pages": 1}), {"pages": 1, "title": "Untitled"})
        self.same(book.natives_of_given({"pages": 1}, defaults=False), {"pages": 1})
        assert self.refused(book, lambda: book.natives_of_whole({"pages": 1})) == {"isbn"}
        self.same(book.natives_of_whole({"isbn": "1"}), {"isbn": "1", "title": "Untitled"})

    def test_none_means_not_given(self, book: Adapter) -> None:
        self.same(book.natives_of_given({"isbn": "1", "pages": None, "note": None}), {"isbn": "1", "title": "Untitled"})

    # Giving out, and reading

    def stored(self, adapter: Adapter, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a save of these values stores, as the codec reads it."""
        return through_storage(adapter.checked_dump(adapter.natives_of_assigned(adapter.natives_of_given(values))))

    def test_natives_come_back_from_storage(self, book: Adapter) -> None:
        for mode in (WHOLE, PARTIAL, TRUSTED):
            self.same(book.natives_of_stored(self.stored(book, self.kit.natives), mode), self.kit.natives)

    def test_put_stores_the_same_as_save(self, book: Adapter) -> None:
        put = through_storage(book.dump(book.natives_of_whole(self.kit.natives)))
        assert put == self.stored(book, self.kit.natives)

    def test_the_ambient_decimal_context_plays_no_part(self, book: Adapter) -> None:
        with decimal.localcontext() as context:
            context.prec = 5
            self.same(book.natives_of_stored(self.stored(book, self.kit.natives)), self.kit.natives)

    def test_stored_names_are_used_in_storage(self, book: Adapter) -> None:
        stored = self.stored(book, self.kit.natives)
        assert stored["Shelf"] == "B7" and "shelf" not in stored

    def test_sets_are_stored_as_sets(self, book: Adapter) -> None:
        if "genres" in self.kit.natives:
            wire = encode_item(book.dump(book.natives_of_given({"genres": {"b", "a"}})))
            assert wire["genres"] == {"SS": ["a", "b"]}

    def test_assigned_values_may_have_any_form(self, book: Adapter) -> None:
        assigned = {**book.natives_of_given(self.kit.natives), **self.kit.serialised, "publisher": {"name": "x"}}
        expected = {**self.kit.natives, "publisher": {"name": "x"}}
        stored = through_storage(book.checked_dump(book.natives_of_assigned(assigned)))
        self.same_nested(book.natives_of_stored(stored), expected)
        assert stored == self.stored(book, expected)

    def same_nested(self, loaded: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        publisher = self.kit.plain(loaded["publisher"])
        assert {name: value for name, value in publisher.items() if value is not None} == expected["publisher"]
        rest = {name: value for name, value in loaded.items() if name != "publisher"}
        self.same(rest, {name: value for name, value in expected.items() if name != "publisher"})

    def test_bad_assigned_values_are_refused_by_field(self, book: Adapter) -> None:
        for name, value in self.kit.bad.items():
            assigned = {**book.natives_of_given(self.kit.natives), name: value}
            call = lambda assigned=assigned: book.checked_dump(book.natives_of_assigned(assigned))  # noqa: E731
            assert self.refused(book, call) == {name}

    def test_saving_demands_what_is_required(self, book: Adapter) -> None:
        assert self.refused(book, lambda: book.checked_dump({"pages": 1})) == {"isbn"}

    def test_partial_reads_demand_and_add_nothing(self, book: Adapter) -> None:
        self.same(book.natives_of_stored({"pages": 1}, PARTIAL), {"pages": 1})
        assert self.refused(book, lambda: book.natives_of_stored({"pages": 1001}, PARTIAL)) == {"pages"}

    def test_whole_reads_demand_and_validate_everything(self, book: Adapter) -> None:
        assert self.refused(book, lambda: book.natives_of_stored({"pages": 1})) == {"isbn"}
        assert self.refused(book, lambda: book.natives_of_stored({"isbn": "1", "pages": 1001})) == {"pages"}
        with pytest.raises(ValidationError, match=r"\(the place\)$"):
            book.natives_of_stored({}, WHOLE, "the place")

    def test_trusted_reads_convert_only(self, book: Adapter) -> None:
        stored = {"pages": 1001, "published": self.stored(book, self.kit.natives)["published"]}
        loaded = book.natives_of_stored(stored, TRUSTED)
        assert loaded["pages"] == 1001
        assert loaded["published"] == self.kit.natives["published"]
        assert self.refused(book, lambda: book.natives_of_stored({"pages": "many"}, TRUSTED)) == {"pages"}

    def test_unknown_stored_attributes_are_passed_over(self, book: Adapter) -> None:
        stored = self.stored(book, self.kit.natives)
        stored["unknown"] = {"a": [1]}
        stored["publisher"]["unknown"] = 1
        for mode in (WHOLE, PARTIAL, TRUSTED):
            self.same(book.natives_of_stored(stored, mode), self.kit.natives)

    def test_null_is_none_where_accepted_and_absent_elsewhere(self, book: Adapter) -> None:
        stored = {"isbn": "1", "pages": None, "note": None, "publisher": {"name": "x", "city": None}}
        loaded = book.natives_of_stored(stored)
        assert loaded.get("pages") is None and loaded.get("note") is None
        assert {name: value for name, value in self.kit.plain(loaded["publisher"]).items() if value is not None} == {
            "name": "x"
        }

    def test_none_is_not_stored(self, book: Adapter) -> None:
        stored = through_storage(
            book.checked_dump(book.natives_of_assigned({"isbn": "1", "note": None, "pages": None}))
        )
        assert stored == {"isbn": "1"} or stored == {"isbn": "1", "title": "Untitled"}

    def test_a_required_field_that_accepts_none_is_saved_as_none(self) -> None:
        inner = self.kit.nullable()
        if inner is None:
            pytest.skip("the library has no such fields")
        adapter = self.kit.adapter(inner)
        stored = through_storage(adapter.checked_dump(adapter.natives_of_whole({"isbn": "1", "note": None})))
        assert stored == {"isbn": "1"}
        assert adapter.natives_of_stored(stored) == {"isbn": "1", "note": None}
        assert adapter.natives_of_stored({**stored, "note": None}) == {"isbn": "1", "note": None}
        assert self.refused(adapter, lambda: adapter.natives_of_whole({"isbn": "1"})) == {"note"}

    def test_a_required_set_may_be_empty(self) -> None:
        inner = self.kit.with_set()
        if inner is None:
            pytest.skip("the library has no sets")
        adapter = self.kit.adapter(inner)
        stored = through_storage(adapter.checked_dump(adapter.natives_of_whole({"isbn": "1", "genres": set()})))
        assert stored == {"isbn": "1"}
        assert adapter.natives_of_stored(stored) == {"isbn": "1", "genres": set()}

    def test_hooks_run_once_for_a_write_and_once_for_a_read(self) -> None:
        calls: Counter[str] = Counter()
        inner = self.kit.counted(calls)
        if inner is None:
            pytest.skip("the library has no hooks")
        adapter = self.kit.adapter(inner)
        once = dict.fromkeys(self.kit.counts, 1)

        def ran() -> dict[str, int]:
            counts = dict(calls)
            calls.clear()
            return counts

        given = {"isbn": "1", "published": self.kit.natives["published"]}
        natives = adapter.natives_of_given(given)
        assert ran() == {name: 1 for name in self.kit.counts if name != "whole"}
        adapter.dump(adapter.natives_of_whole(given))
        assert ran() == once
        stored = through_storage(adapter.checked_dump(adapter.natives_of_assigned(natives)))
        assert ran() == once
        adapter.natives_of_stored(stored)
        assert ran() == once
        adapter.natives_of_stored(stored, PARTIAL)
        assert ran() == {name: 1 for name in self.kit.counts if name != "whole"}
        adapter.natives_of_stored(stored, TRUSTED)
        assert ran().keys() <= {"load"}

    # Through models

    def model(self) -> Any:
        table = type("Table", (), {"name": "books", "hash_key": "isbn", "read": 1, "write": 1})
        return type("Book", (dynamorm.DynaModel,), {"Table": table, "Schema": self.kit.book()})

    def test_a_model_goes_through_its_item_and_back(self) -> None:
        model = self.model()
        item: WireItem = model.to_item(model(**self.kit.natives))
        read = model.from_item(item)
        self.same({name: getattr(read, name) for name in self.kit.natives}, self.kit.natives)
        assert model.to_item(read) == item

    def test_reading_an_item_that_is_refused_names_it(self) -> None:
        with pytest.raises(ValidationError) as caught:
            self.model().from_item({"isbn": {"S": "978-0"}, "pages": {"S": "many"}})
        assert "978-0" in str(caught.value)
        assert isinstance(caught.value.__cause__, self.kit.library_error)

    def test_a_model_goes_through_a_real_engine_and_back(self, request: pytest.FixtureRequest) -> None:
        try:
            tables = request.getfixturevalue("dynamo_tables")
        except pytest.FixtureLookupError:
            pytest.skip("the fixtures of dynamorm.pytest_plugin are not here")
        model = self.model()
        tables(model)
        model(**self.kit.natives).save()
        read = model.get(isbn=self.kit.natives["isbn"])
        self.same({name: getattr(read, name) for name in self.kit.natives}, self.kit.natives)
        model.put({**self.kit.natives, "isbn": "another"})
        read = model.get(isbn="another")
        self.same({name: getattr(read, name) for name in self.kit.natives}, {**self.kit.natives, "isbn": "another"})
