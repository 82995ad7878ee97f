"""Validation of what programs give to constructors and puts, with an eye for what pydantic takes as it is.

An adapter renames what a program gives and puts it into the form that its library takes, down to the innermost value.
Where none of the user's functions could see the difference, pydantic gets the values at once; what it refuses then may
still be right in the usual form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...locks import cached_property
from ...spec import FieldSpec
from ...wire.codec import WireItem, encode_item
from ..base import Adapter, means_none
from ..compiler import SchemaLayout
from ..compiler.dumping import Dump, compile_dump
from .core_schema import Model, Node, inwards, root_and_definitions
from .validators import PUT, Validate, compile_fields_validator

_ELEMENTS = {"list": "items_schema", "set": "items_schema", "frozenset": "items_schema", "dict": "values_schema"}
_REFUSE_NONE = frozenset(
    {"str", "int", "float", "decimal", "bool", "bytes", "datetime", "date", "time", "timedelta", "uuid", "url"}
    | {"list", "set", "frozenset", "tuple", "dict", "model"}
)


class InputValidator:
    """Makes natives of the values that a program gives for one model, and the wire form of whole items."""

    def __init__(self, adapter: Adapter, model: Model, layout: Callable[[], SchemaLayout] | None) -> None:
        """Take what describes dumps of what is validated, if such dumps are compiled."""
        self._layout = layout
        core, self._definitions = root_and_definitions(model.__pydantic_core_schema__)
        self._adapter = adapter
        self._model = model
        self._names = frozenset(spec.name for spec in adapter.inputs)
        self._keep_none = frozenset(spec.name for spec in adapter.inputs if means_none(spec))
        self._containers = [spec.name for spec in adapter.inputs if spec.kind in ("list", "set", "any")]
        fields = self._fields(core)
        self._is_seen_before = fields is None
        self._changed = [
            spec
            for spec in adapter.inputs
            if fields is not None and not self._is_taken_as_it_is(spec, fields[spec.name]["schema"], ())
        ]

    def prepared(self, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what pydantic takes for the values, or refuses; ``None`` where it takes more to prepare them."""
        if self._is_seen_before or type(values) is not dict or not values.keys() <= self._names:
            return None
        if any(isinstance(values.get(name), Iterator) for name in self._containers):
            return None  # it can be gone through once only, which must not be in vain
        nones = [name for name, value in values.items() if value is None]
        if not nones and not self._changed:
            return values
        prepared = dict(values)
        for name in nones:
            if name not in self._keep_none:
                del prepared[name]
        for spec in self._changed:
            if spec.name in prepared:
                prepared[spec.name] = self._adapter.serialised(spec, prepared[spec.name])
        return prepared

    def natives(self, given: Mapping[str, Any], defaults: bool) -> dict[str, Any] | None:
        """Return the natives of what a constructor is given; ``None`` where the adapter has to make them."""
        try:
            prepared = self.prepared(given)
            return None if prepared is None else self._adapter.load_given(prepared, defaults=defaults)
        except Exception:
            return None

    def wire(self, given: Mapping[str, Any]) -> WireItem | None:
        """Return the wire form of a whole item that is put; ``None`` where the adapter has to make it."""
        dump = self._dump
        if dump is None:
            return None
        try:
            prepared, validate_fields = self.prepared(given), self._validate_fields
            if prepared is not None and validate_fields is not None:
                natives = validate_fields(prepared)[0]
            else:
                adapter = self._adapter
                natives = adapter.natives_of_whole(given) if prepared is None else adapter.load_whole(prepared)
                if not adapter.fields.keys() >= natives.keys():
                    return None  # there are values of no field
            wire = dump(natives)
            # what was accepted is not validated again
            return encode_item(self._adapter.dump(natives)) if wire is None else wire
        except Exception:
            return None

    @cached_property
    def _dump(self) -> Dump | None:
        try:
            return None if self._layout is None else compile_dump(self._layout(), check=False)
        except Exception:
            return None  # whatever is wrong with a schema, its library says it best

    @cached_property
    def _validate_fields(self) -> Validate | None:
        return compile_fields_validator(self._model, PUT)

    def _fields(self, node: Node) -> dict[str, Node] | None:
        """Return the fields of a model, ``None`` where functions of its own see what is given first."""
        *around, inside = inwards(node, self._definitions, ("function-after", "model"))
        has_fields = inside["type"] == "model-fields" and not any(one.get("root_model") for one in around)
        return inside["fields"] if has_fields else None

    def _refuses_none(self, node: Node) -> bool:
        *_, node = inwards(node, self._definitions, ("default", "function-after"))
        if node["type"] == "literal":
            return None not in node["expected"]
        return node["type"] in _REFUSE_NONE and not _takes_objects(node)

    def _is_taken_as_it_is(self, spec: FieldSpec, node: Node, above: tuple[Any, ...]) -> bool:
        """Return whether pydantic makes the same of a value as it is and of its usual form, if it makes anything."""
        # what is taken off does not see values before they are validated
        *_, node = inwards(node, self._definitions, ("default", "nullable", "function-after"))
        if spec.kind == "text":
            return bool(node["type"] == "str")
        if spec.fields is not None:
            return node["type"] == "model" and self._is_plain_model(spec.fields, node, above)
        element = spec.element
        if element is None or (element.kind != "text" and element.element is None and element.nested is None):
            return True
        inside = node.get(_ELEMENTS.get(node["type"], ""))
        return inside is not None and self._is_taken_as_it_is(element, inside, above)

    def _is_plain_model(self, specs: Mapping[str, FieldSpec], node: Node, above: tuple[Any, ...]) -> bool:
        if node["cls"] in above:
            return True
        fields = self._fields(node)
        if fields is None or _takes_objects(node) or node.get("config", {}).get("extra_fields_behavior") == "allow":
            return False
        inside = (*above, node["cls"])
        return all(
            spec.name == spec.stored == spec.source
            and (spec.nullable or self._refuses_none(fields[spec.name]["schema"]))
            and self._is_taken_as_it_is(spec, fields[spec.name]["schema"], inside)
            for spec in specs.values()
            if not spec.computed
        )


def _takes_objects(node: Node) -> bool:
    """Return whether a model takes its values from attributes of any object, which may be ``None`` too."""
    return bool(node.get("config", {}).get("from_attributes"))
