"""What is known here of botocore's insides, and the check that they are still as known.

Everything that reads a private attribute of botocore's is in this file.  Where something is missing or has
another shape the answer is an objection, and botocore itself does the sending.
"""

from __future__ import annotations

import os
from operator import is_
from types import FunctionType
from typing import Any

import boto3
import botocore
from botocore import UNSIGNED, awsrequest, httpsession, signers
from botocore import client as client_module
from botocore import credentials as credentials_module
from botocore import endpoint as endpoint_module
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials
from botocore.httpsession import get_cert_path

from .answers import DATA_OPERATIONS
from .pool import SendingOptions

__all__ = [
    "HOMES",
    "BotocoresFunctions",
    "Guard",
    "can_sign_or_need_not",
    "credentials_of",
    "endpoint_of",
    "first_foreign",
    "handlers_of",
    "is_a_librarys_own",
    "may_have_to_be_fetched",
    "parse_by_shapes",
    "prepare_errors",
    "regional_endpoint",
    "sending_options",
    "signing_defaults",
    "user_agent_of",
    "was_raised_by_parser",
]

# Their private parts are the business of this file, and unknown to type checkers.
BaseClient: Any = client_module.BaseClient
Endpoint: Any = endpoint_module.Endpoint
URLLib3Session: Any = httpsession.URLLib3Session
RequestSigner: Any = signers.RequestSigner
RefreshableCredentials: Any = credentials_module.RefreshableCredentials
DeferredRefreshableCredentials: Any = credentials_module.DeferredRefreshableCredentials

# The adaptive mode also listens to successes and holds requests back: botocore sends in that mode.
SERVED_MODES = frozenset({"legacy", "standard"})

# the folders of the libraries themselves
HOMES = tuple(os.path.dirname(str(library.__file__)) + os.sep for library in (botocore, boto3))

# The functions that a transport stands in for.  If one of them is somebody's wrapper, that somebody wants to see
# the call.
_SENDING: tuple[tuple[Any, str], ...] = (
    (BaseClient, "_make_request"),
    (Endpoint, "make_request"),
    (Endpoint, "create_request"),
    (Endpoint, "prepare_request"),
    (Endpoint, "_send_request"),
    (Endpoint, "_get_response"),
    (Endpoint, "_do_get_response"),
    (Endpoint, "_needs_retry"),
    (Endpoint, "_send"),
    (URLLib3Session, "send"),
    (RequestSigner, "handler"),
    (RequestSigner, "sign"),
    (RequestSigner, "get_auth_instance"),
    (SigV4Auth, "add_auth"),
)
_SENDING_NAMES = frozenset(name for _, name in _SENDING)
_CALLING_NAMES = frozenset({"_make_api_call"}) | {
    "get_item",
    "put_item",
    "update_item",
    "delete_item",
    "query",
    "scan",
    "batch_get_item",
    "batch_write_item",
    "transact_get_items",
    "transact_write_items",
}

# Handlers of botocore's own whose work the transports do themselves, or which do nothing for DynamoDB.
_SEEDER = ("botocore.retries.standard", "MaxAttemptsSeeder.seed_max_attempts")
_OWN_HANDLERS = {
    _SEEDER,
    ("botocore.signers", "RequestSigner.handler"),
    ("botocore.signers", "add_generate_presigned_url"),
    ("botocore.useragent", "UserAgentString.rebuild_and_replace_user_agent_handler"),
    ("botocore.handlers", "add_retry_headers"),
    ("botocore.handlers", "set_operation_specific_signer"),
    ("botocore.handlers", "_set_auth_scheme_preference_signer"),
    ("botocore.retries.standard", "RetryHandler.needs_retry"),
    ("botocore.retries.standard", "RetryQuotaChecker.release_retry_quota"),
    ("botocore.retryhandler", "RetryHandler"),
    ("botocore.handlers", "add_recursion_detection_header"),
    ("botocore.handlers", "inject_api_version_header_if_needed"),
    ("botocore.handlers", "generate_idempotent_uuid"),
    ("botocore.handlers", "_handle_request_validation_mode_member"),
    # of clients without an endpoint_url: DynamoDB has no operation that must not be sent to its usual address
    ("botocore.discovery", "block_endpoint_discovery_required_operations"),
}
_SENDING_EVENTS = (
    "request-created",
    "before-sign",
    "choose-signer",
    "response-received",
    "needs-retry",
    "before-parse",
)
_CALLING_EVENTS = (
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "after-call",
    "after-call-error",
    "before-endpoint-resolution",
)


