"""Section 6 of the contract: single items, and what an iteration gives."""

from __future__ import annotations

import copy
import inspect
import itertools
import sys

import pytest

from dynamorm import (
    DoesNotExist,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    MultipleFound,
    PartialInstance,
    Q,
    ValidationError,
)

from .models import book_values, natives, page_model
from .scores import GAMES, games, places, requests_of, score_values, spoil

BOOK = book_values(publisher=None, editions=None)

# Single items.


def test_get_gives_the_instance_or_none(book, page):
    book.put(BOOK)
    found = book.get(isbn=BOOK["isbn"])
    assert type(found) is book
    assert natives(found) == BOOK
    assert book.get(isbn="nowhere") is None

    page.put({"isbn": "1", "number": 2, "body": "text"})
    assert page.get(isbn="1", number=2).body == "text"
    assert page.get(isbn="1", number="2").body == "text"
    assert page.get(isbn="1", number=3) is None


def test_get_is_consistent_when_asked(book):
    book.put(BOOK)
    with requests_of(book) as sent:
        book.get(isbn=BOOK["isbn"])
        book.get(True, isbn=BOOK["isbn"])
        book.get(consistent=True, isbn=BOOK["isbn"])
    assert [request.payload.get("ConsistentRead", False) for request in sent] == [False, True, True]


def test_require_raises_where_get_gives_none(book):
    book.put(BOOK)
    assert book.require(isbn=BOOK["isbn"]).title == BOOK["title"]
    with pytest.raises(DoesNotExist, match="Book with isbn='nowhere'"):
        book.require(isbn="nowhere")


@pytest.mark.parametrize(
    "keys",
    [{}, {"isbn": "1"}, {"number": 1}, {"isbn": "1", "number": None}, {"isbn": "1", "number": 1, "words": 2}],
    ids=str,
)
def test_keys_that_are_missing_or_too_many_are_refused_before_any_request(library, keys):
    page = page_model(library)
    with requests_of(page) as sent:
        for verb in ("get", "require", "exists"):
            with pytest.raises(InvalidKey, match="key of Page"):
                getattr(page, verb)(**keys)
    assert sent == []


def test_a_name_that_is_no_field_is_refused_before_any_request(page):
    with requests_of(page) as sent, pytest.raises(InvalidSchemaField, match="did you mean 'number'"):
        page.get(isbn="1", numbr=1)
    with pytest.raises(ValidationError):
        page.get(isbn="1", number="not a number")
    with pytest.raises(InvalidKey):
        page.get(isbn="", number=1)
    assert sent == []
    assert issubclass(InvalidKey, InvalidSchemaField)


def test_attrs_read_a_part_and_the_key_with_it(book):
    book.put(BOOK)
    with requests_of(book) as sent:
        found = book.get(isbn=BOOK["isbn"], attrs=["title", "subtitle", "meta.lang", "publisher.name"])
    names = sent[0].payload["ExpressionAttributeNames"].values()
    assert set(names) == {"isbn", "title", "sub", "meta", "lang", "pub", "Name"}
    assert found.is_partial
    held = natives(found)
    assert held["isbn"] == BOOK["isbn"]
    assert (held["title"], held["subtitle"], held["meta"]) == ("The Depths", "An account", {"lang": "en"})
    assert found.year is None and found.tags is None
    with pytest.raises(PartialInstance):
        found.save()
    assert book.get(isbn=BOOK["isbn"], attrs=["isbn", book.title]).title == "The Depths"
    assert book.get(isbn="nowhere", attrs=["title"]) is None
    with pytest.raises(InvalidSchemaField, match="did you mean 'title'"):
        book.get(isbn="1", attrs=["titel"])
    with pytest.raises(InvalidSchemaField, match="'town' is nothing of 'publisher'"):
        book.get(isbn="1", attrs=["publisher.town"])


