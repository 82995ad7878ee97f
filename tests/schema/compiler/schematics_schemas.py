"""schematics models out of thin air, with items that fit them and items that do not."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st
from schematics import Model
from schematics import types as t
from schematics.contrib.enum_type import EnumType
from schematics.exceptions import StopValidationError, ValidationError
from schematics.transforms import blacklist

from dynamorm.schema.schematics import Binary, Set, Timestamp, UTCDateTime

from .items import (
    Color,
    Declared,
    Generated,
    Kind,
    Wire,
    content_of,
    day,
    free,
    moment,
    number,
    numbers,
    one_of,
    text,
    texts,
    whole,
    wire_of,
)


class Shouted(t.StringType):
    """A type of the user's own."""

    def to_native(self, value: Any, context: Any = None) -> Any:
        return super().to_native(value, context).upper() + "!"


class Unsaid(t.StringType):
    """Another, that has its own mind about what is missing."""

    def check_required(self, value: Any, context: Any) -> None:
        if value is None:
            raise ValidationError("say something")


class Fresh(t.IntType):
    """And one whose default is its own."""

    @property
    def default(self) -> Any:
        return 7


class Odd(Model):
    """A model with a method of the user's."""

    name = t.StringType()

    def validate_name(self, data: Any, value: Any, context: Any) -> None:
        if value == "abc":
            raise ValidationError("unwanted")


class Circle(Model):
    radius = t.IntType(required=True)


class Square(Model):
    side = t.IntType(required=True, min_value=0)
    names = t.ListType(t.StringType)

    @classmethod
    def _claim_polymorphic(cls, data: Any) -> bool:
        return "side" in data


class Counting(Model):
    """A model with a value that is computed."""

    words = t.ListType(t.StringType)
    inner = t.ModelType(Circle)

    @t.serializable(type=t.IntType())
    def count(self) -> int:
        return len(self.words or ()) + (self.inner.radius if self.inner else 0)


class Tree(Model):
    name = t.StringType(required=True, max_length=5)
    below = t.ListType(t.ModelType("Tree"))


def positive(value: Any) -> Any:
    if value < 0:
        raise ValidationError("negative")
    return None


def stopped(value: Any) -> Any:
    if value == "abc":
        raise StopValidationError("stop")


def with_context(value: Any, context: Any) -> None:
    if context.partial and value in ("abc", 7):
        raise ValidationError("whole only")


def breaking(value: Any) -> Any:
    return 1 / len(value)


_texts = (
    lambda: {"min_length": 1},
    lambda: {"max_length": 3},
    lambda: {"regex": "[a-z]"},
    lambda: {"choices": ["a", "abc", "A12"]},
    lambda: {"validators": [stopped]},
    lambda: {"validators": [with_context]},
    lambda: {"validators": [breaking], "min_length": 1},
    lambda: {"choices": iter_once(), "max_length": 4},
)
_numbers = (
    lambda: {"min_value": 0},
    lambda: {"max_value": 50},
    lambda: {"min_value": 0, "max_value": 10},
    lambda: {"choices": (1, 7, 42)},
    lambda: {"validators": [positive]},
    lambda: {"strict": True},
    lambda: {"validators": [with_context]},
)
_decimals = tuple(one for one in _numbers if "strict" not in one())
_moments = (lambda: {"validators": [recent]},)
_lists = (
    lambda: {"max_size": 2},
    lambda: {"min_size": 1},
    lambda: {"validators": [breaking]},
    lambda: {"validators": [plainly]},
)
_any = (lambda: {"validators": [plainly]}, lambda: {"validators": [with_context]})


class iter_once:
    """Choices that are no container of the usual kinds."""

    def __iter__(self) -> Any:
        return iter(["a", "abc", ""])


def recent(value: Any) -> None:
    if value.year < 2000 or (value.tzinfo is not None and value.utcoffset().days < 0):
        raise ValidationError("old")


