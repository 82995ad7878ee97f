"""Fixtures for tests against a local DynamoDB: ``dynamo_local`` and ``dynamo_tables``.

pytest loads this in every run of everybody who has the package installed, so nothing is done before a test
asks for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from dynamorm import local
from dynamorm.connection import redirected
from dynamorm.exceptions import RequestRefused, TableNotFound


class Tables:
    """Creates the tables of models, for one test.

    While the test runs, every model is bound to the engine at ``endpoint_url`` in all threads, and the name of every
    table begins with ``prefix``, which no other test has.
    """

    def __init__(self, endpoint_url: str, prefix: str) -> None:
        self.endpoint_url = endpoint_url
        self.prefix = prefix
        self._models: list[Any] = []

    def __call__(self, *models: Any) -> tuple[Any, ...]:
        """Create the tables of the models, those that are not there yet, and return the models."""
        for model in models:
            if not model.Table.exists:
                # Noted first: a table that is refused half-way is to be removed too.
                self._models.append(model)
                model.Table.create_table()
        return models

    def remove(self) -> None:
        """Remove the tables that were created, as far as the test has not done it."""
        while self._models:
            table = self._models.pop().Table
            with suppress(TableNotFound):
                try:
                    table.delete()
                except RequestRefused:  # a protected one
                    table.table.update(DeletionProtectionEnabled=False)
                    table.delete()


def pytest_addoption(parser: pytest.Parser) -> None:
    about = f"the local DynamoDB to use ({', '.join(local.NAMES)}); otherwise the first that is installed"
    parser.getgroup("dynamorm").addoption("--dynamo-engine", metavar="NAME", help=about)
    parser.addini("dynamo_engine", about)


@pytest.fixture(scope="session")
def dynamo_local(pytestconfig: pytest.Config) -> Iterator[local.Engine]:
    """A local DynamoDB, in memory, for the whole run; ``dynamo_local.endpoint_url`` says where."""
    name = pytestconfig.getoption("dynamo_engine") or pytestconfig.getini("dynamo_engine")
    with local.start(name or None) as engine:
        yield engine


@pytest.fixture
def dynamo_tables(dynamo_local: local.Engine) -> Iterator[Tables]:
    """``dynamo_tables(Book, Author)`` creates the tables of these models for this test alone."""
    tables = Tables(dynamo_local.endpoint_url, f"test-{uuid.uuid4().hex}-")
    settings = redirected(
        endpoint_url=tables.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        table_prefix=tables.prefix,
    )
    with settings:
        yield tables
        tables.remove()
