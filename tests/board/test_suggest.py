"""Suggestions: every condition, all that a condition says at once, and what is won back."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from outagetui import config
from outagetui.board.suggest import Moment, Seen, below_since, gain_words, holds, suggestions
from outagetui.core.model import AUDIENCES, Audience, Condition, Segment, State
from outagetui.daemon.public_copy import shown
from outagetui.facts.live import PublicPlaybook
from outagetui.facts.reach import Share, reach
from tests.kit.configs import BACKUP, problems, write
from tests.kit.sample_business import business

NOW = 1_795_354_327.0  # Sunday 2026-11-22 14:32:07 in Berlin
SEGMENTS = (
    Segment(id="chat", audience="customers", people=600, uses=("messenger", "webchat")),
    Segment(id="post", audience="customers", people=400, uses=("mail", "phone")),
    Segment(id="team", audience="staff", people=10, uses=("office", "jabber")),
)
CHANNELS = {
    "messenger": ("customers", True),
    "mail": ("customers", True),
    "webchat": ("customers", False),
    "phone": ("customers", False),
    "office": ("staff", True),
    "jabber": ("staff", False),
}


def seen(name: str, value: float = 1.0, since: float | None = NOW - 1000.0, **more: Any) -> Seen:
    audience, primary = CHANNELS[name]
    state = State.UP if value == 1 else State.PARTIAL if value else State.DOWN
    defaults: dict[str, Any] = {"state": state, "share": Share(value), "muted": False, "heeded": True}
    return Seen(
        name=name.title(),
        audience=audience,  # type: ignore[arg-type]
        primary=primary,
        since=since,
        **(defaults | more),
    )


def moment(*bad: tuple[str, Seen], books: tuple[PublicPlaybook, ...] = (), **more: Any) -> Moment:
    channels = {name: seen(name) for name in CHANNELS} | dict(bad)
    public = business((), SEGMENTS, playbooks=books)
    defaults: dict[str, Any] = {"active": (), "running": (), "now": NOW}
    return Moment(public=more.pop("public", public), channels=channels, **(defaults | more))


def down(name: str, age: float = 100.0, value: float = 0.0, **more: Any) -> tuple[str, Seen]:
    return name, seen(name, value, NOW - age, **more)


# Channels.


@pytest.mark.parametrize(
    ("bad", "held"),
    [
        ([], False),
        ([down("messenger")], False),
        ([down("messenger"), down("mail")], True),
        ([down("messenger"), down("mail", age=59.0)], False),
        ([down("messenger"), down("mail", value=0.4)], True),
        ([down("messenger"), down("mail", heeded=False)], False),
    ],
    ids=["none", "one", "both", "not yet", "partly", "not heeded"],
)
def test_a_correlated_loss_needs_every_channel_for_the_whole_time(bad: list[tuple[str, Seen]], held: bool) -> None:
    condition = Condition(channels=("messenger", "mail"), lasting=60.0)
    assert holds(condition, moment(*bad)) == held


def test_a_channel_that_left_the_configuration_holds_nothing() -> None:
    assert not holds(Condition(channels=("messenger", "gone")), moment(down("messenger")))


def test_a_condition_without_a_cause_never_holds() -> None:
    assert not holds(Condition(days=(0, 1, 2, 3, 4, 5, 6)), moment(down("messenger")))


# Reach.


@pytest.mark.parametrize(
    ("bad", "active", "limit", "since"),
    [
        ([], (), 0.5, None),
        ([down("messenger", 100.0)], (), 0.5, 100.0),
        ([down("messenger", 100.0)], (), 0.4, None),  # exactly 40 % is not below
        ([down("messenger", 100.0)], ("webchat",), 0.5, None),
        ([down("mail", 900.0), down("messenger", 100.0)], (), 0.5, 100.0),
        ([down("mail", 900.0), down("messenger", 100.0)], (), 0.7, 900.0),
        ([down("mail", 100.0), down("messenger", 900.0)], (), 0.3, 100.0),
        ([down("messenger", 100.0, value=0.75)], (), 0.9, 100.0),
        ([down("messenger", 100.0, muted=True)], (), 0.5, None),
        ([down("messenger", 100.0, share=Share(0.0, certain=False))], (), 0.5, None),
        ([down("webchat", 100.0)], (), 0.99, None),  # a backup on standby is no loss
    ],
)
def test_reach_is_below_since_the_onset_that_took_it_there(
    bad: list[tuple[str, Seen]], active: tuple[str, ...], limit: float, since: float | None
) -> None:
    found = below_since("customers", limit, moment(*bad, active=active))
    assert found == (None if since is None else NOW - since)


def test_reach_that_no_failure_explains_is_below_since_ever() -> None:
    segments = (Segment(id="all", audience="customers", people=5, uses=("phone",)),)
    shown = moment(public=business((), segments))
    assert below_since("customers", 0.5, shown) == 0.0
    assert below_since("staff", 0.5, shown) is None  # nobody is in it, so nothing is known of it


shares = st.dictionaries(
    st.sampled_from(sorted(CHANNELS)),
    st.tuples(st.sampled_from([0.0, 0.3, 0.75]), st.floats(1.0, 5000.0)),
)


@given(shares, st.floats(0.01, 1.0), st.sampled_from(AUDIENCES))
def test_below_since_is_told_exactly_when_reach_is_below(
    bad: dict[str, tuple[float, float]], limit: float, audience: Audience
) -> None:
    shown = moment(*(down(name, age, value) for name, (value, age) in bad.items()))
    values = {name: row.share for name, row in shown.channels.items()}
    reached, _ = reach(audience, SEGMENTS, values, {name for name, (_, primary) in CHANNELS.items() if primary})
    assert reached is not None
    found = below_since(audience, limit, shown)
    assert (found is not None) == (reached < limit)
    if found is not None and found:
        assert found in {NOW - age for _, age in bad.values()}


@given(shares, st.floats(0.01, 0.98))
def test_a_lower_limit_is_crossed_no_earlier(bad: dict[str, tuple[float, float]], limit: float) -> None:
    shown = moment(*(down(name, age, value) for name, (value, age) in bad.items()))
    low, high = below_since("customers", limit, shown), below_since("customers", limit + 0.01, shown)
    assert low is None or (high is not None and high <= low)


@pytest.mark.parametrize(("lasting", "held"), [(99.0, True), (101.0, False)])
def test_reach_has_to_stay_below_for_as_long_as_asked(lasting: float, held: bool) -> None:
    condition = Condition(audience="customers", reach_below=0.5, lasting=lasting)
    assert holds(condition, moment(down("messenger", 100.0))) == held


def test_all_that_a_condition_says_must_hold_at_once() -> None:
    condition = Condition(channels=("mail",), audience="customers", reach_below=0.5, lasting=0.0)
    assert not holds(condition, moment(down("messenger")))
    assert not holds(condition, moment(down("mail")))
    assert holds(condition, moment(down("messenger"), down("mail")))


# Time of day.


def at(text: str) -> float:
    """The epoch second of a local time in Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


