"""Direct sending before there is a client: what is sent is the same, and whatever needs a client gets one."""

from __future__ import annotations

import multiprocessing
import os
import re
import threading

import boto3
import botocore.client
import botocore.session
import pytest
from botocore.config import Config

from dynamorm import connection, exceptions
from dynamorm.connection.botocore_private import regional_endpoint, sending_options, user_agent_of
from dynamorm.connection.botocore_session import ClientParts, read_client_parts

from ..forks import while_a_thread
from .conftest import Request, create_table, key
from .scripted_server import ScriptedServer, answer

pytestmark = pytest.mark.usefixtures("nobody_extends_botocore")

ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'
GET = Request("GetItem", TableName="table", Key=key())
REFUSAL = b'{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"no"}'


@pytest.fixture
def clients(monkeypatch):
    """Counts the clients that boto3 makes."""
    made = []
    create = botocore.session.Session.create_client

    # compiled under botocore's own name, since a session whose functions are wrapped is not a plain one
    namespace = {"create": create, "made": made}
    file = botocore.session.__file__
    code = "def create_client(self, *args, **kwargs):\n    made.append(self)\n    return create(self, *args, **kwargs)"
    exec(compile(code, file, "exec"), namespace)
    monkeypatch.setattr(botocore.session.Session, "create_client", namespace["create_client"])
    return made


@pytest.fixture
def server():
    with ScriptedServer([answer(ITEM)]) as server:
        yield server


def open_to(server, **options):
    return connection.connection_for({}, {"endpoint_url": server.url, **options}, "direct")


def test_items_are_read_and_written_without_a_client(opened, clients):
    table = create_table(opened("default"))
    before = len(clients)
    early = opened("direct")
    early.call(Request("PutItem", TableName=table, Item={**key(), "a": {"S": "b"}}))
    assert early.call(Request("GetItem", TableName=table, Key=key()))["Item"]["a"] == {"S": "b"}
    assert early.call(Request("Scan", TableName=table))["Count"] == 1
    assert len(clients) == before


@pytest.mark.parametrize("transport", ["default", "boto3"])
def test_the_other_transports_have_a_client_from_the_start(server, clients, transport):
    connection.connection_for({}, {"endpoint_url": server.url}, transport)
    assert len(clients) == 1


def test_who_asks_for_the_client_gets_one_and_it_is_used_from_then_on(server, clients):
    early = open_to(server)
    early.call(GET)
    seen = []
    early.client.meta.events.register("before-send.dynamodb", lambda request, **kwargs: seen.append(request))
    assert early.call(GET)["Item"] == key()
    assert len(seen) == 1 and len(clients) == 1
    assert server.connections == 1, "what goes on with the client has the open connection"


def test_other_operations_get_a_client(opened, clients):
    early = opened("direct")
    table = create_table(early)
    assert len(clients) == 1
    assert early.call(Request("DescribeTable", TableName=table))["Table"]["TableName"] == table


def test_an_error_of_dynamodbs_is_botocores_own(clients):
    with ScriptedServer([answer(REFUSAL, b"400 Bad Request"), answer(ITEM)]) as server:
        early = open_to(server)
        with pytest.raises(exceptions.ConditionFailed) as caught:
            early.call(GET)
        assert isinstance(caught.value.__cause__, early.client.exceptions.ConditionalCheckFailedException)
        assert early.call(GET)["Item"] == key()
    assert len(server.requests) == 2 and len(clients) == 1


def test_what_fails_for_the_moment_is_tried_again_by_the_clients_policy(clients):
    with ScriptedServer([answer(b"{}", b"500 Oh"), None, answer(ITEM)]) as server:
        early = open_to(server)
        response = early.call(GET)
    assert response["Item"] == key() and response["ResponseMetadata"]["RetryAttempts"] == 2
    assert len(server.requests) == 3 and len(clients) == 1


