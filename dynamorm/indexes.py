"""Declarations of secondary indexes and of what they project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar


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

        def query(self, /, *conditions: Any, query_kwargs: Any = None, **lookups: Any) -> Any:
            """Query this index; see ``DynaModel.query``."""
            return self.model.query(*conditions, query_kwargs=query_kwargs, **lookups).on(self.index.name)

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