NIGHT, OFFICE = (22 * 60, 6 * 60), (9 * 60, 17 * 60)


@pytest.mark.parametrize(
    ("between", "days", "when", "held"),
    [
        (OFFICE, (), "2026-11-23 09:00", True),
        (OFFICE, (), "2026-11-23 16:59", True),
        (OFFICE, (), "2026-11-23 17:00", False),
        (OFFICE, (), "2026-11-23 08:59", False),
        (NIGHT, (), "2026-11-23 22:00", True),
        (NIGHT, (), "2026-11-23 05:59", True),
        (NIGHT, (), "2026-11-23 06:00", False),
        (None, (0,), "2026-11-23 12:00", True),  # a Monday
        (None, (0,), "2026-11-24 00:00", False),
        (NIGHT, (4,), "2026-11-27 23:00", True),  # Friday night
        (NIGHT, (4,), "2026-11-28 05:00", True),  # is over on Saturday morning
        (NIGHT, (4,), "2026-11-27 05:00", False),  # and this was Thursday's
        (NIGHT, (6,), "2026-11-23 03:00", True),  # from Sunday into Monday
        ((0, 24 * 60), (), "2026-11-23 23:59", True),
        (OFFICE, (), "2026-07-23 09:00", True),  # summer time too
    ],
)
def test_a_time_of_day_and_days_are_local(
    between: tuple[int, int] | None, days: tuple[int, ...], when: str, held: bool
) -> None:
    now = at(when)
    public = replace(business((), SEGMENTS), timezone="Europe/Berlin")
    shown = moment(("messenger", seen("messenger", 0.0, now - 100.0)), public=public, now=now)
    assert holds(Condition(channels=("messenger",), between=between, days=days), shown) == held


