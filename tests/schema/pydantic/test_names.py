"""Aliases, and names that no field has."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
)
from pydantic.alias_generators import to_camel

from dynamorm.exceptions import ValidationError
from dynamorm.schema import PARTIAL, TRUSTED

from .declared import Inner, adapt, round_trip, stored


class TestNames:
    class Schema(BaseModel):
        a: int = Field(alias="A")
        b: int = Field(2, validation_alias="in_b", serialization_alias="out_b")
        c: int = Field(3, validation_alias=AliasChoices("c1", AliasPath("deep", 0)))

        @computed_field(alias="Sum")  # type: ignore[prop-decorator]
        @property
        def total(self) -> int:
            return self.a + self.b

    def test_aliases(self) -> None:
        adapter = adapt(self.Schema)
        assert {name: spec.stored for name, spec in adapter.fields.items()} == {
            "a": "A", "b": "out_b", "c": "c", "total": "Sum",
        }  # fmt: skip
        assert {spec.source for spec in adapter.inputs} == {"a", "b", "c"}
        natives = {"a": 1, "b": 5, "c": 7}
        assert adapter.dump(natives) == {"A": 1, "out_b": 5, "c": 7, "Sum": 6}
        assert adapter.natives_of_stored({"A": 1, "out_b": 5, "c": 7, "Sum": 6}) == natives
        for given in ({"a": 1, "b": 5, "c": 7}, {"A": 1, "in_b": 5, "c1": 7}, {"A": 1, "out_b": 5, "deep": [7]}):
            assert adapter.natives_of_given(given) == natives
            assert adapter.natives_of_whole(given) == natives
        assert adapter.computed_value(adapter.fields["total"], natives) == 6
        assert adapter.computed_value(adapter.fields["total"], {"a": 1}) is None

    def test_a_generator_of_aliases(self) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(alias_generator=to_camel)
            first_name: str

        adapter = adapt(Schema)
        assert adapter.dump(adapter.natives_of_given({"first_name": "x"})) == {"firstName": "x"}

    def test_names_that_change_places(self) -> None:
        class Swapped(BaseModel):
            a: int = Field(0, alias="b")
            b: int = Field(0, alias="a")

        class Schema(Swapped):
            inner: Swapped = Swapped()
            either: Swapped | str = ""

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"a": 1, "inner": {"a": 2}, "either": {"b": 3}})
        assert (natives["a"], natives["b"], natives["inner"].a, natives["inner"].b) == (1, 0, 2, 0)
        natives = adapter.natives_of_whole({"a": 1, "b": 2, "inner": Swapped(b=3, a=4), "either": Swapped(b=5, a=6)})
        assert adapter.dump(natives) == {
            "b": 1, "a": 2, "inner": {"b": 3, "a": 4}, "either": {"b": 5, "a": 6},
        }  # fmt: skip
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives
        assert adapter.natives_of_assigned(natives) == natives

    def test_nested_aliases_that_differ(self) -> None:
        class Inner(BaseModel):
            x: int = Field(validation_alias="in_x", serialization_alias="out_x")

        class Schema(BaseModel):
            one: Inner
            many: list[Inner]
            either: Inner | int

        adapter = adapt(Schema)
        given = {"one": {"in_x": 1}, "many": [{"x": 2}, {"out_x": 3}], "either": {"in_x": 4}}
        natives = adapter.natives_of_whole(given)
        assert adapter.dump(natives) == {
            "one": {"out_x": 1},
            "many": [{"out_x": 2}, {"out_x": 3}],
            "either": {"out_x": 4},
        }
        assert adapter.natives_of_stored(stored(adapter, natives)) == natives


class TestUnknown:
    @pytest.mark.parametrize("policy", [None, "ignore", "forbid", "allow"])
    def test_policies(self, policy: Any) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(extra=policy) if policy else ConfigDict()
            a: int
            inner: Inner | None = None

            @computed_field  # type: ignore[prop-decorator]
            @property
            def twice(self) -> int:
                return self.a * 2

        adapter = adapt(Schema)
        for take in (adapter.natives_of_given, adapter.natives_of_whole):
            if policy == "forbid":
                with pytest.raises(ValidationError, match="extra_forbidden"):
                    take({"a": 1, "z": 2})
            else:
                expected = {"a": 1, "inner": None, **({"z": 2} if policy == "allow" else {})}
                assert take({"a": 1, "z": 2}) == expected
        item = {"a": 1, "twice": 2, "z": 3, "inner": {"x": 1, "z": 4, "twice": 2}}
        for mode in (PARTIAL, TRUSTED, "whole"):
            assert adapter.natives_of_stored(item, mode)["inner"] == Inner(x=1)
        assert adapter.natives_of_whole({"a": 1, "twice": 2})["a"] == 1
        if policy == "allow":
            assert adapter.dump({"a": 1, "z": 2}) == {"a": 1, "inner": None, "twice": 2, "z": 2}


def test_unknown_names_in_nested_models_are_kept_where_the_model_says_so() -> None:
    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")
        x: int = Field(alias="X")

    class Schema(BaseModel):
        one: Open
        many: list[Open] = []

    adapter = adapt(Schema)
    natives = round_trip(adapter, one={"X": 1, "more": [1]}, many=[{"x": 2, "more": "m"}])
    assert natives["one"].more == [1] and natives["many"][0].more == "m"
    assert adapter.natives_of_assigned(natives) == natives
    assert adapter.natives_of_stored(stored(adapter, natives), TRUSTED) == natives