def plainly(value: Any) -> None:
    """Object to what is not just as schematics gives it to validators."""
    if isinstance(value, dict) and not all(isinstance(inner, (str, int)) for inner in value.values()):
        raise ValidationError("a map of something else")
    if isinstance(value, list) and any(isinstance(inner, (Model, dt.datetime)) for inner in value):
        raise ValidationError("a list of something else")
    if isinstance(value, Model) and "name" in value:
        raise ValidationError("named")


def _written(rng: Random) -> str:
    return rng.choice(
        [
            "2024-05-17T12:34:56.000000",
            "1999-12-31T23:59:59.123456+0000",
            "2024-05-17T12:34:56.789000Z",
            "2024-05-17T12:34:56.789000+0530",
            "2024-05-17T12:34:56.789000-0000",
            "2024-05-17T12:34:56.789000+00:00",
            "2024-05-17T12:34:56.789-00:00",
            "2024-05-17T12:34:56.78",
            "2024-05-17T12:34:56+05:30",
            "2024-05-17T12:34:56",
            "2024-02-30T12:34:56",
            "2024-05-17T24:00:00",
            "20240517T123456.1234567890",
            "2024-W20-5T12:34:56.789000",
            "20240517",
            "1e9",
        ]
    )


def _made(kind: Any, **fixed: Any) -> Any:
    return lambda **kw: kind(**{**fixed, **kw})


def _poly(**kw: Any) -> Any:
    return t.PolyModelType([Circle, Square], **kw)


def _claimed(**kw: Any) -> Any:
    return t.PolyModelType(
        [Circle, Square], claim_function=lambda field, data: Square if "side" in data else Circle, **kw
    )


def _union(*members: Any) -> Any:
    return lambda **kw: t.UnionType(members, **kw)


def _model_kind(name: str, model: Any, *goods: Wire) -> Kind:
    return Kind(name, lambda **kw: t.ModelType(model, **kw), one_of(*goods), _any, ({},))


