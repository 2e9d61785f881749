"""Waking people: once a second the chain is asked who is to be told what, and messages go out beside everything else.

An intent is journaled before a message goes out and its outcome after. A daemon that is killed in between sends it
once more when it is back: for waking people, twice is better than never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from outagetui.alerts import chain
from outagetui.alerts.alert_text import Bad, Facts, Message, compose
from outagetui.alerts.chain import Act, Link, Scene
from outagetui.alerts.hide import hide
from outagetui.alerts.send import Sent, send
from outagetui.core import times
from outagetui.core.current import Current
from outagetui.core.model import Alert, Channel, Config, State
from outagetui.core.orders import OrderError
from outagetui.core.own_fault import words_of
from outagetui.core.text import clean
from outagetui.core.words import AlertNews, AlertState
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.ticks import tick
from outagetui.daemon.watch import Watch
from outagetui.facts.events import AlertEnded, AlertIntended
from outagetui.facts.health import suppressed
from outagetui.facts.journaling import DAEMON
from outagetui.machine.background import tell_failure
from outagetui.machine.secrets import SecretError, Secrets
from outagetui.store.journal import WriteError

LOOK_EVERY = 1.0
WARM_UP = 15.0  # seconds after its start in which the daemon looks for itself before it believes what it left
SEND_SECONDS = 20.0
LEAVE_SECONDS = 5.0
BLIND_LASTING = 60.0
DAY = 86400.0
OFFICE_HOURS = range(9, 17)  # when a test of a link that is tested once a day or less wakes nobody
IN_DRILL = "a drill wakes nobody"

Post = Callable[[str, Message, float], Awaitable[Sent]]


class Alarm:
    """Tells people through the links of `[[alert]]`. `trouble` says which of them cannot be relied on."""

    def __init__(
        self,
        journal: JournalWriter,
        watch: Watch,
        secrets: Secrets,
        current: Current,
        clock: Callable[[], float],
        *,
        drill: bool,
        post: Post = send,
    ) -> None:
        self._journal, self._watch, self._secrets = journal, watch, secrets
        self._current, self._clock, self._drill, self._post = current, clock, drill, post
        self._ages = _Ages()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._warm = self._loop_time() + WARM_UP

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await tick(LOOK_EVERY)
            self.look()

    async def aclose(self) -> None:
        """Let what is on its way arrive, if it does so soon; the next daemon sends what did not."""
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=LEAVE_SECONDS)
        for task in self._busy.values():
            task.cancel()
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def look(self) -> None:
        """Begin what is due now."""
        config, now = self._current.config, self._clock()
        if not config.alerts or self._loop_time() < self._warm:
            return
        alerts = self._journal.ledger.alerts
        links = [Link(name=each.name, after=each.after, blocked=self._blocked(each)) for each in config.alerts]
        quiet = True
        for scene, facts, one_by_one in self._scenes(config, now):
            quiet = quiet and not scene.bad
            order = chain.by_failure_only(links) if one_by_one else links
            for act in chain.due(scene, order, alerts.by_link(scene.incident), self._busy, now):
                self._begin(config, act, scene, facts)
        self._ages.forget()
        if quiet and not self._watch.blind and not self._drill:
            self._test_what_is_due(config, now)

    def test(self, actor: str, name: str) -> list[str]:
        """Begin to test the link `name`, or all without one; return their names. Raises OrderError."""
        alerts = self._current.config.alerts
        chosen = [link for link in alerts if name in ("", link.name)]
        if not chosen:
            known = ", ".join(link.name for link in alerts) or "none: see [[alert]] in outagetui.toml"
            named = f"alert link {clean(name, 60)}" if name else "alert link"
            raise OrderError(f"there is no {named}; known: {known}")
        busy = [link.name for link in chosen if link.name in self._busy]
        if busy:
            raise OrderError(f"{', '.join(busy)} is sending at the moment; try again soon")
        for link in chosen:
            self._begin_test(actor, link)
        return [link.name for link in chosen]

    @property
    def trouble(self) -> str:
        """Return in words which links failed when they were used last, or were never proven; empty when all is well."""
        alerts, now = self._journal.ledger.alerts, self._clock()
        words = []
        for link in () if self._drill else self._current.config.alerts:
            used, tested, worked = (
                alerts.uses.get(link.name), alerts.tests.get(link.name), alerts.worked.get(link.name)
            )  # fmt: skip
            failed = [
                (use.at, what, use)
                for use, what in ((used, ""), (tested, " its test"))
                if use is not None and use.outcome == AlertState.FAILED and (worked is None or use.at > worked)
            ]
            if failed:
                at, what, use = max(failed, key=lambda each: each[0])
                words.append(f"alert link {link.name} failed{what} {times.about(now - at)} ago: {use.detail}")
            elif link.test_every is not None and worked is None:
                words.append(f"alert link {link.name} was never tested: outagetui alert --test")
            elif link.test_every is not None and worked is not None and now - worked > 2 * link.test_every + DAY:
                words.append(f"alert link {link.name} was last proven {times.about(now - worked)} ago")
        return "; ".join(words)

    def _scenes(self, config: Config, now: float) -> Iterator[tuple[Scene, Facts, bool]]:
        """Yield what people may be told of, with the facts, and whether links are tried one by one only."""
        ledger = self._journal.ledger
        alerts = ledger.alerts
        if alerts.blind:
            began, ended = alerts.blind_since, alerts.sight_since
            lasted = ended is None and self._ages.of("blind", began, now) >= BLIND_LASTING
            scene = Scene(
                incident=alerts.blind,
                open=ended is None,
                bad=frozenset(["uplink"]) if lasted else frozenset(),
                recovered=ended is not None,
            )
            over = ended if ended is not None else now
            yield scene, self._facts(config, alerts.blind, began, over, blind=True), True
        incident, closed = ledger.incident_at(now)
        if incident is None:
            return
        watched = [each for each in config.channels if each.id in incident.channels and self._counts(each)]
        muted = {each.id for each in watched if ledger.muted(each.id, now)}
        turns = alerts.turns
        since = max(incident.since, alerts.bad_since)
        bad, good = [], []
        for channel in watched:
            turn = turns.get(channel.id)
            lasted = turn is not None and self._ages.of(channel.id, turn.at, now) >= chain.LASTING
            if turn is not None and turn.good is False and lasted:
                if channel.id not in muted and not suppressed(channel, self._watch.state_of):
                    bad.append(channel)
            elif turn is not None and turn.good and lasted:
                good.append(channel.id)
        over = len(good) == len(watched) and not self._watch.blind
        hushed = closed is None and any(channel.id in muted for channel in watched)
        scene = Scene(
            incident=incident.id,
            open=closed is None,
            acked_by=incident.acked_by,
            age=self._ages.of(incident.id, since, now),
            bad=frozenset(channel.id for channel in bad),
            dead=frozenset(channel.id for channel in bad if channel.is_backup),
            recovered=over and not hushed and (bool(watched) or closed is not None),
        )
        facts = self._facts(
            config,
            incident.id,
            incident.since,
            max((turns[name].at for name in good), default=now),
            bad=self._described(bad),
            channels=[channel.name for channel in watched],
            acked_by=incident.acked_by,
        )
        yield scene, facts, False

    def _counts(self, channel: Channel) -> bool:
        """Whether people need a channel: a primary always, a backup while people are sent to it."""
        ledger = self._journal.ledger
        return not channel.is_backup or (channel.id in ledger.active and ledger.sends_to(channel.id))

    def _described(self, bad: Sequence[Channel]) -> list[Bad]:
        ledger = self._journal.ledger
        return [
            Bad(
                name=channel.name,
                state=ledger.states[channel.id][0].value,
                since=ledger.alerts.turns[channel.id].at,
                why=ledger.alerts.whys.get(channel.id, ""),
                sent=channel.audience if channel.is_backup else "",
            )
            for channel in sorted(bad, key=lambda each: not each.is_backup)
        ]

    def _facts(self, config: Config, incident: str, since: float, until: float, **more: Any) -> Facts:
        return Facts(
            business=config.business,
            vantage=config.vantage,
            timezone=config.timezone,
            incident=incident,
            link="",
            since=since,
            over=until - since,
            journal=self._journal.mark,
            **more,
        )

    def _blocked(self, link: Alert) -> str:
        if self._drill:
            return IN_DRILL
        down = [name for name in link.through if self._watch.state_of(name) is State.DOWN]
        return f"it goes through {', '.join(down)}, which is down" if down else ""

    def _begin(self, config: Config, act: Act, scene: Scene, facts: Facts) -> None:
        link = next(each for each in config.alerts if each.name == act.link)
        if act.skip:
            self._go(link, self._skip(scene.incident, act))
            return
        message = compose(act.what, replace(facts, link=link.name), again=act.again)
        self._go(link, self._tell(DAEMON, link, scene.incident, act.what, message, tuple(sorted(scene.bad))))

    def _begin_test(self, actor: str, link: Alert) -> None:
        now = self._clock()
        message = compose(AlertNews.TEST, replace(self._facts(self._current.config, "", now, now), link=link.name))
        self._go(link, self._tell(actor, link, "", AlertNews.TEST, message, ()))

    def _test_what_is_due(self, config: Config, now: float) -> None:
        alerts = self._journal.ledger.alerts
        office = datetime.fromtimestamp(now, times.zone(config.timezone)).hour in OFFICE_HOURS
        for link in config.alerts:
            tested = alerts.tests.get(link.name)
            due = chain.test_due(link, alerts.worked.get(link.name), tested.at if tested is not None else None, now)
            rare = link.test_every is not None and link.test_every >= DAY
            if due and (office or not rare) and link.name not in self._busy and not self._blocked(link):
                self._begin_test(DAEMON, link)

    def _go(self, link: Alert, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._busy[link.name] = task
        task.add_done_callback(lambda _: self._busy.pop(link.name, None))
        task.add_done_callback(tell_failure)

    async def _skip(self, incident: str, act: Act) -> None:
        await self._write(
            DAEMON,
            AlertEnded(incident=incident, link=act.link, what=act.what, outcome=AlertState.SKIPPED, detail=act.skip),
        )

    async def _tell(
        self, actor: str, link: Alert, incident: str, what: str, message: Message, channels: tuple[str, ...]
    ) -> None:
        def end(outcome: str, detail: str) -> AlertEnded:
            return AlertEnded(incident=incident, link=link.name, what=what, outcome=outcome, detail=clean(detail))

        if blocked := self._blocked(link):
            await self._write(actor, end(AlertState.SKIPPED, blocked))
            return
        intent = AlertIntended(incident=incident, link=link.name, what=what, title=message.title, channels=channels)
        if not await self._write(actor, intent):
            return  # without its intent nobody could tell how often it was sent; it is due again in a second
        try:
            url = self._secrets.read(link.secret)
        except SecretError as error:
            sent = Sent(False, str(error))
        else:
            sent = await self._send(url, message)
        try:
            await self._journal.keep(DAEMON, end(AlertState.SENT if sent.sent else AlertState.FAILED, sent.detail))
        except WriteError:
            return  # the daemon ends on a full disk; the next one sends again

    async def _send(self, url: str, message: Message) -> Sent:
        try:
            sent = await self._post(url, message, SEND_SECONDS)
        except Exception as error:  # a bug in here must not keep the next link from being used
            sent = Sent(False, words_of(error))
        return Sent(sent.sent, self._secrets.hide(hide(sent.detail, url)))

    async def _write(self, actor: str, event: AlertIntended | AlertEnded) -> bool:
        try:
            await self._journal.write(actor, event)
        except WriteError:
            await tick(LOOK_EVERY)
            return False
        return True

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


class _Ages:
    """How long something has lasted, by the clock or by our own watch, whichever says more.

    A clock that is put back must not let anybody sleep on.
    """

    def __init__(self) -> None:
        self._first: dict[tuple[str, float], float] = {}
        self._asked: set[tuple[str, float]] = set()

    def of(self, name: str, since: float, now: float) -> float:
        """Return for how many seconds `name` has been so since the moment `since`."""
        key = name, since
        here = asyncio.get_running_loop().time()
        self._asked.add(key)
        return max(now - since, here - self._first.setdefault(key, here))

    def forget(self) -> None:
        """Forget what was not asked for since the last call."""
        self._first = {key: at for key, at in self._first.items() if key in self._asked}
        self._asked.clear()
