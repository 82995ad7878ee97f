"""Whatever is raised wherever: no connection is lost, none is kept in mid-answer, and the next answer is its own.

An interrupt may come between any two lines, and the other errors wherever the system or somebody's code is called.  So
errors are raised before each line in turn that a call runs through, and at each step of its flow.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import ssl
import sys
import time

import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamorm import connection, exceptions
from dynamorm.connection import blocking, direct_transports, http_connection, http_reader, transports

from ...profiles import examples
from ..conftest import Request
from ..scripted_server import ScriptedServer, answer

# What an interrupt leaves to nobody is closed by Python, which says so.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

FOLDER = os.path.dirname(connection.__file__) + os.sep
HOPELESS = answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error")


class Odd(BaseException):
    """Nobody's error, which nobody can expect."""


ERRORS = {
    "odd": Odd,
    "interrupt": KeyboardInterrupt,
    "exit": SystemExit,
    "memory": MemoryError,
    "ours": lambda: exceptions.ConfigurationError("raised by the test"),
    "value": ValueError,
    "reset": ConnectionResetError,
    "pipe": BrokenPipeError,
    "timeout": TimeoutError,
    "no files": lambda: OSError(errno.EMFILE, "too many open files"),
    "tls": ssl.SSLError,
}


def chunked(good):
    head, _, body = good.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:7], body[7:]))
    return b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", framed]) + b"0\r\n\r\n"


# How a request is answered for the first time; when it comes again it is answered well.
MANNERS = {
    "plain": lambda good: good,
    "chunked": chunked,
    "closing": lambda good: good.replace(b"\r\n", b"\r\nConnection: close\r\n", 1),
    "twice": lambda good: good + good,
    "broken": lambda good: HOPELESS,
    "closed": lambda good: None,
    "cut": lambda good: [good[:-5], None],
}


class Scene:
    """A connection to a server that answers with what it was asked for, and all that is open between them."""

    _numbers = itertools.count()

    def __init__(self, kind, pools):
        self.kind = kind
        self._pools = pools
        self._asked = set()
        self.server = ScriptedServer([self._answer])
        self._conn = None

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        connection.close_all()
        self.server.__exit__()

    def _answer(self, request):
        key = json.loads(request.body)["Key"]
        name = key["p"]["S"]
        good = answer(json.dumps({"Item": key}).encode())
        if name in self._asked:
            return good
        self._asked.add(name)
        return MANNERS[name.partition(" ")[0]](good)

    @property
    def conn(self):
        """The connection; where there is to be no client yet, a new one when somebody has made it."""
        if self.kind == "before client" and self._conn is not None and self._conn._opened._client.is_made:
            self._conn.close()
            self._conn = None
        if self._conn is None:
            transport = "default" if self.kind == "default" else "direct"
            self._conn = connection.connection_for({}, {"endpoint_url": self.server.url}, transport)
            if self.kind == "direct":
                assert self._conn.client is not None
        return self._conn

    def call(self, manner):
        """Ask for something that was never asked for, and see that it is what comes."""
        key = {"p": {"S": f"{manner} {next(self._numbers)}"}}
        request = Request("GetItem", TableName="table", Key=key)
        request.well_formed = True
        assert self.conn.call(request)["Item"] == key

    def begin_with_an_open_connection(self, is_open):
        if is_open:
            self.call("plain")
        else:
            for pool in self._pools:
                pool.close()

    def call_and_be_hurt(self, manner, error):
        """Call where ``error`` is going to be raised, and return what comes out, if that is no good answer."""
        try:
            self.call(manner)
        except BaseException as raised:
            # which would hold all that the call was about
            error.__traceback__ = None
            return raised.with_traceback(None)
        return None

    def assert_whole(self, manner, outcome, error, when):
        """Hold what came out, and what was left behind, against what has to be there after any error."""
        if not isinstance(error, Exception):
            assert outcome is error, when
        assert outcome in (None, error) or isinstance(outcome, exceptions.DynamoException), when
        del outcome
        idle = [one for pool in self._pools for one in pool._idle._idle]
        # a whole answer too many may wait there, and is seen before the connection is used
        assert all(one.reusable and (one.is_quiet() or manner == "twice") for one in idle), when
        end = time.monotonic() + 60
        while len(self.server._open) != len(idle):
            assert time.monotonic() < end, f"{len(self.server._open)} are open and {len(idle)} idle after {when}"
            time.sleep(0.0005)
        if self.kind == "default":
            # what need not be checked for this library goes on being checked for others
            with pytest.raises(ParamValidationError):
                self.conn.client.get_item(TableName="table", Key={"p": {"S": "plain"}}, Unknown=when)
        self.call("plain")
        self.call("plain")


