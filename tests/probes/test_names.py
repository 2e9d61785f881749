"""One reading of a name everywhere: what probes dial, say and prove for names and addresses in every form."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.mailbox import in_envelope, read_mailbox
from outagetui.core.model import Outcome
from outagetui.core.probe_options import PROBES, MailRoundtripOptions, XmppOptions
from outagetui.core.sip_uri import read_hop, read_uri
from outagetui.core.targets import DNS, connect_trouble
from outagetui.net.resolve import nameservers
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage, client_context
from outagetui.protocols.dns_records import read_value
from outagetui.protocols.http_exchange import Progress, exchange
from outagetui.protocols.http_request import request
from outagetui.protocols.xmpp.account import read_account, read_room
from tests.kit.scripted_servers import answering, look_at, refused_port, reply, serve

SCRIPT = Path(__file__).with_name("link_local_namespace.py")


def test_a_zone_says_by_which_way_to_connect_and_is_never_sent() -> None:
    assert shutil.which("unshare"), "unshare is missing: apt-get install util-linux"
    root = Path(__file__).parent.parent.parent
    command = ["unshare", "--map-root-user", "--net", sys.executable, str(SCRIPT)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=50, check=False, cwd=root, env={"PYTHONPATH": str(root)}
    )
    assert done.returncode == 0, f"this needs network namespaces: {done.stderr}"
    found: dict[str, Any] = json.loads(done.stdout)
    last = found["seen"].popitem
    assert found["seen"].pop("step http") == found["seen"].pop("step https") == "200"
    target, told = last()
    assert "%nope" in target
    assert told.startswith("unknown net.no-interface")
    assert {target: told for target, told in found["seen"].items() if not told.startswith("pass")} == {}
    sent = "".join(found["heard"])
    assert "%lo" not in sent
    assert "%25" not in sent
    assert "SNI None" in found["heard"]
    for own in ("host: [fe80::53]:", "EHLO [IPv6:fe80::53]", "OPTIONS sip:[fe80::53]:", "Via: SIP/2.0/UDP [fe80::53]:"):
        assert own in sent


SAME = ["127.1", "0x7f.0.0.1", "2130706433", "☃.localhost", "FAẞ.localhost", "x_.-y.localhost.", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", [*SAME, "[::ffff:127.0.0.1%lo]", "[::ffff:127.0.0.1%25lo]", "%6cocalhost"])
async def test_every_form_of_this_machine_is_reached(vantage: Vantage, host: str) -> None:
    async with serve(answering(reply())) as server:
        at = f"{host}:{server.port}"
        web = await look_at(vantage, "http", f"http://{at}/")
        bare = await look_at(vantage, "tcp", f"tcp://{at}")
        other = await look_at(vantage, "http", "http://a.example/", connect=at)
    assert [each.outcome for each in (web, bare, other)] == [Outcome.PASS] * 3, (web, bare, other)


@pytest.mark.parametrize(
    "target",
    ["http:\\\\127.0.0.1:{port}\\x", "http:///127.0.0.1:{port}/", "http:127.0.0.1:{port}", "HTTP://127.0.0.1:{port}#x"],
)
async def test_a_target_is_read_as_a_browser_reads_it(vantage: Vantage, target: str) -> None:
    async with serve(answering(reply())) as server:
        told = await look_at(vantage, "http", target.format(port=server.port))
    assert told.outcome is Outcome.PASS, told


@pytest.mark.parametrize("host", SAME)
async def test_steps_and_outlets_go_to_the_same_place(host: str) -> None:
    async with serve(answering(reply())) as server:
        wanted = request("GET", f"http://{host}:{server.port}/a b")
        got = await exchange(wanted, client_context(None), Progress(), within=3)
        assert (got.status, got.url) == (200, wanted.url)


async def host_seen(vantage: Vantage, target: str, location: str = "") -> tuple[list[str], str]:
    """Return the Host headers of a look that is redirected once, and its code."""
    hosts: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        hosts.extend(line.partition(": ")[2] for line in head.lower().split("\r\n") if line.startswith("host:"))
        port = str(writer.get_extra_info("sockname")[1])
        first = location and len(hosts) == 1
        moved = reply("302 Found", b"", f"Location: {location.replace('PORT', port)}")
        writer.write(moved if first else reply())
        await writer.drain()

    async with serve(answer) as server:
        told = await look_at(vantage, "http", target, connect=f"127.0.0.1:{server.port}")
        return [each.replace(f":{server.port}", "") for each in hosts], told.code


@pytest.mark.parametrize(
    ("target", "host"),
    [
        ("http://faß.example/", "xn--fa-hia.example"),
        ("http://BÜCHER.example:80/", "xn--bcher-kva.example"),
        ("http://foo_bar.bücher.example:8080/", "foo_bar.xn--bcher-kva.example:8080"),
        ("http://☃.net./", "xn--n3h.net."),
        ("http://0x7f.1:81/", "127.0.0.1:81"),
        ("http://[::1%25lo]:81/", "[::1]:81"),
        ("http://[2001:DB8:0::1]/", "[2001:db8::1]"),
    ],
)
async def test_the_host_that_is_sent_is_plain(vantage: Vantage, target: str, host: str) -> None:
    assert await host_seen(vantage, target) == ([host], "")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("http://☃.localhost:PORT/", "xn--n3h.localhost"),
        ("//faß.localhost:PORT/x", "xn--fa-hia.localhost"),
        ("\\\\127.1:PORT\\x", "127.0.0.1"),
        ("///a_b.localhost:PORT", "a_b.localhost"),
        ("http:/\\localhost:PORT/ä b", "localhost"),
        ("\t/x ", "a.example"),
        ("?ü", "a.example"),
        ("http://[::ffff:127.0.0.1%25lo]:PORT/", "[::ffff:7f00:1]"),
    ],
)
async def test_a_redirect_goes_where_a_browser_goes(vantage: Vantage, location: str, host: str) -> None:
    assert await host_seen(vantage, "http://a.example/", location) == (["a.example", host], "")


@pytest.mark.parametrize(
    "location",
    [
        *("http://[::1", "http://[::1]x/", "http://::1/", "//", "\\\\", "http://a..b/", "http://%zz/", "http://a b/"),
        *("http://256.256.256.256/", "http://1.2.3.4.5/", f"http://{'a' * 64}.example/", "http://\u202e/", "https:///"),
        *("http://:80/", "http://x:65536/", "http://x:0/", "http://[1.2.3.4]/", "http://0x1ffffffff/", "ftp://x/"),
        *("javascript:1", "mailto:a@b", "http://[::1%25nope]/", "http://[::1%25a%20b]/"),
    ],
)
async def test_a_redirect_that_no_browser_follows_is_their_failure(vantage: Vantage, location: str) -> None:
    async with serve(answering(reply("302 Found", b"", f"Location: {location}"))) as server:
        told = await look_at(vantage, "http", f"http://127.0.0.1:{server.port}/")
    assert (told.outcome, told.code) == (Outcome.FAIL, "http.redirect"), told


@pytest.mark.parametrize(
    ("target", "bare", "host"),
    [
        ("xmpp://ada@faß.example", "ada@xn--fa-hia.example", "xn--fa-hia.example"),
        ("xmpp://ada@BÜCHER.example", "ada@bücher.example", "xn--bcher-kva.example"),
        ("xmpp://ada@xn--bcher-kva.example", "ada@bücher.example", "xn--bcher-kva.example"),
        ("xmpp://ada@foo_bar.example.", "ada@foo_bar.example", "foo_bar.example"),
        ("xmpp://ada@☃.net", "ada@☃.net", "xn--n3h.net"),
        ("xmpp://ada@[fe80::1%25lo]", "ada@[fe80::1]", "fe80::1%lo"),
    ],
)
def test_an_xmpp_domain_is_in_letters_and_its_host_is_not(target: str, bare: str, host: str) -> None:
    account = read_account(target, XmppOptions(secret="s"), None)
    assert (account.jid, account.host) == (bare, host)


@pytest.mark.parametrize(
    ("room", "whole"),
    [
        ("Office@Räume.example", "office@räume.example"),
        ("office@xn--rume-loa.example", "office@räume.example"),
        ("office@faß.example", "office@xn--fa-hia.example"),
    ],
)
def test_a_room_has_one_address(room: str, whole: str) -> None:
    assert read_room(room) == whole


@pytest.mark.parametrize("room", ["", "x", "@x", "o@", "o@a b", "o@x/y", "o@a..b", "o@[::1"])
def test_what_is_no_room_is_told(room: str) -> None:
    with pytest.raises(Trouble, match=r"option\.invalid"):
        read_room(room)


@pytest.mark.parametrize(
    ("text", "bare", "host"),
    [
        ("sip:bob@faß.example", "sip:bob@xn--fa-hia.example", "xn--fa-hia.example"),
        ("sip:bob@[FE80::1%25lo]:5062", "sip:bob@[fe80::1]:5062", "fe80::1%lo"),
        ("sip:127.1;transport=tcp", "sip:127.0.0.1", "127.0.0.1"),
        ("sips:foo_bar.☃.net", "sips:foo_bar.xn--n3h.net", "foo_bar.xn--n3h.net"),
    ],
)
def test_a_sip_uri_is_sent_plain(text: str, bare: str, host: str) -> None:
    uri = read_uri(text)
    assert uri is not None
    assert (uri.bare, uri.hop.host) == (bare, host)
    hop = read_hop(text.partition(":")[2].partition("@")[2] or text.partition(":")[2])
    assert hop is not None
    assert hop.host == host


@pytest.mark.parametrize(
    ("probe", "good"),
    [
        ("tls", "tls://{host}:443"),
        ("tcp", "tcp://{host}:80"),
        ("icmp", "icmp://{host}"),
        ("http", "https://{host}/x"),
        ("websocket", "wss://{host}/x"),
        ("imap", "imaps://a%40b@{host}"),
        ("smtp", "smtp://{host}:25"),
        ("irc", "ircs://{host}:6697"),
        ("xmpp", "xmpp://ada@{host}"),
        ("dns", "dns://{host}/x.example"),
        ("sip.options", "sip:{host}"),
        ("mail.roundtrip", "smtp://{host}:25"),
    ],
)
def test_every_target_takes_the_same_hosts(probe: str, good: str) -> None:
    form = PROBES[probe].target
    for host in (
        "faß.example",
        "☃.net",
        "foo_bar.bücher.example",
        "127.1",
        "[fe80::1%lo]",
        "[fe80::1%25lo]",
        "h.",
        "-a-",
    ):
        assert form.trouble(good.format(host=host)) == "", host
        assert form.place(good.format(host=host))[0].isascii()
    for host in ("a..b", "1.2.3.4.5", "{host}", "[::1", "a" * 64, "a<b"):
        told = form.trouble(good.format(host=host))
        assert told.startswith("expected"), host
        assert "\n" not in told


@pytest.mark.parametrize(
    ("target", "server", "name"),
    [
        ("dns:ü.example", "", "ü.example"),
        ("dns:.", "", "."),
        ("dns://h/.", "h", "."),
        ("dns://[fe80::1%lo]:53/_sip._udp.x", "[fe80::1%lo]:53", "_sip._udp.x"),
    ],
)
def test_a_dns_target_holds_a_server_and_a_name(target: str, server: str, name: str) -> None:
    assert DNS.trouble(target) == ""
    assert DNS.split(target) == (server, name)


@pytest.mark.parametrize("connect", ["127.1:80", "☃.net:80", "[fe80::1%lo]:80", "[fe80::1%25lo]:80", "a_b:80"])
def test_connect_takes_them_too(connect: str) -> None:
    assert connect_trouble(connect) == ""


def test_the_name_servers_of_this_machine_may_have_zones(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver fe80::53%lo\nnameserver 127.1\nnameserver nonsense\nnameserver FE80::53%eth0 # x\n")
    assert [host for host, _ in nameservers(path)] == ["fe80::53%lo", "127.0.0.1", "fe80::53%eth0"]


@pytest.mark.parametrize(
    ("kind", "text", "plain"),
    [
        ("CNAME", "bücher.example.", "xn--bcher-kva.example."),
        ("MX", "10 mail.faß.example.", "10 mail.xn--fa-hia.example."),
        ("SRV", "0 5 5222 ☃.example.", "0 5 5222 xn--n3h.example."),
        ("TXT", "bücher", '"b\\195\\188cher"'),
    ],
)
def test_names_in_records_are_read_alike(kind: str, text: str, plain: str) -> None:
    assert read_value(kind, text).to_text() == plain


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("wache@bücher.example", "wache@xn--bcher-kva.example"),
        ("Wache@FAẞ.example", "Wache@xn--fa-hia.example"),
        ("wache@foo_bar.☃.net", "wache@foo_bar.xn--n3h.net"),
        ("wache@Mail.Example", "wache@mail.example"),
    ],
)
def test_the_domain_of_a_mailbox_is_read_alike(written: str, address: str) -> None:
    assert read_mailbox(written).address == address
    options = MailRoundtripOptions(to=written, imap="imaps://h", imap_secret="s")
    assert not list(options.troubles("smtp://h:25", ()))
    assert in_envelope(written).lower() == address.lower()


@pytest.mark.parametrize(
    "written", ["wache@a..b", "wache@a b", "wache@[::1", "wache@\u202ex", "wache@", "@x", "wäche@x.de"]
)
def test_what_is_no_mailbox_is_told(written: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        read_mailbox(written)


@pytest.mark.parametrize("scheme", ["HTTP", "Ws", "TCP", "Tls", "SMTP", "SMTPS", "IMAPS", "IRCS"])
async def test_a_scheme_may_stand_in_any_case(vantage: Vantage, scheme: str) -> None:
    probe = {"ws": "websocket", "smtps": "smtp", "imaps": "imap", "ircs": "irc"}.get(scheme.lower(), scheme.lower())
    target = f"{scheme}://127.1:{refused_port()}"
    assert PROBES[probe].target.trouble(target) == ""
    told = await look_at(vantage, probe, target)
    assert told.code == "tcp.refused", told


async def test_a_sip_scheme_may_stand_in_any_case(vantage: Vantage) -> None:
    told = await look_at(vantage, "sip.options", f"SIPS:127.1:{refused_port()}")
    assert told.code == "tcp.refused", told