_hex = "0123456789abcdef" * 3
LEAVES: list[Kind] = [
    Kind("String", t.StringType, texts(text), _texts, ("abc", "", None, 5)),
    Kind("String", t.StringType, texts(text), _texts, ("abc",)),
    Kind("Email", t.EmailType, one_of({"S": "a@example.com"}, {"S": "b@localhost"}, {"S": "no"}), _texts),
    Kind("URL", t.URLType, one_of({"S": "http://example.com/x"}, {"S": "no"}, {"S": "http://exämple.com"}), _texts),
    Kind("URL, not fqdn", _made(t.URLType, fqdn=False), one_of({"S": "http://localhost"}, {"S": "ftp://x.com"})),
    Kind("IPAddress", t.IPAddressType, one_of({"S": "10.0.0.1"}, {"S": "::1"}, {"S": "x"})),
    Kind("IPv4", t.IPv4Type, one_of({"S": "10.0.0.1"}, {"S": "::1"})),
    Kind("IPv6", t.IPv6Type, one_of({"S": "10.0.0.1"}, {"S": "::1"})),
    Kind("MAC", t.MACAddressType, one_of({"S": "00:11:22:aa:bb:cc"}, {"S": "001122-aabbcc"}, {"S": "x"})),
    Kind("MD5", t.MD5Type, one_of({"S": _hex[:32]}, {"S": _hex[:31]}, {"S": "x" * 32}), _texts),
    Kind("SHA1", t.SHA1Type, one_of({"S": _hex[:40]}, {"S": _hex[:32]}), _texts),
    Kind("Int", t.IntType, numbers(whole), _numbers, (5, 0, None, "7", -3, "x")),
    Kind("Int", t.IntType, numbers(number), _numbers, (5,)),
    Kind("Float", t.FloatType, numbers(number), _numbers, (1.5, None, 2, float("inf"))),
    Kind(
        "Decimal", t.DecimalType, one_of({"S": "1.50"}, {"S": "-7"}, {"S": "NaN"}, {"S": "1E+3"}), _decimals, ("1.0",)
    ),
    Kind("Decimal of numbers", t.DecimalType, numbers(number), _decimals, (Decimal("1.10"), 1.5)),
    Kind("Boolean", t.BooleanType, one_of({"BOOL": True}, {"BOOL": False}), (), (True, None, "true", 1)),
    Kind("DateTime", t.DateTimeType, texts(moment), _moments, (dt.datetime(2024, 1, 2), "2024-01-02T03:04")),
    Kind("DateTime", t.DateTimeType, texts(_written), _moments),
    Kind("DateTime require", _made(t.DateTimeType, tzd="require"), texts(_written), _moments),
    Kind("DateTime require drop", _made(t.DateTimeType, tzd="require", drop_tzinfo=True), texts(_written), _moments),
    Kind("DateTime reject", _made(t.DateTimeType, tzd="reject"), texts(_written), _moments),
    Kind("DateTime utc", _made(t.DateTimeType, tzd="utc"), texts(_written), _moments),
    Kind("DateTime utc drop", _made(t.DateTimeType, tzd="utc", drop_tzinfo=True), texts(_written), _moments),
    Kind("DateTime convert", _made(t.DateTimeType, convert_tz=True), texts(_written), _moments),
    Kind("DateTime convert drop", _made(t.DateTimeType, convert_tz=True, drop_tzinfo=True), texts(_written), _moments),
    Kind("DateTime Z", _made(t.DateTimeType, serialized_format="%Y-%m-%dT%H:%M:%S.%fZ"), texts(_written), _moments),
    Kind("DateTime own", _made(t.DateTimeType, serialized_format="%Y/%m/%d"), one_of({"S": "2024/05/17"})),
    Kind("DateTime formats", _made(t.DateTimeType, formats=["%Y/%m/%d", "%d.%m.%Y"]), one_of({"S": "2024/05/17"})),
    Kind("DateTime parser", _made(t.DateTimeType, parser=dt.datetime.fromisoformat), texts(_written)),
    Kind("UTCDateTime", t.UTCDateTimeType, texts(_written), _moments, ("2024-01-02T03:04",)),
    Kind("UTCDateTime kept", _made(t.UTCDateTimeType, drop_tzinfo=False), texts(_written), _moments),
    Kind("TimestampType", t.TimestampType, numbers(number), _moments),
    Kind("Timedelta", t.TimedeltaType, numbers(whole), (), (dt.timedelta(hours=1), 5)),
    Kind("Timedelta minutes", _made(t.TimedeltaType, precision="minutes"), numbers(whole)),
    Kind("Date", t.DateType, texts(day), _moments, (dt.date(2024, 1, 2), "2024-01-02")),
    Kind("Date formats", _made(t.DateType, formats=["%d.%m.%Y"]), one_of({"S": "2024-05-17"}, {"S": "1.2.2024"})),
    Kind("UUID", t.UUIDType, texts(lambda rng: str(uuid.UUID(int=rng.randrange(2**128)))), (), (uuid.UUID(int=5),)),
    Kind("Base", t.BaseType, free, _any, ([], {"a": 1}, None, "abc")),
    Kind("GeoPoint", t.GeoPointType, one_of({"L": [{"N": "1.5"}, {"N": "-200"}]}, {"L": [{"N": "1"}, {"N": "2.5"}]})),
    Kind("Multilingual", _made(t.MultilingualStringType, default_locale="en_US"), texts(text), _any),
    Kind("Union", _union(t.BooleanType, t.IntType, t.StringType), free, _any, (5,)),
    Kind("Union of own", _union(t.IntType, Shouted), free),
    Kind("Poly", _poly, one_of({"M": {"side": {"N": "2"}}}, {"M": {"radius": {"N": "2"}}}, {"M": {}}), _any),
    Kind("Poly claimed", _claimed, one_of({"M": {"side": {"N": "2"}}}, {"M": {"radius": {"N": "x"}}})),
    Kind("Enum", lambda **kw: EnumType(Color, **kw), one_of({"S": "RED"}, {"S": "r"}), (), (Color.RED,)),
    Kind("Enum values", lambda **kw: EnumType(Color, use_values=True, **kw), one_of({"S": "g"}, {"S": "x"})),
    Kind("Binary", Binary, one_of({"B": b"abc"}, {"S": base64.b64encode(b"abc").decode()}), (), (b"x",)),
    Kind("Timestamp", Timestamp, numbers(number), _moments),
    Kind("own UTCDateTime", UTCDateTime, texts(_written), _moments),
    Kind("own class", Shouted, texts(text), _texts, ("abc",)),
    Kind("own class, required", Unsaid, texts(text), _texts),
    Kind("own class, default", Fresh, numbers(whole), _numbers),
    Kind("Computed", lambda **kw: t.serializable(type=t.IntType())(lambda self: len(self.keys())), numbers(whole)),
    Kind("Computed of first", lambda **kw: t.serializable(lambda self: self.f0), free),
    _model_kind("Odd model", Odd, {"M": {"name": {"S": "a"}}}, {"M": {"name": {"S": "abc"}}}),
    _model_kind(
        "Counting model",
        Counting,
        {"M": {"words": {"L": [{"S": "a"}]}}},
        {"M": {"inner": {"M": {"radius": {"N": "5"}}}}},
    ),
    _model_kind(
        "Tree", Tree, {"M": {"name": {"S": "a"}, "below": {"L": [{"M": {"name": {"S": "b"}}}, {"M": {}}]}}}, {"M": {}}
    ),
]
_COMPUTED = ("Computed", "Computed of first")


