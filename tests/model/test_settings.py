"""Where requests go, and what is said when they cannot."""

from __future__ import annotations

import socket

import pytest

import dynamorm
from dynamorm import ConnectionFailed, DynaModel, MissingTableAttribute, NoCredentials, NoRegion, TableNotFound

fields = pytest.importorskip("marshmallow.fields")


class Note(DynaModel):
    class Table:
        name = "notes"
        hash_key = "id"

    class Schema:
        id = fields.String()


LOCAL = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


@pytest.fixture
def bare(monkeypatch, tmp_path):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_no_region_is_said_with_the_remedy(bare):
    with pytest.raises(NoRegion, match="AWS_DEFAULT_REGION"):
        Note.get(id="1")


def test_no_credentials_are_said_with_the_remedy(bare, dynamo_local):
    with (
        dynamorm.using(region_name="us-east-1", endpoint_url=dynamo_local.endpoint_url),
        pytest.raises(NoCredentials, match="AWS_ACCESS_KEY_ID"),
    ):
        Note.get(id="1")


@pytest.fixture
def nobody():
    """An endpoint that is ours, so that nobody else answers there, and where we do not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield "http://{}:{}".format(*bound.getsockname())


def test_an_endpoint_where_nobody_answers_is_named(nobody):
    config = {"retries": {"max_attempts": 1, "mode": "standard"}, "connect_timeout": 2}
    with (
        dynamorm.using(endpoint_url=nobody, config=config, **LOCAL),
        pytest.raises(ConnectionFailed, match=f"GetItem .*{nobody}"),
    ):
        Note.get(id="1")


def test_a_table_that_is_not_there_is_named(dynamo_local):
    with dynamorm.using(endpoint_url=dynamo_local.endpoint_url, table_prefix="nowhere-", **LOCAL):
        assert not Note.Table.exists
        with pytest.raises(TableNotFound, match="nowhere-notes") as caught:
            Note.get(id="1")
    assert (caught.value.operation, caught.value.table) == ("GetItem", "nowhere-notes")


def test_creating_a_provisioned_table_needs_its_throughput():
    with pytest.raises(MissingTableAttribute, match=r"Note\.Table has no read, which creating the table needs"):
        Note.Table.create_table()


def test_an_unknown_setting_is_refused():
    with pytest.raises(dynamorm.ConfigurationError, match="unknown option endpoint; there are: "):
        dynamorm.configure(endpoint="http://localhost")


def test_a_tables_own_settings_are_read_at_each_use(dynamo_local, monkeypatch, bare):
    monkeypatch.setattr(Note.Table, "session_kwargs", dict(LOCAL), raising=False)
    monkeypatch.setattr(Note.Table, "resource_kwargs", {"endpoint_url": dynamo_local.endpoint_url}, raising=False)
    assert Note.Table.client.meta.endpoint_url == dynamo_local.endpoint_url
    assert Note.Table.resource.meta.client.meta.region_name == "us-east-1"
