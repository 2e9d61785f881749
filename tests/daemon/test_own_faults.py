"""What this program itself did wrong is told as trouble, with its count and without an exception's own words."""

import asyncio
import gc

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.core.orders import Ack, Order
from outagetui.core.own_fault import WORDS
from outagetui.daemon.order_check import OrderCheck
from outagetui.daemon.own_faults import OwnFaults
from outagetui.daemon.sender import Sender
from outagetui.machine.background import hear_failures
from outagetui.store.journal import WriteError
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.kit.scripted_servers import make_check
from tests.kit.waiting import until

CHECK = make_check("tcp", "tcp://127.0.0.1:1")
BROKEN = Sample(Outcome.UNKNOWN, "internal", "a fault of outagetui itself (probes/tcp.py line 3)")


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults(clock: Clock) -> OwnFaults:
    return OwnFaults(clock)


def test_those_of_looks_are_counted_and_told_for_an_hour(faults: OwnFaults, clock: Clock) -> None:
    faults.see(CHECK, Sample(Outcome.FAIL, "tcp.refused", "no"))
    assert faults.trouble == ""
    faults.see(CHECK, BROKEN)
    assert faults.trouble == f"internal: {BROKEN.detail}, in a look of test.tcp"
    clock.now = 3000.0
    faults.see(CHECK, BROKEN)
    faults.see(CHECK, Sample(Outcome.PASS))
    clock.now = 6000.0
    assert faults.trouble == f"internal: {BROKEN.detail}, in a look of test.tcp (2 times)"
    clock.now = 6601.0
    assert faults.trouble == ""


def test_those_beside_the_work_are_told_until_the_next_start(faults: OwnFaults, clock: Clock) -> None:
    faults.note(WriteError("the disk is full"))
    assert faults.trouble == ""
    faults.note(ValueError("geheim\x1b[2J"))
    assert faults.trouble == f"internal: {WORDS}"
    clock.now = 1e6
    faults.note(KeyError("x"))
    clock.now = 1e9
    assert faults.trouble == f"internal: {WORDS} (2 times)"


def test_both_are_one_count(faults: OwnFaults, clock: Clock) -> None:
    faults.note(ValueError("x"))
    faults.see(CHECK, BROKEN)
    clock.now = 1e6
    assert faults.trouble == f"internal: {BROKEN.detail}, in a look of test.tcp (2 times)"


async def test_the_bug_of_an_order_is_told_to_its_sender_and_counted() -> None:
    heard: list[BaseException] = []
    hear_failures(heard.append)

    async def broken(sender: Sender, given: Order) -> None:
        raise LookupError("a bug")

    async def settled() -> None:
        pass

    reply = await OrderCheck({Ack: broken}, settled).take(Sender(0, "ada", "approver"), {"order": "ack"})
    assert WORDS in reply["error"]
    assert [type(each) for each in heard] == [LookupError]


async def fails() -> None:
    raise ValueError("a bug")


async def test_what_fails_in_the_background_is_trouble(in_loop: DaemonInLoop, caplog: pytest.LogCaptureFixture) -> None:
    daemon = await in_loop.start(beat=0.05)
    daemon.delivery._go(fails())
    asyncio.ensure_future(fails())  # noqa: RUF006 forgotten on purpose
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()
    await until(lambda: daemon.own_faults.trouble == f"internal: {WORDS} (2 times)")
    done = await asyncio.to_thread(in_loop.installation.cli, "status")
    assert f"TROUBLE: internal: {WORDS} (2 times)" in done.stdout
    assert not in_loop.over
    assert not caplog.records
