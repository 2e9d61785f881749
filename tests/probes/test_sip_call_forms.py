"""The call probe and what a far side may legally say: how it answers, what it asks in the call, where it sends us."""

import asyncio
import contextlib
from collections.abc import Callable

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.message import Incoming, compose
from tests.kit.scripted_phone import ScriptedPhone, call, call_phone
from tests.kit.scripted_sip import Peer, by_udp, reply

SDP = ("Content-Type", "application/sdp")


def within_the_call(peer: Peer, method: str, body: bytes = b"", *more: tuple[str, str]) -> bytes:
    """A request of the far side within the call that `peer` has."""
    ack = peer.of("ACK")[0]
    headers = [
        ("Via", f"SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{method}"),
        ("From", ack.first("to")),
        ("To", ack.first("from")),
        ("Call-ID", ack.call_id),
        ("CSeq", f"7 {method}"),
        *more,
    ]
    return compose(f"{method} sip:x SIP/2.0", headers, body)


async def invited(vantage: Vantage, answers: Callable[[ScriptedPhone, Incoming], list[bytes]]) -> tuple[Sample, Peer]:
    """Call a phone that answers an INVITE so."""
    phone = ScriptedPhone()
    phone.replies["INVITE"] = lambda request: answers(phone, request)
    return await call_phone(vantage, phone)


HEADERS = {
    "a contact without brackets": [("Contact", "sip:desk@127.0.0.1:{port}")],
    "a contact in capitals": [("CONTACT", "<SIP:desk@127.0.0.1:{port};Transport=UDP;ob>")],
    "a compact name": [("m", "<sip:desk@127.0.0.1:{port}>")],
    "a contact with a name": [("Contact", '"Desk <1>, \\"home\\"" <sip:desk@127.0.0.1:{port}>;q=1;expires=60')],
    "a contact with a password and headers": [("Contact", "<sip:desk:x@127.0.0.1:{port};a=b?Subject=x>")],
    "a telephone number as contact": [("Contact", "<tel:+49-30-1;phone-context=example.test>")],
    "a transport that nobody here has": [("Contact", "<sip:desk@127.0.0.1:{port};transport=ws>")],
    "a folded line": [("Contact", "\r\n <sip:desk@127.0.0.1:{port}>")],
    "no contact": [],
    "what nobody knows": [("X-Nobody", "\u2603, <<>>"), ("Supported", ""), ("Session-Expires", "1800;refresher=uas")],
}


@pytest.mark.parametrize("form", HEADERS)
async def test_every_legal_form_of_an_answer_makes_a_call(caller: Vantage, form: str) -> None:
    phone = ScriptedPhone()
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            more = [(name, value.format(port=peer.port)) for name, value in HEADERS[form]]
            phone.replies["INVITE"] = lambda request: [reply(request, "200 OK", SDP, *more, body=phone.sdp())]
            sample = await call(caller, f"127.0.0.1:{peer.port}", within=4)
            await caller.aclose()
    assert sample.outcome is Outcome.PASS, sample
    assert peer.methods == ["INVITE", "ACK", "BYE"]
    assert peer.of("BYE")[0].to_tag == "there"


async def test_the_contact_is_kept_to_as_it_is_written(caller: Vantage) -> None:
    phone, starts = ScriptedPhone(), list[bytes]()
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            take = peer.take

            def noted(data: bytes, back: Callable[[bytes], None]) -> None:
                starts.append(data.partition(b"\r\n")[0])
                take(data, back)

            peer.take = noted  # type: ignore[method-assign]
            contact = f"<sip:a%20b:x@127.0.0.1:{peer.port};ob;line=1>"
            phone.replies["INVITE"] = lambda request: [
                reply(request, "200 OK", SDP, ("Contact", contact), body=phone.sdp())
            ]
            await call(caller, f"127.0.0.1:{peer.port}", within=4)
            await caller.aclose()
    assert [each.split()[1] for each in starts[1:]] == [contact[1:-1].encode()] * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"SIP/2.0 200 OK", b"SIP/2.0 200 "),
        lambda data: data.replace(b"SIP/2.0 200 OK", b"SIP/2.0 200"),
        lambda data: data.replace(b"SIP/2.0 200 OK", "SIP/2.0 200 Всё хорошо".encode()),
        lambda data: data.replace(b"Via: SIP/2.0/UDP 127.0.0.1:", b"v: SIP / 2.0 / UDP 127.0.0.1 : "),
        lambda data: data.replace(b";rport;", b";rport=5070;received=192.0.2.1;"),
        lambda data: data.replace(b"From: <", b'f:"A, <b>; tag=no" <').replace(b"\r\nTo: ", b"\r\nt:"),
        lambda data: data.replace(b";tag=", b" ; TAG = "),
        lambda data: data.replace(b"CSeq: 1 ", b"cseq:\t1  "),
        lambda data: data.replace(b"Call-ID", b"i"),
        lambda data: b"\r\n\r\n" + data,
    ],
)
async def test_every_legal_spelling_of_an_answer_is_read(caller: Vantage, change: Callable[[bytes], bytes]) -> None:
    sample, _ = await invited(caller, lambda phone, request: [change(phone.answer(request))])
    assert sample.outcome is Outcome.PASS, sample


