"""Nothing is imported, opened or asked for before it is needed; threads share what is opened."""

from __future__ import annotations

import socket
import threading

import boto3
import pytest

import dynamorm
from dynamorm import DynaModel, GlobalIndex, ProjectAll
from dynamorm.signals import pre_request

fields = pytest.importorskip("marshmallow.fields")


def define():
    class Visit(DynaModel):
        class Table:
            name = "visits"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class ByPlace(GlobalIndex):
            name = "by-place"
            hash_key = "place"
            projection = ProjectAll()

        class Schema:
            id = fields.String()
            place = fields.String()

    return Visit


@pytest.fixture
def opened(monkeypatch):
    """Counts sockets and boto3 clients as they are made."""
    made = {"sockets": 0, "clients": 0}
    connect, client = socket.socket.connect, boto3.Session.client

    def counting_connect(self, *args):
        made["sockets"] += 1
        return connect(self, *args)

    def counting_client(self, *args, **kwargs):
        made["clients"] += 1
        return client(self, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", counting_connect)
    monkeypatch.setattr(boto3.Session, "client", counting_client)
    return made


def test_defining_and_describing_a_model_opens_nothing(opened):
    model = define()
    model(id="1").validate()
    model.query(id="1").filter(place="x")
    assert model.Table.attribute_definitions
    assert opened == {"sockets": 0, "clients": 0}


def test_each_verb_sends_what_was_asked_for_and_nothing_else(dynamo_tables):
    model = define()
    dynamo_tables(model)
    sent = []

    def receive(sender, request):
        sent.append(request.operation)

    with pre_request.connected_to(receive):
        model.put({"id": "1", "place": "x"})
        visit = model.get(id="1")
        visit.save()
        visit.update(place="y")
        list(model.ByPlace.query(place="y"))
        visit.delete()
    assert sent == ["PutItem", "GetItem", "PutItem", "UpdateItem", "Query", "DeleteItem"]


@pytest.mark.parametrize("transport", ["default", "direct", "boto3"])
def test_fifty_threads_at_once_make_one_client_and_no_error(dynamo_local, dynamo_tables, opened, transport):
    model = define()
    dynamo_tables(model)
    # with credentials that nobody else has, so that the first use is here
    settings = {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": f"local{transport}",
        "aws_secret_access_key": "local",
        "table_prefix": dynamo_tables.prefix,
        "transport": transport,
    }
    opened["clients"] = 0
    barrier = threading.Barrier(50)
    failures, seen = [], []

    def work(number):
        try:
            barrier.wait()
            with dynamorm.using(**settings):
                for turn in range(4):
                    model(id=f"{number}-{turn}", place=str(number)).save()
                    seen.append(model.get(id=f"{number}-{turn}", consistent=True).place == str(number))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seen == [True] * 200
    assert opened["clients"] == 1
