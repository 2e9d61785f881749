"""A declared command as an outlet: run once, told everything on its input, and believed only as far as it can tell."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from outagetui.core.model import Command, Outlet
from outagetui.core.outlet_options import CommandOutletOptions
from outagetui.machine.descendants import process_of
from outagetui.outlets import Delivered, Tools, find, publish, retract, seen
from outagetui.wording.fit import fit
from tests.kit.double_fork import DOUBLE_FORK
from tests.kit.programs import script
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import tools_at

CANARY = "canary-77aa21"
KEEPS = """\
import json, os, sys
told = json.load(sys.stdin)
here = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(here + "/calls", "a") as file:
    file.write(json.dumps({"argv": sys.argv[1:], "told": told, "env": dict(os.environ)}) + "\\n")
THEN
"""


def outlet_of(*, timeout: float = 10.0, **options: Any) -> Outlet:
    made = msgspec.convert({"command": "tell", **options}, CommandOutletOptions)
    return Outlet(
        id="board", name="Board", kind="command", audience="customers", timeout=timeout, options=made,
        url="https://board.example.net/",
    )  # fmt: skip


def tools_for(context: Path, *argv: str, **programs: str) -> Tools:
    """Return tools with a command `tell` for each of `programs`, which is Python."""
    commands = {}
    for name, then in programs.items():
        path = script(context, KEEPS.replace("THEN", then), interpreter=f"{sys.executable} -IS")
        params = {each[1:-1]: r".*" for each in argv if each.startswith("{")}
        commands[name] = Command(name=name, argv=(path, *argv), params=params, secret_env={"TOKEN": "mail"})
    return replace(tools_at(context, CANARY), commands=commands, hide=lambda text: text.replace(CANARY, "[secret]"))


def calls(context: Path) -> list[dict[str, Any]]:
    path = context / "calls"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_a_program_that_forks_twice_leaves_nothing(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    tools = tools_for(tmp_path, tell=DOUBLE_FORK.format(told=str(told), closes=True))
    outlet = outlet_of()
    assert (await publish(outlet, delivery_of(outlet), tools)).state == "sent"
    assert process_of(int(told.read_text())) is None


async def test_it_is_told_everything_once_and_says_where_it_is(tmp_path: Path) -> None:
    tools = tools_for(tmp_path, "{board}", "--", "{title}", tell='print("https://board.example.net/7\\n7\\nthanks")')
    outlet = outlet_of(args={"board": "status"})
    done = await publish(outlet, delivery_of(outlet), tools)
    assert done == Delivered("sent", "https://board.example.net/7", "7", "tell: exit status 0: thanks")
    again = await publish(outlet, delivery_of(outlet, again=True), tools)
    assert (again.state, again.url, again.remote_id) == ("sent", done.url, "7")
    (call,) = calls(tmp_path)
    part = delivery_of(outlet)
    assert part.text is not None
    assert call["argv"] == ["status", "--", part.title]
    told = call["told"]
    assert (told["do"], told["version"], told["title"], told["text"]) == ("publish", 1, part.title, part.text.plain)
    assert told["accounts"][0] == {"name": "Web chat", "address": "https://chat.example.net/support"}
    assert call["env"]["OUTAGETUI_KEY"] == told["key"] == part.key
    assert call["env"]["TOKEN"] == CANARY
    later = await publish(outlet, delivery_of(outlet, 1, (done,)), tools)
    assert later.state == "sent"
    told = calls(tmp_path)[1]["told"]
    assert told["do"] == "update"
    assert [(each["part"], each["remote_id"]) for each in told["placed"]] == [(0, "7")]


async def test_a_document_larger_than_a_pipe_arrives_whole(tmp_path: Path) -> None:
    tools = tools_for(tmp_path, tell="")
    outlet = outlet_of()
    body = "word " * 60_000
    part = delivery_of(outlet, text=fit("command", title="T", body=body))
    assert (await publish(outlet, part, tools)).state == "sent"
    assert calls(tmp_path)[0]["told"]["text"] == body


@pytest.mark.parametrize(
    ("then", "state", "words"),
    [
        ("sys.exit(75)", "failed", "tell could not publish it now: exit status 75"),
        ("print('no', file=sys.stderr); sys.exit(1)", "unknown", "tell: exit status 1: no; it may be published"),
        ("os.kill(os.getpid(), 9)", "unknown", "tell: killed by SIGKILL; it may be published"),
        ("import time; time.sleep(60)", "unknown", "tell: not done in time, ended with SIGTERM; it may be published"),
    ],
)
async def test_what_its_end_tells(tmp_path: Path, then: str, state: str, words: str) -> None:
    tools = tools_for(tmp_path, tell=then)
    outlet = outlet_of(timeout=2.0)
    done = await publish(outlet, delivery_of(outlet), tools)
    assert (done.state, done.detail) == (state, words)
    again = await publish(outlet, delivery_of(outlet, again=True), tools)
    assert again.state == state
    assert len(calls(tmp_path)) == (2 if state == "failed" else 1)
    if state == "unknown":
        assert again.detail == f"not sent again, since it may be there: {words}"


@pytest.mark.parametrize(
    ("looks", "state", "runs"),
    [("sys.exit(1)", "sent", 2), ("print('x\\n9')", "sent", 1), ("sys.exit(3)", "unknown", 1)],
)
async def test_another_command_looks_up_what_is_not_known(tmp_path: Path, looks: str, state: str, runs: int) -> None:
    first = "if os.path.exists(here + '/second'): sys.exit(0)\nopen(here + '/second', 'w'); sys.exit(9)"
    tools = tools_for(tmp_path, tell=first, told=looks)
    outlet = outlet_of(find="told")
    assert (await publish(outlet, delivery_of(outlet), tools)).state == "unknown"
    done = await publish(outlet, delivery_of(outlet, again=True), tools)
    assert done.state == state
    assert [call["told"]["do"] for call in calls(tmp_path)].count("publish") == runs
    if runs == 1 and state == "sent":
        assert (done.url, done.remote_id) == ("", "9")


async def test_it_is_taken_back_by_a_command_or_not_at_all(tmp_path: Path) -> None:
    tools = tools_for(tmp_path, tell="", untell="")
    done = await publish(outlet_of(), delivery_of(outlet_of()), tools)
    part = delivery_of(outlet_of(), 1, (done,))
    assert (await retract(outlet_of(), part, tools)).state == "skipped"
    assert (await retract(outlet_of(retract="untell"), part, tools)).state == "retracted"
    assert calls(tmp_path)[-1]["told"]["do"] == "retract"
    assert (await retract(outlet_of(retract="gone"), part, tools)).state == "failed"


async def test_what_cannot_be_run_leaves_no_doubt(tmp_path: Path) -> None:
    outlet = outlet_of()
    tools = replace(tools_at(tmp_path), commands={"tell": Command(name="tell", argv=(f"{tmp_path}/missing",))})
    done = await publish(outlet, delivery_of(outlet), tools)
    assert (done.state, done.detail) == ("failed", f"{tmp_path}/missing cannot be run: No such file or directory")
    assert await find(outlet, delivery_of(outlet), tools) is None
    none = await publish(outlet, delivery_of(outlet), replace(tools, commands={}))
    assert (none.state, none.detail) == ("failed", "there is no command tell")
    strict = Command(name="tell", argv=("/bin/true", "{title}"), params={"title": "[a-z]+"})
    done = await publish(outlet, delivery_of(outlet), replace(tools, commands={"tell": strict}))
    assert done.state == "failed"
    assert "does not match" in done.detail
    secretive = Command(name="tell", argv=("/bin/true",), secret_env={"A": "other"})
    done = await publish(outlet, delivery_of(outlet), replace(tools, commands={"tell": secretive}))
    assert (done.state, done.detail) == ("failed", "secret 'other': there is no such file")
    assert await find(outlet, delivery_of(outlet), tools) is None


async def test_its_words_act_on_nothing_and_hold_no_secret(tmp_path: Path) -> None:
    evil = "print('javascript:alert(1)'); print(os.environ['TOKEN'] + '\\x1b[31m\\u202e'); print('x' * 9000)"
    tools = tools_for(tmp_path, tell=evil)
    outlet = outlet_of()
    done = await publish(outlet, delivery_of(outlet), tools)
    assert done.state == "sent"
    assert done.url == ""
    assert "\x1b" not in done.remote_id + done.detail
    kept = "".join(path.read_text() for path in (tmp_path / "sent").iterdir())
    assert CANARY not in str(done) + kept
    assert (await seen(outlet, done, delivery_of(outlet), tools)) == done


async def test_cancelled_it_is_ended_and_not_run_again(tmp_path: Path) -> None:
    tools = tools_for(tmp_path, tell="import time; time.sleep(60); open(here + '/late', 'w')")
    outlet = outlet_of(timeout=30)
    task = asyncio.create_task(publish(outlet, delivery_of(outlet), tools))
    while not calls(tmp_path):
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    there = await find(outlet, delivery_of(outlet), tools)
    assert there is not None
    assert there.state == "unknown"
    assert (await publish(outlet, delivery_of(outlet, again=True), tools)).state == "unknown"
    assert len(calls(tmp_path)) == 1
