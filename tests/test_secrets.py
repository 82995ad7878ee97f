"""Secrets stay out of everything that is shown: texts, logs, tracebacks and pickles of errors."""

from __future__ import annotations

import logging
import pickle
import traceback

import pytest

import dynamorm
from dynamorm import DynaModel, GlobalIndex, ProjectAll, Q
from dynamorm.connection import configuration
from dynamorm.signals import pre_request

from .books import BOOK_TABLE, book_values
from .libraries import integer, text

SECRET_KEY, TOKEN, CURSOR_KEY, FIELD = "canary-secret-key", "canary-token", "canary-cursor-key", "canary-field"
CREDENTIALS = {
    "aws_access_key_id": "local",
    "aws_secret_access_key": SECRET_KEY,
    "aws_session_token": TOKEN,
}


def assert_kept(shown, *secrets):
    for secret in secrets or (SECRET_KEY, TOKEN, CURSOR_KEY, FIELD):
        assert secret not in shown


def assert_unshown(*things):
    for thing in things:
        assert_kept(repr(thing))
        assert_kept(str(thing))


def refused(call):
    """Return the error of a call, whose texts and pickle hold no secret."""
    with pytest.raises(Exception) as caught:
        call()
    error = caught.value
    assert_kept(str(error))
    assert_kept("".join(traceback.format_exception(error)))
    pickled = pickle.dumps(error)
    for secret in (SECRET_KEY, TOKEN, CURSOR_KEY):
        assert secret.encode() not in pickled
    return error


@pytest.fixture
def log(caplog):
    with caplog.at_level(logging.DEBUG, "dynamorm"):
        yield caplog
    assert_kept(caplog.text)


@pytest.fixture
def shown_requests():
    shown = []

    def note(sender, request):
        shown.extend((repr(request), str(request)))

    with pre_request.connected_to(note):
        yield shown
    assert shown
    assert_kept("".join(shown))


def test_settings_and_connections_show_no_credentials():
    with dynamorm.using(**CREDENTIALS, cursor_key=CURSOR_KEY, region_name="us-east-1"):
        settings = configuration.effective()
        assert_unshown(settings, configuration.levels())
        assert "us-east-1" in repr(settings) and "**********" in repr(settings)
        assert settings.client_kwargs["aws_secret_access_key"] == SECRET_KEY
    table = {"session_kwargs": CREDENTIALS, "resource_kwargs": CREDENTIALS}
    assert_unshown(configuration.effective(table["session_kwargs"], table["resource_kwargs"]))


def test_what_goes_wrong_under_settings_tells_none_of_them(library, dynamo_tables, log, shown_requests):
    fields = {"isbn": text(required=True), "author": text(), "copies": integer(default=1)}
    index = {"name": "by-author", "hash_key": "author", "projection": ProjectAll()}
    model = library.model("Book", BOOK_TABLE, fields, ByAuthor=type("ByAuthor", (GlobalIndex,), index))
    dynamo_tables(model)
    with dynamorm.using(**CREDENTIALS, cursor_key=CURSOR_KEY):
        model.put({"isbn": "1", "author": "a"})
        model.put({"isbn": "2", "author": "a"})
        book = model.get(isbn="1")
        page = model.scan().page(1)
        assert_unshown(book, model.Table, model.Table.connection, model.Table.spec, model.Table.plan(), page)
        assert_unshown(model.ByAuthor, model.query(isbn="1"), model.query(isbn="1").explain(), model._dynamorm)
        assert_kept(page.next_cursor)
        refused(lambda: book.save(conditions={"author": "b"}))
        refused(lambda: model.put_unique({"isbn": "1"}))
        refused(lambda: model.scan().page(1, cursor=page.next_cursor + "x"))
        refused(lambda: model(copies="many"))
        refused(lambda: dynamorm.configure(aws_secret=SECRET_KEY))
        with dynamorm.using(table_prefix="nowhere-"):
            refused(lambda: model.get(isbn="1"))
        with dynamorm.using(endpoint_url="http://127.0.0.1:1"):
            refused(lambda: model.get(isbn="1"))


@pytest.mark.parametrize("word", ["sesion_kwargs", "resource", "aws_secret_access_key"])
def test_a_class_body_that_is_refused_does_not_tell_what_is_in_it(library, word):
    fields = {"isbn": text(required=True), "password": text()}
    refused(lambda: library.model("Book", {**BOOK_TABLE, word: CREDENTIALS}, fields))
    refused(lambda: library.model("Book", BOOK_TABLE, fields, password=SECRET_KEY))
    body = {"Table": {**BOOK_TABLE, "session_kwargs": CREDENTIALS}, "Schema": library.schema(fields)}
    refused(lambda: type(DynaModel)("Book", (DynaModel,), body))


def test_instances_show_their_key_and_nothing_else(book):
    made = book(**book_values())
    assert repr(made) == str(made) == f"<Book isbn={made.isbn!r}>"
    assert made.title not in repr(dynamorm.inspect(made))


@pytest.fixture
def needs_pydantic():
    pytest.importorskip("pydantic")


def test_what_secret_fields_hold_is_shown_nowhere(needs_pydantic, dynamo_tables, log, shown_requests):
    import pydantic

    secret = pydantic.SecretStr(FIELD)

    class User(DynaModel):
        class Table:
            name = "users"
            hash_key = "id"
            billing_mode = "PAY_PER_REQUEST"

        class Schema(pydantic.BaseModel):
            id: str
            password: pydantic.SecretStr | None = None
            age: int | None = None

    dynamo_tables(User)
    user = User(id="1", password=FIELD)
    user.save()
    user = User.get(id="1")
    assert user.password.get_secret_value() == FIELD
    user.password = pydantic.SecretStr("another")
    assert_unshown(user, user.changes, dynamorm.inspect(user), user.to_dict(native=True))
    assert_unshown(Q(password=secret), User.password == secret, User.password.set(secret))
    assert_unshown(User.query(id="1").filter(password=secret), User.query(id="1").explain().request)
    user.save(partial=True)
    refused(lambda: User(FIELD))
    refused(lambda: User({"password": FIELD}))
    refused(lambda: User(id="1", password=secret, age="x"))
    refused(lambda: User.put({"id": "1", "password": secret, "age": "x"}))
    refused(lambda: User(id="1", password=[FIELD]))
    refused(lambda: User.update_item(id="1", password={"a": FIELD}))
    refused(lambda: User.update_item(id="1", password__plus=secret))
    refused(lambda: User.update_item(id="1", password__add=FIELD))
    refused(lambda: User.update_item(id="1", pasword=secret))
    refused(lambda: user.update(age=4, conditions=User.password == secret))
    refused(lambda: User.scan(password=[FIELD]).all())
    refused(lambda: User.scan(password__in=[None, FIELD]).all())
    refused(lambda: User.scan(password__between=[FIELD]).all())
    user.password = [FIELD]
    refused(lambda: user.save())
    refused(lambda: user.save(partial=True))
