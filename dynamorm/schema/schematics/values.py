"""How the values of schematics' types are stored and loaded, in the words of the compiler."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import uuid
from collections.abc import Callable
from typing import Any

from schematics import types
from schematics.common import PRIMITIVE

from ...spec import FieldSpec
from ...wire.codec import decode_number
from ..compiler.layouts import Checks, Converted, Flag, Free, ListOf, MapOf, Number, SetOf, Size, Text, Value, is_stable
from ..compiler.values import float_of
from ..conversions import in_utc, sorted_text, utc_moment_of
from .types import Binary, Set, Timestamp, UTCDateTime

Describe = Callable[[FieldSpec, Any], Value]

_LAYOUTS = {types.DateTimeType.SERIALIZED_FORMAT: "%z", types.UTCDateTimeType.SERIALIZED_FORMAT: "Z"}
_UTC = types.DateTimeType.UTC
_EPOCH = dt.datetime(1970, 1, 1)
_UTC_EPOCH = _EPOCH.replace(tzinfo=_UTC)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}(?:\d{3})?)?)([+-]00:?00|Z)?", re.ASCII).fullmatch


def value_of_type(spec: FieldSpec, field: Any, checks: Checks, describe: Describe, *, strict: bool) -> Value | None:
    """Return the description of a type's values; ``None`` for those that have to be converted by calling it.

    Trusted loads, which are not ``strict``, keep ``None`` among elements.
    """
    kind = type(field)
    if kind is types.ListType:
        return _list(spec, field, checks, describe, strict=strict)
    if kind is Set:
        return _set(spec, field, checks, describe)
    if kind is types.DictType:
        return _map(spec, field, checks, describe)
    describe_alone = _DESCRIPTIONS.get(kind)
    return None if describe_alone is None else describe_alone(field, checks)


def _text(field: Any, checks: Checks) -> Value | None:
    return Text(checks)


def _hash(field: Any, checks: Checks) -> Value | None:
    hash_of = field.to_native
    return Converted(hash_of, hash_of, as_text=True, natives=(str,), reload="same", checks=checks, by_library=True)


def _integer(field: Any, checks: Checks) -> Value | None:
    return Number(int, lambda text: field.to_native(decode_number(text)), checks=checks)


def _float(field: Any, checks: Checks) -> Value | None:
    return Number(float, float_of, checks=checks)


def _decimal(field: Any, checks: Checks) -> Value | None:
    kind = decimal.Decimal
    return Converted(kind, str, as_text=True, natives=(kind,), reload="same", checks=checks)


def _boolean(field: Any, checks: Checks) -> Value | None:
    return Flag(checks)


def _uuid(field: Any, checks: Checks) -> Value | None:
    return Converted(uuid.UUID, str, as_text=True, natives=(uuid.UUID,), reload="same", checks=checks)


def _free(field: Any, checks: Checks) -> Value | None:
    return Free(checks=checks)


def _binary(field: Any, checks: Checks) -> Value | None:
    return Converted(
        field.to_native, field.to_primitive, natives=(bytes,), reload="same", checks=checks, by_library=True
    )


def _timestamp(field: Any, checks: Checks) -> Value | None:
    return Converted(
        field.to_native,
        field.to_primitive,
        natives=(dt.datetime,),
        as_native=field.to_native,
        reload="same",
        checks=checks,
        by_library=True,
    )


def _utc_moment(field: Any, checks: Checks) -> Value | None:
    return Converted(
        utc_moment_of, sorted_text, as_text=True, natives=(dt.datetime,), as_native=in_utc, reload="same", checks=checks
    )


def _date(field: Any, checks: Checks) -> Value | None:
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

    return Converted(read, write, as_text=True, natives=(dt.date,), reload="same", checks=checks)


def _moment(field: Any, checks: Checks) -> Value | None:
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
        checks=checks,
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


def _list(spec: FieldSpec, field: Any, checks: Checks, describe: Describe, *, strict: bool) -> Value | None:
    assert spec.element is not None
    element = describe(spec.element, field.field)
    if not (is_stable(element) or all(isinstance(check, Size) for check in checks)):
        return None
    return ListOf(element, spec.element.nullable or not strict, checks)


def _set(spec: FieldSpec, field: Any, checks: Checks, describe: Describe) -> Value | None:
    assert spec.element is not None
    element = describe(spec.element, field.field)
    if isinstance(element, (Text, Number)):
        return SetOf(element, checks)
    return None


def _map(spec: FieldSpec, field: Any, checks: Checks, describe: Describe) -> Value | None:
    assert spec.element is not None
    element = describe(spec.element, field.field)
    if checks:
        return None
    if field.coerce_key is str:
        return MapOf(element, spec.element.nullable)
    return MapOf(element, spec.element.nullable, load_key=field.coerce_key, dump_key=lambda k: _name(field, k))


def _name(field: Any, key: Any) -> str:
    name = field.coerce_key(key)
    return name if isinstance(name, str) else str(name)


_DESCRIPTIONS: dict[type, Callable[[Any, Checks], Value | None]] = {
    types.BaseType: _free,
    types.StringType: _text,
    types.EmailType: _text,
    types.URLType: _text,
    types.IPAddressType: _text,
    types.IPv4Type: _text,
    types.IPv6Type: _text,
    types.MD5Type: _hash,
    types.SHA1Type: _hash,
    types.IntType: _integer,
    types.FloatType: _float,
    types.DecimalType: _decimal,
    types.BooleanType: _boolean,
    types.UUIDType: _uuid,
    types.DateType: _date,
    types.DateTimeType: _moment,
    types.UTCDateTimeType: _moment,
    Binary: _binary,
    Timestamp: _timestamp,
    UTCDateTime: _utc_moment,
}
