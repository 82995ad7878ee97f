"""The signals that models send (blinker), each under the name ``dynamorm.<name>``; the sender is the model class."""

from __future__ import annotations

from blinker import Namespace

_namespace = Namespace()

model_prepared = _namespace.signal("dynamorm.model_prepared", doc="A model class is complete.")
pre_request = _namespace.signal("dynamorm.pre_request", doc="A request is about to be sent (``request``).")
post_request = _namespace.signal(
    "dynamorm.post_request",
    doc="A request was answered or failed (``request response seconds attempts consumed error``).",
)
