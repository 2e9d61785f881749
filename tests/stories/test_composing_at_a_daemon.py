"""Composing on the real screens, in a terminal of its own, against a real daemon: to the page, and to its readers."""

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from outagetui.facts.events import AnnouncementMade, AnnouncementRetracted, DeliveryEnded
from tests.kit.installation import PAGE, Installation, eventually
from tests.kit.pty_driver import Pty


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(name="served")
def _served(installation: Installation) -> Iterator[Installation]:
    """An installation in an outage with its backup in use, and its page where readers find it."""
    handler = functools.partial(_Quiet, directory=str(installation.page))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = PAGE.format(directory=installation.page).replace(
            "http://127.0.0.1/", f"http://127.0.0.1:{server.server_port}/"
        )
        installation.configure(**{"checks__page.toml": page})
        installation.outage()
        installation.start()
        assert installation.order("activate", channels=["phone"])["ok"]
        yield installation
        server.shutdown()


def test_an_announcement_is_composed_sent_and_seen_and_goes_on_by_keys_alone(served: Installation) -> None:
    with Pty(served.argv(), columns=100, lines=30) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send("w")
        terminal.until_text("Goes to 1 of 1 outlets")
        terminal.until_text("names phone")
        terminal.send("nwe are at it\r")  # at once, as a slow line hands it over
        terminal.until_text("backup-active: chat")
        terminal.until_text("we are at it")
        terminal.until(lambda seen: "composing" not in seen.picture.text)
        terminal.read(0.5)
        assert served.events(AnnouncementMade) == []
        terminal.send("s")
        terminal.until_text("Tell customers on 1 outlet now?")
        terminal.send("yy")
        terminal.until_text("✔ SEEN")
        terminal.until_text("seen by a reader: 1")
        page = (served.page / "index.html").read_text()
        assert "we are at it" in page
        assert "https://phone.example/" in page
        terminal.send("w")
        terminal.until_text("goes on with a1")
        terminal.until_text("update: chat")
        terminal.until(lambda seen: "composing" not in seen.picture.text)
        terminal.send("s")
        terminal.until_text("update, on Page")
        terminal.send("y")
        terminal.until_text("part 2")
        terminal.until_text("✔ SEEN")
        terminal.send("X")
        terminal.until_text("Take a1 back")
        terminal.send("y")
        terminal.until_text("TAKEN BACK")
        terminal.until_text("← RETRACTED")
        terminal.send("\x1b")
        terminal.until_text("w tell")
        terminal.send("q")
        assert terminal.wait() == 0
    made = served.events(AnnouncementMade)
    assert [(each.announcement, each.part, each.kind) for each in made] == [
        ("a1", 0, "backup-active"),
        ("a1", 1, "update"),
    ]
    assert len(served.events(AnnouncementRetracted)) == 1
    served.verify_chain()


def test_a_terminal_that_drops_in_the_middle_sends_nothing_and_leaves_the_daemon_at_work(served: Installation) -> None:
    with Pty(served.argv(), columns=80, lines=24) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send("w")
        terminal.until_text("names phone")
        terminal.until(lambda seen: "composing" not in seen.picture.text)
        terminal.send("s")
        terminal.until_text("Tell customers on 1 outlet now?")
        terminal.hang_up()
        terminal.process.wait(8)
    assert served.order("hello")["ok"]
    assert served.events(AnnouncementMade) == []


def test_a_terminal_that_drops_after_the_word_was_given_takes_nothing_back(served: Installation) -> None:
    with Pty(served.argv(), columns=80, lines=24) as terminal:
        terminal.until_text("Example Hosting")
        terminal.send("w")
        terminal.until_text("names phone")
        terminal.until(lambda seen: "composing" not in seen.picture.text)
        terminal.send("s")
        terminal.until_text("Tell customers on 1 outlet now?")
        terminal.send("y")
        terminal.until(lambda _: bool(served.events(AnnouncementMade)), 20.0)
        terminal.hang_up()
    eventually(lambda: any(done.state in ("sent", "seen") for done in served.events(DeliveryEnded)))
    assert len(served.events(AnnouncementMade)) == 1