def test_threads_that_need_the_client_at_once_make_one(clients):
    with ScriptedServer([answer(REFUSAL, b"400 Bad Request")]) as server:
        early, barrier, refused = open_to(server), threading.Barrier(8), []

        def refuse():
            barrier.wait()
            try:
                early.call(GET)
            except exceptions.ConditionFailed as error:
                refused.append(error)

        threads = [threading.Thread(target=refuse) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(refused) == 8 and len(clients) == 1


def without_features(user_agent):
    """Which features a program uses is counted from the first client's making on."""
    return re.sub(r" m/\S+", "", user_agent)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_process_that_is_forked_while_the_client_is_being_made_makes_its_own(server, monkeypatch):
    early = open_to(server)
    early.call(GET)
    late = early._opened._client
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(early.client.meta.region_name), daemon=True)
    with while_a_thread(late._lock):
        child.start()
        child.join(120)
    assert child.exitcode == 0, "it waits for a thread that does not exist"
    assert answers.get() == "us-east-1"


def headers_of(request):
    lines = dict(request.headers)
    lines["authorization"] = re.sub(r"Signature=\w+|/\d{8}/", "", lines["authorization"])
    lines["user-agent"] = without_features(lines["user-agent"])
    return {name: value for name, value in lines.items() if name not in ("x-amz-date", "amz-sdk-invocation-id")}


@pytest.mark.parametrize("options", [{}, {"region_name": "eu-west-1"}, {"aws_session_token": "token"}])
def test_requests_are_those_that_go_out_with_a_client(server, options):
    if "aws_session_token" in options:
        options = {**options, "aws_access_key_id": "other", "aws_secret_access_key": "more"}
    early = open_to(server, **options)
    early.call(GET)
    assert early.client is not None
    early.call(GET)
    first, second = map(headers_of, server.requests)
    assert first == second


def test_every_regions_endpoint_is_the_one_that_botocore_resolves():
    session = boto3.Session()
    regions = [*session.get_available_regions("dynamodb"), *session.get_available_regions("dynamodb", "aws-us-gov")]
    regions += session.get_available_regions("dynamodb", "aws-cn")
    plain_ones = []
    for region in regions:
        plain = read_client_parts(session, {"region_name": region})
        client = session.client("dynamodb", region_name=region)
        url, signing = regional_endpoint(client)
        if isinstance(plain, ClientParts):
            plain_ones.append(region)
            assert (plain.url, plain.region) == (url, signing.get("region", region))
            assert plain.options == sending_options(client)
            assert without_features(user_agent_of(client)) == without_features(plain.user_agent)
        else:
            assert region.startswith(("us-gov", "cn-")), plain
    assert len(plain_ones) > 15


def with_handler(monkeypatch):
    session = boto3.Session()
    session.events.register("before-call.dynamodb", lambda **kwargs: None)
    return {"session": session}


def with_wrapped_calls(monkeypatch):
    original = botocore.client.BaseClient._make_api_call
    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", lambda *args: original(*args))
    return {}


def with_wrapped_making(monkeypatch):
    original = botocore.client.BaseClient.__init__
    monkeypatch.setattr(botocore.client.BaseClient, "__init__", lambda *args, **kwargs: original(*args, **kwargs))
    return {}


def with_session_of_another_class(monkeypatch):
    class Session(boto3.Session):
        pass

    return {"session": Session()}


def with_client_configuration_on_the_session(monkeypatch):
    session = botocore.session.Session()
    session.set_default_client_config(Config(connect_timeout=3))
    return {"session": boto3.Session(botocore_session=session)}


def with_variable(name, value):
    def prepare(monkeypatch):
        monkeypatch.setenv(name, value)
        return {}

    prepare.__name__ = f"with_{name}"
    return prepare


def with_profile(tmp_path, monkeypatch, *lines):
    path = tmp_path / "config"
    path.write_text("\n".join(["[default]", *lines, ""]))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


@pytest.mark.parametrize(
    "prepare",
    [
        with_handler,
        with_wrapped_calls,
        with_wrapped_making,
        with_session_of_another_class,
        with_client_configuration_on_the_session,
        with_variable("AWS_RETRY_MODE", "adaptive"),
        with_variable("AWS_MAX_ATTEMPTS", "7"),
        with_variable("AWS_DEFAULTS_MODE", "standard"),
        with_variable("AWS_USE_FIPS_ENDPOINT", "true"),
        with_variable("AWS_SDK_UA_APP_ID", "shop"),
        with_variable("AWS_DEFAULT_REGION", "cn-north-1"),
        with_variable("AWS_DEFAULT_REGION", "local"),
    ],
    ids=lambda prepare: prepare.__name__,
)
def test_out_of_read_client_parts_there_is_a_client_from_the_start(server, monkeypatch, prepare):
    options = prepare(monkeypatch)
    assert isinstance(read_client_parts(options.get("session") or boto3.Session(), {}), str)
    with connection.using(transport="direct", endpoint_url=server.url, **options):
        early = connection.connection_for()
    assert type(early._transport).__name__ == "DirectTransport"


