"""Scans: in segments, in parallel, and where they are not wanted."""

from __future__ import annotations

import contextvars
import threading

import pytest

import dynamorm
from dynamorm import InvalidExpression, ScanRefused, ValidationError
from dynamorm.exceptions import RequestRefused, TableNotFound
from dynamorm.signals import pre_request

from ..scores import GAMES, filled, games, places, score_model, spoil
from ..traffic import sent_by


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
    together = threading.Barrier(3, timeout=60)
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
    return [thread for thread in threading.enumerate() if thread.name == "dynamorm-flow"]


def _let_threads_end():
    for thread in _threads_of_scans():
        thread.join(60)
    assert not _threads_of_scans()


def test_a_parallel_scan_that_is_left_early_ends_its_threads(score):
    read = score.scan().parallel(4).page_size(1)
    threads = set()

    def note(sender, request):
        threads.add(threading.current_thread().name)

    with pre_request.connected_to(note, sender=score):
        for _ in read:
            break
    assert threads == {"dynamorm-flow"}
    _let_threads_end()
    assert read.limit(2).all()
    _let_threads_end()
    limited = read.limit(2)
    assert len(list(limited)) == 2
    _let_threads_end()
    assert len(list(read)) == 12
    _let_threads_end()


def test_a_parallel_scan_reads_no_further_ahead_than_it_has_threads(score):
    with sent_by(score) as sent:
        iterator = iter(score.scan().parallel(2).page_size(1))
        next(iterator)
        _let_threads_end()
        # one page is taken, and one waits of each part (and empty ones lead nowhere)
        assert 3 <= len(sent) <= 5
        assert len([*iterator]) == 11


@pytest.mark.refused_by_aws("syntax", reason="each part of the scan has to fail")
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
    _let_threads_end()


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


def test_a_table_may_warn_of_scans_or_refuse_them(library, dynamo_tables):
    (warned,) = dynamo_tables(score_model(library, "Warned", {"on_scan": "warn", "name": "warned"}))
    (refused,) = dynamo_tables(score_model(library, "Refused", {"on_scan": "error", "name": "refused"}))
    filled(warned, ("ann",))
    with pytest.warns(UserWarning, match="Warned is scanned") as caught:
        assert len(list(warned.scan())) == 6
    assert [one.filename for one in caught if one.category is UserWarning] == [__file__]
    with pytest.warns(UserWarning, match="Warned on index 'by-note' is scanned"):
        assert warned.ByNote.scan().count() == 6
    assert len(warned.query(user="ann").all()) == 6
    with sent_by(refused) as sent:
        for read in (refused.scan(), refused.ByNote.scan(), refused.scan().parallel(2), refused.scan().segment(0, 2)):
            for use in (list, lambda read: read.count(), lambda read: read.first(), lambda read: read.delete()):
                with pytest.raises(ScanRefused, match="on_scan"):
                    use(read)
    assert sent == []
    assert refused.query(user="ann").all() == []
