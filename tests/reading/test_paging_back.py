"""Pages before a page: ``previous_cursor``, and what comes of going there and forth."""

from __future__ import annotations

import base64
import copy
import itertools
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dynamorm
from dynamorm import InvalidCursor, InvalidKey
from dynamorm.reading.cursors import decode_cursor, encode_cursor, leads_backwards
from dynamorm.reading.iteration import Page
from dynamorm.signals import pre_request

from ..profiles import examples
from ..scores import GAMES, games, places, spoil
from ..traffic import sent_by


def walked(read, size):
    """Return the games of each page from the first to the last, and the last page."""
    found, page = [], read.page(size)
    assert page.previous_cursor is None
    found.append(games(page.items))
    while page.next_cursor is not None:
        page = read.page(size, page.next_cursor)
        found.append(games(page.items))
    return found, page


def walked_back(read, size, page):
    """Return the games of each page from one to the first, in the order of the query."""
    found = [games(page.items)]
    while page.previous_cursor is not None:
        before = read.page(size, page.previous_cursor)
        again = read.page(len(page.items), before.next_cursor)
        assert (games(again.items), again.previous_cursor) == (games(page.items), page.previous_cursor)
        page = before
        found.insert(0, games(page.items))
    return found


@pytest.mark.parametrize("page_size", [None, 1, 2, 4])
def test_the_way_back_shows_the_same_pages(score, page_size):
    reads = (
        score.query(user="ann"),
        score.query(user="ann").reverse(),
        score.query(user="ann").filter(wins=1),
        score.query(user="ann", game__gte="g1").filter(points__in=[0, 50]),
        score.query(user="ann").read_ahead(),
        score.query(user="ann").limit(2),
        score.query(user="ann").start({"user": "ann", "game": "g1"}),
        score.query(user="ann").reverse().filter(wins=1).start({"user": "ann", "game": "g5"}),
        score.find(user="ann", points__gte=20),
        score.ByPoints.query(user="ann", points__gte=20).reverse(),
        score.ByGame.query(game="g3"),
        score.ByGame.query(game="g3").reverse().hydrate(),
        score.ByNote.query(note="odd").hydrate(),
        score.ByNick.query(nick="ann-1").only("wins"),
    )
    for read, size in itertools.product(reads, (1, 2, 3, 5, 6, 7)):
        read = read if page_size is None else read.page_size(page_size)
        pages, last = walked(read, size)
        if last.items:
            assert walked_back(read, size, last) == pages


def test_each_page_costs_one_request_whichever_way(score):
    query = score.query(user="ann")
    first = query.page(2)
    second = query.page(2, first.next_cursor)
    third = query.page(2, second.next_cursor)
    with sent_by(score) as sent:
        back = query.page(2, third.previous_cursor)
        assert query.page(2, back.previous_cursor) == first
        assert query.page(4, third.previous_cursor).items == first.items + second.items
        assert query.page(9, third.previous_cursor).previous_cursor is None
    assert back == second
    shown = [(request.payload["Limit"], request.payload["ScanIndexForward"]) for request in sent]
    assert shown == [(3, False), (3, False), (5, False), (10, False)]
    with sent_by(score) as sent:
        query.reverse().page(2, query.reverse().page(2, query.reverse().page(2).next_cursor).previous_cursor)
    assert [request.payload.get("ScanIndexForward") for request in sent] == [False, False, None]


def test_what_happens_between_requests_neither_hides_nor_repeats_others(score):
    query = score.query(user="ann")
    page = query.page(2, query.page(2).next_cursor)
    assert games(page.items) == ["g2", "g3"]
    score.put({"user": "ann", "game": "g1x", "points": 1})
    score.delete_item(user="ann", game="g2")
    back = query.page(2, page.previous_cursor)
    assert games(back.items) == ["g1", "g1x"]
    assert games(query.page(9, back.next_cursor).items) == ["g3", "g4", "g5"]
    assert games(query.page(2, back.previous_cursor).items) == ["g0"]


def test_going_back_to_fewer_items_than_asked_for_gives_those(score):
    query = score.query(user="ann")
    page = query.page(3, query.page(1).next_cursor)
    back = query.page(3, page.previous_cursor)
    assert (games(back.items), back.previous_cursor) == (["g0"], None)
    assert query.page(3, back.next_cursor) == page


