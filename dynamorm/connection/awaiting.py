"""The driver that carries out the steps of a flow on an event loop: what blocks is done in threads beside it."""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop, sleep
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from ..exceptions import DynamoException
from ..threads import in_thread
from ..turns import Turns
from .answers import LeanResponse
from .destinations import LeftToBotocore
from .direct_transports import Direct, Usual, parsed
from .exchange import LARGEST_AT_ONCE
from .judging import Response, Setback, judge
from .loop_pool import LoopCannotWatch, LoopPool
from .pool import Pool
from .signer import UnsignableRequest
from .steps import Ask, Flow, Send, T
from .transports import Transport

__all__ = ["AwaitedTransport"]


class AwaitedTransport:
    """The way of requests that are awaited: directly where that may be, or else in a thread.

    ``direct`` is what may send without blocking, if anything may; ``blocking`` is how all others are sent.
    """

    def __init__(self, blocking: Transport, direct: Direct | None) -> None:
        self._blocking = blocking
        self._direct = direct
        self._turns: WeakKeyDictionary[AbstractEventLoop, Turns] = WeakKeyDictionary()

    async def call(
        self, operation: str, payload: dict[str, Any], well_formed: bool = False, texts: bool = False
    ) -> dict[str, Any]:
        """Send one request and return the answer, as :meth:`.transports.Transport.call` does."""
        if self._direct is not None:
            try:
                usual = self._direct.usual(operation, payload)
                if usual is not None:
                    context: dict[str, Any] = {}
                    try:
                        response = await self._exchanged(usual, context, texts)
                    except (LeftToBotocore, UnsignableRequest):
                        pass
                    else:
                        return parsed(usual.exchange, operation, response, context)
                return await self._run(self._direct.flow(operation, payload, well_formed, texts))
            except LoopCannotWatch:
                pass
        call = partial(self._blocking.call, operation, payload, well_formed, texts)
        answer: dict[str, Any] = await self.in_thread(call)
        return answer

    async def _exchanged(self, usual: Usual, context: dict[str, Any], texts: bool) -> Response:
        """Do what :func:`.blocking.exchanged` does."""
        exchange, route, body, credentials = usual
        request = exchange.first_request(route, body, credentials, context)
        first: Response | Setback | LeanResponse | None = None
        if request is not None:
            try:
                status, headers, content, _ = await _pool(route.destination.pool).exchange(request)
            except (DynamoException, LoopCannotWatch):
                raise
            except Exception as error:
                first = Setback(None, error)
            else:
                http = LeanResponse(route.destination.url, status, headers, content)
                if len(content) <= LARGEST_AT_ONCE:
                    first = judge(route.operation, http, 1, texts)
                else:
                    first = await self.in_thread(partial(judge, route.operation, http, 1, texts))
                if type(first) is tuple:
                    return first  # type: ignore[return-value]
        return await self._run(exchange.perform(route, body, credentials, context, texts, first))

    async def _run(self, flow: Flow[T]) -> T:
        """Return the result of a flow, awaiting each of its steps."""
        came: Any
        try:
            step = flow.send(None)
            while True:
                try:
                    if type(step) is Send:
                        came = await _pool(step.destination.pool).exchange(step.request)
                    elif type(step) is Ask:
                        came = await self.in_thread(step.question) if step.blocks else step.question()
                    else:
                        await sleep(step.seconds)
                        came = None
                except LoopCannotWatch:
                    raise
                except BaseException as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(came)
        except StopIteration as done:
            result: T = done.value
            return result

    async def in_thread(self, function: Any) -> Any:
        """Return what a function returns that may block; only as many run at the same time as there are connections."""
        loop = get_running_loop()
        turns = self._turns.get(loop)
        if turns is None:
            turns = self._turns[loop] = Turns(self._blocking.most_connections)
        async with turns:
            return await in_thread(function)


def _pool(pool: Pool) -> LoopPool:
    """Return the connections to an endpoint that the running loop watches."""
    loop = get_running_loop()
    known: Any = pool.of_loops.get(loop)
    if known is None:
        for other, its_connections in list(pool.of_loops.items()):
            if other.is_closed():
                its_connections.close_all()
                pool.of_loops.pop(other, None)
        known = pool.of_loops[loop] = LoopPool(pool)
    return known  # type: ignore[no-any-return]
