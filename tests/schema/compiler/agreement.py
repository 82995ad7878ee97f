"""The same items through generated functions and through a schema's library: the same values or the same errors."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynamorm.exceptions import DynamoException
from dynamorm.instances.changes import changes, is_dirty, key_changed, partial_save
from dynamorm.instances.loading import remember_stored
from dynamorm.instances.state import Origin, State, Stateful, set_memory
from dynamorm.mapper import Mapper
from dynamorm.schema import PARTIAL, TRUSTED, WHOLE, adapter_for
from dynamorm.schema.compiler import Compiled, SchemaLayout
from dynamorm.wire.texts import item_of as item_in
from dynamorm.wire.texts import text_of

from ...profiles import examples
from ...specs import single_key
from .items import changed, item_of, thinned
from .sameness import copied, outcome, same

ITEMS = 25
LENIENT = settings(suppress_health_check=list(HealthCheck), max_examples=examples(quick=100, long=3_000))


def mappers(inner):
    """Return two mappers of one schema, with and without generated functions."""
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


def compare_loads(compiled, plain, item, mode, told):
    quick = compiled.adapter.compiled.loads[mode](copy.deepcopy(item))
    found = ("value", quick) if quick is not None else outcome(compiled.load, copy.deepcopy(item), mode)
    expected = outcome(plain.load, copy.deepcopy(item), mode)
    how = f"load {mode} of {item!r} by {told}"
    if quick is not None and expected[0] == "error":
        # what no field reads may be malformed: generated functions pass over it where it is inside of records
        agree(found, outcome(plain.load, read_in(copy.deepcopy(item), plain.fields, keeps_others=True), mode), how)
        return expected
    agree(found, expected, how)
    assert same(compiled.unknown(item), plain.unknown(item))
    compare_received(compiled, plain, item, mode, quick, told)
    return expected


def read_in(attributes, fields, *, keeps_others):
    """Return a record's attributes with those alone inside of records that a field reads."""
    read = {}
    for spec in fields.values():
        name = next((name for name in (spec.stored, *spec.aliases) if name in attributes), None)
        if name is not None and not spec.computed:
            read[name] = read_inside(attributes[name], spec)
    return {**attributes, **read} if keeps_others else read


def read_inside(wire, spec):
    tag, content = next(iter(wire.items())) if isinstance(wire, dict) and len(wire) == 1 else ("", None)
    if isinstance(content, dict) and spec.fields is not None:
        return {tag: read_in(content, spec.fields, keeps_others=spec.keeps_unknown)}
    if isinstance(content, dict) and spec.element is not None:
        return {tag: {name: read_inside(inner, spec.element) for name, inner in content.items()}}
    if isinstance(content, list) and spec.element is not None:
        return {tag: [read_inside(inner, spec.element) for inner in content]}
    return wire


def compare_received(compiled, plain, item, mode, quick, told):
    """Compare what an instance keeps of its item, in either form, with what it would remember by way of the library."""
    expected = None
    text = text_of(item)
    forms = [copy.deepcopy(item)]
    if text is not None and same(item_in(text), item):  # not all that is malformed can come as JSON
        forms.append(text)
    for form in forms:
        received = compiled.receiver(mode)(form)
        assert (received is None) == (quick is None), f"receive {mode} of {form!r} by {told}"
        if received is None:
            continue
        agree(("value", received[0]), ("value", quick), f"receive {mode} of {form!r} by {told}")
        memory = (Origin(None, compiled, mode), form, received[1])
        expected = expected or remembered(plain, copy.deepcopy(item), plain.load(copy.deepcopy(item), mode))
        how = f"{mode} of {form!r} by {told}"
        compare_states(State.of_memory(memory), expected._dynamorm_state, how)
        compare_states(pickled(State.of_memory(memory)), pickled(expected._dynamorm_state), f"pickled, {how}")
        if text is not None and not any(word in told for word in NEVER_THE_SAME):
            compare_changes(compiled, Holder.of(copied(quick), memory), plain, copy.copy(expected), how)


# what cannot be stored, what counts how often it is made
NEVER_THE_SAME = ("ud800", "Counting")


class Holder(Stateful):
    """Stands for an instance."""

    @classmethod
    def of(cls, values, memory):
        holder = cls()
        holder.__dict__.update(values)
        set_memory(holder, memory)
        return holder


def remembered(mapper, item, values):
    holder = Holder()
    remember_stored(mapper, holder, item, values, False, None)
    holder.__dict__.update(copied(values))
    return holder


def pickled(state):
    """Return a state as another process has it, where its values can go there."""
    try:
        text = pickle.dumps(state)
    except Exception:
        return state  # values of classes that are nobody's but a test's
    return pickle.loads(text)


def compare_states(found, expected, how):
    for name in ("loaded", "original", "defaults", "extra"):
        agree((name, getattr(found, name)), (name, getattr(expected, name)), how)