@pytest.fixture(params=["default", "direct", "before client"])
def scene(request, pools, replace_backoff, nobody_extends_botocore, nobody_listens, monkeypatch):
    replace_backoff(lambda seconds: None)
    # so that short answers, too, come in many pieces
    for module in (http_connection, http_reader):
        monkeypatch.setattr(module, "RECEIVE_SIZE", 80)
    with Scene(request.param, pools) as made:
        yield made


class BeforeLine:
    """Raises an error before the line that is the n-th one of the connection's code to be run in this block."""

    def __init__(self, number, error):
        self._left = number
        self._error = error
        self.place = None

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *unused):
        sys.settrace(self._before)

    def _called(self, frame, event, argument):
        return self._reached if frame.f_code.co_filename.startswith(FOLDER) else None

    def _reached(self, frame, event, argument):
        if event == "line":
            self._left -= 1
            if self._left < 0 and self.place is None:
                self.place = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"
                raise self._error
        return self._reached


def hurt_at_line(scene, manner, number, name):
    """Call with an error before the n-th line, and return where that is, if the call comes so far."""
    error = ERRORS[name]()
    assert scene.conn is not None
    with BeforeLine(number, error) as hurting:
        outcome = scene.call_and_be_hurt(manner, error)
    if hurting.place is not None:
        scene.assert_whole(manner, outcome, error, f"{name} before {hurting.place}, line {number} of a {manner} call")
    return hurting.place


def test_an_interrupt_before_any_line_spoils_nothing(scene):
    for number in itertools.count():
        scene.begin_with_an_open_connection(number % 2 == 0)
        if hurt_at_line(scene, "plain", number, "odd") is None:
            break
    assert number > 100


class AtStep:
    """Raises an error in the place of the n-th step of a flow, or when that step has been carried out."""

    def __init__(self, number, error, is_done):
        self._number = number
        self._error = error
        self._is_done = is_done
        self.step = None

    def run(self, flow):
        return blocking.run(self._hurt(flow))

    def exchanged(self, exchange, *arguments):
        """Carry out by steps what would go without them."""
        return self.run(exchange.perform(*arguments))

    def _hurt(self, flow):
        came = failure = None
        for number in itertools.count():
            try:
                step = flow.send(came) if failure is None else flow.throw(failure)
            except StopIteration as done:
                return done.value
            came = failure = None
            try:
                if number != self._number or self._is_done:
                    came = yield step
                if number == self._number:
                    self.step = type(step).__name__
                    raise self._error
            except BaseException as raised:
                failure = raised


@pytest.mark.parametrize("is_done", [False, True], ids=["in its place", "after it"])
@pytest.mark.parametrize("manner", ["closing", "broken"])
def test_an_error_at_any_step_spoils_nothing(scene, manner, is_done, monkeypatch):
    # where no client is to have been made, what has to be tried again makes one each time
    names = ["odd", "reset"] if scene.kind == "before client" else ERRORS
    steps = set()
    for name in names:
        for number in itertools.count():
            scene.begin_with_an_open_connection(number % 2 == 0)
            error = ERRORS[name]()
            hurting = AtStep(number, error, is_done)
            with monkeypatch.context() as patch:
                patch.setattr(direct_transports, "run", hurting.run)
                for module in (transports, direct_transports):
                    patch.setattr(module, "exchanged", hurting.exchanged)
                outcome = scene.call_and_be_hurt(manner, error)
            if hurting.step is None:
                break
            steps.add(hurting.step)
            scene.assert_whole(manner, outcome, error, f"{name} at step {number}, {hurting.step}, of a {manner} call")
    assert steps >= ({"Send", "Ask", "Wait"} if manner == "broken" else {"Send"})


CALLS = st.tuples(st.sampled_from(sorted(MANNERS)), st.sampled_from(sorted(ERRORS)), st.integers(0, 500), st.booleans())


@settings(
    max_examples=examples(quick=6, long=600),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(calls=st.lists(CALLS, min_size=1, max_size=5))
def test_any_errors_before_any_lines_of_any_calls_spoil_nothing(scene, calls):
    for manner, name, number, is_open in calls:
        scene.begin_with_an_open_connection(is_open)
        hurt_at_line(scene, manner, number, name)
