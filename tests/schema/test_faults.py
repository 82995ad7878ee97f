"""Whatever a conversion or a validator raises is a ValidationError of its field, whatever way a value takes."""

from __future__ import annotations

import decimal
import traceback
from collections import Counter
from typing import Annotated, Any

import pytest

from dynamorm import DynaModel
from dynamorm.exceptions import ValidationError
from dynamorm.writing.update_actions import asked_actions, resolved_actions

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

LIBRARIES = ("marshmallow", "schematics", "pydantic")


class Fault(Exception):
    """Something that no library raises to say that a value is wrong."""


FAULTS = [Fault, KeyError, ArithmeticError, RecursionError, MemoryError, StopIteration, decimal.InvalidOperation]
calls: Counter[str] = Counter()


def checked(library: str, *functions: Any, **options: Any) -> Any:
    """Return a field of integers with validators."""
    if library == "marshmallow":
        from marshmallow import fields

        return fields.Integer(validate=list(functions), **options)
    if library == "schematics":
        from schematics import types

        return types.IntType(validators=list(functions), **options)
    from pydantic import AfterValidator

    annotation: Any = int | None
    for function in functions:
        annotation = Annotated[annotation, AfterValidator(function)]
    return annotation


def of_texts(library: str) -> Any:
    if library == "marshmallow":
        from marshmallow import fields

        return fields.String()
    if library == "schematics":
        from schematics import types

        return types.StringType()
    return str | None


def model_of(library: str, fields: dict[str, Any], **members: Any) -> Any:
    pytest.importorskip(library)
    fields = {"id": of_texts(library), **fields}
    if library == "pydantic":
        members = {**dict.fromkeys(fields), **members, "__annotations__": fields}
    else:
        members = {**fields, **members}
    table = type("Table", (), {"name": "things", "hash_key": "id"})
    body = {"__module__": __name__, "Table": table, "Schema": type("Schema", (), members)}
    return type(DynaModel)("Thing", (DynaModel,), body)


def saved(model: Any, **values: Any) -> Any:
    thing = model(id="1")
    thing.__dict__.update(values)
    return model._dynamorm.store.mapper.dump(thing.__dict__)


def updated(model: Any, **updates: Any) -> Any:
    mapper = model._dynamorm.store.mapper
    return resolved_actions(mapper, asked_actions(mapper, [], updates))


def ways(model: Any, value: Any, stored: Any) -> dict[str, Any]:
    mapper = model._dynamorm.store.mapper
    return {
        "constructor": lambda: model(id="1", f=value),
        "put": lambda: mapper.wire_of_new({"id": "1", "f": value}),
        "save": lambda: saved(model, f=value),
        "update": lambda: updated(model, f=value),
        "loading": lambda: model.from_item({"id": {"S": "1"}, "f": stored}),
        "projection": lambda: mapper.load({"id": {"S": "1"}, "f": stored}, "partial"),
        "raw": lambda: model.new_from_raw({"id": "1", "f": value}),
    }


def names_in(error: ValidationError) -> set[str]:
    return {str(name).partition(".")[0] for name in error.errors.messages}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_validator_raises_is_an_error_of_its_field(library: str, fault: type[Exception]) -> None:
    pytest.importorskip(library)

    def judge(value: Any) -> Any:
        if value == 5:
            raise fault("sudden")
        return value

    model = model_of(library, {"f": checked(library, judge), "other": checked(library, judge)})
    for name, way in ways(model, 5, {"N": "5"}).items():
        with pytest.raises(ValidationError) as caught:
            way()
        assert names_in(caught.value) == {"f"}, name
        assert fault.__name__ in str(caught.value)
        # whoever wrote the validator finds the place
        told = "".join(traceback.format_exception(caught.value))
        assert "in judge" in told, name
    for way in ways(model, 6, {"N": "6"}).values():
        way()


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_no_exception_passes(library: str) -> None:
    pytest.importorskip(library)

    def judge(value: Any) -> Any:
        raise KeyboardInterrupt

    model = model_of(library, {"f": checked(library, judge)})
    for way in ways(model, 5, {"N": "5"}).values():
        with pytest.raises(KeyboardInterrupt):
            way()


