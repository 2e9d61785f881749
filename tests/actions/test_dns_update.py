"""`dns.update` steps against Knot with TSIG: swapped once, never over another's change, and read back everywhere."""

import asyncio
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest
from outagetui import actions
from outagetui.actions import Result
from outagetui.core.step_options import DnsUpdateOptions
from outagetui.facts.events import StepPlan
from outagetui.playbook.unwind import undo_of
from tests.actions.relay import relay
from tests.actions.zones import NEW, OLD, OTHER, act, keyed, recover, step
from tests.kit.scripted_nameservers import reply_to
from tests.kit.scripted_servers import open_descriptors, refused_port, serve, settle
from tests.kit.step_context import ContextWithSecrets, without
from tests.servers.knot import KEY, SCANT, Knot


@pytest.fixture(name="context")
def _context(tmp_path: Path, knot: Knot) -> ContextWithSecrets:
    return keyed(tmp_path, knot)


async def test_the_value_is_swapped_and_every_name_server_says_so(knot: Knot, context: ContextWithSecrets) -> None:
    result = await act(context, step(knot.port, ttl=7))
    assert result == Result(True, f"www.example.test A is {NEW}, and every name server says so")
    query = dns.message.make_query("www.example.test", "A")
    (answer,) = dns.query.udp(query, "127.0.0.1", port=knot.port, timeout=1).answer
    assert (answer.ttl, [each.to_text() for each in answer]) == (7, [NEW])


@pytest.mark.parametrize(
    ("kind", "more", "old", "new"),
    [
        ("AAAA", "set AAAA ::1", "0:0::1", "2001:db8::9"),
        ("CNAME", "set CNAME www", "WWW.example.test.", "backup.example.net."),
        ("TXT", 'set TXT "v=spf1 mx -all"', "v=spf1 mx -all", 'two words; "quoted" \\ é'),
        ("TXT", 'set TXT "a" "b"', '"a" "b"', "x" * 400),
        ("MX", "set MX 10 mail", "10 mail.example.test.", ["10 mx1.example.net.", "20 mx2.example.net."]),
        ("SRV", "set SRV 0 0 5222 www", "0 0 5222 www.example.test.", "0 0 5269 chat.example.net."),
        ("CAA", 'set CAA 0 issue "a.example"', '0 issue "a.example"', '0 issue "b.example"'),
        ("A", "set A 192.0.2.1\nset A 192.0.2.2", ["192.0.2.2", "192.0.2.1"], ["192.0.2.3", "192.0.2.4"]),
    ],
)
async def test_records_of_every_kind_and_sets_of_them(
    tmp_path: Path, context: ContextWithSecrets, kind: str, more: str, old: str | list[str], new: str | list[str]
) -> None:
    server = Knot(tmp_path / "other", more=f"{more}\n").start()
    context.keep("tsig", server.secret)
    try:
        forth: dict[str, Any] = {"type": kind, "from": old, "to": new}
        plan = step(server.port, name="set.example.test", **forth)
        assert (await act(context, plan)).done
        again = await act(context, plan)
        back = step(server.port, name="set", **forth | {"from": new, "to": old})
        assert (await act(context, back)).done
    finally:
        server.stop()
    assert again.done
    assert not again.changed


async def test_what_is_so_already_is_not_done_and_not_ours_to_take_back(
    knot: Knot, context: ContextWithSecrets
) -> None:
    knot.change("www", NEW)
    result = await act(context, step(knot.port))
    assert result.done
    assert not result.changed
    assert result.detail.startswith("already so: ")
    context.tried = True
    assert (await act(context, step(knot.port))).changed


@pytest.mark.parametrize(("name", "holds"), [("www", OTHER), ("none", "no A record")])
async def test_another_value_is_left_alone(knot: Knot, context: ContextWithSecrets, name: str, holds: str) -> None:
    knot.change("www", OTHER)
    result = await act(context, step(knot.port, name=name))
    words = f"{name}.example.test A holds {holds}, not the expected {OLD}; somebody changed it"
    assert result == Result(False, words)
    assert knot.values() == [OTHER]


