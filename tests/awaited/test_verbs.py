"""Every awaited verb by its name, against an engine: what it returns, and what is stored then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import dynamorm
from dynamorm import (
    BatchWriter,
    ConditionFailed,
    DoesNotExist,
    HashKeyExists,
    InvalidExpression,
    ManyToOne,
    MultipleFound,
    OneToMany,
    Transaction,
    TransactionGet,
    upgrade,
)

from ..libraries import Library, integer, text
from .test_faces import PAIRS

Use = Callable[[Any], Awaitable[None]]
uses: dict[str, Use] = {}


def use_of(*verbs: str) -> Callable[[Use], Use]:
    """Note a use of verbs, named as the pairs of faces are: class and verb."""

    def note(use: Use) -> Use:
        uses.update(dict.fromkeys(verbs, use))
        return use

    return note


@pytest.fixture(scope="module")
def models(library: Library) -> Any:
    """Authors, and their books, which are in their second form."""

    class Models:
        Author = library.model(
            "Author",
            {"name": "authors", "hash_key": "name"},
            {"name": text(required=True), "born": integer()},
            books=OneToMany("Book", query=lambda author: {"author": author.name}, index="ByAuthor"),
        )
        Book = library.model(
            "Book",
            {"name": "books", "hash_key": "isbn", "unique": ["title"], "schema_version": 2},
            {"isbn": text(required=True), "title": text(), "author": text(), "copies": integer()},
            ByAuthor=type(
                "ByAuthor",
                (dynamorm.GlobalIndex,),
                {"name": "by-author", "hash_key": "author", "range_key": "isbn", "projection": dynamorm.ProjectAll()},
            ),
            step=upgrade(2)(lambda item: item.update(copies=0)),
        )

    way = ManyToOne(Models.Author, query=lambda book: {"name": book.author}, back_query=lambda a: {"author": a.name})
    Models.Loan = library.model(
        "Loan", {"name": "loans", "hash_key": "id"}, {"id": text(required=True), "author": text()}, writer=way
    )
    return Models


@pytest.fixture
def shop(models: Any, dynamo_tables: Any) -> Any:
    """The models with their tables: three books of two authors are stored."""
    dynamo_tables(models.Author, models.Book, models.Loan)
    models.Author.put_batch({"name": "Ann", "born": 1950}, {"name": "Ben", "born": 1960})
    for number, author in enumerate(("Ann", "Ann", "Ben"), 1):
        models.Book(isbn=str(number), title=f"T{number}", author=author, copies=number).save()
    return models


def isbns(found: Any) -> list[str]:
    return sorted(book.isbn for book in found)


# Models.


@use_of("Reading.get", "Reading.require", "Reading.exists", "Reading.get_batch", "Reading.refresh")
async def read(shop: Any) -> None:
    found = await shop.Book.aget(isbn="1")
    assert (found.title, found.copies) == ("T1", 1)
    assert await shop.Book.aget(isbn="9") is None
    assert (await shop.Book.aget(consistent=True, attrs=["title"], isbn="1")).title == "T1"
    assert (await shop.Book.arequire(isbn="2")).title == "T2"
    with pytest.raises(shop.Book.DoesNotExist, match="isbn='9'"):
        await shop.Book.arequire(isbn="9")
    assert await shop.Book.aexists(isbn="1") is True and await shop.Book.aexists(isbn="9") is False
    assert isbns(await shop.Book.aget_batch(["1", "9", "3"])) == ["1", "3"]
    ordered = await shop.Book.aget_batch(["3", "9", "1"], ordered=True, concurrency=2)
    assert [one and one.isbn for one in ordered] == ["3", None, "1"]
    assert isbns([book async for book in shop.Book.get_batch(["1", "2"])]) == ["1", "2"]
    await shop.Book.aupdate_item(isbn="1", copies=7)
    await found.arefresh()
    assert found.copies == 7
    await shop.Book.adelete_item(isbn="1")
    with pytest.raises(DoesNotExist):
        await found.arefresh()


@use_of("WholeItems.put", "WholeItems.put_unique", "WholeItems.create", "WholeItems.get_or_create")
async def store(shop: Any) -> None:
    await shop.Book.aput({"isbn": "4", "title": "T4"})
    with pytest.raises(HashKeyExists):
        await shop.Book.aput_unique({"isbn": "4", "title": "another"})
    made = await shop.Book.acreate(isbn="5", title="T5")
    assert isinstance(made, shop.Book) and not made.is_dirty
    found, created = await shop.Book.aget_or_create(isbn="6", defaults={"title": lambda: "T6"})
    assert (found.title, created) == ("T6", True)
    found, created = await shop.Book.aget_or_create(isbn="6")
    assert (found.title, created) == ("T6", False)
    assert await shop.Book.scan().acount() == 6


@use_of("WholeItems.put_batch", "WholeItems.delete_batch")
async def in_batches(shop: Any) -> None:
    told: list[int] = []

    async def progress(report: Any) -> None:
        await asyncio.sleep(0)
        told.append(report.done)

    await shop.Author.aput_batch(({"name": f"A{n:02}"} for n in range(60)), concurrency=2, progress=progress)
    assert await shop.Author.scan().acount() == 62
    assert told and sorted(told)[-1] == 60
    await shop.Author.adelete_batch(*(f"A{n:02}" for n in range(60)), progress=progress)
    assert await shop.Author.scan().acount() == 2


@use_of("WholeItems.save", "WholeItems.change_key", "WholeItems.delete", "WholeItems.delete_item")
async def whole(shop: Any) -> None:
    book = shop.Book(isbn="7", title="T7", copies=1)
    await book.asave()
    book.copies = 2
    await book.asave(partial=True)
    assert shop.Book.get(isbn="7").copies == 2
    stale = await shop.Book.aget(isbn="7")
    await book.aupdate(copies=3)
    stale.title = "other"
    with pytest.raises(ConditionFailed) as caught:
        await stale.asave(atomic=True)
    assert caught.value.current.copies == 3
    await book.achange_key(isbn="8")
    assert (book.isbn, await shop.Book.aexists(isbn="7"), await shop.Book.aexists(isbn="8")) == ("8", False, True)
    await book.adelete()
    await shop.Book.adelete_item(isbn="1")
    assert isbns(await shop.Book.scan().aall()) == ["2", "3"]


@use_of("PartsOfItems.update", "PartsOfItems.update_item", "PartsOfItems.upsert", "PartsOfItems.patch")
@use_of("PartsOfItems.reconcile")
async def parts(shop: Any) -> None:
    book = await shop.Book.aget(isbn="1")
    await book.aupdate(copies__add=4)
    assert book.copies == 5
    await shop.Book.aupdate_item(isbn="1", copies=6, conditions={"copies": 5})
    with pytest.raises(ConditionFailed):
        await shop.Book.aupdate_item(isbn="1", copies=7, conditions={"copies": 5})
    assert (await shop.Author.aupsert(name="Cid", born=1970)).born == 1970
    assert (await shop.Author.apatch(name="Cid", born=1971)).born == 1971
    book.author = "Ben"
    await book.areconcile()
    assert (book.author, book.copies, book.is_dirty) == ("Ben", 6, False)


@use_of("Upkeep.migrate", "Upkeep.get_by", "Upkeep.verify_unique")
async def upkeep(shop: Any) -> None:
    assert (await shop.Book.aget_by(title="T2")).isbn == "2"
    with pytest.raises(dynamorm.UniqueViolation):
        await shop.Book(isbn="4", title="T2").asave()
    await shop.Book.Table.aput({"isbn": "0", "author": "Cid"})
    told = []

    async def progress(report: Any) -> None:
        told.append(report)

    report = await shop.Book.amigrate(segments=2, progress=progress)
    assert report.rewritten == 1 and told
    assert (await shop.Book.Table.aget(isbn="0"))["copies"] == 0
    assert await shop.Book.averify_unique() == []


# Reads.


@use_of("ReadIterator.exists", "ReadIterator.all", "ReadIterator.first", "QueryIterator.first", "ReadIterator.one")
@use_of("ReadIterator.count", "ReadIterator.by_model")
async def ask(shop: Any) -> None:
    of_ann = shop.Book.ByAuthor.query(author="Ann")
    assert isbns(await of_ann.aall()) == isbns([book async for book in of_ann]) == ["1", "2"]
    assert (await of_ann.afirst()).isbn == "1" and (await of_ann.afirst(reverse=True)).isbn == "2"
    assert (await shop.Book.scan(copies=3).aone()).isbn == "3"
    with pytest.raises(MultipleFound):
        await of_ann.aone()
    with pytest.raises(DoesNotExist):
        await shop.Book.query(isbn="9").aone()
    assert await shop.Book.scan(copies=9).afirst() is None
    assert await of_ann.aexists() is True and await shop.Book.query(isbn="9").aexists() is False
    assert await of_ann.acount() == 2
    assert isbns((await of_ann.aby_model())[shop.Book]) == ["1", "2"]
    assert isbns(await shop.Book.scan().parallel(3).aall()) == ["1", "2", "3"]
    assert isbns([book async for book in of_ann.page_size(1).read_ahead()]) == ["1", "2"]


@use_of("ReadIterator.page")
async def by_pages(shop: Any) -> None:
    of_ann = shop.Book.ByAuthor.query(author="Ann")
    first, cursor = await of_ann.apage(1)
    second = await of_ann.apage(5, cursor)
    assert isbns(first) == ["1"] and isbns(second.items) == ["2"] and second.next_cursor is None
    assert isbns((await of_ann.apage(1, second.previous_cursor)).items) == ["1"]
    assert [isbns(page.items) async for page in of_ann.page_size(1).apages() if page.items] == [["1"], ["2"]]


@use_of("ReadIterator.update", "ReadIterator.delete")
async def matching(shop: Any) -> None:
    told = []

    async def progress(report: Any) -> None:
        await asyncio.sleep(0)
        told.append(report.done)

    assert await shop.Author.scan(born__lt=1960).aupdate(born=1955, progress=progress) == 1
    assert (await shop.Author.aget(name="Ann")).born == 1955
    assert await shop.Author.scan().adelete(dry_run=True) == 2
    assert await shop.Author.scan().adelete(concurrency=2, progress=progress) == 2
    assert await shop.Author.scan().acount() == 0
    assert told == [1, 1, 2]


async def refused(shop: Any) -> None:
    shop.Author.Table.table.put_item(Item={"name": "bad", "born": "long ago"})
    met = []

    async def note(error: Any) -> None:
        await asyncio.sleep(0)
        met.append(error)

    assert {one.name for one in await shop.Author.scan().on_invalid(note).aall()} == {"Ann", "Ben"}
    assert len(met) == 1
    with pytest.raises(dynamorm.MustBeAwaited, match="coroutine function"):
        shop.Author.scan().on_invalid(note).all()


# Tables.


@use_of("_Life.exists", "_Life.create_table", "_Life.delete", "_Life.plan", "_Life.update_table", "_Life.validate")
async def life(shop: Any) -> None:
    table = shop.Loan.Table
    assert await table.aexists() is True
    assert not await table.aplan()
    assert await table.aupdate_table() == 0
    await table.avalidate()
    assert await table.adelete() is True
    assert await table.aexists() is False
    made = await table.acreate_table()
    assert made.name == table.full_name and await table.aexists() is True


@use_of(".create_tables")
async def created(shop: Any) -> None:
    await shop.Loan.Table.adelete()
    await dynamorm.acreate_tables(shop.Loan, shop.Author)
    assert await shop.Loan.Table.aexists()


@use_of("DynamoTable3.put", "DynamoTable3.put_unique", "DynamoTable3.put_batch", "DynamoTable3.get")
@use_of("DynamoTable3.get_batch", "DynamoTable3.query", "DynamoTable3.scan", "DynamoTable3.update")
@use_of("DynamoTable3.delete_item")
async def plain(shop: Any) -> None:
    table = shop.Author.Table
    await table.aput({"name": "Cid", "born": 1})
    with pytest.raises(HashKeyExists):
        await table.aput_unique({"name": "Cid"})
    await table.aput_batch({"name": "Dan"}, {"name": "Eve"})
    assert await table.aget(name="Cid") == {"name": "Cid", "born": 1}
    found = await table.aget_batch([{"name": "Dan"}, {"name": "Nobody"}, {"name": "Eve"}])
    assert sorted(one["name"] for one in found) == ["Dan", "Eve"]
    assert (await table.aquery(name="Cid"))["Count"] == 1
    assert (await table.ascan())["Count"] == 5
    await table.aupdate(name="Cid", born=2)
    assert (await table.aget(name="Cid"))["born"] == 2
    await table.adelete_item(name="Cid")
    assert await table.aget(name="Cid") is None


# Several models.


@use_of("OneToOne.prefetch")
async def partners(shop: Any) -> None:
    loans = [shop.Loan(id=str(number), author=name) for number, name in enumerate(("Ann", "Ben", "Ann"))]
    assert await shop.Loan.writer.aprefetch(iter(loans)) == loans
    assert [loan.writer.born for loan in loans] == [1950, 1960, 1950]
    await dynamorm.asave(loans)
    # what both kinds of loops can go through, with a length besides
    assert len(await shop.Loan.writer.aprefetch(shop.Loan.scan())) == 3
    one = await shop.Loan.aget(id="1")
    assert (await shop.Loan.writer.aget(one)).born == 1960
    assert one.writer.born == 1960  # which is kept
    ann = await shop.Author.aget(name="Ann")
    assert isbns([book async for book in ann.books]) == isbns(await ann.books.aall()) == ["1", "2"]
    assert await ann.books.acount() == 2


@use_of("Transaction.put", "Transaction.save", "Transaction.update", "Transaction.delete", "Transaction.check")
@use_of("Transaction._record")
async def together(shop: Any) -> None:
    async with Transaction() as tx:
        await tx.aput(shop.Author, {"name": "Cid"})
        await tx.asave(shop.Author(name="Dan"))
        await tx.aupdate(shop.Author, name="Ann", born=1)
        await tx.adelete(shop.Author, name="Ben")
        await tx.acheck(shop.Book, isbn="1", copies__gte=1)
    assert sorted([author.name async for author in shop.Author.scan()]) == ["Ann", "Cid", "Dan"]
    with pytest.raises(dynamorm.TransactionCanceled):
        async with Transaction() as tx:
            await tx.acheck(shop.Book, isbn="1", copies__gte=100)
            await tx.adelete(shop.Author, name="Ann")
    with pytest.raises(ValueError, match="enough"):
        async with Transaction() as tx:
            await tx.adelete(shop.Author, name="Ann")
            raise ValueError("enough")
    async with TransactionGet() as tx:
        ann, book = tx.get(shop.Author, name="Ann"), tx.get(shop.Book, isbn="1")
    assert (ann.instance.born, book.instance.title) == (1, "T1")
    with pytest.raises(InvalidExpression, match="over"):
        await tx_of_the_past(shop)


async def tx_of_the_past(shop: Any) -> None:
    async with Transaction() as tx:
        pass
    await tx.adelete(shop.Author, name="Ann")


@use_of(".load", ".save", ".delete", ".sync")
async def several(shop: Any) -> None:
    ann, book = shop.Author(name="Ann"), shop.Book(isbn="1")
    await dynamorm.aload(ann, [book], consistent=True)
    assert (ann.born, book.title) == (1950, "T1")
    ann.born, book.copies = 1, 2
    await dynamorm.asave([ann], book)
    assert ((await shop.Author.aget(name="Ann")).born, (await shop.Book.aget(isbn="1")).copies) == (1, 2)
    ann.born = 2
    await dynamorm.areconcile(ann, book)
    assert (await shop.Author.aget(name="Ann")).born == 2
    await dynamorm.adelete(shop.Author.scan(), book)
    assert await shop.Author.scan().acount() == 0


async def writer(shop: Any) -> None:
    async with BatchWriter(concurrency=2) as writer:
        for number in range(30):
            await writer.aput(shop.Author, {"name": f"A{number:02}"})
        await writer.adelete(shop.Author, name="Ann")
    assert await shop.Author.scan().acount() == 31


async def handles(shop: Any) -> None:
    elsewhere = shop.Author.using(table_prefix="elsewhere-")
    await elsewhere.Table.acreate_table()
    await elsewhere.aput({"name": "Zoe"})
    assert await elsewhere.scan().acount() == 1
    found = await elsewhere.aget(name="Zoe")
    assert type(found) is shop.Author
    found.born = 1
    await found.asave(partial=True)
    assert (await elsewhere.aget(name="Zoe")).born == 1 and await shop.Author.aget(name="Zoe") is None
    assert [author.name async for author in elsewhere.query(name="Zoe")] == ["Zoe"]
    await elsewhere.Table.adelete()
    filled = shop.Author.using(given={"name": "Ann"})
    assert (await filled.aget()).born == 1950


by_name = {use.__name__: use for use in (*uses.values(), refused, writer, handles)}


@pytest.mark.parametrize("use", by_name.values(), ids=by_name)
def test_awaited_verbs_do_what_the_blocking_ones_do(shop, use):
    asyncio.run(use(shop))


def test_every_awaited_verb_is_used():
    assert {name.partition(": ")[2] for name in PAIRS} == uses.keys()
