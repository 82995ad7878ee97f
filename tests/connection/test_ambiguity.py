"""Whether a condition may have been refused because of the very write that it was set for."""

from __future__ import annotations

import http.client
import pickle
import socket
import types

import pytest

import dynamorm
from dynamorm import (
    Composite,
    ConditionFailed,
    GlobalIndex,
    HashKeyExists,
    ProjectAll,
    VersionConflict,
    connection,
    upgrade,
    using,
)
from dynamorm.connection import pool
from dynamorm.exceptions import TransactionConflict

from ..books import book_model
from ..libraries import integer, text
from .conftest import Request, create_table, key
from .scripted_server import ScriptedServer, answer
from .test_retries import FAULTS, GET, refusal

REFUSED = FAULTS["condition"]
PUT = Request("PutItem", TableName="table", Item=key())

# What came of an earlier attempt, by whether that may have been carried out.
LOST = ["closed", "ended in the middle", "500", "502 in HTML", "503 empty", "504", "checksum"]
REFUSALS = ["throughput", "throttling", "limit", "429"]


@pytest.fixture(autouse=True)
def no_pauses(replace_backoff):
    replace_backoff(lambda seconds: None)


def refused(transport, *script, request=PUT):
    """Return the error of a write that comes to what a script says."""
    config = {"retries": {"mode": "standard", "total_max_attempts": 5}, "read_timeout": 30}
    with ScriptedServer(script) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url, "config": config}, transport)
        with pytest.raises(dynamorm.ServiceError) as caught:
            conn.call(request)
        assert len(server.requests) == len(script)
    return caught.value


def test_one_attempt_is_not_ambiguous(transport):
    error = refused(transport, REFUSED)
    assert (error.attempts, error.ambiguous) == (1, False)
    assert "attempt" not in str(error)


@pytest.mark.parametrize("fault", LOST)
def test_an_attempt_whose_answer_was_lost_may_have_been_carried_out(transport, fault):
    error = refused(transport, FAULTS[fault], REFUSED)
    assert (type(error).__bases__[0].__name__, error.attempts, error.ambiguous) == (
        "ConditionFailedClientError",
        2,
        True,
    )
    assert "after 2 attempts" in str(error) and "compare .current" in str(error)


@pytest.mark.parametrize("fault", REFUSALS)
def test_attempts_that_were_throttled_leave_no_doubt(transport, fault):
    error = refused(transport, FAULTS[fault], FAULTS[fault], REFUSED)
    # botocore's own sending says how many attempts there were, and no more
    assert (error.attempts, error.ambiguous) == (3, transport == "boto3")
    assert ("none of which was carried out" in str(error)) != error.ambiguous


def test_one_that_was_lost_among_many_that_were_throttled_is_enough(transport):
    throttled = FAULTS["throttling"]
    assert refused(transport, throttled, FAULTS["closed"], throttled, REFUSED).ambiguous
    assert refused(transport, FAULTS["500"], throttled, REFUSED).ambiguous


def test_what_never_left_was_not_carried_out(fast_transport, monkeypatch):
    config = {"retries": {"mode": "standard", "total_max_attempts": 5}}
    with ScriptedServer([REFUSED]) as server:
        conn = connection.connection_for({}, {"endpoint_url": server.url, "config": config}, fast_transport)
        refusals = []

        def refuse_at_first(*arguments, **options):
            if len(refusals) < 2:
                refusals.append(arguments)
                raise ConnectionRefusedError("nobody is there")
            return socket.create_connection(*arguments, **options)

        refusing = types.SimpleNamespace(**{**vars(socket), "create_connection": refuse_at_first})
        monkeypatch.setattr(pool, "socket", refusing)
        with pytest.raises(ConditionFailed) as caught:
            conn.call(PUT)
    assert (len(refusals), caught.value.attempts, caught.value.ambiguous) == (2, 3, False)


def test_other_errors_know_it_too(fast_transport):
    assert not refused(fast_transport, FAULTS["throttling"], FAULTS["invalid"], request=GET).ambiguous
    error = refused(fast_transport, FAULTS["closed"], FAULTS["invalid"], request=GET)
    assert error.ambiguous and "compare" not in str(error)


@pytest.mark.parametrize(
    "narrow", [lambda error: error.as_hash_key_exists(), lambda error: error.as_version_conflict()]
)
@pytest.mark.parametrize("fault", ["closed", "throttling"])
def test_narrower_errors_and_pickled_ones_know_the_same(fast_transport, narrow, fault):
    error = refused(fast_transport, FAULTS[fault], REFUSED)
    for twin in (narrow(error), pickle.loads(pickle.dumps(error)), pickle.loads(pickle.dumps(narrow(error)))):
        assert (twin.attempts, twin.ambiguous) == (2, fault == "closed")
        assert ("compare .current" in str(twin)) == (fault == "closed")


def test_errors_that_stand_for_no_answer_have_defaults():
    for kind in (ConditionFailed, HashKeyExists, VersionConflict, TransactionConflict):
        assert (kind.attempts, kind.ambiguous) == (1, False)
    assert "ambiguous" in ConditionFailed.__doc__ and "attempts" in ConditionFailed.__doc__


# On an engine, through a network that loses an answer: the write that is refused is our own.


@pytest.fixture
def losing(request, engine):
    """What stands between us and the engine: it passes requests on, and loses the answer to the first put.

    A test may name another operation, and how many of them have their answers before.
    """
    lost = []
    kind, spared = getattr(request, "param", (b"PutItem", 0))
    seen = []

    def pass_on(request):
        passed_on = _answer_of(engine.endpoint_url.rpartition("//")[2], request)
        if kind in request.head and not lost:
            seen.append(request)
            if len(seen) > spared:
                lost.append(request)
                return None
        return passed_on

    with ScriptedServer([pass_on]) as server:
        yield server, lost


