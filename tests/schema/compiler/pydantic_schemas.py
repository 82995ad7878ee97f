"""Pydantic models out of thin air, with items that fit them and items that do not."""

from __future__ import annotations

import datetime as dt
import ipaddress
import typing
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pydantic
from hypothesis import strategies as st
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, WrapSerializer
from pydantic import WrapValidator as Wrapped
from typing_extensions import TypedDict

from dynamorm.schema.pydantic import Timestamp, UTCDateTime

from .items import (
    Color,
    Declared,
    Generated,
    Kind,
    Size,
    Wire,
    day,
    free,
    moment,
    number,
    numbers,
    one_of,
    text,
    texts,
    time,
    whole,
    wire_of,
)

T = TypeVar("T")
Metadata = Callable[[], Any]


@dataclass
class Point:
    x: int
    label: str = "here"


@pydantic.dataclasses.dataclass
class Spot:
    x: int
    label: str = "there"


class Place(TypedDict, total=False):
    x: int
    label: str


class Pair(NamedTuple):
    x: int
    label: str


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"
    name: str = Field(default="tom", alias="called")


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"
    age: int


class Box(pydantic.BaseModel, Generic[T]):
    content: T
    label: str | None = None


class Numbers(pydantic.RootModel[list[int]]):
    pass


class Tree(pydantic.BaseModel):
    name: str
    below: list[Tree] = []


class Secretive(pydantic.BaseModel):
    word: str
    _seen: int = pydantic.PrivateAttr(default=0)

    def model_post_init(self, context: Any) -> None:
        self._seen = len(self.word)


class Sized(pydantic.BaseModel):
    words: list[str]

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def size(self) -> int:
        return len(repr(vars(self).get("words")))


def not_abc(value: Any) -> Any:
    if value in ("abc", 7):
        raise ValueError("unwanted")
    return value


def shortened(value: Any) -> Any:
    return value[:4] if isinstance(value, str) else value


def wrapped(value: Any, handler: Any) -> Any:
    made = handler(value)
    return made.upper() if isinstance(made, str) else made


def seen(value: Any, info: pydantic.ValidationInfo) -> Any:
    if len(info.data) == 2 and value in ("abc", 7):
        raise ValueError("third")
    return value


def told(value: Any) -> str:
    return f"<{value}>" if isinstance(value, str) else str(value)


FUNCTIONS: tuple[Metadata, ...] = (
    lambda: AfterValidator(not_abc),
    lambda: BeforeValidator(shortened),
    lambda: Wrapped(wrapped),
    lambda: AfterValidator(seen),
)
_texts: tuple[Metadata, ...] = (
    lambda: Field(min_length=1),
    lambda: Field(max_length=3),
    lambda: Field(pattern=r"^[a-zA-Z0-9]*$"),
    lambda: pydantic.StringConstraints(strip_whitespace=True, to_lower=True),
    lambda: PlainSerializer(told),
    *FUNCTIONS,
)
_numbers: tuple[Metadata, ...] = (
    lambda: Field(ge=0),
    lambda: Field(lt=50),
    lambda: Field(multiple_of=7),
    lambda: Field(gt=0, le=100),
    lambda: PlainSerializer(str),
    *FUNCTIONS,
)
_decimals = (lambda: Field(max_digits=4), lambda: Field(decimal_places=1), lambda: Field(allow_inf_nan=True), *_numbers)
_lists = (lambda: Field(min_length=1), lambda: Field(max_length=2), lambda: AfterValidator(list), *FUNCTIONS[:2])
_sets = (lambda: Field(min_length=1), lambda: Field(max_length=2))


def _list_of(make: Callable[[Random], Wire]) -> Callable[[Random], Wire]:
    return lambda rng: {"L": [make(rng) for _ in range(rng.randrange(3))]}


def _point(rng: Random) -> Wire:
    return {"M": {"x": {"N": whole(rng)}, **({"label": {"S": text(rng)}} if rng.random() < 0.5 else {})}}


def _tree(rng: Random, depth: int = 3) -> Wire:
    below = [_tree(rng, depth - 1) for _ in range(rng.randrange(depth))]
    return {"M": {"name": {"S": text(rng)}, **({"below": {"L": below}} if below or rng.random() < 0.5 else {})}}


def _pet(rng: Random) -> Wire:
    if rng.random() < 0.5:
        return {"M": {"kind": {"S": "cat"}, "called": {"S": text(rng)}}}
    return {"M": {"kind": {"S": "dog"}, "age": {"N": "7"}}}


