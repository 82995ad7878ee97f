"""How the values of schematics' types are stored, loaded and checked, in the words of the compiler."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from schematics import types
from schematics.common import PRIMITIVE
from schematics.validate import prepare_validator

from ...wire.codec import decode_number
from ..compiler.describing import UTC_MOMENTS, UUIDS, Leaves
from ..compiler.layouts import Accepts, Check, Checks, Converted, Flag, Free, Number, Size, Text, Value
from ..compiler.values import float_of
from .types import Binary, Timestamp, UTCDateTime

_LAYOUTS = {types.DateTimeType.SERIALIZED_FORMAT: "%z", types.UTCDateTimeType.SERIALIZED_FORMAT: "Z"}
_UTC = types.DateTimeType.UTC
_EPOCH = dt.datetime(1970, 1, 1)
_UTC_EPOCH = _EPOCH.replace(tzinfo=_UTC)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}(?:\d{3})?)?)([+-]00:?00|Z)?", re.ASCII).fullmatch


def _hash(field: Any) -> Value | None:
    hash_of = field.to_native
    return Converted(hash_of, hash_of, as_text=True, natives=(str,), reload="same", by_library=True)


def _integer(field: Any) -> Value | None:
    return Number(int, lambda text: field.to_native(decode_number(text)))


def _binary(field: Any) -> Value | None:
    return Converted(field.to_native, field.to_primitive, natives=(bytes,), reload="same", by_library=True)


def _timestamp(field: Any) -> Value | None:
    as_native = field.to_native
    return Converted(
        as_native, field.to_primitive, natives=(dt.datetime,), as_native=as_native, reload="same", by_library=True
    )


def _date(field: Any) -> Value | None:
    if field.formats != [field.SERIALIZED_FORMAT] or field.serialized_format != field.SERIALIZED_FORMAT:
        return None

    def read(text: str) -> dt.date:
        """Read the form that ``isoformat`` gives, which schematics reads alike; leave others to it."""
        if len(text) == 10 and text[4] == text[7] == "-":
            return dt.date.fromisoformat(text)
        found: dt.date = field.to_native(text)
        return found

    def write(day: dt.date) -> str:
        if day.year < 1000:
            raise ValueError("schematics writes early years as no one reads them")
        return day.isoformat()

    return Converted(read, write, as_text=True, natives=(dt.date,), reload="same")


def _moment(field: Any) -> Value | None:
    ending = _LAYOUTS.get(field.serialized_format) if isinstance(field.serialized_format, str) else None
    writer = field.export_mapping[PRIMITIVE].__self__
    if field.formats or field.parser or ending is None or writer.serialized_format != field.serialized_format:
        return None
    as_is = field.tzd == "allow" and not field.convert_tz and not field.drop_tzinfo
    can_reload = field.tzd in ("allow", "utc") or (field.tzd == "require" and not field.drop_tzinfo)
    return Converted(
        _moment_reader(field, as_is),
        _write_offset if ending == "%z" else _write_z,
        as_text=True,
        natives=(dt.datetime,),
        as_native=None if as_is else field.to_native,
        reload="sure" if can_reload else "doubtful",
    )


def _moment_reader(field: Any, as_is: bool) -> Callable[[str], dt.datetime]:
    to_native: Callable[[Any], dt.datetime] = field.to_native
    naive_at_once = field.tzd in ("allow", "reject") or (field.tzd == "utc" and field.drop_tzinfo)
    utc_dropped = field.convert_tz and field.drop_tzinfo and field.tzd != "reject"

    def read(text: str) -> dt.datetime:
        """Read the forms that schematics and ``isoformat`` write, without a zone or in UTC; leave others to it."""
        written = _ISO(text)
        if written is None:
            return to_native(text)
        moment = dt.datetime.fromisoformat(written[1])
        if written[2] is None:
            return moment if naive_at_once else to_native(text)
        if utc_dropped:
            return moment
        moment = _UTC_EPOCH + (moment - _EPOCH)
        return moment if as_is else to_native(moment)

    return read


def _write_offset(moment: dt.datetime) -> str:
    """Write what ``strftime`` writes, where it can be read again."""
    zone = moment.tzinfo
    if zone is None:
        return _digits(moment)
    if zone is _UTC:
        # among datetimes of one zone, this is quicker than to replace it
        return _digits(_EPOCH + (moment - _UTC_EPOCH)) + "+0000"
    if zone is dt.timezone.utc:
        return _digits(moment.replace(tzinfo=None)) + "+0000"
    text = moment.strftime(types.DateTimeType.SERIALIZED_FORMAT)
    if len(text) != 31:
        raise ValueError("schematics reads offsets of whole minutes, and years of four digits only")
    return text


def _write_z(moment: dt.datetime) -> str:
    return _digits(moment if moment.tzinfo is None else moment.replace(tzinfo=None)) + "Z"


def _digits(moment: dt.datetime) -> str:
    if moment.year < 1000:
        raise ValueError("schematics writes early years as no one reads them")
    text = moment.isoformat()
    return text if moment.microsecond else text + ".000000"


LEAVES: Leaves = {
    types.BaseType: Free(),
    types.StringType: Text(),
    types.EmailType: Text(),
    types.URLType: Text(),
    types.IPAddressType: Text(),
    types.IPv4Type: Text(),
    types.IPv6Type: Text(),
    types.MD5Type: _hash,
    types.SHA1Type: _hash,
    types.IntType: _integer,
    types.FloatType: Number(float, float_of),
    types.DecimalType: Converted(Decimal, str, as_text=True, natives=(Decimal,), reload="same"),
    types.BooleanType: Flag(),
    types.UUIDType: UUIDS,
    types.DateType: _date,
    types.DateTimeType: _moment,
    types.UTCDateTimeType: _moment,
    Binary: _binary,
    Timestamp: _timestamp,
    UTCDateTime: UTC_MOMENTS,
}

# Checks: what validators demand, those of schematics where they demand something, and the user's.

# schematics wraps validators that do not take its context
_WRAPPER = prepare_validator(lambda value: None, 2).__code__

_OPTIONS: dict[Any, tuple[str, ...]] = {
    types.BaseType.validate_choices: ("choices",),
    types.StringType.validate_length: ("min_length", "max_length"),
    types.StringType.validate_regex: ("regex",),
    types.NumberType.validate_range: ("min_value", "max_value"),
    types.ListType.check_length: ("min_size", "max_size"),
    types.DateTimeType.validate_tz: (),  # what a conversion gives never has a wrong time zone
}
"""The options without which validators that every type has demand nothing."""


class NeedsContext(Exception):
    """A field has a validator that looks at schematics' context, and has to be loaded by schematics."""


def checks_of(field: Any) -> Checks:
    """Return what a field's validators demand, in their order.

    :raises NeedsContext: where one of them looks at schematics' context
    """
    checks = (_check(validator) for validator in field.validators)
    return tuple(check for check in checks if check is not None)


def is_own(validator: Any) -> bool:
    """Return whether a validator is schematics' own, which always judges alike."""
    method = getattr(validator, "__func__", None)
    return method is not None and method.__module__.startswith("schematics.")


def _check(validator: Any) -> Check | None:
    method = getattr(validator, "__func__", None)
    if method in _OPTIONS:
        # a field's copy has the validators of the original
        field = validator.__self__
        if all(getattr(field, option) is None for option in _OPTIONS[method]):
            return None
        if method is types.ListType.check_length:
            return Size(field.min_size, field.max_size)
    if is_own(validator):
        return Accepts(lambda value: validator(value, None))
    if getattr(validator, "__code__", None) is not _WRAPPER:
        raise NeedsContext
    return Accepts(validator.__wrapped__)
