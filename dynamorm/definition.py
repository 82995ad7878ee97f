"""What a model class says about itself, read when the class is made: nothing is opened or asked for."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .composites import Composite, Declared
from .entity import Entity
from .exceptions import DynaModelException, DynamoException, InvalidSchemaField
from .families import FamilyGuards, FamilyMapper, NoSchema
from .frozen import FrozenValue
from .guards import Guards
from .indexes import Index
from .instances.computed import ComputedAttribute
from .keyed_mapper import KeyedMapper
from .mapper import Mapper
from .schema import Adapter, adapter_for, adapter_of
from .store import Store
from .tables.declared import DeclaredTable, key_name
from .tables.table import DynamoTable3
from .tables.upkeep import hidden_by, upkeep_of
from .tables.words import refuse_unknown_words, words_of
from .upgrades import Step
from .upkeep import Upkeep

_TABLE_WORDS = (*words_of(DeclaredTable), "abstract")


class Definition(FrozenValue):
    """A complete model: its store, and the index classes as they were declared, its parents' included."""

    store: Store
    indexes: Mapping[str, Any]

    @property
    def adapter(self) -> Adapter:
        return self.store.mapper.adapter


class Family(FrozenValue):
    """The abstract base of models that share a table: how all of their items are read."""

    store: Store
    indexes: Mapping[str, Any]


def _family(name: str, table_class: Any, indexes: Mapping[str, Any]) -> Family | None:
    """Return what the abstract base of models that share a table knows, ``None`` where it does not tell them apart."""
    if not all(getattr(table_class, word, None) for word in ("name", "hash_key", "discriminator")):
        return None
    keys = [
        getattr(part, role, None) for part in (table_class, *indexes.values()) for role in ("hash_key", "range_key")
    ]
    attributes = [key for several in keys for key in (several if isinstance(several, (tuple, list)) else (several,))]
    computed = {key: "S" for key in (*attributes, table_class.discriminator) if isinstance(key, str)}
    with refusing(f"{name}.Table"):
        body = {"_computed": computed, "_is_shared": True}
        table: DynamoTable3 = instance_of(
            _derived(f"{name}Table", (table_class, DynamoTable3), body), DynamoTable3, name, NoSchema(name), indexes
        )
        kind = table.discriminator
        mapper = FamilyMapper(name, table.key, frozenset([*computed, *([kind] if kind else [])]), kind)
        guards: Any = FamilyGuards(mapper)
        return Family(Store(mapper, table, guards), indexes)


def _is_detailed(declaration: type, indexes: Mapping[str, type]) -> bool:
    """Return whether another class among those of a model says more of the same index."""
    return any(
        other is not declaration and issubclass(other, declaration) and getattr(other, "name", None) == declaration.name
        for other in indexes.values()
        if hasattr(declaration, "name")
    )


def define(name: str, attrs: Mapping[str, Any], parents: list[type]) -> Definition | Family | None:
    """Return the definition of a model class, ``None`` for one that is abstract and describes no table.

    ``attrs`` is the body of the class, ``parents`` the classes that it inherits from, nearest first.
    """
    for attribute in attrs:
        if attribute.startswith("_dynamorm"):
            raise DynaModelException(f"{name}.{attribute}: DynamORM keeps names of this kind for itself; rename it")
    table_class = _table_class(name, attrs, parents)
    own_indexes = {
        attribute: value for attribute, value in attrs.items() if inspect.isclass(value) and issubclass(value, Index)
    }
    if table_class is not None and table_class.__dict__.get("abstract"):
        return _family(name, table_class, {**_declared_indexes(parents), **own_indexes})
    inherited = _inherited(parents)
    if inherited is not None and not own_indexes and not _says_more(attrs, inherited):
        return inherited
    indexes = {**_declared_indexes(parents), **own_indexes}
    indexes = {attribute: value for attribute, value in indexes.items() if attrs.get(attribute, value) is value}
    indexes = {attribute: value for attribute, value in indexes.items() if not _is_detailed(value, indexes)}
    adapter = _adapter(name, attrs, parents)
    composites = _composites(name, attrs, parents, indexes)
    _refuse_doubles(composites, adapter, getattr(table_class, "discriminator", None))
    if table_class is None:
        raise DynaModelException(
            f"You must define an inner 'Table' class on your '{name}' class: it says how the items are stored "
            "(name, hash_key, ...)"
        )
    with refusing(f"{name}.Table"):
        table = _table(name, table_class, adapter, indexes, composites, _base_table(parents))
        steps, is_shared = _steps(name, attrs, parents), _is_shared(parents, table.name)
        upkeep = upkeep_of(name, table, steps, composites, _scopes(parents), is_shared)
        mapper = _mapper(name, attrs, adapter, table, composites, upkeep)
        mapper.leave_out(hidden_by(table, mapper, is_of_all=_is_said_by_a_base("hide", table_class, parents)))
        return Definition(Store(mapper, table, Guards(mapper, f"{name}.Table")), indexes)


