"""Class bodies that nobody expects: they make a model, or are refused with a reason."""

from __future__ import annotations

import abc
import dataclasses
import enum
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dynamorm
from dynamorm import DynaModel, DynaModelException, DynamoException, GlobalIndex, ProjectAll

from ..books import BOOK_TABLE
from ..libraries import text
from ..profiles import examples
from .shop import FIELDS, shop_model

INDEX = {"name": "by-author", "hash_key": "author", "projection": ProjectAll()}


def counting(base=type):
    """Return a metaclass that notes the classes that it is called for, and changes their bodies."""
    made = []

    class Meta(base):
        def __new__(mcs, name, bases, namespace, **options):
            made.append(name)
            namespace = {key: value for key, value in namespace.items() if not key.startswith("__")}
            return super().__new__(mcs, name, bases, {**namespace, "_marked": True})

        def __init__(cls, name, bases, namespace, **options):
            super().__init__(name, bases, namespace)
            made.append("init")

    return Meta, made


@pytest.mark.parametrize("base", [type, abc.ABCMeta])
def test_a_metaclass_of_a_table_is_called_once(library, base):
    meta, made = counting(base)

    class Table(metaclass=meta):
        name = "books"
        hash_key = "isbn"

        def shout(self):
            return self.name.upper()

    model = library.model("Book", Table, FIELDS)
    assert made == ["Table", "init"]
    assert isinstance(model.Table, Table) and type(type(model.Table)) is meta
    assert (model.Table.shout(), model.Table._marked) == ("BOOKS", True)

    class Child(model):
        class Table(model.Table):
            name = "children"

    assert made == ["Table", "init"] * 2
    assert (Child.Table.shout(), model.Table.shout()) == ("CHILDREN", "BOOKS")
    assert isinstance(Child.Table, Table) and not isinstance(model.Table, type(Child.Table))


def test_a_metaclass_of_an_abstract_table_is_called_once(library):
    meta, made = counting()

    class Base(DynaModel):
        class Table(metaclass=meta):
            name = "books"
            hash_key = "isbn"
            abstract = True

    class Book(Base):
        Schema = library.schema(FIELDS)

    assert made == ["Table", "init"]
    assert Book.Table.name == "books"


def test_a_metaclass_of_an_index_is_called_once(library):
    meta, made = counting()
    index = meta("ByAuthor", (GlobalIndex,), dict(INDEX))
    model = library.model("Book", BOOK_TABLE, FIELDS, ByAuthor=index)
    assert made == ["ByAuthor", "init"]
    assert model.ByAuthor._marked and model.ByAuthor.index.hash_key == "author"


def test_a_metaclass_that_is_called_for_instances_too_is_left_alone(library):
    class Single(type):
        def __call__(cls):
            raise AssertionError("nobody makes one")

    class Table(metaclass=Single):
        name = "books"
        hash_key = "isbn"

    assert library.model("Book", Table, FIELDS).Table.name == "books"


def test_a_model_may_have_a_metaclass_that_derives_from_ours(library):
    class Meta(type(DynaModel), abc.ABCMeta):
        pass

    made = Meta("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": library.schema(FIELDS)})
    assert made(isbn="1", author="a").author == "a"
    assert made.year.is_in([1]) is not None


@dataclasses.dataclass(frozen=True)
class Stiff:
    name: str = "books"
    hash_key: str = "isbn"


def test_tables_may_be_dataclasses(library):
    @dataclasses.dataclass
    class Data:
        name: str = "books"
        hash_key: str = "isbn"
        tags: dict = dataclasses.field(default_factory=lambda: {"team": "shelf"})

    for declared in (Data, Stiff):
        table = library.model("Book", declared, FIELDS).Table
        assert (table.name, table.hash_key, table.full_name) == ("books", "isbn", "books")
    assert library.model("Book", Data, FIELDS).Table.spec.tags == (("team", "shelf"),)


def test_inner_classes_may_have_an_init_of_their_own(library):
    class Counted:
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.counted = True

    class Noted:
        def __init__(self):
            self.noted = True

    for mixin, noted in ((Counted, "counted"), (Noted, "noted")):
        table = type("Table", (mixin,), dict(BOOK_TABLE))
        index = type("ByAuthor", (mixin, GlobalIndex), dict(INDEX))
        model = library.model("Book", table, FIELDS, ByAuthor=index)
        assert getattr(model.Table, noted) and getattr(model.ByAuthor, noted)
        assert model.ByAuthor.model is model and model.Table.key.hash_names == ("isbn",)