@pytest.mark.parametrize("start", [None, "g0"])
def test_an_emptied_beginning_is_an_empty_first_page_that_leads_on(score, start):
    query = score.query(user="ann")
    if start is not None:
        query = query.start({"user": "ann", "game": start})
    first = query.page(2)
    page = query.page(2, first.next_cursor)
    for one in first.items:
        one.delete()
    back = query.page(2, page.previous_cursor)
    assert (back.items, back.previous_cursor) == ([], None)
    again = query.page(2, back.next_cursor)
    assert (games(again.items), again.previous_cursor) == (games(page.items), None)


def test_an_emptied_end_is_an_empty_last_page_that_leads_back(score):
    query = score.query(user="ann")
    cursor = query.page(4).next_cursor
    for game in GAMES[4:]:
        score.delete_item(user="ann", game=game)
    page = query.page(4, cursor)
    assert (page.items, page.next_cursor) == ([], None)
    back = query.page(3, page.previous_cursor)
    assert (games(back.items), back.next_cursor) == (["g1", "g2", "g3"], None)
    assert games(query.page(3, back.previous_cursor).items) == ["g0"]
    assert query.last == {"user": "ann", "game": "g0"}


def test_an_empty_query_and_one_that_finds_nothing_have_no_cursors(score, sent):
    assert score.query(user="nobody").page(3) == Page([], None)
    sent.clear()
    for query in (score.query(user="ann", game__gte="g4", game__lte="g1"), score.query(user="ann", wins__in=[])):
        assert query.page(3) == Page([], None, None)
        for backwards in (False, True):
            forged = encode_cursor(None, query._read.mark(), None, backwards=backwards)
            assert query.page(3, forged) == Page([], None, None)
    assert sent == []


def test_limit_bounds_pages_in_both_directions(score):
    query = score.query(user="ann").limit(2)
    page = query.page(5, score.query(user="ann").page(5).next_cursor)
    assert games(page.items) == ["g5"]
    assert games(query.page(5, page.previous_cursor).items) == ["g3", "g4"]


# A start.


@pytest.mark.parametrize("page_size", [None, 1, 3])
@pytest.mark.parametrize("reverse", [False, True])
def test_no_page_lies_before_the_start(score, page_size, reverse):
    order = GAMES[::-1] if reverse else GAMES
    whole = score.query(user="ann").reverse(reverse)
    by_points = score.ByPoints.query(user="ann").reverse(reverse)
    reached = score.get(user="ann", game=order[1])
    for base, start in itertools.product((whole, by_points), ("there", "gone")):
        if start == "gone":
            reached.delete()
        query = base.start(reached) if page_size is None else base.start(reached).page_size(page_size)
        page = query.page(2, query.page(2).next_cursor)
        assert games(page.items) == list(order[4:])
        back = query.page(5, page.previous_cursor)
        assert (games(back.items), back.previous_cursor) == (list(order[2:4]), None)
        back = query.page(1, page.previous_cursor)
        assert games(back.items) == [order[3]]
        back = query.page(1, back.previous_cursor)
        assert (games(back.items), back.previous_cursor) == ([order[2]], None)
        reached.save()


def test_the_start_is_known_among_items_with_equal_keys(score):
    for game in GAMES:
        score.update_item(user="ann", game=game, points=7)
    for reverse in (False, True):
        whole = score.ByPoints.query(user="ann").reverse(reverse)
        expected = games(whole)
        query = whole.start(whole[1])
        page = query.page(2, query.page(2).next_cursor)
        back = query.page(9, page.previous_cursor)
        assert (games(back.items), back.previous_cursor) == (expected[2:4], None)


def test_nothing_is_asked_for_past_the_start(score):
    query = score.query(user="ann").start({"user": "ann", "game": "g3"}).page_size(3)
    page = query.page(1, query.page(1).next_cursor)
    with sent_by(score) as sent:
        assert games(query.page(5, page.previous_cursor).items) == ["g4"]
    assert len(sent) == 1


def test_hydrated_items_stand_where_the_index_says_from_the_start_on(score):
    query = score.ByPoints.query(user="ann").hydrate().start({"user": "ann", "game": "g1", "points": 10})
    page = query.page(2, query.page(2).next_cursor)

    def move_before_hydration(sender, request):
        if request.operation == "BatchGetItem":
            for number, points in ((2, 1), (3, 99)):
                key, value = {"user": "ann", "game": f"g{number}"}, {":p": points}
                change = "SET points = :p"
                score.Table.table.update_item(Key=key, UpdateExpression=change, ExpressionAttributeValues=value)

    with pre_request.connected_to(move_before_hydration, sender=score):
        back = query.page(4, page.previous_cursor)
    assert [(one.game, one.points) for one in back.items] == [("g2", 1), ("g3", 99)]
    assert games(query.page(9, back.next_cursor).items) == ["g4", "g5", "g3"]
    assert back.previous_cursor is None


