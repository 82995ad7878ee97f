"""How the values of marshmallow's fields are stored and loaded, in the words of the compiler."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import functools
import operator
import uuid
from collections.abc import Callable
from typing import Any

from marshmallow import fields, utils
from marshmallow import missing as MISSING

from ...spec import FieldSpec
from ...wire.codec import decode_number
from ..base import Adapter, prepare
from ..compiler.layouts import (
    LEFT_OUT,
    Checks,
    Converted,
    DefaultFactory,
    DefaultValue,
    Flag,
    Free,
    ListOf,
    MapOf,
    Missing,
    NotCompilable,
    Number,
    SetOf,
    Size,
    Text,
    Value,
    is_stable,
)
from ..compiler.values import decimal_of, float_of
from ..conversions import in_utc, sorted_text, utc_moment_of
from .fields import Binary, Set, Timestamp, UTCDateTime
from .validators import checks_of
from .variants import EXACT, is_immutable

Describe = Callable[[FieldSpec, Any, bool], Value]

# Methods that a field may have been given for itself alone; variants give one to decimals that round.
_METHODS = frozenset(
    {
        "serialize",
        "deserialize",
        "get_value",
        "_serialize",
        "_deserialize",
        "_validate",
        "_validate_all",
        "_validate_missing",
        "_validated",
        "_to_string",
        "make_error",
    }
)
_OWN = (Set, Binary, Timestamp, UTCDateTime)


def give_default(default: Any) -> Missing:
    """Return what stands in for a missing value, by a default of marshmallow's."""
    if default is MISSING:
        return LEFT_OUT
    if callable(default):
        return DefaultFactory(default)
    if is_immutable(default):
        return DefaultValue(default)
    return DefaultFactory(functools.partial(copy.deepcopy, default))


def plain_value(adapter: Adapter, spec: FieldSpec, field: Any, partial: bool, describe: Describe) -> Value | None:
    """Describe the values of a field; ``None`` for those of a nested schema.

    :raises NotCompilable: where the field is not simply one of marshmallow's
    """
    kind = type(field)
    _require_usual(field)
    if kind is fields.Nested:
        return None
    checks = checks_of(field.validators)
    maker = _MAKERS.get(kind)
    found = None
    if maker is not None:
        found = maker(field, checks)
    elif kind is fields.List:
        found = _list(spec, field, checks, partial, describe)
    elif kind is Set:
        found = _set(spec, field, checks, partial, describe)
    elif issubclass(kind, fields.Mapping):
        found = _map(adapter, spec, field, checks, partial, describe)
    return found or by_methods(adapter, spec, field, partial)


def _require_usual(field: Any) -> None:
    kind = type(field)
    if kind in (fields.Method, fields.Function):
        raise NotCompilable("it is made by a function or method of the user's")
    if kind.__module__ != "marshmallow.fields" and kind not in _OWN:
        raise NotCompilable(f"{kind.__name__} is a field class of its own")
    own = _METHODS & set(vars(field))
    if own:
        raise NotCompilable(f"its {', '.join(sorted(own))} is its own")
    if getattr(field, "pre_load", None) or getattr(field, "post_load", None):
        raise NotCompilable("it has pre_load or post_load functions")


def by_methods(adapter: Adapter, spec: FieldSpec, field: Any, partial: bool) -> Value:
    """Describe a field that is converted by calling its two methods."""
    kwargs: dict[str, Any] = {"partial": True} if partial else {}
    exact = spec.loads_to if spec.loads_to and not isinstance(field, (fields.Pluck, fields.Tuple)) else ()
    return Converted(
        load=lambda value: field._deserialize(prepare(spec, value), spec.stored, None, **kwargs),
        dump=lambda value: field._serialize(value, spec.name, {spec.name: value}),
        natives=exact,
        as_native=None if exact else lambda value: adapter.as_native(spec, value),
        checks=checks_of(field.validators),
        by_library=True,
    )


# One function for each kind of field; ``None`` where it takes the field's methods after all.


