"""A result of yesterday says nothing of now, good or bad, in every form that tells the times of its results."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from outagetui.core.model import Outcome
from outagetui.net.vantage import Vantage
from outagetui.probes.feeds import Unreadable, read_json
from tests.kit.scripted_servers import answering, look_at, reply, serve
from tests.kit.status_feeds import NOON

GOOD, STALE = str(Outcome.PASS), "feed.stale"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def gatus(*ages: float, good: bool = True) -> Any:
    results = [{"success": good, "timestamp": iso(NOON - age)} for age in sorted(ages, reverse=True)]
    return [{"name": "mail", "key": "core_mail", "results": results}]


def kuma(*ages: float, good: bool = True) -> Any:
    stamps = [iso(NOON - age).replace("T", " ").removesuffix("Z") for age in sorted(ages, reverse=True)]
    return {"heartbeatList": {"1": [{"status": int(good), "time": stamp} for stamp in stamps]}, "uptimeList": {}}


def betterstack(*ages: float, good: bool = True) -> Any:
    word = "operational" if good else "downtime"
    history = [{"day": iso(NOON - age)[:10], "status": word} for age in ages]
    attributes = {"public_name": "Mail", "status": word, "status_history": history}
    resource = {"id": "1", "type": "status_page_resource", "attributes": attributes}
    return {"data": {"attributes": {"aggregate_state": "operational"}}, "included": [resource]}


def word(document: Any, *components: str, longest: float | None = None) -> str:
    try:
        said = read_json(json.dumps(document).encode(), "auto", components, NOON, longest)
    except Unreadable as problem:
        return problem.code
    return said.code or str(said.outcome)


@pytest.mark.parametrize("form", [gatus, kuma])
@pytest.mark.parametrize(
    ("ages", "said"),
    [
        ((0, 60, 120), GOOD),
        ((14 * MINUTE, 15 * MINUTE), GOOD),
        ((16 * MINUTE, 17 * MINUTE), STALE),
        ((16 * MINUTE, 26 * MINUTE), GOOD),  # looks every ten minutes
        ((51 * MINUTE, 61 * MINUTE), STALE),
        ((59 * MINUTE,), GOOD),  # one result tells of no interval
        ((61 * MINUTE,), STALE),
        ((4 * DAY, 5 * DAY), GOOD),
        ((6 * DAY, 7 * DAY), STALE),
        ((3 * 365 * DAY, 3 * 365 * DAY + 60), STALE),
        ((-59 * MINUTE, 0), GOOD),
        ((-61 * MINUTE, 0), STALE),
    ],
)
def test_a_result_counts_for_some_of_its_own_intervals(form: Any, ages: tuple[float, ...], said: str) -> None:
    assert word(form(*ages)) == said
    worse = word(form(*ages, good=False))
    assert worse == ("feed.major-outage" if said == GOOD else STALE)


@pytest.mark.parametrize("form", [gatus, kuma])
def test_how_old_it_may_be_can_be_said(form: Any) -> None:
    assert word(form(5 * HOUR, 5 * HOUR + 60), longest=6 * HOUR) == GOOD
    assert word(form(5 * MINUTE, 6 * MINUTE), longest=2 * MINUTE) == STALE


def test_days_of_a_history_are_results_too() -> None:
    assert word(betterstack(0, DAY)) == word(betterstack(DAY)) == word(betterstack()) == GOOD
    assert word(betterstack(3 * DAY, 4 * DAY), "Mail") == word(betterstack(3 * DAY, 4 * DAY)) == STALE
    assert word(betterstack(3 * DAY), longest=7 * DAY) == GOOD


@pytest.mark.parametrize("when", [None, "", "yesterday", 5])
def test_a_result_of_no_time_says_nothing_of_now(when: object) -> None:
    endpoints, page = gatus(0, 60), kuma(0, 60)
    endpoints[0]["results"][1]["timestamp"] = when
    page["heartbeatList"]["1"][1]["time"] = when
    assert {word(endpoints), word(page)} <= {STALE, "feed.unreadable"}


def test_one_part_that_is_too_old_leaves_the_whole_unknown_and_another_s_outage_as_it_is() -> None:
    old, new, bad = gatus(DAY)[0], gatus(0)[0], gatus(0, good=False)[0]
    assert word([{**old, "name": "a", "key": "a"}, {**new, "key": "b", "name": "b"}]) == STALE
    assert word([{**old, "name": "a", "key": "a"}, {**new, "key": "b", "name": "b"}], "b") == GOOD
    assert word([{**old, "name": "a", "key": "a"}, {**bad, "key": "b", "name": "b"}]) == "feed.major-outage"


async def test_what_is_too_old_is_told_in_plain_words(vantage: Vantage) -> None:
    async with serve(answering(reply("200 OK", json.dumps(gatus(40 * 365 * DAY)).encode()))) as server:
        sample = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/")
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, STALE)
        assert sample.detail.startswith("mail: its newest result is 1")
        long = await look_at(vantage, "feed", f"http://127.0.0.1:{server.port}/", stale_after=100 * 365 * DAY)
        assert long.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("age", "outcome"), [("59", "pass"), ("3600", "unknown"), ("x", "pass"), ("9" * 400, "unknown")]
)
async def test_the_age_of_a_copy_counts_where_an_age_is_asked_for(vantage: Vantage, age: str, outcome: str) -> None:
    answer = reply("200 OK", b'{"status": {"indicator": "none"}, "page": {}}', f"Age: {age}")
    async with serve(answering(answer)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert (await look_at(vantage, "feed", url, stale_after=60.0)).outcome == outcome
        assert (await look_at(vantage, "feed", url)).outcome is Outcome.PASS
