"""Validators of types as checks for the compiler: schematics' own where they demand something, and the user's."""

from __future__ import annotations

from typing import Any

from schematics import types
from schematics.validate import prepare_validator

from ..compiler.layouts import Accepts, Check, Checks, Size

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
