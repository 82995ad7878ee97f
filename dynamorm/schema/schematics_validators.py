"""schematics' validators as checks for the compiler; the user's own are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schematics import types
from schematics.types.net import IPAddressType
from schematics.validate import prepare_validator

from .compiler.layouts import Accepts, Among, Bounds, Check, Checks, Satisfies, Size

_CONTAINERS = (list, tuple, set, frozenset, dict, range)
# schematics wraps validators that do not take its context
_WRAPPER = prepare_validator(lambda value: None, 2).__code__


class Contextual(Exception):
    """A field has a validator that looks at schematics' context, and has to be loaded by schematics."""


def checks_of(field: Any) -> Checks:
    """Give what a field's validators demand, in their order.

    :raises Contextual: where one of them looks at schematics' context
    """
    checks = (_check(validator) for validator in field.validators)
    return tuple(check for check in checks if check is not None)


def is_own(validator: Any) -> bool:
    """Say whether a validator is schematics' own, which always judges alike."""
    method = getattr(validator, "__func__", None)
    return method is not None and method.__module__.startswith("schematics.")


def _check(validator: Any) -> Check | None:
    method = getattr(validator, "__func__", None)
    if method in _OWN:
        # a field's copy has the validators of the original
        return _OWN[method](validator.__self__)
    if is_own(validator):
        return Accepts(validator)
    if getattr(validator, "__code__", None) is not _WRAPPER:
        raise Contextual
    return Accepts(validator.__wrapped__)


def _choices(field: Any) -> Check | None:
    if field.choices is None:
        return None
    if type(field.choices) not in _CONTAINERS:
        return Accepts(field.validate_choices)
    return Among(field.choices)


def _length(field: Any) -> Check | None:
    return _size(field.min_length, field.max_length)


def _list_length(field: Any) -> Check | None:
    return _size(field.min_size, field.max_size)


def _size(least: Any, most: Any) -> Check | None:
    return None if least is None and most is None else Size(least, most)


def _range(field: Any) -> Check | None:
    if field.min_value is None and field.max_value is None:
        return None
    return Bounds(field.min_value, field.max_value)


def _regex(field: Any) -> Check | None:
    return None if field.regex is None else Satisfies(field.regex.match)


def _address(field: Any) -> Check | None:
    return Satisfies(type(field).valid_ip)


def _url(field: Any) -> Check | None:
    return Accepts(field.validate_) if field.verify_exists else Satisfies(field.valid_url)


def _email(field: Any) -> Check | None:
    return Satisfies(types.EmailType.EMAIL_REGEX.match)


def _zone(field: Any) -> Check | None:
    """Demand nothing: what a conversion gives never has a wrong time zone."""
    return None


_OWN: dict[Any, Callable[[Any], Check | None]] = {
    types.BaseType.validate_choices: _choices,
    types.StringType.validate_length: _length,
    types.StringType.validate_regex: _regex,
    types.NumberType.validate_range: _range,
    types.ListType.check_length: _list_length,
    types.DateTimeType.validate_tz: _zone,
    IPAddressType.validate_: _address,
    types.URLType.validate_: _url,
    types.EmailType.validate_email: _email,
}
