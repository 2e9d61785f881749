"""`journal --verify`, `--against` and `--accept` at a daemon, and the head in what leaves the machine."""

import json
import sqlite3
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from outagetui.store import anchor
from tests.kit.installation import Installation, eventually


def cut(store: Path, keep: int) -> None:
    """Cut the journal's end off, as somebody would who knows the store and not its anchor."""
    db = sqlite3.connect(store)
    db.execute("DELETE FROM journal WHERE seq > ?", (keep,))
    (digest,) = db.execute("SELECT hash FROM journal WHERE seq=?", (keep,)).fetchone()
    db.execute("UPDATE meta SET value=? WHERE key='head'", (f"{keep}:{digest}".encode(),))
    db.commit()
    db.close()


def trouble(installation: Installation) -> str:
    said = installation.cli("status").stdout
    return said if "TROUBLE" in said else ""


def test_a_cut_journal_is_trouble_until_somebody_says_why(installation: Installation) -> None:
    installation.configure().start()
    for _ in range(3):
        assert installation.order("activate", channels=["phone"])["ok"]
        assert installation.order("deactivate", channels=["phone"])["ok"]
    assert installation.terminate() == 0
    whole = installation.cli("journal", "--verify")
    assert whole.returncode == 0
    assert "every one sound\njournal " in whole.stdout
    mark = whole.stdout.strip().rpartition("journal ")[2]
    assert installation.cli("journal", "--verify", "--against", f"journal {mark}").returncode == 0

    cut(installation.store, 3)
    told = installation.cli("journal", "--verify")
    assert told.returncode == 1
    assert told.stderr.startswith("3 entries are sound, the last of 20")
    assert "entries behind 3 are missing: the anchor of 20" in told.stderr
    assert mark in told.stderr
    against = installation.cli("journal", "--verify", "--against", mark)
    assert against.returncode == 1
    assert f"there is no entry {mark.split()[0]}" in against.stderr

    installation.start()
    status = eventually(lambda: trouble(installation))
    assert "the journal is not as it was left: entries behind 3 are missing" in status
    assert installation.cli("journal", "--accept", "\u200b\u2060").returncode == 1
    accepted = installation.cli("journal", "--accept", "Monday's backup was put back")
    assert (accepted.returncode, accepted.stderr) == (0, "")
    eventually(lambda: "TROUBLE" not in installation.cli("status").stdout)
    verified = installation.cli("journal", "--verify")
    assert verified.returncode == 0
    assert "accepted: entries behind 3 are missing" in verified.stdout or "every one sound" in verified.stdout
    assert "accepted the journal as it is: Monday's backup was put back" in installation.cli("journal").stdout
    again = installation.cli("journal", "--accept", "once more")
    assert (again.returncode, "nothing to accept" in again.stderr) == (1, True)
    assert installation.terminate() == 0
    installation.start()
    assert "TROUBLE" not in installation.cli("status").stdout


@pytest.mark.parametrize("words", ["", "4711", "abcd", "4711 xyz", "4711 3f", "-1 3f9c2b1a", "4711 3f9c\x1b[2J"])
def test_what_is_no_mark_is_a_usage_error(installation: Installation, words: str) -> None:
    installation.configure()
    done = installation.cli("journal", "--verify", "--against", words)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("form", ["{} {}", "journal {} {}", "journal {} {}…", "{} {}...", "Journal {}: {}"])
def test_a_mark_is_read_as_messages_write_it(installation: Installation, form: str) -> None:
    installation.configure().start()
    installation.terminate()
    found = anchor.read(installation.store)
    assert found is not None
    good = form.format(found.head.seq, found.head.hash[:8])
    assert installation.cli("journal", "--verify", "--against", good).returncode == 0
    bad = form.format(found.head.seq, "0" * 8)
    assert installation.cli("journal", "--verify", "--against", bad).returncode == 1


def test_the_document_of_verify(installation: Installation) -> None:
    installation.configure().start()
    installation.terminate()
    told = json.loads(installation.cli("journal", "--verify", "--json").stdout)
    found = anchor.read(installation.store)
    assert found is not None
    assert told["sound"] is True
    assert told["head"] == {"seq": found.head.seq, "hash": found.head.hash}
    assert (told["faults"], told["accepted"]) == ([], [])


def test_the_heartbeat_calls_itself_by_the_journals_head(installation: Installation) -> None:
    names: list[str] = []

    class Watcher(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names.append(self.headers["User-Agent"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Watcher)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        installation.configure()
        settings = installation.config / "outagetui.toml"
        url = f"http://127.0.0.1:{server.server_port}/"
        settings.write_text(f'{settings.read_text()}\n[heartbeat]\nurl = "{url}"\nevery = "1s"\ntimeout = "1s"\n')
        installation.start()
        eventually(lambda: names)
        installation.terminate()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    hashes = {f"(journal {entry.seq} {entry.hash[:8]})" for entry in installation.entries()}
    assert names[0].startswith("outagetui/")
    assert names[0].partition(" ")[2] in hashes


def test_the_first_page_carries_the_head_and_the_alerts_do(installation: Installation) -> None:
    installation.configure().start()
    page = next((installation.config / "checks").glob("page.toml"), None)
    assert page is not None
    shown = eventually(lambda: next(iter(installation.root.rglob("index.html")), None))
    text = shown.read_text(encoding="utf-8")
    hashes = {f">journal {entry.seq} {entry.hash[:8]}…<" for entry in installation.entries()}
    assert any(each in text for each in hashes)
