"""The models of each library in turn, and a count of what is asked of the engine."""

from __future__ import annotations

import pytest

from dynamorm.signals import pre_request

from .models import declare


@pytest.fixture(scope="module")
def declared(library):
    return declare(library)


@pytest.fixture
def forum(declared, dynamo_tables):
    dynamo_tables(declared.User, declared.Thread, declared.Reply, declared.Forum)
    return declared


@pytest.fixture
def catalogue(declared, dynamo_tables):
    dynamo_tables(declared.Details, declared.Item)
    return declared


class Requests(list):
    """The operations that were sent, in their order, and the latest request."""

    latest = None

    def note(self, sender, request, **_):
        self.append(request.operation)
        self.latest = request


@pytest.fixture
def requests():
    sent = Requests()
    with pre_request.connected_to(sent.note):
        yield sent
