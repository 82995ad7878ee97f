"""The writer of many items, as users see it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..drivers import run
from ..exceptions import DynamoTableException
from ..flows import Flow
from ..locks import Lock
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
    is not.  On an exception in the block nothing more is sent.  Threads may share one.

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
        self._is_open: bool | None = None

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
            self._require_open()
            self._carry_out(self._writing.put(model_or_instance, item, tag))

    def delete(self, model_or_instance: Any, /, **key: Any) -> None:
        """Delete the item of an instance, or the item of a model that has a key; it is no error if there is none.

        :raises BatchError: if an earlier write had no answer
        """
        with self._lock:
            self._require_open()
            self._carry_out(self._writing.delete(model_or_instance, key))

    def _carry_out(self, flow: Flow[None] | None) -> None:
        if flow is not None:
            run(flow)

    def _require_open(self) -> None:
        if not self._is_open:
            raise DynamoTableException(
                "a BatchWriter writes inside its with block: with BatchWriter() as writer: writer.put(...)"
            )

    def __enter__(self) -> Self:
        if self._is_open is not None:
            raise DynamoTableException("a BatchWriter serves one with block; make another one")
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_open = False
            run(self._writing.end() if error is None else self._writing.abandon())
