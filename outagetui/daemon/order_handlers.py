"""What each order does: the sender's role and the order's fields were checked already."""

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

from outagetui import __version__
from outagetui.config import ConfigError, digest, load
from outagetui.core import orders
from outagetui.core.model import Channel, Config
from outagetui.core.orders import LONGEST_NOTE, OrderError
from outagetui.core.text import clean, nearest
from outagetui.daemon.announce_handlers import AnnounceHandlers
from outagetui.daemon.order_check import (
    Handler,
    ack_event,
    drilled_event,
    mute_event,
    standing_events,
    told_event,
)
from outagetui.daemon.parts import Parts
from outagetui.daemon.sender import Sender
from outagetui.facts.events import ConfigLoaded, FaultInjected
from outagetui.facts.run import Run
from outagetui.playbook.plan import digest as digest_of
from outagetui.playbook.plan import plan, primaries
from outagetui.store.journal import WriteError


def handlers_of(daemon: Parts) -> dict[type[orders.Order], Handler]:
    """Return what `daemon` does on each order."""
    take, tell = _Handlers(daemon), AnnounceHandlers(daemon)
    return {
        orders.Hello: take.hello,
        orders.Start: take.start,
        orders.Answer: take.answer,
        orders.Undoable: take.undoable,
        orders.Approve: take.approve,
        orders.Take: take.take,
        orders.Abort: take.abort,
        orders.Ack: take.ack,
        orders.Mute: take.mute,
        orders.Recheck: take.recheck,
        orders.Activate: take.stand,
        orders.Deactivate: take.stand,
        orders.Told: take.told,
        orders.Preview: tell.preview,
        orders.Announce: tell.announce,
        orders.Delivery: tell.deliver,
        orders.Retract: tell.retract,
        orders.Prove: take.prove,
        orders.Trace: take.trace,
        orders.AlertTest: take.alert_test,
        orders.Accept: take.accept,
        orders.Reload: take.reload,
        orders.Fault: take.fault,
        orders.Drilled: take.drilled,
        orders.Stop: take.stop,
    }


