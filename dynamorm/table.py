"""Tables: what an inner ``Table`` becomes, and the life of the table that it describes."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from .connection import Connection, configure, connection_for, table_prefix
from .exceptions import (
    DynamoTableException,
    InvalidSchemaField,
    MissingTableAttribute,
    TableNotActive,
    TableNotFound,
)
from .indexes import ProjectAll, Projection
from .requests import build_create_table, build_delete_table, build_describe_table, throughput
from .schema import Adapter
from .spec import FieldSpec, IndexSpec, KeySpec, TableSpec

STREAM_KINDS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
BILLING_MODES = ("PAY_PER_REQUEST", "PROVISIONED")
READ_MODES = ("validate", "trust")
SCAN_POLICIES = ("allow", "warn", "error")


class DynamoCommon3:
    """What tables and indexes have in common: a name, a key, a throughput."""

    REQUIRED_ATTRS: ClassVar[tuple[str, ...]] = ("name", "hash_key")

    name: str
    hash_key: str
    range_key: str | None = None
    read: int | None = None
    write: int | None = None

    def __init__(self, owner: str, adapter: Adapter) -> None:
        self._owner = owner
        self._adapter = adapter
        for attribute in self.REQUIRED_ATTRS:
            if getattr(self, attribute, None) is None:
                raise MissingTableAttribute(f"{owner} has no {attribute}: declare `{attribute} = ...` in it")
        self.key = self._describe_key()

    def _describe_key(self) -> KeySpec:
        hash_field = self._key_field("hash_key", self.hash_key)
        assert hash_field.key_type is not None
        if self.range_key is None:
            return KeySpec(hash_field.stored, hash_field.key_type)
        range_field = self._key_field("range_key", self.range_key)
        return KeySpec(hash_field.stored, hash_field.key_type, range_field.stored, range_field.key_type)

    def _key_field(self, role: str, name: str) -> FieldSpec:
        fields = self._adapter.fields
        spec = fields.get(name) or self._adapter.by_stored.get(name)
        if spec is None:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"its fields are {', '.join(fields)}"
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {name!r} is no field of {self._adapter.schema_name}; {hint}"
            )
        if spec.key_type is None or spec.computed:
            kind = type(spec.native).__name__ if spec.native is not None else spec.kind
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {name!r} is a {kind}, which is stored neither as string, number nor binary; "
                "DynamoDB takes nothing else as a key"
            )
        return spec

    @property
    def key_schema(self) -> list[dict[str, str]]:
        """``KeySchema`` as DynamoDB wants it."""
        return self.key.schema

    @property
    def provisioned_throughput(self) -> dict[str, int | None]:
        """``ProvisionedThroughput`` as DynamoDB wants it."""
        return throughput(self.read, self.write)


class DynamoIndex3(DynamoCommon3):
    """A secondary index of a table."""

    REQUIRED_ATTRS = (*DynamoCommon3.REQUIRED_ATTRS, "projection")

    projection: Projection
    is_global: ClassVar[bool]

    def __init__(self, owner: str, table: DynamoTable3, declaration: type) -> None:
        self.table = table
        for attribute in ("name", "hash_key", "range_key", "read", "write", "projection"):
            if getattr(declaration, attribute, None) is not None:
                setattr(self, attribute, getattr(declaration, attribute))
        super().__init__(owner, table._adapter)
        if isinstance(self.projection, type):
            self.projection = self.projection()

    @property
    def spec(self) -> IndexSpec:
        """The description of the index, by stored names."""
        included: tuple[str, ...] | None = None
        if not isinstance(self.projection, ProjectAll):
            keys = {*self.table.key.names, *self.key.names}
            wanted = [self._included_field(name).stored for name in self.projection.include]
            included = tuple(name for name in wanted if name not in keys)
        return IndexSpec(self.name, self.key, self.is_global, included, self.read, self.write)

    def _included_field(self, name: str) -> FieldSpec:
        spec = self._adapter.fields.get(name) or self._adapter.by_stored.get(name)
        if spec is None:
            raise InvalidSchemaField(
                f"{self._owner} includes {name!r}, which is no field of {self._adapter.schema_name}"
            )
        return spec


class DynamoLocalIndex3(DynamoIndex3):
    is_global = False


class DynamoGlobalIndex3(DynamoIndex3):
    is_global = True


class DynamoTable3(DynamoCommon3):
    """The table of a model; the inner ``Table`` class, with its own methods, is a base of its class."""

    stream: str | None = None
    billing_mode: str = "PROVISIONED"
    session_kwargs: Mapping[str, Any] | None = None
    resource_kwargs: Mapping[str, Any] | None = None
    transport: str | None = None
    on_read: str = "validate"
    on_scan: str = "allow"

    def __init__(self, model_name: str, adapter: Adapter, indexes: Mapping[str, Any]) -> None:
        super().__init__(f"{model_name}.Table", adapter)
        self.schema = adapter.schema
        self._one_of("stream", (None, *STREAM_KINDS))
        self._one_of("billing_mode", BILLING_MODES)
        self._one_of("on_read", READ_MODES)
        self._one_of("on_scan", SCAN_POLICIES)
        self.indexes: dict[str, DynamoIndex3] = {}
        for attribute, declaration in indexes.items():
            kind = DynamoGlobalIndex3 if declaration.is_global else DynamoLocalIndex3
            index: DynamoIndex3 = kind(f"{model_name}.{attribute}", self, declaration)
            if not index.is_global and index.key.hash_key != self.key.hash_key:
                raise InvalidSchemaField(
                    f"{model_name}.{attribute}: a local index has the table's hash key, {self.hash_key!r}; "
                    "make it a GlobalIndex for another"
                )
            self.indexes[index.name] = index
        for declared in self.indexes.values():
            _ = declared.spec  # says what is wrong with a projection now, not when the table is created

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        # lets the Table of a child model inherit from the parent's, which is an instance by then
        return (type(self),)

    def _one_of(self, attribute: str, allowed: tuple[Any, ...]) -> None:
        if getattr(self, attribute) not in allowed:
            raise DynamoTableException(
                f"{self._owner}: {attribute} = {getattr(self, attribute)!r} has to be one of {allowed}"
            )

    # Where it is.

    @property
    def full_name(self) -> str:
        """The name of the table in DynamoDB: with the prefix that is configured here and now."""
        return table_prefix() + self.name

    @property
    def connection(self) -> Connection:
        """The connection that the settings in force here and now lead to."""
        return connection_for(self.session_kwargs, self.resource_kwargs, self.transport)

    @property
    def client(self) -> Any:
        """The low-level boto3 client through which the data of this table goes."""
        return self.connection.client

    @property
    def resource(self) -> Any:
        """boto3's resource, with the same session and settings."""
        return self.connection.resource

    @property
    def table(self) -> Any:
        """boto3's ``Table`` object."""
        return self.resource.Table(self.full_name)

    @classmethod
    def get_resource(cls, **kwargs: Any) -> Any:
        """Give boto3's resource.

        Arguments, where the class declares no ``resource_kwargs`` of its own, hold from then on: for the class, or
        when called on :class:`DynamoTable3` itself for every table that declares none.
        """
        if kwargs and not cls.resource_kwargs:
            if cls is DynamoTable3:
                configure(**kwargs)
            else:
                cls.resource_kwargs = kwargs
        return connection_for(cls.session_kwargs, {**kwargs, **(cls.resource_kwargs or {})}, cls.transport).resource

    # What it is made of.

    @property
    def table_attribute_fields(self) -> set[str]:
        """The names of the attributes that are keys of the table."""
        return set(self.key.names)

    @property
    def all_attribute_fields(self) -> set[str]:
        """The names of the attributes that are keys of the table or of an index."""
        return self.table_attribute_fields | self.index_attribute_fields()

    def index_attribute_fields(self, index_name: str | None = None) -> set[str]:
        """The names of the attributes that are keys of one index, or of all."""
        return {
            name
            for index in self.indexes.values()
            if index_name is None or index.name == index_name
            for name in index.key.names
        }

    @property
    def attribute_definitions(self) -> list[dict[str, str]]:
        """``AttributeDefinitions`` as DynamoDB wants them."""
        definitions: list[dict[str, str]] = build_create_table(self.spec).payload["AttributeDefinitions"]
        return definitions

    @property
    def stream_specification(self) -> dict[str, Any]:
        """``StreamSpecification`` as DynamoDB wants it."""
        return {"StreamEnabled": True, "StreamViewType": self.stream} if self.stream else {"StreamEnabled": False}

    @property
    def spec(self) -> TableSpec:
        """The description of the table under the name that it has here and now."""
        return TableSpec(
            name=self.full_name,
            key=self.key,
            read=self.read,
            write=self.write,
            on_demand=self.billing_mode == "PAY_PER_REQUEST",
            stream=self.stream,
            indexes=tuple(index.spec for index in self.indexes.values()),
        )

    # Its life.

    @property
    def exists(self) -> bool:
        """Whether the table is there."""
        return self._status() is not None

    def create_table(self, wait: bool = True) -> Any:
        """Create the table; with ``wait`` come back when it can be used.  Gives boto3's ``Table``."""
        spec = self.spec
        if not spec.on_demand:
            for part in (self, *(index for index in self.indexes.values() if index.is_global)):
                for attribute in ("read", "write"):
                    if not getattr(part, attribute):
                        raise MissingTableAttribute(
                            f"{part._owner} has no {attribute}, which creating the table needs: declare it, "
                            'or make the table on demand with billing_mode = "PAY_PER_REQUEST"'
                        )
        self.connection.call(build_create_table(spec))
        if wait:
            self._wait_until("ACTIVE")
        return self.table

    def delete(self, wait: bool = True) -> bool:
        """Delete the table and all that is in it; with ``wait`` come back when it is gone."""
        self.connection.call(build_delete_table(self.full_name))
        if wait:
            self._wait_until(None)
        return True

    def _status(self) -> str | None:
        try:
            description = self.connection.call(build_describe_table(self.full_name))["Table"]
        except TableNotFound:
            return None
        waiting = [index["IndexStatus"] for index in description.get("GlobalSecondaryIndexes", [])]
        states = [description["TableStatus"], *waiting]
        return next((state for state in states if state != "ACTIVE"), "ACTIVE")

    def _wait_until(self, status: str | None, timeout: float = 300.0) -> None:
        """Ask until the table has a status, ``None`` for gone; first soon, then at longer intervals."""
        deadline = time.monotonic() + timeout
        pause = 0.05
        while (found := self._status()) != status:
            if time.monotonic() > deadline:
                wanted = status or "gone"
                raise TableNotActive(f"table {self.full_name} is {found}, not {wanted}, after {timeout:.0f} seconds")
            time.sleep(pause)
            pause = min(pause * 1.5, 5.0)
