"""What an inner ``Table`` or index class declares, held against the schema, and described as DynamoDB wants it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from ..callers import levels_to_the_caller
from ..composites import Composite
from ..connection import Settings, table_prefix
from ..exceptions import DynamoTableException, InvalidSchemaField, MissingTableAttribute
from ..indexes import ProjectAll, Projection
from ..nearest import did_you_mean
from ..requests.tables import attribute_definitions, stream_specification, throughput
from ..schema import Adapter
from ..spec import KEY_FIELDS_OF_AN_INDEX, FieldSpec, IndexSpec, KeySpec, TableSpec
from .words import refuse_unknown_words, words_of

if TYPE_CHECKING:
    from typing_extensions import Self

STREAM_KINDS = ("NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY")
BILLING_MODES = ("PAY_PER_REQUEST", "PROVISIONED")
TABLE_CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")
READ_MODES = ("validate", "trust")
SCAN_POLICIES = ("allow", "warn", "error")
SWITCH = (None, True, False)


def key_name(declaration: type, role: str) -> str | None:
    """Return the attribute that a composite in place of a key of an index class stands for, ``None`` for no composite.

    It is named by the class that the index class inherits from.
    """
    if not isinstance(getattr(declaration, role, None), Composite):
        return None
    for base in declaration.__mro__:
        found = vars(base).get(role)
        if isinstance(found, str):
            return found
    shown = declaration.__qualname__
    raise InvalidSchemaField(
        f"{shown}: {role} = {getattr(declaration, role)!r} has no name to be stored under: declare it in the body of "
        f'the model, as in by_author = Composite(...), and write {role} = "by_author"; or inherit from an index class '
        "that names the attribute"
    )


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

    # the type letters of key attributes that are no fields of the schema
    _computed: Mapping[str, str] = {}
    # whether several models share the table, of which this is the base without a schema
    _is_shared = False
    # whether such a base describes it
    _has_siblings = False

    def __init__(self, owner: str, adapter: Adapter) -> None:
        self._owner = owner
        self._adapter = adapter
        for attribute in self.REQUIRED_ATTRS:
            if getattr(self, attribute, None) is None:
                raise MissingTableAttribute(f"{owner} has no {attribute}: declare `{attribute} = ...` in it")
        if not isinstance(self.name, str) or not self.name:
            raise DynamoTableException(f"{owner}: name = {self.name!r} has to be a text, and not empty")
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
                shown = next(spec.name for spec in (*hashes, *ranges) if spec.stored == name)
                raise InvalidSchemaField(
                    f"{self._owner}: hash_key = {self.hash_key!r} and range_key = {self.range_key!r} name "
                    f"{shown!r} {names.count(name)} times; a field has one place in a key"
                )
        self._adapter.serves_as_key(
            self._owner, *([spec for spec in specs if spec.stored not in self._computed] for specs in (hashes, ranges))
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
            hint = did_you_mean(name, fields) or f"its fields are {', '.join(fields)}"
            raise InvalidSchemaField(
                f"{self._owner}: {role} = {name!r} is no field of {self._adapter.schema_name}; {hint}"
            )
        return spec

    def _key_field(self, role: str, name: Any) -> FieldSpec:
        if isinstance(name, str) and name in self._computed:
            return FieldSpec(name, name, name, key_type=self._computed[name])
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

    def __init__(self, owner: str, table: DeclaredTable, declaration: type) -> None:
        words = words_of(DynamoIndex3)
        refuse_unknown_words(owner, declaration, words)
        self.table = table
        self._computed = table._computed
        for attribute in words:
            if getattr(declaration, attribute, None) is not None:
                setattr(self, attribute, key_name(declaration, attribute) or getattr(declaration, attribute))
        super().__init__(owner, table._adapter)
        if isinstance(self.projection, type) and issubclass(self.projection, Projection):
            self.projection = self.projection()
        if not isinstance(self.projection, Projection):
            raise DynamoTableException(
                f"{owner}: projection = {self.projection!r} has to be ProjectAll(), ProjectKeys() or "
                'ProjectInclude("title", ...)'
            )

    @property
    def schema(self) -> type:
        """The schema class of the model."""
        return self.table.schema

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
        is_version = self.table.schema_version is not None and name == self.table.schema_version_attribute
        if spec is None and (is_version or name in self._computed or self.table._is_shared or self.table._has_siblings):
            return FieldSpec(name, name, name)  # perhaps of another model that shares the table
        if spec is None:
            raise InvalidSchemaField(
                f"{self._owner} includes {name!r}, which is no field of {self._adapter.schema_name}"
            )
        return spec


class DynamoLocalIndex3(DynamoIndex3):
    is_global = False

    def __init__(self, owner: str, table: DeclaredTable, declaration: type) -> None:
        super().__init__(owner, table, declaration)
        if self.range_key is None:
            raise MissingTableAttribute(
                f"{owner} has no range_key: a LocalIndex has the table's hash key with another range key; declare "
                "`range_key = ...` in it, or make it a GlobalIndex"
            )
        if table.range_key is None:
            raise MissingTableAttribute(
                f"{owner}: DynamoDB adds local indexes to no table without a range key, and {table._owner} has none; "
                "make it a GlobalIndex"
            )
        if self.key.hashes != table.key.hashes:
            # DynamORM 0.11 took any, with which DynamoDB did not make the table
            warnings.warn(
                f"{owner}: hash_key = {self.hash_key!r} is not the hash key of the table, which every LocalIndex has; "
                f"{table.hash_key!r} is taken. Declare that, or make it a GlobalIndex",
                stacklevel=levels_to_the_caller(),
            )
            self.hash_key = table.hash_key
            self.key = self._describe_key()


class DynamoGlobalIndex3(DynamoIndex3):
    is_global = True
    takes_several = True


class DeclaredTable(DynamoCommon3):
    """The table of a model, as far as it is declared."""

    hash_key: str
    range_key: str | None = None
    discriminator: str | None = None
    discriminator_value: str | None = None
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
    version: str | None = None
    created: str | None = None
    updated: str | None = None
    unique: Sequence[str | Sequence[str]] | None = None
    schema_version: int | None = None
    schema_version_attribute: str = "_v"
    write_version: int | None = None
    hide_expired: bool = False
    hide: Any = None
    on_read: str = "validate"
    on_scan: str = "allow"

    def __init__(self, model_name: str, adapter: Adapter, indexes: Mapping[str, Any]) -> None:
        self.schema = adapter.schema
        super().__init__(f"{model_name}.Table", adapter)
        self._one_of("stream", (None, *STREAM_KINDS))
        self._one_of("billing_mode", (None, *BILLING_MODES))
        self._one_of("on_read", READ_MODES)
        self._one_of("on_scan", SCAN_POLICIES)
        self._one_of("table_class", (None, *TABLE_CLASSES))
        for switch in ("pitr", "sse", "deletion_protection"):
            self._one_of(switch, SWITCH)
        if not self._is_shared:  # else the models have the fields that are named
            self._check_ttl()
            self._check_guarded()
        self._check_discriminator()
        self._check_kms_key()
        self._check_tags()
        self.indexes: dict[str, DynamoIndex3] = {}
        for attribute, declaration in indexes.items():
            kind = DynamoGlobalIndex3 if declaration.is_global else DynamoLocalIndex3
            index: DynamoIndex3 = kind(f"{model_name}.{attribute}", self, declaration)
            if index.name in self.indexes:
                raise DynamoTableException(
                    f"{index._owner}: name = {index.name!r} is also the name of {self.indexes[index.name]._owner}; "
                    "each index of a table needs a name of its own"
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

    def _check_ttl(self) -> None:
        if self.ttl is None or self.ttl is False:
            return
        if self._has_siblings and self.ttl not in self._adapter.by_any_name:
            return  # other models have it
        spec = self._field("ttl", self.ttl)
        if spec.key_type != "N":
            raise InvalidSchemaField(
                f"{self._owner}: ttl = {self.ttl!r} is not stored as a number; DynamoDB expires items by a number, the "
                "seconds since 1970: name a field of that kind (Timestamp, an integer), or False for no expiry"
            )

    def _check_guarded(self) -> None:
        roles: dict[str, str] = {}
        for role, spec in self.guarded.items():
            if spec.stored in self.key.names or spec.computed:
                what = "computed" if spec.computed else "part of the key"
                raise InvalidSchemaField(
                    f"{self._owner}: {role} = {spec.name!r} is {what}, and cannot change with each write; name another "
                    "field"
                )
            other = roles.setdefault(spec.name, role)
            if other != role:
                raise InvalidSchemaField(f"{self._owner}: {other} and {role} both name {spec.name!r}; name two fields")

    def _check_discriminator(self) -> None:
        name, value = self.discriminator, self.discriminator_value
        if name is None:
            if value is not None:
                raise DynamoTableException(
                    f'{self._owner}: discriminator_value = {value!r} needs a discriminator = "kind", the attribute '
                    "that holds it"
                )
            return
        for word, given in (("discriminator", name), ("discriminator_value", value)):
            if given is not None and (not isinstance(given, str) or not given):
                raise DynamoTableException(f"{self._owner}: {word} = {given!r} has to be a text, and not empty")
        if name in self.key.names:
            raise InvalidSchemaField(
                f"{self._owner}: discriminator = {name!r} is part of the table's key, which tells items of one "
                'kind from each other; name another attribute, and begin keys with a text, as in "ORDER#{id}"'
            )
        if name in self._adapter.by_any_name:
            raise InvalidSchemaField(
                f"{self._owner}: discriminator = {name!r} is a field of {self._adapter.schema_name}; DynamORM writes "
                "the discriminator by itself: leave the field out, or name another attribute"
            )

    @property
    def guarded(self) -> dict[str, FieldSpec]:
        """The fields that every write sees to, by what they are for: ``version``, ``created``, ``updated``."""
        named = {role: getattr(self, role) for role in ("version", "created", "updated")}
        return {role: self._field(role, name) for role, name in named.items() if name is not None}

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

    # what a handle says in place of the settings around a call, and in place of prefix and name
    _settings: Settings | None = None
    _other_name: str | None = None

    @property
    def full_name(self) -> str:
        """The name of the table in DynamoDB: with the prefix that is configured here and now."""
        return self._other_name or table_prefix(self._settings) + self.name

    def _placed(self, settings: Settings, name: str | None) -> Self:
        """Return this table where the settings of a context lead to, under a full name of its own if there is one."""
        placed = copy(self)
        placed._settings, placed._other_name = settings, name
        return placed

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
            ttl=self._ttl_attribute,
            pitr=self.pitr,
            sse=True if self.kms_key else self.sse,
            kms_key=self.kms_key,
            table_class=self.table_class,
            tags=tuple(sorted((self.tags or {}).items())),
            deletion_protection=self.deletion_protection,
        )

    @property
    def _ttl_attribute(self) -> str | bool | None:
        is_of_others = self._is_shared or (self._has_siblings and self.ttl not in self._adapter.by_any_name)
        return self._field("ttl", self.ttl).stored if self.ttl and not is_of_others else self.ttl

    @property
    def _on_demand(self) -> bool | None:
        if self.billing_mode is not None:
            return self.billing_mode == "PAY_PER_REQUEST"
        # a throughput that is declared says it as well
        return None if self.read is None and self.write is None else False

    def _spec_to_create(self) -> TableSpec:
        """Return the description of a table that can be created.

        :raises MissingTableAttribute: if its throughput, or that of an index, is not declared
        """
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
