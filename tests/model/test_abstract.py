"""Classes that are no models themselves: abstract ones, and DynaModel."""

from __future__ import annotations

import pytest

import dynamorm
from dynamorm import AbstractModel, DynaModel, DynaModelException, GlobalIndex, ProjectAll

from ..libraries import text


class Base(DynaModel):
    class Table:
        name = "books"
        hash_key = "isbn"
        billing_mode = "PAY_PER_REQUEST"
        abstract = True

    class ByAuthor(GlobalIndex):
        name = "by-author"
        hash_key = "author"
        projection = ProjectAll()


class Grandchild(Base):
    class Table(Base.Table):
        abstract = True


USES = {
    "get": lambda model: model.get(isbn="1"),
    "require": lambda model: model.require(isbn="1"),
    "exists": lambda model: model.exists(isbn="1"),
    "get_batch": lambda model: model.get_batch([{"isbn": "1"}]),
    "query": lambda model: model.query(isbn="1"),
    "find": lambda model: model.find(isbn="1"),
    "scan": lambda model: model.scan(),
    "put": lambda model: model.put({"isbn": "1"}),
    "put_unique": lambda model: model.put_unique({"isbn": "1"}),
    "put_batch": lambda model: model.put_batch({"isbn": "1"}),
    "update_item": lambda model: model.update_item(isbn="1", title="a"),
    "upsert": lambda model: model.upsert(isbn="1"),
    "patch": lambda model: model.patch(isbn="1"),
    "delete_item": lambda model: model.delete_item(isbn="1"),
    "new_from_raw": lambda model: model.new_from_raw({"isbn": "1"}),
    "from_item": lambda model: model.from_item({"isbn": {"S": "1"}}),
    "an instance": lambda model: model(isbn="1"),
    "an empty instance": lambda model: model(),
    "Schema": lambda model: model.Schema.dynamorm_fields(),
    "a reference": lambda model: model.title,
    "relationships": lambda model: model.relationships,
    "inspect": lambda model: dynamorm.inspect(object.__new__(model)),
    "create_tables": lambda model: dynamorm.create_tables(model),
}


@pytest.mark.parametrize("model", [DynaModel, Base, Grandchild], ids=lambda model: model.__name__)
@pytest.mark.parametrize("use", USES)
def test_what_is_no_model_says_so_and_what_to_do(model, use):
    with pytest.raises(DynaModelException) as caught:
        USES[use](model)
    if use not in ("inspect", "create_tables"):
        assert isinstance(caught.value, AbstractModel)
        hint = "define a class that inherits" if model is DynaModel else "use a class that inherits"
        assert model.__name__ in str(caught.value) and hint in str(caught.value)


def test_the_table_of_dynamodel_is_missing_like_any_attribute():
    with pytest.raises(AbstractModel, match="DynaModel has no Table and no Schema"):
        DynaModel.Table.create_table()
    assert not hasattr(DynaModel, "Table") and not hasattr(Base, "Schema")
    assert getattr(Base, "nothing", None) is None


@pytest.mark.parametrize("verb", ["query", "scan"])
def test_the_index_of_what_is_no_model_says_so_and_what_to_do(library, verb):
    class Mixin:
        class ByTitle(GlobalIndex):
            name = "by-title"
            hash_key = "title"
            projection = ProjectAll()

    for index in (Base.ByAuthor, Grandchild.ByAuthor, Mixin.ByTitle):
        for conditions, lookups in (((), {}), ((), {"author": "a"}), ((dynamorm.F("author") == "a",), {})):
            with pytest.raises(AbstractModel, match=r"By.* use By.* of a class that inherits") as caught:
                getattr(index, verb)(*conditions, **lookups)
            assert index.__qualname__ in str(caught.value)
    fields = {"isbn": text(required=True), "author": text(), "title": text()}
    model = library.model("Book", type("Table", (Base.Table,), {"abstract": False}), fields, bases=(Mixin, Base))
    for index in (model.ByAuthor, model.ByTitle):
        assert index.index.name in repr(getattr(index, verb)(author="a", title="b"))


def test_an_index_may_have_a_verb_of_its_own_that_calls_ours(library):
    class ByAuthor(Base.ByAuthor):
        def query(self, *conditions, **lookups):
            return GlobalIndex.query(self, *conditions, **lookups).limit(3)

        def scan(self, *conditions, **lookups):
            return super().scan(*conditions, **lookups).limit(3)

    fields = {"isbn": text(required=True), "author": text()}
    table = type("Table", (Base.Table,), {"abstract": False})
    model = library.model("Book", table, fields, bases=(Base,), ByAuthor=ByAuthor)
    assert "by-author" in repr(model.ByAuthor.query(author="a")) and "by-author" in repr(model.ByAuthor.scan())
    with pytest.raises(AbstractModel):
        Base.ByAuthor.query(author="a")


def test_an_abstract_class_below_a_model_is_no_model_either(library):
    parent = library.model("Book", {"name": "books", "hash_key": "isbn"}, {"isbn": text(required=True)})

    class Between(parent):
        class Table(parent.Table):
            abstract = True

    class Child(Between):
        class Table(parent.Table):
            name = "children"

    with pytest.raises(AbstractModel, match="Between is abstract"):
        Between.get(isbn="1")
    with pytest.raises(AbstractModel):
        Between(isbn="1")
    assert Child(isbn="1").isbn == "1"
    assert (Child.Table.name, parent.Table.name) == ("children", "books")


@pytest.mark.parametrize("thing", ["a text", None, 5, DynaModel])
def test_inspecting_what_is_no_instance_is_refused(thing):
    with pytest.raises(DynaModelException, match=r"inspect\(\) takes an instance of a model"):
        dynamorm.inspect(thing)


@pytest.mark.parametrize("thing", ["a text", None, Base, type("Plain", (), {"Table": type("Table", (), {})})])
def test_creating_the_tables_of_what_is_no_model_is_refused(thing):
    with pytest.raises(DynaModelException, match=r"create_tables\(\) takes models that have a table"):
        dynamorm.create_tables(thing)


def test_the_name_of_no_field_is_told_with_the_nearest(library):
    model = library.model("Book", {"name": "books", "hash_key": "isbn"}, {"isbn": text(required=True), "title": text()})
    with pytest.raises(AttributeError, match=r"'Book' has no attribute 'titel'; did you mean 'title'\?"):
        _ = model.titel
    with pytest.raises(AttributeError, match=r"'Book' has no attribute '_title'$"):
        _ = model._title
