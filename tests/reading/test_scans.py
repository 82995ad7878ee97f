"""Section 6 of the contract: pages and cursors, scans in parts and in parallel, reads held to a budget."""

from __future__ import annotations

import contextvars
import gc
import itertools
import re
import threading
import time

import pytest

import dynamorm
from dynamorm import InvalidCursor, InvalidExpression, Q, ValidationError
from dynamorm.exceptions import RequestRefused, TableNotFound
from dynamorm.signals import post_request, pre_request

from .scores import GAMES, games, places, requests_of, score_model, spoil

# Pages and cursors.


@pytest.mark.parametrize("page_size", [None, 1, 2, 4])
def test_pages_follow_one_another_without_gap_or_overlap(score, page_size):
    reads = (
        score.query(user="ann"),
        score.query(user="ann").reverse(),
        score.query(user="ann").filter(wins=1),
        score.query(user="ann").filter(points__in=[0, 50]),
        score.ByPoints.query(user="ann", points__gte=20),
    )
    for read, size in itertools.product(reads, (1, 2, 3, 5, 6, 7)):
        read = read if page_size is None else read.page_size(page_size)
        expected = games(read)
        found, cursor = [], None
        for _ in range(20):
            page = read.page(size, cursor)
            assert len(page.items) == min(size, len(expected) - len(found))
            found += games(page.items)
            cursor = page.next_cursor
            assert (cursor is None) == (len(found) == len(expected))
            if cursor is None:
                break
        assert found == expected


def test_an_empty_read_has_one_empty_page(score):
    page = score.query(user="nobody").page(3)
    assert (page.items, page.next_cursor) == ([], None)
    assert list(score.query(user="nobody").pages()) == []


def test_pages_are_those_of_the_answers_each_with_a_cursor(score):
    pages = list(score.query(user="ann").page_size(2).pages())
    assert [games(page.items) for page in pages][:3] == [["g0", "g1"], ["g2", "g3"], ["g4", "g5"]]
    assert games(score.query(user="ann").start(pages[1].next_cursor)) == ["g4", "g5"]
    assert pages[-1].next_cursor is None or games(score.query(user="ann").start(pages[-1].next_cursor)) == []
    assert [games(page.items) for page in score.query(user="ann").page_size(2).limit(3).pages()] == [
        ["g0", "g1"],
        ["g2"],
    ]
    limited = score.query(user="ann").limit(3)
    (only,) = limited.pages()
    assert games(limited.start(only.next_cursor)) == ["g3", "g4", "g5"]
    assert limited.last == {"user": "ann", "game": "g2"}


def test_a_page_holds_no_more_than_the_limit(score):
    page = score.query(user="ann").limit(2).page(5)
    assert games(page.items) == ["g0", "g1"]
    assert games(score.query(user="ann").page(5, page.next_cursor).items) == ["g2", "g3", "g4", "g5"]


def test_cursors_are_made_of_the_last_item_returned(score):
    query = score.query(user="ann").filter(points__in=[10, 30, 35])
    page = query.page(2)
    assert games(page.items) == ["g1", "g3"] and page.next_cursor is None
    page = query.page(1)
    score.put({"user": "ann", "game": "g2", "points": 35})
    assert games(query.page(5, page.next_cursor).items) == ["g2", "g3"]


def test_cursors_are_text_for_urls_whatever_the_key_holds(score):
    names = ("snow/man=☃?", 'a"b\\c&d', "e f+g", "\x00\U0001f600")
    for name in names:
        score.put({"user": "urls", "game": name, "points": 1})
    found, cursor = [], None
    for _ in names:
        page = score.query(user="urls").page(1, cursor)
        found += games(page.items)
        cursor = page.next_cursor
        assert cursor is None or re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert sorted(found) == sorted(names)


def test_a_cursor_serves_its_query_made_anew_in_any_form(score):
    cursor = score.query(user="ann", wins=1).page(1).next_cursor
    for same in (
        score.query(Q(user="ann"), wins=1),
        score.query(score.wins == 1, score.user == "ann"),
        score.query(wins=1, user="ann").page_size(2),
        score.query(user="ann").filter(wins=1).only("wins"),
        score.query(user="ann", wins=1).consistent(),
        score.query(user="ann", wins=1).start(cursor),
    ):
        assert games(same.start(cursor)) == ["g3", "g5"]
        assert games(same.page(1, cursor).items) == ["g3"]


