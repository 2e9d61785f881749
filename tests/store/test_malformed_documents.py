"""Documents of the journal that hold what no version writes: numbers out of range, other types, strange words.

Whatever stands there, the board, `status`, the runs, the journal's words and the report go on without it.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from outagetui.cli.group import outagetui
from outagetui.core.drilled_book import DrilledBook
from outagetui.core.model import State
from outagetui.facts import events
from outagetui.facts.events import Event, StepPlan
from outagetui.facts.live import Beat
from outagetui.store.journal import Store
from tests.kit.sample_business import PUBLIC, live_row

BEGIN = 1.7e9
RUN: dict[str, Any] = {"run": "r1", "step": "one", "attempt": 1}
DELIVERY: dict[str, Any] = {"announcement": "a1", "part": 0, "outlet": "page"}
HISTORY: list[Event] = [
    events.DaemonStarted(version="1", pid=7, vantage="here", digest="d"),
    events.StateChanged(id="messenger", was="up", now="down", why="x"),
    events.Acked(incident="i2"),
    events.Muted(id="phone", until=4e9, reason="x"),
    events.RunStarted(run="r1", playbook="p", name="P", digest="d", steps=(StepPlan(id="one", do="manual", say="?"),)),
    events.StepAsked(**RUN, why="manual", question="?", answers=("yes",), until=4e9, hash="ab"),
    events.StepAnswered(**RUN, answer="break-glass", note="alone"),
    events.StepIntended(**RUN, what="x"),
    events.StepEnded(**RUN, outcome="done", detail="x"),
    events.Activated(channel="webchat", run="r1", balance=5.0),
    events.AnnouncementMade(
        announcement="a1", part=0, kind="outage", audience="customers", texts={"en": ("T", "B")}, since=BEGIN,
        next_update=BEGIN + 60, accounts=(("Chat", "https://c.example"),), outlets=("page",), run="r1", step="one",
    ),
    events.DeliveryIntended(**DELIVERY, key="k", text="T", count=1, limit=500),
    events.DeliveryEnded(**DELIVERY, state="sent", url="https://x.example", until=BEGIN + 90),
    events.AlertIntended(incident="i2", link="phone", what="opened", title="t", channels=("messenger",)),
    events.AlertEnded(incident="i2", link="phone", what="opened", outcome="sent"),
    events.Proved(channel="webchat", outcome="passed", detail="x", checks={"webchat.x": "pass"}),
    events.DrillEnded(scenario="s", books=(DrilledBook(id="p", digest="d", state="done", seconds=5.0),), score=90),
    events.BlindChanged(blind=True, why="x"),
    events.HeartbeatChanged(heard=False, why="x"),
    events.JournalAccepted(reason="x", faults=("y",)),
    events.RunEnded(run="r1", state="done"),
    events.StateChanged(id="messenger", was="down", now="up", why="x"),
]  # fmt: skip
STRANGE = (
    "1e308", "-1e308", "1e400", "NaN", str(10**30), "9" * 5000, "-1", "253402300800", "null", '""', '"\\u0000\\u202e"',
    "[]", "{}", "[[]]", "true", '"zzz"', "[" * 200 + "]" * 200,
)  # fmt: skip
SURFACES = (("status",), ("status", "--json"), ("journal",), ("journal", "--json"), ("report",),
            ("report", "--format", "html"),
            ("report", "--format", "json"), ("runs",), ("runs", "--json"), ("alert",))  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "store.db"
    store = Store(path, lambda: BEGIN)
    store.publish(PUBLIC, [])
    store.record([], [live_row("messenger.port", State.DOWN, BEGIN)], Beat(7, BEGIN + 100))
    for number, event in enumerate(HISTORY):
        store.append(BEGIN + number, "alice", event)
    store.close()
    return path


def variants(document: Any) -> Iterator[str]:
    """Yield the document with each of its leaves and branches replaced by each strange value."""

    def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        yield at
        if isinstance(value, dict):
            for key in value:
                yield from places(value[key], (*at, key))
        elif isinstance(value, list):
            for index in range(len(value)):
                yield from places(value[index], (*at, index))

    for at in places(document):
        for strange in STRANGE:
            changed = json.loads(json.dumps(document))
            if not at:
                yield strange
                continue
            inner = changed
            for key in at[:-1]:
                inner = inner[key]
            inner[at[-1]] = "@@"
            yield json.dumps(changed).replace('"@@"', strange)


def assert_shown(path: Path, what: str) -> None:
    for words in SURFACES:
        done = CliRunner().invoke(outagetui, ["--store", str(path), *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, what, done.exc_info)


@pytest.mark.parametrize("number", range(len(HISTORY)))
def test_a_document_of_strange_values_ends_nothing(good: Path, tmp_path: Path, number: int) -> None:
    """As many strange copies of one document as fit into one journal: it holds them all one after the other."""
    path = tmp_path / "store.db"
    shutil.copyfile(good, path)
    db = sqlite3.connect(path)
    rows = db.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    documents = list(dict.fromkeys(variants(json.loads(rows[number][4]))))
    db.execute("DELETE FROM journal WHERE seq > ?", (number,))
    place = number + 1
    for document in documents:
        db.execute("INSERT INTO journal VALUES(?,?,?,?,?,?,?)", (place, *rows[number][1:4], document, "", ""))
        place += 1
    for row in rows[number + 1 :]:
        db.execute("INSERT INTO journal VALUES(?,?,?,?,?,?,?)", (place, *row[1:]))
        place += 1
    db.commit()
    db.close()
    assert_shown(path, rows[number][3])


@pytest.mark.parametrize("at", [-(2**63), -1, 0, 2**63 - 1, 253402300800 * 10**6, 10**17])
def test_a_moment_out_of_range_ends_nothing(good: Path, tmp_path: Path, at: int) -> None:
    path = tmp_path / "store.db"
    shutil.copyfile(good, path)
    db = sqlite3.connect(path)
    for seq in range(1, len(HISTORY) + 1, 2):
        db.execute("UPDATE journal SET at=? WHERE seq=?", (at, seq))
    db.commit()
    db.close()
    assert_shown(path, str(at))
