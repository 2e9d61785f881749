"""`outagetui journal --follow`: every entry once, also when a daemon comes to a settled store, or another store."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from outagetui.facts.events import Activated, Deactivated, Event
from outagetui.store.journal import Store


class Follower:
    """The command, its lines as they come."""

    def __init__(self, path: Path) -> None:
        argv = [sys.executable, "-m", "outagetui", "--store", str(path), "journal", "--follow", "--json"]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines: Queue[str] = Queue()
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def entry(self) -> dict[str, Any]:
        try:
            found = json.loads(self._lines.get(timeout=20))
        except Empty:
            self.end()
            raise AssertionError("no entry came") from None
        assert isinstance(found, dict)
        return found

    def numbered_channels(self, number: int) -> list[tuple[int, str]]:
        entries = [self.entry() for _ in range(number)]
        return [(entry["seq"], entry["document"]["channel"]) for entry in entries]

    def end(self) -> str:
        """End it; return what it said beside the entries, which must all have been taken."""
        self.process.terminate()
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        self.process.wait(10)
        self._reading.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        assert self._lines.empty()
        return said


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[tuple[Path, list[Follower]]]:
    running: list[Follower] = []
    yield tmp_path / "store.db", running
    for follower in running:
        if follower.process.poll() is None:
            follower.end()


def append(path: Path, *events: Event) -> Store:
    store = Store(path)
    store.append(time.time(), "alice", *events)
    return store


def test_a_replaced_store_is_followed_from_its_beginning(followed: tuple[Path, list[Follower]]) -> None:
    path, running = followed
    old = append(path, Activated(channel="one"), Deactivated(channel="two"))
    follower = Follower(path)
    running.append(follower)
    assert follower.numbered_channels(2) == [(1, "one"), (2, "two")]
    old.close()
    for file in path.parent.glob("store.db*"):
        file.unlink()
    new = append(path, Activated(channel="three"))
    assert follower.numbered_channels(1) == [(1, "three")]
    new.append(time.time(), "alice", Activated(channel="four"))
    assert follower.numbered_channels(1) == [(2, "four")]
    new.close()
    assert follower.end() == f"{path}: the store was replaced; its journal begins anew\n"


def test_a_store_that_is_moved_into_place_is_followed_too(
    followed: tuple[Path, list[Follower]], tmp_path: Path
) -> None:
    path, running = followed
    append(path, Activated(channel="one")).close()
    restored = tmp_path / "restored" / "store.db"
    append(restored, Activated(channel="two"), Activated(channel="three")).close()
    follower = Follower(path)
    running.append(follower)
    assert follower.numbered_channels(1) == [(1, "one")]
    restored.replace(path)
    assert follower.numbered_channels(2) == [(1, "two"), (2, "three")]
    assert "replaced" in follower.end()


def test_a_daemon_that_comes_to_a_settled_store_is_followed_without_repeating(
    followed: tuple[Path, list[Follower]],
) -> None:
    path, running = followed
    append(path, Activated(channel="one")).close()
    follower = Follower(path)
    running.append(follower)
    assert follower.numbered_channels(1) == [(1, "one")]
    store = append(path, Activated(channel="two"))
    assert follower.numbered_channels(1) == [(2, "two")]
    store.close()
    assert follower.end() == ""
