"""The driver that carries out the steps of a flow in the thread that calls it."""

from __future__ import annotations

import time
from typing import Any

from .steps import Ask, Flow, Send, T

__all__ = ["run"]


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
