"""No lock of this library outlives what held it: a fork, a finalizer, another lock's wait."""

from __future__ import annotations

import ast
import gc
import os
import threading

import pytest

import dynamorm
from dynamorm import drivers, locks
from dynamorm.flows import Pause, Start, WaitAny
from dynamorm.locks import Latch, Lock, cached_property

from .forks import in_forked_child, needs_fork, while_a_thread
from .layers import modules, name_of

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

PRIMITIVES = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier", "Queue"}
PRIMITIVES |= {"LifoQueue", "PriorityQueue", "SimpleQueue", "Future", "ThreadPoolExecutor", "allocate_lock"}
HAVE_THEM = {"threading", "_thread", "queue", "multiprocessing", "concurrent.futures", "asyncio"}
# What is known of the locks of others, and what ends with the program that it is started for.
FREE = {"locks", "connection.botocore_locks"}


def locks_made_in(tree):
    """Return the lines on which a lock of Python's own is named, or a decorator that has one."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            # a future of asyncio's has no lock
            if node.module in HAVE_THEM and names & PRIMITIVES - ({"Future"} if node.module == "asyncio" else set()):
                found.append(node.lineno)
            if node.module == "functools" and "cached_property" in names:
                found.append(node.lineno)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in HAVE_THEM and node.attr in PRIMITIVES:
                found.append(node.lineno)
            if node.value.id == "functools" and node.attr == "cached_property":
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_lock_is_one_that_a_fork_renews(path):
    if name_of(path) not in FREE:
        assert locks_made_in(ast.parse(path.read_text())) == []


def test_a_lock_of_pythons_own_is_found():
    wrong = (
        "import functools\nimport threading\nfrom queue import SimpleQueue\n"
        "from functools import cached_property, partial\n"
        "lock = threading.Lock()\nclass C:\n    @functools.cached_property\n    def x(self): ...\n"
    )
    assert locks_made_in(ast.parse(wrong)) == [3, 4, 5, 7]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_what_is_imported_late_is_imported_where_a_fork_waits(path):
    """Inside of ``with importing``: the locks that Python has for imports do not outlive a fork."""
    tree = ast.parse(path.read_text())
    guarded = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and any(ast.unparse(item.context_expr) == "importing" for item in node.items)
        for inner in ast.walk(node)
    }
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.Lambda)):
            for node in ast.walk(function):
                is_import = isinstance(node, (ast.Import, ast.ImportFrom)) or (
                    isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__"))
                )
                assert not is_import or node in guarded or name_of(path).startswith("local"), node.lineno


def test_no_object_that_the_library_keeps_holds_a_lock_of_pythons_own():
    """Whatever the sources say: what hangs on the library's modules and classes is looked at as it is."""
    kinds = tuple({type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Event})
    found = []
    for one in gc.get_objects():
        if isinstance(one, dict) and str(one.get("__name__", "")).startswith("dynamorm."):
            found += [f"{one['__name__']}.{name}" for name, value in one.items() if isinstance(value, kinds)]
        elif str(type(one).__module__).startswith("dynamorm.") and type(one) not in (Lock, Latch):
            found += [f"{type(one).__name__}.{name}" for name, value in _parts(one) if isinstance(value, kinds)]
    assert {one for one in found if not one.endswith(".importing")} == set()


def _parts(one):
    own = getattr(one, "__dict__", None)
    return list(own.items()) if type(own) is dict else []


@needs_fork
def test_a_lock_that_a_thread_holds_is_free_in_a_child():
    lock = Lock()

    def take():
        with lock:
            pass

    with while_a_thread(lock):
        in_forked_child(take)


@needs_fork
def test_a_lock_that_the_forking_thread_holds_stays_its_own():
    lock = Lock()

    def leave():
        lock.__exit__()
        with lock:
            pass

    with lock:
        in_forked_child(leave)
        pid = os.fork()
        if not pid:
            # another thread of the child does not get it
            taken = []
            thread = threading.Thread(target=lambda: taken.append(lock._lock.acquire(blocking=False)))
            thread.start()
            thread.join()
            os._exit(int(taken != [False]))
        assert os.waitpid(pid, 0)[1] == 0


@needs_fork
def test_a_fork_waits_for_an_import_and_its_thread_goes_on_importing():
    def again():
        with locks.importing:
            pass

    with locks.importing:
        in_forked_child(again)
    in_forked_child(again)


def test_a_value_that_two_threads_compute_is_one_value():
    both = threading.Barrier(2)

    class Computing:
        @cached_property
        def value(self):
            both.wait(10)
            return object()

    one, seen = Computing(), []
    threads = [threading.Thread(target=lambda: seen.append(one.value)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 2
    if type(Computing.__dict__["value"]).__module__ == "dynamorm.locks":
        assert seen[0] is seen[1] is one.value


def test_of_several_waiters_all_learn_of_an_end():
    """Two flows wait for a third; that one of them stops waiting does not hide the end from the other."""
    over = threading.Event()

    def slow():
        yield Pause(0)
        while not over.is_set():
            yield Pause(0.001)
        return "done"

    def waiting(handle):
        yield WaitAny([handle])
        return handle.result()

    def all_of_them():
        handle = yield Start(slow())
        waiters = []
        for _ in range(5):
            waiters.append((yield Start(waiting(handle))))
        over.set()
        results = []
        while waiters:
            ended = yield WaitAny(list(waiters))
            waiters.remove(ended)
            results.append(ended.result())
        return results

    assert drivers.run(all_of_them()) == ["done"] * 5


@needs_fork
def test_a_child_is_told_that_a_flow_of_the_parents_is_lost():
    over = threading.Event()

    def slow():
        yield Pause(0)
        over.wait()

    def begin():
        return (yield Start(slow()))

    def wait(handle):
        yield WaitAny([handle])
        handle.result()

    handle = drivers.run(begin())

    def work():
        with pytest.raises(dynamorm.exceptions.ConnectionFailed, match="forked"):
            drivers.run(wait(handle))

    in_forked_child(work)
    over.set()
    drivers.run(wait(handle))


@needs_fork
def test_a_child_goes_on_with_a_query_that_the_parent_reads_ahead(score):
    read = iter(score.query(user="ann").page_size(1).prefetch())
    first = next(read)

    def work():
        left = []
        while True:
            try:
                left += list(read)
                break
            except dynamorm.exceptions.ConnectionFailed:
                continue  # the page that was on its way to the parent
        assert len(left) == len(score.query(user="ann").all()) - 1
        assert first.user == "ann"

    in_forked_child(work)
    list(read)


def test_a_finalizer_may_look_at_an_instance_while_another_thread_makes_a_state(score, monkeypatch):
    """What is collected while a state is made may wait for a thread that wants a state itself."""
    from dynamorm.instances import state

    one, other = score.query(user="ann").all()[:2]
    of_memory = state.State.of_memory.__func__
    begun = []

    def making(cls, memory):
        made = of_memory(cls, memory)
        if not begun:
            begun.append(1)
            thread = threading.Thread(target=lambda: other.is_dirty, daemon=True)
            thread.start()
            thread.join(10)
            assert not thread.is_alive(), "the other thread waits for this one"
            assert not one.is_dirty  # as a finalizer in this thread may ask
        return made

    monkeypatch.setattr(state.State, "of_memory", classmethod(making))
    assert not one.is_dirty
    inspected = dynamorm.inspect(one)
    one.points = 77
    assert one.is_dirty and inspected is not None