def _kind(name: str, annotation: Any, good: Any, validators: Any = (), defaults: Any = ()) -> Kind:
    return Kind(name, lambda: annotation, good, validators, defaults)


_uuids = texts(lambda rng: str(uuid.UUID(int=rng.randrange(2**128))))
_small = texts(lambda rng: rng.choice(["a", "abc", "A12"]))
LEAVES: list[Kind] = [
    _kind("str", str, texts(text), _texts, ("abc", "")),
    _kind("str", str, texts(text), _texts, ("abc",)),
    _kind("int", int, numbers(whole), _numbers, (5, 0)),
    _kind("int", int, numbers(number), _numbers, (5,)),
    _kind("float", float, numbers(number), _numbers, (1.5,)),
    _kind("Decimal", Decimal, numbers(number), _decimals, (Decimal("1.10"),)),
    _kind("bool", bool, one_of({"BOOL": True}, {"BOOL": False}), (), (True,)),
    _kind("datetime", dt.datetime, texts(moment), FUNCTIONS),
    _kind("UTCDateTime", UTCDateTime, texts(moment), FUNCTIONS),
    _kind("Timestamp", Timestamp, numbers(whole), FUNCTIONS),
    _kind("Iterable", Iterable[int], free),
    _kind("AwareDatetime", pydantic.AwareDatetime, texts(lambda rng: "2024-05-17T12:34:56+05:30")),
    _kind("date", dt.date, texts(day), FUNCTIONS, (dt.date(2024, 1, 2),)),
    _kind("time", dt.time, texts(time)),
    _kind("timedelta", dt.timedelta, one_of({"S": "PT1H"}, {"S": "P1DT0.5S"}, {"N": "5"}), (), (dt.timedelta(1),)),
    _kind("UUID", uuid.UUID, _uuids, FUNCTIONS, (uuid.UUID(int=5),)),
    _kind("bytes", bytes, one_of({"B": b"abc"}, {"S": "text"}), (lambda: Field(max_length=3),), (b"x",)),
    _kind("SecretStr", pydantic.SecretStr, texts(text), (lambda: Field(min_length=1),)),
    _kind("Enum", Color, one_of({"S": "r"}, {"S": "g"}, {"S": "RED"}), (), (Color.RED,)),
    _kind("IntEnum", Size, one_of({"N": "1"}, {"N": "10"}, {"N": "3"}), (), (Size.LARGE,)),
    _kind("Literal", Literal["a", "abc"], _small),
    _kind("Literal of int", Literal[1, 7], numbers(whole)),
    _kind("Literal of Enum", Literal[Color.RED, "x"], one_of({"S": "r"}, {"S": "x"})),
    _kind("Any", Any, free, FUNCTIONS, (None, "abc")),
    _kind("dict", dict, lambda rng: {"M": {"a": free(rng), "b": free(rng)}}, (), ()),
    _kind("list", list, lambda rng: {"L": [free(rng)]}, _lists),
    _kind("tuple", tuple[str, int], one_of({"L": [{"S": "a"}, {"N": "1"}]})),
    _kind("tuple of any length", tuple[int, ...], _list_of(numbers(whole)), _sets),
    _kind("frozenset", frozenset[str], one_of({"SS": ["a", "b"]}), _sets),
    _kind("set of date", set[dt.date], one_of({"SS": ["2024-02-29", "1970-01-01"]}), _sets),
    _kind("deque", deque[int], _list_of(numbers(whole)), _sets),
    _kind("Path", Path, texts(lambda rng: "/x/y")),
    _kind("IPv4Address", ipaddress.IPv4Address, one_of({"S": "10.0.0.1"}, {"S": "x"})),
    _kind("HttpUrl", pydantic.HttpUrl, one_of({"S": "http://example.com/x"}, {"S": "x"})),
    _kind("Json", pydantic.Json[list[int]], one_of({"S": "[1, 2]"}, {"L": [{"N": "1"}]})),
    _kind("int or str", int | str, one_of({"S": "a"}, {"N": "1"}), FUNCTIONS),
    _kind("StrictInt", pydantic.StrictInt, numbers(whole), _numbers),
    _kind("StrictStr", pydantic.StrictStr, texts(text), _texts),
    _kind("ByteSize", pydantic.ByteSize, one_of({"N": "5"}, {"S": "1KB"})),
    _kind("dataclass", Point, _point),
    _kind("pydantic's dataclass", Spot, _point),
    _kind("TypedDict", Place, _point),
    _kind("NamedTuple", Pair, one_of({"L": [{"N": "1"}, {"S": "a"}]})),
    _kind("RootModel", Numbers, _list_of(numbers(whole))),
    _kind("Generic", Box[int], one_of({"M": {"content": {"N": "7"}, "label": {"NULL": True}}})),
    _kind("of itself", Tree, _tree, (lambda: AfterValidator(lambda tree: tree),)),
    _kind("list of itself", list[Tree], _list_of(_tree), _lists),
    _kind("union of models", Cat | Dog, _pet),
    _kind("discriminated", Annotated[Cat | Dog, Field(discriminator="kind")], _pet),
    _kind("with private attributes", Secretive, one_of({"M": {"word": {"S": "abc"}}})),
    _kind("with a computed field", Sized, one_of({"M": {"words": {"L": [{"S": "a"}]}, "size": {"N": "1"}}})),
    _kind("PlainValidator", Annotated[str, PlainValidator(told)], texts(text)),
    _kind("WrapSerializer", Annotated[str, WrapSerializer(lambda value, handler: handler(value) + "!")], texts(text)),
    _kind("serialised to a number", Annotated[dt.date, PlainSerializer(dt.date.toordinal)], texts(day)),
]


