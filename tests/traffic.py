"""Requests: whether they are valid, which ones a model sends, and what stands in them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.stub import Stubber
from botocore.validate import ParamValidator

from dynamorm.signals import pre_request


@functools.cache
def _service_model() -> Any:
    return botocore.session.get_session().get_service_model("dynamodb")


def assert_valid(request: Any) -> None:
    """Hold a request against botocore's own description of DynamoDB."""
    shape = _service_model().operation_model(request.operation).input_shape
    report = ParamValidator().validate(request.payload, shape)
    assert not report.has_errors(), f"{request.operation} {request.payload!r}: {report.generate_report()}"


@contextmanager
def sent_by(model: Any) -> Iterator[list[Any]]:
    """Collect the requests of a model while the block runs."""
    requests: list[Any] = []

    def note(sender: Any, request: Any, **more: Any) -> None:
        requests.append(request)

    with pre_request.connected_to(note, sender=model):
        yield requests


@contextmanager
def answered(model: Any, *answers: dict[str, Any]) -> Iterator[list[Any]]:
    """Let updates be answered as AWS answers them, which local engines do not always do; collects the requests.

    The instances have to come by boto3's own client: ``transport = "boto3"``.
    """
    with Stubber(model.Table.client) as stubber, sent_by(model) as requests:
        for answer in answers:
            stubber.add_response("update_item", answer)
        yield requests
        stubber.assert_no_pending_responses()


def update_of(request: Any) -> str:
    """Return an update expression with the names in their places; values stay placeholders."""
    assert request.operation == "UpdateItem"
    text: str = request.payload.get("UpdateExpression", "")
    names = request.payload.get("ExpressionAttributeNames", {})
    for holder in sorted(names, key=len, reverse=True):
        text = text.replace(holder, names[holder])
    return text


def values_in(request: Any) -> list[Any]:
    """Return the values of a request's placeholders, in wire form."""
    return list(request.payload.get("ExpressionAttributeValues", {}).values())
