"""The models of each library in turn, and a count of what is asked of the engine."""

from __future__ import annotations

import pytest

from dynamorm.signals import pre_request

from .models import declare


@pytest.fixture
def forum(library, dynamo_tables):
    models = declare(library)
    dynamo_tables(models.User, models.Thread, models.Reply, models.Forum)
    return models


@pytest.fixture
def catalogue(library, dynamo_tables):
    models = declare(library)
    dynamo_tables(models.Details, models.Item)
    return models


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
