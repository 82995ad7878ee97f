"""Engines, and what these tests see of tables without the library's help."""

from __future__ import annotations

import contextlib
import uuid

import boto3

import dynamorm
from dynamorm.signals import post_request

LOCAL = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
READING = ("Describe", "List", "Get", "Query", "Scan")


@contextlib.contextmanager
def tables_of_our_own(engine):
    """Bind the models to an engine, and give a boto3 client of it and the prefix of this context's tables."""
    prefix = f"test-{uuid.uuid4().hex[:12]}-"
    with dynamorm.using(endpoint_url=engine.endpoint_url, table_prefix=prefix, **LOCAL):
        yield boto3.client("dynamodb", endpoint_url=engine.endpoint_url, **LOCAL), prefix


@contextlib.contextmanager
def changes():
    """Return a list that grows by the name of each operation that is no mere reading."""
    seen = []

    def note(sender, request, **facts):
        if not request.operation.startswith(READING):
            seen.append(request.operation)

    with post_request.connected_to(note):
        yield seen
