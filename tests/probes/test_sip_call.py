"""The call probe through kamailio to a real echo extension, a bad network, and far sides that misbehave."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from outagetui.model import Outcome, Sample
from outagetui.probes.vantage import Vantage
from outagetui.secrets import Secrets
from outagetui.sip.message import Incoming, compose
from outagetui.sip.ration import FILE
from tests.probes.cancel import cancelled_at
from tests.probes.servers import Pki, look_at, refused_port
from tests.servers.kamailio import Kamailio
from tests.servers.sipp import Sipp
from tests.servers.udp_proxy import UdpProxy
from tests.sip.peers import Handler, Peer, by_tcp, by_udp, reply

ECHO = "sip:echo@example.test"


@pytest.fixture(scope="module")
def kamailio() -> Iterator[Kamailio]:
    server = Kamailio.start()
    server.add_user("alice", "geheim")
    yield server
    server.stop()


@contextlib.contextmanager
def extension(kamailio: Kamailio, **more: object) -> Iterator[Sipp]:
    """An extension behind `kamailio`, called echo."""
    phone = Sipp.start(**more)  # type: ignore[arg-type]
    kamailio.route_echo(phone.address)
    try:
        yield phone
    finally:
        phone.stop()


@pytest.fixture
async def caller(secret_directory: Path, tmp_path: Path) -> AsyncIterator[Vantage]:
    for name, content in (("right", "geheim\n"), ("wrong", "falsch\n")):
        path = secret_directory / name
        path.write_text(content)
        path.chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}), tmp_path)
    yield place
    await place.aclose()


async def call(
    vantage: Vantage, proxy: str, target: str = ECHO, *, secret: str = "right", within: float = 6.0, **more: object
) -> Sample:
    options = {"seconds": 1.0, "user": "alice", "calls_per_day": 10000} | more
    return await look_at(vantage, "sip.call", target, proxy=proxy, secret=secret, within=within, **options)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_echo_is_heard_judged_and_hung_up_on(
    kamailio: Kamailio, caller: Vantage, no_leaks: None, transport: str
) -> None:
    with extension(kamailio) as phone:
        sample = await call(caller, f"{kamailio.address};transport={transport}")
        counts = phone.wait_for(1)
    assert (sample.outcome, sample.code) == (Outcome.PASS, ""), sample.detail
    assert sample.value == pytest.approx(4.4, abs=0.1)
    assert "estimated (E-model)" in sample.detail
    assert "50 of 50 packets" in sample.detail
    phases = ["resolve", *(["connect"] if transport == "tcp" else []), "invite", "media", "bye"]
    assert list(sample.phases) == phases
    assert sample.latency_ms is not None
    assert sample.latency_ms < 500
    assert counts == {"created": 1, "open": 0, "successful": 1, "failed": 0}


async def test_a_silent_extension_is_one_way_audio(kamailio: Kamailio, caller: Vantage) -> None:
    with extension(kamailio, echo=False) as phone:
        sample = await call(caller, kamailio.address)
        counts = phone.wait_for(1)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-audio")
    assert (counts["successful"], counts["open"]) == (1, 0)


async def test_a_number_that_is_not_there_fails_with_its_code(kamailio: Kamailio, caller: Vantage) -> None:
    sample = await call(caller, kamailio.address, "sip:nobody@example.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.404")


async def test_a_wrong_password_places_no_call(kamailio: Kamailio, caller: Vantage) -> None:
    with extension(kamailio) as phone:
        sample = await call(caller, kamailio.address, secret="wrong")
        assert phone.counts()["created"] == 0
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.407")
    assert "the password was refused" in sample.detail


async def test_faults_of_the_server_have_their_codes(kamailio: Kamailio, caller: Vantage, no_leaks: None) -> None:
    kamailio.set_mode("503")
    overloaded = await call(caller, kamailio.address)
    kamailio.set_mode("ok")
    closed = await call(caller, f"127.0.0.1:{refused_port()}")
    assert (overloaded.outcome, overloaded.code) == (Outcome.FAIL, "sip.503")
    assert (closed.outcome, closed.code) == (Outcome.FAIL, "sip.refused")


async def test_a_hung_server_times_out_and_no_call_is_left_when_it_wakes(kamailio: Kamailio, caller: Vantage) -> None:
    with extension(kamailio) as phone:
        kamailio.freeze()
        try:
            sample = await call(caller, kamailio.address, within=0.7)
        finally:
            kamailio.thaw()
        await caller.aclose()
        assert phone.counts()["open"] == 0
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


async def test_a_hung_phone_times_out_and_is_cancelled(kamailio: Kamailio, caller: Vantage) -> None:
    with extension(kamailio) as phone:
        phone.freeze()
        sample = await call(caller, kamailio.address, within=0.7)
        phone.thaw()
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


async def test_a_phone_that_only_rings_is_cancelled(kamailio: Kamailio, caller: Vantage, no_leaks: None) -> None:
    with extension(kamailio, scenario="ringing") as phone:
        sample = await call(caller, kamailio.address, within=0.7)
        await caller.aclose()
        counts = phone.wait_for(1)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert "180 Ringing" in sample.detail
    assert counts == {"created": 1, "open": 0, "successful": 1, "failed": 0}


async def test_a_few_lost_messages_do_not_lose_the_call(kamailio: Kamailio, caller: Vantage) -> None:
    proxy = await UdpProxy.start((kamailio.host, kamailio.port))
    lost: set[bytes] = set()

    def first_of_each(data: bytes) -> bool:
        word = data.split(b" ", 1)[0]
        if word in (b"INVITE", b"ACK", b"BYE") and word not in lost:
            lost.add(word)
            return True
        return False

    proxy.lose = first_of_each
    try:
        with extension(kamailio) as phone:
            sample = await call(caller, f"127.0.0.1:{proxy.port}", within=8)
            counts = phone.wait_for(1)
    finally:
        proxy.stop()
    assert sample.outcome is Outcome.PASS, sample
    assert lost >= {b"INVITE", b"ACK"}
    assert (counts["successful"], counts["open"]) == (1, 0)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_cancelled_at_any_await_no_call_is_left(
    kamailio: Kamailio, secret_directory: Path, caller: Vantage, no_leaks: None, transport: str
) -> None:
    del caller
    with extension(kamailio) as phone:
        proxy = f"{kamailio.address};transport={transport}"
        # Each packet of the sound has an await of its own: a few of them are as good as all.
        for number in (*range(1, 10), 20, *range(29, 40)):
            vantage = Vantage("here", Secrets(secret_directory, {}))
            more = await cancelled_at(lambda vantage=vantage: call(vantage, proxy, seconds=0.5), number)
            await vantage.aclose()
            if not more:
                break
        counts = phone.wait_for(phone.counts()["created"])
    assert not more
    assert counts["created"] >= 3
    assert (counts["open"], counts["failed"]) == (0, 0)


async def test_calls_are_counted_and_refused_when_spent(kamailio: Kamailio, caller: Vantage, tmp_path: Path) -> None:
    with extension(kamailio) as phone:
        first = await call(caller, kamailio.address, calls_per_day=1)
        second = await call(caller, kamailio.address, calls_per_day=1)
        restarted = Vantage("here", caller.secrets, tmp_path)
        third = await call(restarted, kamailio.address, calls_per_day=1)
        await restarted.aclose()
        assert phone.wait_for(1)["created"] == 1
    assert first.outcome is Outcome.PASS, first
    assert (second.outcome, second.code) == (Outcome.UNKNOWN, "sip.calls-spent")
    assert third.code == "sip.calls-spent"
    assert (tmp_path / FILE).exists()


class Phone:
    """A far side of our own making: answers, echoes as told, and hangs up when told."""

    def __init__(self, change: Callable[[bytes], bytes | None] = lambda data: data, **replies: Handler) -> None:
        self.change, self.replies = change, replies
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.sock.bind(("127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(self.sock, self._echo)

    def _echo(self) -> None:
        data, source = self.sock.recvfrom(4096)
        changed = self.change(data)
        if changed is not None:
            self.sock.sendto(changed, source)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.sock)
        self.sock.close()

    def sdp(self, codec: int = 0) -> bytes:
        port = self.sock.getsockname()[1]
        return f"v=0\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {codec}\r\n".encode()

    def handle(self, request: Incoming) -> list[bytes]:
        if request.method in self.replies:
            return self.replies[request.method](request)
        if request.method == "ACK":
            return []
        if request.method == "INVITE":
            return [reply(request, "180 Ringing"), self.answer(request)]
        return [reply(request, "200 OK")]

    def answer(self, request: Incoming, codec: int = 0, tag: str = "there") -> bytes:
        return reply(request, "200 OK", ("Content-Type", "application/sdp"), body=self.sdp(codec), tag=tag)


async def with_phone(
    vantage: Vantage, phone: Phone, during: Callable[[Peer], object] | None = None, within: float = 4.0, **more: object
) -> tuple[Sample, Peer]:
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            task = asyncio.ensure_future(call(vantage, f"127.0.0.1:{peer.port}", within=within, **more))
            if during is not None:
                await peer.until("ACK")
                await asyncio.sleep(0.05)
                during(peer)
            sample = await task
            await vantage.aclose()
    return sample, peer


async def test_the_route_set_and_the_contact_are_kept_to(caller: Vantage, no_leaks: None) -> None:
    async with by_udp(lambda request: []) as far:
        phone = Phone()

        def invited(request: Incoming) -> list[bytes]:
            headers = [("Record-Route", "<sip:two.invalid;lr>, <sip:one.invalid;lr;x=a%20b>")]
            headers += [("Record-Route", f"<sip:127.0.0.1:{far.port};lr>"), ("Contact", "<sip:desk@10.9.8.7:5099>")]
            return [reply(request, "200 OK", *headers, body=phone.sdp())]

        phone.replies["INVITE"] = invited
        far.handler = phone.handle
        sample, near = await with_phone(caller, phone)
    assert sample.outcome is Outcome.PASS, sample
    assert near.methods == ["INVITE"]
    assert far.methods == ["ACK", "BYE"]
    for request in far.received:
        assert request.every("route") == [
            f"<sip:127.0.0.1:{far.port};lr>",
            "<sip:one.invalid;lr;x=a%20b>",
            "<sip:two.invalid;lr>",
        ]
        assert request.to_tag == "there"
    assert [each.seq for each in far.received] == [1, 2]


async def test_an_answer_that_comes_again_is_acknowledged_again(caller: Vantage) -> None:
    phone = Phone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request)] * 3
    sample, peer = await with_phone(caller, phone)
    assert sample.outcome is Outcome.PASS
    assert len(peer.of("ACK")) == 3
    assert len(peer.of("BYE")) == 1


async def test_a_second_phone_that_answers_is_hung_up_on_too(caller: Vantage) -> None:
    phone = Phone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request), phone.answer(request, tag="other")]
    sample, peer = await with_phone(caller, phone)
    assert sample.outcome is Outcome.PASS
    assert sorted(each.to_tag for each in peer.of("ACK")) == ["other", "there"]
    assert sorted(each.to_tag for each in peer.of("BYE")) == ["other", "there"]


async def test_a_call_answered_while_it_is_cancelled_is_hung_up(caller: Vantage, no_leaks: None) -> None:
    phone = Phone()
    invites: list[Incoming] = []

    def ring(request: Incoming) -> list[bytes]:
        invites.append(request)
        return [reply(request, "180 Ringing")]

    phone.replies["INVITE"] = ring
    phone.replies["CANCEL"] = lambda request: [phone.answer(invites[0]), reply(request, "200 OK")]
    sample, peer = await with_phone(caller, phone, within=0.4)
    assert sample.code == "timeout"
    assert peer.methods == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert peer.of("CANCEL")[0].branch == peer.of("INVITE")[0].branch


async def test_a_cancelled_call_that_is_refused_is_acknowledged(caller: Vantage) -> None:
    phone = Phone()
    invites: list[Incoming] = []

    def ring(request: Incoming) -> list[bytes]:
        invites.append(request)
        return [reply(request, "183 Session Progress")]

    phone.replies["INVITE"] = ring
    phone.replies["CANCEL"] = lambda request: [reply(request, "200 OK"), reply(invites[0], "487 Request Terminated")]
    sample, peer = await with_phone(caller, phone, within=0.4)
    assert sample.code == "timeout"
    assert peer.methods == ["INVITE", "CANCEL", "ACK"]
    assert peer.of("ACK")[0].branch == peer.of("INVITE")[0].branch


async def test_a_call_nobody_was_heard_of_is_not_cancelled(caller: Vantage) -> None:
    sample, peer = await with_phone(caller, Phone(INVITE=lambda _: []), within=0.3)
    assert sample.code == "timeout"
    assert set(peer.methods) == {"INVITE"}


def bye(request: Incoming) -> bytes:
    headers = [
        ("Via", "SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKbye"),
        ("From", request.first("to")),
        ("To", request.first("from")),
    ]
    return compose("BYE sip:x SIP/2.0", [*headers, ("Call-ID", request.call_id), ("CSeq", "1 BYE")])


async def test_a_far_side_that_hangs_up_early_fails(caller: Vantage) -> None:
    sample, peer = await with_phone(caller, Phone(), lambda peer: peer.say(bye(peer.of("ACK")[0])))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.hung-up")
    assert [each.code for each in peer.of("BYE")] == [200]


async def test_a_stranger_cannot_hang_up(caller: Vantage) -> None:
    def strange(peer: Peer) -> None:
        message = bye(peer.of("ACK")[0])
        peer.say(message.replace(b"tag=there", b"tag=stranger"))

    sample, peer = await with_phone(caller, Phone(), strange)
    assert sample.outcome is Outcome.PASS
    assert [each.code for each in peer.of("BYE")] == [481, 0]


async def test_a_far_side_that_ignores_the_bye_is_told_and_asked_again(caller: Vantage) -> None:
    sample, peer = await with_phone(caller, Phone(BYE=lambda _: []), within=2.2)
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.bye-unanswered")
    assert sample.value is not None
    assert len(peer.of("BYE")) >= 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: None, "sip.no-audio"),
        (lambda data: data[:12] + b"\x55" * 160, "sip.no-echo"),
        (lambda data: data[:2] + b"\0\0" + data[4:], "sip.no-audio"),
        (lambda data: b"\xff" * 40, "sip.no-audio"),
        (lambda data: data[:5], "sip.no-audio"),
    ],
)
async def test_sound_that_is_no_echo_of_ours_never_passes(
    caller: Vantage, change: Callable[[bytes], bytes | None], code: str
) -> None:
    sample, peer = await with_phone(caller, Phone(change))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert peer.methods[-1] == "BYE"


@pytest.mark.parametrize(("share", "outcome"), [(10, Outcome.PASS), (4, Outcome.WARN), (2, Outcome.FAIL)])
async def test_loss_lowers_the_score_to_slow_and_down(caller: Vantage, share: int, outcome: Outcome) -> None:
    count = 0

    def lossy(data: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return None if count % share == 0 else data

    sample, _ = await with_phone(caller, Phone(lossy), mos_down=2.8)
    assert (sample.outcome, sample.code) == (outcome, "" if outcome is Outcome.PASS else "sip.mos"), sample.detail
    assert sample.value is not None


@pytest.mark.parametrize("codec", [8, 18])
async def test_a_far_side_without_our_codec_fails_and_is_hung_up_on(caller: Vantage, codec: int) -> None:
    phone = Phone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request, codec)]
    sample, peer = await with_phone(caller, phone)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-media")
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_an_answer_without_a_session_fails_and_is_hung_up_on(caller: Vantage) -> None:
    sample, peer = await with_phone(caller, Phone(INVITE=lambda request: [reply(request, "200 OK")]))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-media")
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_a_redirection_is_not_followed(caller: Vantage) -> None:
    moved = Phone(
        INVITE=lambda request: (
            [] if request.method == "ACK" else [reply(request, "302 Moved", ("Contact", "<sip:0900@premium.example>"))]
        )
    )
    sample, peer = await with_phone(caller, moved)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.302")
    assert peer.methods == ["INVITE", "ACK"]


async def test_a_new_offer_within_the_call_is_declined(caller: Vantage) -> None:
    def again(peer: Peer) -> None:
        message = bye(peer.of("ACK")[0])
        peer.say(message.replace(b"BYE sip:x", b"INVITE sip:x").replace(b"1 BYE", b"1 INVITE"))

    sample, peer = await with_phone(caller, Phone(), again)
    assert sample.outcome is Outcome.PASS
    assert [each.code for each in peer.of("INVITE")] == [0, 488]


async def test_the_guard_ends_a_call_that_the_probe_would_leave_standing(caller: Vantage) -> None:
    from outagetui.sip.agent import Agent
    from outagetui.sip.call import Call
    from outagetui.sip.ration import Grant
    from outagetui.sip.uri import Hop

    phone = Phone()
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            agent = Agent(caller)
            until = asyncio.get_running_loop().time() + 5
            standing = Call(agent, Grant("sip:1@127.0.0.1", 0.2), "alice")
            spots = await agent.reach(Hop("127.0.0.1", peer.port, "udp"), until)
            await standing.place(spots, "sip:alice@127.0.0.1", lambda _: 4000, until)
            await asyncio.wait_for(standing.stop.wait(), 5)
            await peer.until("BYE")
            await agent.aclose()
    assert peer.of("INVITE")[0].headers["to"] == ("<sip:1@127.0.0.1>",)


async def test_over_tls_the_whole_call_stays_on_the_connection(caller: Vantage, pki: Pki, no_leaks: None) -> None:
    phone = Phone()
    with contextlib.closing(phone):
        async with by_tcp(phone.handle, context=pki.good()) as peer:
            sample = await call(caller, f"localhost:{peer.port};transport=tls", ca=pki.ca)
    assert sample.outcome is Outcome.PASS, sample
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_a_connection_that_is_lost_during_the_call_is_told(caller: Vantage, no_leaks: None) -> None:
    phone = Phone(BYE=lambda _: [])
    with contextlib.closing(phone):
        async with by_tcp(phone.handle) as peer:
            task = asyncio.ensure_future(call(caller, f"127.0.0.1:{peer.port};transport=tcp"))
            await peer.until("ACK")
        sample = await task
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.bye-unanswered")
