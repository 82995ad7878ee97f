"""What awaited verbs of models have in common: the model may have one of its own in their place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, TypeVar

from ..drivers import aside_once, awaitable
from ..instances.loading import make_ready
from ..overrides import override_beyond

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
            return await awaitable(override)(*arguments, **keywords)

    return call  # type: ignore[return-value]
