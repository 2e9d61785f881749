"""The website's banner: real files, a real HTTP server, hostile words in every field."""

import asyncio
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from outagetui import actions
from outagetui.actions import Result
from outagetui.actions.webchat_banner import Fragment
from outagetui.facts.events import StepPlan
from tests.actions.recording_http_server import Received, RecordingServer, after_request, reset, silence
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import Pki, hanging, refused_port, reply, serve
from tests.kit.step_context import KEY, ContextWithSecrets, plan_of, without
from tests.kit.writer_before import written_before

CANARY = "canary-bearer-7f31"
EVIL = "\"'><script>alert(1)</script><!-- --> {{x}} <?php ?> &amp; \\u003c </div> \u202e\n\n<img src=x onerror=y>"


class ContextWithFragment(ContextWithSecrets):
    """Composes what the tests say."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.text: tuple[str, str] | ValueError = ("Messenger down", "Reach us here:\nchat\n\nWe write again.")

    def words(self, kind: str, audience: str, language: str) -> tuple[str, str]:
        if isinstance(self.text, ValueError):
            raise self.text
        return self.text


@pytest.fixture
def context(tmp_path: Path) -> ContextWithFragment:
    vault = tmp_path / "vault"
    vault.mkdir(mode=0o700)
    made = ContextWithFragment(vault)
    made.keep("token", CANARY)
    return made


def banner(timeout: float = 5.0, *, remove: bool = False, **options: Any) -> StepPlan:
    plan = plan_of("webchat.banner", timeout, **{"kind": "backup-active", **options})
    return replace(plan, facts={"remove": True}) if remove else plan


async def act(context: ContextWithFragment, plan: StepPlan) -> Result:
    result = await actions.act(plan, context)  # type: ignore[arg-type]
    assert result.detail.isprintable()
    without(result, CANARY)
    return result


async def recover(context: ContextWithFragment, plan: StepPlan) -> Result | str | None:
    found = await actions.recover(plan, context)  # type: ignore[arg-type]
    without(found, CANARY)
    return found


async def test_a_file_gets_the_words_whole_and_readable_and_is_emptied_again(
    context: ContextWithFragment, tmp_path: Path
) -> None:
    place = tmp_path / "banner.html"
    os.umask(0o077)
    try:
        assert await act(context, banner(file=str(place))) == Result(True, f"banner put into {place}")
    finally:
        os.umask(0o022)
    text = place.read_text()
    assert re.sub(r"\d{4}-\d\d-\d\d.\d\d:\d\d(:\d\dZ)?", "T", text) == (
        f'<div class="outagetui-banner" role="status" lang="en" data-kind="backup-active" data-outagetui="{KEY}">\n'
        "<p><strong>Messenger down</strong></p>\n<p>Reach us here:<br>chat</p>\n<p>We write again.</p>\n"
        '<p><small><time datetime="T">T UTC</time></small></p>\n</div>\n'
    )
    assert place.stat().st_mode & 0o777 == 0o644
    assert {each.name for each in tmp_path.iterdir()} == {"vault", "banner.html"}
    assert await act(context, banner(file=str(place), remove=True)) == Result(True, f"banner taken out of {place}")
    assert place.read_text() == ""
    again = await act(context, banner(file=str(place), remove=True))
    assert again == Result(True, f"{place} holds no banner any more; left as it is", changed=False)


async def test_a_json_file_says_the_same_and_is_empty_afterwards(context: ContextWithFragment, tmp_path: Path) -> None:
    place = tmp_path / "banner.json"
    place.write_text("{}")
    assert (await act(context, banner(file=str(place), language="de"))).done
    document = json.loads(place.read_text())
    assert document.pop("updated").endswith("Z")
    assert document == {
        "active": True,
        "kind": "backup-active",
        "title": "Messenger down",
        "body": "Reach us here:\nchat\n\nWe write again.",
        "language": "de",
        "outagetui": KEY,
    }
    assert (await act(context, banner(file=str(place), remove=True))).done
    assert json.loads(place.read_text()) == {}


async def test_after_a_crash_the_file_tells(context: ContextWithFragment, tmp_path: Path) -> None:
    plan = banner(file=str(tmp_path / "banner.html"))
    assert await recover(context, plan) is None
    assert (await act(context, plan)).done
    assert await recover(context, plan) == Result(True, f"found in {tmp_path}/banner.html")
    context.key = "another"
    assert await recover(context, plan) is None
    assert (await act(context, plan)).done  # the next banner takes the place of the last one


@pytest.mark.parametrize(
    "content", ["<h1>Example Hosting</h1>", "<!-- a --><h1>x</h1><!-- b -->", '{"a": 1}', "\xff" * 9]
)
async def test_nothing_of_the_website_is_overwritten(
    context: ContextWithFragment, tmp_path: Path, content: str
) -> None:
    place = tmp_path / "index.html"
    place.write_text(content, encoding="latin-1")
    before = place.read_bytes()
    result = await act(context, banner(file=str(place)))
    assert not result.done
    assert "holds something else than a banner: nothing was written" in result.detail
    assert (await act(context, banner(file=str(place), remove=True))).changed is False
    assert place.read_bytes() == before


@pytest.mark.parametrize("content", ["", "\n", "<!-- the outage banner is put here -->\n", "{}\n"])
async def test_an_empty_place_may_be_filled(context: ContextWithFragment, tmp_path: Path, content: str) -> None:
    (tmp_path / "banner.html").write_text(content)
    assert (await act(context, banner(file=str(tmp_path / "banner.html")))).done


async def test_a_place_that_cannot_be_used_is_told(context: ContextWithFragment, tmp_path: Path) -> None:
    (tmp_path / "dir.html").mkdir()
    (tmp_path / "real.html").write_text("")
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    os.mkfifo(tmp_path / "pipe.html")
    for name, words in {
        "dir.html": "is not a file",
        "link.html": "is a link",
        "pipe.html": "is not a file",
        "none/banner.html": "there is no directory",
        "real.html/banner.html": "there is no directory",
    }.items():
        result = await act(context, banner(file=str(tmp_path / name)))
        assert (result.done, result.unsure) == (False, False)
        assert words in result.detail
    assert (tmp_path / "link.html").is_symlink()
    place = Path("/proc/banner.html")
    assert not (await act(context, banner(file=str(place)))).done


async def test_words_that_cannot_be_composed_are_told(context: ContextWithFragment, tmp_path: Path) -> None:
    context.text = ValueError("no backup of customers is active")
    result = await act(context, banner(file=str(tmp_path / "banner.html")))
    assert result == Result(False, "no backup of customers is active")
    assert not (tmp_path / "banner.html").exists()


class Tags(HTMLParser):
    """Collects what a browser would make of a text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", {}))

    def handle_pi(self, data: str) -> None:
        self.tags.append(("pi", {}))


