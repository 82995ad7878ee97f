"""``DynamoLocal`` and ``get_random_port`` serve code that was written for DynamORM 0.11."""

from __future__ import annotations

import logging

import pytest

from dynamorm.exceptions import EngineError
from dynamorm.local import DynamoLocal

from .conftest import PATIENCE


def test_without_the_jar_another_engine_is_started(tmp_path, dynoxide, client, caplog):
    with caplog.at_level(logging.WARNING):
        dynamo = DynamoLocal(str(tmp_path))
    try:
        assert dynamo.dynamo_proc.poll() is None
        assert client(dynamo).list_tables()["TableNames"] == []
        assert "dynoxide was started instead" in caplog.text
    finally:
        dynamo.shutdown()


def test_shutdown_ends_it_and_can_be_repeated(tmp_path, dynoxide, gone):
    dynamo = DynamoLocal(str(tmp_path))
    process = dynamo.dynamo_proc
    dynamo.shutdown()
    assert process.poll() is not None
    assert gone(dynamo.engine.pid, 0)
    assert dynamo.dynamo_proc is None
    dynamo.shutdown()


def test_the_process_can_be_terminated_as_it_could(tmp_path, dynoxide, gone):
    dynamo = DynamoLocal(str(tmp_path))
    dynamo.dynamo_proc.terminate()
    dynamo.dynamo_proc.wait(PATIENCE)
    assert gone(dynamo.engine.pid)
    dynamo.shutdown()


def test_it_listens_on_the_port_that_it_is_given(tmp_path, dynoxide, free_port):
    dynamo = DynamoLocal(str(tmp_path), port=free_port)
    assert dynamo.port == free_port
    dynamo.shutdown()


def test_a_directory_that_is_not_there_is_not_made(tmp_path, dynoxide):
    DynamoLocal(str(tmp_path / "nowhere")).shutdown()
    assert list(tmp_path.iterdir()) == []


def test_with_the_jar_it_is_dynamodb_local_and_nothing_else(bare):
    (bare / "DynamoDBLocal.jar").touch()
    with pytest.raises(EngineError, match="The local engine dynamodb-local is not here"):
        DynamoLocal(str(bare))


def test_without_the_jar_or_any_engine_it_is_an_error(bare):
    with pytest.raises(EngineError, match="There is no local DynamoDB engine here"):
        DynamoLocal(str(bare))
