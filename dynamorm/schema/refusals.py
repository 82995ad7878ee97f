"""What is told of values that a schema refuses, in the library's own shape, and what is kept secret of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ..exceptions import ValidationError
from ..locks import cached_property
from ..nearest import did_you_mean
from ..spec import FieldSpec
from ..wire.codec import safe_repr


class Refusals:
    """The part of an adapter that words errors."""

    schema_name: str
    fields: dict[str, FieldSpec]
    by_stored: dict[str, FieldSpec]

    # What a library's adapter has to supply, where its library needs another.

    library_errors: ClassVar[tuple[type[Exception], ...]] = ()
    """What the library raises to say that a value is wrong."""

    def messages(self, error: Exception) -> Any:
        """Return what a library's error reports, in the library's own shape."""
        return getattr(error, "messages", str(error))

    def report(self, name: str, text: str) -> Any:
        """Return what a text says of a field, in the shape of what the library reports; no name means the whole."""
        return {name or "_schema": [text]}

    def hides(self, spec: FieldSpec) -> bool:
        """Return whether a field itself never gives its values out."""
        return False

    def nested_kind(self, spec: FieldSpec) -> Any:
        """Return the schema class of what is nested in a field."""
        return spec.nested

    # What is the same for all libraries.

    def is_secret(self, spec: FieldSpec) -> bool:
        """Return whether the values of a field, or what is inside them, may not be shown to anyone."""
        return self._holds_secret(spec, ())

    def _holds_secret(self, spec: FieldSpec, above: tuple[Any, ...]) -> bool:
        if self.hides(spec):
            return True
        if spec.element is not None:
            return self._holds_secret(spec.element, above)
        if spec.nested is None or self.nested_kind(spec) in above:
            return False
        inside = (*above, self.nested_kind(spec))
        return any(self._holds_secret(inner, inside) for inner in (spec.fields or {}).values())

    @cached_property
    def has_secrets(self) -> bool:
        """Whether any field is secret."""
        return any(map(self.is_secret, self.fields.values()))

    def shown(self, spec: FieldSpec | None, value: Any) -> str:
        """Return a value as messages show it."""
        return "<secret>" if spec is not None and self.is_secret(spec) else safe_repr(value)

    def told(self, spec: FieldSpec | None, reason: object) -> str:
        """Return a reason why a value is wrong, which may quote it, as messages show it."""
        return "the value is a secret, and is not shown" if spec is not None and self.is_secret(spec) else str(reason)

    def cause(self, spec: FieldSpec | None, error: Exception) -> Exception | None:
        """Return the error that another one comes from, which may quote the value; ``None`` for a secret one."""
        return None if spec is not None and self.is_secret(spec) else error

    def complaint(self, spec: FieldSpec, value: Any, verb: str, error: Exception) -> str:
        """Return the text that says what could not be done with a value."""
        return f"{self.shown(spec, value)} cannot be {verb}: {self.told(spec, error)}"

    def fields_meant(self, raw: Mapping[str, Any], found: Any) -> str:
        """Return which fields may be meant by names that the library refuses because it does not know them."""
        refused = ValidationError(raw, self.schema_name, found).errors
        names = [name for name in getattr(refused, "messages", ()) if name in raw and name not in self.fields]
        hints = {name: did_you_mean(name, self.fields) for name in names if name not in self.by_stored}
        return ", ".join(f"{name}: {hint}" for name, hint in hints.items() if hint)


def fault_text(error: Exception, is_secret: bool = False) -> str:
    """Return what is told of an exception that is no refusal, and may quote the value."""
    return type(error).__name__ if is_secret else f"{type(error).__name__}: {error}"