def test_addresses_become_links_where_their_kind_is_harmless() -> None:
    body = "Use:\n- Web chat: https://chat.example/?a=1&b=2\n- Bad: javascript:alert(1)\n- Phone: tel:+4930901820"
    tags = Tags()
    tags.feed(Fragment("k", "t", body, "en", "2026-01-01T00:00:00Z", "key").as_html())
    assert [attributes["href"] for tag, attributes in tags.tags if tag == "a"] == [
        "https://chat.example/?a=1&b=2",
        "tel:+4930901820",
    ]
    assert [tag for tag, _ in tags.tags].count("li") == 3


@pytest.mark.parametrize("field", ["kind", "title", "body", "language", "updated", "key"])
def test_no_field_becomes_markup(field: str) -> None:
    plain = Fragment("k", "t", "b", "en", "2026-01-01T00:00:00Z", "key")
    made = replace(plain, **{field: EVIL})
    tags = Tags()
    tags.feed(made.as_html())
    assert {tag for tag, _ in tags.tags} <= {"div", "p", "strong", "br", "small", "time", "ul", "li"}
    allowed = {"class", "role", "lang", "data-kind", "data-outagetui", "datetime"}
    assert all(attributes.keys() <= allowed for _, attributes in tags.tags)
    text = made.as_json()
    assert not set("<>&\u2028\u2029") & set(text)
    assert text.isascii()
    document = json.loads(text)
    assert document[{"key": "outagetui"}.get(field, field)] == EVIL


async def test_a_url_gets_it_by_put_with_the_secret_as_bearer(context: ContextWithFragment) -> None:
    recorder = RecordingServer(reply("204 No Content", b""))
    async with serve(recorder) as server:
        base = f"http://127.0.0.1:{server.port}"
        put = await act(context, banner(url=f"{base}/banner.json", secret="token"))
        fragment = await act(context, banner(url=f"{base}/banner.html?x=1"))
        gone = await act(context, banner(url=f"{base}/banner", secret="token", remove=True))
    assert (put.detail, fragment.done) == (f"banner put, {base}/banner.json (204)", True)
    assert gone.detail == f"banner taken away, {base}/banner (204)"
    first, second, third = recorder.received
    assert first.line == "PUT /banner.json HTTP/1.1"
    assert first.headers["authorization"] == f"Bearer {CANARY}"
    assert first.headers["content-type"] == "application/json"
    assert json.loads(first.body)["title"] == "Messenger down"
    assert second.headers["content-type"] == "text/html; charset=utf-8"
    assert "authorization" not in second.headers
    assert second.body.startswith(b"<div")
    assert json.loads(third.body) == {}


