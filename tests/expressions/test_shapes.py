"""What is remembered by shape changes nothing: requests and errors are those that looking at everything anew gives."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynamorm import DynaModel, F, GlobalIndex, ProjectInclude, Q, inspect, requests
from dynamorm.expressions import rendering
from dynamorm.instances.in_flight import InFlight
from dynamorm.writing import answers
from dynamorm.writing.update_actions import asked_actions, resolved_actions

from ..libraries import Library, library_named
from ..profiles import examples

LIBRARIES = ("marshmallow", "schematics", "pydantic")
MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.timezone.utc)


def marshmallow_schema() -> type:
    from marshmallow import Schema as Base
    from marshmallow import fields, validate

    from dynamorm.schema.marshmallow import Set

    class Whereabouts(Base):
        zip_code = fields.String(data_key="zip", validate=validate.Length(max=5))
        number = fields.Integer()

    class Schema:
        shelf = fields.String(required=True)
        place = fields.Integer(required=True)
        title = fields.String(data_key="t", validate=validate.Length(max=20))
        pages = fields.Integer(validate=validate.Range(min=0))
        price = fields.Float()
        lent = fields.Boolean()
        created = fields.DateTime()
        tags = fields.List(fields.String(validate=validate.Length(max=8)))
        marks = Set(fields.String())
        meta = fields.Dict()
        address = fields.Nested(Whereabouts)
        lines = fields.List(fields.Nested(Whereabouts))

    return Schema


def schematics_schema() -> type:
    from schematics import Model, types

    from dynamorm.schema.schematics import Set

    class Address(Model):
        zip_code = types.StringType(serialized_name="zip", max_length=5)
        number = types.IntType()

    class Schema:
        shelf = types.StringType(required=True)
        place = types.IntType(required=True)
        title = types.StringType(serialized_name="t", max_length=20)
        pages = types.IntType(min_value=0)
        price = types.FloatType()
        lent = types.BooleanType()
        created = types.UTCDateTimeType()
        tags = types.ListType(types.StringType(max_length=8))
        marks = Set(types.StringType())
        meta = types.DictType(types.BaseType)
        address = types.ModelType(Address)
        lines = types.ListType(types.ModelType(Address))

    return Schema


def pydantic_schema() -> type:
    from typing import Annotated, Optional

    from pydantic import BaseModel, Field

    class Address(BaseModel):
        zip_code: Optional[Annotated[str, Field(max_length=5)]] = Field(None, alias="zip")  # noqa: UP045
        number: Optional[int] = None  # noqa: UP045

    fields = {
        "shelf": str,
        "place": int,
        "title": Annotated[str, Field(max_length=20)] | None,
        "pages": Annotated[int, Field(ge=0)] | None,
        "price": float | None,
        "lent": bool | None,
        "created": dt.datetime | None,
        "tags": list[Annotated[str, Field(max_length=8)]] | None,
        "marks": set[str] | None,
        "meta": dict[str, Any] | None,
        "address": Address | None,
        "lines": list[Address] | None,
    }
    defaults: dict[str, Any] = dict.fromkeys(list(fields)[2:])
    defaults["title"] = Field(None, alias="t")
    return type("Schema", (), {"__annotations__": fields, **defaults})


SCHEMAS = {"marshmallow": marshmallow_schema, "schematics": schematics_schema, "pydantic": pydantic_schema}


@functools.cache
def model_of(library: Library, *, forgetful: bool) -> Any:
    inner = SCHEMAS[library.name]()

    class Book(DynaModel):
        class Table:
            name = "shapes"
            hash_key = "shelf"
            range_key = "place"
            read = 1
            write = 1

        class ByTitle(GlobalIndex):
            name = "by-title"
            hash_key = "title"
            range_key = "pages"
            read = 1
            write = 1
            projection = ProjectInclude("lent", "tags")

        Schema = inner

    if forgetful:
        make_forgetful(Book)
    return Book


class Nothing(dict):
    """Remembers nothing."""

    def remember(self, name, value):
        return value


class Unwilling(dict):
    """Has functions that leave every value to the library."""

    def __missing__(self, key):
        return lambda value: None


def make_forgetful(model: Any) -> None:
    """Let a model look at every name and value anew, and leave every value to its schema library."""
    mapper = model._dynamorm.store.mapper
    mapper.writings, mapper.arrangements = Nothing(), Nothing()
    mapper.resolver._compares = Nothing()
    mapper.resolver._learned = lambda *question: lambda value: None
    mapper.resolver.converter = lambda *question, **how: lambda value: None
    mapper.adapter.compiled.parts = Unwilling()


def outcome(operation: Any) -> Any:
    """Return what an operation gives, or what it raises."""
    try:
        return operation()
    except Exception as error:
        return type(error).__name__, str(error)


def assert_same(library: Library, operation: Any) -> None:
    quick = outcome(lambda: operation(model_of(library, forgetful=False)))
    again = outcome(lambda: operation(model_of(library, forgetful=False)))
    rendering._templates.clear()
    rendering._update_templates.clear()
    whole = outcome(lambda: operation(model_of(library, forgetful=True)))
    assert quick == whole
    assert again == whole


PLACES = (
    *("shelf", "place", "title", "pages", "price", "lent", "created", "tags", "tags__0", "marks", "meta", "meta__room"),
    *("meta__size", "meta__a__b", "address", "address__zip_code", "address__zip", "address__number", "lines"),
    *("lines__0__number", "lines__1__zip_code", "nothing"),
)
COMPARED = (
    *("eq", "ne", "lt", "lte", "gt", "gte", "between", "in", "is_in", "exists", "not_exists", "type", "begins_with"),
    *("contains", "not_contains", "size"),
)
OPERATORS = ["", "", *COMPARED, "size__gte", "size__between", "sighs"]
COMPARED_BY_METHODS = ["eq", "ne", "lt", "begins_with", "not_contains", "contains", "is_in", "type"]
FUNCTIONS = ["", "", "", "plus", "minus", "add", "delete", "append", "prepend", "if_not_exists", "remove", "minos"]

texts = st.sampled_from(["", "a", "Of Trees", "é", "\ud800", "far longer than anything may be", "2024-05", "7", "S"])
plain = st.one_of(
    texts,
    st.integers(-(10**20), 10**20),
    st.sampled_from([0.5, -0.0, float("nan"), Decimal("1.5"), True, False, None, MOMENT, MOMENT.isoformat(), b"b"]),
)
others = st.sampled_from(
    [F("pages"), F("meta.x"), F("tags[0]"), F("tags").size(), F("pages") + 1, {}, {"zip": "1"}, {"zip_code": "123456"}]
)
values = st.one_of(
    plain,
    plain,
    others,
    st.lists(st.one_of(plain, others), max_size=3),
    st.lists(plain, max_size=3).map(tuple),
    st.sets(st.sampled_from(["a", "b", 3]), max_size=2),
    st.dictionaries(st.sampled_from(["a", "zip", "number"]), plain, max_size=2),
    st.just(True),
)


TEXT, NUMBER = st.sampled_from(["a", "b", "c", "é", "12345", "123456789"]), st.integers(0, 10**20)
# what usually goes with a place: values and, for elements of lists and sets, those of one
FITTING: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(
        ["title", "meta__room", "meta__a__b", "address__zip_code", "address__zip", "tags__0"], (TEXT, TEXT)
    ),
    **dict.fromkeys(["pages", "address__number", "lines__0__number"], (NUMBER, NUMBER)),
    "price": (st.sampled_from([0.5, 3.0, -0.0]), st.just(1.5)),
    "lent": (st.booleans(), st.booleans()),
    "created": (st.just(MOMENT), st.sampled_from(["2024", MOMENT])),
    "tags": (st.lists(TEXT, max_size=2), st.one_of(TEXT, st.lists(TEXT, max_size=2))),
    "marks": (st.sets(TEXT, min_size=1, max_size=2), TEXT),
    "meta": (st.dictionaries(TEXT, st.one_of(TEXT, NUMBER), min_size=1, max_size=2), st.just({"a": None})),
}
OF_ELEMENTS = {"contains", "not_contains", "append", "prepend", "begins_with"}
IN_MANY = {"in", "is_in"}


def fitting(words: list[str]) -> st.SearchStrategy[tuple[str, Any]]:
    """Return names with values that usually go with them."""

    def with_value(pair: tuple[str, str]) -> Any:
        place, word = pair
        whole, part = FITTING[place]
        value = part if word in OF_ELEMENTS else whole
        if word in IN_MANY:
            value = st.one_of(st.lists(whole, min_size=1, max_size=3), st.tuples(whole, whole))
        elif word.endswith("between"):
            value = st.tuples(whole, whole)
        elif word in ("exists", "not_exists", "remove"):
            value = st.just(True)
        if word.startswith("size"):
            value = st.tuples(NUMBER, NUMBER) if word.endswith("between") else NUMBER
        return st.tuples(st.just("__".join(filter(None, pair))), value)

    return st.tuples(st.sampled_from(list(FITTING)), st.sampled_from(words)).flatmap(with_value)


def named(words: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return keyword arguments, most of which are right."""
    names = st.tuples(st.sampled_from(PLACES), st.sampled_from(words)).map(lambda pair: "__".join(filter(None, pair)))
    usual, any_at_all = fitting(words), st.tuples(names, values)
    few = st.one_of(*[st.lists(usual, min_size=1, max_size=4)] * 4, st.lists(st.one_of(usual, any_at_all), max_size=3))
    return few.map(dict)


