"""Reads of one item that are carried out together: those of one tick of an event loop, as batch gets."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..drivers import arun, running_loop
from ..exceptions import RequestRefused
from ..flows import Call, Flow, Place
from ..many.batches import read_in_order
from ..many.typed_items import TypedItems
from ..requests.boto3_arguments import names_in
from ..store import store_of
from ..waiting import Gathering, gatherer

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["loader"]

# How many requests of a hundred keys are under way at the same time.
_MOST_AT_ONCE = 10
# A read that asks for more than this is not gathered.
_TAKEN = frozenset({"TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"})


class loader:
    """Gather what is read by key in an ``async with``: the ``aget`` calls of one tick become batch gets.

    Reads of one table with the same options go together, a hundred in one request, and an item that is asked for
    several times is read once; each caller gets an instance of its own.  Whatever else is asked for goes its own way,
    and so does a read that no other meets.

    Example::

        async with dynamorm.loader():
            books = await asyncio.gather(*[Book.aget(isbn=isbn) for isbn in wanted])
    """

    def __init__(self) -> None:
        self._loop: Any = None
        self._token: Token[Gathering | None] | None = None
        self._groups: dict[Any, list[_Waiting]] = {}
        # a loop does not hold on to its tasks
        self._under_way: set[Any] = set()

    async def __aenter__(self) -> Self:
        self._loop = running_loop()
        self._token = gatherer.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._token is not None
        gatherer.reset(self._token)

    def take(self, call: Call) -> Any:
        """Return a future of the answer to a read, ``None`` for what is not gathered."""
        payload = call.request.payload
        if call.request.operation != "GetItem" or not _TAKEN.issuperset(payload) or running_loop() is not self._loop:
            return None
        if "ProjectionExpression" in payload and not names_in(payload) >= payload["Key"].keys():
            return None  # the answer would not say whose item is whose
        names = payload.get("ExpressionAttributeNames") or {}
        group = (
            call.connection,
            call.sender,
            payload["TableName"],
            payload.get("ConsistentRead", False),
            payload.get("ProjectionExpression"),
            tuple(sorted(names.items())),
        )
        waiting = self._groups.get(group)
        if waiting is None:
            waiting = self._groups[group] = []
            self._loop.call_soon(self._send, group)
        answer = self._loop.create_future()
        waiting.append(_Waiting(call, answer))
        return answer

    def _send(self, group: Any) -> None:
        """Begin to read what was asked for in one tick."""
        waiting = [one for one in self._groups.pop(group) if not one.answer.done()]
        if waiting:
            task = self._loop.create_task(_answer(waiting))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)


class _Waiting(NamedTuple):
    """A read, and the future of its answer."""

    call: Call
    answer: Any

    async def answer_alone(self) -> None:
        try:
            self.settle(await self.call.connection.acall(self.call.request, self.call.sender))
        except BaseException as error:
            self.fail(error)

    def settle(self, answer: dict[str, Any]) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: BaseException) -> None:
        if not isinstance(error, Exception):
            self.answer.cancel()
        elif not self.answer.done():
            self.answer.set_exception(error)


async def _answer(waiting: list[_Waiting]) -> None:
    """Answer reads: one as it is, several by batch get."""
    if len(waiting) == 1:
        await waiting[0].answer_alone()
        return
    try:
        found = await arun(_read_together([one.call for one in waiting]))
    except RequestRefused:
        # one of the keys may be to blame, and that concerns its caller alone
        for one in waiting:
            await one.answer_alone()
    except BaseException as error:
        for one in waiting:
            one.fail(error)
    else:
        for one, item in zip(waiting, found, strict=True):
            one.settle({} if item is None else {"Item": item})


def _read_together(calls: list[Call]) -> Flow[list[Any]]:
    """Return the items of reads with the same options, ``None`` where there is none."""
    first, payload = calls[0], calls[0].request.payload
    options = {name: value for name, value in payload.items() if name not in ("TableName", "Key")}
    place = Place(first.connection, payload["TableName"])
    keys = [call.request.payload["Key"] for call in calls]
    items = TypedItems(store_of(first.sender), place, options=options)
    return read_in_order(items, keys, concurrency=_MOST_AT_ONCE)
