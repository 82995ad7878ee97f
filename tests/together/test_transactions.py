"""Transactions on a real engine: all or nothing, what instances know afterwards, and what is refused before sending."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

import dynamorm
from dynamorm import (
    ConnectionFailed,
    DynaModelException,
    HashKeyExists,
    InvalidExpression,
    InvalidKey,
    InvalidSchemaField,
    ItemTooLarge,
    Transaction,
    TransactionCanceled,
    TransactionGet,
    ValidationError,
    VersionConflict,
)
from dynamorm.signals import post_save, post_update, pre_request, pre_save

from ..libraries import integer, listing, moment, text

ACCOUNT = {"id": text(required=True), "balance": integer(), "owner": text(), "log": listing(text())}
ENTRY = {"id": text(required=True), "of": text(required=True), "amount": integer(required=True)}
GUARDED = {"id": text(required=True), "n": integer(), "rev": integer(), "made": moment(), "changed": moment()}


@pytest.fixture(scope="module")
def classes(library):
    guarded = {"name": "guarded", "hash_key": "id", "version": "rev", "created": "made", "updated": "changed"}
    return (
        library.model("Account", {"name": "accounts", "hash_key": "id"}, ACCOUNT),
        library.model("Entry", {"name": "entries", "hash_key": "id", "range_key": "of"}, ENTRY),
        library.model("Guarded", guarded, GUARDED),
    )


@pytest.fixture
def models(classes, dynamo_tables):
    return dynamo_tables(*classes)


@pytest.fixture
def account(models):
    models[0].put({"id": "1", "balance": 100})
    models[0].put({"id": "2", "balance": 5})
    return models[0]


@pytest.fixture
def entry(models):
    return models[1]


@pytest.fixture
def guarded(models):
    return models[2]


def partner_key(one):
    return {"id": one.id}


def fail(sender, request):
    if request.operation == "TransactWriteItems":
        raise ConnectionFailed("no answer")


def balances(account):
    return {one.id: one.balance for one in account.scan()}


def test_all_verbs_of_several_models_in_one_request(account, entry, guarded, operations):
    first, second = account.get(id="1"), account.get(id="2")
    entry.put({"id": "9", "of": "x", "amount": 1})
    account.put({"id": "3", "balance": 5})
    operations.clear()
    with Transaction() as tx:
        tx.update(first, balance__minus=30, conditions={"balance__gte": 30})
        tx.update(account, id="2", balance__plus=30)
        tx.put(entry, {"id": "1", "of": "1", "amount": -30})
        tx.save(entry(id="1", of="2", amount=30))
        tx.delete(entry, id="9", of="x")
        tx.save(guarded(id="1", n=1), unique=True)
        tx.check(account, account.balance.gte(5), id="3", owner__not_exists=True)
        tx.put(guarded, {"id": "2", "n": 2})
    assert operations == ["TransactWriteItems"]
    assert balances(account) == {"1": 70, "2": 35, "3": 5}
    assert sorted((one.of, one.amount) for one in entry.scan()) == [("1", -30), ("2", 30)]
    assert {one.id: one.rev for one in guarded.scan()} == {"1": 1, "2": 1}
    assert second.balance == 5


@pytest.mark.parametrize("wrong", [{"balance__gte": 1000}, {"owner": "nobody"}])
def test_nothing_is_done_where_one_action_is_refused(account, entry, wrong):
    first = account.get(id="1")
    with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.put(entry, {"id": "1", "of": "1", "amount": 1})
        tx.update(first, balance__minus=30, conditions=wrong)
        tx.delete(account, id="2")
    error = caught.value
    assert [reason.code for reason in error.reasons] == ["None", "ConditionalCheckFailed", "None"]
    (guilty,) = error.failed
    assert guilty.action == ("update", "Account", {"id": "1"})
    assert guilty.instance is first and guilty.current.balance == 100
    assert isinstance(guilty.error, dynamorm.ConditionFailed)
    assert balances(account) == {"1": 100, "2": 5} and list(entry.scan()) == []
    assert first.balance == 100 and not first.is_dirty
    first.update(balance__plus=1)
    assert first.balance == 101


def test_an_exception_in_the_block_sends_nothing(account, operations):
    first = account.get(id="1")
    first.incr(balance=5)
    operations.clear()
    with pytest.raises(ZeroDivisionError), Transaction() as tx:
        tx.update(account, id="2", balance=0)
        tx.save(first, partial=True)
        1 / 0  # noqa: B018
    assert operations == []
    assert first.balance == 105 and first.is_dirty
    first.save(partial=True)
    assert balances(account) == {"1": 105, "2": 5}


def test_increments_are_still_to_be_sent_where_there_was_no_answer(account):
    first = account.get(id="1")
    first.incr(balance=5)
    kept = Transaction()
    with pytest.raises(ConnectionFailed), pre_request.connected_to(fail), kept as tx:
        tx.save(first, partial=True)
    assert first.is_dirty and first.balance == 105
    first.save(partial=True)
    assert balances(account)["1"] == 105


def test_what_the_engine_itself_finds_invalid_is_said_of_the_guilty_action(account):
    # only the engine can see that the number is stored as text
    account.Table.table.put_item(Item={"id": "3", "balance": "many"})
    first, third = account.get(id="1"), account(id="3")
    first.incr(balance=5)
    third.incr(balance=1)
    for record in (
        lambda tx: tx.update(account, id="3", balance__plus=1),
        lambda tx: tx.save(third, partial=True),
    ):
        with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
            tx.save(first, partial=True)
            tx.update(account, id="2", owner="me")
            record(tx)
        error = caught.value
        assert [reason.code for reason in error.reasons] == ["None", "None", "ValidationError"]
        (guilty,) = error.failed
        assert guilty.action[1:] == ("Account", {"id": "3"})
        # the code is DynamoDB's; of a sum dynoxide says it in other words than DynamoDB, which speaks of a data type
        assert "numbers" in guilty.message or "data type" in guilty.message
        assert guilty.current is None and guilty.item is None
        assert "ValidationError" in str(error)
        assert account.Table.table.get_item(Key={"id": "3"})["Item"] == {"id": "3", "balance": "many"}
        assert account.get(id="1").balance == 100 and account.get(id="2").owner is None
    assert guilty.instance is third
    assert first.changes == {"balance": (100, 105)} and third.changes["balance"] == (None, 1)
    first.save(partial=True)
    assert account.get(id="1").balance == 105


def test_a_transaction_of_nothing_is_not_sent(account, operations):
    first = account.get(id="1")
    operations.clear()
    with Transaction() as tx:
        tx.save(first, partial=True)
        tx.update(first)
    assert operations == []


def test_values_are_taken_at_the_call(account):
    first = account.get(id="1")
    with Transaction() as tx:
        first.owner = "then"
        tx.save(first)
        first.owner = "now"
    assert account.get(id="1").owner == "then"
    assert first.owner == "now" and first.changes == {"owner": ("then", "now")}


def test_instances_know_what_is_stored(account, guarded):
    first = account.get(id="1")
    fresh = guarded(id="1", n=1)
    with Transaction() as tx:
        first.owner = "me"
        tx.save(first, partial=True)
        tx.save(fresh)
    assert not first.is_dirty and not fresh.is_dirty
    stored = guarded.get(id="1")
    assert (fresh.rev, fresh.made, fresh.changed) == (1, stored.made, stored.changed) and fresh.made == fresh.changed
    with Transaction() as tx:
        tx.update(fresh, n__plus=4)
        tx.update(first, owner__remove=True)
    stored = guarded.get(id="1")
    # the version says what the number was before
    assert (fresh.n, fresh.rev, fresh.changed) == (5, 2, stored.changed) and fresh.changed > fresh.made
    assert first.owner is None and not first.is_dirty
    fresh.n = 6
    fresh.save()
    assert guarded.get(id="1").rev == 3


def test_what_only_dynamodb_knows_counts_as_not_loaded(account):
    first = account.get(id="1")
    with Transaction() as tx:
        tx.update(first, balance__plus=1, owner="me", log__append="x")
    assert first.owner == "me"
    assert first.balance is None and first.log is None and first.is_partial and not first.is_dirty
    with pytest.raises(dynamorm.PartialInstance):
        first.save()
    first.refresh()
    assert (first.balance, first.log, first.is_partial) == (101, ["x"], False)


def test_versions_are_guarded(guarded):
    guarded.put({"id": "1", "n": 1})
    mine, yours = guarded.get(id="1"), guarded.get(id="1")
    yours.update(n=2)
    mine.n = 3
    for record in (
        lambda tx: tx.save(mine),
        lambda tx: tx.save(mine, partial=True),
        lambda tx: tx.update(mine, n=3),
        lambda tx: tx.delete(mine),
        lambda tx: tx.put(mine),
        lambda tx: tx.put(guarded, {"id": "1", "rev": 1}),
        lambda tx: tx.check(mine),
        lambda tx: tx.update(guarded, id="1", n=3, if_version=1),
        lambda tx: tx.delete(guarded, id="1", if_version=1),
    ):
        with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
            tx.put(guarded, {"id": "2"})
            record(tx)
        (guilty,) = caught.value.failed
        assert isinstance(guilty.error, VersionConflict), guilty
        assert guilty.current.rev == 2
        assert mine.rev == 1
    assert guarded.get(id="2") is None
    mine.refresh()
    with Transaction() as tx:
        tx.check(mine)
    assert guarded.get(id="1").rev == 2, "a check advances nothing"


def test_errors_are_those_of_the_single_writes(account):
    gone = account.get(id="2")
    account.delete_item(id="2")
    with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.save(account(id="1", balance=1), unique=True)
        tx.update(gone, balance=1)
        tx.check(account, id="77")
    kinds = [type(reason.error) for reason in caught.value.failed]
    assert issubclass(kinds[0], HashKeyExists) and issubclass(kinds[1], account.DoesNotExist)
    assert "[id" not in str(caught.value)


def test_atomic_writes(account):
    first, second = account.get(id="1"), account.get(id="2")
    account.update_item(id="1", owner="somebody")
    first.balance = second.balance = 0
    with pytest.raises(TransactionCanceled), Transaction() as tx:
        tx.save(second, atomic=True)
        tx.save(first, atomic=True)
    with pytest.raises(TransactionCanceled), Transaction() as tx:
        tx.delete(first, atomic=True)
    assert balances(account) == {"1": 100, "2": 5}
    first.refresh()
    first.balance = 0
    with Transaction() as tx:
        tx.save(second, atomic=True)
        tx.save(first, partial=True, atomic=True)
    assert balances(account) == {"1": 0, "2": 0}


def test_signals_are_sent(account):
    seen = []

    def note_pre(sender, instance, **facts):
        seen.append(("pre", instance.id))
        instance.owner = "receiver"

    def note_post(sender, instance, **facts):
        seen.append(("post", instance.id, instance.is_dirty))

    first, second = account.get(id="1"), account.get(id="2")
    with pre_save.connected_to(note_pre), post_save.connected_to(note_post), post_update.connected_to(note_post):
        with Transaction() as tx:
            tx.save(first)
            tx.update(second, owner="x")
            assert seen == [("pre", "1")]
        assert seen == [("pre", "1"), ("post", "1", False), ("post", "2", False)]
        del seen[:]
        with pytest.raises(TransactionCanceled), Transaction() as tx:
            tx.save(first, conditions={"owner": "nobody"})
        assert seen == [("pre", "1")]
    assert account.get(id="1").owner == "receiver"


def test_a_receiver_that_fails_keeps_no_instance_from_knowing(account):
    def fail(sender, instance, **facts):
        if instance.id == "1":
            raise ZeroDivisionError

    first, second = account.get(id="1"), account.get(id="2")
    first.balance = second.balance = 7
    with post_save.connected_to(fail), pytest.raises(ZeroDivisionError), Transaction() as tx:
        tx.save(first)
        tx.save(second)
    assert balances(account) == {"1": 7, "2": 7}
    assert not first.is_dirty and not second.is_dirty


def test_verbs_that_a_model_replaced_are_not_called(library, dynamo_tables):
    def update(self, *actions, **options):
        raise AssertionError("it would send by itself")

    model = library.model("Account", {"name": "own", "hash_key": "id"}, ACCOUNT, update=update)
    (model,) = dynamo_tables(model)
    model.put({"id": "1", "balance": 1})
    found = model.get(id="1")
    found.balance = 2
    with Transaction() as tx:
        tx.save(found, partial=True)
    assert model.get(id="1").balance == 2


def test_what_is_wrong_is_said_when_it_is_recorded(account, entry, operations):
    first = account.get(id="1")
    operations.clear()
    with pytest.raises(ZeroDivisionError), Transaction() as tx:
        with pytest.raises(ValidationError):
            tx.put(entry, {"id": "1", "of": "1", "amount": "many"})
        with pytest.raises(InvalidKey):
            tx.update(account, balance=1)
        with pytest.raises(InvalidKey):
            tx.delete(account)
        with pytest.raises(InvalidSchemaField, match="did you mean 'balance'"):
            tx.update(account, id="1", balnce=1)
        with pytest.raises(InvalidExpression, match="give a model or an instance"):
            tx.update("1", balance=1)
        with pytest.raises(InvalidExpression, match="give an instance"):
            tx.save(account)
        with pytest.raises(InvalidExpression, match="give an instance"):
            tx.delete(account, atomic=True, id="1")
        with pytest.raises(InvalidExpression, match="nothing to store but the key"):
            tx.save(account(id="77"), partial=True)
        with pytest.raises(DynaModelException, match="put as a dict"):
            tx.put(account, 5)
        tx.update(first, balance=1)
        for record in (
            lambda: tx.update(account, id="1", balance=2),
            lambda: tx.put(account, {"id": "1"}),
            lambda: tx.check(first),
            lambda: tx.delete(first),
        ):
            with pytest.raises(InvalidExpression, match=r"\{'id': '1'\}.*a update of the same item already"):
                record()
        for number in range(99):
            tx.put(entry, {"id": "1", "of": str(number), "amount": 1})
        with pytest.raises(InvalidExpression, match="one more than the 100 actions"):
            tx.put(entry, {"id": "1", "of": "99", "amount": 1})
        raise ZeroDivisionError
    assert operations == []
    with pytest.raises(InvalidExpression, match="is over"):
        tx.put(entry, {"id": "1", "of": "1", "amount": 1})
    for wrong in ("", 5, b"x"):
        with pytest.raises(InvalidExpression, match="token"):
            Transaction(token=wrong)


def test_a_hundred_actions(account, entry):
    with Transaction() as tx:
        for number in range(100):
            tx.put(entry, {"id": "1", "of": str(number), "amount": number})
    assert entry.query(id="1").count() == 100


def test_four_megabytes(account, operations):
    operations.clear()
    with pytest.raises(ItemTooLarge, match=r"put of Account \{'id': '10'\}: .* 4,194,304 at most"), Transaction() as tx:
        for number in range(11):
            tx.put(account, {"id": str(number), "owner": "x" * 400_000})
    assert operations == []
    with Transaction() as tx:
        for number in range(10):
            tx.put(account, {"id": str(number), "owner": "x" * 400_000})
    assert operations == ["TransactWriteItems"]


def test_places_are_those_of_the_record(account, entry):
    other = entry.using(table_name=entry.Table.full_name)
    with Transaction() as tx:
        tx.put(other, {"id": "5", "of": "5", "amount": 5})
        tx.check(account, id="1")
    assert entry.get(id="5", of="5").amount == 5
    elsewhere = entry.using(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(InvalidExpression, match="other settings"), Transaction() as tx:
        tx.check(account, id="1")
        tx.put(elsewhere, {"id": "6", "of": "5", "amount": 5})


def test_changed_partners_are_not_saved_along(library, dynamo_tables):
    from dynamorm import OneToOne

    fields = {"id": text(required=True), "n": integer()}
    address = library.model("Address", {"name": "addresses", "hash_key": "id"}, fields)
    person = library.model(
        "Person",
        {"name": "people", "hash_key": "id"},
        fields,
        address=OneToOne(address, query=partner_key, back_query=partner_key),
    )
    person, address = dynamo_tables(person, address)
    one = person(id="1", n=1)
    one.address.n = 5
    with pytest.raises(DynaModelException, match="add it to the transaction"), Transaction() as tx:
        tx.save(one)


def test_a_token_makes_a_resend_harmless(account, sent):
    order = f"order-{uuid.uuid4().hex[:20]}"  # the engine remembers those of other tests
    for token in (order, f"{order}: a text that is much longer than what DynamoDB takes for a token"):
        for _ in range(2):
            with Transaction(token=token) as tx:
                tx.update(account, id="2", balance__plus=1)
    assert balances(account)["2"] == 7
    tokens = [request.payload["ClientRequestToken"] for request in sent if request.operation == "TransactWriteItems"]
    assert tokens[0] == tokens[1] == order and tokens[2] == tokens[3] and len(tokens[2]) == 36
    with pytest.raises(dynamorm.IdempotencyMismatch, match="another transaction"), Transaction(token=order) as tx:
        tx.update(account, id="2", balance__plus=2)
    assert balances(account)["2"] == 7


def test_reads_of_one_moment(account, entry, operations):
    entry.put({"id": "1", "of": "1", "amount": 1})
    operations.clear()
    with TransactionGet() as tx:
        first = tx.get(account, id="1")
        nobody = tx.get(account, id="9")
        part = tx.get(entry, attrs=["amount"], id="1", of="1")
        with pytest.raises(InvalidExpression, match="after that"):
            first.instance  # noqa: B018
    assert operations == ["TransactGetItems"]
    assert first.instance.balance == 100 and not first.instance.is_dirty
    assert nobody.instance is None
    assert part.instance.amount == 1 and part.instance.is_partial
    first.instance.update(balance=1)
    with pytest.raises(InvalidExpression, match="is over"):
        tx.get(account, id="1")
    with TransactionGet():
        pass
    with pytest.raises(InvalidExpression, match="give a model"), TransactionGet() as tx:
        tx.get(first.instance)
    with pytest.raises(InvalidKey), TransactionGet() as tx:
        tx.get(account)
    with pytest.raises(InvalidExpression, match="one more than the 100"), TransactionGet() as tx:
        for _ in range(101):
            tx.get(account, id="1")


def test_canceled_transactions_can_be_pickled(account):
    import pickle

    with pytest.raises(TransactionCanceled) as caught, Transaction() as tx:
        tx.update(account, id="1", balance=1, conditions={"balance": 3})
    twin = pickle.loads(pickle.dumps(caught.value))
    assert [reason.code for reason in twin.failed] == ["ConditionalCheckFailed"]


def test_one_instant_stamps_both(guarded):
    instants = iter(dt.datetime(2030, 1, 1, 0, minute, tzinfo=dt.timezone.utc) for minute in range(60))
    dynamorm.configure(clock=lambda: next(instants))
    try:
        with Transaction() as tx:
            tx.put(guarded, {"id": "1"})
    finally:
        dynamorm.configure(clock=None)
    found = guarded.get(id="1")
    assert found.made == found.changed == dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
