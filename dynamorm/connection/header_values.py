"""What must not stand in a header or a request line, because it would break out of it."""

from __future__ import annotations

import re
from typing import Any

from ..exceptions import ConfigurationError

__all__ = ["refuse_unsendable", "refuse_unsendable_credentials", "refuse_unsendable_header"]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def refuse_unsendable(what: str, value: Any) -> None:
    """Refuse a value that no header can hold; the message does not show it, for it may be a secret.

    :raises ConfigurationError: for what is no text, and for line breaks and other control characters
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{what} is {type(value).__name__}, and has to be text")
    if not value.isprintable() and _CONTROLS.search(value):
        raise ConfigurationError(
            f"{what} holds a line break or another control character; nothing was sent. "
            "Remove it: a value that was read from a file may end with one"
        )


def refuse_unsendable_header(name: str, value: Any) -> None:
    """Refuse a header of a user's.

    :raises ConfigurationError: as above
    """
    if not _NAME.match(name):
        raise ConfigurationError(f"{name!r} cannot be the name of a header; nothing was sent")
    refuse_unsendable(f"the header {name!r}", value)


def refuse_unsendable_credentials(credentials: Any) -> None:
    """Refuse credentials that cannot be sent or signed with.

    :raises ConfigurationError: as above
    """
    refuse_unsendable("the access key id", credentials.access_key)
    refuse_unsendable("the secret access key", credentials.secret_key)
    if credentials.token:
        refuse_unsendable("the session token", credentials.token)