def _text(field: Any, checks: Checks) -> Value | None:
    return Text(checks)


def _integer(field: Any, checks: Checks) -> Value | None:
    return None if field.as_string else Number(int, _strict_int if field.strict else _int, checks=checks)


def _int(text: str) -> int:
    return int(decode_number(text))


def _strict_int(text: str) -> int:
    number = decode_number(text)
    if type(number) is not int:
        raise ValueError(text)
    return number


def _float(field: Any, checks: Checks) -> Value | None:
    return None if field.as_string else Number(float, float_of, checks=checks)


def _decimal(field: Any, checks: Checks) -> Value | None:
    if field.as_string:
        return None
    finish = None
    if field.places is not None:
        places, rounding, context = field.places, field.rounding, EXACT.copy()

        def finish(value: decimal.Decimal) -> decimal.Decimal:
            return value.quantize(places, rounding, context)

    return Number(decimal.Decimal, decimal_of, finish, checks)


def _boolean(field: Any, checks: Checks) -> Value | None:
    try:
        usual = field._deserialize(True, None, None) is True and field._deserialize(False, None, None) is False
    except Exception:
        usual = False
    return Flag(checks) if usual else None


def _uuid(field: Any, checks: Checks) -> Value | None:
    return Converted(uuid.UUID, str, as_text=True, natives=(uuid.UUID,), reload="same", checks=checks)


def _moment(field: Any, checks: Checks) -> Value | None:
    """Describe the ISO form of a date, a time or both; marshmallow 3 reads it by regular expressions of its own."""
    form = field.format or field.DEFAULT_FORMAT
    loads, dumps = field.DESERIALIZATION_FUNCS.get(form), field.SERIALIZATION_FUNCS.get(form)
    kind: Any = {fields.DateTime: dt.datetime, fields.Date: dt.date, fields.Time: dt.time}[type(field)]
    if dumps not in (kind.isoformat, *_SLOW_DUMPS):
        return None
    if loads == kind.fromisoformat:
        reload = "same" if kind is dt.date else "sure"
        return Converted(loads, kind.isoformat, as_text=True, natives=(kind,), reload=reload, checks=checks)
    if loads in _SLOW_LOADS:
        return Converted(_SLOW_LOADS[loads], kind.isoformat, as_text=True, natives=(kind,), checks=checks)
    return None


def _fixed_zone(offset: dt.timedelta) -> Any:
    """Return the zone that marshmallow 3 makes of an offset."""
    known = _ZONES.get(offset)
    if known is None:
        minutes, rest = divmod(offset, dt.timedelta(minutes=1))
        if rest:
            raise ValueError(offset)
        known = _ZONES[offset] = utils.get_fixed_timezone(minutes)  # type: ignore[attr-defined]
    return known


_ZONES: dict[dt.timedelta, Any] = {}


def _quick_datetime(text: str) -> dt.datetime:
    """Read a datetime in the form that ``isoformat`` gives, which all parsers read alike; leave others to theirs."""
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.isoformat() == text:
            offset = moment.utcoffset()
            return moment if offset is None else moment.replace(tzinfo=_fixed_zone(offset))
    except ValueError:
        pass
    return utils.from_iso_datetime(text)  # type: ignore[attr-defined,no-any-return]


def _quick_date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
        if day.isoformat() == text:
            return day
    except ValueError:
        pass
    return utils.from_iso_date(text)  # type: ignore[attr-defined,no-any-return]


def _quick_time(text: str) -> dt.time:
    try:
        time = dt.time.fromisoformat(text)
        if time.tzinfo is None and time.isoformat() == text:
            return time
    except ValueError:
        pass
    return utils.from_iso_time(text)  # type: ignore[attr-defined,no-any-return]


_SLOW_LOADS: dict[Any, Callable[[str], Any]] = {
    getattr(utils, name): quick
    for name, quick in (
        ("from_iso_datetime", _quick_datetime),
        ("from_iso_date", _quick_date),
        ("from_iso_time", _quick_time),
    )
    if hasattr(utils, name)
}
_SLOW_DUMPS = tuple(
    getattr(utils, name) for name in ("isoformat", "to_iso_date", "to_iso_time") if hasattr(utils, name)
)


