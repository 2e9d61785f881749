"""What goes on warns, though the page and its parts say that all is well; what is over or still to come does not."""

import json
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.probes.feeds import Unreadable, read
from tests.kit.status_feeds import word as feed_word

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
GOOD = str(Outcome.PASS)


def sample(name: str) -> Any:
    return json.loads((FEEDS / name).read_bytes())


def word(document: object, *components: str) -> str:
    try:
        said = read(json.dumps(document).encode(), components=components)
    except Unreadable as problem:
        return problem.code
    return said.code or str(said.outcome)


def at_noon(document: object) -> str:
    """The outcome in a word on 2026-11-30 at 12:00 UTC."""
    return feed_word(json.dumps(document).encode())


def incident(status: str | None, **more: object) -> dict[str, object]:
    return {"id": "i", "name": "Jobs do not start", "status": status, "impact": "minor", **more}


@pytest.mark.parametrize("status", ["investigating", "identified", "monitoring", "pondering", "", None])
def test_statuspage_lists_an_open_incident(status: str | None) -> None:
    page = {**sample("statuspage-operational.json"), "incidents": [incident(status)]}
    assert word(page) == word(page, "Messages") == "feed.incident"
    touched = incident(status, components=[{"id": "c02", "name": "Messages"}])
    page["incidents"] = [touched]
    assert (word(page, "Messages"), word(page, "Website")) == ("feed.incident", GOOD)
    page["incidents"] = [
        incident(status, incident_updates=[{"affected_components": [{"code": "g01", "name": "Calls"}]}])
    ]
    assert (word(page, "Voice calls"), word(page, "Website")) == ("feed.incident", GOOD)


@pytest.mark.parametrize("status", ["in_progress", "verifying"])
def test_a_page_lists_a_maintenance_among_its_incidents(status: str) -> None:
    assert word({**sample("statuspage-operational.json"), "incidents": [incident(status)]}) == "feed.maintenance"


@pytest.mark.parametrize("status", ["resolved", "postmortem", "completed", "Resolved", "scheduled"])
def test_statuspage_lists_one_that_is_over(status: str) -> None:
    assert word({**sample("statuspage-operational.json"), "incidents": [incident(status)]}) == GOOD


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("scheduled", GOOD),
        ("completed", GOOD),
        ("in_progress", "feed.maintenance"),
        ("verifying", "feed.maintenance"),
        ("pondering", "feed.word"),
        (None, "feed.word"),
    ],
)
def test_statuspage_lists_a_maintenance(status: str | None, code: str) -> None:
    assert word({**sample("statuspage-operational.json"), "scheduled_maintenances": [incident(status)]}) == code


def test_statuspage_groups_count_where_they_say_worse_than_their_members_and_namesakes_both() -> None:
    page = sample("statuspage-operational.json")
    page["components"][2]["status"] = "major_outage"
    assert word(page) == "feed.degraded"
    assert word(page, "Calls") == "feed.major-outage"
    page = sample("statuspage-operational.json")
    page["components"].append({**page["components"][0], "id": "c99", "status": "partial_outage"})
    assert word(page, "Sign-in") == "feed.partial-outage"
    page["components"][-1]["status"] = "full_outage"  # as incident.io says it
    assert word(page, "Sign-in") == "feed.major-outage"


def test_slack_is_active_though_it_lists_nothing_that_goes_on() -> None:
    page = sample("slack-incident.json")
    page["active_incidents"][0]["status"] = "resolved"
    assert word(page) == "feed.incident"
    page["status"] = "ok"
    assert word(page) == GOOD
    page["active_incidents"][0]["status"] = "active"
    assert word(page) == "feed.degraded"


def test_googles_incident_has_not_ended_though_the_service_is_there() -> None:
    page = sample("google-closed.json")
    assert word(page) == GOOD
    page[0]["most_recent_update"] = {"status": "AVAILABLE"}
    for end in (None, ""):
        assert word([{**page[0], "end": end}]) == "feed.incident"
    assert word([{key: value for key, value in page[0].items() if key != "end"}]) == "feed.incident"
    assert word([{**page[0], "end": "soon"}]) == "feed.unreadable"