async def test_a_house_that_speaks_a_law_is_spoken_to_in_a_law(caller: Vantage) -> None:
    kinds = set()

    def noted(data: bytes) -> bytes:
        kinds.add(data[1] & 0x7F)
        return data

    phone = ScriptedPhone(noted)
    phone.replies["INVITE"] = lambda request: [phone.answer(request, 8)]
    sample, peer = await call_phone(caller, phone)
    assert sample.outcome is Outcome.PASS
    assert "recoded" not in sample.detail
    assert kinds == {8}
    assert b"RTP/AVP 0 8\r\n" in peer.received[0].body


async def test_a_session_told_while_it_rang_counts_when_the_answer_has_none(caller: Vantage) -> None:
    def early(phone: ScriptedPhone, request: Incoming) -> list[bytes]:
        ringing = reply(request, "183 Session Progress", SDP, body=phone.sdp())
        other = reply(request, "180 Ringing", SDP, body=b"v=0\r\n", tag="another")
        return [reply(request, "100 Trying"), other, ringing, reply(request, "200 OK")]

    sample, _ = await invited(caller, early)
    assert sample.outcome is Outcome.PASS, sample


async def test_sound_at_a_name_goes_to_its_address(caller: Vantage) -> None:
    def named(host: bytes) -> Callable[[ScriptedPhone, Incoming], list[bytes]]:
        return lambda phone, request: [
            reply(request, "200 OK", SDP, body=phone.sdp().replace(b"127.0.0.1", host).replace(b" RTP", b"/2 RTP"))
        ]

    found, _ = await invited(caller, named(b"localhost"))
    lost, peer = await invited(caller, named(b"nowhere.invalid"))
    assert found.outcome is Outcome.PASS, found
    assert lost.code in ("sip.no-media", "dns.servfail", "dns.no-resolver")
    assert "the far side wants its sound at a name" in lost.detail
    assert peer.methods[-1] == "BYE"


# What we cannot speak is no fault of theirs.


@pytest.mark.parametrize(
    ("status", "more", "words"),
    [
        ("488 Not Acceptable Here", ("Warning", '305 pbx "Incompatible media format"'), "Incompatible media format"),
        ("606 Not Acceptable", ("X", "y"), "none of the sound this program speaks"),
        ("421 Extension Required", ("Require", "100rel"), "(100rel)"),
        ("420 Bad Extension", ("Unsupported", "outbound"), "(outbound)"),
        ("494 Security Agreement Required", ("X", "y"), "insists on what this program does not speak"),
    ],
)
async def test_a_refusal_for_what_we_do_not_speak_is_our_own_limit(
    caller: Vantage, status: str, more: tuple[str, str], words: str
) -> None:
    sample, peer = await invited(caller, lambda _, request: [reply(request, status, more)])
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, f"sip.{status[:3]}")
    assert words in sample.detail
    assert peer.methods == ["INVITE", "ACK"]


@pytest.mark.parametrize("status", ["404 Not Found", "480 Temporarily Unavailable", "486 Busy Here", "603 Decline"])
async def test_any_other_refusal_is_theirs(caller: Vantage, status: str) -> None:
    sample, _ = await invited(caller, lambda _, request: [reply(request, status)])
    assert (sample.outcome, sample.code) == (Outcome.FAIL, f"sip.{status[:3]}")


