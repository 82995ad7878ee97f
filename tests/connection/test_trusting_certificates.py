"""Whom the fast transports trust is whom botocore trusts."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import pytest

from dynamorm import connection, exceptions

from .conftest import Request, key
from .scripted_server import ScriptedServer, answer

pytest.importorskip("cryptography", reason="the certificates of these tests are made with cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Authority:
    """A private certificate authority, in a directory."""

    def __init__(self, directory):
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A private authority")])
        certificate = (
            self._builder(self._name, self._key.public_key(), NOW + 9 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.bundle = directory / "authority.pem"
        self.bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, public_key, end):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 9 * DAY)
            .not_valid_after(end)
        )

    def server_context(self, *names, end=NOW + DAY):
        """What a server shows whose certificate is good for these names, until then."""
        private = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        alternatives = [
            x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
        ]
        certificate = (
            self._builder(subject, private.public_key(), end)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self._directory / "server.pem"
        file.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


ITEM = b'{"Item":{"p":{"S":"p"},"s":{"N":"1"}}}'
RETRIES = {"config": {"retries": {"mode": "standard", "total_max_attempts": 1}}}


def get(transport, url, **options):
    conn = connection.connection_for({}, {"endpoint_url": url, **RETRIES, **options}, transport)
    return conn.call(Request("GetItem", TableName="table", Key=key()))


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_private_authority_is_trusted_when_the_environment_names_it(transport, authority, monkeypatch, variable):
    monkeypatch.setenv(variable, str(authority.bundle))
    with ScriptedServer([answer(ITEM)], tls=authority.server_context("localhost")) as server:
        for _ in range(3):
            assert get(transport, server.url)["Item"] == key()
        assert server.connections == 1


def test_a_private_authority_is_trusted_when_the_client_names_it(transport, authority):
    with ScriptedServer([answer(ITEM)], tls=authority.server_context("localhost")) as server:
        assert get(transport, server.url, verify=str(authority.bundle))["Item"] == key()


def test_an_address_is_verified_as_an_address(transport, authority):
    with ScriptedServer([answer(ITEM)], tls=authority.server_context("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}"
        assert get(transport, url, verify=str(authority.bundle))["Item"] == key()
        with pytest.raises(exceptions.ConnectionFailed, match="SSL"):
            get(transport, server.url, verify=str(authority.bundle))


def refused(transport, context, **options):
    with ScriptedServer([answer(ITEM)], tls=context) as server:
        with pytest.raises(exceptions.ConnectionFailed, match="SSL"):
            get(transport, server.url, **options)
        assert server.requests == []


def test_an_unknown_authority_is_refused(transport, authority):
    refused(transport, authority.server_context("localhost"))


def test_a_wrong_host_name_is_refused(transport, authority):
    refused(transport, authority.server_context("example.com"), verify=str(authority.bundle))


def test_a_common_name_is_no_host_name(transport, authority):
    refused(transport, authority.server_context("other.example.com"), verify=str(authority.bundle))


def test_an_expired_certificate_is_refused(transport, authority):
    context = authority.server_context("localhost", end=NOW - DAY)
    refused(transport, context, verify=str(authority.bundle))


def test_an_old_protocol_is_refused(fast_transport, authority, recwarn):
    context = authority.server_context("localhost")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    recwarn.clear()
    refused(fast_transport, context, verify=str(authority.bundle))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_whoever_switches_verification_off_gets_none(transport, authority):
    with ScriptedServer([answer(ITEM)], tls=authority.server_context("example.com")) as server:
        assert get(transport, server.url, verify=False)["Item"] == key()


def test_a_bundle_that_is_not_there_is_an_error(transport, tmp_path):
    with pytest.raises(exceptions.ConnectionFailed):
        get(transport, "https://localhost:1", verify=str(tmp_path / "nothing.pem"))


def test_plain_text_is_no_tls(transport, authority):
    with ScriptedServer([answer(ITEM)]) as server, pytest.raises(exceptions.ConnectionFailed):
        get(transport, f"https://localhost:{server.port}", verify=str(authority.bundle))
