"""No text of an exception shows what a schema keeps secret."""

from __future__ import annotations

import decimal
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from dynamorm import DynaModel, Q
from dynamorm.exceptions import DynamoException, ValidationError
from dynamorm.writing.update_actions import asked_actions, resolved_actions

# schematics calls its own deprecated functions
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated function:DeprecationWarning")

CANARY = "canary-5f2a"


def sudden(value: Any) -> Any:
    """Stand for a validator that quotes what it was given."""
    text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
    if "fault" in str(text):
        raise LookupError(f"{text!r} is not in the table")
    return value


def marshmallow_model() -> Any:
    marshmallow = pytest.importorskip("marshmallow")
    fields, length = marshmallow.fields, marshmallow.validate.Length(max=40)
    secret = marshmallow.Schema.from_dict({"password": fields.String(load_only=True, validate=length)})

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"

        class Schema:
            id = fields.String()
            password = fields.String(load_only=True, validate=[length, sudden])
            pin = fields.Integer(load_only=True)
            more = fields.List(fields.String(load_only=True, validate=length))
            inner = fields.Nested(secret)

    return Account


def schematics_model() -> Any:
    types = pytest.importorskip("schematics.types")
    from schematics import Model
    from schematics.common import DROP

    class Inner(Model):
        password = types.StringType(export_level=DROP, max_length=40)

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"

        class Schema:
            id = types.StringType()
            password = types.StringType(export_level=DROP, max_length=40, validators=[sudden])
            pin = types.IntType(export_level=DROP)
            more = types.ListType(types.StringType(export_level=DROP, max_length=40))
            inner = types.ModelType(Inner)

    return Account


def pydantic_model() -> Any:
    pydantic = pytest.importorskip("pydantic")

    class Inner(pydantic.BaseModel):
        password: Annotated[pydantic.SecretStr, pydantic.Field(max_length=40)]

    class Account(DynaModel):
        class Table:
            name = "accounts"
            hash_key = "id"

        class Schema:
            id: str
            password: Annotated[
                pydantic.SecretStr | None, pydantic.Field(max_length=40), pydantic.AfterValidator(sudden)
            ] = None
            pin: pydantic.Secret[int] | None = None
            more: list[Annotated[pydantic.SecretStr, pydantic.Field(max_length=40)]] | None = None
            inner: Inner | None = None

    return Account


MODELS = {"marshmallow": marshmallow_model, "schematics": schematics_model, "pydantic": pydantic_model}
WRONG = {
    "a list": [CANARY],
    "a dict": {"key": CANARY},
    "too long": CANARY * 5,
    "a fault": CANARY + "fault",
    "no Unicode": CANARY + "\ud800",
    "bytes": (CANARY * 5).encode(),
    "a number": decimal.Decimal("NaN"),
}


class Odd:
    """An object that no library knows, and whose text is a secret."""

    def __repr__(self) -> str:
        return CANARY


def attempts(model: Any, value: Any) -> dict[str, Callable[[], Any]]:
    mapper = model._dynamorm.store.mapper

    def updated(**updates: Any) -> Any:
        return resolved_actions(mapper, asked_actions(mapper, [], updates))

    def assigned(name: str, value: Any) -> Any:
        account = model(id="1")
        account.__dict__[name] = value
        return mapper.dump(account.__dict__)

    def looked_up(**lookups: Any) -> Any:
        return mapper.conditions([Q(**lookups)])

    def stored(name: str, tag: str, given: Any) -> dict[str, Any]:
        return {"id": {"S": "1"}, name: {tag: given}}

    found: dict[str, Callable[[], Any]] = {}
    for name, given in (
        ("password", value),
        ("pin", value),
        ("more", [value]),
        ("more", value),
        ("inner", {"password": value}),
        ("inner", value),
    ):
        label = f"{name} {type(given).__name__}"
        found.update(
            {
                f"constructor {label}": lambda name=name, given=given: model(id="1", **{name: given}),
                f"put {label}": lambda name=name, given=given: mapper.wire_of_new({"id": "1", name: given}),
                f"save {label}": lambda name=name, given=given: assigned(name, given),
                f"update {label}": lambda name=name, given=given: updated(**{name: given}),
                f"add {label}": lambda name=name, given=given: updated(**{f"{name}__add": given}),
                f"delete {label}": lambda name=name, given=given: updated(**{f"{name}__delete": given}),
                f"operand {label}": lambda name=name, given=given: looked_up(**{name: given}),
                f"between {label}": lambda name=name, given=given: looked_up(**{f"{name}__between": given}),
                f"stored {label}": lambda name=name, given=given: model.from_item(stored(name, "S", given)),
                f"number {label}": lambda name=name, given=given: model.from_item(stored(name, "N", given)),
            }
        )
    found["append"] = lambda: updated(more__append=value)
    found["inside"] = lambda: updated(inner__password=value)
    found["inside operand"] = lambda: looked_up(inner__password=value)
    found["inside list"] = lambda: looked_up(more__contains=value)
    return found


@pytest.mark.parametrize("library", MODELS)
@pytest.mark.parametrize("wrong", [*WRONG, "an object"])
def test_no_text_of_an_exception_shows_a_secret(library: str, wrong: str, caplog: pytest.LogCaptureFixture) -> None:
    value = Odd() if wrong == "an object" else WRONG[wrong]
    caplog.set_level(logging.DEBUG)
    model = MODELS[library]()
    seen = 0
    for name, attempt in attempts(model, value).items():
        try:
            attempt()
        except DynamoException as error:
            seen += 1
            chain = "".join(traceback.format_exception_only(type(error), error))
            cause: BaseException | None = error
            while cause is not None:
                chain += repr(cause) + str(cause)
                cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
            texts = [repr(error), str(error), repr(error.args), chain]
            if isinstance(error, ValidationError):
                texts += [repr(error.errors), repr(error.errors.messages), error.where]
                try:
                    pickled = pickle.dumps(error)
                except Exception:
                    continue  # what was given cannot be pickled
                texts += [repr(pickle.loads(pickled)), str(pickle.loads(pickled))]
            assert not [text for text in texts if CANARY in text], name
    assert seen
    assert CANARY not in caplog.text


@pytest.mark.parametrize("library", MODELS)
def test_what_is_no_secret_is_shown(library: str) -> None:
    from ..libraries import integer, library_named, text

    fields = {"id": text(), "year": integer()}
    model = library_named(library).model("Book", {"name": "books", "hash_key": "id"}, fields)
    with pytest.raises(ValidationError, match="soon"):
        model._dynamorm.store.mapper.conditions([Q(year="soon")])


def test_a_validation_error_holds_what_was_given() -> None:
    error = ValidationError({"password": CANARY}, "AccountSchema", {"password": ["too short"]}, "here")
    assert error.raw == {"password": CANARY}
    assert CANARY not in f"{error!r} {error} {error.args}"
    twin = pickle.loads(pickle.dumps(error))
    assert (twin.raw, twin.schema_name, twin.errors, twin.where) == (error.raw, "AccountSchema", error.errors, "here")
    assert str(twin) == str(error) and repr(twin) == repr(error)