class _Handlers:
    def __init__(self, daemon: Parts) -> None:
        self._daemon = daemon

    @property
    def _config(self) -> Config:
        return self._daemon.current.config

    async def hello(self, sender: Sender, order: orders.Hello) -> dict[str, Any]:
        return {"role": sender.role, "actor": sender.actor, "pid": os.getpid(), "version": __version__}

    async def start(self, sender: Sender, order: orders.Start) -> dict[str, Any]:
        if order.stand_down:
            return {"run": await self._daemon.runner.stand_down(sender.actor, order.stand_down)}
        config = self._config
        book = config.playbook(order.playbook)
        if book is None:
            meant = nearest(order.playbook, [book.id for book in config.playbooks])
            raise OrderError(f"there is no playbook {clean(order.playbook, 60)}{meant}")
        run = await self._daemon.runner.start(
            sender.actor,
            book.id,
            book.name,
            plan(book, config),
            concurrent=book.concurrent,
            primaries=primaries(book, config),
            up_for=config.fail_back,
        )
        return {"run": run}

    async def answer(self, sender: Sender, order: orders.Answer) -> None:
        note = clean(order.note, LONGEST_NOTE)
        await self._daemon.runner.answer(sender.actor, order.run, order.step, order.attempt, order.answer, note)

    async def undoable(self, sender: Sender, order: orders.Undoable) -> dict[str, Any]:
        open_ones, runs = self._daemon.runner.undoable()
        return {"open": [_run(run) for run in open_ones], "runs": [_run(run) for run in runs]}

    async def approve(self, sender: Sender, order: orders.Approve) -> None:
        approver = sender.role == "approver"
        await self._daemon.runner.approve(sender.actor, order.run, order.step, order.hash, approver=approver)

    async def take(self, sender: Sender, order: orders.Take) -> None:
        await self._daemon.runner.take(sender.actor, order.run)

    async def abort(self, sender: Sender, order: orders.Abort) -> dict[str, Any]:
        if await self._daemon.runner.abort(sender.actor, order.run):
            return {}
        return {"warning": f"{order.run} ends as soon as the step in progress is journaled"}

    async def ack(self, sender: Sender, order: orders.Ack) -> dict[str, Any]:
        incident = self._daemon.journal.ledger.open_incident(self._daemon.clock())
        open_one = incident.id if incident is not None else ""
        await self._daemon.journal.write(sender.actor, ack_event(order, open_one))
        return {"incident": open_one}

    async def mute(self, sender: Sender, order: orders.Mute) -> dict[str, Any]:
        known = frozenset(channel.id for channel in self._config.channels)
        known |= {outlet.id for outlet in self._config.outlets}
        event = mute_event(order, known, self._daemon.clock())
        muted = self._daemon.journal.ledger.muted(order.id, self._daemon.clock())
        await self._daemon.journal.write(sender.actor, event)
        if not order.seconds and muted:
            self._daemon.watch.repeat(order.id)
        return {"until": event.until}

    async def accept(self, sender: Sender, order: orders.Accept) -> dict[str, Any]:
        reason = clean(order.reason, LONGEST_NOTE)
        if not any(each.isalnum() for each in reason):
            raise OrderError("say why the journal is as it is")
        entries = await self._daemon.journal.accept(sender.actor, reason)
        if not entries:
            raise OrderError("there is nothing to accept: the journal is as it was written")
        return {"entry": entries[-1].seq}

    async def recheck(self, sender: Sender, order: orders.Recheck) -> dict[str, Any]:
        ids = [check.id for check in self._daemon.watch.checks_of(order.id)] if order.id else None
        if ids == []:
            raise OrderError(f"nothing is checked under {clean(order.id, 60)}")
        self._daemon.watch.expect(ids or [check.id for check in self._daemon.watch.checks()])
        return {"checks": self._daemon.schedule.hurry(ids)}

    async def stand(self, sender: Sender, order: orders.Activate | orders.Deactivate) -> dict[str, Any]:
        backups = frozenset(channel.id for channel in self._config.channels if channel.is_backup)
        active = set(self._daemon.journal.ledger.active)
        events = standing_events(
            order,
            backups,
            active,
            self._daemon.watch.balance_of,
        )
        if events:
            await self._daemon.journal.write(sender.actor, *events)
        states = {name: self._daemon.watch.state_of(name).value for name in order.channels}
        broken = self._daemon.journal.ledger.broken()
        bad = [f"{name} is {state}" for name, state in states.items() if state != "up"]
        bad += [
            f"the last proof of {name} failed" for name, state in states.items() if state == "up" and name in broken
        ]
        warned = bad and isinstance(order, orders.Activate)
        return {"changed": len(events)} | ({"warning": ", ".join(bad)} if warned else {})

    async def told(self, sender: Sender, order: orders.Told) -> None:
        backups = {channel.id: channel.audience for channel in self._config.channels if channel.is_backup}
        event = told_event(order, backups, self._daemon.journal.ledger.active)
        await self._daemon.journal.write(sender.actor, event)

    async def prove(self, sender: Sender, order: orders.Prove) -> dict[str, Any]:
        backups = [channel for channel in self._config.channels if channel.is_backup]
        known = {channel.id for channel in backups}
        if strangers := sorted(set(order.channels) - known):
            raise OrderError(f"not a backup channel: {', '.join(map(clean, strangers))}{nearest(strangers[0], known)}")
        chosen = [channel for channel in backups if not order.channels or channel.id in order.channels]
        for channel in chosen:
            self._daemon.spawn(self._try_out(sender.actor, channel))
        return {"channels": [channel.id for channel in chosen]}

    async def _try_out(self, actor: str, channel: Channel) -> None:
        with contextlib.suppress(WriteError):  # said by the flusher already; the proof counts for nothing
            await self._daemon.prover.prove(actor, channel)

    async def trace(self, sender: Sender, order: orders.Trace) -> dict[str, Any]:
        self._daemon.spawn(self._daemon.tracer.order(sender.actor, order))
        return {"traces": [order.target]}

    async def alert_test(self, sender: Sender, order: orders.AlertTest) -> dict[str, Any]:
        return {"links": self._daemon.alarm.test(sender.actor, order.name)}

    async def reload(self, sender: Sender, order: orders.Reload) -> None:
        directory = Path(self._config.directory)
        try:
            fresh = await asyncio.to_thread(load, directory)
            loaded = ConfigLoaded(digest=await asyncio.to_thread(digest, directory))
        except ConfigError as error:
            lines = str(error).splitlines()
            more = f" (and {len(lines) - 1} more: outagetui validate)" if len(lines) > 1 else ""
            raise OrderError(f"kept the old configuration: {lines[0]}{more}") from error
        fixed = (fresh.store, fresh.vantage, fresh.secrets)
        if fixed != (self._config.store, self._config.vantage, self._config.secrets):
            raise OrderError("store, vantage and secrets take effect when the daemon is started again")
        await self._daemon.publish(fresh)
        await self._daemon.journal.write(sender.actor, loaded)
        self._daemon.current.config = fresh
        self._daemon.watch.configure(fresh)
        self._daemon.schedule.replace(self._daemon.watch.checks())
        self._daemon.pages.renew()

    async def fault(self, sender: Sender, order: orders.Fault) -> None:
        if not self._daemon.drill:
            raise OrderError("only a drill injects faults")
        event = FaultInjected(fault=clean(order.fault, 60), target=clean(order.target, 60))
        await self._daemon.journal.write(sender.actor, event)

    async def drilled(self, sender: Sender, order: orders.Drilled) -> None:
        if self._daemon.drill:
            raise OrderError("a drill's own journal keeps no result of another")
        config = self._config
        ours = {book.id: digest_of(plan(book, config)) for book in config.playbooks}
        await self._daemon.journal.write(sender.actor, drilled_event(order, ours))

    async def stop(self, sender: Sender, order: orders.Stop) -> None:
        # After the reply: ending lets go of whoever ordered it.
        asyncio.get_running_loop().call_later(0.1, self._daemon.end, f"ordered by {sender.actor}")


def _run(run: Run) -> dict[str, str]:
    return {"run": run.id, "playbook": run.playbook, "name": run.name, "stands_down": run.stands_down}
