"""Models whose items are in one place, whatever settings hold where they are used."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from functools import wraps
from types import MethodType
from typing import Any

from .definition import Definition
from .exceptions import DynaModelException
from .indexes import Index
from .located import Handled
from .store import Store


class ModelHandle:
    """A model with its place: what ``Model.using(...)`` returns.

    It has everything that the class has.  Our verbs take the handle for the class; what the model defines itself gets
    the class, and is called among the handle's settings.
    """

    __slots__ = ("__weakref__", "_dynamorm")

    def __init__(self, definition: Definition, options: Mapping[str, Any]) -> None:
        self._dynamorm = definition.replace(store=definition.store.elsewhere(options))

    def __call__(self, /, *args: Any, **values: Any) -> Any:
        store = self._store
        made = store.model(*args, **store.filled(values))
        made._dynamorm_state.binding = store.binding
        return made

    def __getattr__(self, name: str) -> Any:
        store = self._store
        found = getattr(store.model, name)
        if isinstance(found, MethodType) and found.__self__ is store.model:
            function = found.__func__
            return MethodType(function, self) if function is store.verbs.get(name) else _at_place(store, found)
        if isinstance(found, Index):
            placed = copy(found)
            placed.model = self
            return placed
        return found

    @property
    def Table(self) -> Any:
        """The model's table, in this place."""
        store, binding = self._store, self._store.binding
        assert isinstance(binding, Handled)
        return store.table._placed(binding.settings, binding.name)

    def using(self, /, **options: Any) -> ModelHandle:
        """Return a handle of the same model with other settings over these."""
        return ModelHandle(self._dynamorm, options)

    @property
    def _store(self) -> Store:
        return self._dynamorm.store

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._store.model)

    def __repr__(self) -> str:
        return f"<{self._store.model.__name__} in table {self._store.table_name!r}>"

    def __reduce__(self) -> Any:
        raise DynaModelException(
            f"{self!r} cannot be pickled, since settings may hold credentials; pickle what makes it, or a query of it"
        )


def _at_place(store: Store, verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return a verb of the model's own, called where the items of a store are."""

    @wraps(verb)
    def call(*args: Any, **kwargs: Any) -> Any:
        with store.pinned():
            return verb(*args, **kwargs)

    @wraps(verb)
    async def call_and_await(*args: Any, **kwargs: Any) -> Any:
        with store.pinned():
            return await verb(*args, **kwargs)

    return call_and_await if inspect.iscoroutinefunction(verb) else call
