"""The headless drill: a scripted operator who sees what the screens show and gives the orders that keys give."""

import asyncio
import time
from typing import Any

from outagetui.drill.result import Seen, result
from outagetui.drill.scenario import Scenario
from outagetui.drill.stage import DrillError, Stage
from outagetui.model import State
from outagetui.orders.client import OrderClient
from outagetui.reader import Reader
from outagetui.rows import Board
from outagetui.source import StoreSource

LOOK_EVERY = 0.2
LIMIT = 57.0
SETTLE = 12.0


async def rehearse(scenario: Scenario, stage: Stage) -> dict[str, Any]:
    """Play the scenario to its end and return what came of it. Raises DrillError when it did not get there in time."""
    source, orders = StoreSource(stage.store), OrderClient(stage.store)
    seen: list[Seen] = []
    limit = time.monotonic() + LIMIT
    await _quiet(source)
    stage.begin()
    proofs = [time.monotonic() + scenario.short.quiet + at for at in scenario.short.proofs]
    answered: set[tuple[str, str, int]] = set()
    over = False
    try:
        while not over:
            if time.monotonic() > limit:
                raise DrillError(f"the drill did not end within {LIMIT:.0f} s; its journal is in {stage.store}")
            board = source.board(time.time())
            seen.append((board.at, {row.audience: round(row.now, 3) for row in board.reach if row.now is not None}))
            if proofs and time.monotonic() >= proofs[0]:
                del proofs[0]
                await orders.send("prove", channels=())
            over = await _act(scenario, board, orders, answered)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await orders.aclose()
        source.close()
    primaries = frozenset(row.id for row in board.channels if row.role == "primary")
    page = str(stage.place / "pages" / "status" / "index.html")
    return result(scenario.id, Reader(stage.store).entries(), primaries, seen, page)


async def _quiet(source: StoreSource) -> None:
    limit = time.monotonic() + SETTLE
    while True:
        board = source.board(time.time())
        if all(row.state is State.UP for row in board.channels):
            return
        if time.monotonic() > limit:
            wrong = ", ".join(
                f"{row.id} {row.state.value}: {row.why}" for row in board.channels if row.state is not State.UP
            )
            raise DrillError(f"the drill did not begin quietly: {wrong}")
        await asyncio.sleep(LOOK_EVERY)


async def _act(scenario: Scenario, board: Board, orders: OrderClient, answered: set[tuple[str, str, int]]) -> bool:
    """Do what a person at the screens would do next; return whether the story is over."""
    incident = board.incident
    if incident is not None and incident.closed is None and not incident.acked_by:
        await orders.send("ack", incident=incident.id)
    run = next((run for run in board.runs if run.playbook == scenario.playbook), None)
    if run is None:
        if any(hint.playbook == scenario.playbook for hint in board.suggestions):
            await orders.send("start", playbook=scenario.playbook)
        return False
    asking = run.asking
    if asking is not None and (run.id, asking.id, asking.attempt) not in answered:
        answered.add((run.id, asking.id, asking.attempt))
        answer = "yes" if "yes" in asking.answers else "done"
        await orders.send("answer", run=run.id, step=asking.id, attempt=asking.attempt, answer=answer)
    return run.ended is not None
