"""Tables: what an inner ``Table`` becomes, and the life of the table that it describes."""

from __future__ import annotations

import difflib
import itertools
import threading
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..connection import Connection, configure, connection_for, table_prefix
from ..exceptions import DynamoTableException, InvalidSchemaField, MissingTableAttribute, TableMismatch, TableNotActive
from ..indexes import ProjectAll, Projection
from ..requests.tables import attribute_definitions, stream_specification, throughput
from ..schema import Adapter
from ..spec import KEY_FIELDS_OF_AN_INDEX, FieldSpec, IndexSpec, KeySpec, TableSpec
from . import applying as administration
from .live import LiveTable
from .plain_items import RawItems
from .planning import Plan, Step, compare, plan_changes

STREAM_KINDS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
BILLING_MODES = ("PAY_PER_REQUEST", "PROVISIONED")
TABLE_CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")
READ_MODES = ("validate", "trust")
SCAN_POLICIES = ("allow", "warn", "error")
SWITCH = (None, True, False)

_defined: weakref.WeakValueDictionary[int, DynamoTable3] = weakref.WeakValueDictionary()
_definitions = itertools.count()
_definition_lock = threading.Lock()


class DynamoCommon3:
    """What tables and indexes have in common: a name, a key, a throughput."""

    REQUIRED_ATTRS: ClassVar[tuple[str, ...]] = ("name", "hash_key")

    # whether DynamoDB lets the hash key, and the range key, consist of several attributes
    takes_several: ClassVar[bool] = False

    name: str
    hash_key: str | Sequence[str]
    range_key: str | Sequence[str] | None = None
    read: int | None = None
    write: int | None = None

    def __init__(self, owner: str, adapter: Adapter) -> None:
        self._owner = owner
        self._adapter = adapter
        for attribute in self.REQUIRED_ATTRS:
            if getattr(self, attribute, None) is None:
                raise MissingTableAttribute(f"{owner} has no {attribute}: declare `{attribute} = ...` in it")
        for attribute in ("read", "write"):
            units = getattr(self, attribute)
            if units is not None and (isinstance(units, bool) or not isinstance(units, int) or units < 1):
                raise DynamoTableException(f"{owner}: {attribute} = {units!r} has to be a whole number from 1 up")
        self.key = self._describe_key()

    def _describe_key(self) -> KeySpec:
        hashes = self._key_fields("hash_key", self.hash_key)
        ranges = [] if self.range_key is None else self._key_fields("range_key", self.range_key)
        names = [spec.stored for spec in (*hashes, *ranges)]
        for name in names:
            if names.count(name) > 1:
                raise InvalidSchemaField(
                    f"{self._owner}: hash_key = {self.hash_key!r} and range_key = {self.range_key!r} name "
                    f"{self._adapter.by_stored[name].name!r} {names.count(name)} times; a field has one place in a key"
                )
        return KeySpec(*(tuple((spec.stored, str(spec.key_type)) for spec in specs) for specs in (hashes, ranges)))

    def _key_fields(self, role: str, declared: Any) -> list[FieldSpec]:
        if not isinstance(declared, (tuple, list)):
            return [self._key_field(role, declared)]
        if not self.takes_several:
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {declared!r}: only the key of a GlobalIndex may consist of several fields; "
                "name one, by its bare name, or one that holds the values joined"
            )
        if not 1 <= len(declared) <= KEY_FIELDS_OF_AN_INDEX:
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {declared!r} names {len(declared) or 'no'} fields; "
                f"DynamoDB takes from 1 to {KEY_FIELDS_OF_AN_INDEX}"
            )
        return [self._key_field(role, name) for name in declared]

    def _field(self, role: str, name: Any) -> FieldSpec:
        fields = self._adapter.fields
        spec = (fields.get(name) or self._adapter.by_stored.get(name)) if isinstance(name, str) else None
        if spec is None:
            near = difflib.get_close_matches(str(name), fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"its fields are {', '.join(fields)}"
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {name!r} is no field of {self._adapter.schema_name}; {hint}"
            )
        return spec

    def _key_field(self, role: str, name: Any) -> FieldSpec:
        spec = self._field(role, name)
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
    takes_several = True