async def test_a_session_timer_that_is_wanted_is_promised(caller: Vantage) -> None:
    def timed(phone: ScriptedPhone, request: Incoming) -> list[bytes]:
        if request.first("session-expires") == "":
            return [reply(request, "422 Session Interval Too Small", ("Min-SE", "1800;x"))]
        return [phone.answer(request)]

    sample, peer = await invited(caller, timed)
    assert sample.outcome is Outcome.PASS, sample
    again = peer.of("INVITE")[1]
    assert (again.first("session-expires"), again.first("min-se"), again.seq) == ("1800", "1800", 2)
    stubborn, peer = await invited(
        caller, lambda _, request: [reply(request, "422 No", ("Min-SE", "1800"))] if request.method != "ACK" else []
    )
    assert (stubborn.code, len(peer.of("INVITE"))) == ("sip.422", 2)


# Within the call.


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("NOTIFY", 200), ("INFO", 200), ("UPDATE", 200), ("INVITE", 200), ("REFER", 603), ("FOO", 405)],
)
async def test_what_is_asked_within_the_call_is_answered(caller: Vantage, method: str, status: int) -> None:
    sample, peer = await call_phone(caller, ScriptedPhone(), lambda peer: peer.say(within_the_call(peer, method)))
    assert sample.outcome is Outcome.PASS, sample
    assert [each.code for each in peer.of(method) if each.code] == [status]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_sound_that_moves_during_the_call_is_followed(caller: Vantage, method: str) -> None:
    second = ScriptedPhone()
    with contextlib.closing(second):
        body = second.sdp(8)
        sample, peer = await call_phone(
            caller, ScriptedPhone(), lambda peer: peer.say(within_the_call(peer, method, body, SDP)), seconds=1.5
        )
    assert sample.outcome is Outcome.PASS, sample
    answered = next(each for each in peer.of(method) if each.code)
    assert answered.code == 200
    assert b"RTP/AVP 8\r\n" in answered.body


async def test_an_offer_that_we_cannot_take_leaves_the_call_as_it_is(caller: Vantage) -> None:
    body = b"v=0\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n"
    sample, peer = await call_phone(
        caller, ScriptedPhone(), lambda peer: peer.say(within_the_call(peer, "INVITE", body, SDP))
    )
    assert sample.outcome is Outcome.PASS
    assert [each.code for each in peer.of("INVITE")] == [0, 488]


# Elsewhere.


async def test_a_call_is_sent_on_to_where_its_number_is_and_to_no_other(caller: Vantage) -> None:
    phone = ScriptedPhone()
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as there:
            places = (
                f"<sip:0900@premium.example>, <sip:echo@127.0.0.1:{there.port}>;q=0.2, <sip:echo@127.0.0.1:9>;q=0.1"
            )
            moved = [("Contact", places)]
            sample, here = await invited(caller, lambda _, request: [reply(request, "302 Moved Temporarily", *moved)])
    assert sample.outcome is Outcome.PASS, sample
    assert here.methods == ["INVITE", "ACK"]
    assert there.methods == ["INVITE", "ACK", "BYE"]
    assert there.received[0].call_id == here.received[0].call_id
    assert there.received[0].seq == 2


async def test_a_circle_of_redirections_has_an_end(caller: Vantage) -> None:
    phone = ScriptedPhone()
    with contextlib.closing(phone):
        async with by_udp(phone.handle) as peer:
            where = ("Contact", f"<sip:echo@127.0.0.1:{peer.port}>")
            phone.replies["INVITE"] = lambda request: [reply(request, "302 Moved", where)]
            sample = await call(caller, f"127.0.0.1:{peer.port}", within=4)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "sip.302")
    assert len(peer.of("INVITE")) == 4


async def test_a_flood_of_answers_is_borne(caller: Vantage, no_leaks: None) -> None:
    worst, last = 0.0, asyncio.get_running_loop().time()

    async def watch() -> None:
        nonlocal worst, last
        while True:
            await asyncio.sleep(0)
            now = asyncio.get_running_loop().time()
            worst, last = max(worst, now - last), now

    watcher = asyncio.create_task(watch())
    sample, peer = await invited(
        caller, lambda phone, request: [phone.answer(request, tag=f"t{number}") for number in range(500)]
    )
    watcher.cancel()
    assert sample.outcome in (Outcome.PASS, Outcome.WARN), sample
    assert len({each.to_tag for each in peer.of("BYE")}) <= 17
    assert worst < 0.5
