"""The fields that marshmallow lacks: :class:`Set`, :class:`Binary`, :class:`Timestamp` and :class:`UTCDateTime`."""

from __future__ import annotations

import datetime as dt
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


class Binary(fields.Field):  # type: ignore[type-arg]
    """Bytes, stored as they are; text given for it is taken as base64."""

    default_error_messages = {"invalid": "Not valid bytes, nor base64 text."}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bytes:
        try:
            return bytes_of(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class Timestamp(fields.Field):  # type: ignore[type-arg]
    """A moment, stored as a number of seconds since 1970, as DynamoDB's TTL wants it; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.  Whole seconds are stored as integers.
    """

    default_error_messages = {"invalid": "Not a valid timestamp."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else seconds_of(value)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        try:
            return moment_of(value)
        except ValueError as error:
            raise self.make_error("invalid") from error


class UTCDateTime(fields.Field):  # type: ignore[type-arg]
    """A moment, stored in UTC as ISO text of one width, which sorts as moments do; loads to an aware UTC datetime.

    Naive datetimes are taken as UTC.
    """

    default_error_messages = {"invalid": "Not a valid datetime."}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else sorted_text(in_utc(value))

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dt.datetime:
        try:
            return utc_moment_of(value)
        except ValueError as error:
            raise self.make_error("invalid") from error
