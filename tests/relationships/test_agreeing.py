"""Relationships of models that agree in fields: ``on=`` in place of queries, between tables and within one table."""

from __future__ import annotations

import pytest

from dynamorm import (
    Composite,
    DynaModel,
    DynaModelException,
    GlobalIndex,
    InvalidKey,
    InvalidSchemaField,
    ManyToOne,
    OneToMany,
    OneToOne,
    ProjectAll,
)

from .models import schema


def table(name, hash_key, range_key=None):
    return type(
        "Table", (), {"name": name, "hash_key": hash_key, "range_key": range_key, "billing_mode": "PAY_PER_REQUEST"}
    )


# Models of several tables.


@pytest.fixture
def library_of_books(library, dynamo_tables):
    class Book(DynaModel):
        Table = table("books", "isbn")
        Schema = schema(library, isbn="text!", title="text", author="text")

        class ByAuthor(GlobalIndex):
            name = "by-author"
            hash_key = "author"
            projection = ProjectAll()

        copies = OneToMany("Copy", on="isbn")
        text = OneToOne("FullText", on="isbn")

    class Copy(DynaModel):
        Table = table("copies", "isbn", "number")
        Schema = schema(library, isbn="text!", number="number!", shelf="text")

    class FullText(DynaModel):
        Table = table("texts", "isbn")
        Schema = schema(library, isbn="text!", text="text")

    class Author(DynaModel):
        Table = table("authors", "author")
        Schema = schema(library, author="text!")

        books = OneToMany(Book, on="author", index="ByAuthor", back_reference="writer")

    class Loan(DynaModel):
        Table = table("loans", "isbn", "number")
        Schema = schema(library, isbn="text!", number="number!", reader="text")

        copy = ManyToOne(Copy, on=("isbn", "number"))

    models = dynamo_tables(Book, Copy, FullText, Author, Loan)
    Author(author="Tolstoy").save()
    Book(isbn="1", title="War and Peace", author="Tolstoy").save()
    Book(isbn="2", title="Anna Karenina", author="Tolstoy").save()
    for isbn, number in (("1", 1), ("1", 2), ("2", 1)):
        Copy(isbn=isbn, number=number).save()
    return models


def test_many_are_found_by_the_field_in_which_both_agree(library_of_books):
    book, copy = library_of_books[:2]
    war = book.get(isbn="1")
    assert [one.number for one in war.copies] == [1, 2]
    assert (len(war.copies), bool(war.copies), war.copies.filter(number__gte=2).count()) == (2, True, 1)
    assert [one.number for one in book(isbn="2").copies] == [1]
    assert not book(isbn="3").copies
    assert copy.book.other is book


def test_the_way_back_is_there_without_being_asked_for(library_of_books):
    book, copy = library_of_books[:2]
    assert copy.get(isbn="1", number=2).book.title == "War and Peace"
    made = copy(book=book.get(isbn="2"), number=9)
    assert made.isbn == "2"
    made.save()
    assert [one.number for one in book(isbn="2").copies] == [1, 9]


def test_many_are_found_over_an_index_and_lead_back_by_the_key_of_the_table(library_of_books):
    book, author = library_of_books[0], library_of_books[3]
    tolstoy = author.get(author="Tolstoy")
    assert sorted(one.isbn for one in tolstoy.books) == ["1", "2"]
    assert tolstoy.books.explain().index_name == "by-author"
    assert book.get(isbn="1").writer.author == "Tolstoy"


def test_one_that_completes_another_is_saved_with_it_under_the_same_key(library_of_books):
    book, text = library_of_books[0], library_of_books[2]
    war = book.get(isbn="1")
    war.text.text = "Well, Prince, ..."
    war.save()
    assert text.get(isbn="1").text == "Well, Prince, ..."
    assert text.get(isbn="1").book.title == "War and Peace"


