"""Reading one page ahead."""

from __future__ import annotations

import threading

import pytest

from dynamorm import InvalidExpression, using
from dynamorm.signals import pre_request

from ..libraries import natives
from ..scores import GAMES, games, places, score_values
from ..traffic import sent_by


def requests_in(sent):
    """Return the number of requests when none is on its way any more: each page has a thread, which ends with it."""
    for thread in threading.enumerate():
        if thread.name == "dynamorm-flow":
            thread.join(60)
            assert not thread.is_alive()
    return len(sent)


def test_one_page_is_asked_for_while_the_one_before_is_gone_through(score):
    with sent_by(score) as sent:
        read = iter(score.query(user="ann").page_size(2).read_ahead())
        assert sent == []
        first = next(read)
        assert requests_in(sent) == 2, "the second page, and no third one"
        next(read), next(read)
        assert requests_in(sent) == 3
        assert len(list(read)) == 3
    assert natives(first) == score_values("ann", 0)


def test_without_it_nothing_is_asked_for_before_it_is_needed(score):
    with sent_by(score) as sent:
        read = iter(score.query(user="ann").page_size(2))
        next(read), next(read)
        assert requests_in(sent) == 1
        assert next(iter(score.query(user="ann").page_size(2).read_ahead().read_ahead(False))) is not None
        assert requests_in(sent) == 2


def test_the_items_are_the_same(score):
    for size in (1, 2, 4, 6, 7):
        assert games(score.query(user="ann").page_size(size).read_ahead()) == list(GAMES)
        assert games(score.query(user="ann").page_size(size).read_ahead().reverse()) == list(reversed(GAMES))
        assert len(places(score.scan().page_size(size).read_ahead())) == 12
        assert score.query(user="ann").page_size(size).read_ahead().count() == 6
        pages = list(score.query(user="ann").page_size(size).read_ahead().pages())
        assert games(one for page in pages for one in page.items) == list(GAMES)


def test_places_to_go_on_from_are_those_of_what_was_taken(score):
    query = score.query(user="ann").page_size(2).read_ahead()
    for taken in range(7):
        read = iter(query)
        for _ in range(taken):
            next(read)
        assert games(query.again()) == list(GAMES[taken:]) if query.last or taken == 0 else taken == 6
    page = query.page(3)
    assert games(page.items) == list(GAMES[:3])
    assert games(query.page(9, page.next_cursor).items) == list(GAMES[3:])


def test_figures_are_those_of_the_pages_that_were_taken(score):
    query = score.query(user="ann", query_kwargs={"ReturnConsumedCapacity": "TOTAL"}).page_size(2).read_ahead()
    with sent_by(score) as sent:
        read = iter(query)
        next(read)
        assert requests_in(sent) == 2
        assert (query.scanned, query.capacity) == (2, 0.5)
        assert [item["game"] for item in query.resp["Items"]] == list(GAMES[:2])


def test_who_asks_for_some_items_only_reads_nothing_ahead(score):
    query = score.query(user="ann").page_size(2).read_ahead()
    with sent_by(score) as sent:
        assert query.first() is not None and query.exists() and query[0] is not None
        assert requests_in(sent) == 3


def test_what_goes_wrong_ahead_goes_wrong_where_it_would_have_been_met(score):
    asked = []

    def fail(sender, request):
        asked.append(threading.current_thread().name)
        if len(asked) == 2:
            raise OSError("the line is cut")

    with pre_request.connected_to(fail, sender=score):
        query = score.query(user="ann").page_size(2).read_ahead()
        read = iter(query)
        found = [next(read), next(read)]
        with pytest.raises(OSError, match="the line is cut"):
            next(read)
        assert games([*found, *read]) == list(GAMES), "the page is asked for again"
    assert len(asked) > 3 and set(asked) == {"dynamorm-flow"}


def test_the_settings_of_the_beginning_hold(score, dynamo_local):
    with using(endpoint_url=dynamo_local.endpoint_url):
        read = iter(score.query(user="ann").page_size(2).read_ahead())
        next(read)
    with using(endpoint_url="http://127.0.0.1:9"):
        assert len(list(read)) == 5


def test_its_former_name_is_kept(score):
    with sent_by(score) as sent:
        read = iter(score.query(user="ann").page_size(2).prefetch())
        next(read)
        assert requests_in(sent) == 2
        assert games(score.query(user="ann").page_size(2).prefetch().prefetch(False)) == list(GAMES)


def test_a_parallel_scan_refuses_it(score):
    with pytest.raises(InvalidExpression, match=r"leave out read_ahead\(\)"):
        list(score.scan().parallel(2).read_ahead())
