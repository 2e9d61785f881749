"""Sample boards, a source that plays them and an order client that records: what screens are tested with."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from outagetui.board.rows import (
    AnnouncementRow,
    Board,
    ChannelRow,
    CheckRow,
    DaemonRow,
    DeliveryRow,
    GainRow,
    IncidentRow,
    LogRow,
    OutletRow,
    PlaybookRow,
    ReachHistory,
    ReachMark,
    ReachRow,
    RunRow,
    StepRow,
    SuggestionRow,
)
from outagetui.core.model import Observation, Outcome, Sample, State
from outagetui.core.orders import Order
from outagetui.facts.ledger import Mute
from outagetui.orders.wire import encode
from tests.kit.waiting import until
from textual.command import CommandList

NOW = 1_795_354_327.0  # 2026-11-22 14:32:07 in Berlin
MINUTE, HOUR = 60.0, 3600.0
PULSE: tuple[float | None, ...] = (41, 43, 40, 44, 52, 47, 43, 41, 39, 45, 43, 42, 48, 44, 41, 43)


def check(id: str, state: State = State.UP, **fields: Any) -> CheckRow:
    defaults: dict[str, Any] = {
        "probe": "http",
        "target": f"https://{id.split('.')[0]}.example.net/",
        "every": 10.0,
        "expect": "up",
        "since": NOW - 3 * HOUR,
        "why": "",
        "at": NOW - 4,
        "outcome": Outcome.PASS,
        "latency_ms": 43.0,
        "phases": {"resolve": 1.2, "connect": 8.0, "tls": 21.0, "first_byte": 12.0, "transfer": 0.8},
        "minutes": PULSE,
        "took": 43.0,
        "vantages": (("vps-1", state.value),),
    }
    given = defaults | fields
    sample = {name: given.pop(name) for name in Sample.__struct_fields__ if name in given}
    seen = Sample(**sample) if sample["outcome"] is not None else None
    return CheckRow(id=id, state=state, sample=seen, **given)


def channel(id: str, name: str, state: State = State.UP, **fields: Any) -> ChannelRow:
    defaults: dict[str, Any] = {
        "audience": "customers",
        "role": "primary",
        "carries": ("text",),
        "known": state,
        "since": NOW - 26 * HOUR,
        "why": "",
        "latency_ms": 43.0,
        "minutes": PULSE,
        "address": f"https://{id}.example.net/",
        "checks": (check(f"{id}.web", state),),
    }
    if fields.get("role") == "backup":
        defaults |= {"standing": "standby", "readiness": "ready"}
    return ChannelRow(id=id, name=name, state=state, **(defaults | fields))


def outlet(id: str, name: str, kind: str, state: State = State.UP, **fields: Any) -> OutletRow:
    defaults: dict[str, Any] = {
        "audience": "customers",
        "since": NOW - 50 * HOUR,
        "why": "",
        "latency_ms": 80.0,
        "minutes": PULSE,
    }
    return OutletRow(id=id, name=name, kind=kind, state=state, **(defaults | fields))


WHY = "6 of 20 failed (likely 16-48 %), evidence 11.4/8: 503 Service Unavailable"
CAUSE, COUNT = "503 Service Unavailable: overloaded or being repaired", "6 of 20, from 2 of 3 places"


def playbook() -> PlaybookRow:
    return PlaybookRow(
        id="messenger-down",
        name="Public messenger down",
        summary="Move staff to Jabber, customers to web chat and phone, and tell everybody.",
        steps=("confirm", "activate", "tell-customers"),
        suggested=True,
    )


def run(state: str = "asking", **fields: Any) -> RunRow:
    steps = (
        StepRow(
            id="confirm",
            do="manual",
            title="Can two colleagues on different networks confirm it?",
            state="asking" if state == "asking" else "done",
            attempt=1,
            question="Can two colleagues on different networks confirm it?" if state == "asking" else "",
            answers=("done", "failed", "skip", "abort") if state == "asking" else (),
        ),
        StepRow(id="activate", do="activate", title="activate jabber, webchat, phone", state="waiting"),
        StepRow(id="tell-customers", do="announce", title="announce backup-active to customers", state="waiting"),
    )
    defaults: dict[str, Any] = {
        "id": "r12",
        "playbook": "messenger-down",
        "name": "Public messenger down",
        "state": state,
        "started": NOW - 2 * MINUTE,
        "actor": "alice",
        "steps": steps,
    }
    return RunRow(**(defaults | fields))


def announcement() -> AnnouncementRow:
    return AnnouncementRow(
        id="a3",
        kind="backup-active",
        audience="customers",
        title="Reach us by web chat and phone",
        body="Our messenger does not work since 14:02. Use the web chat or call us.",
        made=NOW - MINUTE,
        since=NOW - 30 * MINUTE,
        next_update=NOW + 29 * MINUTE,
        open=True,
        parts=1,
        deliveries=(DeliveryRow(outlet="page", state="sent", url="https://status.example.net/"),),
    )


def outage(**fields: Any) -> Board:
    """A board in the middle of an outage: the messenger is partial, backups stand by, a playbook is suggested."""
    down = {"since": NOW - 30 * MINUTE, "backed_by": ("webchat", "phone")}
    beat: tuple[float | None, ...] = (50, 61, -1, 58, -1, 77, 90, -1, 66, -1, 71, -1)
    running = {run.playbook for run in fields.get("runs", ()) if run.ended is None}
    hint = SuggestionRow(
        playbook="messenger-down",
        name="Public messenger down",
        why="messenger partial for 30 min",
        gains=(GainRow(audience="customers", now=0.31, then=0.94),),
    )
    defaults: dict[str, Any] = {
        "at": NOW,
        "business": "Example Hosting",
        "vantage": "vps-1",
        "timezone": "Europe/Berlin",
        "drill": "",
        "daemon": DaemonRow(pid=4711, age=1.0, stale=False),
        "blind": "",
        "incident": IncidentRow(id="i42", since=NOW - 30 * MINUTE, channels=("messenger",)),
        "reach": (
            ReachRow(audience="customers", now=0.31, known=0.31, possible=0.94),
            ReachRow(audience="staff", now=0.6, known=0.6, possible=1.0, uncertain=True),
        ),
        "channels": (
            channel("messenger", "Public messenger", State.PARTIAL, why=WHY, cause=CAUSE, count=COUNT, minutes=beat,
                    latency_ms=412.0, **down),
            channel("telegram", "Telegram account", State.UNKNOWN, role="backup", why="no route from vps-1",
                    latency_ms=None, minutes=(), readiness="untested", since=NOW - 5 * MINUTE),
            channel("mail", "Support mailbox", State.SLOW, cause="1240 ms, slow above 800 ms", count="9 of 20",
                    latency_ms=1240.0),
            channel("phone", "Phone +49 30 901820", role="backup", carries=("voice",), cost="0.02 EUR a minute",
                    latency_ms=12.0),
            channel("webchat", "Chat on the web site", role="backup", latency_ms=88.0),
            channel("office", "Staff messenger", State.DOWN, audience="staff", latency_ms=None,
                    minutes=(44, 43, 41, -1, -1, -1), cause="no answer within 5 s", count="20 of 20",
                    since=NOW - 95 * MINUTE),
            channel("jabber", "Staff Jabber", audience="staff", role="backup", standing="active", latency_ms=9.0,
                    backs_up=("office",), address="xmpp:office@rooms.example.net?join", readiness="ready"),
            channel("voip", "Internal telephones", audience="staff", carries=("voice",), latency_ms=3.0),
        ),
        "history": (
            ReachHistory(audience="customers", lost=(0.0,) * 30 + (0.69,) * 30,
                         marks=(ReachMark(NOW - 30 * MINUTE, "✖"), ReachMark(NOW - 20 * MINUTE, "a"))),
            ReachHistory(audience="staff", lost=(0.0,) * 40 + (0.4,) * 20, marks=(ReachMark(NOW - 20 * MINUTE, "✖"),)),
        ),
        "lately": tuple(
            LogRow(seq=9 - n, at=NOW - (2 + 7 * n) * MINUTE, actor=actor, kind="state", text=text)
            for n, (actor, text) in enumerate(
                (
                    ("alice", "took incident i42"),
                    ("probe", "office up → down: no answer within 5 s"),
                    ("probe", "messenger up → partial: 503 Service Unavailable"),
                    ("alice", "proof of webchat passed: 200 OK"),
                )
            )
        ),
        "outlets": (
            outlet("page", "Status page", "page", delivery="sent", url="https://status.example.net/"),
            outlet("blog", "Company blog", "wordpress", State.DOWN, count="20 of 20",
                   cause="503 Service Unavailable: overloaded or being repaired"),
        ),
        "suggestions": (hint,) if hint.playbook not in running else (),
        "playbooks": (playbook(),),
        "runs": (),
        "announcements": (),
    }  # fmt: skip
    return Board(**(defaults | fields))


def calm(**fields: Any) -> Board:
    """A board on a quiet day: everything is up."""
    defaults: dict[str, Any] = {
        "incident": None,
        "reach": (
            ReachRow(audience="customers", now=1.0, known=1.0, possible=1.0),
            ReachRow(audience="staff", now=1.0, known=1.0, possible=1.0),
        ),
        "channels": tuple(
            msgspec.structs.replace(
                row, state=State.UP, known=State.UP, why="", cause="", count="", minutes=PULSE, latency_ms=40.0,
                readiness=None,
                standing="standby" if row.role == "backup" else None,
            )
            for row in outage().channels
        ),
        "outlets": (outlet("page", "Status page", "page"), outlet("blog", "Company blog", "wordpress")),
        "suggestions": (),
        "history": tuple(ReachHistory(audience=audience, lost=(0.0,) * 60) for audience in ("customers", "staff")),
    }  # fmt: skip
    return outage(**(defaults | fields))


def everything(**fields: Any) -> Board:
    """The outage with all that can be on a screen at once: drill, blind, a run that asks, an announcement."""
    board = outage()
    rows = (
        msgspec.structs.replace(board.channels[0], muted=Mute(until=NOW + HOUR, reason="works", actor="bob")),
        msgspec.structs.replace(board.channels[1], suppressed=True, local="vps-2", depends_on=("vps",)),
        *board.channels[2:],
    )
    defaults: dict[str, Any] = {
        "channels": rows,
        "drill": "messenger-2011",
        "blind": "all 2 canaries fail",
        "daemon": DaemonRow(pid=4711, age=75.0, stale=True, trouble="disk nearly full"),
        "runs": (run(),),
        "announcements": (announcement(),),
    }
    return outage(**(defaults | fields))


def many(count: int = 200, **fields: Any) -> Board:
    """A board with `count` channels, all up."""
    rows = tuple(channel(f"channel-{n:03}", f"Channel number {n:03}") for n in range(count))
    return calm(channels=rows, **fields)


def replace_channel(board: Board, id: str, **fields: Any) -> Board:
    """The board with fields of one channel changed."""
    rows = tuple(msgspec.structs.replace(row, **fields) if row.id == id else row for row in board.channels)
    return msgspec.structs.replace(board, channels=rows)


class FakeSource:
    """Plays one board until the test sets `current`; set `error` to make every read fail."""

    def __init__(self, board: Board | None = None) -> None:
        self._board = board or outage()
        self._changed = True
        self.error: Exception | None = None
        self.reads = 0
        self.entries: tuple[LogRow, ...] = tuple(
            LogRow(seq=n, at=NOW - 60 * n, actor="daemon", kind="state", text=f"entry {n}") for n in range(40, 0, -1)
        )
        self.samples: tuple[Observation, ...] = tuple(
            Observation("messenger.web", "vps-1", NOW - 10 * n, Sample(Outcome.PASS, latency_ms=40.0 + n % 7))
            for n in range(120, 0, -1)
        )

    @property
    def current(self) -> Board:
        return self._board

    @current.setter
    def current(self, board: Board) -> None:
        self._board = board
        self._changed = True

    def changed(self) -> bool:
        if self.error is not None:
            raise self.error
        was, self._changed = self._changed, False
        return was

    def board(self, now: float) -> Board:
        if self.error is not None:
            raise self.error
        self.reads += 1
        return msgspec.structs.replace(self._board, at=now)

    def log(self, limit: int, before: int | None = None) -> tuple[LogRow, ...]:
        return tuple(row for row in self.entries if before is None or row.seq < before)[:limit]

    def span(self, since: float) -> tuple[int, int]:
        older = sum(seen.at < since for seen in self.samples)
        return older, len(self.samples)

    def history(self, check: str, first: int, after: int) -> tuple[Observation, ...]:
        return tuple(seen for seen in self.samples[first:after] if seen.check == check)


def document(order: Order) -> tuple[str, dict[str, Any]]:
    """The name and the fields of an order, as they go over the socket."""
    fields = json.loads(encode(msgspec.to_builtins(order)))
    return fields.pop("order"), fields


@dataclass
class FakeOrders:
    """Records what was ordered; `refuse` holds the words of a refusal, `reply` what is answered beside `ok`.

    `actor` is who we are to the daemon, which tells it with the role.
    """

    role: str = "operator"
    actor: str = ""
    refuse: str = ""
    reply: dict[str, object] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    async def send(self, order: Order) -> dict[str, object]:
        self.sent.append(document(order))
        return {"ok": False, "error": self.refuse} if self.refuse else {"ok": True, **self.reply}

    async def hello(self) -> dict[str, object]:
        return {"ok": True, "role": self.role, "actor": self.actor}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def text_of(app: Any) -> str:
    """The screen as text, one line a row, without trailing blanks."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


async def found(app: Any, words: str) -> None:
    """Wait until the palette offers a command with these words first."""

    def first() -> str:
        offered = app.screen.query(CommandList).first()
        return str(offered.get_option_at_index(0).prompt) if offered.option_count else ""

    await until(lambda: words in first())


def lines_with(text: str, words: Sequence[str]) -> list[str]:
    """The lines that hold all the words."""
    return [line for line in text.splitlines() if all(word in line for word in words)]


def ticking(step: float = 1.0) -> Callable[[], float]:
    """A clock that moves by `step` at every look."""
    clock = Clock(NOW - step)

    def tick() -> float:
        clock.now += step
        return clock.now

    return tick
