"""The call probe through kamailio to a real echo extension, a bad network, and far sides that misbehave."""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.ration import FILE
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_phone import call
from tests.kit.scripted_servers import refused_port
from tests.servers.kamailio import Kamailio
from tests.servers.sipp import Sipp
from tests.servers.udp_proxy import UdpProxy


@pytest.fixture(scope="module")
def kamailio() -> Iterator[Kamailio]:
    server = Kamailio.start()
    server.add_user("alice", "geheim")
    yield server
    server.stop()


@contextlib.contextmanager
def extension(kamailio: Kamailio, **more: Any) -> Iterator[Sipp]:
    """An extension behind `kamailio`, called echo."""
    phone = Sipp.start(**more)
    kamailio.route_echo(phone.address)
    try:
        yield phone
    finally:
        phone.stop()


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
        for number in (*range(1, 10), 20, *range(42, 62)):
            vantage = Vantage("here", Secrets(secret_directory, {}))
            more = await cancelled_at(partial(call, vantage, proxy, seconds=0.5), number)
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
