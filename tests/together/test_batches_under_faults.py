"""Batches through throttling, resets and a machine that stops: every item arrives, or is reported."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

import dynamorm
from dynamorm import BatchError, BatchWriter, Progress, backoff, local
from dynamorm.signals import post_request

from ..libraries import installed_libraries, integer, listing, mapping, text
from ..profiles import examples
from .hindrances import HurtingProxy, Withholding

pytestmark = pytest.mark.slow

FIELDS = {
    "shelf": text(required=True),
    "place": integer(required=True),
    "title": text(),
    "tags": listing(text()),
    "meta": mapping(),
}
WHERE = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


@pytest.fixture(scope="module")
def model() -> Any:
    table = {"name": "parcels", "hash_key": "shelf", "range_key": "place"}
    return installed_libraries()[0].model("Parcel", table, FIELDS)


@pytest.fixture(scope="module")
def other() -> Any:
    return installed_libraries()[0].model("Label", {"name": "labels", "hash_key": "id"}, {"id": text(required=True)})


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff.random, "uniform", lambda least, most: min(most, 0.002))


def parcel(number: int) -> dict[str, Any]:
    chance = random.Random(number)
    return {
        "shelf": f"s{number % 7}",
        "place": number,
        "title": "é😀" * chance.randrange(20),
        "tags": [str(number), "x"],
        "meta": {"a": {"b": [number, None, True]}},
    }


def client_config(attempts: int = 3) -> Config:
    return Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "total_max_attempts": attempts})


def all_items(model: Any) -> Iterator[dict[str, Any]]:
    client, table = model.Table.client, model.Table.full_name
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield from page["Items"]


def address(engine: Any) -> tuple[str, int]:
    return engine.host, engine.port


def test_all_arrive_byte_for_byte(model, other, dynamo_tables, dynamo_local, monkeypatch):
    dynamo_tables(model, other)
    count = examples(quick=2_000, long=20_000)
    monkeypatch.setattr("dynamorm.connection.blocking.time.sleep", lambda seconds: None)
    withholding = Withholding(monkeypatch, 0.2)
    seen: list[Progress] = []
    host, port = dynamo_local.endpoint_url.rpartition("//")[2].split(":")
    with HurtingProxy(host, int(port), seed=1) as proxy:
        there = {"endpoint_url": f"http://127.0.0.1:{proxy.port}", "config": client_config(), "transport": "direct"}
        with dynamorm.using(**there), BatchWriter(concurrency=4, progress=seen.append) as writer:
            for number in range(count):
                if number % 2:
                    writer.put(model, parcel(number), tag=f"parcel {number}")
                else:
                    writer.put(model(**parcel(number)))
                if number % 10 == 0:
                    writer.put(other, {"id": str(number)})
    found = {int(item["place"]["N"]): item for item in all_items(model)}
    assert len(found) == count
    for number in range(count):
        assert found[number] == model(**parcel(number)).to_item()
    assert sum(1 for _ in all_items(other)) == count / 10
    assert writer.report.written == count * 1.1
    assert writer.report.failed == writer.report.missing == []
    assert seen[-1][:3] == (count * 1.1, 0, None) and seen == sorted(seen, key=lambda one: (one.done, one.seconds))
    # what had to be overcome has happened
    assert withholding.withheld > count * 0.15
    assert 2 <= withholding.most_at_once <= 4
    assert proxy.counts["throttle"] > count / 25 / 20
    assert sum(n for kind, n in proxy.counts.items() if "reset" in kind or "close" in kind) > count / 25 / 20


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_is_not_known_to_be_written_is_named_exactly(model, concurrency, tmp_path, monkeypatch):
    path = tmp_path / "tables"
    handed_in: list[int] = []
    acknowledged: set[int] = set()
    asked: set[int] = set()

    def note(sender: Any, request: Any, response: Any, **facts: Any) -> None:
        if request.operation == "BatchWriteItem":
            numbers = {
                int(entry["PutRequest"]["Item"]["place"]["N"])
                for entries in request.payload["RequestItems"].values()
                for entry in entries
            }
            asked.update(numbers)
            if response is not None:
                acknowledged.update(numbers)

    def load(engine: Any) -> None:
        with post_request.connected_to(note, sender=model), BatchWriter(concurrency=concurrency) as writer:
            for number in range(100_000):
                handed_in.append(number)
                writer.put(model, parcel(number), tag=number)
                if len(acknowledged) > 300 and engine.pid not in killed:
                    os.kill(engine.pid, signal.SIGKILL)
                    killed.add(engine.pid)

    killed: set[int] = set()
    config = client_config(attempts=1)
    with (
        local.start("dynoxide", path=path) as engine,
        dynamorm.using(endpoint_url=engine.endpoint_url, config=config, **WHERE),
    ):
        model.Table.create_table()
        with pytest.raises(BatchError, match="are not known to be written: BatchWriteItem got no answer") as caught:
            load(engine)
    report = caught.value.report
    missing = [failure.tag for failure in report.missing]
    assert missing == sorted(missing) and set(missing) == set(handed_in) - acknowledged
    assert 300 < report.written == len(acknowledged) == len(handed_in) - len(missing)
    assert {failure.tag for failure in report.missing if failure.error is not None} == asked - acknowledged
    assert 0 < len(asked - acknowledged) <= 25 * concurrency
    assert isinstance(caught.value.__cause__, dynamorm.ConnectionFailed)
    for failure in report.missing:
        assert failure.item == parcel(failure.tag)
        assert failure.key == {"shelf": f"s{failure.tag % 7}", "place": failure.tag}
    assert [item["place"] for item in caught.value.missing] == missing
    # and what counts as written is there when the engine comes back
    with local.start("dynoxide", path=path) as engine, dynamorm.using(endpoint_url=engine.endpoint_url, **WHERE):
        stored = {int(item["place"]["N"]): item for item in all_items(model)}
        model.put_batch(failure.item for failure in report.missing)
        assert {int(item["place"]["N"]) for item in all_items(model)} == set(handed_in)
    assert acknowledged <= stored.keys() <= acknowledged | (asked - acknowledged)
    assert all(stored[number] == model(**parcel(number)).to_item() for number in acknowledged)


class Live(dict[str, Any]):
    """An item that tells how many there are."""

    count = most = 0

    def __init__(self, **values: Any) -> None:
        super().__init__(values)
        Live.count += 1
        Live.most = max(Live.most, Live.count)

    def __del__(self) -> None:
        Live.count -= 1


def test_any_number_streams_through_in_memory_that_stays_bounded(model, dynamo_local, monkeypatch):
    total = examples(quick=20_000, long=1_000_000)
    written: Counter[str] = Counter()

    def answer(connection: Any, request: Any, sender: Any = None) -> dict[str, Any]:
        written.update({table: len(entries) for table, entries in request.payload["RequestItems"].items()})
        return {}

    # the engine would have to hold them all
    monkeypatch.setattr(dynamorm.connection.Connection, "call", answer)
    with dynamorm.using(endpoint_url=dynamo_local.endpoint_url, **WHERE):
        with BatchWriter(concurrency=3) as writer:
            for number in range(total):
                writer.put(model, Live(shelf="a", place=number))
        assert written.total() == writer.report.written == total
        model.put_batch((Live(shelf="a", place=number) for number in range(total)), concurrency=3)
    assert written.total() == 2 * total
    assert 25 <= Live.most <= 25 * (3 + 2)


def test_what_is_left_undone_takes_no_more_memory(model, dynamo_tables, monkeypatch):
    dynamo_tables(model)
    Live.most = 0
    withholding = Withholding(monkeypatch, 0.6)
    with BatchWriter(concurrency=2) as writer:
        for number in range(500):
            writer.put(model, Live(shelf="a", place=number))
    assert withholding.withheld > 200
    assert Live.most <= 25 * (2 + 2) + 25
    assert sum(1 for _ in all_items(model)) == 500


def test_the_later_write_of_a_key_wins(model, dynamo_tables, monkeypatch):
    dynamo_tables(model)
    withholding = Withholding(monkeypatch, 0.3, seed=5)
    rounds, keys = examples(quick=300, long=10_000), 12
    chance = random.Random(7)
    expected: dict[int, str | None] = {}
    with BatchWriter(concurrency=8) as writer:
        for number in range(rounds * 5):
            key = chance.randrange(keys) if chance.random() < 0.7 else 1_000 + number
            if chance.random() < 0.2:
                writer.delete(model, shelf="a", place=key)
                expected[key] = None
            else:
                writer.put(model, {"shelf": "a", "place": key, "title": str(number)})
                expected[key] = str(number)
    stored = {int(item["place"]["N"]): item["title"]["S"] for item in all_items(model)}
    assert stored == {key: title for key, title in expected.items() if title is not None}
    report = writer.report
    assert report.written + report.replaced == rounds * 5
    assert report.replaced > 0 and withholding.withheld > rounds / 10 and withholding.most_at_once > 2
