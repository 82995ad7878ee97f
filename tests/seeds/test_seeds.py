"""Whole programs, as a user would write them, do what they say on a real engine; the lock holds against a crowd."""

from __future__ import annotations

import contextvars
import multiprocessing
import runpy
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("marshmallow")

import dynamorm
from dynamorm.signals import post_request

from . import lock as lock_program
from .lock import Lock

HERE = Path(__file__).parent
CONTENDERS = 16
# Seconds in which all of them have started on any machine, however busy.
PATIENCE = 300

PRINTED = {
    "book": """
        things: thing1, thing2, thing3
        refused: {'color': ['Must be one of: purple, red, blue, yellow.']}
        still: red
        a number for a name: '4'
        refused: ['title']
        by key: Foo
        no such key: None
        not by Mr. Bar: Quux
        by Mr. Bar: Foo, Foo Again
        on the index: Foo, Foo Again
        a hash key is found by equality; a scan looks at everything: Foo, Foo Again
        out of print: Foo, Foo Again, Quux
        of the index, partial: True [None, None]
        whole, by a batch: Foo, Quux
    """,
    "forum": """
        threads: 2 ['Snails', 'Tomatoes']
        by their users: ['Snails (bob)', 'Tomatoes (ann)']
        replies: ['Water them.', 'Daily?', 'Twice.']
        the latest: Twice.
        bob's: ['Water them.', 'Twice.']
        of bob: 2 replies, 1 thread
        and back: Tomatoes in gardening by slowly
        more of ann's: ['Knives', 'Tomatoes']
        said ['bob: Water them.', 'ann: Daily?', 'bob: Twice.']
        now by: ann
        still there: bob ann ['ann', 'bob']
        ann's: ['Knives', 'Snails', 'Tomatoes'] bob's: False
        closed: ['Snails', 'Tomatoes']
        users: ['bob']
    """,
    "lock": """
        mine: True
        theirs: False
        still mine: True
        theirs now: True
    """,
    "accounts": """
        same: username username
        the id is not unique: True
        as long as the name is the same: new@email.com
        changed meanwhile: new@email.com
        not deleted, since it was changed
        deleted: True
        somebody is there: second
    """,
    "shop": """
        ordered: 49.0 revision 1 12:00:00
        placed already
        left: {'Sand': 1, 'Wind': 4, 'Stars': 0}
        out of stock: {'Sand': 1, 'Stars': 0}
        bob's: 0 and still 4 of Wind
        it was changed meanwhile, and is paid since 12:03:00
        at one moment: canceled 3 [3, 5, 1]
    """,
    "top_scores": """
        mine: [('Comet Quest', 9000), ('Galaxy Invaders', 120), ('Master Blaster', 9001)]
        top of Galaxy Invaders: def 340
        wins: 3 with the top score still 120
        a first win: 1
        over 9000: ['def'] by GameTitleIndex
        synced by its key alone: 9001
    """,
    "arcade": """
        missing: Pong, Doom
        kept, with losses: 1
        found: [('Pong', 1)]
        loaded: Pong, Doom
        kept, with losses: 2
        found: [('Pong', 2)]
        loaded: Pong, Doom
        kept, with losses: 3
        found: [('Pong', 3)]
        loaded: Pong, Doom
        deleted
        found: [('Pong', 4)]
        missing: Doom
        kept, with losses: 1
        found: [('Pong', 5)]
        counted: 52
        somebody else counted meanwhile
        busy days: [52, 99] [77]
        that day: ['joe@example.com'] 2
    """,
    "social": """
        all of ann's: picture:1 (14), tweet:1 (0), tweet:2 (3)
        tweets: tweet:1 (0), tweet:2 (3)
        Query of the table
        key: userid eq 'ann'
        key: uid begins_with 'tweet:'
        from 2 on: tweet:2 (3)
        by key: https://example.com/soup.png
        best of ann's: picture:1 (14), tweet:2 (3), tweet:1 (0)
        tweets with 4 points or more: tweet:1 (5)
        both have replied: 3 replies, 15 points
        liked: 6
        made popular: tweet:1 (105), tweet:1 (15), tweet:2 (3)
        deleted: None and gone from the index: tweet:1 (15), tweet:2 (3)
        still in the table: 1
        pictures liked: 1
        best of ann's: picture:1 (17), tweet:1 (15), tweet:2 (3)
    """,
    "one_table": """
        in one query: ['Ann'] ['a1', 'a2', 'a3', 'a4'] 5 lines
        newest first: ['a4', 'a3', 'a2', 'a1']
        of a week: ['a2', 'a3']
        of a day: ['a2', 'a3']
        pk eq 'CUSTOMER#ann@example.com'
        sk between 'ORDER#2026-05-02T12:00:00Z', 'ORDER#2026-05-09T12:00:00['
        placed gte '2026-05-02T12:00:00+00:00'
        placed lt '2026-05-09T12:00:00+00:00'
        open, dearest first: ['b1', 'a4', 'a3']
        for more than 10: ['a4', 'b1']
        what was sent is not in that index: ['a1']
        by its number: bob@example.com 249.9 ['Stars', 'Rain#2']
        order and lines at once: ['b1'] [2, 1]
        in Oslo: ['Ann'] []
        pages: ['a1', 'a2'] ['a3', 'a4'] None and back ['a1', 'a2']
        pages of all kinds: ['LLLL', 'LOOO', 'OC']
        to be paid: ['a3', 'a4', 'b1']
        paid: ['a4', 'a2'] STATUS#paid
        sent: None
        paid: ['a3', 'a2']
        moved: False ['Ann'] ['a1', 'a2', 'a3', 'a4'] 5
        found by its number: ann@example.org ['ann@example.org']
        removed: 10 left: 5
    """,
    "courses": """
        s1 math#1 enrolled
        s1 art enrolled
        s2 math#1 enrolled
        s2 math#1 enrolled already
        s3 math#1 no seat left
        Ann's: ['art', 'math#1']
        Ann and all that is hers: ['Enrolment', 'Enrolment', 'Student']
        in Numbers by the index: ['s1', 's2']
        and by name: ['Ann', 'Bob'] 0 seats left
        course and students at once: ['Course', 'Enrolment', 'Enrolment']
        of Numbers by Ann with grade 1 under STUDENT#s1 COURSE#math#1
        graded: 1
        gone: 2 left: ['s2']
    """,
    "places": """
        country: 4 1 2 3 7 5
        state: 1 2 3
        city: 2 3
        zip: 3
        states with New: 4 1 2 3 7 5
        cities with A: 1
        zips from 10010 on: 3
        states from New J to New York: 4 1 2 3
        Query of index 'by-place'
        key: country eq 'US'
        key: place begins_with 'New York#'
        filter: zip eq '10036'
        with a gap: 3 4
        odd ones: ['New York$0#Odd#1$02#7']
        a country has to be given
        without a place: None and moved: New York#Buffalo#14201#1 1
        not in any city: None 2 3
        tea in a state: 1
        closed in a city: 2
        left: 4 7 5 and abroad 6
    """,
    "sign_up": """
        ann: 1
        the same address: email taken by 1
        the same handle: tenant and handle taken by 1
        elsewhere: 4
        moved: None 1
        free again: 5
        swapped: ann@example.com
        deleted: None 6
        users: ['ann@example.com', 'ann@example.org', 'lee@example.com']
        all guards are right: []
    """,
    "renaming": """
        old programs and the first release: 12 old, 0 new, 0 mixed visits True
        old programs read all: True
        both releases: 0 mixed True visits True
        migrated: 0 old, 13 new, 0 mixed visits True
        the last one: Comer
    """,
    "soft_delete": """
        notes: a d 2
        in the bin: b c
        by its key: note b
        taken back: a b d
        changed: 3 note c
        after a month: a b d None
        a new one: None
        all: a b c d 4
    """,
}


