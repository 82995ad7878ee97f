"""Settings that all tests share, and the models that most of them use."""

from __future__ import annotations

import gc
import importlib.util
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader

import dynamorm
from dynamorm import local
from dynamorm.requests import Request
from dynamorm.signals import post_request, pre_request

from . import profiles as profiles  # which have to be there before any property test is read
from .awaited.bodies import face as face
from .awaited.bodies import pytest_collection_modifyitems as pytest_collection_modifyitems
from .awaited.bodies import pytest_generate_tests as pytest_generate_tests
from .aws_rules.suite import (
    every_request_is_one_that_aws_takes as every_request_is_one_that_aws_takes,
)
from .aws_rules.suite import pytest_runtest_call as pytest_runtest_call
from .aws_rules.suite import pytest_runtest_teardown as pytest_runtest_teardown
from .books import book_model, page_model
from .libraries import LIBRARIES, Library, library_named
from .scores import filled, score_model
from .traffic import assert_valid


def pytest_collection_finish() -> None:
    """Spare the collector what is there before the first test, which is most of what a worker ever holds."""
    gc.collect()
    gc.freeze()


def check_request(sender: Any, request: Any) -> None:
    if not isinstance(request, Request):
        return  # written by hand, perhaps wrong on purpose
    assert_valid(request)


@pytest.fixture(autouse=True, scope="session")
def every_request_is_valid() -> Iterator[None]:
    """Hold each request that is built in any test against botocore's own description of DynamoDB."""
    with pre_request.connected_to(check_request):
        yield


@pytest.fixture(autouse=True, scope="session")
def botocores_data_is_read_once() -> Iterator[None]:
    """Let all of botocore's sessions share what they read from its large files, which takes longer than most tests."""
    init: Any = Loader.__init__
    read: dict[Any, dict[Any, Any]] = {}

    def share(loader: Any, *arguments: Any, **options: Any) -> None:
        init(loader, *arguments, **options)
        loader._cache = read.setdefault(tuple(loader.search_paths), {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "__init__", share)
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


@pytest.fixture(scope="module", params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Library:
    """Each schema library in turn; where one is not installed, its tests are skipped."""
    return library_named(request.param)


@pytest.fixture(scope="module")
def book_class(library: Library) -> Any:
    return book_model(library)


@pytest.fixture(scope="module")
def page_class(library: Library) -> Any:
    return page_model(library)


@pytest.fixture(scope="module")
def score_class(library: Library) -> Any:
    return score_model(library)


@pytest.fixture
def book(book_class: Any, dynamo_tables: Any) -> Any:
    """``book_model`` of the library, with its table."""
    (model,) = dynamo_tables(book_class)
    return model


@pytest.fixture
def page(page_class: Any, dynamo_tables: Any) -> Any:
    """``page_model`` of the library, with its table."""
    (model,) = dynamo_tables(page_class)
    return model


@pytest.fixture
def score(score_class: Any, dynamo_tables: Any) -> Any:
    """``score_model`` of the library, with its table and the scores of two users in it."""
    (model,) = dynamo_tables(score_class)
    return filled(model)


@pytest.fixture
def sent() -> Iterator[list[Any]]:
    """The requests that are sent, whichever model they are for."""
    requests: list[Any] = []

    def note(sender: Any, request: Any) -> None:
        requests.append(request)

    with pre_request.connected_to(note):
        yield requests


@pytest.fixture
def operations() -> Iterator[list[str]]:
    """The names of the operations that were carried out, in order."""
    names: list[str] = []

    def note(sender: Any, request: Any, **facts: Any) -> None:
        names.append(request.operation)

    with post_request.connected_to(note):
        yield names
