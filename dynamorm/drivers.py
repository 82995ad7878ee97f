"""What carries flows out: the blocking driver.  Nothing above the connection waits, or starts a thread, but in here."""

from __future__ import annotations

import contextvars
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, TypeVar

from .flows import Call, CallPlain, Flow, Invoke, Now, Pause, Start

Result = TypeVar("Result")


class _Stopped(Exception):
    """Carries a ``StopIteration`` of the user's through a flow, which could not be left by it."""


def run(flow: Flow[Result]) -> Result:
    """Carry a flow out in this thread, and return its result."""
    send = flow.send
    try:
        step: Any = send(None)
        while True:
            try:
                answer = step[0].call(step[1], step[2]) if type(step) is Call else _answer_to(step)
            except StopIteration as stop:
                step = flow.throw(_Stopped(stop))
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result
    except _Stopped as carrier:
        raise carrier.args[0] from None


def perform(call: Call) -> dict[str, Any]:
    """Carry out the one step that a read of one item consists of."""
    return call.connection.call(call.request, call.sender)


def _answer_to(step: Any) -> Any:
    kind = type(step)
    if kind is Invoke:
        with step.within():
            return step.function(*step.arguments, **step.keywords)
    if kind is CallPlain:
        return step.connection.call_resource(step.request)
    if kind is Pause:
        return time.sleep(step.seconds)
    if kind is Now:
        return time.monotonic()
    if kind is Start:
        return _started(step.flow)
    return next(iter(wait(step.handles, return_when=FIRST_COMPLETED).done))


def _started(flow: Flow[Any]) -> Future[Any]:
    handle: Future[Any] = Future()
    # settings belong to the caller's context, which a new thread would not have
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_run_for, handle, flow), name="dynamorm-flow", daemon=True).start()
    return handle


def _run_for(handle: Future[Any], flow: Flow[Any]) -> None:
    try:
        handle.set_result(run(flow))
    except BaseException as error:
        handle.set_exception(error)