def test_a_cursor_is_refused_by_another_query(score, library):
    query = score.query(user="ann", wins=1)
    cursor = query.page(1).next_cursor
    names = {"ExpressionAttributeValues": {":m": 5}}
    others = [
        score.query(user="ben", wins=1),
        score.query(user="ann", wins=0),
        score.query(user="ann"),
        score.query(user="ann", wins__gte=1),
        query.reverse(),
        query.filter(losses=1),
        score.ByPoints.query(user="ann", wins=1),
        score.scan(user="ann", wins=1),
        score.scan(user="ann", wins=1).segment(0, 2),
        score.query(user="ann", wins=1, query_kwargs={"FilterExpression": "losses > :m", **names}),
        score_model(library, "Other", {"name": "others"}).query(user="ann", wins=1),
    ]
    with requests_of(score) as sent:
        for other in others:
            with pytest.raises(InvalidCursor, match="another query"):
                list(other.start(cursor))
            with pytest.raises(InvalidCursor):
                other.page(1, cursor)
        for broken in (cursor[:-4], cursor[4:], "x" + cursor, "", "no cursor", "é", cursor + "!", cursor * 2):
            with pytest.raises(InvalidCursor):
                list(query.start(broken))
    assert sent == []
    texts = [
        score.query(
            user="ann", query_kwargs={"FilterExpression": "losses > :m", "ExpressionAttributeValues": {":m": m}}
        )
        for m in (1, 2)
    ]
    with pytest.raises(InvalidCursor):
        texts[1].page(1, texts[0].page(1).next_cursor)
    assert games(texts[0].page(1, texts[0].page(1).next_cursor).items) == ["g1"]
    segments = [score.scan().segment(number, 2) for number in range(2)]
    taken = next(segment for segment in segments if segment.page(1).next_cursor)
    other = segments[1 - segments.index(taken)]
    with pytest.raises(InvalidCursor):
        other.page(1, taken.page(1).next_cursor)


def test_cursors_can_be_signed(score):
    plain = score.query(user="ann").page(2).next_cursor
    with dynamorm.using(cursor_key="a secret"):
        signed = score.query(user="ann").page(2).next_cursor
        assert games(score.query(user="ann").page(2, signed).items) == ["g2", "g3"]
        for forged in (plain, signed[:-3] + "AAA", "A" + signed[1:]):
            with pytest.raises(InvalidCursor):
                score.query(user="ann").page(2, forged)
        with pytest.raises(InvalidCursor):
            score.query(user="ben").page(2, signed)
    with dynamorm.using(cursor_key=b"another"), pytest.raises(InvalidCursor, match="signed"):
        score.query(user="ann").page(2, signed)
    with pytest.raises(InvalidCursor):
        score.query(user="ann").page(2, signed)
    dynamorm.configure(cursor_key="a secret")
    try:
        assert games(score.query(user="ann").page(2, signed).items) == ["g2", "g3"]
    finally:
        dynamorm.configure(cursor_key=None)


# Segments and parallel scans.


def test_the_segments_of_a_scan_give_everything_once(score):
    found = [place for number in range(3) for place in places(score.scan().segment(number, 3).page_size(2))]
    assert sorted(found) == [(user, game) for user in ("ann", "ben") for game in GAMES]
    for wrong in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(InvalidExpression):
            score.scan().segment(*wrong)


@pytest.mark.parametrize(("segments", "workers"), [(1, None), (4, None), (7, 2), (3, 9)])
def test_a_parallel_scan_gives_everything_once(score, segments, workers):
    read = score.scan().parallel(segments, workers)
    everything = [(user, game) for user in ("ann", "ben") for game in GAMES]
    assert sorted(places(read)) == everything
    assert sorted(places(read.page_size(1))) == everything
    assert sorted(places(read)) == everything
    assert read.count() == 12
    assert read.scanned == 12 and read.capacity > 0
    assert read.last is None
    assert set(read.resp) >= {"Items", "Count"}
    assert sorted(games(read.filter(user="ann", wins=1).page_size(1))) == ["g1", "g3", "g5"]
    assert len(read.limit(5).all()) == len({*places(read.limit(5).all())}) == 5
    assert len(read.filter(wins=1).limit(5).page_size(1).all()) == 5
    assert read.filter(wins=1).count() == 6
    assert bool(read) and read.first() is not None and not read.filter(points=51)
    assert sorted(places(score.ByNote.scan().parallel(segments, workers).hydrate())) == everything
    assert next(read).game in GAMES


_whose = contextvars.ContextVar("whose", default="nobody's")


def test_parallel_segments_are_read_at_the_same_time_in_copies_of_the_callers_context(score):
    together = threading.Barrier(3, timeout=10)
    seen = set()

    def meet(sender, request):
        part = request.payload["Segment"]
        if part not in {number for number, _ in seen}:
            seen.add((part, _whose.get()))
            together.wait()

    token = _whose.set("the caller's")
    try:
        for use in (list, lambda read: read.count()):
            seen.clear()
            with pre_request.connected_to(meet, sender=score):
                use(score.scan().parallel(3))
            assert seen == {(number, "the caller's") for number in range(3)}
    finally:
        _whose.reset(token)