async def test_one_more_value_beside_the_old_one_is_another_value(tmp_path: Path, context: ContextWithSecrets) -> None:
    server = Knot(tmp_path / "other", more=f"www A {OTHER}\n").start()
    context.keep("tsig", server.secret)
    try:
        result = await act(context, step(server.port))
        assert server.values() == sorted([OLD, OTHER])
    finally:
        server.stop()
    assert f"holds {OLD} and {OTHER}" in result.detail


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret": "scant"}, f"wrong secret or algorithm for the key {KEY} (BADSIG)"),
        ({"key": "stranger"}, "does not know the key stranger, or does not let it do this (BADKEY)"),
        ({"key": SCANT, "secret": "scant"}, f"does not know the key {SCANT}, or does not let it do this (BADKEY)"),
        ({"algorithm": "hmac-sha512"}, "(BAD"),
        ({"secret": "nowhere"}, "there is no such file"),
        ({"secret": "words"}, "secret 'words' is no TSIG key in base64"),
        ({"secret": "empty"}, "secret 'empty' is no TSIG key in base64"),
        ({"zone": "example.org"}, "does not serve example.org, or does not allow"),
    ],
)
async def test_a_key_that_may_not_changes_nothing(
    knot: Knot, context: ContextWithSecrets, options: dict[str, Any], words: str
) -> None:
    context.keep("words", "canary! not base64")
    context.keep("empty", "")
    result = await act(context, step(knot.port, **options))
    assert not result.done
    assert not result.unsure
    assert words in result.detail
    without(result, "canary", context.secret("scant"))
    assert knot.values() == [OLD]


async def test_a_key_for_other_types_is_refused_by_the_server(tmp_path: Path, context: ContextWithSecrets) -> None:
    server = Knot(tmp_path / "other", updates=("TXT",)).start()
    context.keep("tsig", server.secret)
    try:
        result = await act(context, step(server.port))
        assert server.values() == [OLD]
    finally:
        server.stop()
    assert "does not let it do this (BADKEY); nothing was changed" in result.detail
    assert not result.unsure


async def test_a_server_that_is_not_there_or_hangs_is_a_plain_failure(knot: Knot, context: ContextWithSecrets) -> None:
    gone = await act(context, step(refused_port()))
    assert "connection refused; nothing was changed" in gone.detail
    knot.group.freeze()
    started = time.monotonic()
    hung = await act(context, step(knot.port, 1.0))
    assert time.monotonic() - started < 1.0
    assert "gave no answer in time; nothing was changed" in hung.detail
    assert not gone.unsure
    assert not hung.unsure
    knot.group.thaw()
    assert (await act(context, step(knot.port))).done


async def test_the_clock_s_difference_is_told(
    knot: Knot, context: ContextWithSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr("dns.message.time.time", lambda: real() + 4000)
    result = await act(context, step(knot.port))
    monkeypatch.undo()
    assert "clocks of both machines differ (BADTIME)" in result.detail


@pytest.mark.parametrize("turn", ["swallow", "reset"])
async def test_an_update_whose_answer_is_lost_is_found_by_looking(
    knot: Knot, context: ContextWithSecrets, turn: str
) -> None:
    async with relay(knot.port, "pass", turn, "pass") as between:
        result = await act(context, step(between.port, 3.0, read_back=[f"127.0.0.1:{knot.port}"]))
    assert result.done, result
    assert result.changed
    assert knot.values() == [NEW]


@pytest.mark.parametrize(("turn", "words"), [("hold", "gave no answer in time"), ("forge", "did not sign its answer")])
async def test_an_update_that_may_still_come_is_unsure(
    knot: Knot, context: ContextWithSecrets, turn: str, words: str
) -> None:
    async with relay(knot.port, "pass", turn, "pass") as between:
        result = await act(context, step(between.port, 2.0))
    assert result.unsure
    assert words in result.detail
    assert f"www.example.test A still holds {OLD}, but the update may yet be done" in result.detail


async def test_an_update_that_cannot_be_looked_up_is_unsure(knot: Knot, context: ContextWithSecrets) -> None:
    async with relay(knot.port, "pass", "swallow", "hold") as between:
        started = time.monotonic()
        result = await act(context, step(between.port, 2.0))
        assert time.monotonic() - started < 2.0
    assert result.unsure
    assert "may or may not be done, and cannot be looked up" in result.detail
    assert (await act(context, step(knot.port))).done  # the operator says retry


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda query: reply_to(query, f"www.example.test. A {NEW}").to_wire(), "does not sign its answers"),
        (lambda query: reply_to(query, rcode=dns.rcode.NXDOMAIN).to_wire(), "does not sign its answers"),
        (lambda query: reply_to(query, rcode=dns.rcode.SERVFAIL).to_wire(), "failed (SERVFAIL)"),
        (lambda query: reply_to(query, rcode=dns.rcode.REFUSED).to_wire(), f"or does not allow the key {KEY}"),
        (lambda query: reply_to(dns.message.make_query("a.", "A")).to_wire(), "is to another question"),
        (lambda query: query.to_wire()[:2] + b"\xff" * 40, "is not proper DNS"),
        (lambda query: b"", "is not proper DNS"),
    ],
)
async def test_unsigned_or_foreign_answers_prove_nothing(
    context: ContextWithSecrets, answer: Callable[[dns.message.Message], bytes], words: str
) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
        wire = answer(dns.message.from_wire(await reader.readexactly(size), question_only=True))
        writer.write(struct.pack("!H", len(wire)) + wire)

    async with serve(handler) as server:
        result = await act(context, step(server.port, 2.0))
        found = await recover(context, step(server.port, 2.0))
    assert not result.done
    assert not result.unsure
    assert words in result.detail
    assert "nothing was changed" in result.detail
    assert isinstance(found, str)
    assert words in found


