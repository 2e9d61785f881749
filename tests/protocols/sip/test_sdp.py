"""Offers, and answers that do not agree."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.g711 import Law
from outagetui.protocols.sip.sdp import Media, description, offer, read_answer

GOOD = (
    "v=0\r\no=x 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 0 101\r\na=sendrecv\r\n"
)


def test_an_offer_is_read_back_as_an_answer() -> None:
    assert read_answer(offer("192.0.2.7", 4002)) == Media("192.0.2.7", 4002)
    assert read_answer(offer("2001:db8::7", 4002)) == Media("2001:db8::7", 4002)


def test_the_streams_own_address_wins_over_the_sessions() -> None:
    assert read_answer(GOOD.encode()) == Media("192.0.2.1", 4000)
    assert read_answer((GOOD + "c=IN IP4 192.0.2.9\r\n").encode()) == Media("192.0.2.9", 4000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=0\r\n",
        GOOD.replace("audio 4000", "audio 0"),
        GOOD.replace("audio 4000", "audio 70000"),
        GOOD.replace("audio", "video"),
        GOOD.replace("RTP/AVP 0 101", "RTP/AVP 18 101"),
        GOOD.replace("sendrecv", "sendonly"),
        GOOD.replace("RTP/AVP", "RTP/SAVP"),
        GOOD.replace("sendrecv", "inactive"),
        GOOD.replace("sendrecv", "recvonly"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 224.0.0.1"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 host..ex!mple"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=ATM NSAP 47"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c="),
        GOOD.replace("m=audio 4000", "m=audio"),
    ],
)
def test_an_answer_that_takes_no_sound_of_ours_fails(text: str) -> None:
    with pytest.raises(Trouble) as caught:
        read_answer(text.encode())
    assert caught.value.code == "sip.no-media"


@given(st.one_of(st.binary(max_size=500), st.text(max_size=200).map(lambda text: (GOOD + text).encode())))
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Trouble):
        assert 0 < read_answer(data).port < 65536


LEGAL = {
    "a port count": (GOOD.replace("4000", "4000/1"), Media("192.0.2.1", 4000)),
    "a name": (GOOD.replace("192.0.2.1", "sip.example"), Media("sip.example", 4000)),
    "an address of the stream alone": (
        GOOD.replace("c=IN IP4 192.0.2.1\r\n", "") + "c=IN IP4 192.0.2.9\r\n",
        Media("192.0.2.9", 4000),
    ),
    "IPv6": (GOOD.replace("IP4 192.0.2.1\r\nt", "IP6 2001:db8::1\r\nt"), Media("2001:db8::1", 4000)),
    "line feeds alone": (GOOD.replace("\r\n", "\n"), Media("192.0.2.1", 4000)),
    "A-law": (GOOD.replace("AVP 0 101", "AVP 8 101"), Media("192.0.2.1", 4000, Law.A, 8)),
    "both, A-law first": (GOOD.replace("AVP 0 101", "AVP 8 0"), Media("192.0.2.1", 4000, Law.A, 8)),
    "another codec first": (GOOD.replace("AVP 0 101", "AVP 18 101 8"), Media("192.0.2.1", 4000, Law.A, 8)),
    "a number of its own": (
        GOOD.replace("AVP 0 101", "AVP 97") + "a=rtpmap:97 pcma/8000/1\r\n",
        Media("192.0.2.1", 4000, Law.A, 97),
    ),
    "a clock that says one channel": (GOOD + "a=rtpmap:0 PCMU/8000/1\r\n", Media("192.0.2.1", 4000)),
    "packets of another length": (GOOD + "a=ptime:30\r\na=maxptime:40\r\n", Media("192.0.2.1", 4000)),
    "a declined stream before": (GOOD.replace("m=", "m=audio 0 RTP/AVP 9\r\nm="), Media("192.0.2.1", 4000)),
    "a video stream beside": (GOOD + "m=video 0 RTP/AVP 96\r\na=inactive\r\n", Media("192.0.2.1", 4000)),
    "a hold that the stream takes back": (GOOD.replace("t=0 0", "a=inactive\r\nt=0 0"), Media("192.0.2.1", 4000)),
    "words in capitals": (GOOD.replace("IN IP4", "in ip4").replace("RTP/AVP", "rtp/avp"), Media("192.0.2.1", 4000)),
    "what nobody knows": (
        GOOD + "a=candidate:1 1 udp 9 h 1 typ host\r\nb=AS:64\r\nx\r\n=\r\n",
        Media("192.0.2.1", 4000),
    ),
}


@pytest.mark.parametrize("form", LEGAL)
def test_every_legal_form_of_an_answer_is_read(form: str) -> None:
    text, media = LEGAL[form]
    assert read_answer(text.encode()) == media


@pytest.mark.parametrize("proto", ["RTP/AVP", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVPF", "rtp/avp"])
def test_whoever_declines_our_stream_may_name_another_protocol(proto: str) -> None:
    with pytest.raises(Trouble) as caught:
        read_answer(GOOD.replace("4000 RTP/AVP", f"0 {proto}").encode())
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_declined_stream_is_our_own_limit_and_a_hold_is_theirs() -> None:
    outcomes = {}
    for text in (GOOD.replace("4000", "0"), GOOD.replace("sendrecv", "sendonly")):
        with pytest.raises(Trouble) as caught:
            read_answer(text.encode())
        outcomes[caught.value.detail] = caught.value.outcome
    (declined, ours), (held, theirs) = outcomes.items()
    assert (ours, theirs) == (Outcome.UNKNOWN, Outcome.FAIL)
    assert "declined" in declined
    assert "only speaks and does not listen" in held


def test_a_description_among_other_parts_is_found() -> None:
    parts = ("application/isup\r\n\r\n\x01", f"application/sdp\r\n\r\n{GOOD}")
    body = "".join(f"--x\r\nContent-Type: {part}\r\n" for part in parts) + "--x--"
    assert read_answer(description("Multipart/Mixed; boundary=x", body.encode())) == Media("192.0.2.1", 4000)
    assert description("application/sdp", b"v=0") == b"v=0"
    assert description("multipart/mixed", b"nothing") == b""


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/mixed;boundary=x", b"--x\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n" * 1200),
        ("multipart/mixed;boundary=x", b"--x\r\n\r\n" * 8000),
        ("application/sdp", b"m=audio 1 RTP/AVP 0\r\n" * 3000),
        ("application/sdp", b"m=a" + b"a " * 30000),
        ("application/sdp", b"m=audio 1 RTP/AVP 99\r\n" + b"a=rtpmap:99 X/8000\r\n" * 3000),
    ],
)
def test_a_description_made_to_cost_time_costs_little(kind: str, body: bytes) -> None:
    begun = time.process_time()
    with contextlib.suppress(Trouble):
        read_answer(description(kind, body))
    assert time.process_time() - begun < 0.1
