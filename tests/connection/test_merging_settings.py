"""Settings are bound late, the most specific first, and one connection serves each distinct configuration."""

from __future__ import annotations

import asyncio
import threading

import boto3
import pytest
from botocore.config import Config

from dynamorm import exceptions
from dynamorm.connection import configure, connection_for, table_prefix, using


def region(**kwargs):
    return connection_for(**kwargs).client.meta.region_name


def test_the_most_specific_setting_wins():
    assert region() == "us-east-1"
    configure(region_name="eu-west-1")
    assert region() == "eu-west-1"
    assert region(session_kwargs={"region_name": "eu-west-2"}) == "eu-west-2"
    assert region(resource_kwargs={"region_name": "eu-west-3"}) == "eu-west-3"
    both = {"session_kwargs": {"region_name": "eu-west-2"}, "resource_kwargs": {"region_name": "eu-west-3"}}
    assert region(**both) == "eu-west-3"
    with using(region_name="eu-north-1"):
        assert region(**both) == "eu-north-1"
        with using(region_name="eu-south-1"):
            assert region(**both) == "eu-south-1"
        assert region() == "eu-north-1"
    assert region(**both) == "eu-west-3"
    configure(region_name=None)
    assert region() == "us-east-1"


def test_a_session_brings_its_region_and_credentials():
    session = boto3.Session("AKID", "secret", region_name="ap-south-1")
    configure(region_name="eu-west-1", aws_access_key_id="other", aws_secret_access_key="other")
    with using(session=session):
        client = connection_for().client
        assert client.meta.region_name == "ap-south-1"
        assert client._request_signer._credentials.access_key == "AKID"
    assert connection_for().client._request_signer._credentials.access_key == "other"


def test_a_dict_under_config_becomes_a_config():
    conn = connection_for({}, {"config": {"max_pool_connections": 3, "retries": {"total_max_attempts": 2}}})
    assert conn.client.meta.config.max_pool_connections == 3
    assert conn.client.meta.config.retries["total_max_attempts"] == 2


def test_equal_settings_share_a_connection_and_others_do_not():
    one = connection_for({}, {"endpoint_url": "http://localhost:1", "config": {"retries": {"mode": "standard"}}})
    same = connection_for({}, {"config": {"retries": {"mode": "standard"}}, "endpoint_url": "http://localhost:1"}, None)
    assert one is same
    others = [
        connection_for({}, {"endpoint_url": "http://localhost:2"}),
        connection_for({}, {"endpoint_url": "http://localhost:1"}),
        connection_for({"region_name": "eu-west-1"}, {"endpoint_url": "http://localhost:1"}),
        connection_for({}, {"endpoint_url": "http://localhost:1"}, "direct"),
        connection_for({}, {"endpoint_url": "http://localhost:1", "config": Config(read_timeout=1)}),
    ]
    assert len({id(other) for other in [one, *others]}) == 6
    with using(endpoint_url="http://localhost:2"):
        assert connection_for() is others[0]
    configure(endpoint_url="http://localhost:2")
    assert connection_for() is others[0]


def test_settings_that_are_changed_after_the_first_use_count():
    mine = {"region_name": "eu-west-1"}
    assert region(resource_kwargs=mine) == "eu-west-1"
    mine["region_name"] = "eu-west-2"
    assert region(resource_kwargs=mine) == "eu-west-2"


def test_the_transport_is_chosen_like_everything_else(monkeypatch):
    assert connection_for().transport == "default"
    monkeypatch.setenv("DYNAMORM_TRANSPORT", "boto3")
    configure(endpoint_url="http://localhost:1")  # what was remembered before is asked again
    assert connection_for().transport == "boto3"
    configure(transport="direct")
    assert connection_for().transport == "direct"
    assert connection_for(transport="boto3").transport == "boto3"
    with using(transport="default"):
        assert connection_for(transport="boto3").transport == "default"


def test_a_transport_or_option_that_does_not_exist_is_an_error(monkeypatch):
    for wrong in (
        lambda: configure(transport="pigeon"),
        lambda: connection_for(transport="pigeon"),
        lambda: using(transport="pigeon").__enter__(),
        lambda: configure(regoin_name="x"),
    ):
        with pytest.raises(exceptions.ConfigurationError):
            wrong()
    monkeypatch.setenv("DYNAMORM_TRANSPORT", "pigeon")
    with pytest.raises(exceptions.ConfigurationError):
        connection_for()


def test_threads_and_tasks_do_not_see_each_others_settings():
    seen = {}

    async def task(name):
        with using(region_name=name):
            await asyncio.sleep(0.01)
            seen[name] = region()
            await asyncio.sleep(0.01)

    async def both():
        await asyncio.gather(task("eu-west-1"), task("eu-west-2"))

    asyncio.run(both())
    with using(region_name="eu-west-3"):
        thread = threading.Thread(target=lambda: seen.update(thread=region()))
        thread.start()
        thread.join()
        seen["here"] = region()
    assert seen == {
        "eu-west-1": "eu-west-1",
        "eu-west-2": "eu-west-2",
        "thread": "us-east-1",
        "here": "eu-west-3",
    }


def test_table_names_get_the_prefix_in_force():
    assert table_prefix() == ""
    configure(table_prefix="dev-")
    assert table_prefix() == "dev-"
    with using(table_prefix="test-"):
        assert table_prefix() == "test-"
        with using(region_name="eu-west-1"):
            assert table_prefix() == "test-"
    assert table_prefix() == "dev-"


def test_missing_credentials_and_regions_have_names_and_remedies(transport, monkeypatch):
    from .conftest import Request, key

    get = Request("GetItem", TableName="table", Key=key())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(exceptions.NoCredentials, match="AWS_ACCESS_KEY_ID"):
        connection_for({}, {}, transport).call(get)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    # credentials that are there by now are used
    again = connection_for({}, {"endpoint_url": "http://127.0.0.1:1"}, transport)
    again.client.meta.config.retries["total_max_attempts"] = 1
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(exceptions.NoRegion, match="AWS_DEFAULT_REGION"):
        connection_for({}, {}, transport)


def test_credentials_that_came_later_are_found(transport, monkeypatch, engine):
    from .conftest import Request

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    options = ({}, {"endpoint_url": engine.endpoint_url}, transport)
    with pytest.raises(exceptions.NoCredentials):
        connection_for(*options).call(Request("ListTables"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert "TableNames" in connection_for(*options).call(Request("ListTables"))


def test_the_resource_is_boto3s_with_the_same_settings():
    conn = connection_for({}, {"endpoint_url": "http://localhost:1", "region_name": "eu-west-1"})
    resource = conn.resource
    assert resource is conn.resource
    assert resource.meta.client.meta.endpoint_url == "http://localhost:1"
    assert resource.meta.client.meta.region_name == "eu-west-1"


def test_many_contexts_do_not_pile_up(engine):
    from dynamorm.connection import registry

    for number in range(600):
        with using(table_prefix=f"tenant-{number}-"):
            connection_for({}, {"endpoint_url": engine.endpoint_url})
    assert len(registry._remembered) <= 256
    assert len(registry._connections) == 1