# Ranking and words.


def book(id: str, *activates: str, when: Condition | None = None) -> PublicPlaybook:
    suggest = (when or Condition(channels=("messenger",), lasting=0.0),)
    return PublicPlaybook(id=id, name=id.title(), summary="", suggest=suggest, steps=(), activates=activates)


def test_people_count_not_shares_and_every_audience_counts() -> None:
    books = (book("staff", "jabber"), book("chat", "webchat"), book("both", "webchat", "jabber"), book("none"))
    found = suggestions(moment(down("messenger"), down("office"), books=books))
    assert [row.playbook for row in found] == ["both", "chat", "staff", "none"]
    assert gain_words(found[0].gains) == "customers 40 % to 100 %, staff 0 % to 100 %"
    assert [gain_words(row.gains) for row in found[2:]] == ["staff 0 % to 100 %", ""]


def test_what_runs_or_has_nothing_left_to_do_is_not_suggested() -> None:
    books = (book("runs", "webchat"), book("spent", "phone"), book("left", "webchat", "phone"))
    found = suggestions(moment(down("messenger"), books=books, running={"runs"}, active={"phone"}))
    assert [row.playbook for row in found] == ["left"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition(channels=("messenger",)), "Messenger is down"),
        (Condition(channels=("messenger", "office")), "Messenger and Office are down"),
        (Condition(channels=("messenger", "mail")), "Messenger is down and Mail is partial"),
        (Condition(audience="customers", reach_below=0.5), "reach of customers is 20 %, below 50 %"),
        (
            Condition(channels=("office",), between=(0, 1440)),
            "Office is down and it is between 00:00 and 24:00",
        ),
        (Condition(channels=("office",), days=(6,)), "Office is down and it is Sun"),
    ],
)
def test_a_suggestion_says_why(condition: Condition, words: str) -> None:
    bad = [down("messenger"), down("mail", value=0.5), down("office")]
    (row,) = suggestions(moment(*bad, books=(book("a", when=condition),)))
    assert row.why == words


# In the files.