@st.composite
def kinds(draw: Any, depth: int) -> Kind:
    """Return a kind of field; lists, maps, sets and models hold others."""
    made = draw(st.integers(0, 9)) if depth else 0
    if made < 5:
        return draw(st.sampled_from(LEAVES))
    if made == 5:
        return _list_kind(draw(fields_(depth - 1, inner=True)))
    if made == 6:
        return _map_kind(draw(fields_(depth - 1, inner=True)), draw(st.sampled_from([None, str, str.upper, len])))
    if made == 7:
        return _set_kind(draw(st.sampled_from([t.StringType, t.IntType, t.FloatType, t.DecimalType, t.UUIDType])))
    return _nested_kind(draw(schemas(depth - 1)))


def _list_kind(inner: Declared) -> Kind:
    def good(rng: Random) -> Wire:
        return {"L": [wire_of(inner, rng, True) or {"NULL": True} for _ in range(rng.randrange(4))]}

    return Kind("List", lambda **kw: t.ListType(inner.field, **kw), good, _lists, ([], None), [inner])


def _map_kind(inner: Declared, coerce: Any) -> Kind:
    def good(rng: Random) -> Wire:
        content = {name: wire_of(inner, rng, True) for name in rng.sample(["a", "bb", "ccc"], rng.randrange(3))}
        return {"M": {name: wire for name, wire in content.items() if wire is not None}}

    def make(**kw: Any) -> Any:
        return t.DictType(inner.field, coerce_key=coerce, **kw)

    return Kind(f"Dict {coerce}", make, good, _any, ({},), [inner])


def _set_kind(of: Any) -> Kind:
    tags: dict[Any, Any] = {
        t.IntType: ("NS", whole),
        t.FloatType: ("NS", number),
        t.StringType: ("SS", text),
        t.DecimalType: ("SS", number),
        t.UUIDType: ("SS", lambda rng: str(uuid.UUID(int=rng.randrange(9)))),
    }
    tag, make = tags[of]

    def good(rng: Random) -> Wire:
        return {tag: [make(rng) for _ in range(rng.randrange(1, 4))]}

    return Kind(f"Set of {of.__name__}", lambda **kw: Set(of(), **kw), good, _lists, ([],))