def test_filters_do_not_lead_past_the_start(score):
    query = score.query(user="ann").filter(points__in=[0, 50]).page_size(1).start({"user": "ann", "game": "g2"})
    cursor = encode_cursor({"user": {"S": "ann"}, "game": {"S": "g5"}}, query._read.mark(), None, backwards=True)
    with sent_by(score) as sent:
        page = query.page(2, cursor)
    assert (page.items, page.previous_cursor) == ([], None)
    assert len(sent) == 3
    assert games(query.page(2, page.next_cursor).items) == ["g5"]


def test_what_the_schema_refuses_before_the_start_is_no_error(score):
    spoil(score, "ann", "g1")
    query = score.query(user="ann").start({"user": "ann", "game": "g1"})
    page = query.page(2, query.page(2).next_cursor)
    assert games(query.page(5, page.previous_cursor).items) == ["g2", "g3"]


# What is passed over.


def test_items_that_the_schema_refuses_are_passed_over_in_both_directions(score):
    spoil(score, "ann", "g2")
    spoil(score, "ann", "g0")
    query = score.query(user="ann").on_invalid("skip")
    page = query.page(2, query.page(2).next_cursor)
    assert games(page.items) == ["g4", "g5"]
    assert games(query.page(1, page.previous_cursor).items) == ["g3"]
    assert games(query.page(2, page.previous_cursor).items) == ["g1", "g3"]
    with pytest.raises(dynamorm.ValidationError):
        score.query(user="ann").page(2, page.previous_cursor)


def test_what_is_gone_before_hydration_is_passed_over(score):
    query = score.ByPoints.query(user="ann").hydrate()
    page = query.page(2, query.page(4).next_cursor)

    def delete_before_hydration(sender, request):
        if request.operation == "BatchGetItem":
            score.Table.table.delete_item(Key={"user": "ann", "game": "g3"})

    with pre_request.connected_to(delete_before_hydration, sender=score):
        back = query.page(2, page.previous_cursor)
    assert games(back.items) == ["g1", "g2"]
    assert games(query.page(9, back.next_cursor).items) == ["g4", "g5"]


def test_last_is_the_key_of_the_last_item_of_a_page(score):
    query = score.query(user="ann")
    page = query.page(2, query.page(4).next_cursor)
    query.page(2, page.previous_cursor)
    assert query.last == {"user": "ann", "game": "g3"}
    assert games(query.again()) == ["g4", "g5"]


# Cursors.


def test_a_scan_and_the_pages_of_answers_have_no_previous_cursor(score, sent):
    page = score.scan().page(3)
    assert (page.previous_cursor, score.scan().page(3, page.next_cursor).previous_cursor) == (None, None)
    assert {page.previous_cursor for page in score.query(user="ann").page_size(2).pages()} == {None}
    sent.clear()
    for key in (None, {"user": {"S": "ann"}, "game": {"S": "g1"}}):
        forged = encode_cursor(key, score.scan()._read.mark(), None, backwards=True)
        with pytest.raises(InvalidCursor, match="forwards only"):
            score.scan().page(3, forged)
    assert sent == []


def test_a_cursor_that_leads_backwards_is_no_start(score, sent):
    query = score.query(user="ann")
    cursor = query.page(2, query.page(2).next_cursor).previous_cursor
    sent.clear()
    for use in (lambda: list(query.start(cursor)), lambda: query.start(cursor).page(2), query.start(cursor).explain):
        with pytest.raises(InvalidCursor, match=r"give it to page\(\)"):
            use()
    assert sent == []


