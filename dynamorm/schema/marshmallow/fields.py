"""The fields that marshmallow lacks: :class:`Set`, :class:`Binary`, :class:`Timestamp` and :class:`UTCDateTime`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import fields

from ..conversions import bytes_of, in_utc, moment_of, seconds_of, sorted_text, utc_moment_of


class Set(fields.List):  # type: ignore[type-arg]
    """A set, stored as one of DynamoDB's sets; elements are strings, numbers or bytes by their own field."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        dumped = super()._serialize(value, attr, obj, **kwargs)
        return None if dumped is None else set(dumped)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise self.make_error("invalid")
        try:
            return set(super()._deserialize(list(value), attr, data, **kwargs))
        except TypeError as error:
            raise self.make_error("invalid") from error


class _Converted(fields.Field):  # type: ignore[type-arg]
    """What two functions convert; of loads, a ValueError says that a value is invalid."""

    _loaded: Callable[[Any], Any]
    _dumped: Callable[[Any], Any]

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else self._dumped(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        try:
            return self._loaded(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class Binary(_Converted):
    """Bytes, stored as they are; text given for it is taken as base64."""

    default_error_messages = {"invalid": "Not valid bytes, nor base64 text."}
    _loaded = staticmethod(bytes_of)
    _dumped = staticmethod(lambda value: value)


class Timestamp(_Converted):
    """A moment, stored as a number of seconds since 1970, as DynamoDB's TTL wants it; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.  Whole seconds are stored as integers.
    """

    default_error_messages = {"invalid": "Not a valid timestamp."}
    _loaded = staticmethod(moment_of)
    _dumped = staticmethod(seconds_of)


class UTCDateTime(_Converted):
    """A moment, stored in UTC as ISO text of one width, which sorts as moments do; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.
    """

    default_error_messages = {"invalid": "Not a valid datetime."}
    _loaded = staticmethod(utc_moment_of)
    _dumped = staticmethod(lambda value: sorted_text(in_utc(value)))
