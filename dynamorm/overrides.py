"""Which verbs of a model are its own, in place of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Override", "blocking_override", "chosen_override", "override_beyond"]


class Override(NamedTuple):
    """A verb of a model's own; ``blocks`` says that it is not one to be awaited."""

    function: Callable[..., Any]
    blocks: bool


def blocking_override(model: Any, verb: str, ours: Mapping[str, Any]) -> Override | None:
    """Return what a model has in place of a verb that blocks."""
    found = getattr(model, verb)
    return None if getattr(found, "__func__", found) is ours[verb] else Override(found, blocks=True)


def chosen_override(model: Any, verb: str, ours: Mapping[str, Any]) -> Override | None:
    """Return what a model has in place of a verb, awaited or blocking: the more derived one, else the awaited one."""
    for awaited, function in _own(model, verb, ours):
        return Override(getattr(model, f"a{verb}") if awaited else function, _blocks(function))
    return None


def override_beyond(model: Any, verb: str, ours: Mapping[str, Any]) -> Override | None:
    """Return what our awaited verb is to call in place of what it does.

    If the model has awaited ones of its own, they have been called by now: only what they derive from is left.
    """
    found: Override | None = None
    for number, (awaited, function) in enumerate(_own(model, verb, ours)):
        if awaited:
            found = None
        elif found is None:
            found = Override(function, _blocks(function))
            if number == 0:
                return found
    return found


def _blocks(function: Callable[..., Any]) -> bool:
    """Whether a verb blocks: one may have been made a coroutine function under the name of ours that blocks."""
    return not inspect.iscoroutinefunction(function)


def _own(model: Any, verb: str, ours: Mapping[str, Any]) -> Iterator[tuple[bool, Callable[..., Any]]]:
    """Yield what the classes of a model have in place of a verb, the more derived first: whether it is awaited."""
    for base in model.__mro__:
        members = vars(base)
        for name, awaited in ((f"a{verb}", True), (verb, False)):
            if name in members:
                member = members[name]
                if getattr(member, "__func__", member) is ours[name]:
                    return
                yield awaited, member.__get__(None, model) if hasattr(member, "__get__") else member
                break
