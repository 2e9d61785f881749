"""Sample runs, histories, journals and announcements for the screens that are opened from the board."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from outagetui.board.rows import (
    AnnouncementRow,
    Board,
    DeliveryRow,
    LogRow,
    PlaybookRow,
    PracticeRow,
    RunRow,
    StepRow,
)
from outagetui.core.model import Observation, Outcome, Sample, State
from outagetui.facts.ledger import Mute
from outagetui.tui.answering import READING
from outagetui.tui.app import OutageApp
from tests.tui import fakes
from tests.tui.fakes import HOUR, MINUTE, NOW

HOSTILE = "\x1b]52;c;QUJD\x07 \x9b31m [b]x[/b] [/b] [@click=app.quit]go[/] \u202e\u200bevil\r\n\x00 \U000e0041"
DANGEROUS = ("\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\x00", "\U000e0041", "\r")


def step(id: str, state: str, title: str, **fields: Any) -> StepRow:
    defaults: dict[str, Any] = {"do": "manual", "attempt": 0 if state == "waiting" else 1}
    return StepRow(id=id, state=state, title=title, **(defaults | fields))


DONE = (
    step(
        "confirm", "done", "Can two colleagues on different networks confirm it?",
        at=NOW - 110, actor="alice", detail="done: Bob and Cem see it too",
    ),
    step("activate", "done", "activate Jabber, Chat on the web site and Phone", do="activate", at=NOW - 108,
         actor="daemon", detail="3 channels active"),
)  # fmt: skip
TELL = "announce backup-active to customers on Status page and Company blog"
WAIT = "wait until messenger.web is up, 3 times in a row, at most 5 min"


def asking(why: str = "confirm", **fields: Any) -> RunRow:
    """A run whose third step asks."""
    answers = {
        "confirm": ("yes", "skip", "abort"),
        "manual": ("done", "failed", "skip", "abort"),
        "failed": ("retry", "skip", "undo", "abort"),
        "unsure": ("retry", "done", "skip", "undo", "abort"),
    }[why]
    detail = {"failed": "blog: http.503 Service Unavailable", "unsure": "the daemon ended in the middle of this"}
    asked = step(
        "tell", "unsure" if why == "unsure" else "asking", TELL, do="announce", at=NOW - 20,
        question=f"{TELL}?", answers=answers, detail=detail.get(why, ""),
    )  # fmt: skip
    return run((*DONE, asked, step("wait", "waiting", WAIT, do="wait_for")), **fields)


CHOICE = "Where do customers go first?"
WAYS = "webchat: Web chat, with operators online until 22:00\nphone: The telephone: 0.02 EUR a minute"
APPROVAL = """dns.update: change www.example.net A from 192.0.2.1 to 198.51.100.9 on ns1.example.net
  server = 'ns1.example.net'
  zone = 'example.net'
  name = 'www'
  from = '192.0.2.1'
  to = '198.51.100.9'
  key = 'failover'"""
HASH = "3f9ac1d2e4b5" + "0" * 52
PRINTED = "\n".join(f"line {n}: checking prosody" for n in range(1, 13))


def choosing(**fields: Any) -> RunRow:
    """A run that asks which way to go."""
    asked = step(
        "way", "asking", CHOICE, do="choose", at=NOW - 20, question=CHOICE, why="choose", preview=WAYS,
        answers=("webchat", "phone", "abort"),
    )  # fmt: skip
    return run((*DONE, asked, step("wait", "waiting", WAIT, do="wait_for")), **fields)


def approving(left: float = 590.0, **fields: Any) -> RunRow:
    """A run of alice's that waits for a second person."""
    title = "change www.example.net A from 192.0.2.1 to 198.51.100.9"
    asked = step(
        "switch", "asking", title, do="dns.update", at=NOW - 10, question=title, why="approve", preview=APPROVAL,
        hash=HASH, until=NOW + left, answers=("again", "skip", "abort", "break-glass"),
    )  # fmt: skip
    return run((*DONE, asked, step("wait", "waiting", WAIT, do="wait_for")), **({"started_by": "alice"} | fields))


def printing(state: str = "doing", **fields: Any) -> RunRow:
    """A run whose third step prints."""
    made = step("restart", state, "run restart: /usr/bin/systemctl restart prosody", do="command", at=NOW - 7,
                output=PRINTED)  # fmt: skip
    return run((*DONE, made, step("wait", "waiting", WAIT, do="wait_for")), state="running", **fields)


def attempt(row: RunRow, number: int) -> RunRow:
    """The run asking for another attempt of its step."""
    steps = tuple(msgspec.structs.replace(each, attempt=number) if each.answers else each for each in row.steps)
    return msgspec.structs.replace(row, steps=steps)


def waiting(detail: str = "2 of 3 times up, 40 s") -> RunRow:
    """A run in the middle of a wait."""
    tell = step("tell", "done", TELL, do="announce", at=NOW - 60, actor="alice", detail="page sent, blog sent")
    wait = step("wait", "doing", WAIT, do="wait_for", at=NOW - 45, detail=detail)
    return run((*DONE, tell, wait), state="running")


def ended(**fields: Any) -> RunRow:
    """A run that is over."""
    return run(DONE, **({"state": "done", "ended": NOW - 30} | fields))


def run(steps: tuple[StepRow, ...], **fields: Any) -> RunRow:
    defaults: dict[str, Any] = {
        "id": "r12",
        "playbook": "messenger-down",
        "name": "Public messenger down",
        "state": "asking",
        "started": NOW - 2 * MINUTE,
        "actor": "alice",
    }
    return RunRow(steps=steps, **(defaults | fields))


