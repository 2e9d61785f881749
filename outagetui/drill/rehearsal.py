"""The headless drill: a scripted operator who sees what the screens show and gives the orders that keys give."""

import asyncio
import time
from typing import Any, cast

import msgspec

from outagetui.board.rows import Board, ChannelRow, OutletRow
from outagetui.config import load
from outagetui.core.model import GOOD, Audience, State, primaries_of
from outagetui.core.orders import Ack, Announce, Answer, Preview, Prove, Start
from outagetui.core.step_options import StepOptions
from outagetui.drill.processes import DrillError, RunningDrill
from outagetui.drill.result import Seen, result
from outagetui.drill.scenario import Scenario
from outagetui.orders.client import OrderClient
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource

LOOK_EVERY = 0.2
EARLY = 1.5  # seconds before it is due that the operator sends an update
LIMIT = 57.0
SETTLE = 12.0


async def rehearse(scenario: Scenario, drill: RunningDrill) -> dict[str, Any]:
    """Play the scenario to its end and return what came of it. Raises DrillError when it did not get there in time."""
    source, orders = StoreSource(drill.store), OrderClient(drill.store)
    seen: list[Seen] = []
    limit = time.monotonic() + LIMIT
    await _quiet(source)
    drill.begin()
    proofs = [time.monotonic() + scenario.short.quiet + at for at in scenario.short.proofs]
    book = next(book for book in load(drill.config).playbooks if book.id == scenario.playbook)
    announcing = {step.id: step.options for step in book.steps if step.options.announces}
    operator = _Operator(scenario.playbook, announcing, orders)
    over = False
    try:
        while not over:
            if time.monotonic() > limit:
                raise DrillError(f"the drill did not end within {LIMIT:.0f} s; its journal is in {drill.store}")
            board = source.board(time.time())
            seen.append((board.at, {row.audience: round(row.now, 3) for row in board.reach if row.now is not None}))
            if proofs and time.monotonic() >= proofs[0]:
                del proofs[0]
                await orders.send(Prove())
            over = await operator.act(board)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await orders.aclose()
        source.close()
    primaries = primaries_of(board.channels)
    page = str(drill.place / "pages" / "status" / "index.html")
    names = {row.name: row.id for row in board.channels}
    document = result(scenario.id, Reader(drill.store).entries(), primaries, seen, page, names)
    for name, row in document["outlets"].items():
        row["warnings"] = operator.warnings.get(name, [])
    return document


async def _quiet(source: StoreSource) -> None:
    limit = time.monotonic() + SETTLE
    while True:
        board = source.board(time.time())
        watched: list[ChannelRow | OutletRow] = [*board.channels, *(row for row in board.outlets if row.checks)]
        if all(row.state is State.UP for row in watched):
            return
        if time.monotonic() > limit:
            wrong = ", ".join(f"{row.id} {row.state.value}: {row.why}" for row in watched if row.state is not State.UP)
            raise DrillError(f"the drill did not begin quietly: {wrong}")
        await asyncio.sleep(LOOK_EVERY)


class _Operator:
    """Does what a person at the screens would do. `warnings` are what was said of each outlet before it was told.

    `announcing` are the playbook's steps that announce.
    """

    def __init__(self, playbook: str, announcing: dict[str, StepOptions], orders: OrderClient) -> None:
        self._playbook, self._announcing, self._orders = playbook, announcing, orders
        self._answered: set[tuple[str, str, int]] = set()
        self._told: set[tuple[str, int]] = set()
        self.warnings: dict[str, list[str]] = {}

    async def act(self, board: Board) -> bool:
        """Do what comes next; return whether the story is over."""
        incident = board.open_incident
        if incident is not None and not incident.acked_by:
            await self._orders.send(Ack(incident=incident.id))
        await self._tell_more(board)
        run = next((run for run in board.runs if run.playbook == self._playbook), None)
        if run is None:
            if any(hint.playbook == self._playbook for hint in board.suggestions):
                await self._orders.send(Start(playbook=self._playbook))
            return False
        asking = run.asking
        if asking is not None and (run.id, asking.id, asking.attempt) not in self._answered:
            self._answered.add((run.id, asking.id, asking.attempt))
            await self._read_warnings(asking.id)
            answer = "yes" if "yes" in asking.answers else "done"
            given = Answer(run=run.id, step=asking.id, attempt=asking.attempt, answer=answer)
            await self._orders.send(given)
        return run.ended is not None

    async def _tell_more(self, board: Board) -> None:
        """Send the updates that were promised, each a little before it is due."""
        for row in board.announcements:
            due = row.open and row.next_update is not None and board.at >= row.next_update - EARLY
            if due and (row.id, row.parts) not in self._told:
                self._told.add((row.id, row.parts))
                mine = [each for each in board.channels if not each.is_backup and each.audience == row.audience]
                well = all(each.state in GOOD for each in mine)
                kind = "recovering" if well else "update"
                await self._orders.send(Announce(kind=kind, audience=cast("Audience", row.audience)))

    async def _read_warnings(self, step: str) -> None:
        """Look at the preview of what a step will announce, as the screens show it."""
        said = self._announcing.get(step)
        if said is None:
            return
        reply = await self._orders.send(Preview(**msgspec.structs.asdict(said)))
        warnings = reply.get("warnings")
        for doubt in warnings if isinstance(warnings, list | tuple) else ():
            words = self.warnings.setdefault(doubt["outlet"], [])
            if doubt["words"] not in words:
                words.append(doubt["words"])
