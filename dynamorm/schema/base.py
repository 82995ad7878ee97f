"""What a schema library has to be able to do for the mapper, and what is the same for all of them.

An :class:`Adapter` is one file that teaches one library.  Its class methods say whether an inner ``Schema`` is written
in that library and make a real class of it; an instance serves one such class.  Values pass it as plain Python values
by name.  How they are stored is the codec's business, where they go is the connection's.
"""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from ..exceptions import DynaModelException, DynamoException, UnstorableValue, ValidationError
from ..locks import cached_property
from ..spec import FieldSpec, exact_text
from ..wire.codec import encode_value
from .compiler import CompilationReport, Compiled, SchemaLayout
from .compiler.layouts import ABSENT as ABSENT
from .iterators import refuse_iterators, settled
from .refusals import Refusals, fault_text
from .sorting import has_offset, warn_of_form, warn_of_value, watch_fields

# What is put into a string field is made text of, as `str` does it.
SCALARS = (int, float, Decimal, UUID, date, time)

PARTIAL = "partial"
WHOLE = "whole"
TRUSTED = "trusted"


class _CompiledReport:
    """Reports on the schema class that it is asked of."""

    def __get__(self, instance: Any, owner: type) -> CompilationReport:
        compiled = adapter_of(owner).compiled
        return CompilationReport(compiled.loading, compiled.dumping)


class DynamORMSchema:
    """The base that every ``Model.Schema`` has besides its library's own."""

    compiled = _CompiledReport()

    @classmethod
    def dynamorm_fields(cls) -> dict[str, Any]:
        """Return the library's field objects by their Python names."""
        return {name: spec.native for name, spec in adapter_of(cls).fields.items()}

    @classmethod
    def dynamorm_validate(cls, obj: Mapping[str, Any], partial: bool = False, native: bool = False) -> dict[str, Any]:
        """Validate a mapping; give native values, or with ``native=False`` the values in stored form."""
        adapter = adapter_of(cls)
        if partial:
            values = adapter.natives_of_given(obj, defaults=False)
        else:
            values = adapter.natives_of_whole(obj)
        return values if native else adapter.dump(values)

    @classmethod
    def field_to_dynamo_type(cls, field: Any) -> str:
        """Return the letter of the DynamoDB type under which a field can be a key."""
        letter = adapter_of(cls).key_type(field)
        return "S" if letter is None else letter

    @classmethod
    def base_schema_type(cls) -> type:
        """Return the class of the library that schemas derive from."""
        return adapter_of(cls).base


def adapter_of(schema: type) -> Adapter:
    """Return the adapter that serves a schema class."""
    adapter: Adapter = schema.__dict__["_dynamorm_adapter"]
    return adapter


