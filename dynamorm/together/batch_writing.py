"""Writes of any models and tables that are handed in one by one, as flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..bounded import Bounded
from ..exceptions import DynaModelException, DynamoException, InvalidExpression, InvalidKey
from ..flows import Flow, Invoke
from ..many.typed_items import TypedWrites
from ..many.writes import Failure, Report, Writes
from ..progress import Progress
from ..store import Store, is_complete_model
from ..writing.entries import delete_entry, given_key, put_entry

NO_ITEM: Any = object()


class BatchWriting:
    """Takes writes, and says what is to be carried out before another one can be taken."""

    def __init__(
        self,
        concurrency: int,
        on_invalid: str | Callable[[Failure], Any],
        progress: Callable[[Progress], Any] | None,
    ) -> None:
        if on_invalid not in ("raise", "collect") and not callable(on_invalid):
            raise InvalidExpression(f'on_invalid={on_invalid!r}: give "raise", "collect" or a function')
        self._on_invalid = on_invalid
        self._tell = on_invalid if callable(on_invalid) else None
        self._writes = Writes(concurrency, progress, None, self._tell)
        self._position = 0
        self._targets: Bounded[Any, TypedWrites] = Bounded(1_024)
        self._latest: tuple[Any, Any, TypedWrites] | None = None

    @property
    def report(self) -> Report:
        return self._writes.report

    def put(self, first: Any, item: Any, tag: Any) -> Flow[None] | None:
        """Take an item that is to be stored; returns what has to be carried out after that, if anything."""
        if item is NO_ITEM:
            item, target = first, self._target_of(first)
        else:
            target = self._target_in(first)
        position = self._next_position()
        try:
            entry = put_entry(target, item, position, tag)
        except DynamoException as error:
            return self._invalid(target, error, item, position if tag is None else tag)
        return self._writes.send() if self._writes.take((entry,)) else None

    def delete(self, first: Any, key: dict[str, Any]) -> Flow[None] | None:
        """Take an item that is to be deleted, like :meth:`put`."""
        if not is_complete_model(type(first)):
            given, target = key, self._target_in(first)
        elif key:
            raise InvalidKey(f"delete({first!r}, {', '.join(key)}=...): a key goes with the class of a model")
        else:
            given, target = first, self._target_of(first)
        position = self._next_position()
        try:
            entry = delete_entry(target, given, position)
        except DynamoException as error:
            return self._invalid(target, error, given, position)
        return self._writes.send() if self._writes.take((entry,)) else None

    def end(self) -> Flow[None]:
        """Send the rest; raise what was refused, unless that is collected."""
        try:
            yield from self._writes.finish()
        except Exception:
            yield from self._writes.abandon()
            raise
        if self._on_invalid == "raise":
            self.report.raise_first()

    def abandon(self) -> Flow[None]:
        """Send nothing more."""
        return self._writes.abandon()

    def _next_position(self) -> int:
        position = self._position
        self._position += 1
        return position

    def _invalid(self, target: TypedWrites, error: DynamoException, item: Any, tag: Any) -> Flow[None] | None:
        if self._on_invalid == "raise":
            raise error
        failure = Failure(tag, given_key(target.store, item), item, error)
        self.report.failed.append(failure)
        return None if self._tell is None else self._tell_of(failure)

    def _tell_of(self, failure: Failure) -> Flow[None]:
        assert self._tell is not None
        yield Invoke(self._tell, (failure,))

    # Where items are written.

    def _target_in(self, model: Any) -> TypedWrites:
        definition = getattr(model, "_dynamorm", None)
        if definition is None or is_complete_model(type(model)):
            raise DynaModelException(f"{model!r} is no model: give the class of a model and an item, or an instance")
        return self._here(model, definition.store)

    def _target_of(self, instance: Any) -> TypedWrites:
        kind = type(instance)
        if not is_complete_model(kind):
            raise DynaModelException(
                f"{instance!r} is no instance of a model: give one, or the class of a model and an item"
            )
        store, state = kind._dynamorm.store, instance._dynamorm_state
        if state.place is None and state.binding is None:
            return self._here(kind, store)
        place = store.place_of(instance)
        key = kind, place.connection, place.table
        return self._targets.get(key) or self._targets.remember(key, TypedWrites(store, place))

    def _here(self, model: Any, store: Store) -> TypedWrites:
        """Return the target of the place that holds here and now, which takes longer to find than to know again."""
        latest, whereabouts = self._latest, store.whereabouts
        if latest is not None and latest[0] is model and latest[1] == whereabouts:
            return latest[2]
        place = store.here
        key = model, place.connection, place.table
        target = self._targets.get(key) or self._targets.remember(key, TypedWrites(store, place))
        self._latest = model, whereabouts, target
        return target
