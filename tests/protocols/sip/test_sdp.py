"""Offers, and answers that do not agree."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.net.trouble import Trouble
from outagetui.protocols.sip.sdp import Media, offer, read_answer

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
        GOOD.replace("RTP/AVP 0 101", "RTP/AVP 8 101"),
        GOOD.replace("RTP/AVP", "RTP/SAVP"),
        GOOD.replace("sendrecv", "inactive"),
        GOOD.replace("sendrecv", "recvonly"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 224.0.0.1"),
        GOOD.replace("c=IN IP4 192.0.2.1", "c=IN IP4 host.example"),
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
