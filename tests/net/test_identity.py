"""Which certificates are of a host, by the rules of RFC 9525, in what OpenSSL decodes and what a handshake says."""

import socket
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from outagetui.core.model import Outcome
from outagetui.net.identity import holds, names_of
from outagetui.net.stream import Stream
from outagetui.net.vantage import Vantage, client_context
from outagetui.net.watched import WatchedSocket
from tests.kit.scripted_servers import Pki, hanging, look_at, serve

CASES = [
    ("DNS:www.a.example", "www.a.example", True),
    ("DNS:WWW.A.Example", "www.a.example", True),
    ("DNS:www.a.example", "www.a.example.", True),
    ("DNS:www.a.example", "a.example", False),
    ("DNS:a.example", "www.a.example", False),
    ("DNS:xn--fa-hia.example", "xn--fa-hia.example", True),
    ("DNS:fass.example", "xn--fa-hia.example", False),
    ("DNS:*.a.example", "www.a.example", True),
    ("DNS:*.a.example", "xn--fa-hia.a.example", True),
    ("DNS:*.a.example", "foo_bar.a.example", True),
    ("DNS:*.foo_bar.example", "x.foo_bar.example", True),
    ("DNS:*.a.example", "a.example", False),
    ("DNS:*.a.example", "x.y.a.example", False),
    ("DNS:*.a.example", ".a.example", False),
    ("DNS:w*.a.example", "www.a.example", False),
    ("DNS:*w.a.example", "www.a.example", False),
    ("DNS:xn--*.a.example", "xn--fa-hia.a.example", False),
    ("DNS:www.*.example", "www.a.example", False),
    ("DNS:*.*.example", "www.a.example", False),
    ("DNS:*.example", "a.example", False),
    ("DNS:*", "localhost", False),
    ("DNS:*.", "localhost", False),
    ("DNS:", "localhost", False),
    ("DNS:.a.example", "www.a.example", False),
    ("DNS:foo_bar.a.example", "foo_bar.a.example", True),
    ("IP Address:127.0.0.1", "127.0.0.1", True),
    ("IP Address:127.0.0.1", "127.0.0.2", False),
    ("DNS:127.0.0.1", "127.0.0.1", False),
    ("DNS:*.0.0.1", "127.0.0.1", False),
    ("IP Address:0:0:0:0:0:0:0:1", "::1", True),
    ("IP Address:FE80:0:0:0:0:0:0:1", "fe80::1%lo", True),
    ("DNS:::1", "::1", False),
    ("IP Address:127.0.0.1", "localhost", False),
    ("IP Address:<invalid>", "127.0.0.1", False),
    ("URI:https://www.a.example/", "www.a.example", False),
    ("email:www.a.example", "www.a.example", False),
]


@pytest.mark.parametrize(("name", "host", "well"), CASES)
def test_a_name_is_of_a_host_or_is_not(name: str, host: str, well: bool) -> None:
    kind, _, value = name.partition(":")
    assert holds(names_of({"subjectAltName": ((kind, value),)}), host) is well


def test_a_common_name_is_of_nobody() -> None:
    subject = ((("commonName", "www.a.example"),),)
    assert not holds(names_of({"subject": subject}), "www.a.example")
    assert not holds(names_of(None), "www.a.example")


@pytest.mark.parametrize("verify", [True, False])
def test_the_library_is_told_the_same_where_it_compares_itself(verify: bool) -> None:
    context = client_context(None, verify=verify)
    assert not context.hostname_checks_common_name
    assert context.check_hostname is verify


@pytest.mark.parametrize(
    ("san", "target", "code"),
    [
        (("*.a.example",), "foo_bar.a.example", ""),
        (("xn--fa-hia.example",), "faß.example", ""),
        (("xn--fa-hia.example",), "FAẞ.example", ""),
        (("www.a.example",), "www.a.example.", ""),
        (("127.0.0.1",), "127.1", ""),
        (("localhost",), "127.0.0.1", "tls.hostname"),
        (("b.example",), "a.example", "tls.hostname"),
        (("*.example",), "a.example", "tls.hostname"),
    ],
)
async def test_every_protocol_compares_alike(
    vantage: Vantage, pki: Pki, san: tuple[str, ...], target: str, code: str
) -> None:
    async with serve(hanging(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), context=pki.good(*san)) as server:
        connect = f"127.0.0.1:{server.port}"
        plain = await look_at(vantage, "tls", f"tls://{target}:443", connect=connect, ca=pki.ca)
        web = await look_at(vantage, "http", f"https://{target}/", connect=connect, ca=pki.ca)
    assert (plain.code, web.code) == (code, code)
    if code:
        assert f"only {san[0]}" in plain.detail


async def test_an_unverified_handshake_compares_nothing(vantage: Vantage, pki: Pki) -> None:
    async with serve(hanging(), context=pki.good("b.example")) as server:
        sock = socket.create_connection(("127.0.0.1", server.port))
        sock.setblocking(False)
        with Stream(WatchedSocket(sock)) as stream:
            await stream.start_tls(await vantage.tls_context(verify=False), "a.example")
            assert stream.tls is not None
            assert isinstance(stream.tls, ssl.SSLObject)


def dns_names(*names: bytes) -> x509.UnrecognizedExtension:
    """A subjectAltName of dNSNames with any bytes in them (RFC 5280 section 4.2.1.6)."""
    body = b"".join(b"\x82" + bytes([len(name)]) + name for name in names)
    return x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30" + bytes([len(body)]) + body)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((b"localhost",), ""),
        ((b"\xff\xfe.example",), "tls.untrusted"),
        ((b"\xff", b"localhost"), "tls.untrusted"),
        ((b"localhost\x00.evil.example",), "tls.hostname"),
        (("lücalhost".encode(),), "tls.hostname"),
        ((b"",), "tls.hostname"),
        ((b" localhost",), "tls.hostname"),
        ((), "tls.hostname"),
    ],
)
async def test_no_bytes_in_a_certificate_are_our_own_trouble(
    vantage: Vantage, pki: Pki, names: tuple[bytes, ...], code: str
) -> None:
    ca, context = pki.with_names(dns_names(*names))
    async with serve(hanging(), context=context) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}", ca=ca)
    assert (sample.outcome, sample.code) == (Outcome.FAIL if code else Outcome.PASS, code), sample
    assert "codec" not in sample.detail
