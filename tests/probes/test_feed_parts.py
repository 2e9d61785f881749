"""What feeds that list parts say: Instatus, Better Stack, Cachet, Uptime Kuma and Gatus."""

import json
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.probes.feeds import Unreadable, read
from tests.kit.status_feeds import NOON

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
PASS, WARN, FAIL = Outcome.PASS, Outcome.WARN, Outcome.FAIL


def sample(name: str) -> bytes:
    return (FEEDS / name).read_bytes()


def changed(name: str, path: list[str | int], value: object) -> bytes:
    """The sample with one value replaced."""
    document: Any = json.loads(sample(name))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(document).encode()


def trouble(body: bytes, *components: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read(body, components=components)
    return f"{caught.value.code}: {caught.value.detail}"


@pytest.mark.parametrize(
    ("name", "outcome", "code", "words"),
    [
        ("instatus-up.json", PASS, "", "up"),
        ("instatus-issues.json", FAIL, "feed.partial-outage", "has issues; Messages arrive late; Calls do not connect"),
        ("instatus-maintenance.json", WARN, "feed.maintenance", "under maintenance; Database move"),
        ("instatus-components.json", FAIL, "feed.partial-outage", "Voice calls: major outage"),
        ("betterstack-operational.json", PASS, "", "operational"),
        ("betterstack-degraded.json", WARN, "feed.degraded", "degraded; Messages arrive late"),
        ("betterstack-downtime.json", FAIL, "feed.partial-outage", "downtime; Calls do not connect"),
        ("cachet-v1-good.json", PASS, "", "all 2 operational"),
        ("cachet-v1.json", FAIL, "feed.partial-outage", "Calls: partial outage"),
        ("cachet-v3.json", WARN, "feed.maintenance", "Calls: under maintenance"),
        ("cachet-status.json", FAIL, "feed.partial-outage", "Some systems are experiencing issues."),
        ("cachet-v2-status.json", PASS, "", "System operational"),
        ("uptime-kuma-up.json", PASS, "", "all 2 operational"),
        ("uptime-kuma-down.json", FAIL, "feed.partial-outage", "monitor 3: down connect ECONNREFUSED"),
        ("uptime-kuma-maintenance.json", WARN, "feed.maintenance", "monitor 3: under maintenance"),
        ("gatus-up.json", PASS, "", "all 2 operational"),
        ("gatus-down.json", FAIL, "feed.partial-outage", "messages: [STATUS] (503) == 200"),
        ("gatus-one.json", FAIL, "feed.major-outage", "calls: dial tcp: connection refused"),
    ],
)
def test_each_format_is_told_by_its_content_and_read(name: str, outcome: Outcome, code: str, words: str) -> None:
    said = read(sample(name))
    assert (said.outcome, said.code) == (outcome, code)
    assert said.detail.startswith(words)


@pytest.mark.parametrize(
    ("name", "components", "outcome", "code"),
    [
        ("instatus-components.json", ["messages"], PASS, ""),
        ("instatus-components.json", ["Calls"], FAIL, "feed.major-outage"),
        ("instatus-components.json", ["c3"], PASS, ""),
        ("betterstack-downtime.json", ["Messages"], PASS, ""),
        ("betterstack-downtime.json", ["calls"], FAIL, "feed.major-outage"),
        ("betterstack-downtime.json", ["101"], FAIL, "feed.major-outage"),
        ("cachet-v1.json", ["Messages"], PASS, ""),
        ("cachet-v3.json", ["Calls", "Messages"], WARN, "feed.maintenance"),
        ("uptime-kuma-down.json", ["7"], PASS, ""),
        ("uptime-kuma-down.json", ["#3"], FAIL, "feed.major-outage"),
        ("gatus-down.json", ["website"], PASS, ""),
        ("gatus-down.json", ["core_messages"], FAIL, "feed.major-outage"),
        ("gatus-down.json", ["core"], FAIL, "feed.major-outage"),
    ],
)
def test_only_the_parts_that_matter_count(name: str, components: list[str], outcome: Outcome, code: str) -> None:
    said = read(sample(name), components=tuple(components))
    assert (said.outcome, said.code) == (outcome, code)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("instatus-up.json", ["page", "status"], "FINE"),
        ("instatus-issues.json", ["activeIncidents", 0, "status"], "PONDERING"),
        ("instatus-issues.json", ["activeIncidents", 0, "impact"], "SOMEOUTAGE"),
        ("instatus-components.json", ["components", 0, "status"], "WONDERFUL"),
        ("betterstack-operational.json", ["data", "attributes", "aggregate_state"], "great"),
        ("betterstack-operational.json", ["included", 1, "attributes", "status"], "great"),
        ("betterstack-operational.json", ["included", 1, "attributes", "status"], None),
        ("cachet-v1-good.json", ["data", 0, "status"], 7),
        ("cachet-v1-good.json", ["data", 0, "status"], "-1"),
        ("cachet-v1-good.json", ["data", 0, "status"], "²"),
        ("cachet-v3.json", ["data", 0, "attributes", "status"], {"human": "New", "value": 9}),
        ("cachet-status.json", ["data", "attributes", "status"], "sleepy"),
        ("uptime-kuma-up.json", ["heartbeatList", "3", 2, "status"], 4),
        ("uptime-kuma-up.json", ["heartbeatList", "3", 0], 8),
    ],
)
def test_a_word_nobody_has_seen_is_unreadable(name: str, path: list[str | int], value: object) -> None:
    assert trouble(changed(name, path, value)).startswith("feed.word: ")


