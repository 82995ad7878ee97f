"""The signals that models send (blinker), each under the name ``dynamorm.<name>``; the sender is the model class.

What a receiver changes in the instance and the dicts that it is given is what is stored and sent.
"""

from __future__ import annotations

from blinker import Namespace

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
