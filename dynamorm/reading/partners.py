"""What relationships of the instances of a read lead to, read together page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..exceptions import MisusedExpression, ValidationError
from ..flows import BREATHE, Flow
from ..wire.texts import StoredItem

__all__ = ["Partners", "checked"]


class Prefetching(Protocol):
    """A relationship whose partners can be read together."""

    this: Any

    def prefetched(self, children: Sequence[Any], consistent: bool) -> Flow[Any]: ...


def checked(relationships: Sequence[Any], model: Any) -> tuple[Prefetching, ...]:
    """Return relationships, each of which has to lead from a model's instances to one partner."""
    for one in relationships:
        if not hasattr(one, "prefetched") or not (issubclass(model, one.this) or issubclass(one.this, model)):
            raise MisusedExpression(
                f"prefetch({one!r}): give relationships of {model.__name__} that lead to one instance, "
                f"as in prefetch({model.__name__}.parent); reading ahead is called read_ahead()"
            )
    return tuple(relationships)


class Partners:
    """Loads items like another function, and those of a page together with their partners."""

    def __init__(
        self, load: Callable[[StoredItem], Any], relationships: Sequence[Prefetching], consistent: bool
    ) -> None:
        self._load = load
        self._relationships = relationships
        self._consistent = consistent
        # instances, or errors, by the items that they were made of
        self._made: dict[int, Any] = {}

    def __call__(self, item: StoredItem) -> Any:
        made = self._made.pop(id(item), self)
        if made is self:
            return self._load(item)
        if isinstance(made, ValidationError):
            raise made
        return made

    def arrive(self, items: Sequence[StoredItem]) -> Flow[None]:
        """Load the items of a page, and read the partners of the instances."""
        children = []
        for item in items:
            try:
                made = self._load(item)
            except ValidationError as error:
                made = error
            else:
                children.append(made)
            self._made[id(item)] = made
            yield BREATHE
        for relationship in self._relationships:
            own = [child for child in children if isinstance(child, relationship.this)]
            yield from relationship.prefetched(own, self._consistent)
