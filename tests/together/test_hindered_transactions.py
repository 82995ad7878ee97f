"""What an engine cannot be made to answer: conflicts, throttling in the middle, and cancellations of several kinds."""

from __future__ import annotations

import json

import pytest

import dynamorm
from dynamorm import Throttled, Transaction, TransactionCanceled, TransactionConflict, TransactionGet, attempts

from ..books import book_model
from ..connection.scripted_server import ScriptedServer, answer


def refusal(code, **more):
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "No.", **more}
    return answer(json.dumps(body).encode(), b"400 Bad Request")


def canceled(*codes, item=None):
    reasons = [{"Code": code, **({} if code == "None" else {"Message": code})} for code in codes]
    for reason in reasons:
        if item is not None and reason["Code"] == "ConditionalCheckFailed":
            reason["Item"] = item
    return refusal("TransactionCanceledException", CancellationReasons=reasons)


OK = answer(b"{}")
PASSING = {
    "conflict": canceled("None", "TransactionConflict"),
    "two conflicts": canceled("TransactionConflict", "TransactionConflict"),
    "throttled": canceled("ThrottlingError", "None"),
    "too much": canceled("None", "ProvisionedThroughputExceeded"),
    "conflict and throttling": canceled("TransactionConflict", "ThrottlingError"),
}
LASTING = {
    "condition": canceled("None", "ConditionalCheckFailed"),
    "condition beside a conflict": canceled("ConditionalCheckFailed", "TransactionConflict"),
    "size": canceled("ItemCollectionSizeLimitExceeded", "None"),
    "wrong": canceled("None", "ValidationError"),
    "no reasons": refusal("TransactionCanceledException"),
}


@pytest.fixture
def book(library):
    return book_model(library)


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    """What is waited between attempts, which is not waited in truth."""
    pauses = []
    monkeypatch.setattr("dynamorm.drivers.time.sleep", pauses.append)
    return pauses


@pytest.fixture(params=["default", "direct", "boto3"])
def serve(request):
    """Return what starts a server of some answers, to which models go then."""
    with pytest.MonkeyPatch.context(), _Servers(request.param) as servers:
        yield servers


class _Servers:
    def __init__(self, transport):
        self._transport = transport
        self._open = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for one in reversed(self._open):
            one.__exit__(None, None, None)

    def __call__(self, *script):
        server = ScriptedServer(script)
        settings = dynamorm.using(
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            transport=self._transport,
        )
        for one in (server, settings):
            one.__enter__()
            self._open.append(one)
        return server


def write(book, **options):
    with Transaction(**options) as tx:
        tx.put(book, {"isbn": "1", "title": "x"})
        tx.update(book, isbn="2", year=5, conditions={"title": "y"})


@pytest.mark.parametrize("kind", PASSING)
def test_what_hinders_for_a_moment_is_sent_again(book, serve, waited, kind):
    server = serve(PASSING[kind], PASSING[kind], OK)
    write(book)
    bodies = [request.body for request in server.requests]
    assert len(bodies) == 3 and len(set(bodies)) == 1, "sent byte for byte, with the same token"
    assert b"ClientRequestToken" in bodies[0]
    assert len(waited) == 2


@pytest.mark.parametrize("kind", LASTING)
def test_what_stays_is_said_at_once(book, serve, waited, kind):
    server = serve(LASTING[kind], OK)
    with pytest.raises(TransactionCanceled):
        write(book)
    assert len(server.requests) == 1 and waited == []


def test_it_is_not_sent_for_ever(book, serve, waited):
    server = serve(PASSING["conflict"])
    with pytest.raises(TransactionCanceled) as caught:
        write(book)
    assert len(server.requests) == attempts.MOST == 10
    assert [reason.code for reason in caught.value.reasons] == ["None", "TransactionConflict"]
    (guilty,) = caught.value.failed
    assert guilty.action == ("update", "Book", {"isbn": "2"}) and guilty.error is None


def test_reasons_of_several_kinds(book, serve):
    serve(canceled("ConditionalCheckFailed", "TransactionConflict", item={"isbn": {"S": "1"}, "title": {"S": "z"}}))
    with pytest.raises(TransactionCanceled) as caught:
        write(book)
    first, second = caught.value.failed
    assert first.current.title == "z" and isinstance(first.error, dynamorm.ConditionFailed)
    assert second.current is None and second.error is None


