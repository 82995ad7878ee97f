"""What is sent, waited for and asked, and in which order, told without sending or waiting."""

from __future__ import annotations

import ast
import datetime
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError, ConnectionClosedError

import dynamorm.connection
from dynamorm.connection import blocking
from dynamorm.connection.blocking import run
from dynamorm.connection.direct_transports import DirectTransport
from dynamorm.connection.http_reader import begin_answer
from dynamorm.connection.steps import Ask, Send, Wait

from .conftest import key
from .scripted_server import answer

pytestmark = pytest.mark.usefixtures("nobody_extends_botocore")

PAYLOAD = {"TableName": "table", "Key": key()}
OK = begin_answer(answer(b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'))
BROKEN = begin_answer(answer(b'{"__type":"x#InternalServerError"}', b"500 Internal Server Error"))
REFUSED = begin_answer(answer(b'{"__type":"x#ConditionalCheckFailedException"}', b"400 Bad Request"))
CLOSED = ConnectionClosedError(endpoint_url="http://x")


class Driver:
    """Runs flows, and has an answer or a failure ready for each request."""

    def __init__(self, *ready):
        self.ready = list(ready)
        self.steps = []

    def run(self, flow):
        self.steps = []
        try:
            step = next(flow)
            while True:
                self.steps.append(step)
                came = self._came(step)
                step = flow.throw(came) if isinstance(came, BaseException) else flow.send(came)
        except StopIteration as done:
            return done.value

    def _came(self, step):
        if isinstance(step, Send):
            return self.ready.pop(0)
        return step.question() if isinstance(step, Ask) else None

    @property
    def kinds(self):
        return [type(step).__name__ for step in self.steps]


def transport_of(session):
    return DirectTransport(session.client("dynamodb", endpoint_url="http://localhost:1"))


@pytest.fixture
def transport():
    return transport_of(boto3.Session())


def get(transport):
    return transport.flow("GetItem", PAYLOAD)


def test_a_request_is_one_step_once_it_is_known_where_to_send_it(transport):
    driver = Driver(OK, OK)
    assert driver.run(get(transport))["Item"] == key()
    assert driver.kinds == ["Ask", "Send"]
    assert driver.run(get(transport))["Item"] == key()
    assert driver.kinds == ["Send"]
    (step,) = driver.steps
    assert step.destination.url == "http://localhost:1/"
    assert step.request.startswith(b"POST / HTTP/1.1\r\nHost: localhost:1\r\n")


def test_what_goes_wrong_is_tried_again_after_a_wait_and_with_credentials_of_that_moment(transport):
    driver = Driver(OK, BROKEN, CLOSED, OK)
    driver.run(get(transport))
    response = driver.run(get(transport))
    assert response["ResponseMetadata"]["RetryAttempts"] == 2
    # botocore reads the error, and is asked whether to try again; then there are new credentials; in the end it is told
    assert driver.kinds == ["Send", "Ask", "Ask", "Wait", "Ask", "Send", "Ask", "Wait", "Ask", "Send", "Ask"]
    assert all(step.seconds >= 0 for step in driver.steps if isinstance(step, Wait))
    announced = [step.request.partition(b"attempt=")[2][:1] for step in driver.steps if isinstance(step, Send)]
    assert announced == [b"1", b"2", b"3"]


def test_what_is_not_tried_again_is_raised(transport):
    driver = Driver(REFUSED)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        driver.run(get(transport))
    assert "Wait" not in driver.kinds


def test_an_interrupt_is_no_setback(transport):
    driver = Driver(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        driver.run(get(transport))
    assert driver.kinds == ["Ask", "Send"]


def test_credentials_that_may_have_to_be_fetched_are_asked_for():
    def fetch(seconds=3600):
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
        return {"access_key": "KEY", "secret_key": "secret", "token": "token", "expiry_time": end.isoformat()}

    base = botocore.session.get_session()
    base._credentials = RefreshableCredentials.create_from_metadata(fetch(60), fetch, "test")
    transport = transport_of(boto3.Session(botocore_session=base))
    driver = Driver(OK, OK)
    driver.run(get(transport))
    assert driver.kinds == ["Ask", "Ask", "Send"]
    assert driver.steps[0].question == base._credentials.get_frozen_credentials
    assert driver.steps[0].blocks
    assert b"Credential=KEY/" in driver.steps[2].request
    driver.run(get(transport))
    assert driver.kinds == ["Send"]  # these are good for an hour


def test_who_listens_is_asked_before_a_request_is_sent_and_may_answer_it(transport):
    seen, given = [], []

    def listen(request, **kwargs):
        seen.append(request.url)
        return given.pop() if given else None

    transport._client.meta.events.register("before-send.dynamodb", listen)
    driver = Driver(OK, OK)
    driver.run(get(transport))
    driver.run(get(transport))
    assert driver.kinds == ["Ask", "Send"]
    said = AWSResponse("http://elsewhere/", 200, {}, None)
    said._content = b"{}"
    given.append(said)
    assert "Item" not in driver.run(get(transport))
    assert driver.kinds == ["Ask"]
    assert seen == ["http://localhost:1/"] * 3


def test_what_cannot_be_sent_directly_is_one_question_that_goes_through_the_client(transport, monkeypatch):
    monkeypatch.setattr(transport._client, "get_item", lambda **payload: {"Item": payload["Key"]})
    driver = Driver()
    assert driver.run(get(transport)) == {"Item": key()}
    assert driver.kinds == ["Ask"]


def test_the_blocking_driver_waits_as_long_as_it_is_told(replace_backoff):
    waited = []
    replace_backoff(waited.append)

    def flow():
        yield Wait(0.5)
        return (yield Ask(lambda: "told"))

    assert run(flow()) == "told"
    assert waited == [0.5]


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt(), StopIteration(7), RuntimeError("x")])
def test_what_a_step_raises_goes_through_the_flow_and_comes_out_of_the_driver(error):
    seen = []

    def fail():
        raise error

    def flow():
        try:
            yield Ask(fail)
        except BaseException as caught:
            seen.append(caught)
            raise

    with pytest.raises(type(error)) as caught:
        run(flow())
    assert caught.value is error and seen == [error]


@pytest.mark.parametrize("module", ["http_reader", "judging", "retries", "exchange", "steps"])
def test_what_decides_neither_sends_nor_waits(module):
    path = Path(dynamorm.connection.__file__).parent / f"{module}.py"
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert not imported & {"asyncio", "select", "socket", "ssl", "threading", "time", blocking.__name__, "blocking"}
