"""TLS alerts as servers send them: whose trouble it is, in words that do not speak of SSL 3."""

import ssl

import pytest
from outagetui.core.model import Outcome
from outagetui.net.tls_alert import of_tls
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import look_at, saying, serve


def told(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] {reason.replace('_', ' ').lower()} (_ssl.c:1006)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    "reason",
    [
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",  # OpenSSL, GnuTLS
        "SSLV3_ALERT_BAD_CERTIFICATE",  # Go, and so Caddy and Traefik
        "SSLV3_ALERT_NO_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",  # Java
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_UNKNOWN_CA",
    ],
)
def test_an_alert_of_a_certificate_is_of_the_one_that_we_have_not(reason: str) -> None:
    code, words = of_tls(told(reason))
    assert code == "tls.client-certificate"
    assert "demands a certificate of its clients" in words


@pytest.mark.parametrize(("certified", "code"), [(True, "tls.client-certificate"), (False, "tls.handshake")])
def test_a_handshake_that_fails_behind_the_servers_certificate_fails_for_ours(*, certified: bool, code: str) -> None:
    assert of_tls(told("SSLV3_ALERT_HANDSHAKE_FAILURE"), certified=certified)[0] == code


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (40, '"handshake failure"): it speaks no cipher that we do'),
        (49, '"access denied"): it lets nobody in from here'),
        (50, '"decode error")'),
        (80, '"internal error"): it is broken, or has no certificate for this name'),
        (112, '"unrecognized name"): it serves no site of this name'),
        (115, '"unknown psk identity")'),
    ],
)
@pytest.mark.parametrize(
    ("probe", "scheme"), [("tls", "tls"), ("http", "https"), ("websocket", "wss"), ("irc", "ircs")]
)
async def test_an_alert_is_told_in_words(vantage: Vantage, number: int, words: str, probe: str, scheme: str) -> None:
    async with serve(saying(bytes([21, 3, 3, 0, 2, 2, number]))) as server:
        sample = await look_at(vantage, probe, f"{scheme}://localhost:{server.port}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tls.handshake")
    assert words in sample.detail
    assert "sslv3" not in sample.detail
    assert "tlsv1" not in sample.detail
    assert "ssl.c" not in sample.detail


async def test_an_alert_without_a_name_in_the_library_is_told_in_words(vantage: Vantage) -> None:
    async with serve(saying(bytes([21, 3, 3, 0, 2, 2, 120]))) as server:
        sample = await look_at(vantage, "tls", f"tls://localhost:{server.port}")
    words = (
        'the server refuses the handshake ("no application protocol"): it speaks nothing of what we offer there (ALPN)'
    )
    assert sample.detail == f"localhost: {words}"
