"""Promise 1: what an order acknowledged is in the journal after kill -9 at any moment, and the run goes on."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from outagetui import events
from outagetui.ledger import Ledger
from outagetui.model import Entry
from outagetui.orders.client import OrderClient
from outagetui.reader import Reader
from tests.promises.bench import broken_promise
from tests.promises.daemons import Daemon


@pytest.mark.timeout(280)
async def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path):
    await killed_again_and_again(tmp_path, 50)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_five_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path):
    await killed_again_and_again(tmp_path, 500)


async def killed_again_and_again(place: Path, times: int) -> None:
    daemon = Daemon(place)
    dice = random.Random(times)
    notes: set[str] = set()  # what the daemon said it had taken
    for round_ in range(times):
        daemon.start()
        giving = asyncio.create_task(give_orders(daemon, dice, notes, round_))
        try:
            await asyncio.sleep(0.35 + 0.5 * dice.random())  # the moment of the kill is what varies
        finally:
            daemon.kill()
            giving.cancel()
        await asyncio.gather(giving, return_exceptions=True)
        if daemon.store.exists():
            check_the_record(daemon, notes)
    assert len(notes) > times / 2, "the kills came before anything was ordered"


async def give_orders(daemon: Daemon, dice: random.Random, notes: set[str], round_: int) -> None:
    """Mute, start and answer as fast as the daemon takes it; remember what it acknowledged."""
    orders = OrderClient(daemon.store)
    try:
        while not (await orders.hello()).get("ok"):
            await asyncio.sleep(0.005)
        for number in range(10_000):
            await give_one(orders, daemon, dice, notes, f"note-{round_}-{number}")
    finally:
        await orders.aclose()


async def give_one(orders: OrderClient, daemon: Daemon, dice: random.Random, notes: set[str], note: str) -> None:
    if dice.random() < 0.3:
        reply = await orders.send("mute", id="chat", seconds=60, reason=note)
        if reply.get("ok"):
            notes.add(note)
        return
    await orders.send("start", playbook="move")
    for run in folded(daemon.store).runs.values():
        step = run.open_step()
        if run.ended is None and step is not None and step.answers:
            answer = "retry" if step.state == "unsure" else "done"
            fields = {"run": run.id, "step": step.id, "attempt": step.attempt, "answer": answer, "note": note}
            reply = await orders.send("answer", **fields)
            if reply.get("ok"):
                notes.add(note)


def folded(store: Path) -> Ledger:
    reader, ledger = Reader(store), Ledger()
    for entry in reader.entries():
        ledger.apply(entry)
    reader.close()
    return ledger


def sent_twice(entries: list[Entry]) -> str:
    """Return a delivery that was begun again without an operator's word since, or nothing."""
    begun: set[tuple[str, int, str]] = set()
    for entry in entries:
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.DeliveryIntended):
            key = (event.announcement, event.part, event.outlet)
            if key in begun:
                return f"entry {entry.seq}: {key} again"
            begun.add(key)
        elif isinstance(event, events.StepAnswered) and event.answer == "retry":
            begun.clear()
    return ""


def check_the_record(daemon: Daemon, notes: set[str]) -> None:
    reader = Reader(daemon.store)
    try:
        entries = reader.entries()
        assert reader.verify() == (len(entries), "")
    finally:
        reader.close()
    kept: set[str] = set()
    parts: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        match events.decode(entry.kind, entry.document):
            case events.Muted(reason=reason):
                kept.add(reason)
            case events.StepAnswered(note=note):
                kept.add(note)
            case events.AnnouncementMade(run=run, step=step):
                parts[run, step] += 1
            case _:
                pass
    assert notes <= kept, f"acknowledged and lost: {notes - kept}"
    assert not broken_promise(entries, Counter(), looked_up=("announce",))
    assert not sent_twice(entries)
    assert all(count == 1 for count in parts.values()), f"announced twice by one step: {parts}"
    page = daemon.place / "page" / "index.html"
    assert not page.exists() or page.read_text().rstrip().endswith("</html>")
