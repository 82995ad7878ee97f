"""How the values of marshmallow's fields are stored, loaded and checked, in the words of the compiler."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import enum
import functools
import inspect
import operator
from collections.abc import Callable, Iterable
from typing import Any

from marshmallow import fields, utils, validate
from marshmallow import missing as MISSING

from ...wire.codec import decode_number
from ..compiler.describing import UTC_MOMENTS, UUIDS, Leaves, require_usual
from ..compiler.layouts import (
    LEFT_OUT,
    Accepts,
    Among,
    Bounds,
    Checks,
    Converted,
    DefaultFactory,
    DefaultValue,
    Equals,
    Flag,
    Free,
    Missing,
    NotAmong,
    NotCompilable,
    Number,
    Satisfies,
    Size,
    Text,
    Value,
)
from ..compiler.values import decimal_of, float_of
from .fields import Binary, Set, Timestamp, UTCDateTime
from .variants import EXACT, is_immutable

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


def require_marshmallow(field: Any) -> None:
    """Raise ``NotCompilable`` where a field is not simply one of marshmallow's or of ours."""
    kind = type(field)
    if kind in (fields.Method, fields.Function):
        raise NotCompilable("it is made by a function or method of the user's")
    require_usual(field, kind.__module__ == "marshmallow.fields" or kind in _OWN, "field class", replaced="_format_num")
    if getattr(field, "pre_load", None) or getattr(field, "post_load", None):
        raise NotCompilable("it has pre_load or post_load functions")


# One function for each kind of field; ``None`` where it takes the field's methods after all.


def _integer(field: Any) -> Value | None:
    return None if field.as_string else Number(int, _strict_int if field.strict else _int)


def _int(text: str) -> int:
    return int(decode_number(text))


def _strict_int(text: str) -> int:
    number = decode_number(text)
    if type(number) is not int:
        raise ValueError(text)
    return number


def _float(field: Any) -> Value | None:
    return None if field.as_string else Number(float, float_of)


def _decimal(field: Any) -> Value | None:
    if field.as_string:
        return None
    finish = None
    if field.places is not None:
        places, rounding, context = field.places, field.rounding, EXACT.copy()

        def finish(value: decimal.Decimal) -> decimal.Decimal:
            return value.quantize(places, rounding, context)

    return Number(decimal.Decimal, decimal_of, finish)


def _boolean(field: Any) -> Value | None:
    try:
        usual = field._deserialize(True, None, None) is True and field._deserialize(False, None, None) is False
    except Exception:
        usual = False
    return Flag() if usual else None


def _moment(field: Any) -> Value | None:
    """Describe the ISO form of a date, a time or both; marshmallow 3 reads it by regular expressions of its own."""
    form = field.format or field.DEFAULT_FORMAT
    loads, dumps = field.DESERIALIZATION_FUNCS.get(form), field.SERIALIZATION_FUNCS.get(form)
    kind: Any = {fields.DateTime: dt.datetime, fields.Date: dt.date, fields.Time: dt.time}[type(field)]
    if dumps not in (kind.isoformat, *_SLOW_DUMPS):
        return None
    if loads == kind.fromisoformat:
        reload = "same" if kind is dt.date else "sure"
        return Converted(loads, kind.isoformat, as_text=True, natives=(kind,), reload=reload)
    if loads in _SLOW_LOADS:
        return Converted(_SLOW_LOADS[loads], kind.isoformat, as_text=True, natives=(kind,))
    return None


@functools.cache
def _fixed_zone(offset: dt.timedelta) -> Any:
    """Return the zone that marshmallow 3 makes of an offset."""
    minutes, rest = divmod(offset, dt.timedelta(minutes=1))
    if rest:
        raise ValueError(offset)
    return utils.get_fixed_timezone(minutes)  # type: ignore[attr-defined]


