"""`ca` for every probe that speaks TLS: with it the private authority is trusted, without it the server is refused."""

from typing import Any

import pytest
from outagetui.core.probe_options import PROBES, TrustOptions
from outagetui.core.targets import TLS_PORTS
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, answering, look_at, reply, saying, serve

LOOKS: list[tuple[str, str, dict[str, Any]]] = [
    ("http", "https://localhost:{port}/", {}),
    ("value", "https://localhost:{port}/", {"match": "(hello)", "down_below": 1}),
    ("feed", "https://localhost:{port}/", {}),
    ("matrix", "https://localhost:{port}", {}),
    ("webchat", "https://localhost:{port}/", {}),
    ("webchat", "http://localhost:{plain}/", {"websocket": "wss://localhost:{port}/"}),
    ("websocket", "wss://localhost:{port}/", {}),
    ("tls", "tls://localhost:{port}", {}),
    ("smtp", "smtps://localhost:{port}", {}),
    ("imap", "imaps://localhost:{port}", {}),
    ("irc", "ircs://localhost:{port}", {}),
    ("sip.options", "sips:localhost:{port}", {}),
    ("sip.register", "sips:ada@localhost:{port}", {"secret": "right"}),
    (
        "mail.roundtrip",
        "smtp://localhost:{plain}",
        {"to": "a@b.example", "imap": "imaps://localhost:{port}", "imap_secret": "right"},
    ),
    ("xmpp", "xmpp://ada@localhost", {"secret": "right", "direct_tls": True, "connect": "localhost:{port}"}),
]


def test_every_probe_that_can_speak_tls_has_an_authority() -> None:
    speaks = {word for word, kind in PROBES.items() if set(kind.target.schemes) & {*TLS_PORTS, "xmpp"}}
    speaks |= {word for word in PROBES if word.startswith("sip.")}
    assert {word for word, kind in PROBES.items() if issubclass(kind, TrustOptions)} == speaks
    assert {probe for probe, _, _ in LOOKS} | {"sip.call", "xmpp.room"} == speaks


@pytest.mark.parametrize(("probe", "target", "options"), LOOKS)
async def test_the_authority_of_a_check_is_trusted(
    caller: Vantage, pki: Pki, probe: str, target: str, options: dict[str, Any]
) -> None:
    async with serve(saying(b"nothing\r\n"), context=pki.good()) as server, serve(answering(reply())) as plain:
        ports = {"port": server.port, "plain": plain.port}
        given = {key: value.format(**ports) if isinstance(value, str) else value for key, value in options.items()}
        trusting = await look_at(caller, probe, target.format(**ports), **given, ca=pki.ca, within=70)
        wary = await look_at(caller, probe, target.format(**ports), **given, within=70)
    told = f"{wary.code} {wary.detail}"
    assert "tls.untrusted" in told, told
    assert "tls." not in f"{trusting.code} {trusting.detail}"
