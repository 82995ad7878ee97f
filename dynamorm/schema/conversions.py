"""What the ``Binary`` and ``Timestamp`` fields of several libraries have in common: bytes and moments, exactly."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
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
