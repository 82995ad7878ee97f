"""The writer of many items, as users see it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..drivers import arun, run, turns
from ..exceptions import DynamoException, DynamoTableException, MustBeAwaited
from ..locks import Lock, cached_property
from ..many.writes import Failure, Report
from ..progress import Progress
from .batch_writing import NO_ITEM, BatchWriting

if TYPE_CHECKING:
    from typing_extensions import Self


class BatchWriter:
    """Writes any number of items of any models and tables, in as few requests as they fit into::

        with BatchWriter(concurrency=4) as writer:
            for line in lines:
                writer.put(Book, line)
            writer.delete(Book, isbn="12345678910")

    Of several writes of one item the last one stays.  When the block ends everything is written, or an error says what
    is not.  On an exception in the block nothing more is sent.  Threads may share one.  In an ``async with`` block the
    verbs are ``aput`` and ``adelete``, and the tasks of a loop may share one.

    :param concurrency: how many requests are under way at the same time
    :param on_invalid: what becomes of items that the schema or DynamoDB refuses: ``"raise"`` raises their error, at
        once or at the end of the block; with ``"collect"`` they are listed in ``report.failed``; a function is called
        with each :class:`~dynamorm.many.writes.Failure` besides
    :param progress: is called with a :class:`Progress` after each answer
    """

    def __init__(
        self,
        *,
        concurrency: int = 1,
        on_invalid: str | Callable[[Failure], Any] = "raise",
        progress: Callable[[Progress], Any] | None = None,
    ) -> None:
        self._writing = BatchWriting(concurrency, on_invalid, progress)
        self._lock = Lock()
        self._block: str | None = None

    @property
    def report(self) -> Report:
        """What became of the writes so far."""
        return self._writing.report

    def put(self, model_or_instance: Any, item: Any = NO_ITEM, /, *, tag: Any = None) -> None:
        """Store an instance, or an item of a model, in place of what is there.

        :param tag: names the write in reports; without one, its position does
        :raises ValidationError: if the schema refuses it, with its ``position`` and ``key``
        :raises BatchError: if an earlier write had no answer
        """
        with self._lock:
            if self._block != "with":
                raise self._refusal("put")
            flow = self._writing.put(model_or_instance, item, tag)
            if flow is not None:
                run(flow)

    async def aput(self, model_or_instance: Any, item: Any = NO_ITEM, /, *, tag: Any = None) -> None:
        """Store an instance, or an item of a model, as :meth:`put` does, in an ``async with`` block."""
        async with self._turns:
            if self._block != "async with":
                raise self._refusal("aput")
            flow = self._writing.put(model_or_instance, item, tag)
            if flow is not None:
                await arun(flow)

    def delete(self, model_or_instance: Any, /, **key: Any) -> None:
        """Delete the item of an instance, or the item of a model that has a key; it is no error if there is none.

        :raises BatchError: if an earlier write had no answer
        """
        with self._lock:
            if self._block != "with":
                raise self._refusal("delete")
            flow = self._writing.delete(model_or_instance, key)
            if flow is not None:
                run(flow)

    async def adelete(self, model_or_instance: Any, /, **key: Any) -> None:
        """Delete the item of an instance, or of a model, as :meth:`delete` does, in an ``async with`` block."""
        async with self._turns:
            if self._block != "async with":
                raise self._refusal("adelete")
            flow = self._writing.delete(model_or_instance, key)
            if flow is not None:
                await arun(flow)

    def __enter__(self) -> Self:
        return self._opened("with")

    async def __aenter__(self) -> Self:
        return self._opened("async with")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._block = _OVER
            run(self._writing.end() if error is None else self._writing.abandon())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        async with self._turns:
            self._block = _OVER
            await arun(self._writing.end() if error is None else self._writing.abandon())

    def _opened(self, block: str) -> Self:
        if self._block is not None:
            raise DynamoTableException("a BatchWriter serves one with block; make another one")
        self._block = block
        return self

    def _refusal(self, verb: str) -> DynamoException:
        """Return the error for a verb that is not for the block that this is in."""
        if self._block == "async with":
            return MustBeAwaited(
                f"{verb}() would wait for DynamoDB and block the event loop: in an async with block, "
                f"await writer.a{verb}(...)"
            )
        block, call = ("async with", "await writer") if verb.startswith("a") else ("with", "writer")
        return DynamoTableException(
            f"a BatchWriter takes {verb}() inside its with block: {block} BatchWriter() as writer: {call}.{verb}(...)"
        )

    @cached_property
    def _turns(self) -> Any:
        """What tasks that share this take, one after the other."""
        return turns(1)


_OVER = "over"