def compare_changes(compiled, one, plain, other, how):
    """Compare what a partial save would send of an instance: as it is, and after a change in each of its fields."""
    agree(("dirty", is_dirty(compiled, one)), ("dirty", is_dirty(plain, other)), how)
    for name in list(one.__dict__):
        for instance in (one, other):
            instance.__dict__[name] = touched(instance.__dict__[name])
    told = [
        [outcome(partial_save, mapper, instance), outcome(changes, mapper, instance), key_changed(mapper, instance)]
        for instance, mapper in ((one, compiled), (other, plain))
    ]
    for found, expected in zip(*told, strict=True):
        agree(("", found), ("", expected), f"changed, {how}")


def touched(value):
    """Return another value of the same kind, or none at all."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal, list, dict)):
        return None
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, list):
        return [*value, *value[:1]]
    if isinstance(value, dict):
        return {**value, "added": "x"}
    return value + 1


def compare_dumps(compiled, plain, natives, check, told):
    # both mappers look at what is stored of maps, whoever dumped it
    found = outcome(lambda: compiled.dump(copied(natives), check=check))
    expected = outcome(lambda: plain.dump(copied(natives), check=check))
    agree(found, expected, f"dump {check} of {natives!r} by {told}")


def compare_alone(compiled, plain, natives, told):
    """Compare what is stored of each value by itself, as updates send it, with what a dump makes of it."""
    are_apart = len(plain.adapter.by_stored) == len(plain.fields) and not plain.adapter.has_dump_hooks
    for name, value in natives.items():
        if value is None or plain.fields[name].computed:
            continue
        found, expected = (outcome(mapper.wire_of, mapper.fields[name], copied(value)) for mapper in (compiled, plain))
        if not found[0] == expected[0] == "error":  # which are put into words by whoever asks
            agree(found, expected, f"{name}={value!r} alone by {told}")
        dumped = outcome(plain.dump, {name: copied(value)}, check=False)
        if dumped[0] == "value" and are_apart:
            agree(found, ("value", dumped[1].get(plain.fields[name].stored)), f"dump of {name}={value!r} by {told}")


def compare_given(compiled, plain, natives, is_as_loaded, rng, told):
    """Compare what becomes of values that a program gives to a constructor, and of those that it puts."""
    given = {name: value for name, value in natives.items() if rng.random() < 0.9}
    defaults = rng.random() < 0.7
    found, expected = (
        outcome(lambda mapper=mapper: mapper.given(copied(given), defaults=defaults)) for mapper in (compiled, plain)
    )
    agree(found, expected, f"constructor with {given!r} by {told}")
    if is_as_loaded:
        found = outcome(lambda: compiled.wire_of_new(copied(given)))
        expected = outcome(lambda: plain.wire_of_new(copied(given)))
        agree(found, expected, f"put of {given!r} by {told}")


def compare_puts(compiled, plain, item, natives, rng, told):
    """Compare what becomes of values in any form that a program gives, or puts."""
    try:
        values = plain.plain(item)
    except DynamoException:
        values = {}
    names = {spec.stored: spec.name for spec in plain.adapter.inputs}
    stored = {names[name] if name in names and rng.random() < 0.8 else name: one for name, one in values.items()}
    for put in (stored, changed(stored, rng), changed(natives, rng), {**stored, **natives}):
        for call in ("wire_of_new", "given"):
            found, expected = (outcome(getattr(mapper, call), copied(put)) for mapper in (compiled, plain))
            agree(found, expected, f"{call} of {put!r} by {told}")


def compare_all(schema, seed, puts):
    """Compare loads and dumps of many items of one schema."""
    compiled, plain = made_or_skipped(schema)
    rng = Random(seed)
    for place in range(ITEMS):
        good = place % 2 == 0
        item = item_of(schema, rng, good)
        mode = WHOLE if place % 5 else rng.choice([TRUSTED, PARTIAL])
        outcome_, natives = compare_loads(compiled, plain, item, mode, schema.told)
        if outcome_ == "error":
            continue
        check = place % 3 != 0
        natives = {name: value for name, value in natives.items() if name in compiled.adapter.fields}
        compare_dumps(compiled, plain, natives, check, schema.told)
        compare_dumps(compiled, plain, changed(natives, rng), check, schema.told)
        compare_alone(compiled, plain, natives, schema.told)
        compare_alone(compiled, plain, changed(natives, Random(seed + place)), schema.told)
        if puts:
            compare_puts(compiled, plain, item, natives, rng, schema.told)
        other = place % 3 == 0
        compare_given(compiled, plain, changed(natives, rng) if other else natives, not other, rng, schema.told)
        if place % 3 == 1:
            compare_given(compiled, plain, thinned(natives, rng), True, rng, schema.told)
        if place % 4 == 1:
            settled = outcome(compiled.adapter.natives_of_assigned, natives)
            if settled[0] == "value":
                compare_dumps(compiled, plain, settled[1], check, schema.told)


def compare_any(schemas, *, puts=False):
    """Compare what becomes of items of any of the schemas; with ``puts`` what is put agrees whatever form it is in."""

    @LENIENT
    @given(schemas, st.integers(0, 2**32))
    def run(schema, seed):
        compare_all(schema, seed, puts)

    run()
