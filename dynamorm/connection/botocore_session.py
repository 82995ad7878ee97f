"""What a client would be made of, read from botocore's session while there is no client.

Like ``botocore_private``, this file reads what is private to botocore.  It answers for plain circumstances only:
credentials, a region, perhaps a URL, and nothing else that anybody has set, registered or replaced.  In all others it
gives the objection, and a client is made.
"""

from __future__ import annotations

import copy
import os
import re
import socket
from collections.abc import Mapping
from typing import Any

import boto3
from botocore import args, configprovider, credentials, httpsession, session, utils
from botocore import client as client_module
from botocore.client import BaseClient
from botocore.endpoint import EndpointCreator
from botocore.httpsession import get_cert_path
from botocore.retries import standard

from .botocore_private import HOMES, BotocoresFunctions, first_foreign, is_a_librarys_own
from .pool import SendingOptions

__all__ = ["ClientParts", "GuardBeforeClient", "read_client_parts"]

# These parts are unknown to type checkers.
_configprovider: Any = configprovider
_credentials: Any = credentials
_standard: Any = standard

_SERVED = frozenset({"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "endpoint_url", "region_name"})
# What makes clients.  Who wraps one of these wants to see the client.
_MAKING: tuple[tuple[Any, str], ...] = (
    (boto3.Session, "client"),
    (session.Session, "create_client"),
    (client_module.ClientCreator, "create_client"),
    (client_module.ClientCreator, "_create_client_class"),
    (client_module.ClientCreator, "_create_methods"),
    (client_module.ClientCreator, "_create_api_method"),
    (client_module.ClientCreator, "_get_client_args"),
    (args.ClientArgsCreator, "get_client_args"),
    (EndpointCreator, "create_endpoint"),
    (BaseClient, "__init__"),
    (BaseClient, "_make_api_call"),
)
_EVENTS = (
    "creating-client-class",
    "creating-serializer",
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "response-received",
    "before-parse",
    "needs-retry",
    "after-call",
    "after-call-error",
)
# Settings that lead to credentials, or are heeded here.
_HARMLESS_VARIABLES = re.compile(
    r"profile|region|ca_bundle|config_file|credentials_file|metadata_service_.*|ec2_metadata_.*|imds_.*|output"
)
_HARMLESS_IN_PROFILES = re.compile(
    r"region|output|cli_.*|aws_access_key_id|aws_secret_access_key|aws_session_token|role_.*|source_profile"
    r"|credential_.*|external_id|mfa_serial|duration_seconds|web_identity_token_file|sso_.*|login_session"
)
# Of the first partition; what botocore's own rules make of all other regions is left to them.
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+")


class GuardBeforeClient:
    """Says before each call whether it may be sent while there is no client, or why it may not."""

    def __init__(self, emitter: Any, most_attempts: int | None) -> None:
        self.most_attempts = most_attempts
        # nobody listens to ``before-send``, or there would be an objection
        self.asked_before_send: frozenset[str] = frozenset()
        self._emitter = emitter
        self._functions = BotocoresFunctions()
        self._judged: object = None
        self._objection: str | None = None

    def objection_to_bypassing_client(self) -> str | None:
        if self._emitter._lookup_cache is not self._judged:
            judged = self._emitter._lookup_cache
            self._objection = first_foreign(self._emitter, _EVENTS)
            self._judged = judged
        sending, calling = self._functions.objections()
        return self._objection or sending or calling


class ClientParts:
    """What a client would be made of in plain circumstances: all that is needed to send."""

    def __init__(self, own: Any, emitter: Any, kwargs: Mapping[str, Any]) -> None:
        self.credentials = _credentials_for(own, kwargs)
        self.region = str(kwargs.get("region_name") or own.get_config_variable("region") or "")
        url = kwargs.get("endpoint_url")
        self.names_no_url = url is None
        self.url = f"https://dynamodb.{self.region}.amazonaws.com" if url is None else str(url)
        self.guard = GuardBeforeClient(emitter, _most_attempts(own))
        self.options = SendingOptions(
            connect_timeout=float(httpsession.DEFAULT_TIMEOUT),
            read_timeout=float(httpsession.DEFAULT_TIMEOUT),
            size=httpsession.MAX_POOL_CONNECTIONS,
            socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
            verify=own.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE", True),
            default_bundle=str(get_cert_path(True)),
        )
        self.user_agent = _user_agent(own)


def read_client_parts(boto3_session: Any, kwargs: Mapping[str, Any]) -> ClientParts | str:
    """Return what is needed to send without a client, or the objection to it."""
    try:
        objection = _first_objection(boto3_session, kwargs)
        if objection is not None:
            return objection
        own = boto3_session._session
        emitter = _emitter_of(own)
        parts = ClientParts(own, emitter, kwargs)
        if parts.credentials is None:
            return "there are no credentials"
        if utils.get_environ_proxies(parts.url).get(parts.url.partition(":")[0].lower()):
            return "requests go through a proxy"
        return parts.guard.objection_to_bypassing_client() or parts
    except Exception as error:
        # whatever is wrong with files and settings, making the client says it in botocore's own way
        return f"botocore's session is not as it is known here ({error})"


def _first_objection(boto3_session: Any, kwargs: Mapping[str, Any]) -> str | None:
    """What in the session, the arguments or the environment is more than a plain client would be made of."""
    if not _SERVED.issuperset(kwargs):
        return f"a client is to be made with {', '.join(sorted(kwargs.keys() - _SERVED))}"
    if type(boto3_session) is not boto3.Session or type(boto3_session._session) is not session.Session:
        return "the session is of another class"
    own = boto3_session._session
    if "client" in boto3_session.__dict__ or "create_client" in own.__dict__:
        return "a function of the session has been replaced"
    for owner, name in _MAKING:
        if not is_a_librarys_own(getattr(owner, name)):
            return f"{owner.__name__}.{name} is not botocore's own"
    region = kwargs.get("region_name") or own.get_config_variable("region")
    if not isinstance(region, str) or not _REGION.fullmatch(region):
        return f"the region is {region!r}"
    for name in os.environ:
        if name.startswith(("AWS_ENDPOINT_URL", "BOTOCORE_")):
            return f"the environment sets {name}"
    return _first_setting(own)


def _first_setting(own: Any) -> str | None:
    """What somebody has set, in the environment, in files or on the session, that a client would heed."""
    if own.get_default_client_config() is not None:
        return "the session has a configuration for its clients"
    for name, (_, _, default, _) in _configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        if not _HARMLESS_VARIABLES.fullmatch(name) and own.get_config_variable(name) != default:
            return f"{name} is set"
    for name in own.get_scoped_config():
        if not _HARMLESS_IN_PROFILES.fullmatch(name):
            return f"the profile sets {name}"
    # They may describe operations in another way than botocore's own do: as compressed ones, say.
    for path in own.get_component("data_loader").search_paths:
        if not path.startswith(HOMES) and os.path.isdir(path):
            return f"there are models in {path}"
    return None


def _emitter_of(own: Any) -> Any:
    events = own.get_component("event_emitter")
    return getattr(events, "_emitter", events)


def _credentials_for(own: Any, kwargs: Mapping[str, Any]) -> Any:
    """Return the credentials that a client would have, ``None`` where making one would end in an error."""
    key, secret = kwargs.get("aws_access_key_id"), kwargs.get("aws_secret_access_key")
    if key is not None and secret is not None:
        return _credentials.Credentials(key, secret, kwargs.get("aws_session_token"))
    if any(value is not None for name, value in kwargs.items() if name.startswith("aws_")):
        return None
    return own.get_credentials()


def _retry_mode(own: Any) -> str:
    return str(own.get_config_variable("retry_mode"))


def _most_attempts(own: Any) -> int | None:
    """Return the number of attempts that a client would announce from the first one on, if it did."""
    if _retry_mode(own) != "standard" or not hasattr(_standard, "MaxAttemptsSeeder"):
        return None
    most = getattr(_standard, "_SERVICE_MAX_ATTEMPTS", {}).get("dynamodb", _standard.DEFAULT_MAX_ATTEMPTS)
    return int(most)


def _user_agent(own: Any) -> str:
    maker = copy.copy(own.get_component("user_agent_creator")).set_session_config(
        own.user_agent_name, own.user_agent_version, own.user_agent_extra
    )
    return str(maker.with_client_config(_AsConfigured(_retry_mode(own))).to_string())


class _AsConfigured:
    """The parts of a plain client's configuration that its ``User-Agent`` shows."""

    user_agent = None
    user_agent_appid = None
    user_agent_extra = None
    endpoint_discovery_enabled = False

    def __init__(self, retry_mode: str) -> None:
        self.retries = {"mode": retry_mode}
