"""Accounts of tenants: an address that is unique everywhere, a handle that is unique in its tenant."""

from __future__ import annotations

import itertools

from marshmallow import fields

import dynamorm
from dynamorm import DynaModel, Transaction, UniqueViolation, local


class User(DynaModel):
    class Table:
        name = "users"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"
        unique = ("email", ("tenant", "handle"))

    class Schema:
        id = fields.String(required=True)
        email = fields.Email(required=True)
        tenant = fields.String(required=True)
        handle = fields.String()


numbers = itertools.count(1)


def sign_up(email: str, tenant: str, handle: str) -> str:
    try:
        user = User.create(id=str(next(numbers)), email=email, tenant=tenant, handle=handle)
    except UniqueViolation as error:
        return f"{' and '.join(error.fields)} taken by {error.holder['id']}"
    return user.id


def main() -> None:
    User.Table.create_table()
    print("ann:", sign_up("ann@example.com", "acme", "ann"))
    print("the same address:", sign_up("ann@example.com", "blue", "ann"))
    print("the same handle:", sign_up("ann@example.org", "acme", "ann"))
    print("elsewhere:", sign_up("ann@example.org", "blue", "ann"))

    ann = User.get_by(email="ann@example.com")
    ann.update(email="lee@example.com")
    print("moved:", User.get_by(email="ann@example.com"), User.get_by(email="lee@example.com").id)
    print("free again:", sign_up("ann@example.com", "acme", "annie"))

    annie = User.get_by(tenant="acme", handle="annie")
    with Transaction() as tx:
        tx.update(ann, handle="annie")
        tx.update(annie, handle="ann")
    print("swapped:", User.get_by(tenant="acme", handle="ann").email)

    annie.refresh()
    annie.delete()
    print("deleted:", User.get_by(email="ann@example.com"), sign_up("ann@example.com", "acme", "ann"))
    print("users:", sorted(user.email for user in User.scan()))
    print("all guards are right:", User.verify_unique())


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
