"""Engines to talk to, and connections that end with their test."""

from __future__ import annotations

import asyncio
import os
import time
import types
import uuid
from functools import partial

import boto3
import botocore.endpoint
import pytest
from botocore import handlers

from dynamorm import connection, local
from dynamorm.connection import awaiting, blocking, configuration
from dynamorm.connection.pool import Pool
from dynamorm.signals import pre_request

from ..conftest import check_request
from .awaited import LOOPS

TRANSPORTS = ["boto3", "default", "direct"]
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "secret"}


class Request:
    """As much of a request as a connection needs."""

    def __init__(self, operation, **payload):
        self.operation = operation
        self.payload = payload


@pytest.fixture(autouse=True)
def settings_and_connections_of_the_test(monkeypatch):
    """No test sees what another configured or opened, nor what the machine is configured for."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "DYNAMORM_TRANSPORT")) or name == "REQUESTS_CA_BUNDLE":
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(configuration, "_process_wide", configuration.Settings())
    yield
    connection.close_all()


@pytest.fixture
def nobody_extends_botocore(monkeypatch):
    """Other tests of the same process may have imported moto, which listens to every session from then on."""
    own = [entry for entry in handlers.BUILTIN_HANDLERS if entry[1].__module__.startswith("botocore")]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", own)


@pytest.fixture
def nobody_listens():
    """Receivers of ``pre_request``, such as the suite's own, may change requests, which are checked then."""
    pre_request.disconnect(check_request)
    yield
    pre_request.connect(check_request)


@pytest.fixture
def replace_backoff(monkeypatch):
    """Have a function of the seconds called in the place of the waiting between attempts, ours and botocore's."""

    def replace(sleep):
        waiting = types.SimpleNamespace(**{**vars(time), "sleep": sleep})
        for module in (blocking, botocore.endpoint):
            monkeypatch.setattr(module, "time", waiting)
        monkeypatch.setattr(awaiting, "sleep", partial(asyncio.to_thread, sleep))

    return replace


@pytest.fixture
def pools(monkeypatch):
    """The pools of blocking connections that the test makes, in which those of event loops are remembered."""
    made = []
    init = Pool.__init__

    def noting(self, *arguments):
        init(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Pool, "__init__", noting)
    return made


@pytest.fixture(params=LOOPS)
def new_loop(request):
    """What makes an event loop: asyncio's, and uvloop's where that is installed."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")
    return LOOPS[request.param]


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture(params=["default", "direct"])
def fast_transport(request):
    return request.param


@pytest.fixture(scope="session")
def engine():
    """The engine that most tests use: whichever is found first."""
    with local.start() as started:
        yield started


@pytest.fixture
def address(engine):
    """Host and port of the engine."""
    host, _, port = engine.endpoint_url.rpartition("//")[2].partition(":")
    return host, int(port)


@pytest.fixture
def opened(engine):
    """Make connections to the engine: ``opened("direct", region_name="eu-west-1")``."""

    def open_one(transport, **options):
        return connection.connection_for({}, {"endpoint_url": engine.endpoint_url, **options}, transport)

    return open_one


def create_table(of, name=None):
    """Create a table with the key (``p`` S, ``s`` N) and return its name."""
    name = name or f"table-{uuid.uuid4()}"
    of.call(
        Request(
            "CreateTable",
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "p", "KeyType": "HASH"},
                {"AttributeName": "s", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "p", "AttributeType": "S"},
                {"AttributeName": "s", "AttributeType": "N"},
            ],
        )
    )
    return name


def key(p="p", s=1):
    return {"p": {"S": p}, "s": {"N": str(s)}}
