"""The part that pytest sees: each request is looked at where it is sent, and the test that sent a wrong one fails.

Requests of the library's own are looked at on their way into a transport, those through boto3's resource or client
when botocore is about to write them down.  Nothing of botocore's is replaced, and no handler is added to a client that
the fast transports use: they would step aside.

A test whose point is a refusal says so, with the rules that it breaks::

    @pytest.mark.refused_by_aws("number", reason="the engine's own refusal is what is translated")
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from dynamorm.connection import boto
from dynamorm.connection.client_shortcuts import ShortcutSerializer

from .operations import check
from .refusals import RULES, Refusal
from .tables import Tables

MARKER = "refused_by_aws"

_tables = Tables()
# which a test has created itself, and which nobody knows any more when it is over
_made_by_test: set[str] = set()
_broken: list[tuple[str, Refusal]] = []


# whether this is inside a call that has been looked at, which may be carried out in another thread
_inside: ContextVar[bool] = ContextVar("inside", default=False)


def look_at(operation: str, payload: Any) -> None:
    """Take down which rules a request breaks."""
    for refusal in check(operation, payload, _tables):
        _broken.append((operation, refusal))


@pytest.fixture(autouse=True, scope="session")
def every_request_is_one_that_aws_takes() -> Iterator[None]:
    """Look at every request that is sent, whatever the transport."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto, "call", _looking_at_calls(boto.call))
        patch.setattr(boto, "acall", _looking_at_awaited_calls(boto.acall))
        patch.setattr(boto.OpenedSession, "resource", _with_handler(boto.OpenedSession.resource))
        patch.setattr(boto.OpenedSession, "transport", _with_handler_of_plain_one(boto.OpenedSession.transport))
        patch.setattr(ShortcutSerializer, "serialize_to_request", _looking_at_clients())
        yield


def _looking_at_calls(send: Any) -> Any:
    def call(transport: Any, operation: str, payload: Any, *more: Any, plain: bool = False, **options: Any) -> Any:
        if plain:  # the resource's own client shows it in wire form
            return send(transport, operation, payload, *more, plain=plain, **options)
        look_at(operation, payload)
        token = _inside.set(True)
        try:
            answer = send(transport, operation, payload, *more, **options)
        finally:
            _inside.reset(token)
        _tables.learn(operation, payload)
        return answer

    return call


def _looking_at_awaited_calls(send: Any) -> Any:
    async def acall(awaited: Any, transport: Any, request: Any, *more: Any) -> Any:
        operation, payload = request.operation, request.payload
        look_at(operation, payload)
        around = _inside.get()
        _inside.set(True)
        try:
            answer = await send(awaited, transport, request, *more)
        finally:
            _inside.set(around)  # which a token would not do for a call that is thrown away elsewhere
        _tables.learn(operation, payload)
        return answer

    return acall


def _looking_at_clients() -> Any:
    serialize: Any = ShortcutSerializer.serialize_to_request

    def serialize_to_request(serializer: Any, parameters: Any, operation_model: Any) -> Any:
        _look_at_parameters(parameters, operation_model)
        return serialize(serializer, parameters, operation_model)

    return serialize_to_request


def _with_handler(make: Any) -> Any:
    def resource(opened: Any) -> Any:
        made = make(opened)
        _listen_to(made.meta.client)
        return made

    return resource


def _with_handler_of_plain_one(make: Any) -> Any:
    def transport(opened: Any, name: str) -> Any:
        made = make(opened, name)
        if name == "boto3":
            _listen_to(opened.client)
        return made

    return transport


def _listen_to(client: Any) -> None:
    client.meta.events.register_last("before-parameter-build.dynamodb", _look_at_parameters, unique_id=MARKER)


def _look_at_parameters(params: Any, model: Any, **more: Any) -> None:
    if _inside.get():
        return
    look_at(model.name, params)
    if model.name != "CreateTable" or params.get("TableName") not in _tables:
        _tables.learn(model.name, params)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test whose requests, those of its fixtures included, break rules; or do not, and it says that they do."""
    before = set(_tables)
    try:
        result = yield
    except BaseException:
        if _broken:
            item.add_report_section("call", "requests that AWS would refuse", _shown(_taken()))
        raise
    finally:
        _made_by_test.update(_tables.keys() - before)
    _judge(item, _taken(), is_whole=True)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    result = yield
    for name in _made_by_test:
        _tables.pop(name, None)
    _made_by_test.clear()
    _judge(item, _taken(), is_whole=False)
    return result


def _taken() -> list[tuple[str, Refusal]]:
    taken = _broken[:]
    del _broken[: len(taken)]
    return taken


def _judge(item: pytest.Item, broken: list[tuple[str, Refusal]], is_whole: bool) -> None:
    declared = {rule for marker in item.iter_markers(MARKER) for rule in marker.args}
    if is_whole and not declared <= RULES.keys():
        pytest.fail(f"there are no rules {', '.join(sorted(declared - RULES.keys()))}", pytrace=False)
    wrong = [one for one in broken if one[1].rule not in declared]
    if wrong:
        pytest.fail(f"AWS would refuse what was sent:\n{_shown(wrong)}", pytrace=False)
    unseen = declared - {refusal.rule for _, refusal in broken}
    if unseen and is_whole:
        pytest.fail(f"{MARKER} names rules that no request has broken: {', '.join(sorted(unseen))}", pytrace=False)


def _shown(broken: list[tuple[str, Refusal]]) -> str:
    return "\n".join(dict.fromkeys(f"  {operation}: {refusal}" for operation, refusal in broken))