def _utc_moment(field: Any, checks: Checks) -> Value | None:
    return Converted(
        utc_moment_of, sorted_text, as_text=True, natives=(dt.datetime,), as_native=in_utc, reload="same", checks=checks
    )


def _enum(field: Any, checks: Checks) -> Value | None:
    kind: Any = field.enum
    if issubclass(kind, enum.Flag):
        return None
    if not field.by_value:
        names: dict[str, Any] = dict(kind.__members__)
        usual = all(_is_usual_member(kind, name, member) for name, member in names.items())
        if type(field.field) is not fields.String or not usual:
            return None
        name_of = operator.attrgetter("_name_")
        return Converted(names.__getitem__, name_of, as_text=True, natives=(kind,), reload="same", checks=checks)
    if type(field.field) not in (fields.Raw, fields.Field):
        return None
    members = {member.value: member for member in kind if type(member.value) in (str, int)}
    if len(members) != len(list(kind)) or any(kind(value) is not member for value, member in members.items()):
        return None
    return Converted(
        members.__getitem__,
        operator.attrgetter("_value_"),
        as_text=all(type(value) is str for value in members),
        natives=(kind,),
        reload="same",
        checks=checks,
    )


def _is_usual_member(kind: Any, name: str, member: Any) -> bool:
    """Return whether all ways from a name to a member and back are the usual ones."""
    found: Any = getattr(kind, name, None)
    return found is member and bool(found.name == found._name_)


def _raw(field: Any, checks: Checks) -> Value | None:
    return Free(checks=checks)


_MAKERS: dict[type, Callable[[Any, Checks], Value | None]] = {
    fields.String: _text,
    fields.Email: _text,
    fields.Url: _text,
    fields.Integer: _integer,
    fields.Float: _float,
    fields.Decimal: _decimal,
    fields.Boolean: _boolean,
    fields.UUID: _uuid,
    fields.DateTime: _moment,
    fields.Date: _moment,
    fields.Time: _moment,
    UTCDateTime: _utc_moment,
    fields.Enum: _enum,
    fields.Raw: _raw,
    fields.Field: _raw,
}


def _list(spec: FieldSpec, field: Any, checks: Checks, partial: bool, describe: Describe) -> Value | None:
    assert spec.element is not None
    element = describe(spec.element, field.inner, partial)
    if type(field.inner) is fields.Constant:  # which takes None for its constant
        return None
    if not (is_stable(element) or all(isinstance(check, Size) for check in checks)):
        return None
    return ListOf(element, field.inner.allow_none, checks)


def _set(spec: FieldSpec, field: Any, checks: Checks, partial: bool, describe: Describe) -> Value | None:
    assert spec.element is not None
    element = describe(spec.element, field.inner, partial)
    if isinstance(element, (Text, Number)) and is_stable(element):
        return SetOf(element, checks)
    return None


def _map(
    adapter: Adapter, spec: FieldSpec, field: Any, checks: Checks, partial: bool, describe: Describe
) -> Value | None:
    if field.mapping_type is not dict:
        return None
    if field.key_field is None and field.value_field is None:
        return Free(mapping=True, checks=checks)
    element: Value = Free()
    nullable = True
    if field.value_field is not None:
        assert spec.element is not None
        element, nullable = describe(spec.element, field.value_field, partial), spec.element.nullable
    key = field.key_field
    if key is not None:
        _require_usual(key)
    if checks or type(field.value_field) is fields.Constant:
        return None
    if key is None or (type(key) is fields.String and not key.validators):
        return MapOf(element, nullable)

    (key_spec,) = adapter.parts_of(spec, [key])  # type: ignore[attr-defined]
    return MapOf(
        element,
        nullable,
        load_key=key.deserialize,
        dump_key=lambda name: key._serialize(adapter.as_native(key_spec, name), None, None),
    )
