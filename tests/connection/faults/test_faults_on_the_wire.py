"""The same traffic over the three transports, and awaited, through a proxy that hurts.

Every answer is judged.  The fast transports may give no wrong answer, lose no acknowledged write, wait no longer
than their timeouts allow, and fail no more often than botocore does on the same faults.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter

import pytest
from botocore.config import Config

from dynamorm import connection

from ..awaited import Awaiting, LoopInThread
from ..conftest import KEYS, Request, create_table
from .proxy import USUAL_RATES, FaultProxy
from .traffic import Tally, Traffic

pytestmark = pytest.mark.slow

SEEDS = (1, 2, 3, 4, 5)
READ_TIMEOUT = 0.3
# Where good answers may not time out more often over one transport than over another.
SUITE_TIMEOUT = 1.0
# Where nothing is to time out, however busy the machine is.
PATIENCE = 30
# How long an answer takes that is to come too late: far more than any attempt may, on a busy machine too.
STALL = 20 * READ_TIMEOUT
ATTEMPTS = 3
# The clients' backoff, made the same for all of them: longer than nothing, shorter than an outage of the
# proxy.
BACKOFF = 0.015


@pytest.fixture(scope="module")
def loop():
    with LoopInThread() as loop:
        yield loop


@pytest.fixture(params=["default", "direct", "async"])
def fast_transport(request):
    return request.param


@pytest.fixture
def open_to(loop):
    """Open connections to a proxy: ``open_to(port, "direct", read_timeout)``; awaited ones for "async"."""

    def open_one(port, transport, read_timeout=READ_TIMEOUT):
        options = client_options(port, read_timeout)
        if transport == "async":
            return Awaiting(connection.connection_for({}, options, "direct"), loop)
        return connection.connection_for({}, options, transport)

    return open_one


class Result:
    """What came of one transport's traffic over all seeds."""

    def __init__(self, transport):
        self.transport = transport
        self.tally = Tally()
        self.faults = Counter()
        self.connections = 0

    @property
    def failed(self):
        return self.tally.failed + len(self.tally.strange)

    def row(self):
        tally = self.tally
        return [
            self.transport,
            str(tally.operations),
            str(sum(self.faults.values()) - self.faults["none"]),
            str(self.failed),
            f"{100 * self.failed / tally.operations:.2f} %",
            str(len(tally.wrong)),
            f"{tally.longest:.2f} s",
            str(self.connections),
        ]


def client_options(port, read_timeout):
    retries = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(connect_timeout=read_timeout, read_timeout=read_timeout, retries=retries)
    return {"endpoint_url": f"http://127.0.0.1:{port}", "config": config, **KEYS}


