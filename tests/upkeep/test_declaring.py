"""What is refused when a class is made."""

from __future__ import annotations

import pytest

from dynamorm import (
    Composite,
    DynaModelException,
    DynamoTableException,
    GlobalIndex,
    InvalidSchemaField,
    ProjectInclude,
    ProjectKeys,
    Q,
    downgrade,
    upgrade,
)

from ..libraries import integer, listing, text

FIELDS = {"id": text(required=True), "email": text(), "tags": listing(text()), "until": integer(), "number": integer()}


def nothing(item):
    """Leave an item as it is."""


def made(library, words, **attributes):
    return library.model("User", {"name": "users", "hash_key": "id", **words}, FIELDS, **attributes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"unique": "email"}, r"User\.Table: unique = 'email': give a list, as in unique = \[\"email\"\]"),
        ({"unique": [7]}, r"unique = \[7\]: give the name of a field"),
        ({"unique": [()]}, r"unique = \[\(\)\]: give the name of a field"),
        ({"unique": ["emial"]}, r"User\.Table: unique = 'emial'.*did you mean 'email'"),
        ({"unique": ["tags"]}, r"unique = 'tags': 'tags' is no text, number or bytes"),
        ({"unique": ["id"]}, r"unique = 'id' holds the whole primary key"),
        ({"unique": [("id", "email")]}, r"holds the whole primary key, which no two items share anyway"),
        ({"unique": ["email"], "hash_key": "number"}, r"needs a table whose keys are text.*; number is not"),
        ({"schema_version": 0}, r"schema_version = 0 has to be a whole number from 1 up"),
        ({"schema_version": True}, r"schema_version = True has to be a whole number from 1 up"),
        ({"schema_version": 2}, r"nothing makes version 2 of an item of version 1: .* body of User, .*@upgrade\(2\)"),
        ({"write_version": 1}, r"write_version = 1 needs schema_version"),
        ({"schema_version": 1, "write_version": 2}, r"write_version = 2 is later than schema_version = 1"),
        ({"schema_version": 1, "schema_version_attribute": ""}, r"schema_version_attribute = '' has to be a text"),
        ({"schema_version": 1, "schema_version_attribute": "email"}, r"stored as 'email', and that is an attribute"),
        ({"hide_expired": True}, r"hide_expired = True needs ttl = \"\.\.\.\""),
        ({"hide_expired": "until"}, r"hide_expired = 'until' has to be True or False"),
        ({"hide": "deleted"}, r"hide = 'deleted': give a condition, such as Q\(deleted_at__exists=True\)"),
    ],
    ids=str,
)
def test_words_that_cannot_be_meant(library, words, message):
    with pytest.raises(DynamoTableException, match=message):
        made(library, words)


def test_functions_and_versions_belong_together(library):
    with pytest.raises(DynamoTableException, match=r"nothing makes version 3 of an item of version 2"):
        made(library, {"schema_version": 3}, two=upgrade(2)(nothing))
    with pytest.raises(DynamoTableException, match=r"schema_version = 1, and there is an @upgrade\(2\) already"):
        made(library, {"schema_version": 1}, two=upgrade(2)(nothing))
    with pytest.raises(DynamoTableException, match=r"<@upgrade\(2\) nothing> needs schema_version"):
        made(library, {}, two=upgrade(2)(nothing))
    with pytest.raises(
        DynamoTableException, match=r"nothing makes version 1 of an item of version 2: .*@downgrade\(2\)"
    ):
        made(library, {"schema_version": 2, "write_version": 1}, two=upgrade(2)(nothing))
    with pytest.raises(DynaModelException, match=r"both marked with @upgrade\(2\)"):
        made(library, {"schema_version": 2}, two=upgrade(2)(nothing), again=upgrade(2)(nothing))


@pytest.mark.parametrize("version", [1, 0, True, "2", None])
def test_functions_are_marked_with_a_version(version):
    with pytest.raises(DynaModelException, match=r"give a version from 2 up"):
        upgrade(version)
    with pytest.raises(DynaModelException, match=r"@downgrade"):
        downgrade(version)


def test_what_is_no_function_cannot_be_marked():
    with pytest.raises(DynaModelException, match=r"@upgrade\(2\): give it a function of an item, not 'x'"):
        upgrade(2)("x")


def test_a_marked_function_can_be_called_by_itself(library):
    def shout(item):
        """Write the address in capitals."""
        item["email"] = item["email"].upper()

    user = made(library, {"schema_version": 2}, shout=staticmethod(shout) and upgrade(2)(staticmethod(shout)))
    item = {"email": "a"}
    user.shout(item)
    assert item == {"email": "A"}
    assert (user.shout.__doc__, user.shout.__name__) == ("Write the address in capitals.", "shout")


def test_an_index_has_to_hold_what_hides_items(library):
    class ByEmail(GlobalIndex):
        name = "by_email"
        hash_key = "email"
        projection = ProjectKeys()

    words = {"ttl": "until", "hide_expired": True}
    with pytest.raises(InvalidSchemaField, match=r"ByEmail does not hold 'until'.*ProjectInclude\('until'\)"):
        made(library, words, ByEmail=ByEmail)
    held = type("ByEmail", (ByEmail,), {"projection": ProjectInclude("until")})
    made(library, words, ByEmail=held)


def test_a_version_is_stored_apart_from_everything_else(library):
    words = {"hash_key": "key", "schema_version": 1, "schema_version_attribute": "key"}
    with pytest.raises(InvalidSchemaField, match=r"stored as 'key'"):
        made(library, words, key=Composite("USER#{id}"))


def test_a_child_takes_over_what_its_parent_asks_for(library):
    parent = made(
        library,
        {"schema_version": 2, "unique": ["email"], "ttl": "until", "hide_expired": True, "hide": Q(number=0)},
        two=upgrade(2)(nothing),
    )
    child = type("Child", (parent,), {})
    assert child.Table.schema_version == 2
    assert child._dynamorm.store.mapper.upkeep.unique.scopes == {("email",): ""}

    class Other(parent):
        three = upgrade(3)(nothing)

        class Table(parent.Table):
            schema_version = 3

    assert Other._dynamorm.store.mapper.upkeep.upgrades.current == 3