def _nested_kind(schema: Generated) -> Kind:
    kept = schema.declared
    model = type(Model)("Inner", (Model,), dict(vars(schema.inner)))

    def good(rng: Random) -> Wire:
        extra = {"zz": free(rng)} if rng.random() < 0.1 else {}
        return {"M": {**content_of(kept, rng, True), **extra}}

    return Kind("Nested", lambda **kw: t.ModelType(model, **kw), good, _any, ({},), kept)


@st.composite
def fields_(draw: Any, depth: int, inner: bool = False, name: str = "f") -> Declared:
    """Return a declared field with options."""
    kind = draw(kinds(depth).filter(lambda kind: not (inner and kind.name in _COMPUTED)))
    options: dict[str, Any] = {}
    stored, former = name, []
    chosen = draw(st.sets(st.sampled_from(["required", "validate", "default", "name", "former", "level"]), max_size=3))
    if "required" in chosen:
        options["required"] = True
    if "validate" in chosen and kind.validators:
        options.update(draw(st.sampled_from(kind.validators))())
    if "default" in chosen and kind.defaults:
        default = draw(st.sampled_from(kind.defaults))
        options["default"] = (lambda: default) if draw(st.booleans()) else default
    if "name" in chosen and not inner and kind.name not in _COMPUTED:
        stored = options["serialized_name"] = draw(
            st.sampled_from([f"{name}-stored", f"{name} 'x\"\n", f"{name}\U0001f600", f"{name}\ud800", "shared"])
        )
        former.append(name)
    if "former" in chosen and not inner and kind.name not in _COMPUTED:
        options["deserialize_from"] = draw(st.sampled_from([f"{name}-old", [f"{name}-old", "older"], "f0"]))
        former.append(f"{name}-old")
    if "level" in chosen:
        options.update(draw(st.sampled_from([{"serialize_when_none": False}, {"export_level": 0}, {"metadata": {}}])))
    made = kind.make(**options)
    holds = f" of ({', '.join(one.told for one in kind.inner)})" if kind.inner else ""
    told = f"{name}: {kind.name}{holds} {options or ''}"
    required = bool(made.required) and kind.name not in _COMPUTED
    return Declared(name, made, kind, stored, not required, required, told, tuple(former))


@st.composite
def schemas(draw: Any, depth: int = 2) -> Generated:
    """Return a schema."""
    names = [f"f{place}" for place in range(draw(st.integers(1, 6)))]
    if draw(st.integers(0, 9)) == 7:
        names.append("items")
    declared = [draw(fields_(depth, name=name)) for name in names]
    members: dict[str, Any] = {one.name: one.field for one in declared}
    hook = draw(st.sampled_from([None] * 15 + list(_HOOKS)))
    if hook is not None:
        members[hook] = _HOOKS[hook]
    told = ", ".join(one.told for one in declared)
    return Generated(type("Schema", (), members), declared, () if hook is None else (hook,), f"{told} {hook or ''}")


def _validate_f0(self: Any, data: Any, value: Any, context: Any) -> None:
    if value in ("abc", 7):
        raise ValidationError("unwanted")
    if value is not None:
        data["f1"] = None


def _validate_f1(self: Any, data: Any, value: Any, context: Any) -> None:
    """Leave word of everything that it is shown."""
    data["f1"] = f"{_shape(dict(self._data))} {_shape(data)} {_shape(value)} {context.partial}"


def _shape(value: Any) -> str:
    if isinstance(value, Model):
        return f"{type(value).__name__}({_shape(dict(value._data))}, {sorted(vars(value))})"
    if isinstance(value, dict):
        return str({name: _shape(inner) for name, inner in sorted(value.items(), key=str)})
    if isinstance(value, list):
        return str(list(map(_shape, value)))
    return type(value).__name__ if isinstance(value, (set, dt.datetime)) else repr(value)


class _Options:
    roles = {"default": blacklist("f0", "f1")}
    serialize_when_none = False
    export_order = True


_HOOKS: dict[str, Any] = {"validate_f0": _validate_f0, "validate_f1": _validate_f1, "Options": _Options}