def test_a_cursor_that_leads_backwards_is_refused_by_another_query(score, sent):
    query = score.query(user="ann", wins=1)
    page = query.page(1, query.page(1).next_cursor)
    sent.clear()
    others = [
        score.query(user="ben", wins=1),
        score.query(user="ann"),
        query.reverse(),
        query.filter(losses=1),
        score.ByPoints.query(user="ann", wins=1),
    ]
    for other, cursor in itertools.product(others, (page.previous_cursor, page.next_cursor)):
        with pytest.raises(InvalidCursor, match="another query"):
            other.page(1, cursor)
    with pytest.raises(InvalidCursor):
        score.scan(user="ann", wins=1).page(1, page.previous_cursor)
    forged = encode_cursor({"user": {"S": "ben"}, "game": {"S": "g1"}}, query._read.mark(), None, backwards=True)
    with pytest.raises(InvalidCursor, match="belongs to another query"):
        query.page(2, forged)
    with pytest.raises(InvalidKey):
        query.start({"user": "ben", "game": "g1"}).page(2, page.previous_cursor)
    assert sent == []
    assert games(query.filter().consistent().page(5, page.previous_cursor).items) == ["g1"]


def test_the_direction_is_signed(score):
    with dynamorm.using(cursor_key="a secret"):
        query = score.query(user="ann")
        cursor = query.page(2, query.page(2).next_cursor).previous_cursor
        assert games(query.page(2, cursor).items) == ["g0", "g1"]
        body = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert body[28:29] == b"<"
        turned = base64.urlsafe_b64encode(body[:28] + body[29:]).decode().rstrip("=")
        with pytest.raises(InvalidCursor, match="signed"):
            query.page(2, turned)
    with pytest.raises(InvalidCursor):
        score.query(user="ann").page(2, cursor)


MARK = b"m" * 12
TYPES = {"user": "S"}
KEY = {"user": {"S": "ann"}}


def test_cursors_without_a_direction_lead_forwards():
    before = base64.urlsafe_b64encode(MARK + b'{"user":["S","ann"]}').decode().rstrip("=")
    assert encode_cursor(KEY, MARK, None) == before
    assert decode_cursor(before, MARK, None, TYPES) == KEY and not leads_backwards(before, None)


@pytest.mark.parametrize("secret", [None, b"secret"])
@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_cursor_gives_its_key_and_direction_back(secret, key, backwards):
    cursor = encode_cursor(key, MARK, secret, backwards=backwards)
    assert leads_backwards(cursor, secret) is backwards
    assert decode_cursor(cursor, MARK, secret, TYPES, backwards=backwards) == key


@pytest.mark.parametrize(
    "body", [b"<{}", b"<<", b"<>", b"><", b'>{"user":["S","ann"]}', b"<null", b"< ", b'<{"user":1}']
)
def test_what_is_no_key_is_refused_after_a_direction_too(body):
    cursor = base64.urlsafe_b64encode(MARK + body).decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, MARK, None, TYPES, backwards=leads_backwards(cursor, None))


# The page itself.


def test_a_page_unpacks_to_its_items_and_the_next_cursor():
    page = Page([1, 2], "next", "previous")
    items, cursor = page
    assert (items, cursor, page.items, page.next_cursor, page.previous_cursor) == (
        *(([1, 2], "next") * 2),
        "previous",
    )
    assert (page[0], page[1], len(page)) == ([1, 2], "next", 2)
    assert repr(page) == "Page(items=[1, 2], next_cursor='next', previous_cursor='previous')"
    assert Page([1], None) == Page([1], None, None) == ([1], None)
    match page:
        case Page(found, after, before):
            assert (found, after, before) == ([1, 2], "next", "previous")
    with pytest.raises(AttributeError):
        page.previous_cursor = None


def test_pages_are_equal_if_all_of_them_is():
    page = Page([1, 2], "next", "previous")
    same = Page([1, 2], "next", "previous")
    assert (page == same, page != same) == (True, False)
    for other in (Page([1], "next", "previous"), Page([1, 2], None, "previous"), Page([1, 2], "next", None), [1, 2]):
        assert (page == other, page != other, other == page, other != page) == (False, True, False, True)
    pair = ([1, 2], "next")
    assert page == pair and pair == page


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda page: pickle.loads(pickle.dumps(page))])
def test_pages_can_be_copied_and_pickled(copied):
    page = Page([1, 2], "next", "previous")
    twin = copied(page)
    assert twin == page and type(twin) is Page and twin.previous_cursor == "previous"


# Any items, any way.

NUMBERS = st.integers(0, 7)
SIZES = st.integers(1, 4)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["next", "next", "back", "back", "first"]), SIZES),
    st.tuples(st.just("put"), NUMBERS, st.sampled_from([0, 2, 4]), st.sampled_from([1, 1, 0])),
    st.tuples(st.just("delete"), NUMBERS),
)
NEW_USER = itertools.count()