class Greedy:
    def __init__(self, more):
        raise AssertionError("it has nothing to be called with")


class Silent:
    def __init__(self, *args):
        pass


class Failing:
    def __init_subclass__(cls, **options):
        if cls.__name__ == "BookTable":
            raise ValueError("no heirs, please")


class Numbers(enum.Enum):
    name = "books"
    hash_key = "isbn"


STRANGE_TABLES = {
    "an init that wants more": lambda: type("Table", (Greedy,), dict(BOOK_TABLE)),
    "an init that passes on nothing": lambda: type("Table", (Silent,), dict(BOOK_TABLE)),
    "a base that refuses heirs": lambda: type("Table", (Failing,), dict(BOOK_TABLE)),
    "an enum": lambda: Numbers,
    "a named tuple": lambda: typing.NamedTuple("Table", [("name", str), ("hash_key", str)]),
    "int": lambda: int,
    "type": lambda: type,
    "bool": lambda: bool,
    "a protocol": lambda: typing.Protocol,
    "DynaModel": lambda: DynaModel,
    "a dict": lambda: {"name": "books", "hash_key": "isbn"},
    "a text": lambda: "books",
    "a module": lambda: dataclasses,
    "an instance": lambda: Stiff(),
    "an index": lambda: type("Table", (GlobalIndex,), dict(INDEX)),
    "a hash key that is no text": lambda: type("Table", (), {"name": "books", "hash_key": 5}),
    "a hash key that is a type": lambda: type("Table", (), {"name": "books", "hash_key": str}),
    "a hash key that is a field": lambda: type("Table", (), {"name": "books", "hash_key": dynamorm.F("isbn")}),
}


@pytest.mark.parametrize("strange", STRANGE_TABLES)
def test_a_strange_table_is_refused_with_its_place(library, strange):
    with pytest.raises(DynamoException, match=r"Book\.Table|inner 'Table' class on your 'Book'") as caught:
        type(DynaModel)("Book", (DynaModel,), {"Table": STRANGE_TABLES[strange](), "Schema": library.schema(FIELDS)})
    assert len(str(caught.value)) > 30


STRANGE_SCHEMAS = {
    "an enum": lambda body: enum.Enum("Schema", {"isbn": "isbn"}),
    "a dict": lambda body: body,
    "a text": lambda body: "isbn",
    "int": lambda body: int,
    "nothing": lambda body: type("Schema", (), {}),
    "a model": lambda body: DynaModel,
    "another model's Table": lambda body: type("Table", (), dict(BOOK_TABLE)),
    "a named tuple": lambda body: typing.NamedTuple("Schema", []),
    "final bool": lambda body: type("Schema", (int,), {"isbn": 5}),
}


@pytest.mark.parametrize("strange", STRANGE_SCHEMAS)
def test_a_strange_schema_is_refused_with_its_place(library, strange):
    schema = STRANGE_SCHEMAS[strange](vars(library.schema(FIELDS)))
    with pytest.raises(DynamoException, match=r"Book\.Schema|inner 'Schema' class on your 'Book'|BookSchema"):
        type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": schema})


def test_an_enum_of_fields_is_no_schema(library):
    if library.name == "pydantic":
        pytest.skip("annotations of an enum are no members")
    schema = enum.Enum("Schema", {"isbn": library.field(text()), "author": library.field(text())})
    with pytest.raises(DynamoException, match=r"Book\.Schema"):
        type(DynaModel)("Book", (DynaModel,), {"Table": type("Table", (), BOOK_TABLE), "Schema": schema})


def test_models_may_be_generic(library):
    kind = typing.TypeVar("kind")
    schema = library.schema(FIELDS)

    class Book(DynaModel, typing.Generic[kind]):
        Table = type("Table", (), BOOK_TABLE)
        Schema = schema

    class Novel(Book[int]):
        pass

    assert Book[str](isbn="1").isbn == Novel(isbn="1").isbn == "1"
    assert Novel.Table is Book.Table


