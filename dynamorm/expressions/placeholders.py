"""Names and values of an expression: each is sent as a placeholder, whatever it is called and whatever it holds."""

from __future__ import annotations

from typing import Any

Path = tuple[str | int, ...]


class Placeholders:
    """Collects the names and values of all expressions of one request."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def path(self, path: Path) -> str:
        """Give the text of a document path."""
        text = ""
        for part in path:
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                placeholder = self._names.setdefault(part, f"#n{len(self._names)}")
                text += f".{placeholder}" if text else placeholder
        return text

    def value(self, wire: dict[str, Any]) -> str:
        """Give the placeholder of a value in wire form."""
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = wire
        return placeholder

    def payload(self) -> dict[str, Any]:
        """Give the parts of a request that define the placeholders, those that are needed."""
        payload: dict[str, Any] = {}
        if self._names:
            payload["ExpressionAttributeNames"] = {holder: name for name, holder in self._names.items()}
        if self.values:
            payload["ExpressionAttributeValues"] = self.values
        return payload
