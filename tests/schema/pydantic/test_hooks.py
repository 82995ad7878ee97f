"""How often the user's validators and serializers run, when, and on what."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

pytest.importorskip("pydantic")

from pydantic import (
    BaseModel,
    PlainValidator,
    field_validator,
    model_validator,
)

from dynamorm.exceptions import DynaModelException, ValidationError
from dynamorm.schema import PARTIAL, TRUSTED

from .declared import CALLS, Hooked, Line, adapt, counted, stored

FIELD_HOOKS = {"wrap isbn": 1, "before year": 1, "after year": 1, "line": 1, "line model": 1}
MODEL_HOOKS = {"model before": 1, "model wrap": 1, "model after": 1, "post init": 1}
DUMP_HOOKS = {"dump year": 1, "dump model": 1, "label": 1}
GIVEN = {"isbn": "1", "year": 1990, "line": {"qty": 1}}


class TestHooks:
    @pytest.fixture
    def adapter(self) -> Any:
        adapter = adapt(Hooked)
        CALLS.clear()
        return adapter

    def test_construction(self, adapter: Any) -> None:
        adapter.natives_of_given(GIVEN)
        assert CALLS == {**FIELD_HOOKS, "factory": 1}

    def test_construction_without_defaults(self, adapter: Any) -> None:
        assert adapter.natives_of_given({"isbn": "1"}, defaults=False) == {"isbn": "1"}
        assert CALLS == {"wrap isbn": 1}

    def test_put(self, adapter: Any) -> None:
        natives = adapter.natives_of_whole(GIVEN)
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS, "factory": 1}
        CALLS.clear()
        assert adapter.dump(natives)["label"] == "1/1990"
        assert CALLS == DUMP_HOOKS

    def test_save(self, adapter: Any) -> None:
        natives = adapter.natives_of_given(GIVEN)
        CALLS.clear()
        adapter.checked_dump(adapter.natives_of_assigned(natives))
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS, **DUMP_HOOKS}

    def test_read(self, adapter: Any) -> None:
        item = stored(adapter, adapter.natives_of_whole(GIVEN))
        CALLS.clear()
        adapter.natives_of_stored(item)
        assert CALLS == {**FIELD_HOOKS, **MODEL_HOOKS}

    def test_projected_read(self, adapter: Any) -> None:
        assert adapter.natives_of_stored({"year": 1990, "label": "x"}, PARTIAL) == {"year": 1990}
        assert CALLS == {"before year": 1, "after year": 1}

    def test_trusted_read(self, adapter: Any) -> None:
        natives = adapter.natives_of_stored({"year": 1990, "line": {"qty": 2}}, TRUSTED)
        assert natives == {"year": 1990, "line": Line.model_construct(qty=2), "made": [1]}
        assert CALLS == {"factory": 1}

    def test_later_fields_see_earlier_ones(self) -> None:
        seen = []

        class Schema(BaseModel):
            a: int
            b: int = 5
            c: int

            @field_validator("c")
            @classmethod
            def look(cls, value: int, info: Any) -> int:
                seen.append(dict(info.data))
                return value

        adapter = adapt(Schema)
        adapter.natives_of_given({"a": 1, "c": 2})
        adapter.natives_of_given({"a": 1, "c": 2}, defaults=False)
        adapter.natives_of_whole({"a": 1, "c": 2})
        assert seen == [{"a": 1, "b": 5}, {"a": 1}, {"a": 1, "b": 5}]

    def test_a_model_validator_sees_the_whole(self) -> None:
        class Schema(BaseModel):
            low: int
            high: int

            @model_validator(mode="after")
            def ordered(self) -> Schema:
                if self.low > self.high:
                    raise ValueError("upside down")
                return self

        adapter = adapt(Schema)
        natives = adapter.natives_of_given({"low": 2, "high": 1})
        with pytest.raises(ValidationError, match="upside down") as caught:
            adapter.natives_of_whole(natives)
        assert caught.value.errors[0]["loc"] == ()
        with pytest.raises(ValidationError, match="upside down"):
            adapter.checked_dump(natives)
        with pytest.raises(ValidationError, match="upside down"):
            adapter.natives_of_stored({"low": 2, "high": 1})
        assert adapter.natives_of_stored({"low": 2, "high": 1}, TRUSTED) == natives

    def test_a_model_validator_that_loses_the_model(self) -> None:
        class Schema(BaseModel):
            a: int

            @model_validator(mode="wrap")
            @classmethod
            def lost(cls, data: Any, handler: Any) -> Any:
                return 3

        with pytest.raises(DynaModelException, match="return the model"):
            adapt(Schema).natives_of_whole({"a": 1})


def test_a_validator_instead_of_pydantics_runs_once_for_a_save() -> None:
    class Schema(BaseModel):
        code: Annotated[str, PlainValidator(counted("plain"))]

    adapter = adapt(Schema)
    natives = adapter.natives_of_given({"code": "x"})
    CALLS.clear()
    assert adapter.checked_dump(adapter.natives_of_assigned(natives)) == {"code": "x"}
    assert CALLS == {"plain": 1}
    assert adapter.natives_of_stored({"code": "x"}, TRUSTED) == natives
