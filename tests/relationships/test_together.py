"""Parents of many children at once, copies and pickles, and threads."""

from __future__ import annotations

import contextvars
import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dynamorm import DynaModelException, ManyToOne

from .models import values


@pytest.fixture
def threads(forum):
    forum.User.put_batch(*({"name": f"user {number}", "motto": str(number)} for number in range(200)))
    forum.Thread.put_batch(
        *({"forum_name": "python", "subject": f"{number:03}", "user_name": f"user {number}"} for number in range(200))
    )
    return forum.Forum(name="python").threads


# Prefetching.


def test_two_hundred_children_and_their_parents_take_four_requests_at_most(forum, threads, requests):
    read = forum.Thread.user.prefetch(threads)
    assert [thread.user.motto for thread in read] == [str(number) for number in range(200)]
    assert requests == ["Query", "BatchGetItem", "BatchGetItem"]


def test_parents_that_children_have_in_common_are_read_once_and_shared(forum, requests):
    forum.User(name="ann").save()
    children = [forum.Thread(forum_name="python", subject=str(number), user_name="ann") for number in range(150)]
    requests.clear()
    assert forum.Thread.user.prefetch(iter(children)) == children
    assert len({id(thread.user) for thread in children}) == 1
    assert children[0].user.name == "ann"
    assert requests == ["BatchGetItem"]


def test_what_is_kept_already_and_what_has_no_parent_is_not_asked_for(forum, requests):
    forum.User(name="ann").save()
    kept = forum.Thread(forum_name="python", subject="1", user=forum.User(name="bob"))
    none = forum.Thread(forum_name="python", subject="2")
    bob = kept.user
    requests.clear()
    forum.Thread.user.prefetch([kept, none])
    assert requests == []
    assert (kept.user, none.user) == (bob, None)
    assert forum.Thread.user.prefetch([]) == []


def test_what_was_prefetched_is_dropped_when_the_key_changes(forum, threads):
    thread = threads[0]
    forum.Thread.user.prefetch([thread])
    thread.user_name = "user 7"
    assert thread.user.motto == "7"


def test_a_parent_that_is_not_there_is_not_asked_for_again(forum, requests):
    children = [forum.Thread(forum_name="python", subject=str(number), user_name="nobody") for number in range(2)]
    forum.Thread.user.prefetch(children)
    assert [values(child.user) for child in children] == [{"name": "nobody"}] * 2
    assert children[0].user is not children[1].user
    assert requests == ["BatchGetItem"]


def test_prefetching_reads_consistently_if_wished(forum, requests):
    child = forum.Thread(forum_name="python", subject="1", user_name="ann")
    forum.Thread.user.prefetch([child], consistent=True)
    (request,) = requests.latest.payload["RequestItems"].values()
    assert request["ConsistentRead"] is True


def test_partners_of_one_to_one_and_of_ways_back_are_prefetched_too(forum, catalogue, requests):
    forum.Forum(name="python").save()
    catalogue.Details(item_version="a:1", description="long").save()
    requests.clear()
    thread = forum.Thread(forum_name="python", subject="1", user_name="ann")
    item = catalogue.Item(id="a", version="1")
    forum.Thread.forum.prefetch([thread])
    catalogue.Item.details.prefetch([item])
    assert (thread.forum.name, item.details.description) == ("python", "long")
    assert requests == ["BatchGetItem", "BatchGetItem"]


def test_only_children_of_the_model_can_be_prefetched_for(forum, requests):
    with pytest.raises(TypeError, match="instances of Thread are meant"):
        forum.Thread.user.prefetch([forum.Forum(name="python")])
    assert requests == []


def test_parents_that_no_primary_key_leads_to_cannot_be_prefetched(forum, requests):
    by_motto = ManyToOne(forum.User, query=lambda thread: {"motto": thread.subject}, auto_create=False)
    by_motto.set_this_model(forum.Thread, "by_motto")
    with pytest.raises(DynaModelException, match="primary key"):
        by_motto.prefetch([forum.Thread(forum_name="python", subject="1")])
    assert requests == []


# Copies.


WAYS = [copy.copy, copy.deepcopy, lambda instance: pickle.loads(pickle.dumps(instance))]


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_an_instance_is_copied_with_the_partner_it_has_loaded(forum, requests, twin_of):
    forum.User(name="ann", motto="first").save()
    thread = forum.Thread(forum_name="python", subject="1", user_name="ann")
    thread.user.motto = "second"
    requests.clear()
    twin = twin_of(thread)
    assert twin.user.motto == "second"
    assert requests == []
    assert (twin.user is thread.user) is (twin_of is copy.copy)


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_an_instance_is_copied_without_a_partner_it_has_not_loaded(forum, requests, twin_of):
    forum.User(name="ann", motto="first").save()
    thread = forum.Thread(forum_name="python", subject="1", user_name="ann")
    requests.clear()
    twin = twin_of(thread)
    assert requests == []
    assert twin.user.motto == "first"
    assert requests == ["GetItem"]
    assert thread.user is not twin.user


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_what_a_copy_is_assigned_the_original_does_not_see(forum, twin_of):
    thread = forum.Thread(forum_name="python", subject="1", user=forum.User(name="ann"))
    twin = twin_of(thread)
    twin.user = forum.User(name="bob")
    assert (thread.user.name, twin.user.name) == ("ann", "bob")
    assert (thread.user_name, twin.user_name) == ("ann", "bob")


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_a_partner_in_a_copy_is_saved_with_the_copy(catalogue, twin_of):
    item = catalogue.Item(id="a", version="1")
    item.details.description = "long"
    twin_of(item).save()
    assert catalogue.Details.get(item_version="a:1").description == "long"


def test_partners_that_keep_each_other_can_be_copied(catalogue):
    item = catalogue.Item(id="a", version="1")
    item.details = catalogue.Details(description="long")
    item.details.item = item
    for twin in (copy.deepcopy(item), pickle.loads(pickle.dumps(item))):
        assert twin.details.item is twin
    item.save()
    assert catalogue.Item.get(id="a", version="1").details.description == "long"


# Threads.


def test_two_threads_on_two_owners_never_see_each_others_partner(forum):
    names = ["ann", "bob", "cid", "dan"]
    for name in names:
        forum.User(name=name, motto=name.upper()).save()
    started = threading.Barrier(len(names))

    def work(name):
        started.wait()
        seen = set()
        for number in range(25):
            thread = forum.Thread(forum_name="python", subject=f"{name}{number}", user_name=name)
            thread.user.motto += str(number)
            seen.add((thread.user.name, thread.user.motto == f"{name.upper()}{number}"))
            thread.user = forum.User(name=f"{name}{number}")
            seen.add((thread.user_name == thread.user.name == f"{name}{number}", True))
        return seen

    with ThreadPoolExecutor(len(names)) as pool:
        jobs = [pool.submit(contextvars.copy_context().run, work, name) for name in names]
    assert [job.result() for job in jobs] == [{(name, True), (True, True)} for name in names]