class Listed:
    """The items of one user, as lists show what pages of them have to be.

    A position is what items are sorted by.
    """

    def __init__(self, model, on_index, filtered, reverse, start):
        self.model = model
        self.user = f"u{next(NEW_USER)}"
        self.items = {}
        self.on_index = on_index
        self.filtered = filtered
        self.reverse = reverse
        self.start = start

    def put(self, number, points, wins):
        self.items[number] = points, wins
        self.model.put({"user": self.user, "game": f"g{number}", "points": points, "wins": wins})

    def delete(self, number):
        if self.items.pop(number, None):
            self.model.delete_item(user=self.user, game=f"g{number}")

    @property
    def query(self):
        query = (self.model.ByPoints if self.on_index else self.model).query(user=self.user).reverse(self.reverse)
        if self.filtered:
            query = query.filter(wins=1)
        if self.start is None:
            return query
        number, points = self.start
        key = {"user": self.user, "game": f"g{number}"}
        return query.start({**key, "points": points} if self.on_index else key)

    def position(self, number, points):
        order = (points, number) if self.on_index else (number,)
        return tuple(-part for part in order) if self.reverse else order

    def positions(self):
        """Return the positions of all that is found, and the numbers at them."""
        found = {
            self.position(number, points): number
            for number, (points, wins) in self.items.items()
            if wins or not self.filtered
        }
        beginning = None if self.start is None else self.position(*self.start)
        return {place: found[place] for place in sorted(found) if beginning is None or place > beginning}


@settings(
    max_examples=examples(quick=80, long=3_000),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    numbers=st.dictionaries(NUMBERS, st.tuples(st.sampled_from([0, 2, 4]), st.sampled_from([1, 1, 0])), min_size=3),
    on_index=st.booleans(),
    filtered=st.booleans(),
    reverse=st.booleans(),
    # on the index between its items: those that are equal there have an example of their own
    start=st.none() | st.tuples(NUMBERS, st.sampled_from([1, 3])),
    page_size=st.sampled_from([None, None, 1, 2]),
    steps=st.lists(STEPS, min_size=2, max_size=14),
)
def test_pages_are_what_a_list_of_the_items_says(score, numbers, on_index, filtered, reverse, start, page_size, steps):
    listed = Listed(score, on_index, filtered, reverse, start)
    for number, (points, wins) in numbers.items():
        listed.put(number, points, wins)
    query = listed.query if page_size is None else listed.query.page_size(page_size)
    page = query.page(2)
    after = None  # the position after which the next page begins
    before = None  # the position before which the previous page ends
    # None stands for the query's beginning, or its end, where there is a cursor
    steps = [("first", 2), *steps]
    for step, *given_values in steps:
        if step == "put":
            listed.put(*given_values)
            continue
        if step == "delete":
            listed.delete(*given_values)
            continue
        (size,) = given_values
        positions = listed.positions()
        if step == "next" and page.next_cursor is not None:
            page, anchor = query.page(size, page.next_cursor), after
            rest = [place for place in positions if anchor is None or place > anchor]
            expected, more = rest[:size], len(rest) > size
            has_next, has_previous = more, anchor is not None
        elif step == "back" and page.previous_cursor is not None:
            page, anchor = query.page(size, page.previous_cursor), before
            rest = [place for place in positions if anchor is None or place < anchor]
            expected, more = rest[-size:], len(rest) > size
            has_next, has_previous = anchor is not None, more
        else:
            page = query.page(size)
            rest = list(positions)
            expected, has_next, has_previous = rest[:size], len(rest) > size, False
        assert games(page.items) == [f"g{positions[place]}" for place in expected]
        assert (page.next_cursor is not None, page.previous_cursor is not None) == (has_next, has_previous)
        after, before = (expected[-1], expected[0]) if expected else (None, None)


def test_items_that_are_equal_on_an_index_are_paged_in_its_order(score):
    for user in "abcdefg":
        score.put({"user": user, "game": "tie", "points": 5})
    for reverse in (False, True):
        query = score.ByGame.query(game="tie").reverse(reverse)
        expected = places(query)
        assert len(expected) == 7
        for size in (1, 2, 3, 7):
            found, page = [], query.page(size)
            while page.next_cursor is not None:
                page = query.page(size, page.next_cursor)
            while page.previous_cursor is not None:
                found[:0] = places(page.items)
                page = query.page(size, page.previous_cursor)
            assert [*places(page.items), *found] == expected