@pytest.mark.parametrize(
    "options",
    [{"config": Config(connect_timeout=3)}, {"verify": False}, {"use_ssl": False}, {"api_version": "2012-08-10"}],
)
def test_arguments_beyond_the_plain_ones_need_a_client(options):
    told = read_client_parts(boto3.Session(), options)
    assert told == f"a client is to be made with {next(iter(options))}"


@pytest.mark.parametrize("line", ["endpoint_url = http://elsewhere", "retry_mode = adaptive", "tcp_keepalive = true"])
def test_what_a_profile_sets_is_left_to_a_client(tmp_path, monkeypatch, line):
    with_profile(tmp_path, monkeypatch, "region = eu-west-1")
    plain = read_client_parts(boto3.Session(), {})
    assert isinstance(plain, ClientParts)
    with_profile(tmp_path, monkeypatch, "region = eu-west-1", line)
    assert isinstance(read_client_parts(boto3.Session(), {}), str)


def test_a_variable_with_an_endpoint_is_left_to_a_client(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://elsewhere")
    assert read_client_parts(boto3.Session(), {}) == "the environment sets AWS_ENDPOINT_URL_DYNAMODB"


def test_proxies_are_left_to_a_client(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert read_client_parts(boto3.Session(), {}) == "requests go through a proxy"
    assert isinstance(read_client_parts(boto3.Session(), {"endpoint_url": "http://localhost:8000"}), ClientParts)


def test_without_credentials_a_client_says_what_is_wrong(monkeypatch, server):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert read_client_parts(boto3.Session(), {}) == "there are no credentials"
    with pytest.raises(exceptions.DynamoException, match="credentials"):
        open_to(server).call(GET)


def test_half_of_the_credentials_are_refused_as_boto3_refuses_them(server):
    with pytest.raises(exceptions.ConfigurationError, match="aws_secret_access_key"):
        open_to(server, aws_access_key_id="half")


def test_the_bundle_of_certificates_that_the_machine_names_is_heeded(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, f"/{name}.pem")
        plain = read_client_parts(boto3.Session(), {})
        assert plain.options == sending_options(boto3.client("dynamodb"))
        assert plain.options.verify == f"/{name}.pem"


def test_who_begins_to_listen_later_has_a_client_made(server, clients):
    session = boto3.Session()
    with connection.using(session=session, transport="direct", endpoint_url=server.url):
        early = connection.connection_for()
        early.call(GET)
        assert clients == []
        seen = []
        session.events.register("before-call.dynamodb", lambda **kwargs: seen.append(kwargs["model"].name))
        early.call(GET)
        assert seen == ["GetItem"] and len(clients) == 1


def test_who_wraps_calls_later_sees_them(server, monkeypatch):
    early = open_to(server)
    early.call(GET)
    seen = []
    original = botocore.client.BaseClient._make_api_call

    def wrapper(self, operation, params):
        seen.append(operation)
        return original(self, operation, params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", wrapper)
    assert early.call(GET)["Item"] == key()
    assert seen == ["GetItem"]


def test_an_account_that_may_have_its_own_endpoint_is_left_to_a_client(monkeypatch, clients):
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    session = boto3.Session()
    credentials = session.get_credentials().get_frozen_credentials()
    if getattr(credentials, "account_id", None) is None:
        pytest.skip("this botocore knows no account endpoints")
    with connection.using(session=session, transport="direct"):
        early = connection.connection_for()
        assert type(early._transport).__name__ == "DirectBeforeClient" and clients == []
        after = early._transport.with_client()
        assert "123456789012" in after._endpoint(after._through_client.exchange, "123456789012").destination.url