LONG_AGO, SOON = "2026-11-30T11:59:00Z", "2026-11-30T12:01:00Z"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (LONG_AGO, GOOD),
        ("2026-11-30T12:00:00Z", GOOD),
        (SOON, "feed.major-outage"),
        ("2040-01-01", "feed.major-outage"),
    ],
)
def test_an_incident_of_google_goes_on_until_its_end(end: str, code: str) -> None:
    told = {"begin": "2026-11-30", "end": end, "external_desc": "x", "status_impact": "SERVICE_OUTAGE"}
    assert at_noon([told]) == code


@pytest.mark.parametrize(
    ("times", "state", "code"),
    [
        ({"ends_at": LONG_AGO}, "degraded", GOOD),
        ({"ends_at": SOON}, "degraded", "feed.incident"),
        ({"ends_at": SOON}, "downtime", "feed.incident"),
        ({"ends_at": SOON}, "maintenance", "feed.maintenance"),
        ({"starts_at": LONG_AGO, "ends_at": SOON}, "maintenance", "feed.maintenance"),
        ({"starts_at": SOON, "ends_at": "2026-12-01T00:00:00Z"}, "maintenance", GOOD),
        ({"ends_at": "soon"}, "degraded", "feed.incident"),
        ({"ends_at": SOON}, "resolved", GOOD),
    ],
)
def test_a_report_of_better_stack_goes_on_until_its_end(times: dict[str, str], state: str, code: str) -> None:
    page = sample("betterstack-operational.json")
    page["included"][-1]["attributes"] |= {"starts_at": None, **times, "aggregate_state": state}
    assert at_noon(page) == code


PAGE_WORDS = {
    "UP": GOOD,
    "HASISSUES": "feed.incident",
    "UNDERMAINTENANCE": "feed.maintenance",
    **{f"{many}UNDERMAINTENANCE": "feed.maintenance" for many in ("ALL", "SOME", "ONE")},
    **{f"{many}DEGRADEDPERFORMANCE": "feed.degraded" for many in ("ALL", "SOME", "ONE")},
    **{f"{many}PARTIALOUTAGE": "feed.partial-outage" for many in ("ALL", "SOME", "ONE")},
    **{f"{many}MINOROUTAGE": "feed.partial-outage" for many in ("ALL", "SOME", "ONE")},
    **{f"{many}MAJOROUTAGE": "feed.partial-outage" for many in ("SOME", "ONE")},
    "ALLMAJOROUTAGE": "feed.major-outage",
    "ALLOPERATIONAL": "feed.word",
    "FEWMAJOROUTAGE": "feed.word",
    "": "feed.word",
}


@pytest.mark.parametrize(("status", "code"), PAGE_WORDS.items())
def test_instatus_has_seventeen_words_for_a_page(status: str, code: str) -> None:
    for told in (status, status.lower(), f" {status}"):
        assert word({"page": {"name": "x", "url": "https://status.example.com", "status": told}}) == code


def test_instatus_words_are_told_apart() -> None:
    said = read(b'{"page": {"name": "x", "status": "SOMEUNDERMAINTENANCE"}}')
    assert said.detail == "some under maintenance"
    assert read(b'{"page": {"name": "x", "status": "ALLDEGRADEDPERFORMANCE"}}').detail == "all degraded performance"


def test_instatus_lists_what_goes_on() -> None:
    page: dict[str, Any] = {"page": {"name": "x", "url": "https://x", "status": "UP"}}
    for status, code in (("INVESTIGATING", "feed.incident"), ("MONITORING", "feed.incident"), ("RESOLVED", GOOD)):
        assert word({**page, "activeIncidents": [{"name": "x", "status": status}]}) == code
    for status, code in (("INPROGRESS", "feed.maintenance"), ("NOTSTARTEDYET", GOOD), ("COMPLETED", GOOD)):
        assert word({**page, "activeMaintenances": [{"name": "x", "status": status}]}) == code
    odd: object
    for odd in (None, {}, "x", [{}], [{"name": "x"}], [{"name": "x", "status": "PONDERING"}]):
        assert word({**page, "activeIncidents": odd}) in ("feed.unreadable", "feed.word")


def test_an_instatus_parent_counts_where_it_says_worse_or_stands_alone() -> None:
    parts = sample("instatus-components.json")
    for one in parts["components"]:
        one["status"] = "OPERATIONAL"
    assert word(parts) == GOOD
    parent = {"id": "p", "name": "Parent", "status": "MAJOROUTAGE", "isParent": True, "group": None}
    assert word({"components": [*parts["components"], parent]}) == "feed.partial-outage"
    nameless = {"name": "Loose", "status": "MAJOROUTAGE", "group": {}}
    assert word({"components": [*parts["components"], nameless]}) == "feed.partial-outage"


