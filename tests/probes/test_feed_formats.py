"""What status feeds say, format by format, and what must never be taken for a word."""

import json
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome
from outagetui.core.probe_options import FeedFormat
from outagetui.core.text import clean
from outagetui.probes.feeds import LIMIT, Reading, Unreadable, read

FEEDS = Path(__file__).parent.parent / "data" / "feeds"


def sample(name: str) -> bytes:
    return (FEEDS / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "outcome", "code", "words"),
    [
        ("statuspage-operational.json", Outcome.PASS, "", "All Systems Operational"),
        ("statuspage-minor.json", Outcome.WARN, "feed.degraded", "Partially Degraded Service; Messages arrive late"),
        ("statuspage-partial.json", Outcome.FAIL, "feed.partial-outage", "Partial System Outage; Calls do not connect"),
        ("statuspage-outage.json", Outcome.FAIL, "feed.major-outage", "Major Service Outage; Nobody can sign in"),
        ("statuspage-maintenance.json", Outcome.WARN, "feed.maintenance", "Service Under Maintenance"),
        ("slack-ok.json", Outcome.PASS, "", "no open incidents"),
        (
            "slack-incident.json",
            Outcome.WARN,
            "feed.degraded",
            "incident: Trouble sending messages (Messaging, Notifications)",
        ),
        ("slack-outage.json", Outcome.FAIL, "feed.major-outage", "outage: Nobody can connect (Login/SSO, Connections)"),
        ("google-closed.json", Outcome.PASS, "", "no open incidents"),
        ("google-open.json", Outcome.WARN, "feed.degraded", "Meet: **Summary** Some people cannot join meetings."),
        ("google-outage.json", Outcome.FAIL, "feed.major-outage", "Chat: **Summary** Chat does not load."),
        ("rss-open.xml", Outcome.WARN, "feed.incident", "Messages arrive late: identified"),
        ("rss-resolved.xml", Outcome.PASS, "", "no open incidents"),
        ("rss-maintenance.xml", Outcome.WARN, "feed.maintenance", "Database move: in progress"),
        ("rss-empty.xml", Outcome.PASS, "", "no open incidents"),
        ("atom-open.xml", Outcome.WARN, "feed.incident", "Messages arrive late: identified"),
        ("atom-resolved.xml", Outcome.PASS, "", "no open incidents"),
    ],
)
def test_each_format_is_told_by_its_content_and_read(name: str, outcome: Outcome, code: str, words: str) -> None:
    said = read(sample(name))
    assert (said.outcome, said.code) == (outcome, code)
    assert said.detail.startswith(words)


@pytest.mark.parametrize(
    ("name", "components", "outcome", "code"),
    [
        ("statuspage-minor.json", ["Sign-in"], Outcome.PASS, ""),
        ("statuspage-minor.json", ["sign-IN", "messages"], Outcome.WARN, "feed.degraded"),
        ("statuspage-partial.json", ["Messages"], Outcome.PASS, ""),
        ("statuspage-partial.json", ["c03"], Outcome.FAIL, "feed.partial-outage"),
        ("statuspage-outage.json", ["Website"], Outcome.PASS, ""),
        ("statuspage-maintenance.json", ["Website"], Outcome.WARN, "feed.maintenance"),
        ("slack-incident.json", ["Messaging"], Outcome.WARN, "feed.degraded"),
        ("slack-incident.json", ["Huddles"], Outcome.PASS, ""),
        ("google-open.json", ["meet"], Outcome.WARN, "feed.degraded"),
        ("google-open.json", ["Mail"], Outcome.PASS, ""),
        ("rss-open.xml", ["messages"], Outcome.WARN, "feed.incident"),
        ("rss-open.xml", ["billing"], Outcome.PASS, ""),
    ],
)
def test_only_the_components_that_matter_count(name: str, components: list[str], outcome: Outcome, code: str) -> None:
    said = read(sample(name), components=tuple(components))
    assert (said.outcome, said.code) == (outcome, code)


