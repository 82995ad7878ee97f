"""The same items through generated functions and through a schema's library: the same values or the same errors."""

from __future__ import annotations

import copy
from collections import Counter
from random import Random
from types import SimpleNamespace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import DynamoException
from dynamorm.instances import settle
from dynamorm.mapper import Mapper
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE, adapter_for
from dynamorm.schema.compiler import COMPILED, CONVERTED, Compiled, SchemaLayout
from dynamorm.state import Origin, State, Stateful

from ..specs import single_key
from .items import changed, item_of
from .sameness import copied, outcome, same

ITEMS = 25
# some items can be compared one way only, so there are more schemas than it takes at best
LENIENT = settings(suppress_health_check=list(HealthCheck), max_examples=settings.default.max_examples * 3 // 2)


def mappers(inner):
    """Give two mappers of one schema, with and without generated functions."""
    kind = adapter_for("Book", inner)
    schema = kind.adopt("BookSchema", inner)
    made = []
    for _ in range(2):
        adapter = kind(schema)
        key = next(iter(adapter.by_stored))
        made.append(Mapper("Book", adapter, single_key(key, "S")))
    compiled, plain = made
    plain.adapter.__dict__["compiled"] = Compiled("Book", lambda mode: SchemaLayout("Book", [], "no", "no"), WHOLE)
    return compiled, plain


def made_or_skipped(schema):
    try:
        return mappers(schema.inner)
    except (DynamoException, ValueError):
        assume(False)


def agree(compiled, plain, how):
    assert compiled[0] == plain[0] and same(compiled[1], plain[1]), f"{how}\ncompiled: {compiled}\nplain: {plain}"


def compare_loads(compiled, plain, item, mode, tally, told):
    quick = compiled.adapter.compiled.loads[mode](copy.deepcopy(item))
    found = ("value", quick) if quick is not None else outcome(compiled.load, copy.deepcopy(item), mode)
    expected = outcome(plain.load, copy.deepcopy(item), mode)
    agree(found, expected, f"load {mode} of {item!r} by {told}")
    assert same(compiled.unknown(item), plain.unknown(item))
    compare_received(compiled, plain, item, mode, quick, told)
    tally["load", quick is not None, expected[0]] += 1
    return quick is not None, expected


def compare_received(compiled, plain, item, mode, quick, told):
    """Compare what an instance keeps of its item with what it would remember by way of the library."""
    receiver = compiled.receiver(mode)
    received = receiver.receive(copy.deepcopy(item), Origin(None, mode == PARTIAL, receiver))
    assert (received is None) == (quick is None), f"receive {mode} of {item!r} by {told}"
    if received is None or received[1] is None:
        return
    agree(("value", received[0]), ("value", quick), f"receive {mode} of {item!r} by {told}")
    found = State.of_kept(received[1])
    expected = remembered(plain, copy.deepcopy(item), plain.load(copy.deepcopy(item), mode))
    for name in ("loaded", "original", "defaults", "extra"):
        agree((name, getattr(found, name)), (name, getattr(expected, name)), f"{mode} of {item!r} by {told}")


def remembered(mapper, item, values):
    class Holder(Stateful):
        _dynamorm = SimpleNamespace(store=SimpleNamespace(mapper=mapper))

    holder = Holder()
    settle(holder, item, values, False, None)
    return holder._dynamorm_state


def compare_dumps(compiled, plain, natives, check, tally, told):
    quick = compiled.adapter.compiled.dumps[check](copied(natives))
    found = ("value", quick) if quick is not None else outcome(lambda: compiled.dump(copied(natives), check=check))
    expected = outcome(lambda: plain.dump(copied(natives), check=check))
    agree(found, expected, f"dump {check} of {natives!r} by {told}")
    tally["dump", quick is not None, expected[0]] += 1
    return quick is not None, expected


def compare_given(compiled, plain, natives, is_as_loaded, rng, tally, told):
    """Compare what becomes of values that a program gives to a constructor, and of those that it puts."""
    given = {name: value for name, value in natives.items() if rng.random() < 0.9}
    defaults = rng.random() < 0.7
    found, expected = (
        outcome(lambda mapper=mapper: mapper.given(copied(given), defaults=defaults)) for mapper in (compiled, plain)
    )
    agree(found, expected, f"constructor with {given!r} by {told}")
    if is_as_loaded:
        found, expected = (outcome(lambda mapper=mapper: mapper.take(copied(given))) for mapper in (compiled, plain))
        agree(found, expected, f"put of {given!r} by {told}")
    quick = compiled.adapter.compiled.given.natives(copied(given), defaults)
    tally["given", quick is not None, expected[0]] += 1


def compare_puts(compiled, plain, item, natives, rng, tally, told):
    """Compare what becomes of values in any form that a program gives, or puts."""
    try:
        values = plain.plain(item)
    except DynamoException:
        values = {}
    names = {spec.stored: spec.name for spec in plain.adapter.inputs}
    stored = {names[name] if name in names and rng.random() < 0.8 else name: one for name, one in values.items()}
    for put in (stored, changed(stored, rng), changed(natives, rng), {**stored, **natives}):
        for call in ("take", "given"):
            found, expected = (outcome(getattr(mapper, call), copied(put)) for mapper in (compiled, plain))
            agree(found, expected, f"{call} of {put!r} by {told}")
        quick = outcome(compiled.adapter.compiled.given.wire, copied(put))
        is_put = outcome(plain.take, copied(put))[0]
        tally["put", quick != ("value", None), is_put] += 1


def is_all_compiled(direction):
    return bool(direction) and set(direction.fields.values()) <= {COMPILED, CONVERTED}


def compare_all(schema, seed, tally, puts):
    """Compare loads and dumps of many items of one schema."""
    compiled, plain = made_or_skipped(schema)
    rng = Random(seed)
    for place in range(ITEMS):
        good = place % 2 == 0
        item = item_of(schema, rng, good)
        mode = WHOLE if place % 5 else rng.choice([TRUSTED, PARTIAL])
        quick, (outcome_, natives) = compare_loads(compiled, plain, item, mode, tally, schema.told)
        if outcome_ == "error":
            continue
        if good and is_all_compiled(compiled.adapter.compiled.loading):
            tally["good load", quick] += 1
        check = place % 3 != 0
        natives = {name: value for name, value in natives.items() if name in compiled.adapter.fields}
        quick, (outcome_, _) = compare_dumps(compiled, plain, natives, check, tally, schema.told)
        if good and is_all_compiled(compiled.adapter.compiled.dumping) and mode != PARTIAL and outcome_ == "value":
            tally["good dump", quick] += 1
        compare_dumps(compiled, plain, changed(natives, rng), check, tally, schema.told)
        if puts:
            compare_puts(compiled, plain, item, natives, rng, tally, schema.told)
        other = place % 3 == 0
        compare_given(compiled, plain, changed(natives, rng) if other else natives, not other, rng, tally, schema.told)
        if place % 4 == 1:
            settled = outcome(compiled.adapter.natives_of_assigned, natives)
            if settled[0] == "value":
                compare_dumps(compiled, plain, settled[1], check, tally, schema.told)


def compare_any(schemas, *, puts=False):
    """Compare what becomes of items of any of the schemas, and see to it that enough of them took the fast path.

    With ``puts`` what is put agrees whatever form it is in.
    """
    tally = Counter()

    @LENIENT
    @given(schemas, st.integers(0, 2**32))
    def run(schema, seed):
        compare_all(schema, seed, tally, puts)

    run()
    for direction in ("load", "dump"):
        quick, slow = tally[direction, True, "value"], tally[direction, False, "value"]
        assert quick + slow + tally[direction, False, "error"] >= 2_000, tally
        assert tally[direction, True, "error"] == 0
        assert tally[direction, False, "error"] > 100, tally
        assert quick > 0.25 * (quick + slow), tally
        # what is as expected, in schemas without anything odd, takes the fast path
        good = f"good {direction}"
        assert tally[good, True] > 50, tally
        # one schema stands for many items, so that a few decide much in a short run
        assert tally[good, True] > 0.75 * (tally[good, True] + tally[good, False]), tally
    return tally
