"""The table of what the daemon does on each order."""

import asyncio

from outagetui.core import orders
from outagetui.core.model import State
from outagetui.core.orders import Order
from outagetui.daemon.order_check import OrderCheck
from outagetui.daemon.order_handlers import handlers_of
from outagetui.daemon.sender import Sender
from outagetui.facts.events import Proved
from tests.daemon.daemon_in_loop import DaemonInLoop


def test_every_order_has_a_handler() -> None:
    shapes = {each for each in vars(orders).values() if isinstance(each, type) and issubclass(each, Order)}
    assert set(handlers_of(None)) == shapes - {Order}  # type: ignore[arg-type]


async def test_an_order_waits_for_what_its_sender_may_have_read(in_loop: DaemonInLoop) -> None:
    daemon = await in_loop.start(beat=0.05)
    done: list[str] = []
    async with daemon.journal._order:  # a commit is there for readers, and not yet in the ledger
        check = OrderCheck(handlers_of(daemon), daemon.journal.settled)
        sender = Sender(0, "ada", "approver")
        acting = asyncio.ensure_future(check.take(sender, {"order": "ack"}))
        assert (await check.take(sender, {"order": "hello"}))["ok"], "who only asks does not wait"
        await asyncio.sleep(0)
        acting.add_done_callback(lambda _: done.append("acted"))
        assert done == []
    assert "ok" in await acting


async def test_to_activate_a_backup_whose_last_proof_failed_is_warned_of(in_loop: DaemonInLoop) -> None:
    daemon = await in_loop.start(beat=0.05)
    check = OrderCheck(handlers_of(daemon), daemon.journal.settled)
    sender = Sender(0, "ada", "approver")
    await daemon.journal.write("daemon", Proved(channel="phone", outcome="failed", detail="no echo", checks={}))
    daemon.watch.state_of = lambda name: State.UP  # type: ignore[method-assign]
    reply = await check.take(sender, {"order": "activate", "channels": ["phone"]})
    assert reply["warning"] == "the last proof of phone failed"
