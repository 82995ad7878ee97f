"""Reads of many pages: exact, in flat memory, and taken up again elsewhere."""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import tracemalloc
from concurrent.futures import ProcessPoolExecutor

import pytest

import dynamorm

from ..libraries import installed_libraries
from . import events
from .events import EVENTS, RARE, WIDE, event, name_of_model, numbers, ranked

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(dynamo_local):
    return {
        "endpoint_url": dynamo_local.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": "many-",
        "cursor_key": "a secret of both processes",
    }


@pytest.fixture(scope="module")
def table(settings):
    """Store the events as they are, past the mapper."""
    model = getattr(events, name_of_model(installed_libraries()[0].name))
    with dynamorm.using(**settings):
        boto3_table = model.Table.create_table()
        with boto3_table.batch_writer() as writer:
            for number in range(EVENTS):
                writer.put_item(Item=event(number))
    yield  # outside of the settings, which the tests that come in between must not see
    with dynamorm.using(**settings):
        model.Table.delete()


@pytest.fixture
def model(library, table, settings):
    """The model of the events in a schema library."""
    found = getattr(events, name_of_model(library.name))
    with dynamorm.using(**settings):
        yield found


@pytest.fixture(scope="module")
def other_process(settings):
    """A Python that was started afresh, and knows where the table is."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawned, initializer=events.connect, initargs=(settings,)) as executor:
        yield executor


# Exact results.


def test_a_scan_over_ten_thousand_items_finds_the_seven_that_match(model):
    read = model.scan(flag="rare")
    found = sorted(read, key=lambda one: one.number)
    assert [one.to_dict(native=True) for one in found] == [event(number) for number in RARE]
    assert read.scanned >= EVENTS
    assert read.last is None
    assert len(found) == read.count() == model.scan(flag="rare").page_size(900).count() == 7


def test_a_parallel_scan_finds_the_same(model):
    assert sorted(numbers(model.scan(flag="rare").parallel(6, 2))) == list(RARE)
    assert model.scan().parallel(3).count() == EVENTS


def test_a_query_on_an_index_goes_through_its_pages_of_a_megabyte(model):
    query = model.ByKind.query(kind="wide")
    expected = ranked()
    pages = list(query.pages())
    assert len(pages) > 5
    assert max(sum(len(one.body) for one in page.items) for page in pages) > 900_000
    assert [one.number for page in pages for one in page.items] == expected
    assert pages[3].items[5].to_dict(native=True) == event(pages[3].items[5].number)
    assert query.count() == WIDE
    assert numbers(query.reverse().filter(flag="rare")) == [number for number in reversed(expected) if number in RARE]


def test_limits_cut_nothing_off_over_many_pages(model):
    query = model.ByKind.query(kind="wide").limit(777)
    found, starts = [], []
    read = query
    for _ in range(6):
        found += numbers(read)
        starts.append(read.last)
        read = read.again()
    assert found == ranked()
    assert [start is None for start in starts] == [False] * 5 + [True]


# Flat memory.


def _peak(read) -> int:
    """Return the most memory that is held while a read is gone through, in bytes."""
    gc.collect()
    tracemalloc.start()
    try:
        for _ in read:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("few", "many"),
    [
        (lambda m: m.scan().page_size(100).limit(300), lambda m: m.scan().page_size(100).limit(3_000)),
        (lambda m: m.ByKind.query(kind="wide", rank__lt=1_600), lambda m: m.ByKind.query(kind="wide")),
        (
            lambda m: m.ByKind.query(kind="wide", rank__lt=400).page_size(100).hydrate(),
            lambda m: m.ByKind.query(kind="wide", rank__lt=1_600).page_size(100).hydrate(),
        ),
        (
            lambda m: m.scan().parallel(4, 2).page_size(50).limit(300),
            lambda m: m.scan().parallel(4, 2).page_size(50).limit(2_000),
        ),
    ],
    ids=["scan", "query of an index", "hydrated", "parallel"],
)
def test_memory_does_not_grow_with_the_number_of_pages(model, few, many):
    list(few(model).limit(1))
    small, large = _peak(few(model)), _peak(many(model))
    assert large < small * 1.2 + 300_000


# Elsewhere.


def test_reads_are_resumed_from_a_hundred_cursors_in_another_process(model, other_process):
    query = model.ByKind.query(kind="wide")
    expected, cursors = ranked(), [None]
    for _ in range(99):
        page = query.page(40, cursors[-1])
        cursors.append(page.next_cursor)
    assert query.page(40, cursors[-1]).next_cursor is None
    found = other_process.submit(events.resumed, query, cursors, 40).result(60)
    assert found == [expected[start : start + 40] for start in range(0, WIDE, 40)]


def test_filtered_reads_are_resumed_in_another_process(model, other_process):
    query = model.ByKind.query(kind="wide", number__lt=1_000).page_size(150)
    expected, cursors = [number for number in ranked() if number < 1_000], [None]
    while cursors[-1] is not None or len(cursors) == 1:
        cursors.append(query.page(45, cursors[-1]).next_cursor)
    found = other_process.submit(events.resumed, query, cursors[:-1], 45).result(60)
    assert found == [expected[start : start + 45] for start in range(0, 1_000, 45)]


def test_segments_of_a_scan_are_read_by_another_process(model, other_process):
    segments = [model.scan(number__gte=9_000).segment(number, 3) for number in range(3)]
    assert pickle.loads(pickle.dumps(segments[0])).explain().request == segments[0].explain().request
    found = [other_process.submit(events.numbers, segment).result(60) for segment in segments]
    assert sorted(number for part in found for number in part) == list(range(9_000, EVENTS))
    assert all(found)
