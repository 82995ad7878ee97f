"""An item of another model under the key of one of ours, which is none of ours."""

from __future__ import annotations

import pytest

import dynamorm
from dynamorm import ConditionFailed, DoesNotExist, InvalidExpression, ObjectsNotFound, Transaction, TransactionCanceled

LINE = {"email": "a", "label": "", "no": 0}  # whose key is the customer's


@pytest.fixture
def customer(shop):
    """A customer whose place was taken by a line."""
    customer = shop.customer.create(email="a", memo="of the customer")
    customer.delete()
    shop.line.put({**LINE, "sku": "1", "memo": "of the line"})
    return customer


def test_it_does_not_exist(shop, customer):
    assert not shop.customer.exists(email="a")
    assert shop.line.exists(**LINE)
    assert shop.base.exists(pk=customer.pk, sk=customer.sk)
    assert shop.customer.get(email="a") is None


def test_it_is_not_read_into_an_instance(customer):
    with pytest.raises(DoesNotExist):
        customer.refresh()
    with pytest.raises(DoesNotExist):
        customer.sync()
    with pytest.raises(ObjectsNotFound):
        dynamorm.load(customer)
    assert customer.memo == "of the customer"


def test_a_transaction_that_checks_that_ours_is_there_is_refused(shop, customer):
    with pytest.raises(TransactionCanceled), Transaction() as tx:
        tx.check(shop.customer, email="a")
    with Transaction() as tx:
        tx.check(shop.line, **LINE)


def test_it_is_not_deleted_in_a_batch(shop, customer):
    with pytest.raises(InvalidExpression, match="items of other models may have the same keys"):
        shop.customer.query(email="a").delete(recheck=False)
    with pytest.raises(ConditionFailed):
        shop.customer.delete_batch({"email": "a"})
    assert shop.line.exists(**LINE)
