"""A DynamoDB of nothing but rules: it takes requests that change one table, and describes it.

It refuses what DynamoDB's documentation says that DynamoDB refuses, local engines being more lenient.
"""

from __future__ import annotations

import copy

from dynamorm.tables.live import read_table

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things"


class RefusedBySimulation(Exception):
    """DynamoDB would answer with a ValidationException."""


def demand(condition, message):
    if not condition:
        raise RefusedBySimulation(message)


def demand_key(holder, most):
    """Demand hash attributes, then range attributes, each name once, and no more of either than there may be."""
    kinds = [part["KeyType"] for part in holder["KeySchema"]]
    hashes, ranges = kinds.count("HASH"), kinds.count("RANGE")
    demand(kinds == ["HASH"] * hashes + ["RANGE"] * ranges, "hash attributes come first")
    demand(1 <= hashes <= most and ranges <= most, "too many key attributes, or too few")
    demand(len({part["AttributeName"] for part in holder["KeySchema"]}) == len(kinds), "an attribute twice in a key")


class SimulatedTable:
    """One table, made by a ``CreateTable`` request."""

    def __init__(self, request):
        payload = copy.deepcopy(request.payload)
        on_demand = payload.pop("BillingMode", "PROVISIONED") == "PAY_PER_REQUEST"
        self.table = {"TableArn": ARN, "TableStatus": "ACTIVE", "ItemCount": 5, "TableSizeBytes": 500, **payload}
        self.table["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED"}
        self.tags = {tag["Key"]: tag["Value"] for tag in self.table.pop("Tags", [])}
        self.ttl = {"TimeToLiveStatus": "DISABLED"}
        self.recovery = "DISABLED"
        if "TableClass" in payload:
            self.table["TableClassSummary"] = {"TableClass": self.table.pop("TableClass")}
        self._encrypt(self.table.pop("SSESpecification", {"Enabled": False}))
        demand_key(self.table, 1)
        for index in self.table.get("LocalSecondaryIndexes", []):
            demand_key(index, 1)
        for index in self.indexes:
            demand_key(index, 4)
            index["IndexStatus"] = "ACTIVE"
        demand(self.used == self.defined, "attributes defined and used differ")

    @property
    def indexes(self):
        return self.table.setdefault("GlobalSecondaryIndexes", [])

    @property
    def on_demand(self):
        return self.table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"

    @property
    def defined(self):
        return {one["AttributeName"] for one in self.table["AttributeDefinitions"]}

    @property
    def used(self):
        holders = [self.table, *self.indexes, *self.table.get("LocalSecondaryIndexes", [])]
        return {part["AttributeName"] for holder in holders for part in holder["KeySchema"]}

    def describe(self):
        backups = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": self.recovery}}
        return read_table(copy.deepcopy(self.table), dict(self.ttl), backups, dict(self.tags))

    def take(self, request):
        payload = copy.deepcopy(request.payload)
        if "TableName" in payload:
            demand(payload.pop("TableName") == self.table["TableName"], "another table")
        else:
            demand(payload.pop("ResourceArn") == ARN, "another resource")
        getattr(self, request.operation)(**payload)

    def UpdateTimeToLive(self, TimeToLiveSpecification):
        attribute, enabled = TimeToLiveSpecification["AttributeName"], TimeToLiveSpecification["Enabled"]
        if enabled:
            demand(self.ttl["TimeToLiveStatus"] == "DISABLED", "TimeToLive is already enabled")
            self.ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": attribute}
        else:
            demand(self.ttl.get("AttributeName") == attribute, "TimeToLive is not enabled for that attribute")
            self.ttl = {"TimeToLiveStatus": "DISABLED"}

    def UpdateContinuousBackups(self, PointInTimeRecoverySpecification):
        self.recovery = "ENABLED" if PointInTimeRecoverySpecification["PointInTimeRecoveryEnabled"] else "DISABLED"

    def TagResource(self, Tags):
        demand(Tags, "no tags")
        self.tags.update((tag["Key"], tag["Value"]) for tag in Tags)

    def UpdateTable(self, AttributeDefinitions=None, **changes):
        if set(changes) <= {"BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexUpdates"}:
            self._update_capacity(AttributeDefinitions, **changes)
            return
        demand(len(changes) == 1, "one change at a time")
        ((name, value),) = changes.items()
        if name == "StreamSpecification":
            demand(self.has_stream != value["StreamEnabled"], "the stream is already so")
            self.table[name] = value
        elif name == "SSESpecification":
            self._encrypt(value)
        elif name == "TableClass":
            self.table["TableClassSummary"] = {"TableClass": value}
        elif name == "DeletionProtectionEnabled":
            self.table[name] = value
        else:
            raise RefusedBySimulation(f"unknown {name}")

    @property
    def has_stream(self):
        return self.table.get("StreamSpecification", {}).get("StreamEnabled", False)

    def _encrypt(self, specification):
        if specification["Enabled"]:
            key = specification.get("KMSMasterKeyId", "default")
            arn = key if key.startswith("arn:") else f"arn:aws:kms:us-east-1:000000000000:key/{key}"
            self.table["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": arn}
        else:
            self.table.pop("SSEDescription", None)

    def _update_capacity(
        self, definitions, BillingMode=None, ProvisionedThroughput=None, GlobalSecondaryIndexUpdates=()
    ):
        if BillingMode == "PAY_PER_REQUEST":
            demand(
                not self.on_demand and not ProvisionedThroughput and not GlobalSecondaryIndexUpdates, "no throughput"
            )
            self.table["BillingModeSummary"]["BillingMode"] = BillingMode
            for holder in (self.table, *self.indexes):
                holder["ProvisionedThroughput"] = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
            return
        if BillingMode == "PROVISIONED":
            demand(self.on_demand, "already provisioned")
            updated = [change["Update"]["IndexName"] for change in GlobalSecondaryIndexUpdates]
            demand(ProvisionedThroughput and sorted(updated) == self._names(), "every index needs throughput")
            self.table["BillingModeSummary"]["BillingMode"] = BillingMode
        else:
            demand(bool(ProvisionedThroughput) + len(GlobalSecondaryIndexUpdates) == 1, "one change at a time")
        if ProvisionedThroughput:
            self._provision(self.table, ProvisionedThroughput)
        for change in GlobalSecondaryIndexUpdates:
            ((kind, what),) = change.items()
            getattr(self, f"_{kind.lower()}")(definitions, what)

    def _names(self):
        return sorted(index["IndexName"] for index in self.indexes)

    def _provision(self, holder, units):
        demand(not self.on_demand, "on demand there is no throughput")
        demand(min(units.values()) >= 1, "too little throughput")
        demand(holder.get("ProvisionedThroughput") != units, "the throughput will not change")
        holder["ProvisionedThroughput"] = units

    def _update(self, definitions, what):
        (index,) = [index for index in self.indexes if index["IndexName"] == what["IndexName"]]
        self._provision(index, what["ProvisionedThroughput"])

    def _delete(self, definitions, what):
        demand(what["IndexName"] in self._names(), "no such index")
        self.indexes[:] = [index for index in self.indexes if index["IndexName"] != what["IndexName"]]
        self.table["AttributeDefinitions"] = [
            one for one in self.table["AttributeDefinitions"] if one["AttributeName"] in self.used
        ]

    def _create(self, definitions, what):
        demand(what["IndexName"] not in self._names(), "there is such an index")
        demand(("ProvisionedThroughput" in what) != self.on_demand, "throughput unless on demand")
        kept = {one["AttributeName"]: one["AttributeType"] for one in self.table["AttributeDefinitions"]}
        given = {one["AttributeName"]: one["AttributeType"] for one in definitions}
        demand(all(given.get(name) == letter for name, letter in kept.items()), "attributes are missing or redefined")
        self.table["AttributeDefinitions"] = definitions
        demand_key(what, 4)
        self.indexes.append({**what, "IndexStatus": "ACTIVE"})
        demand(self.used == self.defined, "attributes defined and used differ")
