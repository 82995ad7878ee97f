"""The driver that carries out the steps of a flow in the thread that calls it."""

from __future__ import annotations

import time
from typing import Any

from ..exceptions import DynamoException
from .answers import LeanResponse
from .exchange import Exchange
from .http_requests import Route
from .judging import Response, Setback, judge
from .signer import FrozenCredentials
from .steps import Ask, Flow, Send, T

__all__ = ["exchanged", "run"]


def run(flow: Flow[T]) -> T:
    """Return the result of ``flow``, waiting for each of its steps."""
    came: Any
    try:
        step = flow.send(None)
        while True:
            try:
                if type(step) is Send:
                    came = step.destination.pool.exchange(step.request)
                elif type(step) is Ask:
                    came = step.question()
                else:
                    time.sleep(step.seconds)
                    came = None
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(came)
    except StopIteration as done:
        result: T = done.value
        return result
    except RuntimeError as error:
        # what Python makes of a StopIteration that came from a step and went through the flow
        if type(error.__cause__) is StopIteration:
            raise error.__cause__ from None
        raise


def exchanged(
    exchange: Exchange,
    route: Route,
    body: bytes,
    credentials: FrozenCredentials,
    context: dict[str, Any],
    texts: bool = False,
) -> Response:
    """Return what :meth:`Exchange.perform` comes to, without its steps as long as the first answer is a good one."""
    request = exchange.first_request(route, body, credentials, context)
    first: Response | Setback | LeanResponse | None = None
    if request is not None:
        destination = route.destination
        try:
            status, headers, content, _ = destination.pool.exchange(request)
        except DynamoException:
            raise  # nothing was sent, and nothing else would be
        except Exception as error:
            first = Setback(None, error)
        else:
            first = judge(route.operation, LeanResponse(destination.url, status, headers, content), 1, texts)
            if type(first) is tuple:
                return first  # type: ignore[return-value]
    return run(exchange.perform(route, body, credentials, context, texts, first))
