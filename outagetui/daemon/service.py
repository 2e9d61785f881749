"""The daemon whole: takes the store, watches, runs playbooks, takes orders, and leaves without losing anything."""

import asyncio
import contextlib
import itertools
import os
import signal
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from outagetui import __version__
from outagetui.announce.outbox import Outbox
from outagetui.config import digest
from outagetui.core.current import Current
from outagetui.core.model import PASSED, Channel, Check, Config, Outlet, Sample, primaries_of
from outagetui.core.own_fault import words_of
from outagetui.daemon.alarm import Alarm
from outagetui.daemon.background_delivery import BackgroundDelivery
from outagetui.daemon.first_pages import FirstPages
from outagetui.daemon.flusher import BEAT_EVERY, Flusher
from outagetui.daemon.heartbeat import Pulse
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.notify import Notifier
from outagetui.daemon.order_check import OrderCheck
from outagetui.daemon.order_handlers import handlers_of
from outagetui.daemon.order_server import OrderServer
from outagetui.daemon.own_faults import OwnFaults
from outagetui.daemon.prover import Prover
from outagetui.daemon.public_copy import shown
from outagetui.daemon.schedule import Schedule
from outagetui.daemon.step_context import RunStepContext
from outagetui.daemon.store_place import LOOK_EVERY, StorePlace
from outagetui.daemon.ticks import tick
from outagetui.daemon.tracer import Tracer
from outagetui.daemon.watch import Watch, series_of
from outagetui.facts.common_fate import Fate, common
from outagetui.facts.events import DaemonStarted, DaemonStopped
from outagetui.facts.journaling import DAEMON
from outagetui.facts.live import Beat
from outagetui.facts.network_path import NetworkPath
from outagetui.machine.background import hear_failures
from outagetui.machine.secrets import Secrets
from outagetui.machine.signals import MEANT_FOR_NOBODY
from outagetui.net.aside import aside
from outagetui.net.vantage import Vantage
from outagetui.orders.wire import socket_path
from outagetui.outlets import Tools
from outagetui.playbook.runner import Runner
from outagetui.probes import look
from outagetui.probes.traits import traits_of
from outagetui.protocols import traceroute
from outagetui.store.journal import Store, WriteError

UPKEEP_EVERY = 3600.0
FATES_EVERY = 86400.0
PROVE_EVERY = 60.0  # how often to look which proofs are due
LINGER = 900.0
ABANDON_SECONDS = 0.5
SILENCE = 30.0  # seconds without any probe ended, beyond its interval, after which we are not well


