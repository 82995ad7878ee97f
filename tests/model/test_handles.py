"""Handles of models: the same verbs, in one place."""

from __future__ import annotations

import asyncio
import copy
import pickle
import threading

import pytest

import dynamorm
from dynamorm import (
    DynaModel,
    DynaModelException,
    GlobalIndex,
    InvalidKey,
    ManyToOne,
    OneToMany,
    OneToOne,
    ProjectAll,
    Q,
    WrongPlace,
)

fields = pytest.importorskip("marshmallow.fields")


class Room(DynaModel):
    class Table:
        name = "rooms"
        hash_key = "hotel"
        range_key = "number"
        billing_mode = "PAY_PER_REQUEST"

    class ByFloor(GlobalIndex):
        name = "by-floor"
        hash_key = "floor"
        projection = ProjectAll()

    class Schema:
        hotel = fields.String(required=True)
        number = fields.Integer(required=True)
        floor = fields.Integer()
        beds = fields.Integer()

    guests = OneToMany(
        "Guest", query=lambda room: {"room": room.number}, back_query=lambda guest: {"number": guest.room}
    )
    key = OneToOne("Key", query=lambda room: {"room": room.number}, back_reference=False)

    @classmethod
    def of_two(cls):
        return cls.scan(beds=2)

    @classmethod
    def get(cls, **keys):
        return super().get(**keys)

    @classmethod
    async def aof_two(cls):
        await asyncio.sleep(0)
        return cls.of_two().all()

    @classmethod
    def guests_of_two(cls):
        return [guest.name for room in cls.of_two() for guest in Guest.query(room=room.number)]

    @staticmethod
    def is_odd(number):
        return number % 2 == 1


class Guest(DynaModel):
    class Table:
        name = "guests"
        hash_key = "room"
        range_key = "name"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        room = fields.Integer(required=True)
        name = fields.String(required=True)


class Key(DynaModel):
    class Table:
        name = "keys"
        hash_key = "room"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        room = fields.Integer(required=True)
        shape = fields.String()


class Bell(DynaModel):
    class Table:
        name = "bells"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        id = fields.String(required=True)
        room = fields.Integer()

    rings_for = ManyToOne(Key, query=lambda bell: {"room": bell.room}, back_reference=False)


ROOM = {"hotel": "ritz", "number": 1, "floor": 0, "beds": 2}


@pytest.fixture
def acme(dynamo_tables):
    """The settings of a tenant with tables of its own."""
    dynamo_tables(Room, Guest, Key, Bell)
    settings = {"table_prefix": dynamo_tables.prefix + "acme-"}
    with dynamorm.using(**settings):
        dynamorm.create_tables(Room, Guest, Key, Bell)
    yield settings
    with dynamorm.using(**settings):
        for model in (Room, Guest, Key, Bell):
            model.Table.delete()


@pytest.fixture
def rooms(acme):
    return Room.using(**acme)


def test_every_verb_goes_to_the_handles_place(rooms, acme):
    rooms.put(ROOM)
    with pytest.raises(dynamorm.HashKeyExists):
        rooms.put_unique(ROOM)
    rooms.put_batch({**ROOM, "number": 2}, {**ROOM, "number": 3})
    rooms.update_item(hotel="ritz", number=1, beds=3)
    rooms.patch(hotel="ritz", number=2, beds__plus=1)
    rooms.upsert(hotel="ritz", number=4, beds=1)
    rooms.delete_item(hotel="ritz", number=3)
    rooms(**{**ROOM, "number": 5}).save()
    assert Room.scan().count() == 0
    with dynamorm.using(**acme):
        assert {room.number: room.beds for room in Room.scan()} == {1: 3, 2: 3, 4: 1, 5: 2}
    assert rooms.get(hotel="ritz", number=1).beds == 3
    assert rooms.require(hotel="ritz", number=1, consistent=True).beds == 3
    assert rooms.exists(hotel="ritz", number=1) and not rooms.exists(hotel="ritz", number=3)
    assert [room.number for room in rooms.get_batch([("ritz", 4), ("ritz", 1)], ordered=True)] == [4, 1]
    assert [room.number for room in rooms.query(hotel="ritz", number__gt=1)] == [2, 4, 5]
    assert rooms.find(floor=0).count() == 3
    assert rooms.ByFloor.query(floor=0, beds__lt=3).one().number == 5
    assert rooms.ByFloor.scan().count() == 3
    assert {one.number for one in rooms.scan().parallel(2)} == {1, 2, 4, 5}
    assert rooms.query(hotel="ritz").update(beds=9) == 4 == rooms.scan(rooms.beds == 9).delete()
    assert rooms.Table.full_name == acme["table_prefix"] + "rooms" != Room.Table.full_name
    assert rooms.Table.exists


