"""Every command on a store that cannot be used: one line that says what to do, status 3, never a traceback."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli.group import outagetui
from outagetui.store.schema import SCHEMA
from tests.kit.configs import PAGE
from tests.kit.filled_stores import store_with_entries

READING = (
    "status",
    "status --json",
    "runs",
    "alert",
    "journal",
    "journal --json",
    "journal --verify",
    "report",
    "report --format json",
    "announce investigating --audience staff --dry-run",
)
ORDERS = (  # in whose place a daemon is begun, which is the one that says it
    "ack",
    "announce --retract a1 --yes",
    "play p --yes",
)
APART = ("accounts", "accounts --json", "accounts publish --dry-run", "play p --dry-run", "validate")
BOOK = 'name = "Book"\n[[step]]\ndo = "manual"\nsay = "Well?"\n'


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def random_bytes(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096, 2):
        data[page * 4096 : (page + 1) * 4096] = os.urandom(4096)
    path.write_bytes(data)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={SCHEMA + 3}")
    db.close()


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE: tuple[Callable[[Path], None], ...] = (truncated, random_bytes, overwritten, newer, directory, empty)
WHAT_TO_DO = ("outagetui store check", "install that version", "name a plain file", "name a file such as")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    store_with_entries(tmp_path / "store.db", 300).close()
    for name, text in {
        "outagetui.toml": f'business = "B"\n[store]\npath = "{tmp_path}/store.db"\n',
        "checks/page.toml": PAGE,
        "checks/web.toml": '[channel]\nname = "Web"\n[[check]]\ntarget = "tcp://127.0.0.1:9"\n',
        "playbooks/p.toml": BOOK,
    }.items():
        path = tmp_path / "conf" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "conf" / "page").mkdir()
    return tmp_path


def refused(status: int, out: str, err: str, words: str) -> None:
    assert (status, out) == (3, ""), words
    told = [line for line in err.splitlines() if "does not answer yet" not in line]
    assert len(told) == 1, (words, err)
    assert any(each in told[0] for each in WHAT_TO_DO), (words, err)


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_reads_a_store_says_what_is_wrong_and_what_to_do(place: Path, damage: Callable[[Path], None]) -> None:
    damage(place / "store.db")
    for words in READING:
        done = CliRunner().invoke(outagetui, ["--config", str(place / "conf"), *words.split()])
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exc_info)
        if damage is empty and words.startswith("announce"):
            continue  # as where there is none yet
        refused(done.exit_code, done.stdout, done.stderr, words)


@pytest.mark.parametrize("damage", [truncated, newer])
@pytest.mark.parametrize("words", ORDERS)
def test_an_order_says_it_too(place: Path, words: str, damage: Callable[[Path], None]) -> None:
    damage(place / "store.db")
    done = subprocess.run(
        [sys.executable, "-m", "outagetui", "--config", str(place / "conf"), *words.split()],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    refused(done.returncode, done.stdout, done.stderr, words)


@pytest.mark.parametrize("damage", [truncated, random_bytes, overwritten, newer, empty])
def test_what_needs_no_store_does_its_work(place: Path, damage: Callable[[Path], None]) -> None:
    damage(place / "store.db")
    for words in APART:
        done = CliRunner().invoke(outagetui, ["--config", str(place / "conf"), *words.split()])
        assert done.exit_code == 0, (words, done.output)


def test_a_newer_store_is_not_called_whole(place: Path) -> None:
    newer(place / "store.db")
    done = CliRunner().invoke(outagetui, ["--config", str(place / "conf"), "store", "check"])
    assert done.exit_code == 1
    assert f"file: written by a newer outagetui (schema {SCHEMA + 3}, this version knows {SCHEMA})" in done.stdout
