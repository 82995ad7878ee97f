"""The many that belong to an instance: a query that is also sized."""

from __future__ import annotations

import copy
import pickle

import pytest

from dynamorm import InvalidKey, OneToMany
from dynamorm.reading.query import QueryIterator
from dynamorm.relationships import QuerySet


@pytest.fixture
def python(forum):
    """A forum with threads a to e of ann's and f of bob's."""
    for subject in "abcde":
        forum.Thread(forum_name="python", subject=subject, user_name="ann", views=ord(subject) - ord("a")).save()
    forum.Thread(forum_name="python", subject="f", user_name="bob", views=5).save()
    forum.Thread(forum_name="ruby", subject="a", user_name="ann").save()
    return forum.Forum(name="python")


def subjects(threads):
    return "".join(thread.subject for thread in threads)


def sorted_by_subject(threads):
    return sorted(threads, key=lambda thread: thread.subject)


def test_it_is_a_query_that_asks_nothing_before_it_is_used(python, requests):
    assert isinstance(python.threads, QueryIterator)
    assert isinstance(python.threads, QuerySet)
    assert requests == []


def test_iterating_gives_all_that_belong_to_the_instance(python, requests):
    assert subjects(thread for thread in python.threads) == "abcdef"
    assert requests == ["Query"]


def test_all_pages_are_read(python, requests):
    assert subjects(python.threads.page_size(2)) == "abcdef"
    assert len(python.threads.page_size(4)) == 6
    assert requests.count("Query") >= 5


def test_its_length_reads_and_keeps_what_iterations_then_use(python, requests):
    threads = python.threads
    assert len(threads) == 6
    assert requests == ["Query"]
    assert (len(threads), subjects(threads), subjects(threads), bool(threads)) == (6, "abcdef", "abcdef", True)
    assert requests == ["Query"]


@pytest.mark.parametrize("gather", [list, tuple, sorted_by_subject, lambda threads: [*threads]])
def test_what_asks_for_the_length_on_its_own_reads_once(python, requests, gather):
    assert subjects(gather(python.threads)) == "abcdef"
    assert requests == ["Query"]


def test_what_one_query_keeps_no_other_uses(forum, python):
    threads = python.threads
    refined = threads.filter(views__gte=3)
    assert len(threads) == 6
    forum.Thread(forum_name="python", subject="g", user_name="ann", views=6).save()
    assert len(threads) == 6
    assert len(python.threads) == 7
    assert subjects(threads.filter(views__gte=3)) == subjects(refined) == "defg"
    assert subjects(threads.limit(2)) == "ab"


def test_its_truth_reads_one(forum, python, requests):
    assert python.threads
    assert requests.latest.payload["Limit"] == 1
    assert not forum.Forum(name="empty").threads
    assert requests == ["Query", "Query"]


def test_count_asks_the_server_every_time(forum, python, requests):
    threads = python.threads
    assert threads.count() == 6
    forum.Thread(forum_name="python", subject="g", user_name="ann").save()
    assert threads.count() == 7
    assert requests == ["Query", "PutItem", "Query"]


def test_it_can_be_refined_like_any_query(forum, python):
    threads = python.threads
    assert subjects(threads.filter(subject__gt="b", user_name="ann")) == "cde"
    assert subjects(threads.filter(forum.Thread.views > 3)) == "ef"
    assert subjects(threads.reverse().limit(2)) == "fe"
    assert threads.first().subject == "a"
    assert threads.first(reverse=True).subject == "f"
    assert threads[1].subject == "b"
    assert subjects(threads[:3]) == "abc"
    assert threads.filter(user_name="bob").one().subject == "f"
    assert subjects(threads) == "abcdef"


def test_it_gives_pages_with_cursors(python):
    first = python.threads.page(4)
    second = python.threads.page(4, first.next_cursor)
    assert (subjects(first.items), subjects(second.items), second.next_cursor) == ("abcd", "ef", None)
    assert [subjects(page.items) for page in python.threads.page_size(4).pages()][:2] == ["abcd", "ef"]


def test_next_steps_through_it(python):
    threads = python.threads
    assert (next(threads).subject, next(threads).subject) == ("a", "b")


def test_it_can_go_over_an_index(forum, python):
    ann = forum.User(name="ann")
    assert ann.threads.explain().index_name == "threads-by-user"
    assert sorted(thread.subject for thread in ann.threads) == list("aabcde")
    assert len(ann.threads) == ann.threads.count() == 6


def test_what_an_index_holds_in_part_is_partial_unless_it_is_hydrated(forum, python):
    bob = forum.User(name="bob")
    (found,) = bob.threads
    assert found.is_partial
    assert found.views is None
    (whole,) = bob.threads.hydrate()
    assert (whole.is_partial, whole.views) == (False, 5)


def test_an_owner_without_a_key_has_none_and_says_so(forum, requests):
    with pytest.raises(InvalidKey, match="has no threads yet: the query gives no value for forum_name"):
        _ = forum.Forum().threads
    assert requests == []


def test_it_follows_the_key_of_its_owner(python):
    assert python.threads.count() == 6
    python.name = "ruby"
    assert python.threads.count() == 1


def test_the_class_gives_the_relationship(forum):
    assert isinstance(forum.Forum.threads, OneToMany)
    assert forum.Forum.threads is forum.Forum.relationships["threads"]


def test_it_cannot_be_assigned_nor_given_to_a_constructor(forum):
    forum_ = forum.Forum(name="python")
    with pytest.raises(TypeError, match="leads to many"):
        forum_.threads = []
    with pytest.raises(TypeError, match="leads to many"):
        forum.Forum(name="python", threads=[])


def test_deleting_the_attribute_deletes_nothing_and_deleting_the_query_does(forum, python):
    with pytest.raises(AttributeError, match=r"threads\.delete\(\)"):
        del python.threads
    assert python.threads.count() == 6
    assert python.threads.delete() == 6
    assert not python.threads
    assert forum.Forum(name="ruby").threads.count() == 1


def test_it_can_be_pickled_with_and_without_what_it_keeps(python, requests):
    threads = python.threads
    assert subjects(pickle.loads(pickle.dumps(threads))) == "abcdef"
    assert len(threads) == 6
    requests.clear()
    assert subjects(pickle.loads(pickle.dumps(threads))) == subjects(copy.copy(threads)) == "abcdef"
    assert requests == []


def test_a_query_set_can_be_made_of_a_model_and_its_keys(forum, python):
    assert subjects(QuerySet(forum.Thread, {"forum_name": "python"}).filter(views__lt=2)) == "ab"
    assert QuerySet(forum.Thread, {"user_name": "bob"}, forum.Thread.ByUser).count() == 1
    assert QuerySet(forum.Thread, {"user_name": "bob"}, "threads-by-user").count() == 1