FAULTS = [
    ("{ }", ": expected channel, channels or reach_below: what must have happened"),
    ('{ days = ["mon"] }', ": expected channel, channels or reach_below"),
    ('{ channel = "a", channels = ["a"] }', ".channels: expected channel or channels, not both"),
    ('{ channel = "b" }', '.channel: unknown channel "b"'),
    ('{ channels = ["a", "b"] }', '.channels[2]: unknown channel "b"'),
    ('{ channels = ["a", "a"] }', '.channels[2]: "a" stands here twice'),
    ("{ channels = [] }", ".channels: must not be empty"),
    ('{ audience = "customers", channel = "a" }', ".audience: needs reach_below beside it"),
    ("{ reach_below = 0.5 }", ".reach_below: needs audience beside it"),
    ('{ reach_below = 50, audience = "customers" }', ".reach_below: must be at most 1, not 50"),
    ('{ reach_below = 0, audience = "customers" }', ".reach_below: must be more than 0, not 0"),
    ('{ reach_below = 0.5, audience = "staff" }', ".audience: no segment of staff is in audience.toml"),
    ('{ reach_below = 0.5, audience = "client" }', '.audience: expected "customers" or "staff", not "client"'),
    ('{ reach_below = 0.5, audience = "customers", state = ["down"] }', ".state: needs channel or channels beside it"),
    ('{ channel = "a", between = ["22:00"] }', ".between: expected two local times of day"),
    ('{ channel = "a", between = ["22:00", "6:00"] }', ".between: expected two local times of day"),
    ('{ channel = "a", between = ["24:00", "06:00"] }', ".between: expected two local times of day"),
    ('{ channel = "a", between = ["22:60", "06:00"] }', ".between: expected two local times of day"),
    ('{ channel = "a", between = ["06:00", "06:00"] }', ".between: begins and ends at the same time"),
    ('{ channel = "a", days = ["tues"] }', '.days[1]: expected "fri", "mon"'),
    ('{ channel = "a", days = ["mon", "mon"] }', '.days[2]: "mon" stands here twice'),
    ('{ channel = "a", wenn = 1 }', ".wenn: unknown key"),
]
STEP = '\n[[step]]\ndo = "manual"\nsay = "Well?"\n'
AUDIENCE = '[[segment]]\nid = "all"\naudience = "customers"\npeople = 5\nuses = ["a"]\n'


@pytest.mark.parametrize(("when", "expected"), FAULTS)
def test_a_fault_in_a_condition_is_told_alone_and_at_its_line(tmp_path: Path, when: str, expected: str) -> None:
    text = f'name = "Book"\n[suggest]\nwhen = [\n    {{ channel = "a" }},\n    {when},\n]\n{STEP}'
    told = problems(tmp_path, {"playbooks/p.toml": text, "audience.toml": AUDIENCE})
    assert len(told) == 1
    assert told[0].startswith(f"playbooks/p.toml:5: suggest.when[2]{expected}")


def test_conditions_are_read(tmp_path: Path) -> None:
    when = """[suggest]
when = [
    { channel = "a", for = "2m" },
    { channels = ["a"], state = ["down"], between = ["22:00", "06:00"], days = ["fri", "sat"] },
    { reach_below = 0.5, audience = "customers", for = "1m" },
]
"""
    files = {"playbooks/p.toml": f'name = "Book"\n{when}{STEP}', "audience.toml": AUDIENCE}
    (loaded,) = config.load(write(tmp_path, files)).playbooks
    assert loaded.suggest == (
        Condition(channels=("a",), lasting=120.0),
        Condition(channels=("a",), state=(State.DOWN,), between=(1320, 360), days=(4, 5)),
        Condition(audience="customers", reach_below=0.5, lasting=60.0),
    )


def test_backups_of_a_playbook_that_is_run_by_another_count_for_both(tmp_path: Path) -> None:
    inner = 'name = "Inner"\n[[step]]\ndo = "activate"\nwith = { channels = ["b"] }\n'
    outer = 'name = "Outer"\n[[step]]\nid = "all"\ndo = "playbook"\nwith = { id = "inner" }\n'
    files = {"checks/b.toml": BACKUP, "playbooks/inner.toml": inner, "playbooks/outer.toml": outer}
    first = {book.id: book for book in shown(config.load(write(tmp_path, files)), "", ()).playbooks}
    assert {id: book.activates for id, book in first.items()} == {"inner": ("b",), "outer": ("b",)}
    changed = files | {"playbooks/inner.toml": inner + STEP}
    then = {book.id: book for book in shown(config.load(write(tmp_path, changed)), "", ()).playbooks}
    assert all(then[id].digest != first[id].digest for id in ("inner", "outer"))