def run(transport, operations, address, ask, table, open_to, seeds=SEEDS):
    result = Result(transport)
    for seed in seeds:
        with FaultProxy(*address, seed=seed, stall=2 * SUITE_TIMEOUT) as proxy:
            conn = open_to(proxy.port, transport, SUITE_TIMEOUT)
            traffic = Traffic(calling(conn), table, f"{transport}-{seed}-", seed)
            traffic.run(operations // len(seeds))
            traffic.audit(ask)
            conn.close()
        result.tally.add(traffic.tally)
        result.faults += proxy.counts
        result.connections += proxy.connections
    return result


def calling(conn):
    return lambda operation, payload: conn.call(Request(operation, **payload))


def show(results):
    heads = [
        "transport", "operations", "faults met", "failed", "share", "wrong answers", "longest", "connections"
    ]  # fmt: skip
    rows = [heads, *(result.row() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def show_faults(results):
    """How often each kind of fault happened, by the proxy's own count."""
    lines = [f"{'fault':<32}" + "".join(f"{result.transport:>10}" for result in results)]
    for kind in USUAL_RATES:
        lines.append(f"{kind:<32}" + "".join(f"{result.faults[kind]:>10}" for result in results))
    return "\n".join(lines)


def suite(operations, address, opened, open_to, replace_backoff):
    direct = opened("boto3")
    table = create_table(direct)
    replace_backoff(lambda seconds: time.sleep(BACKOFF))
    results = [
        run(transport, operations, address, calling(direct), table, open_to)
        for transport in ("boto3", "default", "direct", "async")
    ]
    print("\n" + show(results) + "\n" + show_faults(results))
    botocore, *fast = results
    # a call waits for a connection, for the beginning of an answer, and for its end, at each attempt
    longest = ATTEMPTS * (3 * SUITE_TIMEOUT + BACKOFF) + 1
    for result in fast:
        assert result.tally.wrong == []
        assert result.tally.strange == []
        assert result.tally.longest < longest
        assert result.failed <= botocore.failed
    awaited, blocking = results[-1], results[-2]
    # which requests meet an outage of the proxy is a matter of time: so many more or less are chance
    chance = round(blocking.failed**0.5 / 2) if operations >= 10_000 else 5
    assert awaited.failed <= blocking.failed + chance
    for result in results:
        met = {kind for kind, count in result.faults.items() if count}
        assert met >= set(USUAL_RATES), f"never happened: {set(USUAL_RATES) - met}"


@pytest.mark.slow
def test_the_fast_transports_are_no_worse_than_botocore_on_the_same_faults(address, opened, open_to, replace_backoff):
    suite(250, address, opened, open_to, replace_backoff)


@pytest.mark.slow
@pytest.mark.skipif("DYNAMORM_LONG_FAULTS" not in os.environ, reason="takes half an hour; DYNAMORM_LONG_FAULTS=1")
def test_the_same_in_its_long_form(address, opened, open_to, replace_backoff):
    suite(20_000, address, opened, open_to, replace_backoff)


@pytest.mark.parametrize("kind", [kind for kind in USUAL_RATES if kind not in ("delay", "drip", "close while idle")])
def test_each_fault_met_at_every_attempt_is_an_error_and_nothing_else(
    kind, fast_transport, address, opened, open_to, replace_backoff
):
    """Where nothing but faults comes back, nothing may look like an answer, and the error comes in time."""
    if kind in ("answer twice", "refuse"):
        pytest.skip("there is an answer in it" if kind == "answer twice" else "leaves attempts without a fault")
    replace_backoff(lambda seconds: time.sleep(0.001))
    direct = opened("boto3")
    table = create_table(direct)
    for seed in range(1 if kind in ("stall", "drip without end") else 4):
        with FaultProxy(*address, seed=seed, rates={kind: 1000}, stall=STALL) as proxy:
            conn = open_to(proxy.port, fast_transport)
            traffic = Traffic(calling(conn), table, f"{kind}-{fast_transport}-{seed}-", seed)
            tally = traffic.run(2)
            traffic.audit(calling(direct))
            conn.close()
        assert tally.wrong == [] and tally.strange == []
        if kind != "flip a bit":  # some bits do not matter
            assert tally.failed == 2
        assert tally.longest < ATTEMPTS * STALL


@pytest.mark.parametrize("kind", ["delay", "drip", "close while idle", "answer twice"])
def test_what_only_takes_longer_or_too_much_fails_nothing(kind, fast_transport, address, opened, open_to):
    direct = opened("boto3")
    table = create_table(direct)
    with FaultProxy(*address, seed=1, rates={kind: 1000}) as proxy:
        conn = open_to(proxy.port, fast_transport, PATIENCE)
        traffic = Traffic(calling(conn), table, f"{kind}-{fast_transport}-", 1)
        tally = traffic.run(40)
        traffic.audit(calling(direct))
        conn.close()
    assert (tally.wrong, tally.strange, tally.failures) == ([], [], {})


def test_threads_do_not_get_each_others_answers_when_connections_break(
    fast_transport, address, opened, open_to, replace_backoff
):
    replace_backoff(lambda seconds: time.sleep(0.005))
    direct = opened("boto3")
    table = create_table(direct)
    rates = {"answer twice": 150, "close in mid-answer": 50, "close while idle": 150, "cut short": 50}
    with FaultProxy(*address, seed=9, rates=rates) as proxy:
        conn = open_to(proxy.port, fast_transport, PATIENCE)
        each = [Traffic(calling(conn), table, f"{fast_transport}-{n}-", n) for n in range(8)]
        threads = [threading.Thread(target=traffic.run, args=(25,)) for traffic in each]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        conn.close()
    for traffic in each:
        traffic.audit(calling(direct))
        assert traffic.tally.wrong == [] and traffic.tally.strange == []
        assert traffic.tally.operations == 25