def test_a_group_stands_for_its_members_and_none_is_counted_twice() -> None:
    said = read(sample("statuspage-partial.json"), components=("Calls", "Voice calls"))
    assert said.detail == "Voice calls: partial outage; Calls do not connect"


def test_a_component_the_feed_does_not_list_is_unreadable_and_the_nearest_is_named() -> None:
    with pytest.raises(Unreadable) as caught:
        read(sample("statuspage-operational.json"), components=("Mesages",))
    assert caught.value.code == "feed.component"
    assert caught.value.detail == "the feed has no component 'Mesages'; did you mean 'Messages'?"


def test_a_feed_of_which_nothing_is_understood_is_not_well() -> None:
    with pytest.raises(Unreadable, match="Our new office") as caught:
        read(sample("rss-blog.xml"))
    assert caught.value.code == "feed.word"


def test_an_empty_list_says_whose_it_is_only_where_the_format_is_named() -> None:
    assert read(sample("google-empty.json"), "google").outcome is Outcome.PASS
    cases: tuple[tuple[FeedFormat, tuple[str, ...]], ...] = (("auto", ()), ("google", ("Meet",)), ("gatus", ()))
    for form, components in cases:
        with pytest.raises(Unreadable) as caught:
            read(sample("google-empty.json"), form, components)
        assert caught.value.code == "feed.silent"


def test_a_component_in_trouble_behind_a_green_rollup_is_a_warning() -> None:
    document = json.loads(sample("statuspage-operational.json"))
    document["components"][1]["status"] = "major_outage"
    said = read(json.dumps(document).encode())
    assert (said.outcome, said.detail) == (Outcome.WARN, "Messages: major outage")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("statuspage-operational.json", '"none"', '"fine"'),
        ("statuspage-operational.json", '"operational"', '"mostly_operational"'),
        ("slack-ok.json", '"ok"', '"splendid"'),
        ("slack-incident.json", '"incident"', '"hiccup"'),
        ("slack-incident.json", '"status": "active",\n   "url"', '"status": "sleeping",\n   "url"'),
        ("google-open.json", "SERVICE_DISRUPTION", "SERVICE_MOOD"),
    ],
)
def test_a_word_nobody_has_seen_is_unreadable(name: str, old: str, new: str) -> None:
    text = sample(name).decode()
    assert old in text
    with pytest.raises(Unreadable) as caught:
        read(text.replace(old, new).encode())
    assert caught.value.code == "feed.word"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\0\1\2",
        b"OK",
        b"{}",
        b"[1]",
        b"[{}]",
        b"[null]",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"status": "ok"}',
        b'{"status": "active", "active_incidents": []}',
        b'{"status": {"indicator": null}}',
        b'{"status": {"indicator": 0}, "components": "none"}',
        b'[{"begin": "2026", "end": null}]',
        b"<html><body>All Systems Operational</body></html>",
        b"<!doctype html><title>Status</title><p>Sign in to this network",
        b"<rss version='2.0'><channel><title>cut sho",
        b"\xff\xfe{\0",
        b'{"status": {"indicator": "none\xff"}}',
    ],
)
def test_what_is_no_feed_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert caught.value.code in ("feed.unreadable", "feed.word")


@pytest.mark.parametrize("form", [form for form in get_args(FeedFormat) if form != "auto"])
def test_a_form_that_is_named_is_not_guessed(form: FeedFormat) -> None:
    for path in sorted(FEEDS.iterdir()):
        if path.name != "rss-blog.xml" and (path.name.startswith(form) or (form == "rss" and path.suffix == ".xml")):
            read(path.read_bytes(), form)
        else:
            with pytest.raises(Unreadable):
                read(path.read_bytes(), form)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_byte_order_mark_tells_the_encoding(encoding: str) -> None:
    text = sample("slack-incident.json").decode()
    marked = ("\N{BYTE ORDER MARK}" if encoding == "utf-16-be" else "") + text
    assert read(marked.encode(encoding)).code == "feed.degraded"


