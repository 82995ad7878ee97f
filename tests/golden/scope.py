"""The names that the expressions in the golden files may use, for the writer and for the tests alike.

Runs on every Python that either needs, and imports nothing but the schema library asked for.
"""

import datetime as dt
import math
from decimal import ROUND_UP, Decimal
from ipaddress import ip_address, ip_interface
from uuid import UUID


def values():
    """Names for ``given`` and ``read``: what a value is written with."""
    return {
        "Decimal": Decimal,
        "ROUND_UP": ROUND_UP,
        "UUID": UUID,
        "date": dt.date,
        "datetime": dt.datetime,
        "ip_address": ip_address,
        "ip_interface": ip_interface,
        "time": dt.time,
        "timedelta": dt.timedelta,
        "timezone": dt.timezone,
    }


def marshmallow():
    """Names for ``options`` and ``members`` of the cases in ``marshmallow.json``."""
    from marshmallow import EXCLUDE, Schema, fields, validate

    address = {"street": fields.String(), "zip": fields.Integer(), "note": fields.String(allow_none=True)}
    own = {
        "Address": Schema.from_dict(address, name="Address"),
        "EXCLUDE": EXCLUDE,
        "Schema": Schema,
        "fields": fields,
        "validate": validate,
    }
    return dict(values(), **own)


def schematics():
    """Names for ``options`` and ``members`` of the cases in ``schematics.json``."""
    from schematics import types
    from schematics.models import Model
    from schematics.types.serializable import serializable

    address = {"street": types.StringType(), "zip": types.IntType(), "note": types.StringType()}
    own = {
        "Address": type("Address", (Model,), address),
        "Model": Model,
        "serializable": serializable,
        "types": types,
    }
    return dict(values(), **own)


def source(value):
    """A Python expression for ``value`` in the names above; the same text for equal values, sets included.

    :raises TypeError: for what has no such expression.
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{source(key)}: {source(value[key])}" for key in sorted(value, key=source)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(source(each) for each in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(source(each) for each in value) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(sorted(source(each) for each in value)) + "}" if value else "set()"
    if isinstance(value, (dt.datetime, dt.time)) and value.tzinfo is not None:
        plain = source(value.replace(tzinfo=None))
        return f"{plain[:-1]}, tzinfo={_zone(value.utcoffset())})"
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return repr(value).replace("datetime.", "")
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, (str, bytes, bool, int, float, Decimal, UUID)):
        return repr(value)
    module, name = type(value).__module__, type(value).__name__
    if module == "ipaddress":
        return f"{'ip_interface' if 'Interface' in name else 'ip_address'}({str(value)!r})"
    if (module, name) == ("boto3.dynamodb.types", "Binary"):
        return repr(bytes(value))
    raise TypeError(f"no expression for {value!r}")


def _zone(offset):
    return "timezone.utc" if not offset else f"timezone({source(offset)})"