def referring(model: Any, path: str) -> Any:
    """Refer to a place by the model's own attribute."""
    first, *rest = path.split("__")
    reference = getattr(model, first)
    for step in rest:
        reference = reference[int(step) if step.isdigit() else step]
    return reference


THOROUGHLY = settings(max_examples=examples(quick=100, long=2_000), suppress_health_check=list(HealthCheck))


def written(value: Any) -> str:
    return repr(value)  # in which nan is like nan, and True is not 1


@THOROUGHLY
@given(several=st.lists(named(OPERATORS), min_size=1, max_size=3), form=st.integers(0, 3))
def test_conditions_and_their_errors_are_the_same_the_first_time_and_later(library, several, form):
    def built(model):
        parts = [
            [Q(**lookups) for lookups in several],
            list(several),
            [functools.reduce(lambda one, other: one | ~other, [Q(**lookups) for lookups in several])],
            [several],
        ][form]
        resolved = model._dynamorm.store.mapper.conditions(parts)
        request = requests.build_delete("t", {}, resolved)
        return written(request.payload), written(resolved)

    assert_same(library, built)


@THOROUGHLY
@given(
    said=st.one_of(
        fitting(COMPARED_BY_METHODS),
        st.tuples(st.sampled_from(PLACES[:-1]), st.sampled_from(COMPARED_BY_METHODS), values).map(
            lambda found: (f"{found[0]}__{found[1]}", found[2])
        ),
    ),
    of_size=st.integers(0, 3).map(lambda number: not number),
)
def test_conditions_by_reference_are_the_same_too(library, said, of_size):
    name, value = said
    path, operator = next(
        (name.removesuffix(f"__{word}"), word) for word in COMPARED_BY_METHODS if name.endswith(f"__{word}")
    )

    def built(model):
        reference = referring(model, path)
        target = reference.size() if of_size and hasattr(reference.size(), operator) else reference
        condition = getattr(target, operator)(value)
        return written(requests.build_delete("t", {}, model._dynamorm.store.mapper.conditions([condition])).payload)

    assert_same(library, built)