def test_models_may_have_slots_of_their_own(library):
    model = library.model("Book", BOOK_TABLE, FIELDS, __slots__=("shelf",))
    made = model(isbn="1", author="a")
    made.shelf = "upper"
    assert (made.shelf, made.author, made.to_dict(native=True)["author"]) == ("upper", "a", "a")


def test_what_is_put_on_the_class_later_does_not_change_what_is_stored(library):
    model = shop_model(library)
    model.title = property(lambda self: "injected")
    model._secret = object()
    model.__eq__ = lambda self, other: True
    made = model(isbn="1", title="T")
    made.__dict__["strange"] = object()
    made._dynamorm_guess = 1
    assert made.to_item() == {"isbn": {"S": "1"}, "title": {"S": "T"}}
    assert "strange" not in model.to_dict(made)


def test_a_model_without_a_name_is_named_in_errors_all_the_same():
    with pytest.raises(DynaModelException, match="inner 'Schema' class on your '' class"):
        type(DynaModel)("", (DynaModel,), {})


# Bodies that are drawn: a model, or a reason.

FIELD_NAMES = ["isbn", "title", "get", "save", "Table", "items", "partial", "mro", "_private", "ByTitle", "self"]
OTHER_NAMES = [*FIELD_NAMES, "Meta", "__slots__", "__init__", "_dynamorm", "_dynamorm_state", "__class_getitem__"]
WORDS = [
    "name",
    "hash_key",
    "range_key",
    "read",
    "stream",
    "ttl",
    "tags",
    "projection",
    "abstract",
    "range",
    "_own",
    "x",
]
VALUES = {
    "none": lambda: None,
    "text": lambda: "isbn",
    "another text": lambda: "title",
    "empty": lambda: "",
    "number": lambda: 5,
    "negative": lambda: -1,
    "true": lambda: True,
    "list": lambda: ["isbn"],
    "dict": lambda: {"isbn": "title"},
    "type": lambda: str,
    "object": object,
    "function": lambda: lambda self: None,
    "property": lambda: property(lambda self: "isbn"),
    "class method": lambda: classmethod(lambda cls: None),
    "reference": lambda: dynamorm.F("isbn"),
    "condition": lambda: dynamorm.Q(isbn="1"),
    "projection": ProjectAll,
    "bytes": lambda: b"isbn",
    "not implemented": lambda: NotImplemented,
    "exception": lambda: ValueError("x"),
    "index": lambda: type("Index", (GlobalIndex,), {"name": "i", "hash_key": "title", "projection": ProjectAll()}),
}
bodies = st.fixed_dictionaries(
    {
        "fields": st.sets(st.sampled_from(FIELD_NAMES[1:]), max_size=3),
        "model": st.dictionaries(st.sampled_from(OTHER_NAMES[1:]), st.sampled_from(sorted(VALUES)), max_size=2),
        "table": st.dictionaries(st.sampled_from(WORDS), st.sampled_from(sorted(VALUES)), max_size=2),
        "index": st.dictionaries(st.sampled_from(WORDS), st.sampled_from(sorted(VALUES)), max_size=2),
    }
)


@given(drawn=bodies)
@settings(max_examples=examples(quick=50, long=3_000))
def test_any_body_makes_a_model_or_is_refused_with_a_reason(library, drawn):
    made = {part: {name: VALUES[kind]() for name, kind in drawn[part].items()} for part in ("model", "table", "index")}
    names = {"isbn", "title", *drawn["fields"]}
    if library.name == "pydantic":
        names.discard("_private")
    try:
        body = {
            "Table": type("Table", (), {**BOOK_TABLE, **made["table"]}),
            "Schema": library.schema({name: text() for name in sorted(names)}),
            "ByTitle": type("ByTitle", (GlobalIndex,), {**INDEX, "hash_key": "isbn", **made["index"]}),
            **made["model"],
        }
        type("Plain", (), dict(body))
    except (TypeError, ValueError):
        return  # Python refuses it itself
    try:
        model = type(DynaModel)("Book", (DynaModel,), body)
    except DynamoException as error:
        assert len(str(error)) > 20
        return
    if not hasattr(model, "relationships") or "__init__" in made["model"]:
        return  # it is abstract, or does something else
    values = dict.fromkeys(names - {"partial"}, "v")
    instance = model.new_from_raw(values)
    assert {name: instance.__dict__[name] for name in values} == values
    assert model.to_item(instance) == {name: {"S": "v"} for name in values}
