"""Marshmallow schemas out of thin air, with items that fit them and items that do not."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from decimal import Decimal
from importlib.metadata import version
from random import Random
from typing import Any

from hypothesis import strategies as st
from marshmallow import Schema, fields, post_dump, post_load, pre_load, validate, validates, validates_schema

from dynamorm.schema.marshmallow import Binary, Set, Timestamp, UTCDateTime

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

VERSION = tuple(int(part) for part in version("marshmallow").split(".")[:2])


class Shouted(fields.String):
    """A field class of the user's own."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).upper()


class Counted(fields.Integer):
    """Another, that looks at everything that is loaded."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        return super()._deserialize(value, attr, data, **kwargs) + len(data or ())


class Unsaid(fields.String):
    """And one that has its own mind about ``None``."""

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return "unsaid" if value is None else super().deserialize(value, *args, **kwargs)


def positive(value: Any) -> Any:
    if value < 0:
        raise validate.ValidationError("negative")
    return None


_texts = (
    lambda: validate.Length(min=1),
    lambda: validate.Length(max=3),
    lambda: validate.Length(equal=3),
    lambda: validate.OneOf(["a", "abc", "A12"]),
    lambda: validate.NoneOf(("abc",)),
    lambda: validate.Regexp(r"[a-z]"),
    lambda: validate.Equal("abc"),
    lambda: validate.ContainsOnly("abc"),
    lambda: validate.ContainsNoneOf("xyz"),
    lambda: validate.Predicate("isalpha"),
    lambda: validate.And(validate.Length(min=1), validate.NoneOf(["a"])),
    lambda: [validate.Length(min=1), validate.Email()],
    lambda: validate.URL(),
    lambda: lambda value: value != "abc",
)
_numbers = (
    lambda: validate.Range(min=0),
    lambda: validate.Range(max=50, max_inclusive=False),
    lambda: validate.Range(min=0, max=10, min_inclusive=False),
    lambda: validate.OneOf([1, 7, 42]),
    lambda: validate.Equal(7),
    lambda: positive,
    lambda: lambda value: value > 0,
)
_lists = (lambda: validate.Length(max=2), lambda: validate.ContainsOnly(["a", "abc", 1, 7]), lambda: len)

LEAVES: list[Kind] = [
    Kind("String", fields.String, texts(text), _texts, ("abc", "", None)),
    Kind("String", fields.String, texts(text), _texts, ("abc",)),
    Kind("Email", fields.Email, one_of({"S": "a@example.com"}, {"S": "b@localhost"}, {"S": "no"})),
    Kind("URL", fields.URL, one_of({"S": "http://example.com/x"}, {"S": "no"}, {"S": "gopher://example.com"}), _texts),
    Kind(
        "URL relative",
        lambda **kw: fields.URL(relative=True, schemes={"file", "ftp"}, **kw),
        one_of({"S": "ftp://example.com"}),
        (),
        ("file:///x",),
    ),
    Kind("Integer", fields.Integer, numbers(whole), _numbers, (5, 0, None, "7")),
    Kind("Integer", fields.Integer, numbers(number), _numbers, (5,)),
    Kind("Integer strict", lambda **kw: fields.Integer(strict=True, **kw), numbers(whole), _numbers, (5,)),
    Kind("Integer as_string", lambda **kw: fields.Integer(as_string=True, **kw), texts(whole), _numbers, (5,)),
    Kind("Float", fields.Float, numbers(number), _numbers, (1.5, None)),
    Kind("Float allow_nan", lambda **kw: fields.Float(allow_nan=True, **kw), numbers(number), _numbers),
    Kind(
        "Float as_string", lambda **kw: fields.Float(as_string=True, **kw), one_of({"S": "1.5"}, {"S": "nan"}), _numbers
    ),
    Kind("Decimal", fields.Decimal, numbers(number), _numbers, (Decimal("1.10"), None)),
    Kind("Decimal places", lambda **kw: fields.Decimal(places=2, **kw), numbers(number), _numbers),
    Kind("Decimal down", lambda **kw: fields.Decimal(places=1, rounding="ROUND_DOWN", **kw), numbers(number), _numbers),
    Kind("Decimal as_string", lambda **kw: fields.Decimal(as_string=True, **kw), one_of({"S": "1.50"}, {"S": "x"})),
    Kind("Boolean", fields.Boolean, one_of({"BOOL": True}, {"BOOL": False}), (), (True, None)),
    Kind("Boolean words", lambda **kw: fields.Boolean(truthy={"si"}, falsy={"no"}, **kw), one_of({"BOOL": True})),
    Kind("Boolean any", lambda **kw: fields.Boolean(truthy=set(), **kw), one_of({"BOOL": True}, {"BOOL": False})),
    Kind("DateTime", fields.DateTime, texts(moment), (lambda: lambda value: value.year > 2000,)),
    Kind("DateTime rfc", lambda **kw: fields.DateTime("rfc", **kw), one_of({"S": "Fri, 17 May 2024 12:34:56 -0000"})),
    Kind("DateTime custom", lambda **kw: fields.DateTime("%Y/%m/%d", **kw), one_of({"S": "2024/05/17"}, {"S": "x"})),
    Kind("AwareDateTime", lambda **kw: fields.AwareDateTime(default_timezone=dt.timezone.utc, **kw), texts(moment)),
    Kind("NaiveDateTime", fields.NaiveDateTime, texts(moment)),
    Kind("Date", fields.Date, texts(day), (lambda: lambda value: value.year > 2000,), (dt.date(2024, 1, 2),)),
    Kind("Time", fields.Time, texts(time)),
    Kind("TimeDelta", fields.TimeDelta, numbers(whole), (), (dt.timedelta(hours=1),)),
    Kind("TimeDelta minutes", lambda **kw: fields.TimeDelta("minutes", **kw), numbers(whole)),
    Kind("UUID", fields.UUID, texts(lambda rng: str(uuid.UUID(int=rng.randrange(2**128)))), (), (uuid.UUID(int=5),)),
    Kind(
        "Enum", lambda **kw: fields.Enum(Color, **kw), one_of({"S": "RED"}, {"S": "VERT"}, {"S": "r"}), (), (Color.RED,)
    ),
    Kind(
        "Enum by_value",
        lambda **kw: fields.Enum(Color, by_value=True, **kw),
        one_of({"S": "r"}, {"S": "g"}, {"S": "x"}),
    ),
    Kind(
        "Enum of int", lambda **kw: fields.Enum(Size, by_value=True, **kw), one_of({"N": "1"}, {"N": "10"}, {"N": "3"})
    ),
    Kind(
        "Enum by field", lambda **kw: fields.Enum(Size, by_value=fields.Integer, **kw), one_of({"N": "1"}, {"N": "10"})
    ),
    Kind("Raw", fields.Raw, free, (), ([], {"a": 1}, None)),
    Kind("Constant", lambda **kw: fields.Constant("fixed"), one_of({"S": "fixed"}, {"S": "other"})),
    Kind("IP", fields.IP, one_of({"S": "10.0.0.1"}, {"S": "::1"}, {"S": "x"})),
    Kind("IPv4Interface", fields.IPv4Interface, one_of({"S": "10.0.0.1/24"}, {"S": "x"})),
    Kind(
        "Tuple",
        lambda **kw: fields.Tuple((fields.String(), fields.Integer()), **kw),
        one_of({"L": [{"S": "a"}, {"N": "1"}]}),
    ),
    Kind("Binary", Binary, one_of({"B": b"abc"}, {"S": base64.b64encode(b"abc").decode()}), (), (b"x",)),
    Kind("Timestamp", Timestamp, numbers(whole)),
    Kind("own UTCDateTime", UTCDateTime, texts(moment)),
    Kind(
        "Dict",
        fields.Dict,
        lambda rng: {"M": {"a": free(rng), "b": free(rng)}},
        (lambda: validate.Length(max=1),),
        ({},),
    ),
    Kind("own class", Shouted, texts(text), _texts, ("abc",)),
    Kind("own class, own None", Unsaid, texts(text), _texts),
    Kind("own class, all data", Counted, numbers(whole), _numbers),
    Kind("Function", lambda **kw: fields.Function(lambda obj: len(obj)), numbers(whole)),
    Kind("Function both", lambda **kw: fields.Function(lambda obj: obj.get("f0"), lambda value: value), free),
]
if VERSION >= (3, 19):
    LEAVES.append(Kind("DateTime timestamp", lambda **kw: fields.DateTime("timestamp", **kw), numbers(whole)))
if VERSION >= (4, 3):
    LEAVES.append(Kind("String, pre_load", lambda **kw: fields.String(pre_load=str.strip, **kw), texts(text), _texts))


@st.composite
def kinds(draw: Any, depth: int) -> Kind:
    """Return a kind of field; lists, maps, sets and schemas hold others."""
    made = draw(st.integers(0, 9)) if depth else 0
    if made < 5:
        return draw(st.sampled_from(LEAVES))
    if made == 5:
        return _list_kind(draw(fields_(depth - 1, inner=True)))
    if made == 6:
        return _map_kind(draw(fields_(depth - 1, inner=True)), draw(st.sampled_from(["none", "str", "length"])))
    if made == 7:
        return _set_kind(
            draw(st.sampled_from([fields.String, fields.Integer, fields.Float, fields.Decimal, fields.UUID]))
        )
    return _nested_kind(
        draw(schemas(depth - 1)), draw(st.booleans()), draw(st.sampled_from([None, "only", "instance"]))
    )


def _list_kind(inner: Declared) -> Kind:
    def good(rng: Random) -> Wire:
        return {"L": [wire_of(inner, rng, True) or {"NULL": True} for _ in range(rng.randrange(4))]}

    return Kind("List", lambda **kw: fields.List(inner.field, **kw), good, _lists, ([],), [inner])


def _map_kind(inner: Declared, keys: str) -> Kind:
    made = {"none": None, "str": fields.String(), "length": fields.String(validate=validate.Length(max=2))}[keys]

    def good(rng: Random) -> Wire:
        content = {name: wire_of(inner, rng, True) for name in rng.sample(["a", "bb", "ccc"], rng.randrange(3))}
        return {"M": {name: wire for name, wire in content.items() if wire is not None}}

    return Kind("Dict", lambda **kw: fields.Dict(made, inner.field, **kw), good, _lists[:1], ({},), [inner])


def _set_kind(of: Any) -> Kind:
    tags = {fields.Integer: ("NS", whole), fields.Float: ("NS", number), fields.Decimal: ("NS", number)}
    tag, make = tags.get(of, ("SS", text if of is fields.String else lambda rng: str(uuid.UUID(int=rng.randrange(9)))))

    def good(rng: Random) -> Wire:
        return {tag: [make(rng) for _ in range(rng.randrange(1, 4))]}

    return Kind("Set", lambda **kw: Set(of(), **kw), good, _lists)


def _nested_kind(schema: Generated, many: bool, way: str | None) -> Kind:
    kept = schema.declared[:2] if way == "only" else schema.declared
    options: dict[str, Any] = {"only": [one.name for one in kept]} if way == "only" else {}
    # without __dict__ and __weakref__, which describe instances of the class that they come from
    kind = type(
        "Inner", (Schema,), {name: one for name, one in vars(schema.inner).items() if not name.startswith("__")}
    )

    def make(**kw: Any) -> Any:
        if way == "instance":
            return fields.Nested(kind(many=many), **kw)
        return fields.Nested(kind, many=many, **options, **kw)

    def one(rng: Random) -> Wire:
        content = {each.stored: wire_of(each, rng, True) for each in kept}
        extra = {"zz": free(rng)} if rng.random() < 0.1 else {}
        return {"M": {**{name: wire for name, wire in content.items() if wire is not None}, **extra}}

    def good(rng: Random) -> Wire:
        return {"L": [one(rng) for _ in range(rng.randrange(3))]} if many else one(rng)

    return Kind("Nested", make, good, (lambda: validate.Length(max=2), lambda: len), ({},) if not many else ([],), kept)


@st.composite
def fields_(draw: Any, depth: int, inner: bool = False, name: str = "f", first: bool = False) -> Declared:
    """Return a declared field with options."""
    kind = draw(kinds(depth))
    options: dict[str, Any] = {}
    stored = name
    chosen = draw(
        st.sets(st.sampled_from(["none", "validate", "default", "key", "attribute", "only", "required"]), max_size=3)
    )
    if "required" in chosen and not inner:
        options["required"] = True
    if "none" in chosen:
        options["allow_none"] = True
    if "validate" in chosen and kind.validators:
        options["validate"] = draw(st.sampled_from(kind.validators))()
    if "default" in chosen and kind.defaults and not inner and "required" not in chosen:
        default = draw(st.sampled_from(kind.defaults))
        way = draw(st.sampled_from(["load_default", "dump_default", "made"]))
        if way == "made":
            options["load_default"] = lambda: default
        else:
            options[way] = default
    if not inner:
        if "key" in chosen:
            stored = options["data_key"] = draw(
                st.sampled_from([f"{name}-stored", f"{name} 'x\"\n", f"{name}\U0001f600", f"{name}\ud800"])
            )
        if "attribute" in chosen:
            options["attribute"] = f"{name}_attr"
        if "only" in chosen and kind.name != "Constant":
            options[draw(st.sampled_from(["load_only", "dump_only"]))] = True
    made = kind.make(**options)
    if kind.name in ("Constant", "Function", "Function both"):
        stored = name
    holds = f" of ({', '.join(one.told for one in kind.inner)})" if kind.inner else ""
    told = f"{name}: {kind.name}{holds} {options or ''}"
    return Declared(name, made, kind, stored, bool(made.allow_none), bool(made.required), told)


@st.composite
def schemas(draw: Any, depth: int = 2) -> Generated:
    """Return a schema."""
    names = [f"f{place}" for place in range(draw(st.integers(1, 6)))]
    if draw(st.integers(0, 9)) == 7:
        names.append("items")
    declared = [draw(fields_(depth, name=name)) for name in names]
    members: dict[str, Any] = {one.name: one.field for one in declared}
    hook = draw(st.sampled_from([None] * 60 + list(_HOOKS)))
    hooks: tuple[str, ...] = ()
    if hook is not None:
        hooks = (hook[0],)
        members["hook"] = hook[1]()
    told = ", ".join(one.told for one in declared)
    return Generated(type("Schema", (), members), declared, hooks, f"{told} {hooks}")


def _hook_pre_load() -> Any:
    @pre_load
    def hook(self: Any, data: Any, **kwargs: Any) -> Any:
        return {**data, "f0": data.get("f0")}

    return hook


def _hook_post_load() -> Any:
    @post_load
    def hook(self: Any, data: Any, **kwargs: Any) -> Any:
        return {**data, "seen": True}

    return hook


def _hook_validates() -> Any:
    @validates("f0")
    def hook(self: Any, value: Any, **kwargs: Any) -> None:
        if value in ("abc", 7):
            raise validate.ValidationError("unwanted")

    return hook


def _hook_validates_schema() -> Any:
    @validates_schema
    def hook(self: Any, data: Any, **kwargs: Any) -> None:
        if len(data) % 2:
            raise validate.ValidationError("odd")

    return hook


def _hook_post_dump() -> Any:
    @post_dump
    def hook(self: Any, data: Any, **kwargs: Any) -> Any:
        return dict(data)

    return hook


_HOOKS = (
    ("pre_load", _hook_pre_load),
    ("post_load", _hook_post_load),
    ("validates", _hook_validates),
    ("validates_schema", _hook_validates_schema),
    ("post_dump", _hook_post_dump),
)
