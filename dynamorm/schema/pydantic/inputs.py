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
from .core_schema import Model, Node, root_and_definitions, unwrapped
from .validators import PUT, compile_fields_validator

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
            natives = self._accept(given)
        except Exception:
            return None
        wire = dump(natives)
        if wire is not None:
            return wire
        try:
            # what was accepted is not validated again
            encoded: WireItem = encode_item(self._adapter.dump(natives))
        except Exception:
            return None
        return encoded

    @cached_property
    def _dump(self) -> Dump | None:
        try:
            return None if self._layout is None else compile_dump(self._layout(), check=False)
        except Exception:
            return None  # whatever is wrong with a schema, its library says it best

    @cached_property
    def _accept(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        """What makes the natives of a whole item, or raises."""
        adapter, prepare = self._adapter, self.prepared
        fields = compile_fields_validator(self._model, PUT)
        if fields is not None:
            validate = fields.validate_python

            def accept_fields(values: Mapping[str, Any]) -> dict[str, Any]:
                prepared = prepare(values)
                if prepared is None:
                    return adapter.natives_of_whole(values)
                natives: dict[str, Any] = validate(prepared, by_alias=True, by_name=False)[0]
                return natives

            return accept_fields
        names = frozenset(adapter.fields)

        def accept(values: Mapping[str, Any]) -> dict[str, Any]:
            prepared = prepare(values)
            natives = adapter.natives_of_whole(values) if prepared is None else adapter.load_whole(prepared)
            if not names.issuperset(natives):
                raise LookupError("values of no field")
            return natives

        return accept

    def _fields(self, node: Node) -> dict[str, Node] | None:
        """Return the fields of a model, ``None`` where functions of its own see what is given first."""
        node = unwrapped(node, self._definitions, ("function-after",))
        while node["type"] == "model" and not node.get("root_model"):
            node = unwrapped(node["schema"], self._definitions, ("function-after",))
        found: dict[str, Node] | None = node["fields"] if node["type"] == "model-fields" else None
        return found

    def _refuses_none(self, node: Node) -> bool:
        node = unwrapped(node, self._definitions, ("default", "function-after"))
        if node["type"] == "literal":
            return None not in node["expected"]
        return node["type"] in _REFUSE_NONE and not _takes_objects(node)

    def _is_taken_as_it_is(self, spec: FieldSpec, node: Node, above: tuple[Any, ...]) -> bool:
        """Return whether pydantic makes the same of a value as it is and of its usual form, if it makes anything."""
        # what is taken off does not see values before they are validated
        node = unwrapped(node, self._definitions, ("default", "nullable", "function-after"))
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
        by_name = {spec.name: spec for spec in specs.values()}
        for name, field in fields.items():
            spec = by_name[name]
            if not spec.name == spec.stored == spec.source:
                return False
            if not spec.nullable and not self._refuses_none(field["schema"]):
                return False
            if not self._is_taken_as_it_is(spec, field["schema"], (*above, node["cls"])):
                return False
        return True


def _takes_objects(node: Node) -> bool:
    """Return whether a model takes its values from attributes of any object, which may be ``None`` too."""
    return bool(node.get("config", {}).get("from_attributes"))