PLAYBOOKS = (
    PlaybookRow(
        id="messenger-down", name="Public messenger down", suggested=True,
        summary="Move staff to Jabber, customers to web chat and phone, and tell everybody.",
        steps=("Can two colleagues on different networks confirm it?", "activate Jabber, web chat and Phone",
               TELL, WAIT),
        practised=PracticeRow(confidence="medium", at=NOW - 9 * 86400, where="drill", state="done", seconds=207.0,
                              skipped=1),
    ),
    PlaybookRow(id="phone-down", name="Telephone down", summary="Send callers to the web chat.", steps=("activate x",),
                practised=PracticeRow(confidence="low", at=NOW - 2 * HOUR, where="real", state="failed", seconds=64.0,
                                      failed=2, changed=True)),
    PlaybookRow(id="page", name="Update the status page", summary="Say again what we know.", steps=(TELL,)),
)  # fmt: skip

STORY = {
    "muted": Mute(until=NOW + HOUR, reason="moving to another host", actor="bob"),
    "address": "https://im.example.com/example-hosting",
    "credentials": "vault: messenger business account",
    "instructions": "Open the messenger and look for Example Hosting",
    "depends_on": ("voip",),
    "dependents": ("office",),
}


def checks() -> tuple[Any, ...]:
    return (
        fakes.check("messenger.web", State.PARTIAL, count="6 of 20", failing_share=0.3,
                    odds="likely 16-48 %; evidence 11.4, 8 is enough", cause="503 Service Unavailable",
                    vantages=(("vps-1", "partial"), ("vps-2", "up"))),
        fakes.check("messenger.status", probe="feed", phases={}, detail="All systems operational"),
    )  # fmt: skip


def samples(check: str = "messenger.web") -> tuple[Observation, ...]:
    """An hour of samples: steady, then slower, and in the last half hour every third one fails."""
    seen: list[Observation] = []
    for n in range(360, 0, -1):
        at = NOW - 10 * n
        latency = 45 + 12 * math.sin(n / 9) + (80 if n < 200 else 0)
        sample = Sample(Outcome.PASS, latency_ms=latency)
        if n < 180 and n % 3 == 0:
            sample = Sample(Outcome.FAIL, code="http.503", detail="Service Unavailable", latency_ms=31.0)
        elif n % 97 == 0:
            sample = Sample(Outcome.UNKNOWN, code="net.no-route", detail="no route from vps-1")
        elif n < 40 and n % 7 == 0:
            sample = Sample(Outcome.WARN, latency_ms=980.0, detail="slower than 800 ms")
        seen.append(Observation(check, "vps-1", at, sample))
    return tuple(seen)


def entries(count: int = 450) -> tuple[LogRow, ...]:
    """A journal of several days, newest first."""
    kinds = (
        ("step.outcome", "alice", "run r12: tell done: page sent, blog sent"),
        ("state", "daemon", "messenger: up is now partial: 6 of 20 failed (likely 16-48 %), evidence 11.4/8, "
                            "seen from 2 of 3 vantages since 14:02, so the incident was opened"),
        ("ack", "bob", "incident i42: on it"),
        ("announce", "alice", "a3 part 0 backup-active to customers: Reach us by web chat and phone"),
    )  # fmt: skip
    return tuple(
        LogRow(seq=count - n, at=NOW - 600.0 * n, actor=kinds[n % 4][1], kind=kinds[n % 4][0], text=kinds[n % 4][2])
        for n in range(count)
    )


def announcement(**fields: Any) -> AnnouncementRow:
    told = (
        DeliveryRow(outlet="page", state="seen", url="https://status.example.net/"),
        DeliveryRow(outlet="blog", state="failed", detail="http.503 Service Unavailable"),
    )
    return msgspec.structs.replace(fakes.announcement(), deliveries=told, **fields)


def board(*runs: RunRow, **fields: Any) -> Board:
    """The outage with playbooks, these runs, and a story for the messenger."""
    made = fakes.outage(**({"playbooks": PLAYBOOKS, "runs": runs, "announcements": (announcement(),)} | fields))
    return fakes.replace_channel(made, "messenger", checks=checks(), **STORY)


def source(*runs: RunRow, **fields: Any) -> fakes.FakeSource:
    made = fakes.FakeSource(board(*runs, **fields))
    made.samples, made.entries = samples(), entries()
    return made


@asynccontextmanager
async def screens(
    source: fakes.FakeSource,
    orders: fakes.FakeOrders | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    ascii: bool = False,
) -> AsyncIterator[tuple[OutageApp, Any]]:
    """The operator's app over sample facts, with a pilot; its clock is `app.clock`."""
    app = OutageApp(source, orders or fakes.FakeOrders(), clock=fakes.Clock(), ascii=ascii)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        yield app, pilot


async def show(app: OutageApp, pilot: Any, made: Board) -> None:
    """Let the app find a new board in its source, a moment later."""
    source, clock = app.source, app.clock
    assert isinstance(source, fakes.FakeSource)
    assert isinstance(clock, fakes.Clock)
    clock.now += 0.01
    source.current = made
    app.poll()
    await pilot.pause()


async def open_run(app: OutageApp, pilot: Any, id: str = "r12") -> None:
    """Open a run and look at it for so long that its question takes answers."""
    app.open_run(id)
    await pilot.pause()
    read(app)


def read(app: OutageApp) -> None:
    """Let the time pass that a question needs to be read."""
    assert isinstance(app.clock, fakes.Clock)
    app.clock.now += READING


def toasts(app: OutageApp) -> str:
    """The words of all notifications."""
    return "\n".join(toast.message for toast in app._notifications)