@st.composite
def kinds(draw: Any, depth: int) -> Kind:
    """Return a kind of field; lists, maps, sets and models hold others."""
    made = draw(st.integers(0, 9)) if depth else 0
    if made < 4:
        return draw(st.sampled_from(LEAVES))
    if made == 4:
        return _set_kind(*draw(st.sampled_from([(str, "SS", text), (int, "NS", whole), (Decimal, "NS", number)])))
    if made in (5, 6):
        return _list_kind(draw(fields_(depth - 1, inner=True)))
    if made == 7:
        return _map_kind(draw(fields_(depth - 1, inner=True)))
    return _nested_kind(draw(schemas(depth - 1)))


def _list_kind(inner: Declared) -> Kind:
    def good(rng: Random) -> Wire:
        return {"L": [wire_of(inner, rng, True) or {"NULL": True} for _ in range(rng.randrange(4))]}

    return Kind("list", lambda: list[inner.field], good, _lists, ([],), [inner])  # type: ignore[name-defined]


def _map_kind(inner: Declared) -> Kind:
    def good(rng: Random) -> Wire:
        content = {name: wire_of(inner, rng, True) for name in rng.sample(["a", "bb", "ccc"], rng.randrange(3))}
        return {"M": {name: wire for name, wire in content.items() if wire is not None}}

    return Kind("dict", lambda: dict[str, inner.field], good, _sets, ({},), [inner])  # type: ignore[name-defined]


def _set_kind(of: Any, tag: str, make: Callable[[Random], str]) -> Kind:
    def good(rng: Random) -> Wire:
        return {tag: [make(rng) for _ in range(rng.randrange(1, 4))]}

    return Kind("set", lambda: set[of], good, _sets)  # type: ignore[valid-type]


def _nested_kind(schema: Generated) -> Kind:
    def good(rng: Random) -> Wire:
        content = {one.stored: wire_of(one, rng, True) for one in schema.declared}
        extra = {"zz": free(rng)} if rng.random() < 0.1 else {}
        return {"M": {**{name: wire for name, wire in content.items() if wire is not None}, **extra}}

    return Kind("nested", lambda: schema.inner, good, (), (), schema.declared)


@st.composite
def fields_(draw: Any, depth: int, inner: bool = False, name: str = "f") -> Declared:
    """Return a declared field with options; ``field`` is its annotation, with a ``Field`` in it."""
    kind = draw(kinds(depth))
    annotation = kind.make()
    chosen = draw(st.sets(st.sampled_from(["none", "validate", "default", "alias", "outside"]), max_size=3))
    parts = []
    if "validate" in chosen and kind.validators:
        part = draw(st.sampled_from(kind.validators))()
        parts.append(part)
        annotation = Annotated[annotation, part]
    if "none" in chosen:
        annotation = annotation | None
    if "outside" in chosen and draw(st.booleans()):
        annotation = Annotated[annotation, draw(st.sampled_from(FUNCTIONS))()]
        parts.append("outside")
    options: dict[str, Any] = {}
    if "default" in chosen and not inner:
        default = draw(st.sampled_from((*kind.defaults, *([None] if "none" in chosen else ()), "wrong")))
        way = draw(st.sampled_from(["default", "default", "default_factory"]))
        options[way] = (lambda: default) if way == "default_factory" else default
        if draw(st.integers(0, 4)) == 4:
            options["validate_default"] = True
        if default == "wrong" and way == "default":
            options = {}
    if "alias" in chosen and not inner:
        way = draw(st.sampled_from(["alias", "validation_alias", "serialization_alias"]))
        options[way] = draw(st.sampled_from([f"{name}-stored", f"{name} 'x\"\n"]))
    if not inner and draw(st.integers(0, 9)) == 9:
        options["exclude"] = True
    if options:
        annotation = Annotated[annotation, Field(**options)]
    holds = f" of ({', '.join(one.told for one in kind.inner)})" if kind.inner else ""
    is_required = not {"default", "default_factory"} & options.keys()
    described = f"{name}: {kind.name}{holds} {parts or ''} {'or None' * ('none' in chosen)} {options or ''}"
    return Declared(name, annotation, kind, name, "none" in chosen, is_required, described)


