"""The signals that models send (blinker), each under the name ``dynamorm.<name>``; the sender is the model class.

What a receiver changes in the instance and the dicts that it is given is what is stored and sent.
"""

from __future__ import annotations

import inspect
from typing import Any

from blinker import Namespace, Signal

from .exceptions import MustBeAwaited

_namespace = Namespace()

model_prepared = _namespace.signal("dynamorm.model_prepared", doc="A model class is complete.")
pre_init = _namespace.signal(
    "dynamorm.pre_init", doc="An instance is about to take values over (``instance partial raw``)."
)
post_init = _namespace.signal("dynamorm.post_init", doc="An instance has its values (``instance partial raw``).")
pre_save = _namespace.signal(
    "dynamorm.pre_save", doc="A whole instance is about to be validated and stored (``instance put_kwargs``)."
)
post_save = _namespace.signal("dynamorm.post_save", doc="A whole instance was stored (``instance put_kwargs``).")
pre_update = _namespace.signal(
    "dynamorm.pre_update",
    doc="An item is about to be changed (``instance conditions update_item_kwargs updates``), partial saves included.",
)
post_update = _namespace.signal(
    "dynamorm.post_update", doc="An item was changed (``instance conditions update_item_kwargs updates``)."
)
pre_delete = _namespace.signal("dynamorm.pre_delete", doc="An item is about to be deleted (``instance``).")
post_delete = _namespace.signal("dynamorm.post_delete", doc="An item was deleted (``instance``).")
pre_request = _namespace.signal("dynamorm.pre_request", doc="A request is about to be sent (``request``).")
post_request = _namespace.signal(
    "dynamorm.post_request",
    doc="A request was answered or failed (``request response seconds attempts consumed error``).",
)


def foretell(signal: Signal, sender: Any) -> None:
    """Refuse what will tell receivers of a signal that only awaited verbs can call, before anything is sent.

    :raises MustBeAwaited: if one of them is a coroutine function
    """
    for receiver in _receivers(signal, sender):
        if inspect.iscoroutinefunction(receiver):
            raise _unawaited(signal, receiver)


def tell(signal: Signal, sender: Any, *, skips_coroutines: bool = False, **values: Any) -> None:
    """Call the receivers of a signal.

    :raises MustBeAwaited: if one of them is a coroutine function, before any is called; unless these are skipped
    """
    if not skips_coroutines:
        foretell(signal, sender)
    for receiver in _receivers(signal, sender):
        if inspect.iscoroutinefunction(receiver):
            continue
        result = receiver(sender, **values)
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()
            raise _unawaited(signal, receiver)


async def atell(signal: Signal, sender: Any, **values: Any) -> None:
    """Call the receivers of a signal, and await those that are coroutine functions, one after the other."""
    for receiver in _receivers(signal, sender):
        result = receiver(sender, **values)
        if inspect.isawaitable(result):
            await result


def _receivers(signal: Signal, sender: Any) -> list[Any]:
    # older releases of blinker know nothing of muted signals
    return [] if getattr(signal, "is_muted", False) else list(signal.receivers_for(sender))


def _unawaited(signal: Signal, receiver: Any) -> MustBeAwaited:
    name = signal.name.rpartition(".")[2]  # type: ignore[attr-defined]
    remedy = (
        "give a plain function"
        if name in ("pre_init", "post_init", "model_prepared")
        else "give a plain function, or use the awaitable verbs, which await it: asave() in place of save()"
    )
    return MustBeAwaited(f"{name}: the receiver {receiver!r} is a coroutine, which nothing here can await; {remedy}")
