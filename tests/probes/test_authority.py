"""Whom every probe that speaks TLS trusts: the authority of `ca` or the system's, and only who has the name."""

from typing import Any

import pytest
from outagetui.core.probe_options import PROBES, TrustOptions
from outagetui.core.targets import TLS_PORTS
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, answering, look_at, reply, saying, serve

LOOKS: list[tuple[str, str, dict[str, Any]]] = [
    ("http", "https://{host}:{port}/", {}),
    ("value", "https://{host}:{port}/", {"match": "(hello)", "down_below": 1}),
    ("feed", "https://{host}:{port}/", {}),
    ("matrix", "https://{host}:{port}", {}),
    ("webchat", "https://{host}:{port}/", {}),
    ("webchat", "http://localhost:{plain}/", {"websocket": "wss://{host}:{port}/"}),
    ("websocket", "wss://{host}:{port}/", {}),
    ("tls", "tls://{host}:{port}", {}),
    ("smtp", "smtps://{host}:{port}", {}),
    ("imap", "imaps://{host}:{port}", {}),
    ("irc", "ircs://{host}:{port}", {}),
    ("sip.options", "sips:{host}:{port}", {}),
    ("sip.register", "sips:ada@{host}:{port}", {"secret": "right"}),
    (
        "mail.roundtrip",
        "smtp://localhost:{plain}",
        {"to": "a@b.example", "imap": "imaps://{host}:{port}", "imap_secret": "right"},
    ),
    ("xmpp", "xmpp://ada@{host}", {"secret": "right", "direct_tls": True, "connect": "127.0.0.1:{port}"}),
]


def test_every_probe_that_can_speak_tls_has_an_authority() -> None:
    speaks = {word for word, kind in PROBES.items() if set(kind.target.schemes) & {*TLS_PORTS, "xmpp"}}
    speaks |= {word for word in PROBES if word.startswith("sip.")}
    assert {word for word, kind in PROBES.items() if issubclass(kind, TrustOptions)} == speaks
    assert {probe for probe, _, _ in LOOKS} | {"sip.call", "xmpp.room"} == speaks


async def codes(
    vantage: Vantage, pki: Pki, san: str, host: str, probe: str, target: str, options: dict[str, Any], *cas: str | None
) -> list[str]:
    """Return code and words of a look at a server whose certificate is of `san`, for each of `cas`."""
    async with serve(saying(b"nothing\r\n"), context=pki.good(san)) as server, serve(answering(reply())) as plain:
        ports = {"port": server.port, "plain": plain.port, "host": host}
        given = {key: value.format(**ports) if isinstance(value, str) else value for key, value in options.items()}
        told = [await look_at(vantage, probe, target.format(**ports), **given, ca=ca, within=70) for ca in cas]
    return [f"{each.outcome} {each.code} {each.detail}" for each in told]


@pytest.mark.parametrize(("probe", "target", "options"), LOOKS)
async def test_the_authority_of_a_check_is_trusted(
    caller: Vantage, pki: Pki, probe: str, target: str, options: dict[str, Any]
) -> None:
    trusting, wary = await codes(caller, pki, "localhost", "localhost", probe, target, options, pki.ca, None)
    assert "tls.untrusted" in wary, wary
    assert "tls." not in trusting


@pytest.mark.parametrize(("probe", "target", "options"), LOOKS)
async def test_an_international_name_is_one_host_for_every_probe(
    caller: Vantage, pki: Pki, probe: str, target: str, options: dict[str, Any]
) -> None:
    """IDNA 2003, which Python's own codec still is, makes fass of it."""
    right = await codes(caller, pki, "xn--fa-hia.localhost", "faß.localhost", probe, target, options, pki.ca)
    other = await codes(caller, pki, "fass.localhost", "faß.localhost", probe, target, options, pki.ca)
    assert "tls." not in right[0]
    assert "internal" not in right[0]
    assert "tls.hostname" in other[0], other
