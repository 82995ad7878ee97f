"""Accounts: saved if their id is new, found by email, changed and deleted as long as nobody else has changed them."""

from __future__ import annotations

import uuid

from marshmallow import fields

import dynamorm
from dynamorm import ConditionFailed, DynaModel, GlobalIndex, ProjectAll, local


class Account(DynaModel):
    class Table:
        name = "accounts"
        hash_key = "id"
        read = 5
        write = 2

    class ByEmail(GlobalIndex):
        name = "by-email"
        hash_key = "email"
        read = 5
        write = 2
        projection = ProjectAll()

    class Schema:
        id = fields.UUID(required=True)
        name = fields.String()
        email = fields.String()


def main() -> None:
    Account.Table.create_table()
    account = Account(id=uuid.UUID(int=7), name="username", email="foo@bar.com")
    account.save()
    same_account = Account(id=account.id)
    same_account.refresh()
    also_same = Account.ByEmail.query(Account.email == "foo@bar.com").first()
    print("same:", same_account.name, also_same.name)

    try:
        account.save(conditions=Account.id.is_(None))
    except ConditionFailed as refused:
        print("the id is not unique:", refused.current.id == account.id)
    Account(id=uuid.UUID(int=8), name="second").save(conditions=Account.id.is_(None))

    same_username = Account.name == "username"
    account.email = "new@email.com"
    account.save(conditions=same_username)
    print("as long as the name is the same:", Account.require(id=account.id).email)

    also_same.name = "changed"
    try:
        also_same.save(atomic=True)
    except ConditionFailed as refused:
        print("changed meanwhile:", refused.current.email)
    try:
        same_account.delete(atomic=True)
    except ConditionFailed:
        print("not deleted, since it was changed")
    account.delete(atomic=True)
    print("deleted:", not Account.exists(id=account.id))

    never_loaded = Account(id=uuid.UUID(int=8), name="third")
    try:
        never_loaded.save(atomic=True)
    except ConditionFailed as refused:
        print("somebody is there:", refused.current.name)


if __name__ == "__main__":
    with (
        local.start() as engine,
        dynamorm.using(
            endpoint_url=engine.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        ),
    ):
        main()
