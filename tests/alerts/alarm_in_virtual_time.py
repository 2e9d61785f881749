"""The real alarm and its chain of links over a journal in memory, in virtual time; what is sent is kept in a list."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from outagetui.alerts.alert_text import Message
from outagetui.alerts.send import Sent
from outagetui.core.current import Current
from outagetui.core.model import Alert, Channel, Check, Config, Entry, State
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.alarm import WARM_UP, Alarm
from outagetui.daemon.journal_writer import JournalWriter
from outagetui.daemon.watch import Watch
from outagetui.facts import events
from outagetui.facts.events import AlertEnded, AlertIntended, Event, StateChanged
from outagetui.facts.ledger import Ledger
from outagetui.machine.secrets import SecretError, Secrets
from outagetui.store.journal import WriteError
from tests.kit import virtual_loop

T = TypeVar("T")
BEGIN = 1_800_000_000.0  # a Friday in January 2027, 08:00 UTC
MINUTE = 60.0


class SentMessage:
    """One message that went out: to whom, when (seconds since the beginning), and what."""

    def __init__(self, link: str, at: float, message: Message) -> None:
        self.link, self.at, self.message = link, at, message


class _Watch:
    def __init__(self) -> None:
        self.blind = ""
        self.states: dict[str, State] = {}

    def state_of(self, name: str) -> State:
        return self.states.get(name, State.UP)


class _Secrets:
    def __init__(self) -> None:
        self.read_names: list[str] = []
        self.missing: set[str] = set()

    def read(self, name: str) -> str:
        self.read_names.append(name)
        if name in self.missing:
            raise SecretError(f"secret {name!r}: there is no such file")
        return f"json://{name}.example/"

    def hide(self, text: str) -> str:
        return text


class AlarmInVirtualTime:
    """Primaries `chat`, `mail`, … and links. `ways` says of each link what sending does: ok, fail or hang."""

    def __init__(
        self, *links: Alert, primaries: int = 2, drill: bool = False, depends: dict[str, tuple[str, ...]] | None = None
    ) -> None:
        names = ["chat", "mail", *(f"c{number}" for number in range(primaries))][:primaries]
        self.config = Config(
            directory="/", business="Example Hosting", vantage="vps-1", timezone="UTC", store="/s", alerts=links,
            channels=tuple(
                Channel(
                    id=name, name=name.title(), audience="customers", role="primary",
                    depends_on=(depends or {}).get(name, ()),
                    checks=(Check(id=f"{name}.port", probe="tcp", target="tcp://h:1", options=TcpOptions()),),
                )
                for name in names
            ),
        )  # fmt: skip
        self.ledger = Ledger(frozenset(names))
        self.mark = "0 00000000…"
        self.entries: list[Entry] = []
        self.watch, self.secrets = _Watch(), _Secrets()
        self.ways: dict[str, str] = {}
        self.sent: list[SentMessage] = []
        self.ahead = 0.0
        self.disk_full = False
        self._drill = drill
        self.crashes = 0

    # What the alarm sees of the daemon.

    async def write(self, actor: str, *new: Event) -> list[Entry]:
        if self.disk_full:
            raise WriteError("full")
        for event in new:
            entry = Entry(
                len(self.entries) + 1, self.clock(), actor, events.kind_of(event), events.encode(event), "", ""
            )
            self.entries.append(entry)
            self.ledger.apply(entry)
        return self.entries[-len(new) :]

    keep = write

    def clock(self) -> float:
        return BEGIN + asyncio.get_running_loop().time() + self.ahead

    async def post(self, url: str, message: Message, seconds: float) -> Sent:
        link = url.removeprefix("json://").removesuffix(".example/")
        way = self.ways.get(link, "ok")
        if way == "hang":
            await asyncio.sleep(seconds)
            return Sent(False, "no answer")
        await asyncio.sleep(0.5)
        if way == "fail":
            return Sent(False, "refused")
        self.sent.append(SentMessage(link, asyncio.get_running_loop().time(), message))
        await asyncio.sleep(0.2)  # the service has it, the daemon does not know yet
        return Sent(True)

    # The play.

    def run(self, script: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `script` in virtual time with the alarm at work."""

        async def main() -> T:
            self.start()
            await self.wait(WARM_UP)
            try:
                return await script()
            finally:
                self._runner.cancel()
                await asyncio.gather(self._runner, return_exceptions=True)
                await self.alarm.aclose()

        return virtual_loop.run(main())

    def start(self) -> None:
        self.alarm = Alarm(
            cast("JournalWriter", self), cast("Watch", self.watch), cast("Secrets", self.secrets),
            cast("Current", self), self.clock, drill=self._drill, post=self.post,
        )  # fmt: skip
        self._runner = asyncio.create_task(self.alarm.run())

    async def crash(self) -> None:
        """Kill the daemon and start another."""
        self.crashes += 1
        tasks = [self._runner, *self.alarm._busy.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.start()

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def turn(self, now: str, *names: str) -> None:
        """Let channels turn to a state."""
        for name in names or ("chat",):
            was = self.ledger.states.get(name, (State.UNKNOWN, 0.0))[0].value
            await self.write("outagetui", StateChanged(id=name, was=was, now=now, why="6 of 20 failed"))
            self.watch.states[name] = State(now)

    async def mute(self, seconds: float, name: str = "chat") -> None:
        until = self.clock() + seconds if seconds else 0.0
        await self.write("alice", events.Muted(id=name, until=until, reason="work"))

    async def ack(self) -> None:
        assert self.ledger.incident is not None
        await self.write("alice", events.Acked(incident=self.ledger.incident.id))

    # What came of it.

    def titles(self, link: str = "") -> list[str]:
        return [each.message.title for each in self.sent if link in ("", each.link)]

    def journal(self, *kinds: type[Event]) -> list[Any]:
        found = (events.decode(entry.kind, entry.document) for entry in self.entries)
        return [event for event in found if isinstance(event, kinds or (AlertIntended, AlertEnded))]

    def outcomes(self, link: str = "") -> list[tuple[str, str]]:
        return [(event.what, event.outcome) for event in self.journal(AlertEnded) if link in ("", event.link)]


def link(name: str, after: float = 0.0, test_every: float | None = None, through: tuple[str, ...] = ()) -> Alert:
    return Alert(name=name, secret=name, after=after, test_every=test_every, through=through)