@pytest.mark.parametrize("name", PRINTED)
def test_the_program_runs_and_says_what_it_should(name, capsys):
    runpy.run_path(str(HERE / f"{name}.py"), run_name="__main__")
    assert capsys.readouterr().out.split("\n")[:-1] == [line.strip() for line in PRINTED[name].split("\n")[1:-1]]


def test_every_program_here_is_run():
    assert {path.stem for path in HERE.glob("[a-z]*.py")} - {"test_seeds"} == PRINTED.keys()


def at_once(contend):
    """Let threads, each with the settings of the test, begin at the same moment; returns what they gave."""
    barrier = threading.Barrier(CONTENDERS)
    with ThreadPoolExecutor(CONTENDERS) as pool:
        tasks = [
            pool.submit(contextvars.copy_context().run, contend, f"key {number}", barrier)
            for number in range(CONTENDERS)
        ]
        return [task.result(timeout=PATIENCE) for task in tasks]


class Refusals:
    """Counts the writes that DynamoDB refused, where they are answered."""

    def __init__(self):
        self.count = 0
        self._counting = threading.Lock()

    def __call__(self, sender, error=None, **details):
        if isinstance(error, dynamorm.ConditionFailed):
            with self._counting:
                self.count += 1


def test_of_sixteen_threads_that_all_saw_the_lock_free_one_takes_it_and_the_others_are_refused(dynamo_tables):
    dynamo_tables(Lock)
    Lock.named("door")

    def contend(key, barrier):
        found = Lock.named("door")
        assert not found.is_locked
        barrier.wait(PATIENCE)
        return key, found.take(key).key

    refusals = Refusals()
    with post_request.connected_to(refusals, sender=Lock):
        ended = at_once(contend)
    winners = [key for key, holder in ended if key == holder]
    assert len(winners) == 1
    assert {holder for _, holder in ended} == set(winners)
    assert refusals.count == CONTENDERS - 1
    assert Lock.get(name="door", consistent=True).key == winners[0]