class Adapter(Refusals, ABC):
    """One schema class of one library, as the mapper sees it."""

    library: ClassVar[str]
    """The name of the library, which is also the name of the extra that installs it."""

    base: ClassVar[type]
    """The class of the library that schemas derive from."""

    def __init__(self, schema: type) -> None:
        self.schema = schema
        self.schema_name: str = exact_text(schema.__name__)
        self.fields: dict[str, FieldSpec] = {spec.name: spec for spec in self.describe()}
        self.inputs: tuple[FieldSpec, ...] = tuple(spec for spec in self.fields.values() if not spec.computed)
        self.by_stored: dict[str, FieldSpec] = {spec.stored: spec for spec in self.fields.values()}
        self.by_any_name = {**self.by_stored, **self.fields}
        self.readable = frozenset(self.by_stored).union(*(spec.aliases for spec in self.inputs))
        self._watched: dict[str, str] = {}  # the labels of key fields whose values have to be looked at, by name

    # What a library's adapter has to supply.

    @classmethod
    @abstractmethod
    def claims(cls, inner: type) -> bool:
        """Return whether an inner ``Schema`` class is written in this library, going by what it contains."""

    @classmethod
    @abstractmethod
    def adopt(cls, name: str, inner: type) -> type:
        """Make a class of the library called ``name`` of an inner class; bases, hooks and options are kept."""

    @abstractmethod
    def describe(self) -> Iterable[FieldSpec]:
        """List the fields."""

    @abstractmethod
    def key_type(self, field: Any) -> str | None:
        """Return the key type (S, N, B) of one of the library's field objects, ``None`` where it cannot be a key."""

    @abstractmethod
    def load_given(self, values: dict[str, Any], *, defaults: bool) -> dict[str, Any]:
        """Convert and validate what a program gives, by source names; what is missing is no error.

        Field validators run, schema-wide ones do not; the schema's policy for unknown names holds.
        Gives natives by Python name, with the defaults of what is missing where ``defaults`` is true.
        """

    @abstractmethod
    def load_whole(self, values: dict[str, Any]) -> dict[str, Any]:
        """Like :meth:`load_given` for a whole item: what is missing counts, and every validator runs."""

    @abstractmethod
    def load_stored(self, values: dict[str, Any], mode: str) -> dict[str, Any]:
        """Load what was stored, by source names; unknown names are left out.

        ``WHOLE`` demands and validates everything, ``PARTIAL`` only what is there, ``TRUSTED`` converts only.
        """

    @abstractmethod
    def dump_values(self, natives: dict[str, Any]) -> dict[str, Any]:
        """Serialise natives with the library; returns plain values by stored name, computed ones included."""

    @abstractmethod
    def serialise(self, field: FieldSpec, value: Any) -> Any:
        """Put one native value of a field into the form that the library's load accepts."""

    @abstractmethod
    def convert(self, field: FieldSpec, value: Any) -> Any:
        """Return the native value for one that was assigned in serialised form, without validators."""

    def validated(self, field: FieldSpec, value: Any) -> Any:
        """Return the native value for one inside a field, converted and checked by its own validators."""
        return self.convert(field, self.serialised(field, value))

    def computed_value(self, field: FieldSpec, natives: dict[str, Any]) -> Any:
        """Return the value of a computed field as it is now; for libraries that have such fields."""
        raise TypeError(f"{self.schema_name}.{field.name} is not computed")

    def values_of_object(self, item: Any) -> Mapping[str, Any] | None:
        """Return the values of an object of a schema class by Python name; for libraries whose schemas have objects."""
        return None

    gives_none: ClassVar[bool] = False
    """Whether the library gives ``None`` for fields without a value, rather than leaving them out."""

    has_dump_hooks: bool = False
    """Whether the schema has methods of its own that see whole dumps, so that parts of values mean nothing alone."""

    def has_unsorted_form(self, spec: FieldSpec) -> bool:
        """Return whether the texts that are stored for a field never sort as its values do."""
        return False

    def may_be_unsorted(self, spec: FieldSpec) -> bool:
        """Return whether it takes the values of a field to tell whether their texts sort."""
        return False

    def is_unsorted(self, value: Any) -> bool:
        """Return whether the text of such a value does not sort among others."""
        return isinstance(value, (datetime, time)) and has_offset(value)

    def layout(self, mode: str) -> SchemaLayout:
        """Return what the compiler is to know of the schema, for a load in some mode."""
        reason = f"the adapter of {self.library} describes nothing to the compiler"
        return SchemaLayout(self.schema_name, load_declined=reason, dump_declined=reason)

    def dump_layout(self) -> SchemaLayout:
        """Return what the compiler is to know for dumps, where that differs from what it is for loads."""
        return self.compiled.layout(WHOLE)

    @cached_property
    def compiled(self) -> Compiled:
        """The generated functions; nothing is generated before one is called."""
        return Compiled(self.schema_name, lambda mode: self.watching(self.layout(mode)), WHOLE, self.dump_layout)

    # What is the same for all libraries.

    def values_of(self, item: Any) -> Mapping[str, Any] | None:
        """Return the values of an object of the schema class, ``None`` for anything else."""
        return self.values_of_object(item) if isinstance(item, self._schema_classes) else None

    @cached_property
    def _schema_classes(self) -> tuple[type, ...]:
        """The schema class, and that of the user's own that it was made of."""
        kinds = (self.schema, *self.schema.__bases__)
        return tuple(kind for kind in kinds if issubclass(kind, self.base) and kind is not self.base)

    def serves_as_key(self, owner: str, hashes: Iterable[FieldSpec], ranges: Iterable[FieldSpec]) -> None:
        """Learn that fields are the key of a table or index, and warn of those that do not sort."""
        model_name = owner.partition(".")[0]
        for spec in ranges:
            if self.has_unsorted_form(spec):
                warn_of_form(owner, spec, self.library)
        for spec in (*hashes, *ranges):
            if spec.name not in self._watched and self.may_be_unsorted(spec):
                self._watched[spec.name] = f"{model_name}.{spec.name}"
                self.__dict__.pop("compiled", None)  # it may have been made for a parent, of which this is no key

    def watching(self, layout: SchemaLayout) -> SchemaLayout:
        """Return a layout whose dumps look at the values of keys where that is needed."""
        if self._watched:
            watch_fields(layout, self._watched, self._watch)
        return layout

    def _watch(self, natives: Mapping[str, Any]) -> None:
        for name, label in self._watched.items():
            if self.is_unsorted(value := natives.get(name)):
                warn_of_value(label, value, self.library)

    def natives_of_given(self, values: Mapping[str, Any], *, defaults: bool = True) -> dict[str, Any]:
        """Return the natives of what a constructor was given."""
        quick = self.compiled.given.natives(values, defaults)
        if quick is not None:
            return quick
        prepared = self._prepared(values)
        return self._guarded(values, prepared, lambda: self.load_given(prepared, defaults=defaults), unknown=True)

    def natives_of_whole(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the natives of a whole item that a program puts."""
        prepared = self._prepared(values)
        return self._guarded(values, prepared, lambda: self.load_whole(prepared), unknown=True)

    def _prepared(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a program gives as the library takes it: nothing in it is fleeting, and ``None`` is no value."""
        fields = self.by_any_name
        given = {
            name: settled(value, fields.get(name))
            for name, value in values.items()
            if value is not None or name in fields
        }
        return self._renamed(given, fields, means_none)

    def natives_of_stored(
        self, values: Mapping[str, Any], mode: str = WHOLE, where: str = "", *, complete: bool = True
    ) -> dict[str, Any]:
        """Return the natives of stored values, which come by stored name.

        Storage cannot hold everything that a required field accepts; with ``complete`` that is made good.
        """
        prepared = prepare_fields(self.inputs, values, complete=complete and mode != PARTIAL)
        return self._guarded(values, prepared, lambda: self.load_stored(prepared, mode), where)

    def natives_of_assigned(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return natives, which can be dumped, for values that may have been assigned in any form."""
        refused = {}
        for name, value in values.items():
            try:
                refuse_iterators(value, self.fields.get(name))
            except UnstorableValue as error:
                refused[name] = [str(error)]
        if refused:
            raise ValidationError(values, self.schema_name, refused)
        return self.natives_of_held(values)

    def natives_of_held(self, values: dict[str, Any]) -> dict[str, Any]:
        """Like :meth:`natives_of_assigned`, for values that can be read any number of times."""
        natives: dict[str, Any] = {}
        errors: dict[str, Any] = {}
        causes: list[Exception] = []
        for name, value in values.items():
            spec = self.fields[name]
            if spec.computed or (value is None and not means_none(spec)):
                continue
            try:
                natives[name] = self.as_native(spec, value)
            except self.library_errors as error:
                found = self.messages(error)
                errors[name] = found[name] if isinstance(found, dict) and list(found) == [name] else found
                causes.append(error)
            except DynamoException:
                raise
            except Exception as error:
                errors[name] = [self.complaint(spec, value, "converted", error)]
                causes.append(error)
        if errors:
            is_secret = any(self.is_secret(self.fields[name]) for name in errors)
            raise ValidationError(values, self.schema_name, errors) from (None if is_secret else causes[0])
        return natives

    def as_native(self, spec: FieldSpec, value: Any) -> Any:
        """Return the native value of one assigned value."""
        if value is None or isinstance(value, spec.loads_to):
            return value
        if spec.loads_to or spec.kind == "leaf":
            return self.convert(spec, value)
        if spec.kind == "text":
            if isinstance(value, SCALARS):
                return str(value)
            return value if isinstance(value, str) else self.convert(spec, value)
        if spec.fields is not None and isinstance(value, Mapping):
            natives = {}
            for name, inner_value in value.items():
                inner = spec.by_any_name.get(name)
                if inner is None:
                    natives[name] = inner_value
                else:
                    natives[inner.name] = self.as_native(inner, inner_value)
            return natives
        element = spec.element
        if spec.kind in ("list", "set") and isinstance(value, (list, tuple, Set)):
            elements = value if element is None else [self.as_native(element, inner) for inner in value]
            return set(elements) if spec.kind == "set" else list(elements)
        if spec.kind == "map" and isinstance(value, Mapping):
            return value if element is None else {name: self.as_native(element, one) for name, one in value.items()}
        is_strange = spec.kind == "nested" and isinstance(value, (str, int, float, list, tuple, Set))
        return self.convert(spec, value) if is_strange or spec.kind in ("list", "set", "map") else value

    def dump(self, natives: dict[str, Any]) -> dict[str, Any]:
        """Return the plain values that are stored, by stored name."""
        if self._watched:
            self._watch(natives)
        try:
            return self.dump_values(natives)
        except DynaModelException:
            raise
        except Exception as error:
            raise self._dump_error(natives, error) from (None if self.has_secrets else error)

    def stored_form(self, spec: FieldSpec, value: Any) -> Any:
        """Return the plain value that is stored for a value of a field, in whatever form it was assigned."""
        native = self.as_native(spec, value)
        if spec.name in self._watched and self.fields.get(spec.name) is spec:
            self._watch({spec.name: native})
        return self.serialise(spec, native)

    def checked(self, natives: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Dump, and load the dump to see that it is valid; returns the dump and what it loads to."""
        dumped = self.dump(natives)
        for spec in self.inputs:
            # some libraries dump None for what was never given, which a load would take for a value
            if means_none(spec) and spec.name not in natives and dumped.get(spec.stored, ABSENT) is None:
                del dumped[spec.stored]
        return dumped, self.natives_of_stored(dumped, complete=False)

    def checked_dump(self, natives: dict[str, Any]) -> dict[str, Any]:
        """Return the dump of natives that are valid."""
        return self.checked(natives)[0]

    def _dump_error(self, natives: dict[str, Any], error: Exception) -> ValidationError:
        """Find out which field's value could not be dumped."""
        if isinstance(error, self.library_errors):
            return ValidationError(natives, self.schema_name, self.messages(error))
        for name, value in natives.items():
            spec = self.fields[name]
            try:
                self.serialise(spec, value)
            except Exception as culprit:
                inside = _unstorable_in(spec, value)
                if inside is not None:
                    reason = self.told(spec, inside.reason)
                    return ValidationError(natives, self.schema_name, {inside.under(name).path: [reason]})
                reason = self.complaint(spec, value, "serialised", culprit)
                return ValidationError(natives, self.schema_name, {name: [reason]})
        reason = type(error).__name__ if self.has_secrets else f"cannot be serialised: {error}"
        return ValidationError(natives, self.schema_name, {"_schema": [reason]})

    def _renamed(
        self, values: Mapping[str, Any], fields: Mapping[str, FieldSpec], takes_none: Callable[[FieldSpec], bool]
    ) -> dict[str, Any]:
        """Rename what was given by Python or stored name to source names, with leaves in serialised form."""
        renamed: dict[str, Any] = {}
        for name, value in values.items():
            spec = fields.get(name)
            if spec is None:
                renamed[name] = value
            elif not spec.computed and (value is not None or takes_none(spec)):
                renamed[spec.source] = self.serialised(spec, value)
        return renamed

    def serialised(self, spec: FieldSpec, value: Any) -> Any:
        """Put native leaves of a value into serialised form, and leave alone what is in it already."""
        if value is None:
            return None
        if spec.loads_to and isinstance(value, spec.loads_to):
            return self.serialise(spec, value)
        if spec.kind == "text" and isinstance(value, SCALARS):
            return str(value)
        if spec.fields is not None and isinstance(value, Mapping):
            return self._renamed(value, spec.by_any_name, _is_nullable)
        if spec.element is not None:
            if isinstance(value, Mapping):
                return {name: self.serialised(spec.element, inner) for name, inner in value.items()}
            if isinstance(value, (list, tuple)):
                return [self.serialised(spec.element, inner) for inner in value]
            if isinstance(value, Set):
                return {self.serialised(spec.element, inner) for inner in value}
        return value

    def _guarded(
        self,
        raw: Any,
        prepared: Mapping[str, Any],
        load: Callable[[], dict[str, Any]],
        where: str = "",
        *,
        unknown: bool = False,
    ) -> dict[str, Any]:
        """Return what a load gives; whatever the library or a function of the user's raises is a ValidationError."""
        try:
            return load()
        except self.library_errors as error:
            found = self.messages(error)
            if unknown:
                where = self.fields_meant(raw, found)
            raise ValidationError(raw, self.schema_name, found, where) from error
        except DynamoException:
            raise
        except Exception as error:
            report = self._report_fault(prepared, error)
            raise ValidationError(raw, self.schema_name, report, where) from (None if self.has_secrets else error)

    def _report_fault(self, prepared: Mapping[str, Any], error: Exception) -> Any:
        """Find out which field's value it was that raised what no library raises on purpose."""
        for spec in self.inputs:
            if spec.source in prepared:
                try:
                    self.validated(spec, prepared[spec.source])
                except self.library_errors:
                    continue
                except Exception as fault:
                    return self.report(spec.name, self.told(spec, fault_text(fault)))
        return self.report("", fault_text(error, self.has_secrets))


def _unstorable_in(spec: FieldSpec, value: Any) -> UnstorableValue | None:
    """Find what has no form in DynamoDB in free-form data; libraries do not say where it is."""
    if spec.kind == "any" or (spec.kind == "map" and (spec.element is None or spec.element.kind == "any")):
        try:
            encode_value(value)
        except UnstorableValue as error:
            return error
    return None


_is_nullable: Callable[[FieldSpec], bool] = operator.attrgetter("nullable")


def means_none(spec: FieldSpec) -> bool:
    """Return whether ``None`` given for a field is a value; for all others it means that nothing is given."""
    return spec.required and spec.nullable


def prepare(spec: FieldSpec, value: Any) -> Any:
    """Make a stored value fit for a library's load.

    NULL is ``None`` where the field accepts that and absent where it does not; names of nested attributes become
    those that the load expects; what a nested schema does not know stays out of its sight.
    """
    if value is ABSENT:
        return ABSENT
    if value is None:
        return None if spec.nullable else ABSENT
    if spec.fields is not None and isinstance(value, Mapping):
        prepared = prepare_fields(spec.fields.values(), value)
        if spec.keeps_unknown:
            prepared.update((name, inner) for name, inner in value.items() if name not in spec.fields)
        return prepared
    if spec.element is not None:
        if isinstance(value, Mapping):
            ready_values = {name: prepare(spec.element, inner) for name, inner in value.items()}
            return {name: ready for name, ready in ready_values.items() if ready is not ABSENT}
        if isinstance(value, list):
            # an element keeps its place whatever the field says of None; the library will judge it
            return [None if inner is None else prepare(spec.element, inner) for inner in value]
    return value


def prepare_fields(specs: Iterable[FieldSpec], values: Mapping[str, Any], *, complete: bool = True) -> dict[str, Any]:
    """Make the stored values of fields fit for a library's load, which takes them by other names.

    With ``complete``, required fields get the value that storage cannot hold: ``None`` where they accept that, the
    empty set where they hold one.
    """
    prepared = {}
    for spec in specs:
        if not spec.computed:
            ready = prepare(spec, spec.held_in(values, ABSENT))
            if ready is not ABSENT:
                prepared[spec.source] = ready
            elif complete and spec.required and (spec.nullable or spec.kind == "set"):
                prepared[spec.source] = [] if spec.kind == "set" else None
    return prepared
