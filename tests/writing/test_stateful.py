"""Random sequences of writes by several instances of a few items, held against what they must come to."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
from typing import Any

import pytest
from dateutil import parser
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import dynamorm.exceptions
from dynamorm import F, Q, inspect

from ..books import PUBLISHER
from ..libraries import collection, integer, listing, mapping, moment, nested, text
from .reference import COUNTERS, DEFAULTS, KEY, UNKNOWN, Action, Refused, Store, Twin

FIELDS = {
    KEY: text(required=True),
    "title": text(required=True),
    "hits": integer(),
    "wins": integer(default=DEFAULTS["wins"], stored="Wins"),
    "at": moment(),
    "tags": listing(text(), default=list),
    "genres": collection(text()),
    "meta": mapping(),
    "publisher": nested(PUBLISHER, stored="pub"),
}
STORED = {"wins": "Wins", "publisher": "pub"}
STORED_INSIDE = {"name": "Name", "founded": "since"}

numbers = st.integers(-3, 3)
words = st.sampled_from(["a", "b", "c", "d"])
moments = st.sampled_from([dt.datetime(2024, 5, day, 7, 8, 9, tzinfo=dt.timezone.utc) for day in (1, 2)])
# keys that look like operators, positions and paths are keys all the same
metas = st.dictionaries(
    st.sampled_from(["x", "y", "plus", "0", "a.b", "a__b"]),
    st.one_of(numbers, words, st.lists(numbers, max_size=2), st.dictionaries(words, numbers, max_size=2)),
    max_size=3,
)
publishers = st.fixed_dictionaries({}, optional={"name": words, "city": words, "founded": numbers})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": words,
    "hits": numbers,
    "wins": numbers,
    "at": moments,
    "tags": st.lists(words, max_size=3),
    "genres": st.sets(words, max_size=3),
    "meta": metas,
    "publisher": publishers,
}
assignments = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.tuples(st.just(name), st.one_of(VALUES[name], VALUES[name], st.none()))
)
values_given = st.fixed_dictionaries({}, optional=VALUES)
conditions = st.one_of(st.none(), st.none(), st.none(), words)
keys = st.sampled_from(["one", "two", "three"])


def changing(name: str, kind: str, values: st.SearchStrategy[Any], *inside: Any) -> st.SearchStrategy[Action]:
    return st.builds(Action, st.just(kind), st.just((name, *inside)), values)


actions = st.lists(
    st.one_of(
        changing("title", "set", words),
        changing("hits", "plus", numbers),
        changing("hits", "set", numbers),
        changing("wins", "minus", numbers),
        changing("wins", "if_not_exists", numbers),
        changing("at", "set", moments),
        changing("at", "remove", st.none()),
        changing("tags", "append", st.lists(words, min_size=1, max_size=2)),
        changing("tags", "prepend", st.lists(words, min_size=1, max_size=1)),
        changing("tags", "set", words, 0),
        changing("genres", "add", st.sets(words, min_size=1, max_size=2)),
        changing("genres", "delete", st.sets(words, min_size=1, max_size=2)),
        changing("meta", "set", metas),
        changing("meta", "set", numbers, "x"),
        changing("meta", "remove", st.none(), "y"),
        changing("meta", "if_not_exists", numbers, "y"),
        changing("publisher", "set", words, "city"),
        changing("publisher", "plus", numbers, "founded"),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda action: action.path[0],
)


def arguments(chosen: list[Action]) -> tuple[list[Any], dict[str, Any]]:
    """Write actions half as actions, half as keyword arguments, so that both forms are used."""
    done, updates = [], {}
    for number, action in enumerate(chosen):
        if number % 2:
            target = F(*action.path) if len(action.path) > 1 else F(action.path[0])
            method = getattr(target, action.kind)
            done.append(method() if action.kind == "remove" else method(action.value))
        else:
            words = [*map(str, action.path), *([] if action.kind == "set" else [action.kind])]
            if action.kind == "remove" and len(action.path) > 1:
                words.pop()
            updates["__".join(words)] = None if action.kind == "remove" else action.value
            if action.kind == "remove":
                updates = {name.removesuffix("__remove"): value for name, value in updates.items()}
    return done, updates


def plain(name: str, value: Any) -> Any:
    """Return a value in the form that the reference has it in."""
    if name == "publisher":
        inner = value if isinstance(value, dict) else dict(value)
        names = {stored: python for python, stored in STORED_INSIDE.items()}
        return {names.get(key, key): value for key, value in inner.items() if value is not None}
    return copy.deepcopy(value)


def held_by(instance: Any) -> dict[str, Any]:
    held = instance.to_dict(native=True)
    return {name: plain(name, value) for name, value in held.items() if value is not None and value != set()}


def stored_item(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what boto3 reads, by Python names and in native form."""
    names = {stored: name for name, stored in STORED.items()}
    item = {names.get(name, name): value for name, value in raw.items()}
    if "at" in item:
        item["at"] = parser.parse(item["at"])
    return {name: plain(name, value) for name, value in item.items()}


