"""What a client need not do for each of its requests over again.

Like ``botocore_private``, this file reads what is private to botocore.  Each class here stands in for a part of a
client, does the part's work more cheaply where that is known to come to the same, and leaves all else to the part.
"""

from __future__ import annotations

import threading
from typing import Any

from botocore import useragent
from botocore.regions import EndpointRulesetResolver
from botocore.serialize import JSONSerializer
from botocore.validate import ParamValidationDecorator

from ..bounded import Bounded
from .answers import encode_payload

get_context: Any
try:
    from botocore.context import get_context
except ImportError:  # before features were counted the header was made once
    get_context = None

__all__ = ["Shortcuts", "install_shortcuts"]


class Shortcuts(threading.local):
    """Whether the requests that this thread sends through a client are well-formed ones, and may be answered in texts.

    Either only holds for calls whose answers nobody else sees.
    """

    are_on = False
    texts = False


def install_shortcuts(client: Any) -> Shortcuts | None:
    """Put the stand-ins in, where botocore is as it is known here, and return the switch of those that need one."""
    maker = getattr(client, "_user_agent_creator", None)
    if get_context is not None and type(maker) is useragent.UserAgentString:
        client._user_agent_creator = CachedUserAgent(maker)
    serializer = getattr(client, "_serializer", None)
    plain = getattr(serializer, "_serializer", serializer)
    known = type(serializer) in (ParamValidationDecorator, JSONSerializer) and type(plain) is JSONSerializer
    if not known or client.meta.service_model.metadata.get("jsonVersion") != "1.0":
        return None
    shortcuts = Shortcuts()
    client._serializer = ShortcutSerializer(serializer, shortcuts)
    resolver = getattr(client, "_ruleset_resolver", None)
    if type(resolver) is EndpointRulesetResolver and isinstance(getattr(resolver, "_builtins", None), dict):
        client._ruleset_resolver = ShortcutResolver(resolver, shortcuts)
    return shortcuts


class ShortcutSerializer:
    """Stands in for a client's serializer, and writes well-formed requests without going through their shapes.

    botocore holds each parameter against the service's model and then walks the model again to write it down.  What
    this library has built is known to fit, so that only its JSON remains to be made.
    """

    def __init__(self, serializer: Any, shortcuts: Shortcuts) -> None:
        self._serializer = serializer
        self._shortcuts = shortcuts
        self._frames: dict[str, dict[str, Any]] = {}

    def serialize_to_request(self, parameters: Any, operation_model: Any) -> Any:
        name = operation_model.name
        frame = self._frames.get(name) if self._shortcuts.are_on else None
        if frame is None:
            written = self._serializer.serialize_to_request(parameters, operation_model)
            if type(written.get("body")) is bytes and type(written.get("headers")) is dict:
                # without the body, which is somebody's data and may be large
                self._frames[name] = {**written, "headers": dict(written["headers"]), "body": b""}
            return written
        try:
            return {**frame, "headers": dict(frame["headers"]), "body": encode_payload(parameters)}
        except TypeError:
            # not JSON as DynamoDB takes it: botocore says what is wrong with it
            return self._serializer.serialize_to_request(parameters, operation_model)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._serializer, name)


class ShortcutResolver:
    """Stands in for a client's resolver of endpoints, and goes through the rules once for each thing they may ask.

    The rules know the client's settings, the account of its credentials, and of a request no more than the parameters
    that the service's model names for them.
    """

    def __init__(self, resolver: Any, shortcuts: Shortcuts) -> None:
        self._resolver = resolver
        self._shortcuts = shortcuts
        self._function = EndpointRulesetResolver.construct_endpoint
        # of the settings, those that may change: the account of the credentials
        self._changing = [value for value in resolver._builtins.values() if callable(value)]
        self._asked: dict[str, tuple[str, ...] | None] = {}
        self._known: Bounded[Any, tuple[Any, frozenset[str]]] = Bounded(64)

    def construct_endpoint(self, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        question = self._question(operation_model, call_args) if self._shortcuts.are_on else None
        known = self._known.get(question) if question is not None else None
        if known is not None:
            endpoint, features = known
            if features:
                get_context().features.update(features)
            return endpoint._replace(headers=dict(endpoint.headers))
        is_first = not _features()
        endpoint = self._resolver.construct_endpoint(
            operation_model=operation_model, call_args=call_args, request_context=request_context
        )
        # of features that were there before it cannot be told whether they are also the resolver's
        if question is not None and is_first:
            self._known.remember(question, (endpoint, _features()))
        return endpoint

    def _question(self, operation_model: Any, call_args: Any) -> tuple[Any, ...] | None:
        """Return all that the rules may ask; ``None`` where that is not known here."""
        if EndpointRulesetResolver.construct_endpoint is not self._function:
            return None
        operation = operation_model.name
        if operation not in self._asked:
            self._asked[operation] = _parameters_asked(operation_model)
        asked = self._asked[operation]
        if asked is None:
            return None
        question = (
            operation,
            *[call_args.get(name) for name in asked],
            *[setting() for setting in self._changing],
        )
        return question if _KINDS.issuperset(map(type, question)) else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolver, name)


_KINDS = frozenset({str, type(None)})


def _parameters_asked(operation_model: Any) -> tuple[str, ...] | None:
    if getattr(operation_model, "operation_context_parameters", None):
        return None  # taken out of the depth of requests for several items
    return tuple(parameter.member_name for parameter in operation_model.context_parameters)


def _features() -> frozenset[str]:
    context = get_context() if get_context is not None else None
    return frozenset() if context is None else frozenset(context.features)


class CachedUserAgent:
    """Stands in for a client's maker of ``User-Agent`` headers, and makes each of them once.

    botocore puts the header together anew, twice for every request, out of parts that change with nothing but
    the features that a call uses.
    """

    def __init__(self, maker: Any) -> None:
        self._maker = maker
        self._made: Bounded[frozenset[str], str] = Bounded(64)

    def to_string(self) -> str:
        used = _features()
        made = self._made.get(used)
        if made is None:
            made = self._made.remember(used, self._maker.to_string())
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._maker, name)
