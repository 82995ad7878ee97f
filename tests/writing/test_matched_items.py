"""Updating and deleting everything that a read matches."""

from __future__ import annotations

import threading
import time

import pytest
from boto3.dynamodb.conditions import Attr
from botocore.stub import Stubber

import dynamorm
from dynamorm import BatchError, F, InvalidExpression, InvalidKey, ValidationError, drivers
from dynamorm.expressions import Comparison
from dynamorm.guards import CARRIED, Demand, Guards
from dynamorm.many import writes
from dynamorm.reading.pages import Chunk
from dynamorm.signals import post_request, pre_request

from ..clocks import Clock
from ..libraries import integer, text
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


# Several at a time, in measure, or not at all.


@pytest.fixture
def many(score):
    """So many scores of one user that they take several pages and batches."""
    score.put_batch(*({"user": "cat", "game": f"g{number:03}", "points": number} for number in range(60)))
    return score


class Broken(Exception):
    pass


@pytest.mark.parametrize("concurrency", [1, 4, 100])
def test_several_writes_under_way_write_everything_once(many, concurrency):
    query = many.query(user="cat").page_size(7)
    assert query.update(points__plus=1_000, concurrency=concurrency) == 60
    assert [one.points for one in many.query(user="cat")] == [1_000 + number for number in range(60)]
    assert query.filter(points__gte=1_010).limit(20).delete(concurrency=concurrency) == 20
    assert many.scan(user="cat").parallel(3).delete(concurrency=concurrency) == 40
    assert many.query(user="cat").count() == 0 and many.scan().count() == 12


def test_as_many_writes_as_were_asked_for_are_under_way(many):
    together, most = threading.Barrier(4), []
    lock, now = threading.Lock(), [0]

    def before(sender, request):
        if request.operation == "DeleteItem":
            with lock:
                now[0] += 1
                most.append(now[0])
            together.wait(30)  # nobody goes on before four are under way
            with lock:
                now[0] -= 1

    with pre_request.connected_to(before, sender=many):
        assert many.query(user="cat").delete(concurrency=4) == 60
    assert max(most) == 4


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_the_first_error_by_position_is_raised_after_those_under_way_have_ended(many, concurrency):
    later = threading.Event()

    def fail(sender, request):
        game = request.payload["Key"]["game"]["S"] if request.operation == "UpdateItem" else ""
        if game == "g020" and concurrency > 1:
            assert later.wait(30)  # those after it fail before it
            time.sleep(0.05)
        if game == "g021":
            later.set()
        if game in ("g020", "g021", "g022"):
            raise Broken(game)

    with pre_request.connected_to(fail, sender=many), pytest.raises(Broken, match="g020") as caught:
        many.query(user="cat").page_size(9).update(losses=1, concurrency=concurrency)
    written = [one.game for one in many.query(user="cat").filter(losses=1)]
    assert written[:20] == [f"g{number:03}" for number in range(20)]
    assert not {"g020", "g021", "g022"}.intersection(written)
    assert caught.value.done == len(written)
    assert concurrency > 1 or len(written) == 20
    # and again, as if nothing had happened
    rest = many.query(user="cat").filter(losses__not_exists=True)
    assert rest.update(losses=1, concurrency=concurrency) == 60 - len(written)


def test_an_error_of_reading_waits_for_what_is_under_way_too(many):
    reads = []

    def fail(sender, request):
        if request.operation == "Query":
            reads.append(request)
            if len(reads) == 3:
                raise Broken("reading")

    with pre_request.connected_to(fail, sender=many), pytest.raises(Broken, match="reading") as caught:
        many.query(user="cat").page_size(10).delete(concurrency=5)
    assert caught.value.done == 20
    assert many.query(user="cat").count() == 40


