"""Types that schematics lacks."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any, ClassVar

from schematics import types
from schematics.exceptions import ConversionError

from ..conversions import bytes_of, in_utc, moment_of, seconds_of, sorted_text, utc_moment_of


class Set(types.ListType):  # type: ignore[misc]
    """A set, stored as one of DynamoDB's sets; elements are strings, numbers or bytes by their own type."""

    primitive_type = set
    native_type = set

    def _convert(self, value: Any, context: Any) -> set[Any]:
        converted = super()._convert(value, context)
        try:
            return set(converted)
        except TypeError as error:
            raise ConversionError(f"Not a set: {error}.") from error

    def _export(self, value: Any, format: Any, context: Any) -> set[Any]:
        return set(super()._export(value, format, context))


class _Converted(types.BaseType):  # type: ignore[misc]
    """What two functions convert; of loads, a ValueError says that a value is invalid."""

    _loaded: Callable[[Any], Any]
    _dumped: Callable[[Any], Any]

    def to_native(self, value: Any, context: Any = None) -> Any:
        try:
            return self._loaded(value)
        except ValueError as error:
            raise ConversionError(self.messages["convert"]) from error

    def to_primitive(self, value: Any, context: Any = None) -> Any:
        return self._dumped(self.to_native(value))


class Binary(_Converted):
    """Bytes, stored as they are; text given for it is taken as base64."""

    primitive_type = bytes
    native_type = bytes

    MESSAGES: ClassVar[dict[str, str]] = {"convert": "Not valid bytes, nor base64 text."}
    _loaded = staticmethod(bytes_of)

    def to_primitive(self, value: Any, context: Any = None) -> bytes:
        return bytes(value)


class Timestamp(_Converted):
    """A moment, stored as a number of seconds since 1970, as DynamoDB's TTL wants it; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.  Whole seconds are stored as integers.
    """

    primitive_type = decimal.Decimal
    native_type = dt.datetime

    MESSAGES: ClassVar[dict[str, str]] = {"convert": "Not a valid timestamp."}
    _loaded = staticmethod(lambda value: in_utc(value) if isinstance(value, dt.datetime) else moment_of(value))
    _dumped = staticmethod(seconds_of)


class UTCDateTime(_Converted):
    """A moment, stored in UTC as ISO text of one width, which sorts as moments do; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.
    """

    primitive_type = str
    native_type = dt.datetime

    MESSAGES: ClassVar[dict[str, str]] = {"convert": "Not a valid datetime."}
    _loaded = staticmethod(utc_moment_of)
    _dumped = staticmethod(sorted_text)