class DynamoTable3(DynamoCommon3):
    """The table of a model; the inner ``Table`` class, with its own methods, is a base of its class."""

    hash_key: str
    range_key: str | None = None
    stream: str | None = None
    billing_mode: str | None = None
    ttl: str | bool | None = None
    pitr: bool | None = None
    sse: bool | None = None
    kms_key: str | None = None
    table_class: str | None = None
    tags: Mapping[str, str] | None = None
    deletion_protection: bool | None = None
    session_kwargs: Mapping[str, Any] | None = None
    resource_kwargs: Mapping[str, Any] | None = None
    transport: str | None = None
    on_read: str = "validate"
    on_scan: str = "allow"

    def __init__(self, model_name: str, adapter: Adapter, indexes: Mapping[str, Any]) -> None:
        super().__init__(f"{model_name}.Table", adapter)
        self.schema = adapter.schema
        self._one_of("stream", (None, *STREAM_KINDS))
        self._one_of("billing_mode", (None, *BILLING_MODES))
        self._one_of("on_read", READ_MODES)
        self._one_of("on_scan", SCAN_POLICIES)
        self._one_of("table_class", (None, *TABLE_CLASSES))
        for switch in ("pitr", "sse", "deletion_protection"):
            self._one_of(switch, SWITCH)
        self._check_ttl()
        self._check_kms_key()
        self._check_tags()
        self.indexes: dict[str, DynamoIndex3] = {}
        for attribute, declaration in indexes.items():
            kind = DynamoGlobalIndex3 if declaration.is_global else DynamoLocalIndex3
            index: DynamoIndex3 = kind(f"{model_name}.{attribute}", self, declaration)
            if not index.is_global and index.key.hashes != self.key.hashes:
                raise InvalidSchemaField(
                    f"{model_name}.{attribute}: a local index has the table's hash key, {self.hash_key!r}; "
                    "make it a GlobalIndex for another"
                )
            self.indexes[index.name] = index
        for declared in self.indexes.values():
            _ = declared.spec  # says what is wrong with a projection now, not when the table is created
        with _definition_lock:
            _defined[next(_definitions)] = self

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        # lets the Table of a child model inherit from the parent's, which is an instance by then
        return (type(self),)

    def _one_of(self, attribute: str, allowed: tuple[Any, ...]) -> None:
        if getattr(self, attribute) not in allowed:
            raise DynamoTableException(
                f"{self._owner}: {attribute} = {getattr(self, attribute)!r} has to be one of {allowed}"
            )

    def _check_ttl(self) -> None:
        if self.ttl is None or self.ttl is False:
            return
        spec = self._field("ttl", self.ttl)
        if spec.key_type != "N":
            raise InvalidSchemaField(
                f"{self._owner}: ttl = {self.ttl!r} is not stored as a number; DynamoDB expires items by a number, the "
                "seconds since 1970: name a field of that kind (Timestamp, an integer), or False for no expiry"
            )

    def _check_kms_key(self) -> None:
        if self.kms_key is None:
            return
        if self.sse is False:
            raise DynamoTableException(f"{self._owner}: kms_key = {self.kms_key!r} and sse = False exclude each other")
        if not isinstance(self.kms_key, str) or "alias/" in self.kms_key:
            raise DynamoTableException(
                f"{self._owner}: kms_key = {self.kms_key!r} has to be the id or the ARN of a key, not an alias: "
                "DynamoDB describes a table by the ARN, which could not be compared with it"
            )

    def _check_tags(self) -> None:
        if self.tags is None:
            return
        if not isinstance(self.tags, Mapping):
            raise DynamoTableException(f'{self._owner}: tags = {self.tags!r} has to be a dict, as {{"team": "books"}}')
        for key, value in self.tags.items():
            if not isinstance(key, str) or not isinstance(value, str) or not key:
                raise DynamoTableException(
                    f"{self._owner}: tags: {key!r}: {value!r} has to be text, and the key not empty"
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
        return attribute_definitions(self.spec.attribute_types)

    @property
    def stream_specification(self) -> dict[str, Any]:
        """``StreamSpecification`` as DynamoDB wants it."""
        return stream_specification(self.stream)

    @property
    def spec(self) -> TableSpec:
        """The description of the table under the name that it has here and now."""
        return TableSpec(
            name=self.full_name,
            key=self.key,
            read=self.read,
            write=self.write,
            on_demand=self._on_demand,
            stream=self.stream,
            indexes=tuple(index.spec for index in self.indexes.values()),
            ttl=self._field("ttl", self.ttl).stored if self.ttl else self.ttl,
            pitr=self.pitr,
            sse=True if self.kms_key else self.sse,
            kms_key=self.kms_key,
            table_class=self.table_class,
            tags=tuple(sorted((self.tags or {}).items())),
            deletion_protection=self.deletion_protection,
        )

    @property
    def _on_demand(self) -> bool | None:
        if self.billing_mode is not None:
            return self.billing_mode == "PAY_PER_REQUEST"
        # a throughput that is declared says it as well
        return None if self.read is None and self.write is None else False

    # Its life.

    @property
    def exists(self) -> bool:
        """Whether the table is there."""
        return administration.is_there(self.connection, self.full_name)

    def create_table(self, wait: bool = True, timeout: float = 300.0) -> Any:
        """Create the table; with ``wait`` come back when it can be used.  Gives boto3's ``Table``.

        Time to live and point-in-time recovery can only be asked for when the table is there: without ``wait`` they are
        left to :meth:`update_table`.

        :raises TableNotActive: if there is a table of that name, or it is not ready after ``timeout`` seconds
        """
        spec = self._spec_to_create()
        administration.start_creating(self.connection, spec)
        if wait:
            administration.finish_creating(self.connection, spec, timeout)
        return self.table

    def create(self, wait: bool = True) -> Any:
        """Create the table: the former name of :meth:`create_table`."""
        warnings.warn("Table.create() is now called Table.create_table()", DeprecationWarning, stacklevel=2)
        return self.create_table(wait)

    def _spec_to_create(self) -> TableSpec:
        spec = self.spec
        if not spec.on_demand:
            for part in (self, *(index for index in self.indexes.values() if index.is_global)):
                for attribute in ("read", "write"):
                    if not getattr(part, attribute):
                        raise MissingTableAttribute(
                            f"{part._owner} has no {attribute}, which creating the table needs: declare it, "
                            'or make the table on demand with billing_mode = "PAY_PER_REQUEST"'
                        )
        return spec

    def delete(self, wait: bool = True, timeout: float = 300.0) -> bool:
        """Delete the table and all that is in it; with ``wait`` come back when it is gone."""
        administration.delete(self.connection, self.full_name, wait, timeout)
        return True

    def plan(self, allow_rebuild: bool = False) -> Plan:
        """Give the steps that would make the live table what is declared, without taking any.

        :param allow_rebuild: plan to remove and add again a global index with another key or projection
        """
        spec = self.spec
        return self._plan_for(spec, administration.describe(self.connection, spec), allow_rebuild)

    def _plan_for(self, spec: TableSpec, live: LiveTable, allow_rebuild: bool) -> Plan:
        return plan_changes(spec, live, allow_rebuild=allow_rebuild, elsewhere=self._declared_elsewhere())

    def update_table(self, allow_rebuild: bool = False, timeout: float = 3600.0) -> int:
        """Make the live table what is declared, one step of :meth:`plan` at a time; give the number of steps taken.

        Between steps it waits until table and indexes are active.  A run that was interrupted is taken up by the next.

        :param timeout: the seconds that one step may take
        :raises TableMismatch: if a step is refused, before any is taken
        :raises TableNotActive: when the time is up
        """
        spec = self.spec
        return administration.carry_out(
            self.connection, spec, lambda live: self._plan_for(spec, live, allow_rebuild), timeout
        )

    def validate(self, strict: bool = False) -> None:
        """Compare the live table with what is declared.

        Additional indexes, wider projections and a stream that is not declared are no mismatch, unless ``strict``.

        :raises TableMismatch: with the ``differences``
        """
        spec = self.spec
        found = compare(spec, administration.describe(self.connection, spec))
        differences: tuple[Step, ...] = tuple(step for step in found if strict or not step.harmless)
        if differences:
            listed = "\n".join(step.change for step in differences)
            raise TableMismatch(
                f"table {spec.name} is not as {self._owner} declares it:\n{listed}\n"
                "plan() says what update_table() would do about it",
                differences,
            )

    # Its items, as plain values and without the schema; each verb gives what boto3's resource answers.

    @property
    def _raw(self) -> RawItems:
        return RawItems(self.connection, self.full_name, self.key.names)

    def put(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values, without the schema; ``None`` in it counts as absent."""
        return self._raw.put(item, put_item_kwargs)

    def put_unique(self, item: Mapping[str, Any], /, **put_item_kwargs: Any) -> dict[str, Any]:
        """Store an item of plain values if there is none with its key.

        :raises HashKeyExists: if there is one
        """
        return self._raw.put_unique(item, put_item_kwargs)

    def put_batch(self, *items: Mapping[str, Any]) -> None:
        """Store any number of items of plain values; of those with one key the last."""
        self._raw.put_batch(items)

    def get(
        self, /, consistent: bool = False, get_item_kwargs: Mapping[str, Any] | None = None, **keys: Any
    ) -> dict[str, Any] | None:
        """Give the item with a key as plain values, ``None`` if there is none."""
        return self._raw.get(keys, consistent, get_item_kwargs)

    def get_batch(
        self,
        keys: Iterable[Mapping[str, Any]],
        consistent: bool = False,
        attrs: str | Iterable[str] | None = None,
        batch_get_kwargs: Mapping[str, Any] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Give the items with any number of keys as plain values, in any order, without those that are missing.

        :param attrs: the names of the attributes that are wanted, or a projection expression
        """
        return self._raw.get_batch(keys, consistent, attrs, batch_get_kwargs or {})

    def query(
        self, /, *conditions: Any, query_kwargs: Mapping[str, Any] | None = None, **lookups: Any
    ) -> dict[str, Any]:
        """Give one page of the items with a hash key, as boto3's response: ``Items``, ``LastEvaluatedKey`` and so on.

        :param query_kwargs: arguments of boto3's ``Table.query``; an ``IndexName`` among them chooses the index
        """
        options = query_kwargs or {}
        index: DynamoCommon3 | None = self.indexes.get(options["IndexName"]) if "IndexName" in options else self
        return self._raw.query(None if index is None else index.key, conditions, options, lookups)

    def scan(self, /, *conditions: Any, scan_kwargs: Mapping[str, Any] | None = None, **lookups: Any) -> dict[str, Any]:
        """Give one page of the items, as boto3's response."""
        return self._raw.scan(conditions, scan_kwargs or {}, lookups)

    def update(
        self,
        /,
        *actions: Any,
        conditions: Any = None,
        update_item_kwargs: Mapping[str, Any] | None = None,
        **keys_and_updates: Any,
    ) -> dict[str, Any]:
        """Change the item with a key, or create it, with values as they are."""
        return self._raw.update(actions, conditions, update_item_kwargs, keys_and_updates)

    def delete_item(self, /, **keys: Any) -> dict[str, Any]:
        """Delete the item with a key; it is no error if there is none."""
        return self._raw.delete(keys)

    def _declared_elsewhere(self) -> dict[str, str]:
        """Where other models declare global indexes on the same table, by the name of the index."""
        return {
            index.name: index._owner
            for table in defined_tables()
            if table._place == self._place and table._identity != self._identity
            for index in table.indexes.values()
            if index.is_global
        }

    @property
    def _identity(self) -> tuple[str, str]:
        return type(self).__module__, self._owner

    @property
    def _place(self) -> tuple[Any, ...]:
        return self.full_name, repr(self.session_kwargs), repr(self.resource_kwargs)


def defined_tables() -> tuple[DynamoTable3, ...]:
    """Give the tables of all models that are defined, in the order of definition."""
    with _definition_lock:
        tables = list(_defined.values())
    # a class that is defined anew, in an interactive session say, replaces the one that had its name
    latest = {(*table._identity, table.name): table for table in tables}
    return tuple(latest.values())


def create_tables(*models: Any, timeout: float = 300.0) -> None:
    """Create the tables of models that are not there yet, all at once, and compare the others with the models.

    Without arguments, of all models that are defined.

    :raises TableMismatch: if a table that was there is not the one its model declares
    """
    tables = [model.Table for model in models] if models else list(defined_tables())
    missing: dict[Any, tuple[DynamoTable3, TableSpec]] = {}
    for table in tables:
        if table._place not in missing and not table.exists:
            missing[table._place] = table, table._spec_to_create()
    for place, (table, spec) in list(missing.items()):
        try:
            administration.start_creating(table.connection, spec)
        except TableNotActive:  # somebody else was quicker
            del missing[place]
    for table, spec in missing.values():
        administration.finish_creating(table.connection, spec, timeout)
    created = [table for table, _ in missing.values()]
    for table in tables:
        if table not in created:
            administration.describe_active(table.connection, table.spec, administration.Patience(timeout))
            table.validate()