async def test_what_a_server_refuses_has_failed(context: ContextWithFragment) -> None:
    async with serve(RecordingServer(reply("403 Forbidden", CANARY.encode()))) as server:
        result = await act(context, banner(url=f"http://127.0.0.1:{server.port}/b", secret="token"))
    assert (result.done, result.unsure) == (False, False)
    assert result.detail.endswith("/b: http.403")
    result = await act(context, banner(url=f"http://127.0.0.1:{refused_port()}/b"))
    assert (result.done, result.unsure) == (False, False)
    assert "nothing was sent" in result.detail
    result = await act(context, banner(url="http://127.0.0.1:1/b", secret="none"))
    assert (result.done, result.unsure) == (False, False)


async def test_an_untrusted_certificate_gets_nothing(context: ContextWithFragment, pki: Pki) -> None:
    async with serve(RecordingServer(reply()), context=pki.good("localhost")) as server:
        url = f"https://localhost:{server.port}/b"
        refused = await act(context, banner(url=url, secret="token"))
        put = await act(context, banner(url=url, secret="token", ca=pki.ca))
    assert not refused.done
    assert "tls." in refused.detail
    assert put.done


@pytest.mark.parametrize("then", [silence, reset])
async def test_without_an_answer_the_server_is_asked_what_is_in_place(context: ContextWithFragment, then: Any) -> None:
    kept: dict[str, bytes] = {}
    looked = 0

    async def recorder(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal looked
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"PUT"):
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
            kept["there"] = await reader.readexactly(length)
            await then(writer)
            await reader.read()
            return
        looked += 1
        writer.write(reply("200 OK", kept["there"]))

    async with serve(recorder) as server:
        url = f"http://127.0.0.1:{server.port}/banner.html"
        result = await act(context, banner(1.0, url=url))
        assert result == Result(True, f"banner put, found so at {url}")
        assert await recover(context, banner(url=url)) == result
        kept["there"] = b""
        assert await recover(context, banner(url=url)) is None
        assert (await act(context, banner(1.0, url=url, remove=True))).detail == f"banner taken away, found so at {url}"
    assert looked == 4


async def test_without_any_answer_it_is_unsure(context: ContextWithFragment) -> None:
    async with serve(after_request(silence)) as server:
        url = f"http://127.0.0.1:{server.port}/b"
        result = await act(context, banner(0.6, url=url))
        assert (result.done, result.unsure) == (False, True)
        assert "was sent and may or may not be in place" in result.detail
        found = await recover(context, banner(0.5, url=url))
        assert isinstance(found, str)
    async with serve(hanging()) as server:
        assert isinstance(await recover(context, banner(0.3, url=f"http://127.0.0.1:{server.port}/b")), str)


async def test_cancelling_anywhere_leaves_an_old_or_a_new_file_and_no_litter(
    context: ContextWithFragment, tmp_path: Path
) -> None:
    place = tmp_path / "site" / "banner.html"
    place.parent.mkdir()
    number, going = 0, True
    while going:
        number += 1
        going = await cancelled_at(lambda: act(context, banner(file=str(place))), number)
    assert [each.name for each in place.parent.iterdir()] == ["banner.html"]
    assert "</div>" in place.read_text()


async def test_cancelling_a_put_anywhere_leaves_no_socket(context: ContextWithFragment) -> None:
    recorder = RecordingServer(reply("204 No Content", b""))
    async with serve(recorder) as server:
        number, going = 0, True
        while going:
            number += 1
            going = await cancelled_at(lambda: act(context, banner(url=f"http://127.0.0.1:{server.port}/b")), number)
        await asyncio.sleep(0)
    assert number > 3
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert isinstance(recorder.received[-1], Received)


async def test_what_the_website_writes_while_we_wait_for_our_turn_is_not_written_over(
    context: ContextWithFragment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "banner.html"
    acting = act(context, banner(file=str(place)))
    result = await written_before(tmp_path, [("banner.html", b"<p>A sale</p>")], acting, monkeypatch)
    assert not result.done
    assert "holds something else than a banner: nothing was written" in result.detail
    assert place.read_text() == "<p>A sale</p>"