class BotocoresFunctions:
    """Says whether botocore's functions are still its own; quick to ask again."""

    def __init__(self) -> None:
        # what was judged last and what came of it, replaced as a whole: a reader sees the old or the new one
        self._judged: tuple[tuple[Any, ...], tuple[str | None, str | None]] = _NONE, (None, None)

    def objections(self) -> tuple[str | None, str | None]:
        """Which of the functions that send has been replaced, if any, and whether the one that makes calls has been."""
        live, judged = _live(), self._judged
        # by identity: wrappers of the proxying kind call themselves equal to what they wrap
        if not all(map(is_, live, judged[0])):
            judged = self._judged = live, (_replaced_sending(live), _replaced_calling(live))
        return judged[1]


def _replaced_sending(live: tuple[Any, ...]) -> str | None:
    functions, classes = live[1 : len(_SENDING) + 1], live[len(_SENDING) + 1 :]
    for (owner, name), function in zip(_SENDING, functions, strict=True):
        if not is_a_librarys_own(function):
            return f"{owner.__name__}.{name} is not botocore's own"
    for connection_class in classes:
        if connection_class.__module__ != "botocore.awsrequest":
            return "botocore's HTTP connection class has been replaced"
    return None


def _replaced_calling(live: tuple[Any, ...]) -> str | None:
    return None if is_a_librarys_own(live[0]) else "BaseClient._make_api_call is not botocore's own"


class Guard:
    """Says before each call whether a transport may send for its client, or why it may not.

    Cheap to ask again: the verdict on the handlers holds until one is registered or removed, the one on
    functions as long as they are the same objects.
    """

    def __init__(self, client: Any, own_handlers: frozenset[Any] = frozenset()) -> None:
        self._client = client
        self._own = own_handlers
        self._lasting = _lasting_objection(client)
        self._emitter = getattr(client.meta.events, "_emitter", client.meta.events)
        if self._lasting is None:
            self._endpoint = client._endpoint
            self._session = client._endpoint.http_session
            self._signer = client._request_signer
        self._judged_handlers: object = None
        self._sending_handlers: str | None = None
        self._calling_handlers: str | None = None
        self._foreign_parser = False
        self.most_attempts: int | None = None
        # The operations for which somebody listens to ``before-send``, as of the last time an objection was asked for.
        self.asked_before_send: frozenset[str] = frozenset()
        self._functions = BotocoresFunctions()

    def objection_to_sending(self) -> str | None:
        """Why botocore should do the sending of a call that came through the client, or ``None``."""
        return self._objection(is_bypassing=False)

    def objection_to_bypassing_client(self) -> str | None:
        """Why a call should go through the client at all (and no further than that), or ``None``."""
        return self._objection(is_bypassing=True)

    def _objection(self, is_bypassing: bool) -> str | None:
        if self._lasting is not None:
            return self._lasting
        if self._emitter._lookup_cache is not self._judged_handlers:
            self._judge_handlers()
        if self._sending_handlers is not None:
            return self._sending_handlers
        sending, calling = self._functions.objections()
        if sending is not None:
            return sending
        endpoint = self._endpoint
        if (
            self._client._endpoint is not endpoint
            or endpoint.http_session is not self._session
            or self._client._request_signer is not self._signer
        ):
            return "the client's endpoint, session or signer has been replaced"
        if not (
            _SENDING_NAMES.isdisjoint(endpoint.__dict__)
            and _SENDING_NAMES.isdisjoint(self._session.__dict__)
            and _SENDING_NAMES.isdisjoint(self._signer.__dict__)
            and _SENDING_NAMES.isdisjoint(self._client.__dict__)
        ):
            return "a function of the client's endpoint, session or signer has been replaced"
        if not is_bypassing:
            return None
        if self._calling_handlers is not None or calling is not None:
            return self._calling_handlers or calling
        if not _CALLING_NAMES.isdisjoint(self._client.__dict__):
            return "a function of the client has been replaced"
        return None

    def somebody_else_parses(self) -> bool:
        """Whether a handler that is not ours listens to ``before-parse``."""
        try:
            if self._emitter._lookup_cache is not self._judged_handlers:
                self._judge_handlers()
        except (AttributeError, TypeError):
            return True
        return self._foreign_parser

    def _judge_handlers(self) -> None:
        # Registering or removing a handler gives the emitter a new cache, so the judged one is held on to: as
        # long as it is the emitter's, nothing has changed.  It is read first, so that a change meanwhile is
        # seen later.
        judged = self._emitter._lookup_cache
        self._sending_handlers = self._first_foreign(_SENDING_EVENTS)
        self._calling_handlers = self._first_foreign(_CALLING_EVENTS)
        self._foreign_parser = self._first_foreign(("before-parse",)) is not None
        self.asked_before_send = frozenset(
            operation for operation in DATA_OPERATIONS if self._handlers("before-send", operation)
        )
        self.most_attempts = self._announced_attempts()
        self._judged_handlers = judged

    def _announced_attempts(self) -> int | None:
        """The number of attempts that botocore's requests announce from the first one on, if they do."""
        for handler in self._handlers("request-created", "GetItem"):
            if _identity(handler) == _SEEDER:
                most = getattr(handler.__self__, "_max_attempts", None)
                return most if isinstance(most, int) else None
        return None

    def _first_foreign(self, events: tuple[str, ...]) -> str | None:
        return first_foreign(self._emitter, events, self._own)

    def _handlers(self, event: str, operation: str) -> list[Any]:
        return _handlers(self._emitter, event, operation)


