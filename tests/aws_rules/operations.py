"""Whole requests: what all of them have in common, and which rules of their own each kind has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .reads import judge_batch_get, judge_get, judge_query, judge_scan, judge_transact_get
from .refusals import Refuse, Report, short
from .table_requests import judge_create_table, judge_update_table
from .tables import Tables
from .values import name_size
from .writes import (
    RETURN_VALUES,
    judge_batch_write,
    judge_delete,
    judge_put,
    judge_transact_write,
    judge_update,
)

_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")
_OPTIONS = {
    "ReturnConsumedCapacity": ("NONE", "TOTAL", "INDEXES"),
    "ReturnItemCollectionMetrics": ("NONE", "SIZE"),
    "ReturnValuesOnConditionCheckFailure": ("NONE", "ALL_OLD"),
    "BillingMode": ("PROVISIONED", "PAY_PER_REQUEST"),
    "TableClass": ("STANDARD", "STANDARD_INFREQUENT_ACCESS"),
}
_JUDGES: dict[str, Any] = {
    "GetItem": judge_get,
    "BatchGetItem": judge_batch_get,
    "TransactGetItems": judge_transact_get,
    "Query": judge_query,
    "Scan": judge_scan,
    "PutItem": judge_put,
    "DeleteItem": judge_delete,
    "UpdateItem": judge_update,
    "BatchWriteItem": judge_batch_write,
    "TransactWriteItems": judge_transact_write,
    "UpdateTable": judge_update_table,
}


def check(operation: str, payload: Mapping[str, Any], tables: Tables) -> Report:
    """Return all that DynamoDB would find wrong with a request in wire form."""
    report = Report()
    try:
        _judge_names(payload, report)
        for option, allowed in _OPTIONS.items():
            if payload.get(option) is not None and payload[option] not in allowed:
                report("enumeration", f"{option} is {short(payload[option])}")
        returned = payload.get("ReturnValues")
        if returned is not None and returned not in RETURN_VALUES.get(operation, ("NONE",)):
            report("enumeration", f"ReturnValues of {operation} is {short(returned)}")
        if operation == "CreateTable":
            judge_create_table(payload, report)
        elif operation == "UpdateTimeToLive":
            name_size(payload["TimeToLiveSpecification"]["AttributeName"], report)
        elif operation in _JUDGES:
            _JUDGES[operation](payload, tables, report)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        report("form", f"{operation} {short(payload)}: {error!r}")
    return report


def _judge_names(payload: Mapping[str, Any], refuse: Refuse) -> None:
    names = [payload["TableName"]] if "TableName" in payload else [*payload.get("RequestItems", ())]
    for action in payload.get("TransactItems", ()):
        names += [part["TableName"] for part in action.values()]
    if payload.get("IndexName") is not None:
        names.append(payload["IndexName"])
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        names += [index["IndexName"] for index in payload.get(kind) or ()]
    for name in names:
        if not isinstance(name, str) or not (_NAME.fullmatch(name) or name.startswith("arn:")):
            refuse("table-name", short(name))