class Daemon:
    """One daemon on one store. `serve` runs until it is told to end and returns why."""

    def __init__(
        self,
        config: Config,
        store: Store,
        *,
        background: bool,
        drill: str,
        clock: Callable[[], float],
        place: Path | None = None,  # a drill's own
    ) -> None:
        self.current, self.drill, self._background, self.clock = Current(config), drill, background, clock
        primaries = primaries_of(config.channels)
        self._left_live = store.live()
        self.stands = StorePlace(store.path)
        self.lost = ""  # why the store is not ours any more
        self.journal = JournalWriter(store, primaries, clock, self.stands.gone)
        self.watch = Watch(config.vantage, self.journal.ledger, clock(), self._hurry)
        self.own_faults = OwnFaults(clock)
        self.watch.listen(self.own_faults.see)
        directory = Path(config.secrets) if config.secrets else None
        secrets = Secrets.of_drill(directory, place) if drill else Secrets(directory)
        self.vantage = Vantage(config.vantage, secrets, store.path.parent)
        self.schedule = Schedule(self._look, self.watch.see, clock)
        kept = store.path.parent / "sent"
        tools = Tools(
            config.business,
            config.timezone,
            secrets.read,
            secrets.hide,
            clock,
            place=kept,
            journal=lambda: self.journal.mark,
        )
        self.outbox = Outbox(self.current, self.journal, self.watch.state_of, clock, tools, drill=bool(drill))
        self.delivery = BackgroundDelivery(self.outbox)
        self.pages = FirstPages(self.current, self.journal, tools)
        self._progress: dict[str, str] = {}  # how far waits have come, by "run/step"
        touched = self.journal, self.watch, self.outbox, self._probe, self._progress, secrets
        self.runner = Runner(self.journal, partial(RunStepContext, *touched), self._already, clock)
        self.prover = Prover(self.journal, self.watch, self._probe, clock)
        self.tracer = Tracer(self.journal, self.watch, self.current, self._trace, self._named, clock)
        self.alarm = Alarm(self.journal, self.watch, secrets, self.current, clock, drill=bool(drill))
        self.pulse = Pulse(self.journal, self.vantage, self.current, self._ailing, drill=bool(drill))
        check = OrderCheck(handlers_of(self), self.journal.settled)
        self.server = OrderServer(socket_path(store.path), self.current, check.take)
        self.notifier = Notifier()
        self._end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.flusher = Flusher(self.watch, self.journal, self._beat, self.tracer.heed)
        self._fates: tuple[Fate, ...] = ()
        self.hosts: dict[str, set[str]] = {}  # the IP addresses of channels and outlets, by id
        self._tasks: set[asyncio.Task[Any]] = set()

    async def serve(self, ready: Callable[[], None]) -> str:
        """Watch and take orders until told to end; `ready` is called once orders are taken."""
        loop = asyncio.get_running_loop()
        hear_failures(self.own_faults.note)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.end, f"signal {signal.Signals(number).name}")
        for number in MEANT_FOR_NOBODY:
            loop.add_signal_handler(number, lambda: None)  # not ignored by the kernel: programs would inherit that
        self.watch.configure(self.current.config)
        self.watch.resume(self._left_live)
        await self.journal.write(DAEMON, self._started())
        await self.publish(self.current.config)
        self.schedule.replace(self.watch.checks())
        await self.flusher.flush(all_of_it=True)
        await self.server.open()
        self.stands.take("socket", self.server.path)
        for work in (
            self._keep_its_place(),
            self.schedule.run(),
            self.flusher.run(),
            self._keep_time(),
            self._keep_up(),
            self._keep_proving(),
            self._keep_finding_fates(),
            self.alarm.run(),
            self.tracer.run(),
            self.pages.run(),
            self.pulse.run(),
        ):
            self.spawn(work)
        self.runner.resume()
        self.delivery.settle()
        self._heed_ended_mutes(0.0, self.clock())
        ready()
        self.notifier.send(READY="1", STATUS=self._status())
        reason = await self._end
        self.notifier.send(STOPPING="1", STATUS=f"ending: {reason}")
        await (self._abandon() if self.lost else self._leave(reason))
        return reason

    def end(self, reason: str) -> None:
        """Ask the daemon to end."""
        if not self._end.done():
            self._end.set_result(reason)

    async def _keep_its_place(self) -> None:
        """End as soon as the store was taken away: what lies there now may be another daemon's."""
        while not self.lost:
            await tick(LOOK_EVERY)
            self.lost = self.stands.gone()
        self.end(f"{self.lost}; it writes and does nothing any more")

    async def _abandon(self) -> None:
        """Stop at once, without a word in a store that is not ours: what was begun is left as by a kill."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ABANDON_SECONDS):
                await self.server.close()
        self.notifier.close()

    async def _leave(self, reason: str) -> None:
        self.stands.let_go(self.server.path)
        await self.server.close()
        self.journal.hurry()
        await self.runner.aclose()
        await self.delivery.aclose()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.alarm.aclose()
        await self.vantage.aclose()
        try:
            await self.flusher.flush(all_of_it=True)
            await self.journal.write(DAEMON, DaemonStopped(reason=reason))
        except WriteError:
            pass  # the disk is full or gone: what could be kept is kept
        await self.journal.leave()
        self.notifier.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` beside everything else; its end by an error ends the daemon."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A daemon that only looks alive is worse than none: end, and let the service manager start another.
            self.end(f"internal error: {words_of(error)}")

    async def _look(self, check: Check, deadline: float) -> Sample:
        return await look(check, deadline, self.vantage)

    async def _trace(
        self, host: str, canary: str, ip: traceroute.IpVersion | None, names: Mapping[str, str]
    ) -> tuple[NetworkPath, NetworkPath | None]:
        return await traceroute.both(host, canary, self.vantage, ip=ip, names=names)

    def _named(self) -> dict[str, str]:
        """Return by address what the configuration calls the hosts that were found behind it."""
        return {address: name for name, hosts in self.hosts.items() for address in hosts}

    def _hurry(self, ids: Iterable[str]) -> None:
        self.schedule.hurry(ids)

    async def _probe(self, check: Check) -> Sample:
        """Probe out of turn and record the sample as any other; return it as judged."""
        at = self.clock()
        sample = await self._look(check, asyncio.get_running_loop().time() + check.timeout)
        self.watch.expect([check.id])
        self.watch.see(check, at, sample)
        watched = check in self.watch.checks_of(check.id)  # a reload meanwhile may have taken it away
        return self.watch.last_of(check.id) if watched else sample

    async def _already(self, name: str) -> bool:
        checks = self.watch.checks_of(name)
        return bool(checks) and (await self._probe(checks[0])).outcome in PASSED

    def _beat(self) -> Beat:
        progress = self._progress if self.runner.busy else {}
        return Beat(os.getpid(), self.clock(), self.watch.blind, self._trouble(), progress)

    def _trouble(self) -> str:
        said = (part.trouble for part in (self.journal, self.pulse, self.alarm, self.pages, self.own_faults))
        return "; ".join(filter(None, (self.journal.breach, *said)))

    def _ailing(self) -> str:
        """Return why this daemon does not do its work, or nothing: what a watcher outside has to be told."""
        if self.journal.trouble:
            return self.journal.trouble
        if asyncio.get_running_loop().time() - self.flusher.turned > 10 * BEAT_EVERY:
            return "the store cannot be written"
        silent = self.watch.silent_for(self.clock())
        return f"no probe has ended for {silent:.0f} s" if silent > SILENCE else ""

    async def _keep_time(self) -> None:
        """Once a second: what only time brings, the watchdog, and whether anybody still needs a background daemon."""
        watchdog = self.notifier.watchdog_seconds
        before = self.clock()
        loop = asyncio.get_running_loop()
        fed = loop.time()
        while True:
            await tick(BEAT_EVERY)
            now = self.clock()
            self.watch.tick(now)
            self._heed_ended_mutes(before, now)
            before = now
            # A full disk is not a hanging one: started anew, the daemon could not even begin.
            alive = loop.time() - self.flusher.turned < 10 * BEAT_EVERY
            if watchdog is not None and alive and loop.time() - fed >= min(watchdog, 5.0):
                self.notifier.send(WATCHDOG="1", STATUS=self._status())
                fed = loop.time()
            if self._background and not self._needed(now) and loop.time() - self.server.left > LINGER:
                self.end("nobody needed it for 15 minutes")

    def _heed_ended_mutes(self, before: float, now: float) -> None:
        """Tell of what is still bad when its mute ended; also of a mute that ended while no daemon ran."""
        for name, mute in self.journal.ledger.mutes.items():
            told = self.journal.ledger.states.get(name, (None, 0.0))[1]
            if before < mute.until <= now and told < mute.until:
                self.watch.repeat(name)

    async def _keep_up(self) -> None:
        """Do the store's upkeep each hour, and collect words once a day."""
        for hour in itertools.count():
            with contextlib.suppress(WriteError):  # said by the flusher already; the next hour tries again
                await self.journal.upkeep(words=hour % 24 == 1)
            await asyncio.sleep(UPKEEP_EVERY)

    async def _keep_finding_fates(self) -> None:
        """Look now and once a day what channels share; the screens show it."""
        while True:
            config = self.current.config
            owners: list[Channel | Outlet] = [*config.channels, *config.outlets]
            traits = await traits_of(owners, self.vantage)
            found = await aside(partial(common, self.current.config.channels, traits))
            self.hosts = {name: {each.value for each in own if each.kind == "host"} for name, own in traits.items()}
            if found != self._fates:
                self._fates = found
                with contextlib.suppress(WriteError):
                    await self.publish(self.current.config)
            await asyncio.sleep(FATES_EVERY)

    async def _keep_proving(self) -> None:
        while True:
            await asyncio.sleep(PROVE_EVERY)
            with contextlib.suppress(WriteError):  # said by the flusher already; the proof is due again next time
                await self.prover.prove_due(self.current.config.channels)

    def _needed(self, now: float) -> bool:
        ledger = self.journal.ledger
        told = ledger.still_open or ledger.active
        return bool(self.server.clients or self.runner.busy or ledger.open_incident(now) or told)

    def _status(self) -> str:
        states = Counter(self.watch.state_of(channel.id).value for channel in self.current.config.channels)
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "no channels"
        trouble = self._trouble()
        return f"{counts}; {trouble}" if trouble else counts

    def _started(self) -> DaemonStarted:
        return DaemonStarted(
            version=__version__,
            pid=os.getpid(),
            vantage=self.current.config.vantage,
            digest=digest(Path(self.current.config.directory)),
            drill=self.drill,
        )

    async def publish(self, config: Config) -> None:
        """Write the screens' copy of `config`. Raises WriteError."""
        series = series_of(config.checks(), config.vantage)
        public = await aside(partial(shown, config, self.drill, self._fates))
        await self.journal.publish(public, series)