def test_nan_against_bounds_is_an_error_of_its_field() -> None:
    pytest.importorskip("schematics")
    from schematics import types

    model = model_of("schematics", {"f": types.DecimalType(max_value=5)})
    for name, way in ways(model, decimal.Decimal("NaN"), {"S": "NaN"}).items():
        with pytest.raises(ValidationError) as caught:
            way()
        assert names_in(caught.value) == {"f"}, name


def test_what_validators_of_nested_values_raise_is_an_error_of_the_outer_field() -> None:
    for library in LIBRARIES:
        try:
            pytest.importorskip(library)
        except pytest.skip.Exception:
            continue

        def judge(value: Any) -> Any:
            raise Fault("sudden")

        if library == "marshmallow":
            import marshmallow

            inner = marshmallow.Schema.from_dict({"x": checked(library, judge)})
            field: Any = marshmallow.fields.List(marshmallow.fields.Nested(inner))
        elif library == "schematics":
            import schematics

            inner = type("Inner", (schematics.Model,), {"x": checked(library, judge)})
            field = schematics.types.ListType(schematics.types.ModelType(inner))
        else:
            import pydantic

            inner = pydantic.create_model("Inner", x=(checked(library, judge), ...))
            field = list[inner] | None  # type: ignore[valid-type]
        model = model_of(library, {"f": field})
        for name, way in ways(model, [{"x": 1}], {"L": [{"M": {"x": {"N": "1"}}}]}).items():
            with pytest.raises(ValidationError) as caught:
                way()
            assert names_in(caught.value) == {"f"}, (library, name)
        with pytest.raises(ValidationError):
            updated(model, f__append={"x": 1})


class TestFunctionsThatSeeMore:
    def fault(self, *args: Any, **kwargs: Any) -> Any:
        raise Fault("sudden")

    @pytest.mark.parametrize("hook", ["pre_load", "post_load", "validates_schema"])
    def test_of_marshmallow(self, hook: str) -> None:
        marshmallow = pytest.importorskip("marshmallow")
        hooked = getattr(marshmallow, hook)(lambda schema, values, **kwargs: self.fault())
        model = model_of("marshmallow", {"f": marshmallow.fields.Integer()}, hooked=hooked)
        for name, way in ways(model, 5, {"N": "5"}).items():
            if hook == "validates_schema" and name in ("constructor", "update", "projection", "raw"):
                continue
            with pytest.raises(ValidationError) as caught:
                way()
            assert "Fault: sudden" in str(caught.value), name

    def test_of_one_field_of_marshmallow(self) -> None:
        marshmallow = pytest.importorskip("marshmallow")
        hooked = marshmallow.validates("f")(lambda schema, value, **kwargs: self.fault())
        model = model_of("marshmallow", {"f": marshmallow.fields.Integer()}, hooked=hooked)
        for name, way in ways(model, 5, {"N": "5"}).items():
            with pytest.raises(ValidationError) as caught:
                way()
            assert caught.value.errors == {"f": ["Fault: sudden"]}, name

    def test_of_schematics(self) -> None:
        types = pytest.importorskip("schematics.types")
        model = model_of("schematics", {"f": types.IntType()}, validate_f=lambda *others: self.fault())
        for name, way in ways(model, 5, {"N": "5"}).items():
            with pytest.raises(ValidationError) as caught:
                way()
            assert "Fault: sudden" in str(caught.value.errors["f"]), name

    @pytest.mark.parametrize("mode", ["before", "after"])
    def test_of_pydantic(self, mode: Any) -> None:
        pydantic = pytest.importorskip("pydantic")

        class Schema(pydantic.BaseModel):
            id: str
            f: int = 1

            if mode == "after":

                @pydantic.model_validator(mode="after")
                def looked_at(self) -> Any:
                    raise Fault("sudden")

            else:

                @pydantic.model_validator(mode="before")
                @classmethod
                def looked_at(cls, values: Any) -> Any:
                    raise Fault("sudden")

        table = type("Table", (), {"name": "things", "hash_key": "id"})
        body = {"__module__": __name__, "Table": table, "Schema": Schema}
        model = type(DynaModel)("Thing", (DynaModel,), body)
        for name in ("put", "save", "loading"):
            with pytest.raises(ValidationError) as caught:
                ways(model, 5, {"N": "5"})[name]()
            assert "Fault: sudden" in str(caught.value), name