class Writes(RuleBasedStateMachine):
    """``model`` is set for each library."""

    model: Any
    runs = itertools.count()
    live = Bundle("live")

    def __init__(self) -> None:
        super().__init__()
        self.run = next(self.runs)
        self.store = Store()
        self.twins: list[tuple[Any, Twin]] = []
        self.touched: set[str] = set()

    def full(self, key: str) -> str:
        return f"{self.run}-{key}"

    def both(self, key: str, ours: Any, theirs: Any) -> Any:
        """Do the same to the library and to the reference: both succeed, or both refuse for the same reason."""
        self.touched.add(key)
        wanted = None
        try:
            twin = theirs()
        except Refused as refusal:
            wanted, twin = refusal.name, None
        try:
            result = ours()
        except dynamorm.exceptions.DynamoException as error:
            names = [kind.__name__ for kind in type(error).__mro__]
            if wanted not in names:
                raise
            return None
        assert wanted is None, f"{wanted} was to be raised"
        return self.living(result, twin) if isinstance(twin, Twin) else result

    def living(self, instance: Any, twin: Twin) -> Any:
        self.twins.append((instance, twin))
        return instance, twin

    # Instances come to be.

    @rule(target=live, key=keys, given=values_given)
    def new(self, key, given):
        key = self.full(key)
        return self.living(self.model(**{KEY: key}, **copy.deepcopy(given)), Twin(self.store, key, given))

    @rule(target=live, key=keys)
    def get(self, key):
        key = self.full(key)
        pair = self.both(key, lambda: self.model.require(**{KEY: key}), lambda: Twin.loaded(self.store, key))
        return pair or self.new_at(key)

    def new_at(self, key: str) -> Any:
        """Return an instance of what could not be read, so that there is one."""
        return self.living(self.model(**{KEY: key}, title="a"), Twin(self.store, key, {"title": "a"}))

    # Classes write.

    @rule(key=keys, given=values_given, title=words)
    def put(self, key, given, title):
        key = self.full(key)
        values = {**given, KEY: key, "title": title}
        self.both(
            key,
            lambda: self.model.put(copy.deepcopy(values)),
            lambda: self.store.put(key, Twin(self.store, key, values).held),
        )

    @rule(key=keys, chosen=actions)
    def update_item(self, key, chosen):
        key = self.full(key)
        chosen = self.possible(key, chosen)
        done, updates = arguments(chosen)
        self.both(
            key,
            lambda: self.model.update_item(*done, **{KEY: key}, **updates),
            lambda: self.store.update(key, chosen),
        )

    @rule(target=live, key=keys, chosen=actions)
    def patch(self, key, chosen):
        key = self.full(key)
        chosen = self.possible(key, chosen)
        done, updates = arguments(chosen)

        def patched() -> Twin:
            if key not in self.store.items:
                raise Refused("DoesNotExist")
            self.store.update(key, chosen)
            return Twin.loaded(self.store, key)

        return self.both(key, lambda: self.model.patch(*done, **{KEY: key}, **updates), patched) or self.new_at(key)

    @rule(target=live, key=keys, chosen=actions)
    def upsert(self, key, chosen):
        key = self.full(key)
        chosen = self.possible(key, chosen)
        done, updates = arguments(chosen)

        def upserted() -> Twin:
            touched = {action.path[0] for action in chosen}
            if "title" not in touched:
                raise Refused("DynaModelException")
            defaults = [Action("if_not_exists", (name,), value) for name, value in DEFAULTS.items()]
            self.store.update(key, [*chosen, *(action for action in defaults if action.path[0] not in touched)])
            return Twin.loaded(self.store, key)

        return self.both(key, lambda: self.model.upsert(*done, **{KEY: key}, **updates), upserted) or self.new_at(key)

    def possible(self, key: str, chosen: list[Action]) -> list[Action]:
        """Leave out positions past the end of a list, with which engines deal each in its own way."""
        tags = self.store.items.get(key, {}).get("tags")
        return [action for action in chosen if not (action.path == ("tags", 0) and tags == [])]

    # Somebody else writes.

    @rule(key=keys, value=words)
    def write_what_the_schema_does_not_know(self, key, value):
        key = self.full(key)
        if key in self.store.items:
            self.update_raw(key, "SET #u = :u", {"#u": UNKNOWN}, {":u": {"deep": value}})
            self.store.items[key][UNKNOWN] = {"deep": value}

    @rule(key=keys, day=st.integers(1, 9))
    def write_a_moment_in_another_form(self, key, day):
        key = self.full(key)
        if key in self.store.items:
            self.update_raw(key, "SET #a = :a", {"#a": "at"}, {":a": f"2024-05-0{day}T07:08:09Z"})
            self.store.items[key]["at"] = dt.datetime(2024, 5, day, 7, 8, 9, tzinfo=dt.timezone.utc)

    def update_raw(self, key: str, expression: str, names: dict[str, str], values: dict[str, Any]) -> None:
        self.touched.add(key)
        self.model.Table.table.update_item(
            Key={KEY: key},
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    # Instances change.

    @rule(pair=live, assignment=assignments)
    def assign(self, pair, assignment):
        (instance, twin), (name, value) = pair, assignment
        setattr(instance, name, copy.deepcopy(value))
        twin.assign(name, value)

    @rule(pair=live, name=st.sampled_from(sorted(VALUES)))
    def leave_out(self, pair, name):
        instance, twin = pair
        if name in twin.held:
            delattr(instance, name)
            twin.assign(name, None)

    @rule(pair=live, word=words, number=numbers)
    def change_in_place(self, pair, word, number):
        instance, twin = pair
        for holder in (instance.__dict__, twin.held):
            if "tags" in twin.held:
                holder["tags"].append(word)
            if "genres" in twin.held:
                holder["genres"].add(word)
            if "meta" in twin.held:
                holder["meta"]["plus"] = number
                for inner in holder["meta"].values():
                    if isinstance(inner, dict):
                        inner[word] = number
            if "publisher" in twin.held:
                publisher = holder["publisher"]
                if isinstance(publisher, dict):
                    publisher["city"] = word
                else:
                    publisher.city = word

    @rule(pair=live, name=st.sampled_from(COUNTERS), amount=numbers)
    def incr(self, pair, name, amount):
        instance, twin = pair
        instance.incr(**{name: amount})
        twin.incr(name, amount)

    # Instances write.

    @rule(pair=live, condition=conditions, unique=st.booleans())
    def save(self, pair, condition, unique):
        instance, twin = pair
        unique = unique and condition is None
        options = {} if condition is None else {"conditions": {"title": condition}}
        self.both(twin.key, lambda: instance.save(unique=unique, **options), lambda: twin.save(condition, unique))

    @rule(pair=live, condition=conditions)
    def partial_save(self, pair, condition):
        instance, twin = pair
        options = {} if condition is None else {"conditions": Q(title=condition)}
        self.both(twin.key, lambda: instance.save(partial=True, **options), lambda: twin.partial_save(condition))

    @rule(pair=live, chosen=actions, condition=conditions, return_all=st.booleans())
    def update(self, pair, chosen, condition, return_all):
        instance, twin = pair
        chosen = self.possible(twin.key, chosen)
        if not chosen:
            return
        done, updates = arguments(chosen)
        if condition is not None:
            done.append(self.model.title == condition)
        self.both(
            twin.key,
            lambda: instance.update(*done, return_all=return_all, **updates),
            lambda: twin.update(chosen, condition, return_all),
        )

    @rule(pair=live, condition=conditions)
    def sync(self, pair, condition):
        instance, twin = pair
        given = () if condition is None else (Q(title=condition),)
        self.both(twin.key, lambda: instance.sync(*given), lambda: twin.sync(condition))

    @rule(pair=live)
    def refresh(self, pair):
        instance, twin = pair
        self.both(twin.key, instance.refresh, twin.load)

    @rule(pair=live, condition=conditions)
    def delete(self, pair, condition):
        instance, twin = pair
        given = () if condition is None else ([F("title") == condition],)
        self.both(twin.key, lambda: instance.delete(*given), lambda: twin.delete(condition))

    # What holds after each step.

    @invariant()
    def what_is_stored_is_what_must_be(self):
        for key in self.touched:
            found = self.model.Table.table.get_item(Key={KEY: key}, ConsistentRead=True).get("Item")
            assert (found and stored_item(found)) == self.store.items.get(key)
        self.touched.clear()

    @invariant()
    def instances_hold_and_know_what_they_must(self):
        for instance, twin in self.twins:
            assert held_by(instance) == twin.held
            changed = [name for name in twin.changed() if twin.base is None or name != KEY]
            assert sorted(instance.changes) == sorted(changed), (instance.changes, changed)
            assert instance.is_dirty == bool(changed)
            assert inspect(instance).is_loaded == (twin.base is not None)


@pytest.fixture
def machine(library, dynamo_tables):
    """A machine whose rules are called by hand."""
    (model,) = dynamo_tables(library.model("Item", {"name": "items", "hash_key": KEY}, FIELDS))
    return type("Machine", (Writes,), {"model": model})()


@pytest.mark.parametrize("there", [0, "a", [1]])
@pytest.mark.parametrize("assigned", [{"x": {"a": 2, "b": 1}}, {"x": {"a": 1}}, {"x": {"b": 2}, "y": 1}])
@pytest.mark.parametrize("verb", ["partial_save", "sync"])
def test_a_map_that_was_changed_here_and_is_none_there_by_now(machine, there, assigned, verb):
    machine.put("one", {"meta": {"x": {"a": 1, "b": 1}}}, "a")
    pair = machine.get("one")
    machine.update_item("one", [Action("set", ("meta", "x"), there)])
    machine.assign(pair, ("meta", assigned))
    getattr(machine, verb)(pair, None)
    machine.what_is_stored_is_what_must_be()
    machine.instances_hold_and_know_what_they_must()


@pytest.mark.slow
def test_any_sequence_of_writes_leaves_what_it_must_in_table_and_instances(library, dynamo_tables):
    (model,) = dynamo_tables(library.model("Item", {"name": "items", "hash_key": KEY}, FIELDS))
    machine = type("Machine", (Writes,), {"model": model})
    # a tenth of what properties of single values are given: 200 runs in the long form
    runs = max(settings().max_examples // 10, 10)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=runs, stateful_step_count=50, report_multiple_bugs=False)
    )
