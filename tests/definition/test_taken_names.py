"""Fields with the names of what else the model has."""

from __future__ import annotations

import enum
import functools

import pytest

from dynamorm import DynaModel, DynaModelException, GlobalIndex, InvalidSchemaField, OneToMany, ProjectAll

from ..books import BOOK_TABLE
from ..libraries import text


class Always:
    """A data descriptor."""

    def __get__(self, instance, owner):
        return "always"

    def __set__(self, instance, value):
        raise AssertionError("nobody sets this")


def with_setter():
    def set_title(self, value):
        self.__dict__["title"] = value

    return property(lambda self: self.__dict__.get("title"), set_title)


TAKEN = {
    "a property": (property(lambda self: "own"), "a property"),
    "a property with a setter": (with_setter(), "a property"),
    "a cached property": (functools.cached_property(lambda self: "own"), "a cached_property"),
    "a method": (lambda self: "own", "a method"),
    "a class method": (classmethod(lambda cls: "own"), "a class method"),
    "a static method": (staticmethod(lambda: "own"), "a static method"),
    "a descriptor": (Always(), "a Always"),
    "a value": ("untitled", "a value of type str"),
    "a false value": (0, "a value of type int"),
}
FIELDS = {"isbn": text(required=True), "title": text()}


@pytest.mark.parametrize("taken", TAKEN)
def test_a_field_does_not_hide_what_the_class_has_under_its_name(library, taken):
    value, shown = TAKEN[taken]
    with pytest.raises(DynaModelException) as caught:
        library.model("Book", BOOK_TABLE, FIELDS, title=value)
    assert str(caught.value).startswith(f"Book.title is a field of the Schema, and the class has {shown} of that name")
    remedy = "write it into the Schema" if shown.startswith("a value") else "Rename one of them"
    assert remedy in str(caught.value)


@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize("kind", ["a mixin", "an abstract base", "a mixin of the parent", "a model that inherits"])
def test_a_field_does_not_hide_what_a_base_has_under_its_name(library, taken, kind):
    mixin = type("Mixin", (), {"title": TAKEN[taken][0]})
    abstract = {"Table": type("Table", (), {**BOOK_TABLE, "abstract": True})}
    owned = {**abstract, "title": TAKEN[taken][0]}
    complete = {"Table": type("Table", (), BOOK_TABLE), "Schema": library.schema(FIELDS)}
    bases, body = {
        "a mixin": lambda: ((mixin, DynaModel), complete),
        "an abstract base": lambda: ((type(DynaModel)("Mixin", (DynaModel,), owned),), complete),
        "a mixin of the parent": lambda: ((type(DynaModel)("Base", (mixin, DynaModel), abstract),), complete),
        "a model that inherits": lambda: ((library.model("Parent", BOOK_TABLE, FIELDS), mixin), {}),
    }[kind]()
    with pytest.raises(DynaModelException, match=r"Book\.title is a field .* its base Mixin has .* of that name"):
        type(DynaModel)("Book", bases, body)


def test_a_child_does_not_hide_a_field_of_its_parent(library):
    parent = library.model("Parent", BOOK_TABLE, FIELDS)
    with pytest.raises(DynaModelException, match=r"Child\.title is a field .* the class has a property"):
        type(DynaModel)("Child", (parent,), {"title": property(lambda self: "own")})


def test_a_slot_is_no_place_for_a_field(library):
    with pytest.raises(DynaModelException, match=r"Book\.title is a field .* member_descriptor"):
        library.model("Book", BOOK_TABLE, FIELDS, __slots__=("title",))


def test_a_relationship_and_a_field_do_not_share_a_name(library):
    other = library.model("Other", {**BOOK_TABLE, "name": "others"}, FIELDS)
    with pytest.raises(DynaModelException, match=r"Book\.title is declared as a field and as a relationship"):
        library.model("Book", BOOK_TABLE, FIELDS, title=OneToMany(other, query=lambda book: {"isbn": book.isbn}))


def test_what_says_nothing_of_a_value_may_have_the_name_of_a_field(library):
    class ByTitle(GlobalIndex):
        name = "by-title"
        hash_key = "title"
        projection = ProjectAll()

    class Kind(enum.Enum):
        BOOK = "book"

    fields = {**FIELDS, "author": text(), "kind": text(), "save": text(), "year": text()}
    body = {"__annotations__": {"year": "str"}, "author": None, "kind": Kind, "save": lambda self: DynaModel.save(self)}
    model = library.model("Book", BOOK_TABLE, fields, title=ByTitle, **body)
    made = model(isbn="1", kind="book", save="a", title="b", author="c", year="d")
    assert (made.kind, made.save, made.title, made.author, made.year) == ("book", "a", "b", "c", "d")
    assert model(isbn="1").kind is None
    assert model.kind is Kind and model.title.index.name == "by-title"
    assert [repr(reference) for reference in (model.author, model.year)] == ["Book.author", "Book.year"]


@pytest.mark.parametrize("name", ["Table", "Schema", "relationships", "mro", "register"])
def test_a_field_may_have_the_name_of_what_every_class_has(library, name):
    model = library.model("Book", BOOK_TABLE, {**FIELDS, name: text()})
    made = model(isbn="1", **{name: "a"})
    assert getattr(made, name) == "a" and getattr(model(isbn="1"), name) is None
    assert model.to_dict(made, native=True)[name] == "a"


@pytest.mark.parametrize("name", ["__init__", "__class__", "_dynamorm", "_dynamorm_state"])
def test_names_that_python_and_dynamorm_keep_are_stored_under_another(library, name):
    if library.name == "pydantic":
        pytest.skip("pydantic takes no such names itself")
    with pytest.raises(InvalidSchemaField, match=rf"Book\.Schema\.{name}: .* give the field another name"):
        library.model("Book", BOOK_TABLE, {**FIELDS, name: text()})
    model = library.model("Book", BOOK_TABLE, {**FIELDS, "own": text(stored=name)})
    assert model(isbn="1", own="a").to_item()[name] == {"S": "a"}