def _threads_of_scans():
    return [thread for thread in threading.enumerate() if thread.name.startswith("dynamorm-scan")]


def _wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_parallel_scan_that_is_left_early_ends_its_threads(score):
    read = score.scan().parallel(4).page_size(1)
    for _ in read:
        assert _threads_of_scans()
        break
    gc.collect()
    _wait_for(lambda: not _threads_of_scans())
    assert read.limit(2).all()
    _wait_for(lambda: not _threads_of_scans())
    limited = read.limit(2)
    assert len(list(limited)) == 2
    _wait_for(lambda: not _threads_of_scans())
    assert len(list(read)) == 12
    _wait_for(lambda: not _threads_of_scans())


def test_a_parallel_scan_reads_no_further_ahead_than_it_has_threads(score):
    with requests_of(score) as sent:
        iterator = iter(score.scan().parallel(2).page_size(1))
        next(iterator)
        time.sleep(0.3)
        # one page is taken, one waits for each thread, and each thread holds another (and empty ones lead nowhere)
        held = len(sent)
        time.sleep(0.2)
        assert len(sent) == held <= 7
        assert len([*iterator]) == 11


def test_errors_in_a_parallel_scan_reach_the_caller_and_end_it(score):
    failing = score.scan(scan_kwargs={"FilterExpression": "nonsense("}).parallel(3)
    with pytest.raises(RequestRefused):
        list(failing)
    iterator = iter(failing)
    with pytest.raises(RequestRefused):
        next(iterator)
    assert next(iterator, None) is None
    with pytest.raises(RequestRefused):
        failing.count()
    with dynamorm.using(table_prefix="nowhere-"), pytest.raises(TableNotFound):
        list(score.scan().parallel(2))
    _wait_for(lambda: not _threads_of_scans())


def test_items_that_the_schema_refuses_do_not_end_a_parallel_scan(score):
    spoil(score, "eve", "g0")
    iterator = iter(score.scan().parallel(3))
    found, errors = [], 0
    while True:
        try:
            found.append(next(iterator))
        except ValidationError:
            errors += 1
        except StopIteration:
            break
    assert (len(found), errors) == (12, 1)
    assert len(list(score.scan().parallel(3).on_invalid("skip"))) == 12


def test_a_parallel_scan_has_no_place_to_go_on_from(score):
    read = score.scan().parallel(2)
    assert [page.next_cursor for page in read.page_size(2).pages() if page.items]
    assert all(page.next_cursor is None for page in read.limit(3).pages())
    for use in (
        lambda: read.page(2),
        lambda: list(read.start({"user": "ann", "game": "g1"})),
        lambda: score.scan().start({"user": "ann", "game": "g1"}).parallel(2).all(),
        lambda: score.scan().segment(0, 2).parallel(2).all(),
    ):
        with pytest.raises(InvalidExpression, match="parallel"):
            use()


def test_writing_to_what_a_parallel_scan_matches(score):
    assert score.scan(wins=1).parallel(3).update(losses=77) == 6
    assert score.scan(losses=77).parallel(3).delete() == 6
    assert score.scan().count() == 6


# Budgets.


@pytest.mark.parametrize("parallel", [False, True], ids=["one by one", "parallel"])
def test_rate_limit_holds_reads_to_a_budget(score, parallel):
    read = score.scan().page_size(1).consistent()
    read = read.parallel(2) if parallel else read
    list(read)
    consumed = read.capacity
    assert consumed >= 6
    limited = read.rate_limit(consumed / 0.6)
    begun = time.monotonic()
    assert len(list(limited)) == 12
    seconds = time.monotonic() - begun
    assert 0.4 < seconds < 3
    begun = time.monotonic()
    list(read.rate_limit(1_000_000))
    assert time.monotonic() - begun < 0.4
    for wrong in (0, -1, float("nan")):
        with pytest.raises(InvalidExpression, match="capacity units"):
            read.rate_limit(wrong)


def test_what_hydration_consumes_counts(score):
    plain = score.ByNote.query(note="odd")
    whole = plain.hydrate()
    list(plain)
    list(whole)
    assert whole.capacity > plain.capacity > 0
    consumed = []

    def note(sender, consumed=None, _into=consumed, **rest):
        _into.append(consumed)

    with post_request.connected_to(note, sender=score):
        begun = time.monotonic()
        list(whole.page_size(2).rate_limit(whole.capacity / 0.6))
        assert time.monotonic() - begun > 0.25
    assert all(consumed)
