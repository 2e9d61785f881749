"""Boards made of small stories: what the tests of the board share."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from outagetui.board.build import build
from outagetui.board.rows import Board, ChannelRow, ReachRow
from outagetui.core.model import Entry, State
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Beat, Live, Public, PublicChannel, PublicOutlet
from tests.kit.sample_business import PUBLIC, live_row

NOW = 2000.0
BEAT = Beat(7, NOW - 1.0)


def fold(public: Public, told: Iterable[tuple[float, Event]]) -> Ledger:
    ledger = Ledger(frozenset(each.id for each in public.channels if each.role == "primary"))
    for number, (at, event) in enumerate(told):
        ledger.apply(Entry(number + 1, at, "alice", events.kind_of(event), events.encode(event), "", ""))
    return ledger


def rows(since: float = NOW - 100.0, **states: State) -> list[Live]:
    """Live rows of every check of the business, up unless said otherwise, fresh at NOW."""
    told = []
    watched: list[PublicChannel | PublicOutlet] = [*PUBLIC.channels, *PUBLIC.outlets]
    for each in watched:
        state = states.get(each.id, State.UP)
        told.append(fresh(live_row(each.checks[0].id, state, since)))
    return told


def fresh(row: Live) -> Live:
    """Return `row` as if its last sample were a second old."""
    return replace(row, track=replace(row.track, last=NOW - 1.0))


def board(
    live: Sequence[Live],
    told: Iterable[tuple[float, Event]] = (),
    public: Public = PUBLIC,
    beat: Beat | None = BEAT,
    now: float = NOW,
) -> Board:
    return build(public, live, fold(public, told), beat, now)


def of(shown: Board, name: str) -> ChannelRow:
    return next(row for row in shown.channels if row.id == name)


def reach_of(shown: Board, audience: str = "customers") -> ReachRow:
    return next(row for row in shown.reach if row.audience == audience)


def down(at: float, name: str) -> tuple[float, Event]:
    return at, events.StateChanged(id=name, was="up", now="down", why="x")