def test_html_and_controls_in_titles_come_out_as_plain_text() -> None:
    document = json.loads(sample("slack-incident.json"))
    document["active_incidents"][0]["title"] = (
        "<b>Late</b> &amp; lost\x1b]52;c;Zm9v\x07\u202e<script>x()</script>[@click=quit]\nnext"
    )
    said = read(json.dumps(document).encode())
    assert said.detail.isprintable()
    assert "Late & lost" in said.detail
    assert "x()" not in said.detail


def test_a_long_title_is_cut() -> None:
    document = json.loads(sample("slack-incident.json"))
    document["active_incidents"][0]["title"] = "x" * 1_000_000
    assert len(read(json.dumps(document).encode()).detail) <= 300


def test_more_than_the_limit_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(b" " * (LIMIT + 1))


def test_a_feed_with_entities_of_its_own_is_not_read() -> None:
    many = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "x"><!ENTITY f SYSTEM "file:///etc/passwd">{many}]>'
    item = "<item><title>&e12;&f;</title><description>Investigating - &e12;&f;</description></item>"
    text = f"{bomb}<rss version='2.0'><channel><title>t</title>{item}</channel></rss>"
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(Unreadable, match="entities"):
            read(text.encode(encoding))


def said_or_problem(body: bytes) -> Reading | Unreadable:
    try:
        said: Reading | Unreadable = read(body)
    except Unreadable as problem:
        said = problem
    assert said.detail == clean(said.detail)
    return said


def never_a_pass(body: bytes) -> None:
    said = said_or_problem(body)
    if isinstance(said, Reading):
        assert said.outcome is not Outcome.PASS
    else:
        assert said.code.startswith("feed.")


@given(st.binary(max_size=500))
def test_noise_is_never_a_pass(noise: bytes) -> None:
    never_a_pass(noise)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(ANYTHING)
def test_no_json_that_is_not_a_feed_is_a_pass(value: object) -> None:
    never_a_pass(json.dumps(value).encode())


PLACES = [
    ("statuspage-operational.json", ["status", "indicator"]),
    ("statuspage-operational.json", ["status"]),
    ("statuspage-operational.json", ["components", 2, "status"]),
    ("statuspage-operational.json", ["components", 0]),
    ("slack-ok.json", ["status"]),
    ("slack-ok.json", ["active_incidents"]),
    ("slack-incident.json", ["active_incidents", 0, "type"]),
    ("slack-incident.json", ["active_incidents", 0, "status"]),
    ("slack-incident.json", ["active_incidents", 0]),
    ("google-open.json", [0, "most_recent_update", "status"]),
    ("google-open.json", [0, "begin"]),
    ("google-open.json", [0]),
    ("instatus-up.json", ["page", "status"]),
    ("instatus-components.json", ["components", 0, "status"]),
    ("betterstack-operational.json", ["data", "attributes", "aggregate_state"]),
    ("betterstack-operational.json", ["included", 1, "attributes", "status"]),
    ("cachet-v1-good.json", ["data", 0, "status"]),
    ("cachet-v2-status.json", ["data", "status"]),
    ("uptime-kuma-maintenance.json", ["heartbeatList", "3", 1, "status"]),
    ("gatus-up.json", [0, "results", 1, "success"]),
]
HARMLESS: tuple[object, ...] = (
    "operational",
    "none",
    "ok",
    "available",
    "up",
    "success",
    "not_monitored",
    "1",
    0,
    1,
    2,
    5,
    [],
    {},
)


@given(st.sampled_from(PLACES), ANYTHING)
def test_a_feed_with_a_wrong_value_where_a_word_stands_is_never_a_pass(
    place: tuple[str, list[str | int]], value: object
) -> None:
    name, path = place
    if value in HARMLESS:
        return
    document = json.loads(sample(name))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    never_a_pass(json.dumps(document).encode())


@given(st.sampled_from(sorted(FEEDS.iterdir())), st.data())
def test_no_cut_and_no_changed_byte_of_a_feed_raises(path: Path, data: st.DataObject) -> None:
    body = bytearray(path.read_bytes())
    cut = data.draw(st.integers(0, len(body) - 3))
    if len(body) > 10:
        never_a_pass(bytes(body[:cut]))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=6)):
        body[place] = value
    said_or_problem(bytes(body))
