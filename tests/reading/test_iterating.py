"""What an iteration over a query or a scan gives, and how often it asks."""

from __future__ import annotations

import inspect
import sys

import pytest

import dynamorm
from dynamorm import DoesNotExist, InvalidExpression, InvalidKey, MultipleFound, Q
from dynamorm.schema import WHOLE

from ..libraries import natives
from ..scores import GAMES, filled, games, places, score_values, spoil
from ..traffic import sent_by


def test_a_query_gives_all_items_of_a_hash_key_in_order(score):
    found = list(score.query(user="ann"))
    assert [type(one) for one in found] == [score] * 6
    assert [natives(one) for one in found] == [score_values("ann", number) for number in range(6)]


def test_a_scan_gives_all_items(score):
    assert sorted(places(score.scan())) == [(user, game) for user in ("ann", "ben") for game in GAMES]


def test_iterating_goes_through_all_pages_without_recursive(score):
    for size in (1, 4, 6, 7):
        with sent_by(score) as sent:
            assert games(score.query(user="ann").page_size(size)) == list(GAMES)
        assert {request.payload["Limit"] for request in sent} == {size}
        assert len(sent) >= 6 // size
        assert games(score.query(user="ann").page_size(size).recursive()) == list(GAMES)


@pytest.mark.parametrize("transport", ["default", "direct"])
def test_items_stay_texts_until_they_are_taken(score, transport, monkeypatch):
    receives = score._dynamorm.adapter.compiled.receives
    decode, decoded = receives[WHOLE], []
    monkeypatch.setitem(receives, WHOLE, lambda item: decoded.append(type(item)) or decode(item))
    with dynamorm.using(transport=transport):
        assert next(iter(score.query(user="ann"))).game == "g0"
        assert decoded == [bytes]
        next(score.get_batch([("ann", game) for game in GAMES]))
        score.get(user="ann", game="g0")
        next(iter(score.scan()))
    assert decoded == [bytes] * 4


def test_making_a_query_sends_nothing(score):
    with sent_by(score) as sent:
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
    with sent_by(score) as sent:
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
    with sent_by(score) as sent:
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
        with sent_by(score) as sent:
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
    with sent_by(score) as sent:
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


def test_consistent_reads(score):
    with sent_by(score) as sent:
        assert len(score.query(user="ann").consistent().all()) == 6
        assert len(score.scan().consistent().all()) == 12
        assert len(score.ByPoints.query(user="ann").consistent().all()) == 6
    assert all(request.payload["ConsistentRead"] for request in sent)
    for read in (
        score.ByGame.query(game="g1").consistent(),
        score.ByGame.scan().consistent(),
        score.ByGame.query(game="g1", query_kwargs={"ConsistentRead": True}),
    ):
        with sent_by(score) as sent, pytest.raises(InvalidKey, match="no consistent reads"):
            list(read)
        assert sent == []


def test_a_query_begun_inside_using_and_finished_outside_reads_on_where_it_began(score, library):
    with dynamorm.using(table_prefix="elsewhere-" + score.Table.full_name[5:17]):
        score.Table.create_table()
        filled(score, ("cat",))
        begun = iter(score.scan().page_size(2))
        stepped = score.query(user="cat").page_size(2)
        next(stepped)
        pages = score.scan().page_size(2).pages()
        batch = score.get_batch([("cat", game) for game in GAMES])
        hydrated = iter(score.ByNote.query(note="odd").page_size(1).hydrate())
        lazy = score.query(user="cat")
        next(begun)
    try:
        assert games(begun) == list(GAMES[1:])
        assert games(stepped.again()) == list(GAMES[1:]) and [
            one.game for one in iter(lambda: next(stepped, None), None)
        ]
        assert [one.user for page in pages for one in page.items] == ["cat"] * 6
        assert sorted(games(batch)) == list(GAMES)
        last = list(hydrated)[-1]
        assert last.user == "cat" and last.at is not None
        assert games(lazy) == list(GAMES)
        last.update(wins=77)
        last.losses = 66
        last.save()
        assert score.query(user="cat").exists() is False
        last.refresh()
        assert (last.wins, last.losses) == (77, 66)
    finally:
        with dynamorm.using(table_prefix="elsewhere-" + score.Table.full_name[5:17]):
            score.Table.delete()
