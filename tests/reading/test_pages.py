"""Pages and cursors."""

from __future__ import annotations

import itertools
import re

import pytest

import dynamorm
from dynamorm import InvalidCursor, Q

from ..scores import games, score_model
from ..traffic import sent_by


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
    with sent_by(score) as sent:
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