def test_they_may_agree_in_several_fields(library_of_books):
    _, copy, _, _, loan = library_of_books
    loan(isbn="1", number=2, reader="Ann").save()
    lent = loan.get(isbn="1", number=2)
    assert (lent.copy.isbn, lent.copy.number) == ("1", 2)
    assert [one.reader for one in copy.get(isbn="1", number=2).loans] == ["Ann"]
    assert not copy.get(isbn="1", number=1).loans


def test_the_parents_of_many_are_read_with_one_request(library_of_books, requests):
    book, copy = library_of_books[:2]
    copies = copy.scan().all()
    requests.clear()
    assert sorted(one.book.title for one in copy.book.prefetch(copies)) == ["Anna Karenina", *["War and Peace"] * 2]
    assert requests == ["BatchGetItem"]
    assert book


def test_where_the_field_has_no_value_there_are_none(library_of_books, requests):
    book, copy, _, author, _ = library_of_books
    with pytest.raises(InvalidKey, match="has no copies yet: the query gives no value for isbn"):
        _ = book().copies
    assert copy(number=1).book is None
    with pytest.raises(InvalidKey, match="has no books yet"):
        _ = author().books
    assert requests == []


# Models of one table.


@pytest.fixture
def shop(library, dynamo_tables):
    class Shop(DynaModel):
        class Table:
            name = "shop"
            hash_key = "pk"
            range_key = "sk"
            discriminator = "kind"
            billing_mode = "PAY_PER_REQUEST"
            abstract = True

        class GSI1(GlobalIndex):
            name = "gsi1"
            hash_key = "gsi1pk"
            range_key = "gsi1sk"
            projection = ProjectAll()

    class Customer(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("PROFILE")
        Schema = schema(library, email="text!", name="text")

        orders = OneToMany("Order", on="email")
        card = OneToOne("Card", on="email")

    class Card(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("CARD")
        Schema = schema(library, email="text!", digits="text")

    class Order(Shop):
        pk = Composite("CUSTOMER#{email}")
        sk = Composite("ORDER#{id}")
        Schema = schema(library, email="text!", id="text!", total="number")

        class ById(Shop.GSI1):
            hash_key = Composite("ORDER#{id}")
            range_key = Composite("HEAD")

        lines = OneToMany("Line", on="id", index="OfOrder", back_index="ById")

    class Line(Shop):
        pk = Composite("LINES#{id}")
        sk = Composite("{number:03d}")
        Schema = schema(library, id="text!", number="number!", product="text")

        class OfOrder(Shop.GSI1):
            hash_key = Composite("ORDER#{id}")
            range_key = Composite("LINE#{number:03d}")

    models = dynamo_tables(Customer, Card, Order, Line)
    for name in ("ann", "bob"):
        Customer(email=f"{name}@x", name=name).save()
    for email, id, total in (("ann@x", "1", 5), ("ann@x", "2", 7), ("bob@x", "3", 9)):
        Order(email=email, id=id, total=total).save()
    for id, number in (("1", 1), ("1", 2), ("2", 1)):
        Line(id=id, number=number, product=f"product {number}").save()
    return models


def test_the_many_share_the_parts_of_a_key_and_nothing_else_comes(shop):
    customer, card, order, _ = shop
    ann = customer.get(email="ann@x")
    card(email="ann@x", digits="77").save()
    assert [(type(one), one.id) for one in ann.orders] == [(order, "1"), (order, "2")]
    assert [part.operator for part in ann.orders.explain().keys] == ["eq", "begins_with"]
    assert [one.id for one in ann.orders.filter(id__gt="1")] == ["2"]
    assert (len(ann.orders), ann.orders.count()) == (2, 2)


def test_a_child_in_the_same_table_leads_back_by_its_parts(shop, requests):
    customer, _, order, _ = shop
    assert order.get(email="ann@x", id="2").customer.name == "ann"
    assert requests == ["GetItem", "GetItem"]
    made = order(customer=customer.get(email="bob@x"), id="4")
    assert (made.email, made.pk) == ("bob@x", "CUSTOMER#bob@x")
    made.save()
    assert [one.id for one in customer(email="bob@x").orders] == ["3", "4"]


def test_the_parents_in_one_table_are_read_with_one_request(shop, requests):
    order = shop[2]
    orders = order.scan().all()
    requests.clear()
    assert sorted(one.customer.name for one in order.customer.prefetch(orders)) == ["ann", "ann", "bob"]
    assert requests == ["BatchGetItem"]


def test_patterns_on_one_index_lead_there_and_back(shop):
    _, _, order, line = shop
    first = order.get(email="ann@x", id="1")
    assert [(type(one), one.number) for one in first.lines] == [(line, 1), (line, 2)]
    assert first.lines.explain().index_name == "gsi1"
    assert line.get(id="2", number=1).order.total == 7
    with pytest.raises(DynaModelException, match="only partners that are found by their primary key"):
        line.order.prefetch([line.get(id="2", number=1)])


def test_one_that_completes_another_lives_beside_it(shop):
    customer, card, _, _ = shop
    ann = customer.get(email="ann@x")
    ann.card.digits = "77"
    ann.save()
    assert card.get(email="ann@x").digits == "77"
    assert card.get(email="ann@x").customer.name == "ann"
    del ann.card
    assert card.get(email="ann@x") is None
    assert customer.get(email="ann@x").name == "ann"


def test_the_many_of_one_who_has_moved_are_looked_for_under_the_new_key(shop):
    customer, _, order, _ = shop
    ann = customer.get(email="ann@x")
    orders = ann.orders.all()
    ann.change_key(email="new@x")
    assert not ann.orders
    for one in orders:
        one.change_key(email="new@x")
    assert [one.id for one in ann.orders] == ["1", "2"]
    assert order.get(email="new@x", id="1").customer.name == "ann"


# Mistakes.


def test_a_relationship_needs_a_query_or_a_field(library):
    with pytest.raises(DynaModelException, match="give a query, or on="):
        OneToMany("Other")


@pytest.mark.parametrize("queries", [{"query": dict}, {"back_query": dict}])
def test_a_field_to_agree_in_stands_for_both_queries(queries):
    with pytest.raises(DynaModelException, match="stands for query and back_query; leave these out"):
        OneToMany("Other", on="id", **queries)


@pytest.mark.parametrize("on", [(), 5, ["id", 5], {"id": 1}])
def test_what_names_no_field_is_refused(on):
    with pytest.raises(DynaModelException, match="give the name of a field, or several in a tuple"):
        OneToOne("Other", on=on)


def test_a_field_that_a_model_does_not_have_is_refused_when_the_class_is_made(library):
    class Other(DynaModel):
        Table = table("others", "id")
        Schema = schema(library, id="text!")

    def owner(on):
        class Owner(DynaModel):
            Table = table("owners", "id")
            Schema = schema(library, id="text!", email="text")

            others = OneToMany(Other, on=on)

        return Owner

    with pytest.raises(DynaModelException, match=r"Owner\.others.*Owner has no 'emial'; did you mean 'email'"):
        owner("emial")
    with pytest.raises(DynaModelException, match=r"Owner\.others.*Other has no 'email'; its fields are id"):
        owner("email")
    assert owner("id").others.other is Other


def test_a_field_that_a_model_named_later_does_not_have_is_refused_when_it_is_used(library, requests):
    class Parent(DynaModel):
        Table = table("parents", "id")
        Schema = schema(library, id="text!", email="text")

        children = OneToMany("Child", on="email")

    class Child(DynaModel):
        Table = table("children", "id")
        Schema = schema(library, id="text!")

    with pytest.raises(InvalidSchemaField, match="Child has no field 'email'"):
        Parent(id="1", email="a").children.all()
    with pytest.raises(DynaModelException, match="Child has no 'email'"):
        _ = Child(id="1").parent
    assert requests == []
