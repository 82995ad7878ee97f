"""marshmallow's validators as checks for the compiler; whatever is not exactly one of its own is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from marshmallow import validate

from ..compiler.layouts import Accepts, Among, Bounds, Checks, Equals, NotAmong, Satisfies, Size

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