def test_progress_is_told_of_each_answer(many):
    told = []
    with _change_before("UpdateItem", many, user="cat", game="g003", wins=0):
        query = many.query(user="cat").filter(wins__not_exists=True)
        assert query.update(wins=1, progress=told.append) == 59
    assert [(one.done, one.failed, one.total) for one in told[:5]] == [
        (1, 0, None),
        (2, 0, None),
        (3, 0, None),
        (3, 1, None),
        (4, 1, None),
    ]
    assert all(type(one) is dynamorm.Progress for one in told) and told[-1][:2] == (59, 1)
    seconds = [one.seconds for one in told]
    assert seconds == sorted(seconds) and seconds[0] >= 0
    # what is known beforehand is told
    told.clear()
    many.ByPoints.query(user="cat").update(points__plus=1, progress=told.append, concurrency=4)
    assert {one.total for one in told} == {60} and told[-1].done == 60
    told.clear()
    many.query(user="cat").delete(recheck=False, progress=told.append)
    assert [one.done for one in told] == [25, 50, 60]


def test_what_progress_raises_ends_it(many):
    def tell(progress):
        if progress.done == 10:
            raise Broken("enough")

    for concurrency in (1, 4):
        with pytest.raises(Broken, match="enough") as caught:
            many.query(user="cat").delete(progress=tell, concurrency=concurrency)
        assert 10 <= caught.value.done < 10 + concurrency
        many.put_batch(*({"user": "cat", "game": f"g{number:03}", "points": number} for number in range(60)))


def test_a_dry_run_counts_and_writes_nothing(many, operations):
    operations.clear()
    told = []
    assert many.query(user="cat").filter(points__lt=30).update(points=0, dry_run=True, progress=told.append) == 30
    assert many.query(user="cat").delete(dry_run=True) == 60
    assert many.query(user="cat").limit(7).delete(dry_run=True, recheck=False, concurrency=4) == 7
    assert many.scan().delete(dry_run=True) == 72
    assert many.query(user="cat").update(dry_run=True) == 0
    assert set(operations) == {"Query", "Scan"} and told == []
    with pytest.raises(ValidationError):
        many.query(user="cat").update(wins="many", dry_run=True)
    with pytest.raises(InvalidKey):
        many.query(points__gt=3).delete(dry_run=True)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_deletes_by_keys_go_twenty_five_a_request(many, concurrency):
    with sent_by(many) as sent:
        assert many.query(user="cat").page_size(20).delete(recheck=False, concurrency=concurrency) == 60
    batches = [request.payload["RequestItems"] for request in sent if request.operation == "BatchWriteItem"]
    assert sorted(len(batch[many.Table.full_name]) for batch in batches) == [10, 25, 25]
    assert many.query(user="cat").count() == 0 and many.scan().count() == 12
    assert many.ByGame.query(game="g4").delete(recheck=False) == 2
    assert many.query(user="nobody").delete(recheck=False) == 0


def test_deletes_by_keys_do_not_look_again(score):
    with _change_before("BatchWriteItem", score, user="ann", game="g3", wins=0):
        assert score.query(user="ann").filter(wins=1).delete(recheck=False) == 3
    assert games(score.query(user="ann")) == ["g0", "g2", "g4"]


def test_keys_that_are_left_undone_are_sent_again_until_that_is_given_up(score, monkeypatch):
    monkeypatch.setattr(writes, "jitter", lambda rounds: 0.0)
    table = score.Table.full_name

    def answers(requests):
        stubber = Stubber(score.Table.client)
        for asked, undone in requests:
            deletes, left = (
                [{"DeleteRequest": {"Key": {"user": {"S": "ann"}, "game": {"S": game}}}} for game in some]
                for some in (asked, undone)
            )
            answer = {"UnprocessedItems": {table: left} if left else {}}
            stubber.add_response("batch_write_item", answer, {"RequestItems": {table: deletes}})
        return stubber

    everything = [f"g{number}" for number in range(6)]
    keys = score.query(user="ann")
    read = list(keys)
    monkeypatch.setattr(type(keys._read), "pages", lambda self, **options: Known(self.store.here, read))
    with answers([(everything, ["g4", "g1"]), (["g4", "g1"], ["g1"]), (["g1"], [])]):
        assert keys.delete(recheck=False) == 6
    given_up = answers([(everything, ["g4", "g1"])] + [(["g4", "g1"], ["g4", "g1"])] * 10)
    with given_up, pytest.raises(BatchError, match="2 of a batch could not be written") as caught:
        keys.delete(recheck=False)
    assert caught.value.done == 4
    assert [one["game"] for one in caught.value.missing] == ["g1", "g4"]