def test_get_item_kwargs_pass_through(book):
    book.put(BOOK)
    projected = book.get(
        isbn=BOOK["isbn"],
        get_item_kwargs={
            "ProjectionExpression": "#y, title",
            "ExpressionAttributeNames": {"#y": "year"},
            "ConsistentRead": True,
        },
    )
    assert (projected.isbn, projected.year, projected.title) == (BOOK["isbn"], 1999, "The Depths")
    assert projected.is_partial
    with requests_of(book) as sent:
        book.get(isbn="1", get_item_kwargs={"ConsistentRead": True, "ReturnConsumedCapacity": "TOTAL"})
    assert sent[0].payload["ConsistentRead"] is True
    assert sent[0].payload["ReturnConsumedCapacity"] == "TOTAL"


@pytest.mark.parametrize("names", [{"#p0": "year"}, {"#p0": "year", "#_p0": "isbn"}], ids=len)
def test_get_item_kwargs_may_use_the_placeholders_that_we_use(book, names):
    book.put(BOOK)
    found = book.get(
        isbn=BOOK["isbn"],
        attrs=["title"],
        get_item_kwargs={"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names},
    )
    assert (found.isbn, found.title, found.year) == (BOOK["isbn"], "The Depths", 1999)


def test_get_item_kwargs_are_not_changed(book):
    given = {"ProjectionExpression": "#t", "ExpressionAttributeNames": {"#t": "title"}}
    before = copy.deepcopy(given)
    book.get(isbn="1", get_item_kwargs=given)
    assert given == before


def test_what_the_verb_supplies_cannot_be_passed_through(book):
    with requests_of(book) as sent, pytest.raises(InvalidExpression, match="Key"):
        book.get(isbn="1", get_item_kwargs={"Key": {"isbn": "2"}})
    assert sent == []


def test_exists_asks_for_the_key_only(book):
    book.put(BOOK)
    with requests_of(book) as sent:
        assert book.exists(isbn=BOOK["isbn"]) is True
        assert book.exists(isbn="nowhere", consistent=True) is False
    assert [request.operation for request in sent] == ["GetItem", "GetItem"]
    assert list(sent[0].payload["ExpressionAttributeNames"].values()) == ["isbn"]
    assert sent[1].payload["ConsistentRead"] is True


def test_refresh_reads_the_item_again_consistently(book):
    book.put(BOOK)
    held = book.get(isbn=BOOK["isbn"], attrs=["title"])
    book.update_item(isbn=BOOK["isbn"], year=2001)
    held.title = "unsaved"
    with requests_of(book) as sent:
        held.refresh()
        held.refresh(consistent=False)
    assert natives(held) == {**BOOK, "year": 2001}
    assert not held.is_partial and not held.is_dirty
    assert [request.payload.get("ConsistentRead", False) for request in sent] == [True, False]
    book.delete_item(isbn=BOOK["isbn"])
    with pytest.raises(DoesNotExist):
        held.refresh()


# Iterations.


def test_a_query_gives_all_items_of_a_hash_key_in_order(score):
    found = list(score.query(user="ann"))
    assert [type(one) for one in found] == [score] * 6
    assert [natives(one) for one in found] == [score_values("ann", number) for number in range(6)]


def test_a_scan_gives_all_items(score):
    assert sorted(places(score.scan())) == [(user, game) for user in ("ann", "ben") for game in GAMES]


def test_iterating_goes_through_all_pages_without_recursive(score):
    for size in (1, 4, 6, 7):
        with requests_of(score) as sent:
            assert games(score.query(user="ann").page_size(size)) == list(GAMES)
        assert {request.payload["Limit"] for request in sent} == {size}
        assert len(sent) >= 6 // size
        assert games(score.query(user="ann").page_size(size).recursive()) == list(GAMES)


def test_making_a_query_sends_nothing(score):
    with requests_of(score) as sent:
        query = score.query(user="ann").filter(wins=1).limit(2).only("wins").page_size(2)
        repr(query)
        iter(query)
        query.pages()
        score.scan(wins=1).explain()
    assert sent == []


def test_every_method_gives_a_new_object_and_leaves_the_old_one_alone(score):
    base = score.query(user="ann")
    made = [
        base.filter(wins=1),
        base.key(game="g1"),
        base.limit(1),
        base.page_size(1),
        base.start({"user": "ann", "game": "g3"}),
        base.consistent(),
        base.reverse(),
        base.specific_attributes(["wins"]),
        base.only("wins"),
        base.partial(True),
        base.recursive(),
        base.again(),
        base.hydrate(),
        base.on_invalid("skip"),
        base.rate_limit(1000),
    ]
    assert all(one is not base for one in made)
    assert [games(one) for one in made[:8]] == [
        ["g1", "g3", "g5"],
        ["g1"],
        ["g0"],
        list(GAMES),
        ["g4", "g5"],
        list(GAMES),
        list(GAMES[::-1]),
        list(GAMES),
    ]
    with requests_of(score) as sent:
        assert games(base) == list(GAMES)
    assert not base.all()[0].is_partial
    assert set(sent[0].payload) <= {
        "TableName",
        "KeyConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnConsumedCapacity",
    }


def test_a_base_query_may_get_its_key_later(score):
    base = score.query().filter(wins=1)
    assert games(base.filter(user="ann")) == games(base.key(user="ann")) == ["g1", "g3", "g5"]
    assert games(base.key(Q(user="ben"), game__gte="g2")) == ["g3", "g5"]
    with pytest.raises(InvalidKey, match="needs user="):
        base.explain()
    with pytest.raises(InvalidKey, match="needs user="):
        list(base)


def test_iterators_used_twice_or_after_count_start_afresh(score):
    query = score.query(user="ann")
    assert games(query) == games(query) == list(GAMES)
    assert query.count() == 6
    assert games(query) == list(GAMES)
    for one in query:
        assert one.game == "g0"
        break
    assert games(query) == list(GAMES)
    assert [(one.game, two.game) for one, two in zip(query, query, strict=True)] == [(game, game) for game in GAMES]


def test_next_goes_on_where_the_last_next_stopped(score):
    query = score.query(user="ann").page_size(2)
    assert [next(query).game for _ in range(3)] == ["g0", "g1", "g2"]
    assert games(query) == list(GAMES)
    assert query.count() == 6
    assert next(query).game == "g3"
    refined = query.filter(wins=1)
    assert next(refined).game == "g1"
    assert [next(query).game, next(query).game] == ["g4", "g5"]
    with pytest.raises(StopIteration):
        next(query)
    assert next(query, None) is None


def test_positions_and_slices(score):
    query = score.query(user="ann")
    assert query[0].game == "g0"
    assert query[5].game == "g5"
    assert games(query[:2]) == ["g0", "g1"]
    assert games(query[:10]) == list(GAMES)
    assert games(query[2:4]) == ["g2", "g3"]
    assert games(query[1::2]) == ["g1", "g3", "g5"]
    assert games(query[4:]) == ["g4", "g5"]
    assert query[:0] == query[4:2] == []
    assert games(query.limit(3)[1:5]) == ["g1", "g2"]
    with requests_of(score) as sent:
        assert query[0].game == "g0"
    assert sent[0].payload["Limit"] == 1
    with pytest.raises(IndexError):
        query[6]
    with pytest.raises(IndexError):
        query.limit(2)[2]
    for position in (-1, slice(-2, None), slice(None, -1)):
        with pytest.raises(InvalidExpression):
            query[position]
    with pytest.raises(TypeError):
        query["g0"]


def test_truth_and_exists_ask_for_one_item(score):
    for read in (score.query(user="ann"), score.scan()):
        with requests_of(score) as sent:
            assert read and read.exists() is True
        assert [request.payload["Limit"] for request in sent] == [1, 1]
    assert not score.query(user="nobody")
    assert score.query(user="nobody").exists() is False
    assert score.query(user="ann").filter(points=50).page_size(1).exists()
    assert not score.scan(points=51).page_size(1)
    spoil(score, "eve", "g0")
    assert score.query(user="eve").exists() is True


def test_first_gives_none_where_there_is_nothing(score):
    assert score.query(user="ann").first().game == "g0"
    assert score.query(user="ann").first(reverse=True).game == "g5"
    assert score.query(user="ann").reverse().first(reverse=True).game == "g0"
    assert score.query(user="ann").filter(points=50).page_size(2).first().game == "g5"
    assert score.query(user="nobody").first() is None
    assert score.scan(user="ben", points=50).first().game == "g5"
    with pytest.raises(InvalidExpression, match="no order"):
        score.scan().first(reverse=True)


def test_one_wants_exactly_one(score):
    assert score.query(user="ann", game="g3").one().points == 30
    assert score.query(user="ann").filter(points=50).page_size(1).one().game == "g5"
    with pytest.raises(DoesNotExist, match="nobody"):
        score.query(user="nobody").one()
    with pytest.raises(MultipleFound):
        score.query(user="ann").one()
    with pytest.raises(MultipleFound):
        score.scan(points=50).page_size(1).one()


def test_all_is_a_list(score):
    found = score.query(user="ann").all()
    assert type(found) is list and games(found) == list(GAMES)


def test_count_is_over_all_pages_not_of_one_page(score):
    with requests_of(score) as sent:
        assert score.query(user="ann").page_size(2).count() == 6
    assert len(sent) >= 3
    assert {request.payload["Select"] for request in sent} == {"COUNT"}
    assert score.scan(wins=1).page_size(1).count() == 6
    assert score.query(user="ann").limit(4).count() == 4
    assert score.query(user="ann").limit(40).count() == 6
    assert score.query(user="ann").only("wins").count() == 6
    assert score.query(user="ann").start({"user": "ann", "game": "g1"}).count() == 4
    assert score.ByGame.query(game="g1").hydrate().count() == 2
    assert score.query(user="ann", query_kwargs={"ProjectionExpression": "wins"}).count() == 6
    assert score.query(user="nobody").count() == 0


def test_pages_without_any_match_are_passed_without_recursion(score):
    score.put_batch(*({"user": "long", "game": f"{number:04}", "points": number} for number in range(300)))
    query = score.query(user="long").page_size(1).filter(points__gte=298)
    deepest = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        assert games(query) == ["0298", "0299"]
        assert query.count() == 2
    finally:
        sys.setrecursionlimit(deepest)


def test_iteration_goes_on_after_a_page_whose_items_were_all_filtered_out(score):
    query = score.query(user="ann").filter(points__in=[20, 50])
    for size in (1, 2, 3, 4, 5):
        assert games(query.page_size(size)) == ["g2", "g5"]
        assert query.page_size(size).count() == 2
        assert [games(one.items) for one in query.page_size(size).pages() if one.items]


# Limits and places.


@pytest.mark.parametrize("size", [None, 1, 2, 4])
def test_limit_counts_items_returned_and_cuts_the_place_to_go_on_from_right_after_them(score, size):
    for filters, limit in itertools.product(({}, {"wins": 1}), (1, 2, 3, 6, 7)):
        read = score.query(user="ann").filter(**filters)
        expected = games(read)
        read = read if size is None else read.page_size(size)
        limited = read.limit(limit)
        assert games(limited) == expected[:limit]
        if limit < len(expected):
            assert limited.last is not None
            assert games(read.start(limited.last)) == expected[limit:]
            assert games(limited.again()) == expected[limit : 2 * limit]
        elif limit > len(expected):
            assert limited.last is None


def test_a_limit_does_not_make_filtered_reads_look_at_items_one_by_one(score):
    with requests_of(score) as sent:
        assert games(score.query(user="ann").filter(points=50).limit(1)) == ["g5"]
        assert games(score.query(user="ann").limit(2)) == ["g0", "g1"]
    assert [request.payload.get("Limit") for request in sent] == [None, 2]


def test_limits_and_page_sizes_are_positive_numbers(score):
    for wrong in (0, -1, "3", 1.5, True, None):
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").limit(wrong)
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").page_size(wrong)
        with pytest.raises(InvalidExpression, match="positive integer"):
            score.query(user="ann").page(wrong)


def test_last_is_the_raw_key_after_which_the_latest_iteration_stopped(score):
    query = score.query(user="ann")
    assert query.last is None
    iterator = iter(query)
    for _ in range(3):
        next(iterator)
    assert query.last == {"user": "ann", "game": "g2"}
    list(iterator)
    assert query.last is None
    indexed = score.ByPoints.query(user="ann", points__gte=10)
    for one in indexed:
        if one.game == "g3":
            break
    assert indexed.last == {"user": "ann", "game": "g3", "points": 30}
    assert games(indexed.start(indexed.last)) == ["g4", "g5"]


def test_start_takes_a_raw_key_a_cursor_or_an_instance(score):
    query = score.query(user="ann")
    assert games(query.start({"user": "ann", "game": "g3"})) == ["g4", "g5"]
    assert games(query.start(score.get(user="ann", game="g3"))) == ["g4", "g5"]
    assert games(query.start(score(user="ann", game="g2x"))) == ["g3", "g4", "g5"]
    assert games(query.start(query.page(4).next_cursor)) == ["g4", "g5"]
    assert games(query.start(None)) == list(GAMES)
    assert games(query.reverse().start({"user": "ann", "game": "g3"})) == ["g2", "g1", "g0"]
    reached = score.get(user="ann", game="g3")
    assert games(score.ByPoints.query(user="ann").start(reached)) == ["g4", "g5"]
    assert places(score.ByGame.query(game="g3").start(reached)) in ([], [("ben", "g3")])
    with pytest.raises(InvalidKey, match="points"):
        list(score.ByPoints.query(user="ann").start(score(user="ann", game="g1")))
    for wrong in (3, object(), ("ann", "g1")):
        with pytest.raises(InvalidKey, match="cursor"):
            list(query.start(wrong))


def test_again_goes_on_from_last_else_restarts(score):
    query = score.query(user="ann").limit(4)
    assert games(query) == ["g0", "g1", "g2", "g3"]
    rest = query.again()
    assert games(rest) == ["g4", "g5"]
    assert games(rest.again()) == ["g4", "g5"]
    for one in query:
        if one.game == "g1":
            break
    assert games(query.again()) == ["g2", "g3", "g4", "g5"]
    assert games(score.query(user="ann").start({"user": "ann", "game": "g3"}).again()) == ["g4", "g5"]


def test_scanned_capacity_and_resp_describe_the_latest_iteration(score):
    query = score.query(user="ann").filter(wins=1).page_size(2)
    assert (query.scanned, query.capacity, query.resp) == (0, 0.0, None)
    list(query)
    assert query.scanned >= 6
    assert query.capacity > 0
    iterator = iter(query)
    next(iterator)
    assert query.scanned < 6
    assert query.resp["Count"] == 1
    assert query.resp["Items"][0]["points"] == 10
    assert query.resp["Items"][0]["Nick"] == "ann-1"
    assert query.resp["LastEvaluatedKey"] == {"user": "ann", "game": "g1"}
    next(query)
    assert query.last == {"user": "ann", "game": "g1"}


def test_reverse_gives_descending_order_and_takes_it_back(score):
    query = score.query(user="ann").reverse()
    assert games(query) == list(GAMES[::-1])
    assert games(query.page_size(2)) == list(GAMES[::-1])
    assert games(query.reverse(False)) == list(GAMES)
    with pytest.raises(InvalidExpression, match="no order"):
        score.scan().reverse()


# What is read of each item.


def test_only_and_specific_attributes_read_a_part_and_always_the_key(score):
    for query in (
        score.query(user="ann").only("wins", "nick"),
        score.query(user="ann").specific_attributes(["wins", "nick"]),
        score.query(user="ann").only(score.wins, score.nick),
        score.query(user="ann").only("user", "game", "wins", "nick"),
    ):
        found = query[1]
        assert natives(found) == {"user": "ann", "game": "g1", "wins": 1, "nick": "ann-1"}
        assert found.is_partial
    assert natives(score.query(user="ann").only()[1]) == {"user": "ann", "game": "g1"}
    assert natives(score.scan(user="ann", game="g2").only("meta.level").one()) == {
        "user": "ann",
        "game": "g2",
        "meta": {"level": 2},
    }
    indexed = score.ByPoints.query(user="ann").only("wins").limit(2)
    assert natives(indexed[0]) == {"user": "ann", "game": "g0", "points": 0, "wins": 0}
    assert games(indexed) == ["g0", "g1"]
    assert indexed.last == {"user": "ann", "game": "g1", "points": 10}
    with pytest.raises(InvalidSchemaField, match="did you mean 'wins'"):
        list(score.query(user="ann").only("win"))


def test_a_projection_of_ones_own_keeps_the_key_too(score):
    for text, names in (("wins", {}), ("#w, #u", {"#w": "wins", "#u": "user"}), ("wins, game, #p0", {"#p0": "user"})):
        kwargs = {"ProjectionExpression": text}
        if names:
            kwargs["ExpressionAttributeNames"] = names
        query = score.query(user="ann", query_kwargs=kwargs).limit(2)
        found = query.all()
        assert [natives(one) for one in found] == [
            {"user": "ann", "game": "g0", "wins": 0},
            {"user": "ann", "game": "g1", "wins": 1},
        ]
        assert found[0].is_partial
        assert query.last == {"user": "ann", "game": "g1"}


def test_partial_says_whether_what_is_read_may_lack_what_is_required(score):
    score.Table.table.put_item(Item={"user": "eve", "game": "g0"})
    with pytest.raises(ValidationError):
        score.query(user="eve").one()
    found = score.query(user="eve").partial().one()
    assert found.is_partial and found.points is None
    with pytest.raises(ValidationError):
        score.query(user="eve").only("wins").partial(False).one()


def test_an_item_that_the_schema_refuses_raises_with_its_key_and_iteration_goes_on(score):
    spoil(score, "ann", "g2")
    iterator = iter(score.query(user="ann"))
    assert [next(iterator).game, next(iterator).game] == ["g0", "g1"]
    with pytest.raises(ValidationError, match=r"(?s)wins.*'game': 'g2'"):
        next(iterator)
    assert games(iterator) == ["g3", "g4", "g5"]

    query = score.query(user="ann").page_size(1)
    assert [next(query).game, next(query).game] == ["g0", "g1"]
    with pytest.raises(ValidationError):
        next(query)
    assert query.last == {"user": "ann", "game": "g2"}
    assert next(query).game == "g3"
    assert games(query.again()) == ["g4", "g5"]


def test_on_invalid_decides_beforehand(score):
    spoil(score, "ann", "g0")
    spoil(score, "ann", "g3")
    query = score.query(user="ann")
    with pytest.raises(ValidationError):
        list(query.on_invalid("raise"))
    assert games(query.on_invalid("skip")) == ["g1", "g2", "g4", "g5"]
    assert games(query.on_invalid("skip").limit(3)) == ["g1", "g2", "g4"]
    assert games(query.on_invalid("skip").page_size(1).limit(3)) == ["g1", "g2", "g4"]
    assert query.on_invalid("skip").first().game == "g1"
    errors = []
    assert games(query.on_invalid(errors.append)) == ["g1", "g2", "g4", "g5"]
    assert [type(error) for error in errors] == [ValidationError] * 2
    assert [games(one.items) for one in query.on_invalid("skip").page_size(3).pages()] == [["g1", "g2"], ["g4", "g5"]]
    assert games(query.on_invalid("skip").page(3).items) == ["g1", "g2", "g4"]
    with pytest.raises(InvalidExpression, match="callable"):
        query.on_invalid("ignore")


def test_consistent_reads(score):
    with requests_of(score) as sent:
        assert len(score.query(user="ann").consistent().all()) == 6
        assert len(score.scan().consistent().all()) == 12
        assert len(score.ByPoints.query(user="ann").consistent().all()) == 6
    assert all(request.payload["ConsistentRead"] for request in sent)
    for read in (
        score.ByGame.query(game="g1").consistent(),
        score.ByGame.scan().consistent(),
        score.ByGame.query(game="g1", query_kwargs={"ConsistentRead": True}),
    ):
        with requests_of(score) as sent, pytest.raises(InvalidKey, match="no consistent reads"):
            list(read)
        assert sent == []
