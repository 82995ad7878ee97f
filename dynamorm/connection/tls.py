"""Whom to trust over TLS: the same certificates, names and versions as botocore."""

from __future__ import annotations

import os
import ssl
import sys

__all__ = ["tls_context"]


def tls_context(verify: bool | str, default_bundle: str) -> ssl.SSLContext:
    """Make the context for connections to an ``https`` endpoint.

    ``verify`` is what the client resolved: ``True`` for ``default_bundle``, the file of a bundle, or
    ``False``, which trusts anybody.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if verify:
        context.load_verify_locations(cafile=default_bundle if verify is True else verify)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    keylog = os.environ.get("SSLKEYLOGFILE")
    if keylog and not sys.flags.ignore_environment:
        context.keylog_filename = keylog
    return context
