"""What other engines do not change on a table that exists, on ministack, which does; it has to be started by hand."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from .engines import changes, tables_of_our_own
from .test_life import define

ARN = "arn:aws:kms:us-east-1:000000000000:key/"
STATES = {
    "nothing": {},
    "a key in KMS": {"sse": True},
    "no key in KMS": {"sse": False},
    "a key of its own": {"kms_key": "k1"},
    "another key, by its ARN": {"kms_key": f"{ARN}k2"},
    "recovery": {"pitr": True},
    "no recovery": {"pitr": False},
    "a stream": {"stream": "NEW_IMAGE"},
    "another stream": {"stream": "KEYS_ONLY"},
    "all of it": {"stream": "OLD_IMAGE", "pitr": True, "kms_key": f"{ARN}k1"},
}


@pytest.fixture(scope="module")
def ministack():
    endpoint = os.environ.get("MINISTACK_ENDPOINT")
    if not endpoint:
        pytest.skip("no endpoint of a ministack in MINISTACK_ENDPOINT")
    return SimpleNamespace(endpoint_url=endpoint)


def facts(client, name):
    table = client.describe_table(TableName=name)["Table"]
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    encryption, stream = table.get("SSEDescription", {}), table.get("StreamSpecification", {})
    encrypted = encryption.get("Status") == "ENABLED"
    key = encryption["KMSMasterKeyArn"].removeprefix(ARN) if encrypted else None
    return {
        "sse": encrypted,
        "kms_key": key if key in ("k1", "k2") else None,  # a key of the account has a name that the engine makes up
        "pitr": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED",
        "stream": stream.get("StreamViewType") if stream.get("StreamEnabled") else None,
    }


def declared_facts(state):
    facts = {"stream": None, **STATES[state]}
    if facts.get("kms_key"):
        return {**facts, "sse": True, "kms_key": facts["kms_key"].removeprefix(ARN)}
    return {**facts, "kms_key": None} if facts.get("sse") is False else facts


@pytest.mark.parametrize("before", STATES)
def test_encryption_recovery_and_stream_are_brought_from_one_state_to_every_other(before, ministack):
    for after in STATES:
        with tables_of_our_own(ministack) as (client, prefix):
            define(billing_mode="PAY_PER_REQUEST", **STATES[before]).Table.create_table()
            found = facts(client, prefix + "things")
            assert found == {**found, **declared_facts(before)}
            table = define(billing_mode="PAY_PER_REQUEST", **STATES[after]).Table
            plan = table.plan()
            with changes() as sent:
                assert table.update_table() == len(plan) == len(sent)
            assert facts(client, prefix + "things") == {**found, **declared_facts(after)}
            assert table.plan() == ()
            table.validate(strict=True)