def test_of_sixteen_threads_that_meet_at_a_lock_nobody_made_yet_one_takes_it(dynamo_tables):
    dynamo_tables(Lock)

    def contend(key, barrier):
        barrier.wait(PATIENCE)
        return Lock.lock("new door", key).key == key

    assert at_once(contend).count(True) == 1
    assert Lock.get(name="new door", consistent=True).is_locked


def test_a_turn_of_each_of_sixteen_threads_comes_once_and_never_beside_another(dynamo_tables):
    dynamo_tables(Lock)
    inside: list[str] = []
    most: list[int] = []

    def contend(key, barrier):
        barrier.wait(PATIENCE)
        while Lock.lock("room", key).key != key:
            threading.Event().wait(0.01)
        inside.append(key)
        most.append(len(inside))
        inside.remove(key)
        Lock.unlock("room", key)
        return key

    assert len(set(at_once(contend))) == CONTENDERS
    assert most == [1] * CONTENDERS
    assert not Lock.get(name="room", consistent=True).is_locked


def contend_elsewhere(settings, name, key, barrier, answers):
    """What a process of its own does: see the lock free, wait for all others, and try to take it."""
    refusals = Refusals()
    with dynamorm.using(**settings), post_request.connected_to(refusals, sender=Lock):
        found = Lock.named(name)
        was_free = not found.is_locked
        barrier.wait(PATIENCE)
        answers.put((key, found.take(key).key, was_free, refusals.count))


def test_of_sixteen_processes_that_all_saw_the_lock_free_one_takes_it_and_the_others_are_refused(dynamo_tables):
    dynamo_tables(Lock)
    Lock.named("gate")
    settings = {
        "endpoint_url": dynamo_tables.endpoint_url,
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "table_prefix": dynamo_tables.prefix,
    }
    # a server that has imported everything forks them: sixteen interpreters need not start one by one
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "boto3"])
    barrier, answers = context.Barrier(CONTENDERS), context.Queue()
    contenders = [
        context.Process(target=contend_elsewhere, args=(settings, "gate", f"key {number}", barrier, answers))
        for number in range(CONTENDERS)
    ]
    for contender in contenders:
        contender.start()
    ended = [answers.get(timeout=PATIENCE) for _ in contenders]
    for contender in contenders:
        contender.join(PATIENCE)
    assert all(was_free for _, _, was_free, _ in ended)
    winners = [key for key, holder, _, _ in ended if key == holder]
    assert len(winners) == 1
    assert {holder for _, holder, _, _ in ended} == set(winners)
    assert sum(refused for _, _, _, refused in ended) == CONTENDERS - 1


def test_the_lock_holds_where_the_clock_stands_still(dynamo_tables, monkeypatch):
    dynamo_tables(Lock)
    monkeypatch.setattr(lock_program.time, "time_ns", lambda: 1_700_000_000_000_000_000)
    Lock.unlock("drawer", "before")
    Lock.lock("drawer", "before")
    Lock.unlock("drawer", "before")
    late = Lock.named("drawer")
    Lock.lock("drawer", "first")
    assert late.take("second").key == "first"
    assert Lock.get(name="drawer", consistent=True).key == "first"


def test_a_lock_that_was_taken_and_given_back_meanwhile_is_read_again_first(dynamo_tables):
    dynamo_tables(Lock)
    stale = Lock.named("drawer")
    Lock.lock("drawer", "other")
    Lock.unlock("drawer", "other")
    assert stale.take("late").key is None
    assert Lock.lock("drawer", "late").key == "late"


def test_nobody_gives_back_a_lock_that_another_holds(dynamo_tables):
    dynamo_tables(Lock)
    Lock.lock("drawer", "mine")
    assert Lock.unlock("drawer", "theirs").key == "mine"
    stale = Lock.named("drawer")
    Lock.unlock("drawer", "mine")
    Lock.lock("drawer", "theirs")
    assert stale.give_back("mine").key == "theirs"
    assert Lock.get(name="drawer", consistent=True).is_locked
