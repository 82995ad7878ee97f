"""The table with many items, filled once for the run."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import dynamorm

from ..contract.models import LIBRARIES
from . import events


@pytest.fixture(scope="session")
def settings(dynamo_local: Any) -> dict[str, Any]:
    return {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": "many-",
        "cursor_key": "a secret of both processes",
    }


@pytest.fixture(scope="session")
def table(settings: dict[str, Any]) -> Iterator[None]:
    """Store the events as they are, past the mapper."""
    for kind in LIBRARIES.values():
        try:
            model = getattr(events, f"{kind.__name__}Event")
        except pytest.skip.Exception:
            continue
        break
    else:
        pytest.skip("no schema library is installed")
    with dynamorm.using(**settings):
        boto3_table = model.Table.create_table()
        with boto3_table.batch_writer() as writer:
            for number in range(events.EVENTS):
                writer.put_item(Item=events.event(number))
    yield  # outside of the settings, which the tests that come in between must not see
    with dynamorm.using(**settings):
        model.Table.delete()


@pytest.fixture(params=LIBRARIES)
def model(request: pytest.FixtureRequest, table: None, settings: dict[str, Any]) -> Iterator[Any]:
    """The model of the events in a schema library."""
    found = getattr(events, f"{LIBRARIES[request.param].__name__}Event")
    with dynamorm.using(**settings):
        yield found


@pytest.fixture(scope="session")
def other_process(settings: dict[str, Any]) -> Iterator[ProcessPoolExecutor]:
    """A Python that was started afresh, and knows where the table is."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned, initializer=events.connect, initargs=(settings,)) as executor:
        yield executor