def _answer_of(address, request):
    client = http.client.HTTPConnection(address, timeout=30)
    # the line before the headers is among them
    headers = {name: value for name, value in request.headers.items() if " " not in name and name != "host"}
    client.request("POST", "/", request.body, headers)
    response = client.getresponse()
    body = response.read()
    client.close()
    told = {"x_amz_crc32": response.getheader("x-amz-crc32")}
    return answer(body, f"{response.status} {response.reason}".encode(), **told)


def test_a_put_whose_answer_was_lost_is_refused_because_of_itself(losing, fast_transport, library):
    server, lost = losing
    book = book_model(library)
    with using(
        endpoint_url=server.url, transport=fast_transport, table_prefix=f"lost-{fast_transport}-{library.name}-"
    ):
        book.Table.create_table()
        with pytest.raises(HashKeyExists) as caught:
            book.create(isbn="1", title="ours")
        assert len(lost) == 1
        error = caught.value
        assert (error.attempts, error.ambiguous, error.current.title) == (2, True, "ours")
        book.put({"isbn": "2", "title": "theirs"})
        with pytest.raises(HashKeyExists) as caught:
            book.create(isbn="2", title="ours")
        assert (caught.value.attempts, caught.value.ambiguous, caught.value.current.title) == (1, False, "theirs")
        # whoever asks for it in this way gets it, and is not told that it is theirs
        lost.clear()
        found, created = book.get_or_create(isbn="3", defaults={"title": "ours"})
        assert (found.title, created, len(lost)) == ("ours", False, 1)
        book.Table.delete()


def test_a_conflict_that_came_after_a_lost_answer_is_not_forgotten(fast_transport, library, monkeypatch):
    monkeypatch.setattr("dynamorm.drivers.time.sleep", lambda seconds: None)
    conflict = refusal(b"TransactionConflictException")
    for script, ambiguous, attempts in (
        ([conflict, conflict, REFUSED], False, 3),
        ([None, conflict, REFUSED], True, 3),
        ([conflict, None, conflict, REFUSED], True, 4),
    ):
        with (
            ScriptedServer(script) as server,
            using(endpoint_url=server.url, transport=fast_transport),
            pytest.raises(HashKeyExists) as caught,
        ):
            book_model(library).put_unique({"isbn": "1", "title": "x"})
        assert (caught.value.ambiguous, caught.value.attempts) == (ambiguous, attempts)


def test_engines_say_nothing_of_it(opened, transport):
    conn = opened(transport)
    table = create_table(conn)
    condition = {"ConditionExpression": "attribute_exists(zzz)"}
    with pytest.raises(ConditionFailed) as caught:
        conn.call(Request("PutItem", TableName=table, Item=key(), **condition))
    assert (caught.value.attempts, caught.value.ambiguous) == (1, False)
    assert "EarlierAttemptsRefused" not in caught.value.response["ResponseMetadata"]


COUNTED = {"id": text(required=True), "total": integer()}
ORDERS = {"name": "orders", "hash_key": "id", "billing_mode": "PAY_PER_REQUEST"}


def order_of_an_old_version(library):
    """Return a model whose stored items are all of an old version."""
    step = upgrade(2)(lambda item: None)
    return library.model("Order", {**ORDERS, "schema_version": 2}, COUNTED, nothing=step)


def order_with_a_key_that_follows(library):
    """Return a model with a key that is made of what is counted."""

    class ByTotal(GlobalIndex):
        name = "by_total"
        hash_key = "by_total"
        projection = ProjectAll()

    return library.model("Order", ORDERS, COUNTED, by_total=Composite("{total:06d}"), ByTotal=ByTotal)


@pytest.mark.parametrize(
    ("losing", "make"),
    [((b"UpdateItem", 0), order_with_a_key_that_follows), ((b"UpdateItem", 1), order_of_an_old_version)],
    indirect=["losing"],
    ids=["a key follows", "an old version"],
)
def test_an_update_that_counts_is_not_carried_out_twice(losing, fast_transport, library, make):
    """It could be made anew from what the refusal shows, and would count again."""
    server, lost = losing
    order = make(library)
    prefix = f"counted-{fast_transport}-{library.name}-{len(order.Table.indexes)}-"
    with using(endpoint_url=server.url, transport=fast_transport, table_prefix=prefix):
        order.Table.create_table()
        order.Table.table.put_item(Item={"id": "1", "total": 1})
        found = order.get(id="1")
        with pytest.raises(ConditionFailed) as caught:
            found.update(total__add=5)
        assert (len(lost), caught.value.ambiguous, caught.value.current.total) == (1, True, 6)
        assert order.get(id="1").total == 6
        order.Table.delete()


@pytest.mark.parametrize("losing", [(b"UpdateItem", 1)], indirect=True)
def test_an_update_that_sets_may_be_carried_out_twice(losing, fast_transport, library):
    server, lost = losing
    order = order_of_an_old_version(library)
    with using(endpoint_url=server.url, transport=fast_transport, table_prefix=f"set-{fast_transport}-{library.name}-"):
        order.Table.create_table()
        order.Table.table.put_item(Item={"id": "1", "total": 1})
        order.get(id="1").update(total=7)
        assert (order.get(id="1").total, len(lost)) == (7, 1)
        order.Table.delete()