def first_foreign(emitter: Any, events: tuple[str, ...], own: frozenset[Any] = frozenset()) -> str | None:
    """Return which of a client's events somebody listens to besides ``own`` and those whose work the transports do."""
    for event in events:
        for operation in DATA_OPERATIONS:
            for handler in _handlers(emitter, event, operation):
                if handler not in own and _identity(handler) not in _OWN_HANDLERS:
                    return f"a handler that is not botocore's own listens to {event}"
    return None


def handlers_of(client: Any) -> list[Any]:
    """Return who listens to the events of sending and trying again, botocore's retry policy above all."""
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    events = ("request-created", "before-send", "needs-retry", "after-call")
    return [handler for event in events for handler in _handlers(emitter, event, "GetItem")]


def _handlers(emitter: Any, event: str, operation: str) -> list[Any]:
    return list(emitter._handlers.prefix_search(f"{event}.dynamodb.{operation}"))


def _live() -> tuple[Any, ...]:
    # Spelt out because this runs before each call: a loop over names costs four times as much.
    return (
        BaseClient._make_api_call,
        BaseClient._make_request,
        Endpoint.make_request,
        Endpoint.create_request,
        Endpoint.prepare_request,
        Endpoint._send_request,
        Endpoint._get_response,
        Endpoint._do_get_response,
        Endpoint._needs_retry,
        Endpoint._send,
        URLLib3Session.send,
        RequestSigner.handler,
        RequestSigner.sign,
        RequestSigner.get_auth_instance,
        SigV4Auth.add_auth,
        awsrequest.AWSHTTPConnection,
        awsrequest.AWSHTTPSConnection,
    )


# Nobody's functions, as many as there are to be compared.
_NONE = (None,) * len(_live())


def is_a_librarys_own(function: Any) -> bool:
    """Whether a function is as botocore, or boto3, has written it."""
    return type(function) is FunctionType and function.__code__.co_filename.startswith(HOMES)


def _identity(handler: Any) -> tuple[str, str]:
    function = getattr(handler, "__func__", handler)
    if not isinstance(function, FunctionType):
        function = type(handler)
    return function.__module__, function.__qualname__


def _lasting_objection(client: Any) -> str | None:
    """What in the configuration of ``client`` is not for the fast transports."""
    try:
        session = client._endpoint.http_session
        signer = client._request_signer
        emitter = getattr(client.meta.events, "_emitter", client.meta.events)
        config = client.meta.config
        mode = (config.retries or {}).get("mode", "legacy")
        if type(client._endpoint) is not Endpoint or type(session) is not URLLib3Session:
            return "the client has an endpoint or session of another class"
        if type(signer) is not RequestSigner:
            return "the client has a signer of another class"
        if session._proxy_config.proxy_url_for(client.meta.endpoint_url):
            return "requests go through a proxy"
        if session._cert_file or session._key_file:
            return "requests carry a client certificate"
        if signer._signature_version is UNSIGNED or config.signature_version is UNSIGNED:
            return "requests are not signed"
        if signer._signature_version != "v4" or getattr(config, "auth_scheme_preference", None):
            return "requests are signed in another way than signature version 4"
        if mode not in SERVED_MODES:
            return f"the retry mode is {mode}"
        if signer._credentials is None:
            return "there are no credentials"
        if any(map(_is_more_than_a_post, map(client.meta.service_model.operation_model, DATA_OPERATIONS))):
            return "requests are compressed or carry checksums"
        if not callable(emitter._handlers.prefix_search) or emitter._lookup_cache is None:
            return "the event system is not botocore's"
        sending_options(client)
    except (AttributeError, TypeError, ValueError) as error:
        return f"botocore is not as it is known here ({error})"
    return None


