"""Three tenants with items of the same keys, reached in every way at once: nothing goes to another's table."""

from __future__ import annotations

import contextlib
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

import dynamorm
from dynamorm import DoesNotExist, DynaModel
from dynamorm.exceptions import WrongPlace

from ..profiles import examples

fields = pytest.importorskip("marshmallow.fields")

TENANTS = ("acme", "best", "cozy")
KEYS = ("1", "2")


class Note(DynaModel):
    class Table:
        name = "notes"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"

    class Schema:
        id = fields.String(required=True)
        owner = fields.String(required=True)
        text = fields.String()
        views = fields.Integer()

    @classmethod
    def update_item(cls, *actions, **kwargs):
        return super().update_item(*actions, **kwargs)


def in_another_process(thing):
    return pickle.loads(pickle.dumps(thing))


class Tenants(RuleBasedStateMachine):
    """Each rule acts for one tenant while the settings of another one hold around it."""

    instances = Bundle("instances")
    reads = Bundle("reads")
    prefix = ""
    pool: ThreadPoolExecutor

    @initialize()
    def begin(self):
        self.stored = {(tenant, key): None for tenant in TENANTS for key in KEYS}
        for tenant in TENANTS:
            for key in KEYS:
                self.handle(tenant).delete_item(id=key)

    def settings_of(self, tenant):
        return {"table_prefix": self.prefix + tenant + "-"}

    def handle(self, tenant):
        return Note.using(**self.settings_of(tenant))

    def among(self, tenant):
        return contextlib.nullcontext() if tenant is None else dynamorm.using(**self.settings_of(tenant))

    @rule(target=instances, tenant=st.sampled_from(TENANTS), key=st.sampled_from(KEYS), by_handle=st.booleans())
    def make(self, tenant, key, by_handle):
        values = {"id": key, "owner": tenant, "text": "new", "views": 0}
        if by_handle:
            made = self.handle(tenant)(**values)
            made.save()
        else:
            with self.among(tenant):
                made = Note(**values)
                made.save()
        self.stored[tenant, key] = ("new", 0)
        return tenant, made

    @rule(target=instances, pair=instances, way=st.sampled_from([copy.copy, copy.deepcopy, in_another_process]))
    def copy(self, pair, way):
        return pair[0], way(pair[1])

    @rule(target=reads, tenant=st.sampled_from(TENANTS), by_handle=st.booleans(), pickled=st.booleans())
    def query(self, tenant, by_handle, pickled):
        with self.among(None if by_handle else tenant):
            made = (self.handle(tenant) if by_handle else Note).scan()
        return tenant, in_another_process(made) if pickled else made

    @rule(
        pair=instances,
        verb=st.sampled_from(["save", "partial", "update", "incr", "sync", "refresh", "delete"]),
        around=st.sampled_from((None, *TENANTS)),
        in_thread=st.booleans(),
    )
    def write(self, pair, verb, around, in_thread):
        tenant, note = pair
        stored = self.stored[tenant, note.id]
        try:
            if in_thread:
                self.pool.submit(self.act, note, verb, around).result()
            else:
                self.act(note, verb, around)
        except WrongPlace:
            assert around != tenant
            return
        except DoesNotExist:
            assert stored is None
            return
        text, views = stored or (None, None)
        self.stored[tenant, note.id] = {
            "save": (note.text, note.views),
            "partial": ("partial", views),
            "update": ("update", views),
            "incr": (text, (views or 0) + 1),
            "sync": ("sync", views),
            "refresh": stored,
            "delete": None,
        }[verb]

    def act(self, note, verb, around):
        with self.among(around):
            if verb in ("save", "partial", "sync"):
                note.refresh()
                note.text = verb
            if verb == "incr":
                note.refresh()
                note.incr(views=1)
            {
                "save": note.save,
                "partial": lambda: note.save(partial=True),
                "update": lambda: note.update(text="update"),
                "incr": note.sync,
                "sync": note.sync,
                "refresh": note.refresh,
                "delete": note.delete,
            }[verb]()

    @rule(pair=reads, around=st.sampled_from((None, *TENANTS)))
    def read(self, pair, around):
        tenant, read = pair
        with self.among(around):
            try:
                found = read.all()
            except WrongPlace:
                assert around != tenant
                return
        assert {note.owner for note in found} <= {tenant}
        assert {note.id: (note.text, note.views) for note in found} == {
            key: self.stored[tenant, key] for key in KEYS if self.stored[tenant, key] is not None
        }

    @rule(change=st.sampled_from(["session", "connections"]))
    def renew(self, change):
        """Let every connection that there is be one of the past."""
        if change == "session":
            boto3.DEFAULT_SESSION = boto3.Session(region_name="us-east-1")
        else:
            dynamorm.configure(max_connections=1)
            with dynamorm.using(region_name="eu-west-1"), contextlib.suppress(Exception):
                Note.get(id="none")
            dynamorm.configure(max_connections=None)

    def teardown(self):
        for (tenant, key), stored in self.stored.items():
            found = self.handle(tenant).get(id=key)
            assert (found and (found.owner, found.text, found.views)) == (stored and (tenant, *stored))
        assert Note.scan().all() == []  # the table of nobody


def test_nothing_goes_to_another_tenant(dynamo_tables, monkeypatch):
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    dynamo_tables(Note)
    handles = [Note.using(table_prefix=f"{dynamo_tables.prefix}{tenant}-") for tenant in TENANTS]
    for handle in handles:
        handle.Table.create_table()
    with ThreadPoolExecutor(1) as pool:

        class Machine(Tenants):
            prefix = dynamo_tables.prefix

        Machine.pool = pool
        run_state_machine_as_test(
            Machine,
            settings=settings(max_examples=examples(quick=15, long=300), stateful_step_count=30),
        )
    for handle in handles:
        handle.Table.delete()