def _quick_reader(kind: Any, slow: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return what reads the form that ``isoformat`` gives, which all parsers read alike, and leaves others to one."""
    offset_of = getattr(kind, "utcoffset", None)

    def read(text: str) -> Any:
        try:
            found = kind.fromisoformat(text)
            if found.isoformat() == text:
                offset = None if offset_of is None else offset_of(found)
                if offset is None:
                    return found
                if kind is dt.datetime:
                    return found.replace(tzinfo=_fixed_zone(offset))
        except ValueError:
            pass
        return slow(text)

    return read


_SLOW_LOADS: dict[Any, Callable[[str], Any]] = {
    slow: _quick_reader(kind, slow)
    for kind in (dt.datetime, dt.date, dt.time)
    if (slow := getattr(utils, f"from_iso_{kind.__name__}", None)) is not None
}
_SLOW_DUMPS = tuple(
    getattr(utils, name) for name in ("isoformat", "to_iso_date", "to_iso_time") if hasattr(utils, name)
)


def _enum(field: Any) -> Value | None:
    kind: Any = field.enum
    if issubclass(kind, enum.Flag):
        return None
    members: dict[Any, Any]
    if field.by_value:
        members = {member.value: member for member in kind if type(member.value) in (str, int)}
        is_whole = len(members) == len(list(kind)) and type(field.field) in (fields.Raw, fields.Field)
        is_usual = is_whole and all(kind(value) is member for value, member in members.items())
    else:
        members = dict(kind.__members__)
        is_usual = all(_is_usual_member(kind, *one) for one in members.items()) and type(field.field) is fields.String
    if not is_usual:
        return None
    return Converted(
        members.__getitem__,
        operator.attrgetter("_value_" if field.by_value else "_name_"),
        as_text=all(type(key) is str for key in members),
        natives=(kind,),
        reload="same",
    )


def _is_usual_member(kind: Any, name: str, member: Any) -> bool:
    """Return whether all ways from a name to a member and back are the usual ones."""
    found: Any = getattr(kind, name, None)
    return found is member and bool(found.name == found._name_)


LEAVES: Leaves = {
    fields.String: Text(),
    fields.Email: Text(),
    fields.Url: Text(),
    fields.Integer: _integer,
    fields.Float: _float,
    fields.Decimal: _decimal,
    fields.Boolean: _boolean,
    fields.UUID: UUIDS,
    fields.DateTime: _moment,
    fields.Date: _moment,
    fields.Time: _moment,
    UTCDateTime: UTC_MOMENTS,
    fields.Enum: _enum,
    fields.Raw: Free(),
    fields.Field: Free(),
}

# Checks; of validators, whatever is not exactly one of marshmallow's own is called.

_CONTAINERS = (list, tuple, set, frozenset, dict, range)
# marshmallow 3 takes False for an objection
_BY_FALSE = "error" in inspect.signature(validate.And).parameters


def checks_of(validators: Iterable[Callable[[Any], Any]]) -> Checks:
    """Return what a field's validators demand, in their order."""
    return tuple(check for validator in validators for check in _checks(validator))


def _checks(validator: Any) -> Checks:
    kind = type(validator)
    if kind is validate.Length:
        if validator.equal is not None:
            return (Size(validator.equal, validator.equal),)
        return (Size(validator.min, validator.max),) if _bounded(validator) else (Accepts(validator),)
    if kind is validate.Range and _bounded(validator):
        return (Bounds(validator.min, validator.max, validator.min_inclusive, validator.max_inclusive),)
    if kind is validate.OneOf and type(validator.choices) in _CONTAINERS:
        return (Among(validator.choices),)
    if kind is validate.NoneOf and type(validator.iterable) in _CONTAINERS:
        return (NotAmong(validator.iterable),)
    if kind is validate.Equal:
        return (Equals(validator.comparable),)
    if kind is validate.Regexp:
        return (Satisfies(validator.regex.match),)
    if kind is validate.Email:
        return (Satisfies(_email(validator)),)
    if kind is validate.URL:
        return (Satisfies(_url(validator)),)
    if kind is validate.And:
        return checks_of(validator.validators)
    return (Accepts(validator, by_false=_BY_FALSE and not isinstance(validator, validate.Validator)),)


def _bounded(validator: Any) -> bool:
    return validator.min is not None or validator.max is not None


def _email(validator: validate.Email) -> Callable[[str], Any]:
    user, domain, allowed = validator.USER_REGEX.match, validator.DOMAIN_REGEX.match, validator.DOMAIN_WHITELIST

    def is_plain_address(value: str) -> Any:
        name, at, host = value.rpartition("@")
        return at and user(name) and (host in allowed or domain(host))

    return is_plain_address


def _url(validator: Any) -> Callable[[str], Any]:
    options = {"relative": validator.relative, "require_tld": validator.require_tld}
    if hasattr(validator, "absolute"):
        options["absolute"] = validator.absolute
    matches, schemes = validator._regex(**options).search, validator.schemes

    def is_usual_url(value: str) -> Any:
        scheme, found, _ = value.partition("://")
        scheme = scheme.lower()
        # what is relative, or a file, is left to the library, whose versions differ
        return found and scheme in schemes and scheme != "file" and matches(value)

    return is_usual_url
