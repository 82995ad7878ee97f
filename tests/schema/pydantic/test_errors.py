"""What is refused, and what the errors say."""

from __future__ import annotations

import pickle
from typing import Annotated, Any

import pytest

pytest.importorskip("pydantic")

import pydantic
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
)

from dynamorm.exceptions import ValidationError
from dynamorm.schema import TRUSTED

from .declared import Address, Everything, adapt


def be_even(number: int) -> int:
    if number % 2:
        raise ValueError("odd")
    return number


class TestErrors:
    def test_shape(self) -> None:
        class Schema(BaseModel):
            year: int
            address: Address

        adapter = adapt(Schema)
        with pytest.raises(ValidationError) as caught:
            adapter.natives_of_given({"year": "x", "address": {"city": []}})
        theirs: Any = None
        try:
            Schema(year="x", address={"city": []})  # type: ignore[arg-type]
        except pydantic.ValidationError as error:
            theirs = error.errors(include_url=False)
        assert caught.value.errors == theirs
        assert isinstance(caught.value.__cause__, pydantic.ValidationError)
        assert str(caught.value).startswith("Validation failed for schema ThingSchema. Errors: ")

    def test_missing(self) -> None:
        adapter = adapt(Everything)
        with pytest.raises(ValidationError) as caught:
            adapter.natives_of_whole({})
        assert {error["type"] for error in caught.value.errors} == {"missing"}
        assert adapter.natives_of_given({}) == {}

    def test_pickles(self) -> None:
        class Odd(ValueError):
            def __init__(self, one: int, two: int) -> None:
                super().__init__("odd")

        class Schema(BaseModel):
            a: int
            b: Any

            @field_validator("a")
            @classmethod
            def refuse(cls, value: int) -> int:
                raise Odd(1, 2)

            @field_validator("b")
            @classmethod
            def refuse_too(cls, value: Any) -> int:
                raise ValueError("no")

        with pytest.raises(ValidationError) as caught:
            adapt(Schema).natives_of_given({"a": 1, "b": lambda: 3})
        errors = caught.value.errors
        assert pickle.loads(pickle.dumps(errors))[0]["loc"] == ("a",)
        assert errors[0]["ctx"] == {"error": "odd"}

    def test_secrets_stay_secret(self) -> None:
        class Schema(BaseModel):
            year: int
            password: SecretStr = Field(min_length=10)

        adapter = adapt(Schema)
        for values in ({"year": 1, "password": "hunter2"}, {"password": "hunter2" * 3}):
            with pytest.raises(ValidationError) as caught:
                adapter.natives_of_whole(values)
            assert "hunter2" not in str(caught.value)
            assert "hunter2" not in str(caught.value.__cause__)

    def test_input_can_be_hidden(self) -> None:
        class Schema(BaseModel):
            model_config = ConfigDict(hide_input_in_errors=True)
            year: int

        with pytest.raises(ValidationError) as caught:
            adapt(Schema).natives_of_given({"year": "topsecret"})
        assert "topsecret" not in str(caught.value)

    def test_what_cannot_be_dumped(self) -> None:
        class Schema(BaseModel):
            year: int
            address: Address

        adapter = adapt(Schema)
        natives = adapter.natives_of_whole({"year": 1, "address": {"city": "x"}})
        natives["address"].city = object()
        with pytest.raises(ValidationError) as caught:
            adapter.dump(natives)
        assert "address" in caught.value.errors

    def test_constraints_at_every_step(self) -> None:
        class Schema(BaseModel):
            rank: Annotated[int, Field(ge=1, le=5)]
            even: Annotated[list[Annotated[int, AfterValidator(be_even)]], Field(max_length=2)] = []

        adapter = adapt(Schema)
        for take in (adapter.natives_of_given, adapter.natives_of_whole, adapter.natives_of_stored):
            with pytest.raises(ValidationError):
                take({"rank": 6})
        assert adapter.natives_of_stored({"rank": 6, "even": [1, 2, 3]}, TRUSTED) == {"rank": 6, "even": [1, 2, 3]}
        assert adapter.convert(adapter.fields["rank"], "6") == 6
        with pytest.raises(ValidationError):
            adapter.natives_of_stored({"rank": "x"}, TRUSTED)
