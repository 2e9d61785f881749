"""Every server and address of a domain is tried in its order, and the other host that a server names."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.net import resolve
from outagetui.net.vantage import Vantage
from tests.kit.scripted_nameservers import nameserver, reply_to
from tests.kit.scripted_servers import Handler, Pki, black_hole, hanging, look_at, refused_port, saying, serve
from tests.kit.scripted_xmpp import ending, obliging, offering

Serve = Callable[..., Any]


@pytest.fixture
async def records(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, list[str]]]:
    """SRV records by service; what is not there does not exist."""
    zone: dict[str, list[str]] = {}

    def answer(query: Any, _: bool) -> list[bytes]:
        name = query.question[0].name.to_text()
        lines = [f"{name} SRV {each}" for each in zone.get(name.partition(".")[0], [])]
        return [reply_to(query, *lines, rcode=0 if lines else 3).to_wire()]

    async with nameserver(answer) as port:
        monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", port)])
        yield zone


@pytest.fixture
async def house(pki: Pki) -> AsyncIterator[Serve]:
    """Serve a handler under TLS for example.test, or `plain`, or with another certificate; returns its port."""
    async with AsyncExitStack() as stack:

        async def one(
            handler: Handler, *, plain: bool = False, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
        ) -> int:
            under = None if plain else context or pki.good("example.test")
            return (await stack.enter_async_context(serve(handler, context=under, host=host))).port

        yield one


async def look(place: Vantage, pki: Pki, within: float = 3.0, **options: Any) -> Sample:
    given: dict[str, Any] = {"secret": "right", "ca": pki.ca} | options
    return await look_at(place, "xmpp", "xmpp://watch@example.test", within=within, **given)


CONDITIONS = ("system-shutdown", "internal-server-error", "host-unknown", "resource-constraint", "policy-violation")


@pytest.mark.parametrize(
    "bad",
    [
        "refused",
        "silent",
        "black hole",
        "closed",
        "no XMPP",
        "wrong certificate",
        "no TLS",
        "passing refusal",
        *CONDITIONS,
    ],
)
async def test_the_next_server_is_tried_whatever_is_wrong_with_the_first(
    place: Vantage, pki: Pki, records: dict[str, list[str]], house: Serve, bad: str
) -> None:
    wrong: dict[str, tuple[Handler, dict[str, Any]]] = {
        "silent": (hanging(), {}),
        "closed": (saying(b""), {}),
        "no XMPP": (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {}),
        "wrong certificate": (obliging(), {"context": pki.good("elsewhere.test")}),
        "no TLS": (saying(b"SSH-2.0-x\r\n"), {"plain": True}),
        "passing refusal": (obliging(failure="temporary-auth-failure"), {}),
    }
    with black_hole() as nowhere:
        if bad in ("refused", "black hole"):
            first = refused_port() if bad == "refused" else nowhere
        else:
            handler, how = wrong.get(bad, (ending(bad), {}))
            first = await house(handler, **how)
        good = await house(obliging())
        records["_xmpps-client"] = [f"5 0 {first} localhost.", f"9 0 {good} localhost."]
        sample = await look(place, pki)
    assert (sample.outcome, sample.code) == (Outcome.PASS, ""), sample
    assert f":{good} " in sample.detail


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_a_stream_error_before_tls_leads_to_the_next_server_too(
    place: Vantage, pki: Pki, records: dict[str, list[str]], house: Serve, condition: str
) -> None:
    good = await house(obliging())
    records["_xmpp-client"] = [f"5 0 {await house(ending(condition), plain=True)} localhost."]
    records["_xmpps-client"] = [f"9 0 {good} localhost."]
    assert (await look(place, pki)).outcome is Outcome.PASS


async def test_a_wrong_password_is_not_tried_at_every_server(
    place: Vantage, pki: Pki, records: dict[str, list[str]], house: Serve
) -> None:
    first, second = await house(obliging(failure="not-authorized")), await house(obliging())
    records["_xmpps-client"] = [f"5 0 {first} localhost.", f"9 0 {second} localhost."]
    assert (await look(place, pki)).code == "xmpp.not-authorized"


async def test_when_every_way_fails_all_of_them_are_told(
    place: Vantage, pki: Pki, records: dict[str, list[str]], house: Serve
) -> None:
    other = await house(obliging(), context=pki.good("elsewhere.test"))
    records["_xmpps-client"] = [f"5 0 {refused_port()} 127.0.0.1.test.", f"9 0 {other} localhost."]
    records["_xmpp-client"] = [f"7 0 {refused_port()} localhost."]
    sample = await look(place, pki)
    assert sample.outcome is Outcome.FAIL
    assert "ways too: " in sample.detail
    assert "tls.hostname" in sample.code + sample.detail
    assert "tcp.refused" in sample.code + sample.detail


async def test_twelve_dead_servers_before_the_one_that_lives(
    place: Vantage, pki: Pki, records: dict[str, list[str]], house: Serve
) -> None:
    dead = [f"{number} 0 {refused_port()} localhost." for number in range(12)]
    records["_xmpps-client"] = [*dead, f"99 0 {await house(obliging())} localhost."]
    assert (await look(place, pki)).outcome is Outcome.PASS


async def test_another_address_of_the_same_name_is_tried(
    place: Vantage, pki: Pki, house: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = await house(ending("system-shutdown"))
    async with serve(obliging(), context=pki.good("example.test"), host="127.0.0.2", port=port):
        both = [resolve.Address(2, "127.0.0.1", port), resolve.Address(2, "127.0.0.2", port)]
        usual = place.resolve

        async def named(host: str, port: int, **options: Any) -> list[resolve.Address]:
            return both if host == "two.test" else await usual(host, port, **options)

        monkeypatch.setattr(place, "resolve", named)
        sample = await look(place, pki, connect=f"two.test:{port}", direct_tls=True)
    assert sample.outcome is Outcome.PASS, sample
    assert "127.0.0.2" in sample.detail


@pytest.mark.parametrize(
    ("direct", "starttls", "code"),
    [
        (["0 0 0 ."], [], "tcp.refused"),  # no direct TLS, and nothing said of the other: the domain itself
        ([], ["0 0 0 ."], "xmpp.not-offered"),
        (["0 0 0 ."], ["0 0 0 ."], "xmpp.not-offered"),
        (["1 0 PORT localhost."], ["0 0 0 ."], ""),
        (["0 0 0 ."], ["5 0 DEAD localhost."], "tcp.refused"),
        (["5 0 DEAD localhost.", "6 0 0 .", "7 0 PORT localhost."], [], ""),
    ],
)
async def test_a_root_as_target_declines_that_service_alone(
    place: Vantage,
    pki: Pki,
    records: dict[str, list[str]],
    house: Serve,
    monkeypatch: pytest.MonkeyPatch,
    direct: list[str],
    starttls: list[str],
    code: str,
) -> None:
    good, dead = await house(obliging()), refused_port()
    usual = place.resolve

    async def named(host: str, port: int, **options: Any) -> list[resolve.Address]:
        itself = [resolve.Address(2, "127.0.0.1", dead)]
        return itself if host == "example.test" else await usual(host, port, **options)

    monkeypatch.setattr(place, "resolve", named)
    for service, lines in (("_xmpps-client", direct), ("_xmpp-client", starttls)):
        records[service] = [each.replace("PORT", str(good)).replace("DEAD", str(dead)) for each in lines]
    assert (await look(place, pki)).code == code


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "localhost:{}", "[::ffff:127.0.0.1]:{}", " 127.0.0.1:{}\n"])
@pytest.mark.parametrize("plain", [False, True])
async def test_the_other_host_that_a_server_names_is_gone_to(
    place: Vantage, pki: Pki, house: Serve, form: str, plain: bool
) -> None:
    good = await house(obliging())
    first = await house(ending("see-other-host", form.format(good)), plain=plain)
    sample = await look(place, pki, connect=f"127.0.0.1:{first}", direct_tls=not plain)
    assert (sample.outcome, sample.code) == (Outcome.PASS, ""), sample
    assert f":{good} " in sample.detail


async def test_an_ipv6_address_in_brackets_is_another_host(place: Vantage, pki: Pki, house: Serve) -> None:
    good = await house(obliging(), host="::1")
    for form in (f"[::1]:{good}",):
        first = await house(ending("see-other-host", form))
        sample = await look(place, pki, connect=f"127.0.0.1:{first}", direct_tls=True)
        assert sample.outcome is Outcome.PASS, sample


async def test_servers_that_send_us_round_and_round_are_left(place: Vantage, pki: Pki, house: Serve) -> None:
    ports: list[int] = []

    async def round_and_round(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ending("see-other-host", f"127.0.0.1:{ports[1]}")(reader, writer)

    ports.append(await house(round_and_round))
    ports.append(await house(ending("see-other-host", f"127.0.0.1:{ports[0]}")))
    sample = await look(place, pki, connect=f"127.0.0.1:{ports[0]}", direct_tls=True)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.stream-error")
    assert "see-other-host" in sample.detail


async def test_a_chain_of_other_hosts_ends_somewhere(place: Vantage, pki: Pki, house: Serve) -> None:
    port = await house(obliging())
    for _ in range(5):
        port = await house(ending("see-other-host", f"127.0.0.1:{port}"))
    assert (await look(place, pki, connect=f"127.0.0.1:{port}", direct_tls=True)).outcome is Outcome.PASS
    await asyncio.sleep(0)
    port = await house(ending("see-other-host", f"127.0.0.1:{port}"))
    sample = await look(place, pki, connect=f"127.0.0.1:{port}", direct_tls=True)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.stream-error")


@pytest.mark.parametrize("where", ["", "http://[::1", "a b", "a:99999", "[::1", "x" * 500, "user@host", "127.0.0.1:0"])
async def test_another_host_that_is_none_is_the_servers_failure(
    place: Vantage, pki: Pki, house: Serve, where: str
) -> None:
    first = await house(ending("see-other-host", where))
    sample = await look(place, pki, connect=f"127.0.0.1:{first}", direct_tls=True)
    assert sample.outcome is Outcome.FAIL, sample


async def test_the_password_does_not_follow_to_a_host_with_another_certificate(
    place: Vantage, pki: Pki, house: Serve
) -> None:
    thief = await house(obliging(), context=pki.good("thief.test"))
    first = await house(ending("see-other-host", f"127.0.0.1:{thief}"), plain=True)
    sample = await look(place, pki, connect=f"127.0.0.1:{first}")
    assert sample.outcome is Outcome.FAIL
    assert "tls.hostname" in sample.code + sample.detail


@pytest.mark.parametrize("known", [["xmpp-client", "http/1.1"], ["http/1.1"], []])
async def test_direct_tls_says_by_alpn_that_it_wants_xmpp(
    place: Vantage, pki: Pki, house: Serve, known: list[str]
) -> None:
    context = pki.good("example.test")
    if known:
        context.set_alpn_protocols(known)
    chosen: list[str | None] = []

    async def told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await obliging()(reader, writer)

    port = await house(told, context=context)
    sample = await look(place, pki, connect=f"127.0.0.1:{port}", direct_tls=True)
    assert sample.outcome is Outcome.PASS, sample
    assert chosen == ["xmpp-client" if "xmpp-client" in known else None]


@pytest.mark.parametrize(
    "offered",
    [
        ("EXTERNAL",),
        ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"),
        ("OAUTHBEARER", "X-OAUTH2"),
        ("GSSAPI", "ANONYMOUS"),
        ("HT-SHA-256-NONE",),
    ],
)
async def test_logins_that_we_do_not_speak_are_our_own_limit(
    place: Vantage, pki: Pki, house: Serve, offered: tuple[str, ...]
) -> None:
    port = await house(obliging(features=offering(*offered)))
    sample = await look(place, pki, connect=f"127.0.0.1:{port}", direct_tls=True)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "xmpp.auth-missing")
    assert "does not speak" in sample.detail
    for each in offered:
        assert each in sample.detail


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (ending("policy-violation", text="Too many connections from your address"), "xmpp.throttled"),
        (ending("resource-constraint", text="Connection rate exceeded"), "xmpp.throttled"),
        (ending("policy-violation", text="This server wants a newer version of TLS"), "xmpp.stream-error"),
        (ending("resource-constraint", text="Too many users"), "xmpp.stream-error"),
        (ending("system-shutdown", text="Too many connections"), "xmpp.stream-error"),
        (obliging(failure="temporary-auth-failure", text="Too many login attempts, slow down"), "xmpp.throttled"),
        (obliging(failure="temporary-auth-failure", text="The directory is down"), "xmpp.temporary-auth-failure"),
        (obliging(failure="not-authorized", text="Too many letters"), "xmpp.not-authorized"),
    ],
)
async def test_who_says_that_we_come_too_often_is_not_down(
    place: Vantage, pki: Pki, house: Serve, handler: Handler, code: str
) -> None:
    sample = await look(place, pki, connect=f"127.0.0.1:{await house(handler)}", direct_tls=True)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN if "throttled" in code else Outcome.FAIL, code)