def test_what_it_gives_are_instances_of_the_model_that_stay_there(rooms):
    rooms.put(ROOM)
    found, made = rooms.get(hotel="ritz", number=1), rooms(hotel="ritz", number=2)
    assert type(found) is type(made) is Room and isinstance(made, rooms)
    made.beds = 4
    for one in (made, copy.copy(made), copy.deepcopy(made)):
        one.save()
    found.update(beds__plus=1)
    found.floor = 3
    found.save(partial=True)
    assert Room.scan().count() == 0 and rooms.scan().count() == 2
    assert rooms.new_from_raw({"hotel": "ritz", "number": 3}).save() and rooms.scan().count() == 3
    assert rooms.from_item(found.to_item()) == found


def test_a_handle_holds_in_other_contexts_and_threads(rooms, dynamo_tables):
    rooms.put(ROOM)
    read = []

    def look():
        with dynamorm.using(table_prefix=dynamo_tables.prefix + "nowhere-"):
            read.append(rooms.get(hotel="ritz", number=1))
            read.extend(rooms.query(hotel="ritz"))

    look()
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert len(read) == 4 and None not in read


def test_what_the_model_defines_itself_is_called_there(rooms):
    rooms.put(ROOM)
    lazy = rooms.of_two()
    assert lazy.one().number == 1 and Room.of_two().all() == []
    assert asyncio.run(rooms.aof_two()) == [lazy.one()]
    assert rooms.is_odd(3)
    assert rooms.get(hotel="ritz", number=1) and not Room.get(hotel="ritz", number=1)


def test_other_models_that_are_reached_by_it_are_the_tenants_too(rooms, acme):
    rooms.put(ROOM)
    room = rooms.get(hotel="ritz", number=1)
    with dynamorm.using(**acme):
        Guest(room=1, name="Mrs. Foo").save()
        Bell(id="b", room=1).save()
        bell = Bell.get(id="b")
    assert rooms.guests_of_two() == ["Mrs. Foo"]
    assert [guest.name for guest in room.guests] == ["Mrs. Foo"]
    room.key.shape = "long"
    room.save()
    assert Key.scan().count() == 0
    assert rooms.get(hotel="ritz", number=1).key.shape == "long" == bell.rings_for.shape
    with dynamorm.using(**acme):
        bell, free = Bell.get(id="b"), Bell(id="c", room=1)
    Bell.rings_for.prefetch([bell, free])
    assert bell.rings_for.shape == "long" and free.rings_for.shape is None


def test_a_table_may_have_any_name(rooms, dynamo_tables):
    there = Room.using(table_name=rooms.Table.full_name)
    there.put(ROOM)
    assert rooms.get(hotel="ritz", number=1) and there.of_two().count() == 1
    assert there.using(transport="boto3").Table.full_name == rooms.Table.full_name


