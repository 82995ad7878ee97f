"""A driver that carries flows out by hand: answers are canned, and nothing is sent, waited for or started."""

from __future__ import annotations

from typing import Any

from dynamorm.flows import Breathe, Call, CallPlain, Compute, Invoke, Now, Pause, Start, WaitAny


class Script:
    """Canned answers, in the order in which they are asked for; an exception among them is raised."""

    def __init__(self, *answers: Any) -> None:
        self.requests: list[Any] = []
        self.pauses: list[float] = []
        self._answers = list(answers)

    def answer(self, request: Any) -> Any:
        self.requests.append((request.operation, request.payload))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def is_used_up(self) -> bool:
        return not self._answers


class Scripted:
    """A connection that answers by a script, for the blocking driver."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def call(self, request: Any, sender: Any = None) -> Any:
        return self.script.answer(request)

    def call_resource(self, request: Any, sender: Any = None) -> Any:
        return self.script.answer(request)

    def is_current(self) -> bool:
        return True


class Unused:
    """A connection that must not be used."""

    def call(self, request: Any, sender: Any = None) -> Any:
        raise AssertionError(f"{request} was sent, not yielded")

    call_resource = call

    def is_current(self) -> bool:
        return True


class Ended:
    """A flow that was started, and has ended."""

    def __init__(self, result: Any, error: BaseException | None) -> None:
        self._result = result
        self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


def by_hand(flow: Any, script: Script) -> Any:
    """Return the result of a flow whose steps are answered by a script."""
    try:
        step = next(flow)
        while True:
            try:
                answer = _answer_to(step, script)
            except Exception as error:
                step = flow.throw(error)
            else:
                step = flow.send(answer)
    except StopIteration as end:
        return end.value


def _answer_to(step: Any, script: Script) -> Any:
    if isinstance(step, (Call, CallPlain)):
        return script.answer(step.request)
    if isinstance(step, Pause):
        return script.pauses.append(step.seconds)
    if isinstance(step, Now):
        return 1_000.0 + sum(script.pauses)
    if isinstance(step, Invoke):
        with step.within():
            return step.function(*step.arguments, **step.keywords)
    if isinstance(step, Compute):
        return step.function()
    if isinstance(step, Breathe):
        return None
    if isinstance(step, Start):
        try:
            return Ended(by_hand(step.flow, script), None)
        except Exception as error:
            return Ended(None, error)
    assert isinstance(step, WaitAny), step
    return step.handles[0]
