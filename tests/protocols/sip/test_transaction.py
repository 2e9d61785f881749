"""Timers of the client transactions on a clock that jumps, and replies that fit or do not."""

import asyncio
from collections.abc import Callable

import pytest
from outagetui.protocols.sip.message import Incoming, parse
from outagetui.protocols.sip.request import Party, Request
from outagetui.protocols.sip.transaction import Silence, Transaction
from outagetui.protocols.sip.transport import Transport
from tests.kit.scripted_sip import reply
from tests.kit.virtual_loop import run


class Recorder(Transport):
    """A wire that notes what was sent when, and answers nothing by itself."""

    protocol = "UDP"

    def __init__(self, reliable: bool = False) -> None:
        super().__init__("127.0.0.1", 5060)
        self.reliable = reliable
        self.times: list[float] = []
        self.sent: list[Incoming] = []

    async def send(self, data: bytes) -> None:
        message = parse(data)
        assert message is not None
        self.times.append(round(asyncio.get_running_loop().time(), 3))
        self.sent.append(message)

    async def receive(self) -> list[bytes]:
        raise AssertionError("nobody reads here")

    def close(self) -> None:
        pass


def request(method: str) -> Request:
    return Request(method, "sip:b@h", Party.between("sip:a@h", "sip:b@h"), 7, (("Route", "<sip:p;lr>"),))


def answered(to: Incoming, status: str, **changes: str) -> Incoming:
    data = reply(to, status)
    for old, new in changes.items():
        data = data.replace(old.replace("_", "-").encode(), new.encode())
    found = parse(data)
    assert found is not None
    return found


async def silent(method: str, until: float, *, reliable: bool = False) -> Recorder:
    wire = Recorder(reliable)
    with pytest.raises(Silence):
        await Transaction(wire, request(method)).run(until)
    return wire


def test_a_request_is_repeated_by_timer_e_and_given_up_by_timer_f() -> None:
    times = run(silent("OPTIONS", 1000)).times
    assert times == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_an_invite_is_repeated_by_timer_a_and_given_up_by_timer_b() -> None:
    assert run(silent("INVITE", 1000)).times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]


def test_over_a_stream_nothing_is_repeated() -> None:
    assert run(silent("OPTIONS", 1000, reliable=True)).times == [0]


def test_the_deadline_comes_before_the_timers() -> None:
    assert run(silent("OPTIONS", 2)).times == [0, 0.5, 1.5]


async def told_at(method: str, at: float, status: str, until: float) -> tuple[Recorder, Transaction, float]:
    wire, loop = Recorder(), asyncio.get_running_loop()
    transaction = Transaction(wire, request(method))
    loop.call_later(at, lambda: asyncio.ensure_future(transaction.take(answered(wire.sent[0], status))))
    with pytest.raises(Silence) as caught:
        await transaction.run(until)
    assert caught.value.provisional is not None
    return wire, transaction, loop.time()


def test_a_provisional_reply_ends_the_repeating_of_an_invite_and_timer_b() -> None:
    wire, _, ended = run(told_at("INVITE", 0.6, "180 Ringing", 100))
    assert wire.times == [0, 0.5]
    assert ended == pytest.approx(100)


def test_a_provisional_reply_slows_the_repeating_of_other_requests() -> None:
    wire, _, _ = run(told_at("OPTIONS", 0.1, "100 Trying", 10))
    assert wire.times == [0, 4, 8]


def test_the_time_is_that_of_the_transmission_that_was_answered() -> None:
    async def story() -> tuple[float, int]:
        wire, loop = Recorder(), asyncio.get_running_loop()
        transaction = Transaction(wire, request("OPTIONS"))
        loop.call_later(1.54, lambda: asyncio.ensure_future(transaction.take(answered(wire.sent[-1], "200 OK"))))
        found = await transaction.run(10)
        return found.seconds, found.sent

    seconds, sent = run(story())
    assert seconds == pytest.approx(0.04)
    assert sent == 3


def test_a_refused_invite_is_acknowledged_on_its_branch_every_time_it_is_repeated() -> None:
    async def story() -> list[Incoming]:
        wire = Recorder()
        transaction = Transaction(wire, request("INVITE"))
        task = asyncio.ensure_future(transaction.run(10))
        await asyncio.sleep(0.1)
        for _ in range(3):
            await transaction.take(answered(wire.sent[0], "486 Busy Here"))
        assert (await task).reply.code == 486
        return wire.sent

    invite, *acks = run(story())
    assert [each.method for each in acks] == ["ACK"] * 3
    for ack in acks:
        assert (ack.branch, ack.seq, ack.call_id) == (invite.branch, invite.seq, invite.call_id)
        assert (ack.to_tag, ack.from_tag) == ("there", invite.from_tag)
        assert ack.headers["route"] == ("<sip:p;lr>",)


def test_a_lost_wire_ends_the_wait() -> None:
    async def story() -> None:
        transaction = Transaction(Recorder(), request("OPTIONS"))
        asyncio.get_running_loop().call_later(0.2, transaction.lose, ConnectionResetError(104, "reset"))
        await transaction.run(10)

    with pytest.raises(ConnectionResetError):
        run(story())


Change = Callable[[bytes], bytes]
STRANGERS: list[Change] = [
    lambda data: data.replace(b"branch=z9hG4bK", b"branch=z9hG4bL"),
    lambda data: data.replace(b"CSeq: 7", b"CSeq: 8"),
    lambda data: data.replace(b" OPTIONS\r\n", b" REGISTER\r\n"),
    lambda data: data.replace(b"Call-ID: ", b"Call-ID: x"),
    lambda data: data.replace(b"<sip:a@h>;tag=", b"<sip:a@h>;tag=x"),
    lambda data: data.replace(b"Via: ", b"Via: SIP/2.0/UDP other;branch=z9hG4bKo, ", 1),
    lambda data: data.replace(b"\r\nFrom", b", SIP/2.0/UDP other\r\nFrom", 1),
]


@pytest.mark.parametrize("change", [*STRANGERS, None])
def test_only_a_reply_of_this_very_request_fits(change: Change | None) -> None:
    async def story() -> bool:
        wire = Recorder()
        transaction = Transaction(wire, request("OPTIONS"))
        with pytest.raises(Silence):
            await transaction.run(0.1)
        data = reply(wire.sent[0], "200 OK")
        found = parse(change(data) if change else data)
        assert found is not None
        return transaction.fits(found)

    assert run(story()) is (change is None)
