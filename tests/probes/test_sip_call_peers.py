"""The call probe and far sides that misbehave."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from outagetui.core.model import Outcome
from outagetui.core.sip_uri import Hop
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.agent import Agent
from outagetui.protocols.sip.call import Call
from outagetui.protocols.sip.message import Incoming, compose
from outagetui.protocols.sip.ration import Grant
from tests.kit.scripted_phone import ScriptedPhone, call, call_phone
from tests.kit.scripted_servers import Pki
from tests.kit.scripted_sip import Peer, by_tcp, by_udp, reply


async def test_the_route_set_and_the_contact_are_kept_to(caller: Vantage, no_leaks: None) -> None:
    async with by_udp(lambda request: []) as far:
        phone = ScriptedPhone()

        def invited(request: Incoming) -> list[bytes]:
            headers = [("Record-Route", "<sip:two.invalid;lr>, <sip:one.invalid;lr;x=a%20b>")]
            headers += [("Record-Route", f"<sip:127.0.0.1:{far.port};lr>"), ("Contact", "<sip:desk@10.9.8.7:5099>")]
            return [reply(request, "200 OK", *headers, body=phone.sdp())]

        phone.replies["INVITE"] = invited
        far.handler = phone.handle
        sample, near = await call_phone(caller, phone)
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
    phone = ScriptedPhone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request)] * 3
    sample, peer = await call_phone(caller, phone)
    assert sample.outcome is Outcome.PASS
    assert len(peer.of("ACK")) == 3
    assert len(peer.of("BYE")) == 1


async def test_a_second_phone_that_answers_is_hung_up_on_too(caller: Vantage) -> None:
    phone = ScriptedPhone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request), phone.answer(request, tag="other")]
    sample, peer = await call_phone(caller, phone)
    assert sample.outcome is Outcome.PASS
    assert sorted(each.to_tag for each in peer.of("ACK")) == ["other", "there"]
    assert sorted(each.to_tag for each in peer.of("BYE")) == ["other", "there"]


async def test_a_call_answered_while_it_is_cancelled_is_hung_up(caller: Vantage, no_leaks: None) -> None:
    phone = ScriptedPhone()
    invites: list[Incoming] = []

    def ring(request: Incoming) -> list[bytes]:
        invites.append(request)
        return [reply(request, "180 Ringing")]

    phone.replies["INVITE"] = ring
    phone.replies["CANCEL"] = lambda request: [phone.answer(invites[0]), reply(request, "200 OK")]
    sample, peer = await call_phone(caller, phone, within=0.4)
    assert sample.code == "timeout"
    assert peer.methods == ["INVITE", "CANCEL", "ACK", "BYE"]
    assert peer.of("CANCEL")[0].branch == peer.of("INVITE")[0].branch


async def test_a_cancelled_call_that_is_refused_is_acknowledged(caller: Vantage) -> None:
    phone = ScriptedPhone()
    invites: list[Incoming] = []

    def ring(request: Incoming) -> list[bytes]:
        invites.append(request)
        return [reply(request, "183 Session Progress")]

    phone.replies["INVITE"] = ring
    phone.replies["CANCEL"] = lambda request: [reply(request, "200 OK"), reply(invites[0], "487 Request Terminated")]
    sample, peer = await call_phone(caller, phone, within=0.4)
    assert sample.code == "timeout"
    assert peer.methods == ["INVITE", "CANCEL", "ACK"]
    assert peer.of("ACK")[0].branch == peer.of("INVITE")[0].branch


async def test_a_call_nobody_was_heard_of_is_not_cancelled(caller: Vantage) -> None:
    sample, peer = await call_phone(caller, ScriptedPhone(INVITE=lambda _: []), within=0.3)
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
    sample, peer = await call_phone(caller, ScriptedPhone(), lambda peer: peer.say(bye(peer.of("ACK")[0])))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.hung-up")
    assert [each.code for each in peer.of("BYE")] == [200]


async def test_a_stranger_cannot_hang_up(caller: Vantage) -> None:
    def strange(peer: Peer) -> None:
        message = bye(peer.of("ACK")[0])
        peer.say(message.replace(b"tag=there", b"tag=stranger"))

    sample, peer = await call_phone(caller, ScriptedPhone(), strange)
    assert sample.outcome is Outcome.PASS
    assert [each.code for each in peer.of("BYE")] == [481, 0]


async def test_a_far_side_that_ignores_the_bye_is_told_and_asked_again(caller: Vantage) -> None:
    sample, peer = await call_phone(caller, ScriptedPhone(BYE=lambda _: []), within=2.2)
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
    sample, peer = await call_phone(caller, ScriptedPhone(change))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert peer.methods[-1] == "BYE"


@pytest.mark.parametrize(("share", "outcome"), [(10, Outcome.PASS), (4, Outcome.WARN), (2, Outcome.FAIL)])
async def test_loss_lowers_the_score_to_slow_and_down(caller: Vantage, share: int, outcome: Outcome) -> None:
    count = 0

    def lossy(data: bytes) -> bytes | None:
        nonlocal count
        count += 1
        return None if count % share == 0 else data

    sample, _ = await call_phone(caller, ScriptedPhone(lossy), mos_down=2.8)
    assert (sample.outcome, sample.code) == (outcome, "" if outcome is Outcome.PASS else "sip.mos"), sample.detail
    assert sample.value is not None


@pytest.mark.parametrize("codec", [9, 18])
async def test_a_far_side_without_our_codec_fails_and_is_hung_up_on(caller: Vantage, codec: int) -> None:
    phone = ScriptedPhone()
    phone.replies["INVITE"] = lambda request: [phone.answer(request, codec)]
    sample, peer = await call_phone(caller, phone)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-media")
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_an_answer_without_a_session_fails_and_is_hung_up_on(caller: Vantage) -> None:
    sample, peer = await call_phone(caller, ScriptedPhone(INVITE=lambda request: [reply(request, "200 OK")]))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.no-media")
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_a_redirection_is_not_followed(caller: Vantage) -> None:
    moved = ScriptedPhone(
        INVITE=lambda request: (
            [] if request.method == "ACK" else [reply(request, "302 Moved", ("Contact", "<sip:0900@premium.example>"))]
        )
    )
    sample, peer = await call_phone(caller, moved)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.302")
    assert peer.methods == ["INVITE", "ACK"]


async def test_a_new_offer_within_the_call_is_answered(caller: Vantage) -> None:
    def again(peer: Peer) -> None:
        message = bye(peer.of("ACK")[0])
        peer.say(message.replace(b"BYE sip:x", b"INVITE sip:x").replace(b"1 BYE", b"1 INVITE"))

    sample, peer = await call_phone(caller, ScriptedPhone(), again)
    assert sample.outcome is Outcome.PASS
    assert [each.code for each in peer.of("INVITE")] == [0, 200]


async def test_the_guard_ends_a_call_that_the_probe_would_leave_standing(caller: Vantage) -> None:
    phone = ScriptedPhone()
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
    phone = ScriptedPhone()
    with contextlib.closing(phone):
        async with by_tcp(phone.handle, context=pki.good()) as peer:
            sample = await call(caller, f"localhost:{peer.port};transport=tls", ca=pki.ca)
    assert sample.outcome is Outcome.PASS, sample
    assert peer.methods == ["INVITE", "ACK", "BYE"]


async def test_a_connection_that_is_lost_during_the_call_is_told(caller: Vantage, no_leaks: None) -> None:
    phone = ScriptedPhone(BYE=lambda _: [])
    with contextlib.closing(phone):
        async with by_tcp(phone.handle) as peer:
            task = asyncio.ensure_future(call(caller, f"127.0.0.1:{peer.port};transport=tcp"))
            await peer.until("ACK")
        sample = await task
        await caller.aclose()
    assert (sample.outcome, sample.code) == (Outcome.WARN, "sip.bye-unanswered")