def test_better_stack_lists_a_report_that_has_not_ended() -> None:
    page = sample("betterstack-operational.json")
    report = page["included"][-1]["attributes"]
    assert word(page) == GOOD
    report["ends_at"], report["aggregate_state"] = None, "degraded"
    assert word(page) == "feed.incident"
    assert (word(page, "Messages"), word(page, "Calls")) == ("feed.incident", GOOD)
    report["affected_resources"] = []
    assert word(page, "Calls") == "feed.incident"
    for state in (None, "operational", "pondering"):
        report["aggregate_state"] = state
        assert word(page) == "feed.incident"
    report["aggregate_state"] = "resolved"
    assert word(page) == GOOD


def test_better_stack_without_anything_listed_says_nothing() -> None:
    page = sample("betterstack-operational.json")
    assert word({**page, "included": []}) == "feed.silent"


def test_cachet_sends_incidents_along() -> None:
    page = sample("cachet-v3.json")
    page["data"] = page["data"][:1]
    assert word(page) == GOOD
    for value, code in (
        (1, "feed.incident"),
        (2, "feed.incident"),
        (3, "feed.incident"),
        (4, GOOD),
        (0, GOOD),
        (9, "feed.incident"),
    ):
        told = {"id": "7", "type": "incidents", "attributes": {"name": "Late", "status": {"value": value}}}
        assert word({**page, "included": [told]}) == code
    page = sample("cachet-v1-good.json")
    page["data"][0]["incidents"] = [{"name": "Late", "status": 2}]
    assert word(page) == "feed.incident"
    assert (word(page, "Messages"), word(page, "Calls")) == ("feed.incident", GOOD)


def test_a_cachet_list_that_does_not_say_that_it_is_whole_is_not_the_whole() -> None:
    page = sample("cachet-v1-good.json")
    del page["meta"]
    assert (word(page), word(page, "Calls")) == ("feed.unreadable", GOOD)
    page = sample("cachet-v3.json")
    page["data"] = page["data"][:1]
    page["meta"]["current_page"] = 2
    assert word(page) == "feed.unreadable"


def test_a_part_of_which_nothing_is_said_leaves_no_page_well() -> None:
    page = sample("uptime-kuma-up.json")
    page["heartbeatList"]["9"] = []
    assert word(page) == "feed.silent"
    page["heartbeatList"]["3"][-1]["status"] = 0
    assert word(page) == "feed.partial-outage"
    endpoints = sample("gatus-up.json")
    endpoints[0]["results"] = None
    assert word(endpoints) == "feed.silent"
    parts = sample("cachet-v1-good.json")
    parts["data"][0]["status"] = 5
    assert word(parts) == "feed.silent"


def test_the_newest_beat_is_told_by_its_time() -> None:
    page = {
        "heartbeatList": {
            "1": [{"status": 0, "time": "2026-11-30 10:00:00"}, {"status": 1, "time": "2026-11-30 09:00:00"}]
        }
    }
    assert word(page) == "feed.major-outage"
    results = [
        {"success": False, "timestamp": "2026-11-30T10:00:00Z"},
        {"success": True, "timestamp": "2026-11-30T09:00:00Z"},
    ]
    assert word([{"key": "x", "results": results}]) == "feed.major-outage"


def test_uptime_kuma_shows_an_incident_beside_its_monitors() -> None:
    page = sample("uptime-kuma-up.json")
    assert word({**page, "incident": {"title": "Late", "content": "x"}}) == "feed.incident"
    assert word({**page, "incident": None, "maintenanceList": []}) == GOOD
    for status, code in (
        ("under-maintenance", "feed.maintenance"),
        ("scheduled", GOOD),
        ("ended", GOOD),
        ("x", "feed.word"),
    ):
        assert word({**page, "maintenanceList": [{"title": "Move", "status": status}]}) == code


def test_gatus_contradicts_itself() -> None:
    endpoints = sample("gatus-up.json")
    endpoints[0]["results"][-1]["conditionResults"][0]["success"] = False
    assert word(endpoints) == "feed.degraded"
    endpoints = sample("gatus-up.json")
    endpoints[0]["results"][-1]["errors"] = ["late"]
    assert word(endpoints) == "feed.degraded"
