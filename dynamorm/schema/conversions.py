"""What fields of several libraries have in common: bytes and moments, exactly, and moments as text that sorts."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import re
from typing import Any

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_EXACT = decimal.Context(prec=200, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX)


def bytes_of(value: Any) -> bytes:
    """Return bytes for bytes, or for base64 text.

    :raises ValueError: for anything else
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    try:
        return base64.b64decode(value, validate=True)
    except TypeError as error:
        raise ValueError(str(error)) from error


def seconds_of(moment: dt.datetime) -> int | decimal.Decimal:
    """Return the seconds since 1970, an integer where they are whole; naive datetimes are taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.timezone.utc)
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    if not since.microseconds:
        return seconds
    # built from text: the ambient decimal context may be too coarse for it
    return decimal.Decimal(f"{seconds * 1_000_000 + since.microseconds}E-6")


def moment_of(seconds: Any) -> dt.datetime:
    """Return the aware UTC datetime so many seconds after 1970.

    :raises ValueError: for what is no such number
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float, decimal.Decimal, str)):
        raise ValueError(f"{seconds!r} is no number")
    try:
        microseconds = int(decimal.Decimal(str(seconds)).scaleb(6, _EXACT))
        return _EPOCH + dt.timedelta(microseconds=microseconds)
    except ArithmeticError as error:
        raise ValueError(str(error)) from error


_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6})[0-9]*)?)?"
    r" ?(?:([Zz])|([+-])([0-9]{2})(?::?([0-9]{2}))?)?"
).fullmatch


def sorted_text(moment: dt.datetime) -> str:
    """Return the text of a datetime, which sorts as datetimes do: of one width, and in UTC if it is aware."""
    if moment.utcoffset() is None:
        return dt.datetime.isoformat(moment, timespec="microseconds")
    if moment.tzinfo is not dt.timezone.utc:
        moment = dt.datetime.astimezone(moment, dt.timezone.utc)
    return dt.datetime.isoformat(moment, timespec="microseconds")[:26] + "Z"


def in_utc(moment: dt.datetime) -> dt.datetime:
    """Return the same moment in UTC; naive datetimes are taken as UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=dt.timezone.utc)
    return moment.astimezone(dt.timezone.utc)


def utc_moment_of(value: Any) -> dt.datetime:
    """Return the aware UTC datetime of a datetime or of ISO text.

    :raises ValueError: for anything else
    """
    if isinstance(value, dt.datetime):
        return in_utc(value)
    found = _ISO(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is no datetime in ISO form")
    *numbers, fraction, is_utc, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    moment = dt.datetime(year, month, day, hour, minute, second, int((fraction or "0").ljust(6, "0")), dt.timezone.utc)
    if is_utc or not sign:
        return moment
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    try:
        return moment - offset if sign == "+" else moment + offset
    except OverflowError as error:
        raise ValueError(str(error)) from error
