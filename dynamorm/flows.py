"""What verbs do between the call and its result, written down without doing it: the kinds of steps.

A flow is a generator that yields steps and knows no I/O.  Whoever drives it (:mod:`dynamorm.drivers`) carries each step
out, sends the answer in or throws the error in, and returns what the flow returns.  Flows are composed with ``yield
from``.  These rules let every driver carry them out:

* No context variable is set across a step: where items are is found out once, and travels in the steps.
* There is no step in a ``finally`` or in a handler of ``BaseException``: a flow that is thrown away takes none.
* A flow that was started with :class:`Start` runs to its end, whatever becomes of the one that started it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from .overrides import Override

Result = TypeVar("Result")


class Connection(Protocol):
    """The way to DynamoDB, as far as flows and their drivers have to know it."""

    def call(self, request: Any, sender: Any = None) -> dict[str, Any]: ...

    async def acall(self, request: Any, sender: Any = None) -> dict[str, Any]: ...

    def call_resource(self, request: Any, sender: Any = None) -> dict[str, Any]: ...

    async def acall_resource(self, request: Any, sender: Any = None) -> dict[str, Any]: ...

    def is_current(self) -> bool: ...

    def renewed(self) -> Connection: ...

    @property
    def endpoint_url(self) -> str: ...


class Place(NamedTuple):
    """Where items are: a connection, the full name of a table there, and the settings of the context that led there."""

    connection: Connection
    table: str
    settings: Any = None

    def renewed(self) -> Place:
        """Return this place with a connection that is current."""
        return self if self.connection.is_current() else self._replace(connection=self.connection.renewed())

    @property
    def address(self) -> Address:
        """What tells the place in another process."""
        return Address(self.table, self.connection.endpoint_url.rstrip("/"))


class Address(NamedTuple):
    """Where items are, as far as it can be told without credentials."""

    table: str
    endpoint: str


class Call(NamedTuple):
    """Send a request over a connection; the answer is DynamoDB's.

    ``sender`` is whom the signals of requests name: a model class.
    """

    connection: Connection
    request: Any
    sender: Any = None


# Without the function that the class has for it, since there is one of these for every request.
call_step: Callable[[tuple[Connection, Any, Any]], Call] = partial(tuple.__new__, Call)


class CallPlain(NamedTuple):
    """Send a request of plain values through boto3's resource; the answer holds plain values too."""

    connection: Connection
    request: Any


class Pause(NamedTuple):
    """Wait for a number of seconds."""

    seconds: float


class Now(NamedTuple):
    """Tell the time, in seconds of a clock that only goes forward."""


class Awaits(NamedTuple):
    """Find out whether coroutines can be awaited here."""


class Invoke(NamedTuple):
    """Call what belongs to the user (an override, a receiver, an iterator); the answer is what it returns.

    ``within`` makes a context that holds while it runs.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}
    within: Callable[[], AbstractContextManager[Any]] = nullcontext


class Tell(NamedTuple):
    """Call the receivers of a signal."""

    signal: Any
    sender: Any
    values: Mapping[str, Any]


class Compute(NamedTuple):
    """Call what computes for longer than an event loop has time for; the answer is what it returns."""

    function: Callable[[], Any]


class Foretell(NamedTuple):
    """Make sure, before anything is sent, that the receivers of a signal can be called afterwards."""

    signal: Any
    sender: Any


class Overriding(NamedTuple):
    """Find out what a model has in place of one of our verbs; the answer is to be called by :class:`Invoke`.

    The answer is ``None`` if it has nothing that this driver may call.
    """

    store: Overridable
    verb: str


class Overridable(Protocol):
    """What knows the verbs of a model's own."""

    def override(self, verb: str, awaits: bool = False) -> Override | None: ...


class Breathe(NamedTuple):
    """Let others have their turn, in the middle of much computing."""


BREATHE = Breathe()
# after how many items one takes a breath
PACE = 16


class Start(NamedTuple):
    """Begin another flow beside this one; the answer is its :class:`Handle`."""

    flow: Flow[Any]


class WaitAny(NamedTuple):
    """Wait until one of several flows that were started has ended; the answer is its :class:`Handle`."""

    handles: list[Any]


class Handle(Protocol):
    """A flow that was started."""

    def result(self) -> Any:
        """Return what the flow returned, or raise what it raised."""


Step = (
    Awaits
    | Breathe
    | Call
    | CallPlain
    | Compute
    | Foretell
    | Invoke
    | Now
    | Overriding
    | Pause
    | Start
    | Tell
    | WaitAny
)
Flow = Generator[Step, Any, Result]