CONFIGS: tuple[dict[str, Any], ...] = (
    {"extra": "allow"},
    {"extra": "forbid"},
    {"alias_generator": str.upper, "populate_by_name": True},
    {"strict": True},
    {"frozen": True, "validate_assignment": True},
    {"str_strip_whitespace": True},
    {"str_max_length": 4},
    {"use_enum_values": True},
    {"validate_default": True},
    {"revalidate_instances": "always"},
    {"ser_json_timedelta": "float", "ser_json_bytes": "base64"},
    {"from_attributes": True, "coerce_numbers_to_str": True},
)


def _before(cls: Any, values: Any) -> Any:
    return {**values, "f0": values["f0"]} if isinstance(values, dict) and "f0" in values else values


def _after(self: Any) -> Any:
    if getattr(self, "f0", None) in ("abc", 7):
        raise ValueError("unwanted")
    return self


def _around(cls: Any, values: Any, handler: Any) -> Any:
    return handler(values)


def _of_field(cls: Any, value: Any, info: pydantic.ValidationInfo) -> Any:
    return seen(value, info)


def _dump_f0(self: Any, value: Any) -> Any:
    return value


def _dump_all(self: Any, handler: Any) -> Any:
    return {**handler(self)}


def _computed(self: Any) -> int:
    return len(self.__dict__)


HOOKS: dict[str, Callable[[], Any]] = {
    "model_validator before": lambda: pydantic.model_validator(mode="before")(classmethod(_before)),  # type: ignore[call-overload]
    "model_validator after": lambda: pydantic.model_validator(mode="after")(_after),
    "model_validator wrap": lambda: pydantic.model_validator(mode="wrap")(classmethod(_around)),  # type: ignore[call-overload]
    "field_validator": lambda: pydantic.field_validator("f0")(classmethod(_of_field)),  # type: ignore[type-var]
    "field_serializer": lambda: pydantic.field_serializer("f0")(_dump_f0),
    "model_serializer": lambda: pydantic.model_serializer(mode="wrap")(_dump_all),
    "computed_field": lambda: pydantic.computed_field(property(_computed)),
    "private": lambda: pydantic.PrivateAttr(default_factory=list),
}


@st.composite
def schemas(draw: Any, depth: int = 2) -> Generated:
    """Return a model."""
    names = [f"f{place}" for place in range(draw(st.integers(1, 5)))]
    if draw(st.integers(0, 9)) == 7:
        names.append("items")
    declared = [draw(fields_(depth, name=name)) for name in names]
    body: dict[str, Any] = {"__annotations__": {one.name: one.field for one in declared}, "__module__": __name__}
    if draw(st.integers(0, 3)) == 3:
        body["model_config"] = pydantic.ConfigDict(**draw(st.sampled_from(CONFIGS)))  # type: ignore[typeddict-item]
    hook = draw(st.sampled_from([None] * 4 * len(HOOKS) + list(HOOKS)))
    if hook is not None:
        body["_hook" if hook == "private" else "hook"] = HOOKS[hook]()
    inner: Any = type(pydantic.BaseModel)("Inner", (pydantic.BaseModel,), body)
    for one in declared:
        one.stored = inner.__pydantic_fields__[one.name].serialization_alias or one.name
    described = ", ".join(one.told for one in declared)
    hooks = (hook,) if hook is not None else ()
    return Generated(inner, declared, hooks, f"({described}) {body.get('model_config', '')} {hook or ''}")


Tree.model_rebuild(_types_namespace=vars(typing) | {"Tree": Tree})