def _is_more_than_a_post(model: Any) -> bool:
    """Whether botocore compresses an operation's requests, or computes checksums for them."""
    traits = ("request_compression", "http_checksum", "http_checksum_required")
    return any(getattr(model, trait, None) for trait in traits)


def sending_options(client: Any) -> SendingOptions:
    """The timeouts, pool size, socket options and trust of the client's own HTTP session."""
    session = client._endpoint.http_session
    config = client.meta.config
    verify = session._verify
    return SendingOptions(
        connect_timeout=_seconds(config.connect_timeout),
        read_timeout=_seconds(config.read_timeout),
        size=int(session._max_pool_connections),
        socket_options=tuple(tuple(option) for option in session._socket_options),
        verify=verify if isinstance(verify, str) else bool(verify),
        default_bundle=str(get_cert_path(True)),
    )


def _seconds(timeout: Any) -> float | None:
    return None if timeout is None else float(timeout)


def endpoint_of(client: Any) -> Any:
    """The client's endpoint, which botocore's events name."""
    return client._endpoint


def signing_defaults(client: Any) -> tuple[str, str]:
    """Region and service name in the client's signatures, unless an endpoint says otherwise."""
    signer = client._request_signer
    return signer.region_name or "", signer.signing_name


def can_sign_or_need_not(client: Any) -> bool:
    """Whether the client was made with credentials, or for requests that are not signed."""
    signer = getattr(client, "_request_signer", None)
    return getattr(signer, "_credentials", None) is not None or getattr(signer, "_signature_version", None) is UNSIGNED


def credentials_of(client: Any) -> Any:
    """The client's credentials: refreshed by ``get_frozen_credentials()`` when they have to be."""
    return client._request_signer._credentials


def may_have_to_be_fetched(credentials: Any) -> bool:
    """Whether asking for the credentials of this moment may take a wait."""
    kind = type(credentials)
    if kind is Credentials:
        return False
    if kind in (RefreshableCredentials, DeferredRefreshableCredentials):
        return bool(credentials.refresh_needed())
    return True


def prepare_errors(client: Any) -> None:
    """Let a client make the classes of its errors, which it does when they are first asked for."""
    client.exceptions.from_code("")


def user_agent_of(client: Any) -> str:
    """The ``User-Agent`` of the client's own requests."""
    return str(client._user_agent_creator.to_string())


def regional_endpoint(client: Any) -> tuple[str, dict[str, Any]]:
    """Resolve the endpoint as the client does before each call; also what is to be known for signing.

    :raises ValueError: when the endpoint asks for more than a URL and a signature.
    """
    model = client.meta.service_model.operation_model("GetItem")
    context: dict[str, Any] = {
        "client_region": client.meta.region_name,
        "client_config": client.meta.config,
        "has_streaming_input": False,
        "auth_type": model.auth_type,
    }
    url, headers, *_ = client._resolve_endpoint_ruleset(model, {}, context)
    signing = dict(context.get("signing") or {})
    if headers or context["auth_type"] not in (None, "v4") or not signing.keys() <= {"region", "signing_name"}:
        raise ValueError("it asks for more than a URL and a signature")
    return str(url), signing


def parse_by_shapes(client: Any, operation: str, http: Any) -> dict[str, Any]:
    """Parse an answer, an error above all, as botocore does."""
    model = client.meta.service_model.operation_model(operation)
    endpoint = client._endpoint
    response = {
        "headers": http.headers,
        "status_code": http.status_code,
        "context": {"operation_name": operation},
        "body": http.content,
    }
    parser = endpoint._response_parser_factory.create_parser(client.meta.service_model.metadata["protocol"])
    parsed: dict[str, Any] = parser.parse(response, model.output_shape)
    if http.status_code >= 300:
        endpoint._add_modeled_error_fields(response, parsed, model, parser)
    return parsed


# What makes a dict, or an error's class, of an answer.
_READERS = {"botocore.parsers", "botocore.errorfactory"}
_READER_OF_ERRORS = "_add_modeled_error_fields"  # in a module that sends, too


def was_raised_by_parser(error: Exception) -> bool:
    """Whether an error came out of botocore's reading of an answer, which stumbles over those that are no answers."""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_globals.get("__name__") in _READERS or frame.f_code.co_name == _READER_OF_ERRORS:
            return True
        traceback = traceback.tb_next
    return False
