"""When the user's validators and conversions run, how often, and on what."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("schematics")

from schematics import types
from schematics.exceptions import ValidationError as Refusal
from schematics.models import Model
from schematics.types.serializable import serializable

from dynamorm.schema.base import PARTIAL, TRUSTED, WHOLE

from .declared import adapter_of, adapter_with, errors_of

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")


class TestValidateMethods:
    @pytest.fixture
    def calls(self):
        return Counter()

    @pytest.fixture
    def adapter(self, calls):
        class Schema:
            start = types.IntType()
            end = types.IntType(serialized_name="End", default=9)
            note = types.StringType()

            def validate_start(self, data, value, context):
                calls["start"] += 1
                if value is not None and data["end"] is not None and value > data["end"]:
                    raise Refusal("after the end")

            def validate_end(self, data, value):
                calls["end"] += 1
                assert data["end"] == value == self.end
                if value == 0:
                    raise Refusal("no end")

            @classmethod
            def validate_note(cls, data, value):
                calls["note"] += 1

        return adapter_of(Schema)

    def test_construction_runs_those_of_what_is_given(self, adapter, calls):
        adapter.natives_of_given({"start": 1})
        assert calls == {"start": 1}
        assert errors_of(adapter.natives_of_given, {"End": 0}) == {"End": ["no end"]}

    def test_they_see_the_other_values(self, adapter):
        assert errors_of(adapter.natives_of_given, {"start": 2, "end": 1}) == {"start": ["after the end"]}
        assert errors_of(adapter.natives_of_whole, {"start": 10}) == {"start": ["after the end"]}

    def test_a_whole_item_runs_all_once(self, adapter, calls):
        adapter.natives_of_whole({"start": 1})
        assert calls == {"start": 1, "end": 1, "note": 1}

    def test_reading(self, adapter, calls):
        adapter.natives_of_stored({"start": 1}, WHOLE)
        assert calls == {"start": 1, "end": 1, "note": 1}
        calls.clear()
        adapter.natives_of_stored({"start": 1}, PARTIAL)
        assert calls == {"start": 1}
        calls.clear()
        assert adapter.natives_of_stored({"start": 1, "End": 0}, TRUSTED) == {"start": 1, "end": 0}
        assert not calls

    def test_a_wrong_value_is_not_shown_to_them(self, adapter, calls):
        assert errors_of(adapter.natives_of_whole, {"start": "x", "End": 1}) == {"start": ["Value 'x' is not int."]}
        assert calls == {"end": 1, "note": 1}

    def test_they_can_change_the_data(self):
        class Schema:
            title = types.StringType()
            slug = types.StringType()

            def validate_title(self, data, value):
                data["slug"] = value.lower()

        assert adapter_of(Schema).natives_of_whole({"title": "A"}) == {"title": "A", "slug": "a"}

    def test_those_of_nested_models_run_once(self, calls):
        class Inner(Model):
            a = types.IntType()

            def validate_a(self, data, value):
                calls["inner"] += 1
                if value == 0:
                    raise Refusal("zero")

        adapter = adapter_with(f=types.ModelType(Inner), g=types.ListType(types.ModelType(Inner)))
        adapter.natives_of_whole({"f": {"a": 1}})
        assert calls["inner"] == 1
        assert errors_of(adapter.natives_of_given, {"g": [{"a": 0}]}) == {"g": {0: {"a": ["zero"]}}}


class TestCounts:
    """Every hook once for a write and once for a read."""

    @pytest.fixture
    def calls(self):
        return Counter()

    @pytest.fixture
    def adapter(self, calls):
        def checked(value):
            calls["validator", value] += 1
            assert isinstance(value, int)

        class Own(types.IntType):
            def validate_own(self, value, context=None):
                calls["type", value] += 1

        class Schema:
            a = types.IntType(validators=[checked])
            b = Own()
            c = types.ListType(types.IntType(validators=[checked]))

            def validate_a(self, data, value):
                calls["method", value] += 1

            @serializable(type=types.IntType())
            def d(self):
                calls["serializable"] += 1
                return 5

        return adapter_of(Schema)

    GIVEN = {"a": "1", "b": "2", "c": ["3"]}
    EACH_ONCE = {("validator", 1): 1, ("type", 2): 1, ("validator", 3): 1, ("method", 1): 1}

    def test_put(self, adapter, calls):
        adapter.dump(adapter.natives_of_whole(self.GIVEN))
        assert calls == {**self.EACH_ONCE, "serializable": 1}

    def test_save(self, adapter, calls):
        adapter.checked_dump(adapter.natives_of_assigned(self.GIVEN))
        assert calls == {**self.EACH_ONCE, "serializable": 1}

    def test_read(self, adapter, calls):
        wire = {"a": 1, "b": 2, "c": [3], "d": 5}
        adapter.natives_of_stored(wire)
        assert calls == self.EACH_ONCE
        calls.clear()
        assert adapter.natives_of_stored(wire, TRUSTED) == {"a": 1, "b": 2, "c": [3]}
        assert not calls