@pytest.mark.parametrize(
    ("body", "components", "message"),
    [
        (sample("betterstack-operational.json"), ["Website"], "the provider says nothing of Website: not monitored"),
        (sample("cachet-v3.json"), ["Website"], "the provider says nothing of Website: unknown"),
        (sample("uptime-kuma-down.json"), ["9"], "the provider says nothing of monitor 9: no beat yet"),
        (sample("gatus-down.json"), ["new"], "the provider says nothing of new: no result yet"),
        (b'{"heartbeatList": {}}', [], "the provider says nothing of any part"),
        (b'{"data": []}', [], "the provider says nothing of any part"),
        (b'{"components": []}', [], "the provider says nothing of any part"),
        (changed("uptime-kuma-maintenance.json", ["heartbeatList", "3"], [{"status": 2}]), [], "of any part"),
    ],
)
def test_silence_is_neither_up_nor_down(body: bytes, components: list[str], message: str) -> None:
    told = trouble(body, *components)
    assert told.startswith("feed.silent: ")
    assert told.endswith(message)


def test_a_list_that_goes_on_is_not_taken_for_the_whole() -> None:
    old = changed("cachet-v1-good.json", ["meta", "pagination", "total_pages"], 2)
    new = changed("cachet-v3.json", ["links", "next"], "https://status.messenger.example/api/components?page=2")
    for body in (old, new):
        assert "add ?per_page=100 to the target" in trouble(body)
        assert read(body, components=("Messages",)).outcome is PASS


def test_what_names_no_parts_says_where_they_are_named() -> None:
    assert "components.json" in trouble(sample("instatus-up.json"), "Calls")
    assert "…/components" in trouble(sample("cachet-status.json"), "Calls")
    page = b'{"config": {}, "incident": null, "publicGroupList": [], "maintenanceList": []}'
    assert "/api/status-page/heartbeat/" in trouble(page)


def test_a_name_that_is_not_listed_is_told_with_the_nearest() -> None:
    assert "did you mean 'Messages'?" in trouble(sample("cachet-v1.json"), "Mesages")
    assert "did you mean 'core'?" in trouble(sample("gatus-up.json"), "cor")


def test_it_is_a_major_outage_only_when_every_part_is_out() -> None:
    body = changed("uptime-kuma-down.json", ["heartbeatList", "7"], [{"status": 0, "msg": None}])
    assert read(body).code == "feed.major-outage"


def test_a_part_in_trouble_behind_a_green_page_is_a_warning() -> None:
    said = read(changed("betterstack-operational.json", ["included", 1, "attributes", "status"], "downtime"))
    assert (said.outcome, said.detail) == (WARN, "Messages: downtime")


def test_html_and_controls_in_what_a_monitor_says_come_out_as_plain_text() -> None:
    places: tuple[tuple[str, list[str | int]], ...] = (
        ("uptime-kuma-down.json", ["heartbeatList", "3", 1, "msg"]),
        ("gatus-one.json", ["results", 1, "errors"]),
    )
    for name, path in places:
        hostile = "<b>late</b>\x1b]52;c;Zm9v\x07\u202e[@click=quit]\n"
        value: object = [hostile] if path[-1] == "errors" else hostile
        said = read(changed(name, path, value))
        assert said.detail.isprintable()
        assert "late" in said.detail
        assert "<b>" not in said.detail


BEAT = {"msg": "", "ping": 12}


def beats(*told: tuple[int, str]) -> bytes:
    line = [{**BEAT, "status": status, "time": f"2026-11-{when}:00.000"} for status, when in told]
    return json.dumps({"heartbeatList": {"3": line}, "uptimeList": {}}).encode()


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ([(1, "30 11:57"), (2, "30 11:58")], "feed.degraded"),
        ([(1, "30 11:57"), (2, "30 11:58"), (2, "30 11:59")], "feed.degraded"),
        ([(1, "30 11:57"), (2, "30 11:58"), (1, "30 11:59")], ""),
        ([(0, "30 11:57"), (2, "30 11:58")], "feed.major-outage"),
        ([(3, "30 11:57"), (2, "30 11:58")], "feed.degraded"),
    ],
)
def test_a_monitor_that_is_tried_again_is_not_well(told: list[tuple[int, str]], code: str) -> None:
    assert read(beats(*told), now=NOON).code == code


def test_a_number_of_any_length_is_no_word_of_cachet() -> None:
    part = {"name": "Mail", "status": "9" * 5000, "id": 1, "order": 1, "group_id": 0}
    body = {"data": [part], "meta": {"pagination": {"total_pages": 1}}}
    assert trouble(json.dumps(body).encode()).startswith("feed.word: unknown word")
