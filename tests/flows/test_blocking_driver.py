"""The driver that blocks: what it does for each step, and what becomes of errors."""

from __future__ import annotations

import contextvars
import threading
from contextlib import contextmanager

import pytest

from dynamorm import DynaModel, drivers
from dynamorm.drivers import run
from dynamorm.flows import Call, CallPlain, Invoke, Now, Pause, Start, WaitAny

from ..clocks import Clock
from ..libraries import text
from .hand import Script, Scripted

_whose = contextvars.ContextVar("whose", default="nobody's")


class Request:
    operation, payload = "GetItem", {}


def test_each_step_is_answered(monkeypatch):
    clock, script = Clock(), Script({"Item": 1}, {"Item": 2})
    monkeypatch.setattr(drivers, "time", clock)

    def flow():
        before = yield Now()
        yield Pause(2.5)
        return (
            (yield Call(Scripted(script), Request)),
            (yield CallPlain(Scripted(script), Request)),
            (yield Now()) - before,
            (yield Invoke(dict, ([("a", 1)],), {"b": 2})),
        )

    assert run(flow()) == ({"Item": 1}, {"Item": 2}, 2.5, {"a": 1, "b": 2})
    assert clock.slept == [2.5]


def test_what_goes_wrong_goes_wrong_in_the_flow_which_may_go_on():
    def flow():
        try:
            yield Invoke(int, ("x",))
        except ValueError:
            return (yield Invoke(int, ("7",)))

    assert run(flow()) == 7

    def failing():
        yield Invoke(int, ("x",))

    with pytest.raises(ValueError, match="'x'"):
        run(failing())


@pytest.mark.parametrize("kind", [StopIteration, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_errors_that_mean_something_to_python_come_out_as_they_are(kind):
    error, ended = kind("mine"), []

    def user():
        raise error

    def flow():
        try:
            yield Invoke(user)
        finally:
            ended.append(True)

    with pytest.raises(kind) as caught:
        run(flow())
    assert caught.value is error and ended == [True]


def test_a_stop_iteration_of_an_overridden_verb_is_none_of_the_flow(library):
    class Stopping(DynaModel):
        class Table:
            abstract = True

        def update(self, *arguments, **updates):
            raise StopIteration("mine")

    book = library.model(
        "Book",
        {"name": "books", "hash_key": "isbn"},
        library.schema({"isbn": text(required=True), "title": text()}),
        bases=(Stopping,),
    ).from_item({"isbn": {"S": "1"}, "title": {"S": "Of Trees"}})
    book.title = "Of Birches"
    with pytest.raises(StopIteration, match="mine"):
        book.save(partial=True)
    assert book.is_dirty


def test_a_call_runs_within_the_context_that_it_asks_for():
    events = []

    @contextmanager
    def context():
        events.append("in")
        yield
        events.append("out")

    def flow():
        yield Invoke(events.append, ("called",), within=context)

    run(flow())
    assert events == ["in", "called", "out"]


def test_flows_that_were_started_run_beside_each_other_and_in_the_context_of_the_one_that_started_them():
    together, whose = threading.Barrier(2, timeout=60), []

    def child(number):
        yield Invoke(together.wait)
        whose.append((yield Invoke(_whose.get)))
        return number

    def parent():
        handles = []
        for number in range(2):
            handles.append((yield Start(child(number))))
        results = []
        while handles:
            done = yield WaitAny(handles)
            handles.remove(done)
            results.append(done.result())
        return sorted(results)

    token = _whose.set("the caller's")
    try:
        assert run(parent()) == [0, 1]
    finally:
        _whose.reset(token)
    assert whose == ["the caller's"] * 2


def test_a_flow_that_was_started_runs_to_its_end_whatever_becomes_of_another():
    may_go_on, ended = threading.Event(), threading.Event()

    def failing():
        yield Invoke(int, ("x",))

    def going_on():
        yield Invoke(may_go_on.wait, (60,))
        yield Invoke(ended.set)

    def parent():
        yield Start(going_on())
        handle = yield Start(failing())
        (yield WaitAny([handle])).result()

    with pytest.raises(ValueError, match="'x'"):
        run(parent())
    assert not ended.is_set()
    may_go_on.set()
    assert ended.wait(60)
