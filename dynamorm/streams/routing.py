"""Functions that are called with changes, by model and kind of change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from ..drivers import arun, run
from ..exceptions import InvalidExpression, InvalidSchemaField, ValidationError
from ..flows import Flow, Invoke
from .changes import Change
from .events import Readers, records_in

__all__ = ["StreamRouter"]

log = logging.getLogger("dynamorm.streams")

Function = TypeVar("Function", bound=Callable[[Change], Any])


class _Route(NamedTuple):
    """A function, and the changes that it is called with."""

    kind: str
    model: Any
    fields: tuple[str, ...]
    function: Callable[[Change], Any]

    def takes(self, change: Change) -> bool:
        if change.kind != self.kind or not isinstance(change.instance, self.model):
            return False
        if not self.fields:
            return True
        if change.old.is_partial or change.new.is_partial:
            raise InvalidExpression(
                f"{self.function!r} is called when {', '.join(self.fields)} of {self.model.__name__} changes, which "
                'takes both images: declare stream = "NEW_AND_OLD_IMAGES" in the Table'
            )
        return any(getattr(change.old, name, None) != getattr(change.new, name, None) for name in self.fields)


class StreamRouter:
    """Calls functions with the changes that they are for.

    A base stands for all of its models.  Changes that no function is for are passed over.

    :param models: the models whose changes come; without any, all models that are defined
    :param on_invalid: what becomes of images that the schema refuses: ``"raise"``, ``"skip"``, or a function that is
        called with each ``ValidationError``

    Example::

        router = StreamRouter(Book, Order)

        @router.on_insert(Order)
        def confirm(change):
            send_mail(change.new.email)

        @router.on_modify(Book, "price")
        def reprice(change):
            print(change.old.price, "->", change.new.price)

        handler = router.lambda_handler()
    """

    def __init__(self, *models: Any, on_invalid: str | Callable[[ValidationError], Any] = "raise") -> None:
        self._readers = Readers(models, on_invalid)
        self._routes: list[_Route] = []

    def on_insert(self, model: Any) -> Callable[[Function], Function]:
        """Call the decorated function with each new item of a model."""
        return self._route("insert", model)

    def on_modify(self, model: Any, *fields: str) -> Callable[[Function], Function]:
        """Call the decorated function with each change of an item, or of one of some fields of it."""
        return self._route("modify", model, fields)

    def on_remove(self, model: Any) -> Callable[[Function], Function]:
        """Call the decorated function with each item that is gone, by a delete or because it had expired."""
        return self._route("remove", model)

    def __call__(self, change: Change) -> None:
        """Call the functions that a change is for, in the order in which they were decorated."""
        run(self._called(change))

    async def aroute(self, change: Change) -> None:
        """Call the functions that a change is for, and await those that are coroutine functions."""
        await arun(self._called(change))

    def lambda_handler(self, partial_batch: bool = True) -> Callable[[Mapping[str, Any], Any], dict[str, Any] | None]:
        """Return a handler for AWS Lambda.

        It stops at the first change at which something fails.  With ``partial_batch`` it answers with the number of
        that change, so that Lambda hands over this one and all later ones again.  *Lambda ignores that answer unless
        the event source mapping has* ``ReportBatchItemFailures`` *among its* ``FunctionResponseTypes``: without it the
        changes are lost.  With ``partial_batch=False`` the error is raised, and the whole batch comes again.
        """

        def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any] | None:
            for record in records_in(event):
                try:
                    change = self._readers.change(record)
                    if change is not None:
                        self(change)
                except Exception:
                    if not partial_batch:
                        raise
                    number = record["dynamodb"]["SequenceNumber"]
                    log.exception("the change %s failed; it and all later ones are to come again", number)
                    return {"batchItemFailures": [{"itemIdentifier": number}]}
            return {"batchItemFailures": []} if partial_batch else None

        return handler

    def _called(self, change: Change) -> Flow[None]:
        for route in self._routes:
            if route.takes(change):
                yield Invoke(route.function, (change,))

    def _route(self, kind: str, model: Any, fields: tuple[str, ...] = ()) -> Callable[[Function], Function]:
        definition = getattr(model, "_dynamorm", None)
        if definition is None:
            raise InvalidExpression(f"on_{kind}({model!r}): give a model")
        known = definition.store.mapper.fields
        for name in fields:
            if name not in known:
                raise InvalidSchemaField(f"on_{kind}({model.__name__}, {name!r}): there is no such field")

        def decorate(function: Function) -> Function:
            self._routes.append(_Route(kind, model, fields, function))
            return function

        return decorate
