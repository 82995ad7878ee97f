"""Engines, and what these tests see of tables without the library's help."""

from __future__ import annotations

import contextlib
import importlib.util
import uuid

import boto3
import pytest

import dynamorm
from dynamorm import local
from dynamorm.signals import post_request

LOCAL = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
READING = ("Describe", "List", "Get", "Query", "Scan")


@pytest.fixture(scope="session")
def moto():
    """moto's server, which knows some things that the quick engines do not."""
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors")):
        pytest.skip("moto's server is not installed")
    with local.start("moto") as engine:
        yield engine


@contextlib.contextmanager
def tables_of_our_own(engine):
    """Bind the models to an engine, and give a boto3 client of it and the prefix of this context's tables."""
    prefix = f"test-{uuid.uuid4().hex[:12]}-"
    with dynamorm.using(endpoint_url=engine.endpoint_url, table_prefix=prefix, **LOCAL):
        yield boto3.client("dynamodb", endpoint_url=engine.endpoint_url, **LOCAL), prefix


@contextlib.contextmanager
def changes():
    """Give a list that grows by the name of each operation that is no mere reading."""
    seen = []

    def note(sender, request, **facts):
        if not request.operation.startswith(READING):
            seen.append(request.operation)

    with post_request.connected_to(note):
        yield seen
