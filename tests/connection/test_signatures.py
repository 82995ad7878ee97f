"""Signatures are botocore's, byte for byte."""

from __future__ import annotations

import datetime
from typing import NamedTuple
from unittest import mock

import botocore.auth
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import assume, given
from hypothesis import strategies as st

from dynamorm.connection.signer import Signer, UnsignableRequest, signing_target
from dynamorm.exceptions import ConfigurationError


class Keys(NamedTuple):
    """As much of botocore's frozen credentials as a signature needs."""

    access_key: str
    secret_key: str
    token: str | None


header_text = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from(" \té"), max_size=30
)
secret_text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=50)
credentials = st.builds(
    Keys,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=4, max_size=20),
    secret_text,
    st.none() | header_text,
)
urls = st.sampled_from(
    [
        "https://dynamodb.us-east-1.amazonaws.com/",
        "https://dynamodb.us-east-1.amazonaws.com",
        "https://DynamoDB.example.com:443/",
        "http://localhost:8000/",
        "http://localhost:80/",
        "http://[::1]:8000/",
        "https://example.com:8443/some//prefix/../é ü/",
        "http://example.com/a/b/./c%20d~e",
    ]
)
extra_headers = st.dictionaries(
    st.from_regex(r"\AX-[A-Za-z0-9]{1,12}\Z").filter(
        lambda name: not name.lower().startswith(("x-amz-date", "x-amz-security", "x-amz-content-sha256"))
    )
    | st.sampled_from(["User-Agent", "X-Amzn-Trace-Id", "Expect", "traceparent", "Accept"]),
    header_text,
    max_size=4,
)
moments = st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2099, 12, 31))


def botocore_signs(url, headers, body, keys, region, moment):
    request = AWSRequest("POST", url, headers=headers, data=body)
    if hasattr(botocore.auth, "get_current_datetime"):
        clock = mock.patch("botocore.auth.get_current_datetime", lambda **kw: moment)
    else:
        # botocore before 1.40 asks the class itself
        frozen = mock.Mock(wraps=datetime.datetime)
        frozen.utcnow = lambda: moment
        clock = mock.patch("botocore.auth.datetime", mock.Mock(datetime=frozen))
    with clock:
        SigV4Auth(keys, "dynamodb", region).add_auth(request)
    return dict(request.headers.items())


def seconds(moment):
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


@given(
    url=urls,
    body=st.binary(max_size=300),
    keys=credentials,
    region=st.sampled_from(["us-east-1", "eu-central-1", "local", "ünïcode"]),
    moment=moments,
    extra=extra_headers,
)
def test_any_post_is_signed_as_botocore_signs_it(url, body, keys, region, moment, extra):
    lowered = [name.lower() for name in extra]
    assume(len(set(lowered)) == len(lowered))
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.GetItem",
        "Content-Type": "application/x-amz-json-1.0",
        **extra,
    }
    expected = botocore_signs(url, headers, body, keys, region, moment)
    signed = Signer(region).sign(signing_target(url), headers, body, keys, seconds(moment))
    assert signed == expected


@given(url=urls, body=st.binary(max_size=300), keys=credentials, moment=moments)
def test_the_short_way_for_plain_posts_signs_the_same(url, body, keys, moment):
    operation, kind = "DynamoDB_20120810.PutItem", "application/x-amz-json-1.0"
    expected = botocore_signs(url, {"X-Amz-Target": operation, "Content-Type": kind}, body, keys, "eu-west-1", moment)
    head = Signer("eu-west-1").head_for_json_post(signing_target(url), operation, kind, body, keys, seconds(moment))
    lines = dict(line.split(": ", 1) for line in head.split("\r\n") if line)
    assert lines == expected


@given(steps=st.lists(st.tuples(credentials, moments), min_size=2, max_size=6))
def test_a_signer_that_has_signed_for_others_signs_no_differently(steps):
    signer = Signer("us-east-1")
    url = "https://dynamodb.us-east-1.amazonaws.com/"
    headers = {"X-Amz-Target": "DynamoDB_20120810.Query", "Content-Type": "application/x-amz-json-1.0"}
    for keys, moment in steps:
        expected = botocore_signs(url, headers, b"{}", keys, "us-east-1", moment)
        assert signer.sign(signing_target(url), headers, b"{}", keys, seconds(moment)) == expected


@given(
    keys=st.lists(credentials, min_size=1, max_size=2),
    whens=st.lists(moments, min_size=1, max_size=2),
    places=st.lists(urls, min_size=1, max_size=2),
    data=st.data(),
)
def test_what_the_short_way_remembers_changes_no_signature(keys, whens, places, data):
    signer, kind = Signer("us-east-1"), "application/x-amz-json-1.0"
    for _ in range(6):
        who, when, url, operation, body = (
            data.draw(st.sampled_from(choices))
            for choices in (keys, whens, places, ["a.Query", "a.Scan"], [b"", b"{}"])
        )
        expected = botocore_signs(url, {"X-Amz-Target": operation, "Content-Type": kind}, body, who, "us-east-1", when)
        head = signer.head_for_json_post(signing_target(url), operation, kind, body, who, seconds(when))
        assert dict(line.split(": ", 1) for line in head.split("\r\n") if line) == expected


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "nul\x00"])
def test_values_that_would_break_out_of_their_header_are_refused(value):
    signer, target = Signer("us-east-1"), signing_target("http://localhost/")
    keys = Keys("AKID", "secret", None)
    with pytest.raises(ConfigurationError):
        signer.sign(target, {"X-Note": value}, b"", keys)
    keys = Keys("AKID", "secret", value)
    with pytest.raises(ConfigurationError):
        signer.sign(target, {}, b"", keys)
    with pytest.raises(ConfigurationError):
        signer.head_for_json_post(target, "T", "c", b"", keys)


@pytest.mark.parametrize("name", ["Date", "X-Amz-Content-SHA256", "Bad Name", "", "x-note"])
def test_headers_that_are_signed_in_another_way_are_refused(name):
    headers = {"X-Note": "1", name: "2"}
    with pytest.raises((UnsignableRequest, ConfigurationError)):
        Signer("us-east-1").sign(signing_target("http://localhost/"), headers, b"", Keys("A", "s", None))


@pytest.mark.parametrize("url", ["http://localhost/?a=1", "http://localhost/#x", "nothing"])
def test_urls_that_are_no_endpoint_are_refused(url):
    with pytest.raises(UnsignableRequest):
        signing_target(url)
