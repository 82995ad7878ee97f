"""Declarations of secondary indexes and of what they project."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar

from .exceptions import AbstractModel


class Projection:
    """What a secondary index holds of each item."""

    partial: ClassVar[bool] = True
    include: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.include))})"


class ProjectAll(Projection):
    """All attributes: what is read from the index are whole instances."""

    partial = False


class ProjectKeys(Projection):
    """The keys of table and index only: what is read from the index knows that it is partial."""


class ProjectInclude(Projection):
    """The keys and the attributes that are named, by Python name."""

    def __init__(self, *include: str) -> None:
        self.include = include


class _VerbOfInstances:
    """A method that says what is wrong where the index class is asked, as it still is on what is no model."""

    def __init__(self, verb: Callable[..., Any]) -> None:
        self._verb = verb

    def __get__(self, instance: Any, owner: Any) -> Any:
        verb = self._verb
        if instance is not None:
            return MethodType(verb, instance)

        @wraps(verb)
        def call(*args: Any, **kwargs: Any) -> Any:
            if args and isinstance(args[0], Index):
                return verb(*args, **kwargs)  # as classes that override it may call it
            raise AbstractModel(
                f"{owner.__qualname__} belongs to a class that is abstract or no model, so it stands for no items: use "
                f"{owner.__name__} of a class that inherits from that and has a Schema"
            )

        return call


class Index:
    """The base of :class:`GlobalIndex` and :class:`LocalIndex`; an inner class of a model becomes an instance of it.

    ``model`` is the model class, ``index`` the description of the index on the model's table.
    """

    is_global: ClassVar[bool]

    def __init__(self, model: Any, index: Any) -> None:
        self.model = model
        self.index = index

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        # lets the index class of a child model inherit from the parent's, which is an instance by then
        return (type(self),)

    if TYPE_CHECKING:
        # on a model the class has become an instance, which type checkers cannot know

        @classmethod
        def query(cls, *conditions: Any, query_kwargs: Any = None, **lookups: Any) -> Any: ...

        @classmethod
        def scan(cls, *conditions: Any, scan_kwargs: Any = None, **lookups: Any) -> Any: ...

    else:

        @_VerbOfInstances
        def query(self, /, *conditions: Any, query_kwargs: Any = None, **lookups: Any) -> Any:
            """Query this index; see ``DynaModel.query``."""
            return self.model.query(*conditions, query_kwargs=query_kwargs, **lookups).on(self.index.name)

        @_VerbOfInstances
        def scan(self, /, *conditions: Any, scan_kwargs: Any = None, **lookups: Any) -> Any:
            """Scan this index; see ``DynaModel.scan``."""
            return self.model.scan(*conditions, scan_kwargs=scan_kwargs, **lookups).on(self.index.name)


class GlobalIndex(Index):
    """A global secondary index: any hash key, its own throughput, never consistent reads.

    ``hash_key`` and ``range_key`` name a field each, or up to four in a tuple.
    """

    is_global = True


class LocalIndex(Index):
    """A local secondary index: the table's hash key with another range key; made together with the table."""

    is_global = False
