"""Settings that all tests share."""

from __future__ import annotations

import functools
import importlib.util
import uuid
from collections.abc import Iterator
from typing import Any

import botocore.session
import botocore.validate
import pytest

import dynamorm
from dynamorm import local
from dynamorm.requests import Request
from dynamorm.signals import pre_request

from . import profiles as profiles  # which have to be there before any property test is read


@functools.cache
def _service_model() -> Any:
    return botocore.session.get_session().get_service_model("dynamodb")


def check_request(sender: Any, request: Any) -> None:
    if not isinstance(request, Request):
        return  # written by hand, perhaps wrong on purpose
    shape = _service_model().operation_model(request.operation).input_shape
    report = botocore.validate.ParamValidator().validate(request.payload, shape)
    assert not report.has_errors(), f"{request.operation} {request.payload!r}: {report.generate_report()}"


@pytest.fixture(autouse=True, scope="session")
def every_request_is_valid() -> Iterator[None]:
    """Hold each request that is built in any test against botocore's own description of DynamoDB."""
    with pre_request.connected_to(check_request):
        yield


@pytest.fixture(scope="session")
def moto() -> Iterator[Any]:
    """moto's server, which knows some things that the quick engines do not."""
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors")):
        pytest.skip("moto's server is not installed")
    with local.start("moto") as engine:
        yield engine


@pytest.fixture
def on_moto(moto: Any) -> Iterator[None]:
    """Let models go to moto's server, with a prefix of the test's own for their tables."""
    settings = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
    prefix = f"test-{uuid.uuid4().hex[:12]}-"
    with dynamorm.using(endpoint_url=moto.endpoint_url, table_prefix=prefix, **settings):
        yield
