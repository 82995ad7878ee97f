"""What awaited verbs of models have in common: the model may have one of its own in their place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial, wraps
from typing import Any, TypeVar

from ..drivers import aside, aside_once
from ..instances.loading import make_ready
from ..overrides import override_beyond
from ..waiting import may_wait

Verb = TypeVar("Verb", bound=Callable[..., Coroutine[Any, Any, Any]])


def awaits(verb: Verb) -> Verb:
    """Return an awaited verb that calls what the model has in place of the blocking one, in a thread."""
    name = verb.__name__[1:]

    @wraps(verb)
    async def call(target: Any, /, *arguments: Any, **keywords: Any) -> Any:
        store = target._dynamorm.store
        if not store.mapper.was_made_ready:
            await aside_once(store.mapper, partial(make_ready, store))
        override = override_beyond(store.model, name, store.verbs) if store.is_replaced(name) else None
        if override is None:
            return await verb(target, *arguments, **keywords)
        if isinstance(target, store.model):
            arguments = (target, *arguments)
        with store.pinned():
            if not override.blocks:
                return await override.function(*arguments, **keywords)
            with may_wait():
                return await aside(lambda: _complete(override.function(*arguments, **keywords)))

    return call  # type: ignore[return-value]


def _complete(result: Any) -> Any:
    """Return what a verb has returned, which must not block where it is gone through."""
    return list(result) if isinstance(result, Iterator) else result