@THOROUGHLY
@given(
    updates=named(FUNCTIONS),
    done=st.lists(
        st.one_of(
            fitting(["set"]).map(lambda pair: (pair[0].removesuffix("__set"), "set", pair[1])),
            st.tuples(
                st.sampled_from(PLACES[:-1]), st.sampled_from(["set", "add", "append", "plus", "delete"]), values
            ),
        ),
        max_size=1,
    ),
)
def test_updates_and_their_errors_are_the_same(library, updates, done):
    # of two values for one field, which is refused in the end, a library sees one only
    written_whole = [name.removesuffix("__if_not_exists") for name in (*updates, *(path for path, _, _ in done))]
    assume(len(written_whole) == len(set(written_whole)))

    def built(model):
        mapper = model._dynamorm.store.mapper
        changes = [getattr(referring(model, path), kind)(value) for path, kind, value in done]
        resolved = resolved_actions(mapper, asked_actions(mapper, changes, updates))
        return written(requests.build_update("t", {}, resolved, (mapper.exists,)).payload)

    assert_same(library, built)


@THOROUGHLY
@given(
    keys=st.fixed_dictionaries(
        {"shelf": st.sampled_from(["a", "a", "a", "a", "a", "", 3, None, F("pages")])},
        optional={
            "place": st.sampled_from([1, "1", F("pages")]),
            "place__gte": st.just(1),
            "place__lte": st.just(7),
            "place__between": st.just((1, 2)),
            "title": TEXT,
            "pages__lt": NUMBER,
        },
    ),
    filters=named(OPERATORS),
    how=st.integers(0, 2),
)
def test_queries_are_split_in_the_same_way(library, keys, filters, how):
    def built(model):
        read = [model.query, model.find, lambda **given: model.query(**given).on("by-title")][how]
        given = {**{name: value for name, value in filters.items() if "shelf" not in name}, **keys}
        if how:
            del given["shelf"]
        explained = read(**given).explain()
        return explained.index_name, written(explained.keys), written(explained.filters), written(explained.request)

    assert_same(library, built)