def _base_table(parents: list[type]) -> Any:
    """Return the table that an abstract base describes for all its models, ``None`` for none."""
    for parent in parents:
        definition = parent.__dict__.get("_dynamorm")
        if isinstance(definition, Family):
            return definition.store.table
    return None


def _is_said_by_a_base(word: str, table_class: type, parents: list[type]) -> bool:
    """Return whether the table of a model has a word from that of an abstract base."""
    bases = [vars(parent)["Table"] for parent in parents if "Table" in vars(parent) and not _inherited([parent])]
    tables = [base if inspect.isclass(base) else type(base) for base in bases]
    said_by = next((one for one in table_class.__mro__ if word in vars(one)), None)
    return said_by is not None and any(issubclass(one, said_by) for one in tables)


def _steps(name: str, attrs: Mapping[str, Any], parents: list[type]) -> dict[tuple[int, bool], Step]:
    """Return the functions of a model that take items from one version to the next, or back."""
    found: dict[tuple[int, bool], Step] = {}
    for body in (*map(vars, reversed(parents)), attrs):
        own = [value for value in body.values() if isinstance(value, Step)]
        for step in own:
            others = [one for one in own if one is not step and one.decorator == step.decorator]
            if others:
                raise DynaModelException(
                    f"{name}: {step.__name__} and {others[0].__name__} are both marked with {step.decorator}; there is "
                    "one function for each version"
                )
            found[step.version, step.is_upgrade] = step
    return found


def _is_shared(parents: list[type], name: str) -> bool:
    """Return whether an abstract base of a model names the model's table, so that others may have it too."""
    return any(is_base_of_table(parent, name) for parent in parents)


def is_base_of_table(base: type, name: str) -> bool:
    """Return whether a class is no model itself and names a table for those that inherit from it."""
    declared = base.__dict__.get("Table")
    is_abstract = declared is not None and not isinstance(base.__dict__.get("_dynamorm"), Definition)
    return is_abstract and getattr(declared, "name", None) == name


def _scopes(parents: list[type]) -> Mapping[tuple[str, ...], str]:
    """Return what tells the unique values of the nearest parent from those of other models, by its fields."""
    inherited = _inherited(parents)
    upkeep = None if inherited is None else inherited.store.mapper.upkeep
    return {} if upkeep is None or upkeep.unique is None else upkeep.unique.scopes


def _mapper(
    name: str,
    attrs: Mapping[str, Any],
    adapter: Adapter,
    table: DynamoTable3,
    composites: Mapping[str, Declared],
    upkeep: Upkeep | None,
) -> Mapper:
    if not composites and table.discriminator is None:
        return Mapper(name, adapter, table.key, table.guarded, upkeep=upkeep)
    kind = {}
    if table.discriminator is not None:
        own = vars(attrs["Table"]).get("discriminator_value") if "Table" in attrs else None
        kind[table.discriminator] = {"S": own or name}
    mapper = KeyedMapper(name, adapter, table.key, table.guarded, composites, kind, upkeep)
    mapper.limit_keys([table.key, *(index.key for index in table.indexes.values())])
    for part in (table, *table.indexes.values()):
        for attribute in part.key.range_names:
            if attribute in mapper.computed_keys:
                mapper.computed_keys[attribute].refuse_disorder(part._owner)
    return mapper


