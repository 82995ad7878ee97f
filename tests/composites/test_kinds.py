"""What tells items of several models apart: reads and checks that are sure of an item ask for it too."""

from __future__ import annotations

import pytest

from dynamorm import AbstractModel, InvalidExpression, InvalidKey, Transaction, TransactionCanceled

from ..writing.write_paths import Ledger, keyed_models

KEY = {"pk": "ACCOUNT#1", "sk": "ACCOUNT"}


@pytest.fixture(scope="module")
def classes(library):
    return keyed_models(library)


@pytest.fixture
def account(classes, dynamo_tables):
    account, _ = classes
    dynamo_tables(account)
    account.put({"id": "1", "balance": 1, "kind": "private"})
    return account


def becomes_a_deposit(account):
    table = account.Table.table
    table.put_item(Item={**table.get_item(Key=KEY)["Item"], "sort": "deposit", "balance": 9})


def test_an_item_of_another_kind_is_not_the_one_to_refresh(account):
    found = account.get(id="1")
    becomes_a_deposit(account)
    for read in (found.refresh, found.sync):
        with pytest.raises(account.DoesNotExist):
            read()
    assert found.balance == 1


@pytest.mark.parametrize("how", ["key", "instance"])
def test_a_check_of_an_item_of_another_kind_fails(account, how):
    found = account.get(id="1")
    becomes_a_deposit(account)
    with pytest.raises(TransactionCanceled), Transaction() as tx:
        if how == "key":
            tx.check(account, id="1")
        else:
            tx.check(found, balance__exists=True)
    with Transaction() as tx:
        tx.check(Ledger, **KEY, balance=9)


def test_the_base_deletes_items_of_any_kind_by_key(account):
    with pytest.raises(InvalidExpression, match="if_version=1: Ledger is the base"):
        Ledger.delete_item(**KEY, if_version=1)
    becomes_a_deposit(account)
    Ledger.delete_item(**KEY)
    assert account.Table.get(**KEY) is None


def test_the_base_writes_nothing_else(account, classes):
    found = account.get(id="1")
    for write in (
        lambda: Ledger.put({"id": "1"}),
        lambda: Ledger.update_item(**KEY, balance=2),
        lambda: Ledger.patch(**KEY, balance=2),
        lambda: Ledger.upsert(**KEY, balance=2),
        lambda: Ledger.put_batch({"id": "1"}),
        lambda: Ledger.query(**KEY).update(balance=2),
        lambda: Ledger.create(id="1"),
    ):
        with pytest.raises(AbstractModel, match="Account"):
            write()
    assert account.get(id="1").balance == found.balance
    assert Ledger.get(**KEY) == found


def test_the_base_deletes_by_key_together_with_others(account):
    with Transaction() as tx:
        tx.delete(Ledger, **KEY)
    assert account.get(id="1") is None
    account.put({"id": "1", "balance": 1})
    Ledger.delete_batch(KEY)
    assert account.get(id="1") is None
    with pytest.raises(InvalidKey) as caught:
        Ledger.delete_batch(KEY, {"sk": "ACCOUNT"})
    assert "item 1" in str(caught.value)


def test_a_base_may_delete_what_it_finds(account):
    assert Ledger.query(pk="ACCOUNT#1").delete(recheck=False) == 1
    assert account.get(id="1") is None
