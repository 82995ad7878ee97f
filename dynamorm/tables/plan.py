"""Plans: the steps that make a live table what is declared, as data that can be shown."""

from __future__ import annotations

from typing import ClassVar

from ..frozen import FrozenValue
from ..requests import Request


class Step(FrozenValue):
    """One difference between the live table and the declared one, and what is done about it.

    ``what`` is changed from ``before`` to ``after``; ``None`` is nothing at all.  ``cost`` says what it takes,
    ``danger`` what may be lost by it, ``refused`` why it is not done, and the way out.  A ``harmless`` difference keeps
    no program from working.  ``request`` is what is sent; a step without one is only noted.
    """

    _unshown: ClassVar[frozenset[str]] = frozenset({"request"})

    what: str
    before: str | None
    after: str | None
    cost: str = ""
    danger: str = ""
    refused: str = ""
    harmless: bool = False
    request: Request | None = None

    @property
    def change(self) -> str:
        """What is changed from what to what."""
        return f"{self.what}: {self.before or 'none'} -> {self.after or 'none'}"

    def __str__(self) -> str:
        notes = [f"  {name}: {text}" for name, text in self._notes() if text]
        return "\n".join([self.change, *notes])

    def as_dict(self) -> dict[str, str | None]:
        """Return the step in a form that JSON takes."""
        return {"what": self.what, "from": self.before, "to": self.after, **dict(self._notes())}

    def _notes(self) -> tuple[tuple[str, str], ...]:
        return ("cost", self.cost), ("danger", self.danger), ("refused", self.refused)


class Plan(tuple[Step, ...]):
    """The steps that make a live table what is declared, in their order; empty when it is."""

    @property
    def refusals(self) -> tuple[Step, ...]:
        """The steps that are refused; while there is one, none is taken."""
        return tuple(step for step in self if step.refused)

    @property
    def dangers(self) -> tuple[Step, ...]:
        """The steps by which something may be lost."""
        return tuple(step for step in self if step.danger)

    def __str__(self) -> str:
        if not self:
            return "nothing to do"
        lines = (f"{number}. {step}".replace("\n", "\n   ") for number, step in enumerate(self, 1))
        return "\n".join(lines)