def _composites(
    name: str, attrs: Mapping[str, Any], parents: list[type], indexes: Mapping[str, Any]
) -> dict[str, Declared]:
    """Return the composites of a model by the attributes that they are stored as."""
    found: dict[str, Declared] = {}
    for parent in reversed(parents):
        for attribute, value in vars(parent).items():
            composite = value.attribute.declared if isinstance(value, ComputedAttribute) else value
            if isinstance(composite, Composite):
                found[attribute] = Declared(composite, f"{name}.{attribute}", composite.conditions)
    found = {attribute: value for attribute, value in found.items() if attribute not in attrs}
    for attribute, value in attrs.items():
        if isinstance(value, Composite):
            found[attribute] = Declared(value, f"{name}.{attribute}", value.conditions)
    for attribute, declaration in indexes.items():
        found.update(_patterns(f"{name}.{attribute}", declaration))
    return found


def _patterns(owner: str, declaration: type) -> dict[str, Declared]:
    """Return the composites that an index class has in place of its keys; the conditions of one hold for both."""
    stored = {role: key_name(declaration, role) for role in ("hash_key", "range_key")}
    composites = {role: getattr(declaration, role) for role, name in stored.items() if name is not None}
    when = tuple(condition for composite in composites.values() for condition in composite.conditions)
    return {str(stored[role]): Declared(composite, f"{owner}.{role}", when) for role, composite in composites.items()}


def _refuse_doubles(composites: Mapping[str, Declared], adapter: Adapter, kind: str | None) -> None:
    for attribute, declared in composites.items():
        if attribute == kind:
            raise InvalidSchemaField(
                f"{declared.label} = {declared.composite!r} is stored as {attribute!r}, and that is the discriminator, "
                "which DynamORM writes by itself; name another attribute"
            )
        if attribute in adapter.by_any_name:
            raise InvalidSchemaField(
                f"{declared.label} = {declared.composite!r} is stored as {attribute!r}, which is a field of "
                f"{adapter.schema_name} too; a composite is computed, so leave it out of the Schema"
            )


def _says_more(attrs: Mapping[str, Any], inherited: Definition) -> bool:
    """Return whether the body of a class changes what it inherits, or is another kind of item."""
    store = inherited.store
    names = {"Table", "Schema", *inherited.indexes, *store.mapper.attributes}
    return (
        not names.isdisjoint(attrs)
        or store.table.discriminator is not None
        or any(isinstance(value, (Composite, Step)) for value in attrs.values())
    )


def _inherited(parents: list[type]) -> Definition | None:
    for parent in parents:
        definition = parent.__dict__.get("_dynamorm")
        if isinstance(definition, Definition):
            return definition
    return None


def _declared_indexes(parents: list[type]) -> dict[str, Any]:
    """Collect the index classes of the parents: complete models remember theirs, bases and mixins still hold them."""
    declared: dict[str, Any] = {}
    for parent in reversed(parents):
        definition = parent.__dict__.get("_dynamorm")
        if isinstance(definition, (Definition, Family)):
            declared.update(definition.indexes)
        else:
            declared.update(
                (attribute, value)
                for attribute, value in vars(parent).items()
                if inspect.isclass(value) and issubclass(value, Index)
            )
    return declared


def _table_class(name: str, attrs: Mapping[str, Any], parents: list[type]) -> type | None:
    """Return the class that says how items are stored: the model's own, or that of its nearest parent with one."""
    declared = attrs.get("Table")
    if declared is not None:
        _check_table_class(f"{name}.Table", declared)
        return declared  # type: ignore[no-any-return]
    for parent in parents:
        candidate = parent.__dict__.get("Table")
        if isinstance(candidate, DynamoTable3):
            return type(candidate)
        if candidate is not None:
            _check_table_class(f"{parent.__name__}.Table", candidate)
            return _derived("Table", (candidate,), {"abstract": False})
    return None