class TestGiven:
    @pytest.fixture
    def ritz(self, rooms):
        return rooms.using(given={"hotel": "ritz"})

    def test_is_filled_in(self, ritz, rooms):
        ritz.put({"number": 1, "beds": 2, "floor": 0})
        ritz.put_batch({"number": 2}, {"number": 3})
        ritz(number=4).save()
        ritz.update_item(number=4, beds=1)
        ritz.upsert(number=5)
        ritz.patch(number=5, beds=7)
        ritz.delete_item(number=3)
        rooms.put({**ROOM, "hotel": "savoy"})
        assert [room.number for room in ritz.query()] == [1, 2, 4, 5]
        assert {room.hotel for room in ritz.scan()} == {room.hotel for room in ritz.ByFloor.query(floor=0)} == {"ritz"}
        assert ritz.find(number__gt=4).one().beds == ritz.get(number=5).beds == 7
        assert [room.number for room in ritz.get_batch([1, {"number": 2}, ("ritz", 4)])] == [1, 2, 4]
        assert ritz.exists(number=1) and ritz.get(hotel="ritz", number=1).beds == 2
        assert ritz.of_two().one().hotel == "ritz"

    @pytest.mark.parametrize(
        "call",
        [
            lambda ritz: ritz.get(hotel="savoy", number=1),
            lambda ritz: ritz.put({"hotel": "savoy", "number": 1}),
            lambda ritz: ritz.put(Room(hotel="savoy", number=1)),
            lambda ritz: ritz.put_batch({"hotel": "savoy", "number": 1}),
            lambda ritz: ritz(hotel="savoy", number=1),
            lambda ritz: ritz.update_item(hotel="savoy", number=1, beds=1),
            lambda ritz: ritz.delete_item(hotel="savoy", number=1),
            lambda ritz: ritz.upsert(hotel="savoy", number=1),
            lambda ritz: list(ritz.get_batch([("savoy", 1)])),
            lambda ritz: ritz.query(hotel="savoy"),
            lambda ritz: ritz.query(Q(hotel="savoy")).all(),
            lambda ritz: ritz.query(hotel__gt="a").all(),
            lambda ritz: ritz.using(given={"hotel": "savoy"}),
            lambda ritz: ritz.using(given={"beds": 2}),
            lambda ritz: ritz.using(given={"color": 2}),
        ],
    )
    def test_is_never_contradicted(self, ritz, rooms, call):
        with pytest.raises(InvalidKey):
            call(ritz)
        assert rooms.scan().count() == 0


def test_a_query_of_a_handle_is_read_in_another_process_where_the_same_table_is(rooms, acme):
    rooms.put(ROOM)
    read = pickle.loads(pickle.dumps(rooms.query(hotel="ritz")))
    with pytest.raises(WrongPlace, match="acme-rooms"):
        read.all()
    with dynamorm.using(**acme):
        assert read.one().number == 1


def test_a_handle_itself_is_not_pickled_and_shows_no_secret(acme):
    handle = Room.using(aws_access_key_id="AKIDCANARY", aws_secret_access_key="canary", **acme)
    with pytest.raises(DynaModelException, match="cannot be pickled"):
        pickle.dumps(handle)
    assert "anary" not in repr(handle).lower() and "acme-rooms" in repr(handle)


def test_options_that_mean_nothing_are_refused():
    with pytest.raises(dynamorm.exceptions.ConfigurationError, match="table_prefix"):
        Room.using(prefix="acme-")


class TestQueries:
    """One made among settings belongs to them; one made outside follows the settings where it is read."""

    def test_belong_where_they_were_made(self, rooms, acme):
        rooms.put(ROOM)
        with dynamorm.using(**acme):
            made = [Room.query(hotel="ritz"), Room.scan(), Room.ByFloor.query(floor=0), Room.find(hotel="ritz")]
        for read in made:
            assert read.filter(beds=2).count() == read.limit(1).one().number == read.page(1).items[0].beds - 1 == 1
            assert read.filter(beds=2).update(beds=2) == 1

    def test_of_outside_follow(self, rooms, acme):
        rooms.put(ROOM)
        read = Room.query(hotel="ritz")
        assert read.all() == []
        with dynamorm.using(**acme):
            assert read.one().number == 1
        assert read.all() == []

    def test_sign_their_cursors_with_the_key_of_their_place(self, rooms, acme):
        rooms.put_batch(ROOM, {**ROOM, "number": 2})
        with dynamorm.using(cursor_key="a secret", **acme):
            read = Room.query(hotel="ritz")
        cursor = read.page(1).next_cursor
        assert read.page(1, cursor).items[0].number == 2
        with dynamorm.using(**acme), pytest.raises(dynamorm.exceptions.InvalidCursor):
            Room.query(hotel="ritz").page(1, cursor)
