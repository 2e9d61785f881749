"""`python -m tests.screenshots DIR`: drives the real screens over a drill recorded for it, and keeps them as SVG."""

import asyncio
import os
import re
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from outagetui.board.rows import Board
from outagetui.core.orders import Order, Preview, name_of
from outagetui.drill import rehearsal
from outagetui.drill.processes import RunningDrill, running_drill
from outagetui.drill.scenario import MESSENGER_2011
from outagetui.orders.client import OrderClient
from outagetui.store.source import StoreSource
from outagetui.tui.proofs import fresh
from outagetui.tui.terminal import prepare

Moment = tuple[Path, float]
WIDE, SMALL = (112, 34), (80, 24)


class Nobody:
    """Orders are not given in pictures; what an announcement would be, the drill's daemon has said before."""

    role = "operator"

    def __init__(self, preview: dict[str, object]) -> None:
        self._preview = preview

    async def send(self, order: Order) -> dict[str, object]:
        if isinstance(order, Preview):
            return self._preview
        return {"ok": False, "error": f"{name_of(order)}: not in a picture"}

    async def hello(self) -> dict[str, object]:
        return {"ok": True, "role": self.role}


def wanted(board: Board) -> str:
    """Name the moment that `board` shows, if it is one worth keeping."""
    run = next(iter(board.runs), None)
    if run is None:
        return "outage" if board.incident is not None else ""
    asking = run.asking
    if asking is not None and asking.id == "tell-customers":
        return "question"
    told = any(made.open for made in board.announcements)
    down = any(row.state.value == "down" for row in board.channels)
    return "backups" if told and down else ""


async def record(set_up: RunningDrill, place: Path) -> tuple[dict[str, Moment], dict[str, object]]:
    """Play the drill and copy the store at each moment; return the copies, when they were made, and a preview."""
    moments: dict[str, Moment] = {}
    preview: dict[str, object] = {}
    source = StoreSource(set_up.store)

    def look() -> Board:
        board = source.board(time.time())
        name = wanted(board)
        # Of the outage the last look before the run: by then a playbook is suggested.
        if name and (name not in moments or name == "outage"):
            moments[name] = copy(set_up.store, place / f"{name}.db"), board.at
        return board

    class Watched(OrderClient):
        """The rehearsal's client: nothing it orders changes a moment before that moment was looked at."""

        async def send(self, order: Order) -> dict[str, Any]:
            look()
            return await super().send(order)

    orders = OrderClient(set_up.store)
    with patch.object(rehearsal, "OrderClient", Watched):
        playing = asyncio.create_task(rehearsal.rehearse(MESSENGER_2011, set_up))
        while not playing.done():
            board = look()
            if "backups" in moments and not preview:
                preview = await orders.send(fresh(board).order(board).preview())
            await asyncio.sleep(0.05)
        await playing
    await orders.aclose()
    moments["over"] = copy(set_up.store, place / "over.db"), time.time()
    return moments, preview


def copy(store: Path, to: Path) -> Path:
    """Copy a store that is in use."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()
    return to


async def shoot(app: Any, size: tuple[int, int], keys: str, file: Path) -> None:
    """Show `app`, press `keys`, keep the picture."""
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in keys.split():
            await pilot.press(key)
            await pilot.pause()
        await pilot.pause(0.3)
        # The picture must not fetch a font when somebody looks at it.
        svg = re.sub(r"@font-face\s*\{.*?\}", "", app.export_screenshot(), flags=re.S)
        file.write_text(svg + "\n", encoding="utf-8")


def recorded(place: Path) -> tuple[dict[str, Moment], dict[str, object]]:
    """Set the drill up, record it and take it down."""
    with running_drill(MESSENGER_2011, "short") as set_up:
        return asyncio.run(record(set_up, place))


async def shoot_all(moments: dict[str, Moment], preview: dict[str, object], out: Path) -> None:
    """Shoot every screen."""
    from outagetui.tui.app import OutageApp
    from outagetui.tui.wall import WallApp

    def operator(moment: str) -> Callable[[], Any]:
        path, at = moments[moment]
        return lambda: OutageApp(StoreSource(path), Nobody(preview), clock=lambda: at, ascii=False)

    def wall(moment: str) -> Callable[[], Any]:
        path, at = moments[moment]
        return lambda: WallApp(StoreSource(path), clock=lambda: at, ascii=False)

    pictures: list[tuple[str, Callable[[], Any], tuple[int, int], str]] = [
        ("board", operator("outage"), WIDE, ""),
        ("board-80x24", operator("outage"), SMALL, ""),
        ("playbook", operator("outage"), WIDE, "s"),
        ("start", operator("outage"), WIDE, "s s"),
        ("mute", operator("outage"), WIDE, "m"),
        ("run", operator("question"), WIDE, "r"),
        ("board-backups", operator("backups"), WIDE, ""),
        ("channel", operator("backups"), WIDE, "enter"),
        ("announcement", operator("backups"), WIDE, "t"),
        ("composer", operator("backups"), WIDE, "w"),
        ("own-words", operator("backups"), WIDE, "w e"),
        ("journal", operator("over"), WIDE, "l"),
        ("help", operator("outage"), WIDE, "question_mark"),
        ("manual", operator("outage"), WIDE, "question_mark enter"),
        ("palette", operator("outage"), WIDE, "ctrl+p"),
        ("wallboard", wall("backups"), WIDE, ""),
    ]
    out.mkdir(exist_ok=True)
    for name, make, size, keys in pictures:
        await shoot(make(), size, keys, out / f"{name}.svg")


def main(out: Path) -> None:
    """Record a drill and picture it."""
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    os.environ.pop("NO_COLOR", None)
    prepare(os.environ)
    place = Path(tempfile.mkdtemp(prefix="outagetui-screenshots-"))
    try:
        asyncio.run(shoot_all(*recorded(place), out))
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
