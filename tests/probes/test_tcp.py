"""The plain TCP probe and its little dialogue."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import (
    Handler,
    black_hole,
    dripping,
    hanging,
    look_at,
    other_loopback,
    refused_port,
    saying,
    script,
    serve,
)


async def test_a_port_that_accepts_passes(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == f"connected to 127.0.0.1:{server.port}"
    assert list(sample.phases) == ["resolve", "connect"]


async def test_ipv6_and_another_place_to_dial(vantage: Vantage) -> None:
    host = other_loopback()
    async with serve(hanging(), host=host) as server:
        there = f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"
        assert (await look_at(vantage, "tcp", f"tcp://{there}")).outcome is Outcome.PASS
        sample = await look_at(vantage, "tcp", "tcp://name.example.test:25", connect=there)
    assert sample.detail == f"connected to {there}"


async def test_a_dialogue_passes_when_the_answer_matches(vantage: Vantage) -> None:
    async with serve(script(b"", b"+PO", b"never")) as server:
        half = await look_at(
            vantage, "tcp", f"tcp://127.0.0.1:{server.port}", send="PING\r\n", match="PONG", within=0.2
        )
    async with serve(script(b"ready\n", b"+PONG\r\n")) as server:
        whole = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", send="PING\r\n", match="PO(NG)")
    assert (half.outcome, half.code) == (Outcome.FAIL, "tcp.match")
    assert (whole.outcome, whole.detail) == (Outcome.PASS, "answered 'PONG'")
    assert list(whole.phases) == ["resolve", "connect", "send", "reply"]


async def test_an_answer_in_pieces_is_put_together(vantage: Vantage) -> None:
    async with serve(dripping(b"", b"ab", 0.005)) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match="^(ab){20}")
    assert sample.outcome is Outcome.PASS


@pytest.mark.parametrize("handler", [saying(b"wrong\r\n"), saying(b""), saying(b"x" * 65536)])
async def test_a_wrong_or_short_answer_fails(vantage: Vantage, handler: Handler) -> None:
    async with serve(handler) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match="right")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.match")


@pytest.mark.parametrize("handler", [dripping(b"", b"x" * 10_000, 0), saying(b"x" * 65537), saying(b"x" * (5 << 20))])
async def test_an_answer_that_our_limit_cuts_says_nothing(vantage: Vantage, handler: Handler) -> None:
    async with serve(handler) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match="right")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "tcp.too-much")
    assert "64 KiB" in sample.detail


async def test_no_answer_at_all_is_a_time_out(vantage: Vantage) -> None:
    async with serve(hanging()) as server:
        began = time.perf_counter()
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match="x", within=0.2)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert 0.19 < time.perf_counter() - began < 1.5
    assert sample.phases["reply"] > 100


async def test_refused_and_black_hole(vantage: Vantage) -> None:
    assert (await look_at(vantage, "tcp", f"tcp://127.0.0.1:{refused_port()}")).code == "tcp.refused"
    with black_hole() as port:
        assert (await look_at(vantage, "tcp", f"tcp://127.0.0.1:{port}", within=0.2)).code == "timeout"


async def test_controls_in_an_answer_are_not_shown(vantage: Vantage) -> None:
    async with serve(saying(b"\x1b]52;c;eA==\x07ok\r\n")) as server:
        sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match=".*ok")
    assert sample.outcome is Outcome.PASS
    assert sample.detail.isprintable()


@settings(max_examples=40)
@given(data=st.binary(max_size=200))
def test_random_bytes_never_raise_and_never_match(data: bytes) -> None:
    async def scenario() -> None:
        vantage = Vantage("here", Secrets.none())
        async with serve(saying(data)) as server:
            sample = await look_at(vantage, "tcp", f"tcp://127.0.0.1:{server.port}", match="a marker", within=2)
        await vantage.aclose()
        assert sample.outcome is Outcome.FAIL
        assert sample.detail.isprintable()

    asyncio.run(scenario())
