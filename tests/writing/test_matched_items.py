"""Updating and deleting everything that a read matches."""

from __future__ import annotations

import pytest
from boto3.dynamodb.conditions import Attr

from dynamorm import InvalidExpression, InvalidKey, ValidationError
from dynamorm.signals import pre_request

from ..scores import games
from ..traffic import sent_by


def test_delete_of_what_matched_counts(score):
    assert score.query(user="ann", game__gte="g2").filter(wins=1).page_size(1).delete() == 2
    assert games(score.query(user="ann")) == ["g0", "g1", "g2", "g4"]
    assert score.scan(user="ben").limit(2).delete() == 2
    assert score.query(user="ben").count() == 4
    assert score.ByGame.query(game="g4").delete() == 2
    assert score.query(user="nobody").delete() == 0
    assert score.scan().delete() == score.scan().count() + 6


def test_update_of_what_matched_counts(score):
    assert score.query(user="ann").filter(wins=1).page_size(2).update(losses=100, points__plus=1) == 3
    assert [(one.points, one.losses) for one in score.query(user="ann", game__lte="g1")] == [(0, 5), (11, 100)]
    assert score.scan(losses=100).update(score.losses.remove(), nick="gone") == 3
    changed = score.get(user="ann", game="g1")
    assert (changed.losses, changed.nick) == (None, "gone")
    assert score.ByGame.query(game="g5").update(meta__level__plus=1) == 2
    assert score.get(user="ben", game="g5").meta == {"level": 6}
    assert score.query(user="ann").update() == 0
    with pytest.raises(InvalidKey):
        score.query(user="ann").update(game="g9")
    with pytest.raises(ValidationError):
        score.query(user="ann").update(wins="many")


def _change_before(operation, model, **key_and_change):
    """Let somebody else change an item right before the first request of a kind."""
    done = []

    def interfere(sender, request):
        if request.operation == operation and not done:
            done.append(request)
            change = dict(key_and_change)
            key = {"user": change.pop("user"), "game": change.pop("game")}
            if change:
                for name, value in change.items():
                    model.Table.table.update_item(
                        Key=key,
                        UpdateExpression="SET #n = :v",
                        ExpressionAttributeNames={"#n": name},
                        ExpressionAttributeValues={":v": value},
                    )
            else:
                model.Table.table.delete_item(Key=key)

    return pre_request.connected_to(interfere, sender=model)


def test_update_skips_what_no_longer_matches_and_brings_nothing_back(score):
    with _change_before("UpdateItem", score, user="ann", game="g3", wins=0):
        assert score.query(user="ann").filter(wins=1).update(losses=100) == 2
    assert score.get(user="ann", game="g3").losses == 2
    with _change_before("UpdateItem", score, user="ann", game="g4"):
        assert score.query(user="ann", game__gte="g4").update(losses=50) == 1
    assert score.get(user="ann", game="g4") is None


def test_delete_skips_what_no_longer_matches(score):
    with _change_before("DeleteItem", score, user="ann", game="g3", wins=0):
        assert score.query(user="ann").filter(wins=1).delete() == 2
    assert games(score.query(user="ann")) == ["g0", "g2", "g3", "g4"]
    with _change_before("DeleteItem", score, user="ann", game="g2"):
        assert score.query(user="ann").delete() == 3
    with _change_before("DeleteItem", score, user="ben", game="g3", points=31):
        assert score.ByPoints.query(user="ben", points__gte=30, points__lte=30).delete() == 0
    assert score.get(user="ben", game="g3").points == 31


def test_an_update_that_moves_items_within_the_index_that_is_read_changes_each_once(score):
    assert score.ByPoints.query(user="ann", points__gte=0).page_size(1).update(points__plus=1000) == 6
    assert [one.points for one in score.query(user="ann")] == [1000, 1010, 1020, 1030, 1040, 1050]
    assert score.ByPoints.query(user="ann").page_size(1).reverse().limit(2).update(points__minus=2000) == 2
    assert [one.points for one in score.query(user="ann")] == [1000, 1010, 1020, 1030, -960, -950]


def test_update_and_delete_with_conditions_as_text_are_refused(score):
    text = {"FilterExpression": "wins = :one", "ExpressionAttributeValues": {":one": 1}}
    with sent_by(score) as sent:
        for write in (lambda query: query.delete(), lambda query: query.update(wins=2)):
            with pytest.raises(InvalidExpression, match="FilterExpression as text"):
                write(score.query(user="ann", query_kwargs=text))
    assert sent == []
    assert score.query(user="ann", query_kwargs={"FilterExpression": Attr("wins").eq(1)}).delete() == 3