@THOROUGHLY
@given(
    key=st.fixed_dictionaries(
        {
            "shelf": st.sampled_from(["a", "b", "é", "", 3, None, F("pages")]),
            "place": st.sampled_from([1, 2, 3, 10**40, "3", True, 1.5]),
        },
        optional={"title": TEXT},
    ),
    left_out=st.sampled_from(["nothing", "nothing", "place", "title", "title", "title"]),
)
def test_keys_are_the_same(library, key, left_out):
    key.pop(left_out, None)
    assert_same(library, lambda model: written(model._dynamorm.store.mapper.wire_key(key)))


STORED = {
    "shelf": {"S": "a"},
    "place": {"N": "1"},
    "t": {"S": "Of Trees"},
    "pages": {"N": "12"},
    "tags": {"L": [{"S": "wood"}]},
    "strange": {"S": "kept"},
}
changed = st.fixed_dictionaries(
    {},
    optional={
        "title": st.tuples(st.just("t"), st.sampled_from([{"S": "Birch"}, {"NULL": True}, {"S": "x" * 30}])),
        "pages": st.tuples(st.just("pages"), st.sampled_from([{"N": "13"}, {"N": "-1"}])),
        "tags": st.tuples(st.just("tags"), st.sampled_from([{"L": []}, {"L": [{"S": "leaf"}]}])),
        "price": st.tuples(st.just("price"), st.just({"N": "1.5"})),
    },
)


@pytest.mark.parametrize("local", [{}, {"title": "mine"}, {"pages": 99, "lent": True}])
@settings(max_examples=examples(quick=40, long=500), suppress_health_check=list(HealthCheck))
@given(answered=changed)
def test_whole_fields_are_taken_over_as_anything_is(library, local, answered):
    model = model_of(library, forgetful=False)
    mapper = model._dynamorm.store.mapper
    plan = asked_actions(mapper, (), dict.fromkeys(answered, 5))
    told = []
    for just_fields in (answers._are_just_fields, lambda plan, answer: False):
        book = model.from_item(STORED)
        for name, value in local.items():
            setattr(book, name, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(answers, "_are_just_fields", just_fields)
            answers.apply_answer(mapper, book, plan, dict(answered.values()), InFlight(book, mapper.fields), None)
        state = book._dynamorm_state
        known = inspect(book)
        original = dict(sorted(state.original.items()))  # whose order says nothing
        told.append(written((book.to_dict(native=True), original, state.loaded, known.changes, known.extra)))
    assert told[0] == told[1]


def test_models_of_one_shape_share_nothing_that_differs_between_them():
    pytest.importorskip("marshmallow")
    from marshmallow import fields

    def model(stored: str) -> Any:
        class Book(DynaModel):
            class Table:
                name = stored
                hash_key = "isbn"
                read = 1
                write = 1

            class Schema:
                isbn = fields.String(required=True)
                year = fields.Integer(data_key=stored)

        return Book

    def names_of(book: Any) -> Any:
        mapper = book._dynamorm.store.mapper
        update = requests.build_update("t", {}, resolved_actions(mapper, asked_actions(mapper, (), {"year": 3})))
        return update.payload["ExpressionAttributeNames"], book.scan(year=3).explain().request.payload["TableName"]

    one, other = model("a"), model("b")
    assert [names_of(book) for book in (one, other, one, other)] == [({"#u0": "a"}, "a"), ({"#u0": "b"}, "b")] * 2


def test_what_is_remembered_has_an_upper_bound():
    model = model_of(library_named("marshmallow"), forgetful=False)
    mapper = model._dynamorm.store.mapper
    for number in range(2_500):
        mapper.conditions([Q(**{f"meta__k{number}": 1})])
        asked_actions(mapper, (), {f"meta__k{number}": 1})
        requests.build_update(
            "t", {}, resolved_actions(mapper, asked_actions(mapper, (), {f"meta__k{number}": 1, "pages": 2}))
        )
    assert len(mapper.resolver._compares) <= 2_000 and len(mapper.writings) <= 2_000
    assert len(rendering._templates) <= 1_024 and len(rendering._update_templates) <= 1_024