class TestRunOnce:
    """No validator runs twice for one write, whatever else has a say in it."""

    def counted(self, name: str) -> Any:
        def judge(value: Any, *others: Any, **kwargs: Any) -> Any:
            calls[name] += 1
            return value if name == "pydantic" else True

        return judge

    def assert_once(self, model: Any, **values: Any) -> None:
        mapper = model._dynamorm.store.mapper
        thing = model(**values)
        for way in (
            lambda: model(**values),
            lambda: mapper.wire_of_new(values),
            lambda: mapper.dump(thing.__dict__),
        ):
            calls.clear()
            way()
            assert set(calls.values()) <= {1}, calls

    def test_beside_methods_of_schematics(self) -> None:
        types = pytest.importorskip("schematics.types")

        def validate_f(self: Any, data: Any, value: Any, context: Any) -> None:
            calls["method"] += 1

        fields = {name: types.IntType(validators=[self.counted(name)]) for name in "fg"}
        model = model_of("schematics", fields, validate_f=validate_f)
        self.assert_once(model, id="1", f=5, g=6)

    def test_beside_schema_wide_ones_of_marshmallow(self) -> None:
        marshmallow = pytest.importorskip("marshmallow")

        @marshmallow.validates_schema
        def whole(schema: Any, values: Any, **kwargs: Any) -> None:
            calls["whole"] += 1

        @marshmallow.validates("f")
        def one(schema: Any, value: Any, **kwargs: Any) -> None:
            calls["one"] += 1

        fields = {name: marshmallow.fields.Integer(validate=self.counted(name)) for name in "fg"}
        self.assert_once(model_of("marshmallow", fields, whole=whole), id="1", f=5, g=6)
        self.assert_once(model_of("marshmallow", fields, one=one), id="1", f=5, g=6)

    def test_beside_model_validators_of_pydantic(self) -> None:
        pydantic = pytest.importorskip("pydantic")

        class Schema(pydantic.BaseModel):
            id: str
            f: Annotated[int, pydantic.AfterValidator(self.counted("pydantic"))]

            @pydantic.model_validator(mode="after")
            def looked_at(self) -> Any:
                calls["whole"] += 1
                return self

        table = type("Table", (), {"name": "things", "hash_key": "id"})
        body = {"__module__": __name__, "Table": table, "Schema": Schema}
        self.assert_once(type(DynaModel)("Thing", (DynaModel,), body), id="1", f=5)


def test_a_nested_schema_of_marshmallow_that_is_partial_is_so_in_either_form() -> None:
    marshmallow = pytest.importorskip("marshmallow")
    fields = marshmallow.fields
    inner = marshmallow.Schema.from_dict({"a": fields.Integer(), "b": fields.Integer(load_default=5)})
    for declared, wrapped in (
        (fields.Nested(inner(partial=True)), lambda value: value),
        (fields.List(fields.Nested(inner(partial=True))), lambda value: [value]),
        (fields.Nested(inner(partial=("b",))), lambda value: value),
        (fields.Nested(inner), lambda value: value),
    ):
        model = model_of("marshmallow", {"f": declared})
        mapper = model._dynamorm.store.mapper
        for way in (
            lambda value, model=model: updated(model, f=value)[0].value,
            lambda value, model=model: model(id="1", f=value).to_item()["f"],
            lambda value, mapper=mapper: mapper.wire_of_new({"id": "1", "f": value})["f"],
        ):
            assert way(wrapped({"a": 1})) == way(wrapped({"a": "1"}))
        filled = updated(model, f=wrapped({"a": "1"}))[0].value
        assert ("'b'" in str(filled)) == (declared is not None and not _partial(declared))


def _partial(field: Any) -> bool:
    return bool(getattr(getattr(field, "inner", field).schema, "partial", None))