def test_a_transaction_in_progress_is_waited_for(book, serve):
    server = serve(refusal("TransactionInProgressException"), OK)
    write(book, token="mine")
    assert len(server.requests) == 2


def test_throttling_of_the_whole_request_is_the_connections_business(book, serve):
    serve(refusal("ThrottlingException"))
    with pytest.raises(Throttled):
        write(book)


def test_reads_are_sent_again_too(book, serve, waited):
    body = {"Responses": [{"Item": {"isbn": {"S": "1"}, "title": {"S": "x"}}}, {}]}
    server = serve(PASSING["conflict"], answer(json.dumps(body).encode()))
    with TransactionGet() as tx:
        found, missing = tx.get(book, isbn="1"), tx.get(book, isbn="2")
    assert found.instance.title == "x" and missing.instance is None
    assert len(server.requests) == 2 and len(waited) == 1


@pytest.mark.parametrize(
    "verb", [lambda book: book.put({"isbn": "1", "title": "x"}), lambda book: book.update_item(isbn="1", year=1)]
)
def test_a_single_write_waits_for_a_transaction(book, serve, waited, verb):
    conflict = refusal("TransactionConflictException")
    server = serve(conflict, conflict, OK)
    verb(book)
    assert len(server.requests) == 3 and len(waited) == 1
    serve(conflict)
    with pytest.raises(TransactionConflict):
        verb(book)


def test_a_single_write_that_is_refused_after_a_conflict(book, serve):
    refused = refusal("ConditionalCheckFailedException", Item={"isbn": {"S": "1"}, "title": {"S": "z"}})
    serve(refusal("TransactionConflictException"), refused)
    with pytest.raises(dynamorm.HashKeyExists) as caught:
        book.put_unique({"isbn": "1", "title": "x"})
    assert caught.value.current.title == "z"


# An item that moves to another key does so in a transaction.


def loaded(book):
    found = book.from_item({"isbn": {"S": "1"}, "title": {"S": "x"}})
    found.year = 5
    return found


def is_as_before(found):
    return found.isbn == "1" and not found.key_changed and found.changes == {"year": (None, 5)}


@pytest.mark.parametrize("kind", PASSING)
def test_a_move_that_is_hindered_is_sent_again(book, serve, waited, kind):
    server, found = serve(PASSING[kind], OK), loaded(book)
    found.change_key(isbn="2")
    bodies = [request.body for request in server.requests]
    assert len(bodies) == 2 and len(set(bodies)) == 1 and b"ClientRequestToken" in bodies[0]
    assert found.isbn == "2" and not found.is_dirty and len(waited) == 1


def test_a_move_that_is_hindered_for_ever_is_given_up(book, serve):
    server, found = serve(PASSING["conflict"]), loaded(book)
    with pytest.raises(TransactionCanceled) as caught:
        found.change_key(isbn="2")
    assert len(server.requests) == attempts.MOST and is_as_before(found)
    assert [reason.action for reason in caught.value.reasons] == [
        ("put", "Book", {"isbn": "2"}),
        ("delete", "Book", {"isbn": "1"}),
    ]


@pytest.mark.parametrize("codes", [("ConditionalCheckFailed", "None"), ("None", "ConditionalCheckFailed")])
@pytest.mark.parametrize("is_lost", [False, True])
def test_a_move_that_is_refused_tells_whether_an_answer_was_lost(book, serve, codes, is_lost):
    refused = canceled(*codes, item={"isbn": {"S": "9"}, "title": {"S": "z"}})
    found = loaded(book)
    serve(*([None] if is_lost else []), refused)
    with pytest.raises(dynamorm.ConditionFailed) as caught:
        found.change_key(isbn="2")
    error = caught.value
    assert isinstance(error, dynamorm.HashKeyExists) == (codes[1] == "None")
    assert (error.ambiguous, error.attempts) == (is_lost, 1 + is_lost)
    assert error.current.title == "z" and is_as_before(found)


def test_a_move_without_an_answer_leaves_the_instance_as_it_was(book, serve):
    serve(None)
    found = loaded(book)
    with pytest.raises(dynamorm.ConnectionFailed):
        found.change_key(isbn="2")
    assert is_as_before(found)


def test_a_move_of_which_the_engine_finds_a_part_invalid(book, serve):
    serve(LASTING["wrong"])
    found = loaded(book)
    with pytest.raises(TransactionCanceled) as caught:
        found.change_key(isbn="2")
    assert caught.value.failed[0].code == "ValidationError" and is_as_before(found)
