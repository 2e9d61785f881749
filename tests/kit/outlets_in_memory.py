"""Outlets in memory behind the real `outagetui.outlets`: what is public there, and how the next request goes."""

import asyncio
from typing import Any

import pytest
from outagetui import outlets
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Check, Config, Outlet, Segment, State, Template
from outagetui.core.outlet_options import MastodonOptions
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.background_delivery import BackgroundDelivery
from outagetui.facts.events import AnnouncementMade
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.sample_business import channel

KINDS = ("investigating", "backup-active", "update", "resolved")
TIMEOUT = 10.0


class OutletsInMemory:
    """All outlets of a test. `goes`: how requests go at an outlet, `reads`: whether it can be looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.public: dict[str, str] = {}  # what is there, by "outlet announcement.part"
        self.requests: list[str] = []
        self.goes: dict[str, str] = {}
        self.reads: dict[str, str] = {}
        self.read: list[tuple[str, float]] = []

        async def publisher(kind: str) -> "OutletsInMemory":
            return self

        monkeypatch.setattr(outlets, "_publisher", publisher)

    async def publish(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
        assert delivery.text is not None
        how, name = self.goes.get(outlet.id, ""), _name(outlet, delivery.announcement, delivery.part)
        self.requests.append(name)
        if how == "busy":
            raise UnsentError("asks to wait 30 s", 30.0)
        if how == "refused":
            raise UnsentError("refused (422)")
        tools.trail.written = True
        if how not in ("lost", "hangs"):
            assert name not in self.public, f"twice: {name}"
            self.public[name] = delivery.text.text
        if how in ("hangs", "hangs after"):
            await asyncio.sleep(1e6)
        if how in ("lost", "stored"):
            raise MaybeSentError("no answer; it may be published")
        return Delivered("sent", f"https://{outlet.id}.example/{delivery.part}", name)

    update = publish

    async def find(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
        if self.reads.get(outlet.id) == "slow":
            await asyncio.sleep(3.0)
        if self.reads.get(outlet.id) == "down":
            raise UnsentError("cannot be looked at")
        name = _name(outlet, delivery.announcement, delivery.part)
        return Delivered("sent", f"https://{outlet.id}.example/", name, "found") if name in self.public else None

    async def seen(self, outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
        self.read.append((outlet.id, asyncio.get_running_loop().time()))
        if self.reads.get(outlet.id) in ("down", "blank"):
            return Delivered("sent", delivered.url, delivered.remote_id, "does not show it")
        return Delivered("seen", delivered.url, delivered.remote_id)

    async def retract(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
        how = self.goes.get(outlet.id, "")
        self.requests.append(f"retract {outlet.id}")
        if how in ("busy", "refused"):
            raise UnsentError("refused (500)")
        tools.trail.written = True
        if how not in ("lost", "hangs"):
            for placed in delivery.placed:
                self.public.pop(_name(outlet, delivery.announcement, placed.part), None)
        if how in ("hangs", "hangs after"):
            await asyncio.sleep(1e6)
        if how in ("lost", "stored"):
            raise MaybeSentError("no answer; it may still be there")
        return Delivered("retracted", detail="deleted")


class OutboxInMemory:
    """An outbox and its background delivery over a journal in memory; `states` are those of channels and outlets.

    Only one that `follows` reads back what it sent.
    """

    def __init__(
        self,
        outlets: OutletsInMemory,
        *names: str,
        journal: MemoryJournal | None = None,
        follows: bool = False,
        **more: Any,
    ) -> None:
        self.outlets = outlets
        self.journal = journal or MemoryJournal(self.now)
        self.states: dict[str, State] = {"chat": State.DOWN}
        self.current = Current(settings(*names, **more))
        self.outbox = Outbox(self.current, self.journal, lambda name: self.states.get(name, State.UP), self.now)
        self.background = BackgroundDelivery(self.outbox)
        if not follows:
            self.outbox.afterwards = lambda announcement, part, outlet: None

    @staticmethod
    def now() -> float:
        return 1000.0 + asyncio.get_running_loop().time()

    async def announce(self, kind: str = "update", *chosen: str, **more: str) -> AnnouncementMade:
        """Announce, and hand it out."""
        made = await self.outbox.make("ada", kind, "customers", chosen, **more)  # type: ignore[arg-type]
        await self.outbox.deliver("ada", made.announcement, made.part)
        return made

    async def order(self, outlet: str, do: str, **more: Any) -> None:
        """Give an order on a delivery of the first announcement, and do what it says."""
        part, due = await self.outbox.order("ada", "a1", outlet, do, **more)  # type: ignore[arg-type]
        if due == "send":
            await self.outbox.deliver("ada", "a1", part, only=[outlet])
        elif due == "retract":
            await self.outbox.take_back("ada", "a1")

    def became(self, part: int = 0) -> dict[str, str]:
        """Return the state of every outlet."""
        made = self.journal.ledger.announcements["a1"]
        return {name: done.state for (each, name), done in made.deliveries.items() if each == part}

    def detail(self, outlet: str, part: int = 0) -> str:
        done = self.journal.ledger.announcements["a1"].deliveries[part, outlet]
        return done.detail

    def after_crash(self) -> "OutboxInMemory":
        """Return the outbox of the next daemon."""
        names = [outlet.id for outlet in self.current.config.outlets]
        return OutboxInMemory(self.outlets, *names, journal=self.journal.after_crash(), follows=True)


def settings(*names: str, **more: Any) -> Config:
    return Config(
        directory="/nowhere",
        business="Example",
        vantage="here",
        timezone="UTC",
        store="/nowhere/store.db",
        channels=(channel("chat"), channel("phone", "backup"), channel("mail", "backup")),
        outlets=tuple(outlet(name) for name in names),
        segments=(Segment(id="all", audience="customers", people=10, uses=("chat", "mail", "phone")),),
        templates=tuple(
            Template(kind=kind, language="en", title=kind, body="We tell you.\n{accounts}\n{note}") for kind in KINDS
        ),
        **more,
    )


def outlet(name: str, **more: Any) -> Outlet:
    check = Check(id=f"{name}.site", probe="tcp", target=f"tcp://{name}.example:443", options=TcpOptions())
    return Outlet(
        id=name,
        name=name.title(),
        kind="page" if name == "page" else "mastodon",
        audience="customers",
        url=f"https://{name}.example/",
        timeout=TIMEOUT,
        options=MastodonOptions(secret="login"),
        checks=(check,),
        **more,
    )


def _name(outlet: Outlet, announcement: str, part: int) -> str:
    return f"{outlet.id} {announcement}.{part}"
