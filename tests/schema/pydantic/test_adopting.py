"""Which classes are pydantic's, and what becomes of them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

pytest.importorskip("pydantic")

import pydantic
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    computed_field,
    field_validator,
)

from dynamorm.exceptions import DynaModelException, UnknownSchema, ValidationError
from dynamorm.schema import adapter_for
from dynamorm.schema.registry import LIBRARIES

from .declared import Inner, adapt, round_trip


class TestRecognising:
    def test_a_model(self) -> None:
        class Schema(BaseModel):
            isbn: str

        adapter = adapt(Schema, "BookSchema")
        assert adapter.schema.__name__ == "BookSchema"
        assert issubclass(adapter.schema, Schema)
        assert adapter.schema.base_schema_type() is BaseModel
        assert list(adapter.schema.dynamorm_fields()) == ["isbn"]

    def test_a_plain_class_of_annotations(self) -> None:
        class Schema:
            isbn: str
            year: int = Field(2000, ge=1900)
            model_config = ConfigDict(str_strip_whitespace=True)

            @field_validator("isbn")
            @classmethod
            def upper(cls, value: str) -> str:
                return value.upper()

            @computed_field  # type: ignore[prop-decorator]
            @property
            def label(self) -> str:
                return f"{self.isbn}/{self.year}"

            def shout(self) -> str:
                return self.isbn + "!"

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"isbn": " a "})
        assert natives == {"isbn": "A", "year": 2000}
        assert adapter.dump(natives)["label"] == "A/2000"
        assert adapter.schema(isbn="x").shout() == "X!"
        with pytest.raises(ValidationError):
            adapter.natives_of_given({"year": 1})

    def test_names_that_are_local_to_a_function(self) -> None:
        class Inner(BaseModel):
            x: int

        Alias = Annotated[int, Field(ge=3)]

        class Outer:
            class Schema:
                inner: Inner
                count: Alias = 3

        adapter = adapt(Outer.Schema)
        assert adapter.natives_of_given({"inner": {"x": "1"}})["inner"] == Inner(x=1)

    def test_a_model_whose_names_are_gone(self) -> None:
        def make() -> Any:
            class Gone(BaseModel):
                x: int

            class Schema(BaseModel):
                a: Annotated[int, Field(gt=0, alias="A")]
                gone: Gone | None = None
                made: list[Gone] = Field(default_factory=list)

                @field_validator("a")
                @classmethod
                def double(cls, value: int) -> int:
                    return value * 2

            Schema.model_rebuild(_types_namespace={**globals(), **locals()})
            return Schema

        adapter = adapt(make())
        assert adapter.natives_of_given({"A": 2, "gone": {"x": 1}})["a"] == 4
        assert adapter.fields["a"].stored == "A" and adapter.fields["a"].required
        with pytest.raises(ValidationError):
            adapter.natives_of_given({"a": 0})

    def test_inherited_annotations(self) -> None:
        class Base:
            isbn: str

        class Schema(Base):
            year: int = 3

        assert set(adapt(Schema).fields) == {"isbn", "year"}

    def test_nothing_of_anybody(self) -> None:
        class Schema:
            isbn = 3

        with pytest.raises(UnknownSchema):
            adapter_for("Book", Schema)

    def test_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Schema:
            isbn: str

        monkeypatch.setattr("dynamorm.schema.registry.find_spec", lambda name: None)
        with pytest.raises(UnknownSchema, match=r'pip install "dynamorm\[pydantic\]"'):
            adapter_for("Book", Schema)
        assert "pydantic" in LIBRARIES

    def test_fields_called_like_methods_of_the_library(self) -> None:
        class Schema:
            copy: str
            json: int = 3
            schema: str | None = None
            validate: bool = False

        adapter = adapt(Schema)
        assert adapter.natives_of_given({"copy": "x"}) == {"copy": "x", "json": 3, "schema": None, "validate": False}
        assert round_trip(adapter, copy="x", schema="s")["schema"] == "s"
        assert {spec.required for name, spec in adapter.fields.items() if name == "copy"} == {True}

    @pytest.mark.filterwarnings("ignore:Field name")
    def test_such_fields_in_a_model(self) -> None:
        class Schema(BaseModel):
            copy: str  # type: ignore[assignment]
            json: int = 3  # type: ignore[assignment]

        adapter = adapt(Schema)
        assert adapter.fields["copy"].required
        assert adapter.natives_of_given({"copy": "x"}) == {"copy": "x", "json": 3}

    def test_what_pydantic_refuses(self) -> None:
        class Schema:
            isbn: object.__class__.mro  # type: ignore[name-defined]

        with pytest.raises(DynaModelException, match="ThingSchema"):
            adapt(Schema)

    def test_names_that_are_nowhere(self) -> None:
        class Schema:
            other: Nowhere  # type: ignore[name-defined]  # noqa: F821

        with pytest.raises(DynaModelException, match="Nowhere"):
            adapt(Schema)

    def test_a_root_model_has_no_fields(self) -> None:
        class Schema(pydantic.RootModel[list[int]]):
            pass

        with pytest.raises(DynaModelException, match="fields"):
            adapt(Schema)
