"""A watch to tell stories to: one primary channel for each first part of the checks' names, a second a sample."""

from collections.abc import Iterable
from typing import Any

from outagetui.core.model import Channel, Check, Config, Outcome, Outlet, Sample
from outagetui.core.probe_options import TcpOptions
from outagetui.daemon.watch import Watch
from outagetui.facts.events import Event, StateChanged
from outagetui.facts.ledger import Ledger

PASS = Sample(Outcome.PASS, latency_ms=12.0)
FAIL = Sample(Outcome.FAIL, "tcp.refused", "connection refused")
WARN = Sample(Outcome.WARN, "slow", "900 ms, slow above 800 ms", latency_ms=900.0)
OURS = Sample(Outcome.UNKNOWN, "net.no-route", "no route from here")


def check(name: str, **more: Any) -> Check:
    return Check(id=name, probe="tcp", target=f"tcp://{name}:1", options=TcpOptions(), every=10.0, **more)


def config(*checks: Check, canaries: int = 0, outlets: Iterable[Outlet] = ()) -> Config:
    """One primary channel for every first part of the checks' names."""
    owners = dict.fromkeys(each.id.partition(".")[0] for each in checks)
    return Config(
        directory="/nowhere",
        business="Example",
        vantage="here",
        timezone="UTC",
        store="/nowhere/store.db",
        canaries=tuple(check(f"canary.{n + 1}") for n in range(canaries)),
        outlets=tuple(outlets),
        channels=tuple(
            Channel(
                id=owner,
                name=owner.title(),
                audience="customers",
                role="primary",
                checks=tuple(each for each in checks if each.id.startswith(f"{owner}.")),
            )
            for owner in owners
        ),
    )


class Story:
    """A watch whose clock moves a second with every sample."""

    def __init__(self, settings: Config, now: float = 1000.0, ledger: Ledger | None = None) -> None:
        self.now = now
        self.hurried: list[str] = []
        self.watch = Watch("here", ledger or Ledger(), now, self.hurried.extend)
        self.configure(settings)

    def configure(self, settings: Config) -> None:
        self.watch.configure(settings)
        self.checks = {each.id: each for each in self.watch.checks()}

    def see(self, name: str, *samples: Sample) -> int:
        quick = 0
        for sample in samples:
            self.now += 1.0
            quick = self.watch.see(self.checks[name], self.now, sample)
        return quick

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.now += 1.0
            self.watch.tick(self.now)

    def events(self) -> list[Event]:
        return self.watch.take()[2]

    def changes(self) -> list[tuple[str, str, str]]:
        return [(e.id, e.was, e.now) for e in self.events() if isinstance(e, StateChanged)]


def cut_off(story: Story, times: int = 2) -> None:
    for _ in range(times):
        for name in story.checks:
            if name.startswith("canary."):
                story.see(name, FAIL)


def uplink(story: Story) -> None:
    story.see("canary.1", PASS)