def _check_table_class(owner: str, declared: Any) -> None:
    if not inspect.isclass(declared) or issubclass(declared, Entity):
        raise DynaModelException(f"{owner} has to be a class of its own, not {_shown(declared)}")
    if not isinstance(vars(declared).get("abstract", False), bool):
        raise DynaModelException(f"{owner}: abstract has to be True or False")
    for name, value in vars(declared).items():
        if inspect.isclass(value) and issubclass(value, Index):
            raise DynaModelException(f"{owner}.{name}: index classes stand beside the Table, not in it; move it out")
    refuse_unknown_words(owner, declared, _TABLE_WORDS)


def _shown(declared: Any) -> str:
    # settings with credentials in them may stand here by mistake
    return repr(declared) if inspect.isclass(declared) else f"a value of type {type(declared).__name__}"


def _derived(name: str, bases: tuple[type, ...], body: Mapping[str, Any]) -> type:
    """Return a class that derives from the user's own without calling their metaclass again.

    What a metaclass is called for is the body that they wrote; it knows nothing of this one.
    """
    kind = type(bases[0])
    make = ABCMeta.__new__ if issubclass(kind, ABCMeta) else type.__new__
    made: type = make(kind, name, bases, {"__module__": bases[0].__module__, "__qualname__": name, **body})
    return made


def _table(
    name: str,
    table_class: Any,
    adapter: Adapter,
    indexes: Mapping[str, Any],
    composites: Mapping[str, Declared],
    shared: Any,
) -> DynamoTable3:
    computed: dict[str, str] = {}
    if shared is not None:  # other models may have the keys of indexes that this one has not
        others = shared._computed.keys() - set(shared.key.names)
        computed.update((key, shared._computed[key]) for key in others if key not in adapter.by_any_name)
    computed.update((attribute, declared.composite.letter) for attribute, declared in composites.items())
    kind = getattr(table_class, "discriminator", None)
    if isinstance(kind, str):
        computed[kind] = "S"
    body = {"_computed": computed, "_is_shared": False, "_has_siblings": shared is not None}
    if not issubclass(table_class, DynamoTable3):
        table_class = _derived(f"{name}Table", (table_class, DynamoTable3), body)
    elif table_class._is_shared or computed != table_class._computed:
        table_class = _derived(f"{name}Table", (table_class,), body)
    table: DynamoTable3 = instance_of(table_class, DynamoTable3, name, adapter, indexes)
    return table


def instance_of(kind: Any, ours: Any, *arguments: Any) -> Any:
    """Return an instance of an inner class of the user's, which derives from one of ours.

    If it has an ``__init__`` that passes on what comes by position, that is called; one without arguments, such as that
    of a dataclass, is called before ours.
    """
    made = kind.__new__(kind)
    init, our_init = kind.__init__, ours.__init__
    if init is our_init or _passes_on(init):
        init(made, *arguments)
    else:
        init(made)
        our_init(made, *arguments)
    return made


def _passes_on(init: Any) -> bool:
    kinds = {parameter.kind for parameter in inspect.signature(init).parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say of what part of a model it is that something went wrong inside a class of the user's."""
    try:
        yield
    except DynamoException:
        raise
    except (TypeError, ValueError, AttributeError, LookupError) as error:
        raise DynaModelException(f"{what} cannot be used: {type(error).__name__}: {error}") from error


def _adapter(name: str, attrs: Mapping[str, Any], parents: list[type]) -> Adapter:
    declared = attrs.get("Schema")
    if declared is None:
        for parent in parents:
            candidate = parent.__dict__.get("Schema")
            if candidate is not None:
                if "_dynamorm_adapter" in vars(candidate):
                    return adapter_of(candidate)
                declared = candidate
                break
    if declared is None:
        raise DynaModelException(
            f"You must define an inner 'Schema' class on your '{name}' class: it holds the fields, written in "
            "marshmallow, schematics or pydantic"
        )
    if not inspect.isclass(declared):
        raise DynaModelException(f"{name}.Schema has to be a class, not {_shown(declared)}")
    kind = adapter_for(name, declared)
    with refusing(f"{name}.Schema"):
        schema = kind.adopt(f"{name}Schema", declared)
        adapter = kind(schema)
    type.__setattr__(schema, "_dynamorm_adapter", adapter)
    return adapter