async def test_of_two_who_switch_at_once_one_is_told_that_the_other_did(
    knot: Knot, context: ContextWithSecrets
) -> None:
    targets = [f"192.0.2.{number}" for number in range(1, 9)]
    results = await asyncio.gather(*(act(context, step(knot.port, to=each)) for each in targets))
    (winner,) = [each for each, result in zip(targets, results, strict=True) if result.done]
    assert knot.values() == [winner]
    for each, result in zip(targets, results, strict=True):
        if each != winner:
            words = f"www.example.test A holds {winner}, not the expected {OLD}; somebody changed it"
            assert result == Result(False, words)


async def test_a_race_lost_between_look_and_update_changes_nothing(knot: Knot, context: ContextWithSecrets) -> None:
    async def somebody() -> None:
        knot.change("www", OTHER)

    async with relay(knot.port, "pass", somebody, "pass") as between:
        result = await act(context, step(between.port))
    assert f"holds {OTHER}, not the expected {OLD}; somebody changed it" in result.detail
    assert knot.values() == [OTHER]


async def test_two_who_switch_to_the_same_are_both_right_and_one_did_it(
    knot: Knot, context: ContextWithSecrets
) -> None:
    async def somebody() -> None:
        knot.change("www", NEW)

    async with relay(knot.port, "pass", somebody, "pass") as between:
        result = await act(context, step(between.port, read_back=[f"127.0.0.1:{knot.port}"]))
    assert result.done
    assert not result.changed
    assert result.detail.startswith("somebody else did it: ")


@pytest.mark.parametrize("point", ["look", "update held", "update done", "read back"])
async def test_a_crash_at_any_point_is_looked_up(knot: Knot, context: ContextWithSecrets, point: str) -> None:
    turns = {
        "look": ("hold",),
        "update held": ("pass", "hold"),
        "update done": ("pass", "swallow"),
        "read back": ("pass", "pass", "hold"),
    }[point]
    before = open_descriptors()
    async with relay(knot.port, *turns) as between:
        task = asyncio.ensure_future(act(context, step(between.port)))
        await between.reached[len(turns) - 1].wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await settle()
    assert open_descriptors() == before
    found = await recover(context, step(knot.port))
    if point in ("look", "update held"):
        assert found is None
        assert knot.values() == [OLD]
        assert (await act(context, step(knot.port))).done
    else:
        assert found == Result(True, f"www.example.test A is {NEW}, and every name server says so")


async def test_after_a_crash_what_cannot_be_told_is_put_into_words(knot: Knot, context: ContextWithSecrets) -> None:
    knot.change("www", OTHER)
    words = f"www.example.test A holds {OTHER}, neither the old nor the new value"
    assert await recover(context, step(knot.port)) == words
    knot.group.freeze()
    found = await recover(context, step(knot.port, 1.0))
    assert isinstance(found, str)
    assert "gave no answer in time" in found
    assert "there is no such file" in str(await recover(context, step(knot.port, secret="nowhere")))


async def test_the_undo_writes_the_old_value_back_unless_somebody_changed_it(
    knot: Knot, context: ContextWithSecrets
) -> None:
    plan = step(knot.port)
    facts = actions.options_of(plan, DnsUpdateOptions).meaning(None)  # type: ignore[arg-type]
    back = undo_of(StepPlan(id="s", do="dns.update", options=plan.options, facts=facts, timeout=5.0))
    assert back is not None
    assert back.what == f"point www.example.test A from {NEW} to {OLD} (TTL 60) at 127.0.0.1:{knot.port}"
    assert (await act(context, plan)).done
    assert (await act(context, back)).done
    assert knot.values() == [OLD]
    assert (await act(context, plan)).done
    knot.change("www", OTHER)
    result = await act(context, back)
    assert result == Result(False, f"www.example.test A holds {OTHER}, not the expected {NEW}; somebody changed it")
    assert knot.values() == [OTHER]


async def test_hostile_words_in_the_zone_are_cleaned(tmp_path: Path, context: ContextWithSecrets) -> None:
    more = 'set TXT "\\027]52;c;Zm9v\\007[/b]" "\\226\\128\\174"\n' + "".join(
        f'set TXT "{number} {"y" * 200}"\n' for number in range(20)
    )
    server = Knot(tmp_path / "other", more=more).start()
    context.keep("tsig", server.secret)
    try:
        change: dict[str, Any] = {"type": "TXT", "from": "a", "to": "b"}
        result = await act(context, step(server.port, name="set", **change))
    finally:
        server.stop()
    assert not result.done
    assert "somebody changed it" in result.detail
    assert len(result.detail) < 600
