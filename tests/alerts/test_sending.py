"""Messages that really go out, to servers on loopback; and what a URL that is a secret leaves behind: nothing."""

import asyncio
import os
import time
from pathlib import Path

import pytest
from outagetui.alerts.alert_text import Message
from outagetui.alerts.apprise_program import trouble_of
from outagetui.alerts.hide import hide
from outagetui.alerts.send import Sent, send
from tests.kit.message_receivers import MailReceiver, WebhookReceiver

CANARY = "canary-7c1f-token"
WORDS = Message(
    title="Example: Chat is down", body="Chat down since 14:02: <b>6</b> of 20 & more\nTake it", kind="failure"
)


def children() -> list[Path]:
    """Return the processes that this one started, and theirs."""
    found, ours = [], {os.getpid()}
    for stat in sorted(Path("/proc").glob("[0-9]*/stat"), key=lambda path: int(path.parent.name)):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent in ours:
            ours.add(int(stat.parent.name))
            found.append(stat.parent)
    return found


async def test_a_message_reaches_a_web_hook_with_its_kind() -> None:
    with WebhookReceiver() as web:
        assert await send(f"json://127.0.0.1:{web.port}/{CANARY}", WORDS, 10) == Sent(True)
    (posted,) = web.posted
    assert (posted["title"], posted["message"], posted["type"]) == (WORDS.title, WORDS.body, "failure")


async def test_a_message_reaches_a_mailbox() -> None:
    with MailReceiver() as post:
        url = f"mailto://127.0.0.1:{post.port}?from=watch@example.net&to=oncall@example.net&mode=insecure&format=text"
        assert await send(url, WORDS, 10) == Sent(True)
    (letter,) = post.letters
    assert letter["Subject"] == WORDS.title
    assert letter["To"] == "oncall@example.net"
    content = letter.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert "<b>6</b> of 20 & more" in content.decode()


@pytest.mark.parametrize(("status", "words"), [(503, "503"), (404, "404"), (401, "401")])
async def test_a_service_that_refuses_is_told_with_its_words_and_without_the_url(status: int, words: str) -> None:
    with WebhookReceiver() as web:
        web.status = status
        sent = await send(f"json://user:{CANARY}@127.0.0.1:{web.port}/{CANARY}/x?token={CANARY}", WORDS, 10)
    assert not sent.sent
    assert words in sent.detail
    assert CANARY not in sent.detail
    assert str(web.port) not in sent.detail


@pytest.mark.parametrize(
    "url", ["", "no url at all", f"nowhere://{CANARY}", f"tgram://{CANARY}", f"json://{CANARY}:x/y"]
)
async def test_a_url_that_leads_nowhere_is_told_without_it(url: str) -> None:
    sent = await send(url, WORDS, 10)
    assert not sent.sent
    assert sent.detail
    assert CANARY not in sent.detail


def test_a_url_is_looked_over_before_it_is_needed() -> None:
    assert trouble_of("json://127.0.0.1:1/x") == ""
    assert trouble_of("mailto://user:secret@example.net") == ""
    for url in (f"tgram://{CANARY}", f"nowhere://{CANARY}", "rubbish", "", "json://a.example, json://b.example/"):
        assert trouble_of(url)
        assert CANARY not in trouble_of(url)


async def test_while_it_hangs_the_secret_is_in_no_command_line_and_no_environment_and_then_nothing_is_left() -> None:
    with WebhookReceiver() as web:
        web.hold()
        begun = time.monotonic()
        task = asyncio.create_task(send(f"json://127.0.0.1:{web.port}/{CANARY}?rto=60", WORDS, 1.5))
        seen: set[str] = set()
        while not task.done():
            for process in children():
                for name in ("cmdline", "environ"):
                    try:
                        content = (process / name).read_bytes()
                    except OSError:
                        continue
                    assert CANARY.encode() not in content
                    seen.add(name if b"outagetui.alerts.apprise_program" in content else "")
            await asyncio.sleep(0.02)
        sent = await task
        assert time.monotonic() - begun < 8
        assert not [each for each in children() if b"alerts.apprise_program" in (each / "cmdline").read_bytes()]
    assert "cmdline" in seen
    assert not sent.sent
    assert "no answer within 2 s; it may have arrived all the same" in sent.detail


async def test_the_program_is_killed_when_it_does_not_end_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outagetui.alerts.send.GRACE", 0.0)
    with WebhookReceiver() as web:
        web.hold()
        sent = await send(f"json://127.0.0.1:{web.port}/?rto=60", WORDS, 0.8)
        assert not [each for each in children() if b"alerts.apprise_program" in (each / "cmdline").read_bytes()]
    assert not sent.sent


async def test_who_is_cancelled_leaves_no_process_behind() -> None:
    with WebhookReceiver() as web:
        web.hold()
        task = asyncio.create_task(send(f"json://127.0.0.1:{web.port}/?rto=60", WORDS, 30))
        while not [each for each in children() if b"alerts.apprise_program" in (each / "cmdline").read_bytes()]:
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not [each for each in children() if b"alerts.apprise_program" in (each / "cmdline").read_bytes()]


async def test_the_program_gets_no_environment_but_what_the_way_out_needs() -> None:
    with WebhookReceiver() as web:
        web.hold()
        environment = {"SECRET_OF_OURS": CANARY, "NO_PROXY": "127.0.0.1", "CREDENTIALS_DIRECTORY": "/x"}
        task = asyncio.create_task(send(f"json://127.0.0.1:{web.port}/", WORDS, 10, environment=environment))
        content = b""
        while not content:
            await asyncio.sleep(0.02)
            for each in children():
                if b"alerts.apprise_program" in (each / "cmdline").read_bytes():
                    content = (each / "environ").read_bytes()
        web.let_go()
        assert (await task).sent
    assert {line.partition(b"=")[0] for line in content.split(b"\0") if line} <= {b"NO_PROXY", b"LANG", b"LC_CTYPE"}


@pytest.mark.parametrize(
    ("url", "text", "left"),
    [
        ("ntfys://host.example/topic-1", "to host.example: topic-1 not there", "to [secret]: [secret] not there"),
        ("tgram://12:abcdef/99999", "bot abcdef said no", "bot [secret] said no"),
        ("json://u:p%40ssword@h/", "bad login p@ssword or p%40ssword", "bad login [secret] or [secret]"),
        ("json://h/x", "Failed to send JSON: 503", "Failed to send JSON: 503"),
        ("abc", "abc", "[secret]"),
    ],
)
def test_no_part_of_a_url_stays_in_words_about_it(url: str, text: str, left: str) -> None:
    assert hide(text, url) == left


def test_hiding_nothing_changes_nothing() -> None:
    assert hide("words", "") == "words"
