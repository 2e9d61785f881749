"""A drill's result reaches the journal of the user's own daemon as a single order, and starts no daemon."""

import time
from pathlib import Path

from outagetui.core.drilled_book import DrilledBook
from outagetui.drill.report_back import tell
from outagetui.facts.events import DaemonStarted, DrillEnded, RunEnded, RunStarted
from outagetui.store.journal import Store
from outagetui.store.source import StoreSource
from tests.kit.installation import Installation


def played(place: Path) -> Path:
    """The store that a drill left: its own chat-down was run to its end in a minute."""
    now = time.time()
    store = Store(place / "drill" / "store.db")
    started = RunStarted(run="r1", playbook="chat-down", name="Chat down", digest="its own", steps=())
    store.append(now - 60.0, "drill", started)
    store.append(now, "drill", RunEnded(run="r1", state="done"))
    store.close()
    return store.path


def test_a_running_daemon_is_told_once_and_the_playbook_counts_as_practised(
    installation: Installation, tmp_path: Path
) -> None:
    installation.configure().start()
    options = {"config": str(installation.config), "store": None}
    assert tell(options, "messenger-2011", played(tmp_path), 93) == ""
    (told,) = installation.events(DrillEnded)
    assert (told.scenario, told.score) == ("messenger-2011", 93)
    (book,) = told.books
    assert (book.id, book.digest, book.state, book.seconds) == ("chat-down", "its own", "done", 60.0)
    assert len(book.ours) == 64
    source = StoreSource(installation.store)
    practised = source.board(time.time()).playbooks[0].practised
    source.close()
    assert (practised.where, practised.state, practised.confidence) == ("drill", "done", "medium")
    assert not practised.changed


def test_no_daemon_is_started_to_be_told(installation: Installation, tmp_path: Path) -> None:
    installation.configure().start()
    installation.kill()  # its socket stays behind
    assert installation.socket.exists()
    options = {"config": str(installation.config), "store": None}
    assert tell(options, "messenger-2011", played(tmp_path), None) == ""
    assert installation.events(DrillEnded) == []
    assert len(installation.events(DaemonStarted)) == 1


def test_the_order_keeps_nothing_of_what_a_stranger_says_of_our_digest(installation: Installation) -> None:
    installation.configure().start()
    book = DrilledBook(id="elsewhere", digest="d", state="done", seconds=1.0, ours="forged")
    reply = installation.order(
        "drilled", scenario="s", books=[{name: getattr(book, name) for name in book.__struct_fields__}]
    )
    assert reply == {"ok": True}
    assert installation.events(DrillEnded)[0].books[0].ours == ""