class Known:
    """The pages of a read whose items are known."""

    is_resumable = True

    def __init__(self, place, instances):
        self.place = place
        self._items = [one.to_item() for one in instances]

    def next_page(self):
        items, self._items = self._items, None
        return items and Chunk(items, None, None)
        yield


@pytest.mark.parametrize("recheck", [True, False])
def test_writes_are_held_to_a_budget(many, monkeypatch, recheck):
    clock = Clock()
    monkeypatch.setattr(drivers, "time", clock)
    consumed = []

    def note(sender, consumed=None, _into=consumed, request=None, **rest):
        if request.operation in ("DeleteItem", "BatchWriteItem", "UpdateItem"):
            each = consumed if isinstance(consumed, list) else [consumed]
            _into.append(sum(one["CapacityUnits"] for one in each))

    with post_request.connected_to(note, sender=many):
        many.query(user="cat").update(losses=1, rate_limit=20)
        assert consumed and all(consumed)
        assert sum(clock.slept) == pytest.approx(sum(consumed[:-1]) / 20)
        clock.slept.clear()
        consumed.clear()
        many.query(user="cat").delete(rate_limit=10, recheck=recheck)
    assert sum(clock.slept) == pytest.approx(sum(consumed[:-1]) / 10)
    clock.slept.clear()
    many.scan().delete(recheck=recheck)
    assert clock.slept == []


def test_what_no_longer_matches_is_paid_for_too(score, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(drivers, "time", clock)
    with _change_before("DeleteItem", score, user="ann", game="g0", wins=1):
        assert score.query(user="ann", game__lte="g1").filter(wins__not_exists=True).delete(rate_limit=2) == 0
    score.put({"user": "eve", "game": "a", "points": 1})
    score.put({"user": "eve", "game": "b", "points": 1})
    clock.slept.clear()
    with _change_before("DeleteItem", score, user="eve", game="a", wins=1):
        assert score.query(user="eve").filter(wins__not_exists=True).delete(rate_limit=2) == 1
    assert clock.slept == [0.5]


def test_what_cannot_be_meant_is_refused_before_anything_is_read(many):
    with sent_by(many) as sent:
        for options in (
            {"concurrency": 0},
            {"concurrency": True},
            {"concurrency": "4"},
            {"progress": 5},
            {"rate_limit": 0},
            {"rate_limit": "fast"},
            {"dry_run": "yes"},
        ):
            for write in (lambda **o: many.scan().delete(**o), lambda **o: many.scan().update(wins=1, **o)):
                with pytest.raises(InvalidExpression, match=next(iter(options))):
                    write(**options)
    assert sent == []


def test_a_field_with_the_name_of_a_keyword_is_changed_by_an_action(library, dynamo_tables):
    fields = {"id": text(required=True), "progress": integer(), "concurrency": integer()}
    (job,) = dynamo_tables(library.model("Job", {"name": "jobs", "hash_key": "id"}, fields))
    job.put({"id": "1"})
    with pytest.raises(InvalidExpression, match=r"F\('progress'\)\.set"):
        job.scan().update(progress=50)
    with pytest.raises(InvalidExpression, match=r"F\('concurrency'\)\.set"):
        job.scan().update(concurrency=0)
    assert job.scan().update(job.progress.set(50), F("concurrency").add(2)) == 1
    found = job.get(id="1")
    assert (found.progress, found.concurrency) == (50, 2)


def test_a_table_that_demands_a_check_of_every_delete_does_not_delete_by_keys_alone(score, monkeypatch):
    demand = Demand((Comparison(("points",), "exists"),))
    monkeypatch.setattr(Guards, "of_delete", lambda self, expected=CARRIED, fits=False: demand)
    with sent_by(score) as sent:
        for options in ({}, {"dry_run": True}):
            with pytest.raises(InvalidExpression, match="demands a check"):
                score.scan().delete(recheck=False, **options)
    assert sent == []
    assert score.query(user="ann").delete() == 6
