"""The journal folded: when an incident opens and closes, what is muted and active, how runs and announcements stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Entry, State
from outagetui.facts import events
from outagetui.facts.events import Event, StepPlan
from outagetui.facts.ledger import QUIET_SECONDS, Incident, Ledger, Mute


class Journal:
    """Appends events and folds them at once."""

    def __init__(self, *primaries: str) -> None:
        self.ledger = Ledger(frozenset(primaries or ("messenger", "mail")))
        self.entries: list[Entry] = []

    def add(self, at: float, *told: Event, actor: str = "alice") -> None:
        for event in told:
            entry = Entry(len(self.entries) + 1, at, actor, events.kind_of(event), events.encode(event), "", "")
            self.entries.append(entry)
            self.ledger.apply(entry)

    def state(self, at: float, name: str, now: str, **more: str) -> None:
        was = self.ledger.states.get(name, (State.UNKNOWN, 0.0))[0].value
        self.add(at, events.StateChanged(id=name, was=was, now=now, why="x", **more), actor="daemon")

    def incident(self, now: float) -> tuple[str, float | None] | None:
        incident, closed = self.ledger.incident_at(now)
        return None if incident is None else (incident.id, closed)

    def open_at(self, now: float) -> Incident:
        incident = self.ledger.open_incident(now)
        assert incident is not None
        return incident


# Incidents.


@pytest.mark.parametrize(("state", "opens"), [("partial", True), ("down", True), ("slow", False), ("unknown", False)])
def test_a_primary_that_is_partial_or_down_opens_an_incident(state: str, opens: bool) -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "up")
    journal.state(200.0, "messenger", state)
    assert journal.incident(201.0) == (("i2", None) if opens else None)


def test_a_backup_or_outlet_opens_none() -> None:
    journal = Journal()
    journal.state(100.0, "webchat", "down")
    journal.state(100.0, "page", "down")
    assert journal.incident(101.0) is None


def test_an_incident_gathers_its_channels_and_who_took_it() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "partial")
    journal.state(110.0, "mail", "down")
    journal.add(120.0, events.Acked(incident="i9"), actor="eve")
    assert journal.open_at(121.0).acked_by == ""  # not this one
    journal.add(130.0, events.Acked(incident="i1"), actor="alice")
    incident = journal.open_at(131.0)
    assert (incident.since, incident.channels, incident.acked_by) == (100.0, {"messenger", "mail"}, "alice")


def test_it_closes_after_thirty_minutes_with_all_primaries_up() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.state(200.0, "mail", "down")
    journal.state(300.0, "messenger", "up")
    assert journal.incident(300.0 + 2 * QUIET_SECONDS) == ("i1", None)  # mail is still down
    journal.state(400.0, "mail", "slow")
    assert journal.incident(400.0 + QUIET_SECONDS - 1) == ("i1", None)
    assert journal.incident(400.0 + QUIET_SECONDS) == ("i1", 400.0 + QUIET_SECONDS)


@pytest.mark.parametrize("again", ["down", "partial", "unknown"])
def test_the_thirty_minutes_begin_anew_when_one_is_not_up(again: str) -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.state(200.0, "messenger", "up")
    journal.state(1000.0, "messenger", again)
    assert journal.incident(200.0 + 10 * QUIET_SECONDS) == ("i1", None)
    journal.state(2000.0, "messenger", "up")
    assert journal.incident(2000.0 + QUIET_SECONDS - 1) == ("i1", None)
    assert journal.incident(2000.0 + QUIET_SECONDS) == ("i1", 2000.0 + QUIET_SECONDS)


def test_an_active_backup_keeps_it_open_and_letting_the_last_one_go_stands_it_down() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(150.0, events.Activated(channel="webchat"))
    journal.state(200.0, "messenger", "up")
    assert journal.incident(200.0 + 10 * QUIET_SECONDS) == ("i1", None)
    journal.add(50_000.0, events.Deactivated(channel="webchat"))
    assert journal.incident(50_001.0) == ("i1", 50_000.0)


def test_backups_let_go_too_early_leave_it_open_until_the_primaries_are_up() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(150.0, events.Activated(channel="webchat"))
    journal.add(200.0, events.Deactivated(channel="webchat"))
    assert journal.incident(10_000.0) == ("i1", None)
    journal.state(20_000.0, "messenger", "up")
    assert journal.incident(20_001.0) == ("i1", 20_000.0)


def test_an_open_notice_keeps_it_open_and_its_close_stands_it_down() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(150.0, events.Activated(channel="webchat"))
    journal.add(160.0, announced("a1", 0, "backup-active"))
    journal.state(200.0, "messenger", "up")
    journal.add(300.0, events.Deactivated(channel="webchat"))
    assert journal.incident(301.0) == ("i1", None)
    assert journal.ledger.closes() == 300.0 + QUIET_SECONDS
    journal.add(400.0, announced("a1", 1, "resolved"))
    assert journal.incident(401.0) == ("i1", 400.0)
    assert journal.ledger.closes() is None


def announced(name: str, part: int, kind: str) -> events.AnnouncementMade:
    return events.AnnouncementMade(
        announcement=name,
        part=part,
        kind=kind,
        audience="customers",
        texts={"en": ("T", "B")},
        since=100.0,
        next_update=None,
        accounts=(),
        outlets=("page",),
    )


def test_a_closed_incident_stays_closed_whatever_happens_later() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.state(200.0, "messenger", "up")
    end = 200.0 + QUIET_SECONDS
    journal.add(end + 5000.0, events.Activated(channel="webchat"))  # a planned move, hours later
    assert journal.incident(end + 5001.0) == ("i1", end)
    journal.state(end + 6000.0, "messenger", "unknown")
    assert journal.incident(end + 6001.0) == ("i1", end)
    journal.state(end + 7000.0, "mail", "down")
    assert journal.incident(end + 7001.0) == ("i5", None)
    assert journal.open_at(end + 7001.0).channels == {"mail"}


def test_a_muted_primary_opens_none_until_its_mute_ends() -> None:
    journal = Journal()
    journal.add(100.0, events.Muted(id="messenger", until=500.0, reason="update"))
    journal.state(200.0, "messenger", "down")
    assert journal.incident(201.0) is None
    journal.state(500.0, "messenger", "down")  # repeated by the watch when the mute ended
    assert journal.incident(501.0) == ("i3", None)


def test_a_recovery_counts_though_the_channel_is_muted() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(150.0, events.Muted(id="messenger", until=9000.0, reason="we know"))
    journal.state(200.0, "messenger", "up")
    assert journal.incident(200.0 + QUIET_SECONDS) == ("i1", 200.0 + QUIET_SECONDS)


def test_what_one_vantage_alone_sees_opens_none() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down", local="berlin")
    assert journal.incident(101.0) is None


# Standing down.

PLANS = (StepPlan(id="one", do="manual", say="Really?"), StepPlan(id="two", do="activate", what="activate webchat"))


def run(name: str, stands_down: str = "") -> events.RunStarted:
    return events.RunStarted(
        run=name, playbook="switch", name="Switch", digest="d", steps=PLANS, stands_down=stands_down
    )


def test_it_closes_at_the_stand_down_when_all_is_up_and_no_backup_active() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(
        110.0, run("r1"), events.Activated(channel="webchat", run="r1"), events.RunEnded(run="r1", state="done")
    )
    journal.state(300.0, "messenger", "up")
    journal.add(400.0, run("r2", stands_down="r1"), events.Deactivated(channel="webchat", run="r2"))
    assert journal.incident(401.0) == ("i1", None)
    journal.add(402.0, events.RunEnded(run="r2", state="done"))
    assert journal.incident(402.0) == ("i1", 402.0)
    journal.state(500.0, "messenger", "down")
    assert journal.incident(501.0) == ("i9", None)


@pytest.mark.parametrize("state", ["failed", "aborted"])
def test_a_stand_down_that_did_not_get_through_closes_nothing(state: str) -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.state(300.0, "messenger", "up")
    journal.add(400.0, run("r2", stands_down="r1"), events.RunEnded(run="r2", state=state))
    assert journal.incident(402.0) == ("i1", None)


def test_a_stand_down_while_primaries_fail_or_backups_stand_closes_nothing() -> None:
    journal = Journal()
    journal.state(100.0, "messenger", "down")
    journal.add(400.0, run("r2", stands_down="r1"), events.RunEnded(run="r2", state="done"))
    assert journal.incident(402.0) == ("i1", None)
    journal.state(500.0, "messenger", "up")
    journal.add(600.0, events.Activated(channel="jabber"), run("r3", stands_down="r1"))
    journal.add(700.0, events.RunEnded(run="r3", state="done"))
    assert journal.incident(702.0) == ("i1", None)


# Standing, mutes, blindness.


def test_activation_keeps_its_first_moment_and_ends_with_the_release() -> None:
    journal = Journal()
    journal.add(100.0, events.Activated(channel="webchat"))
    journal.add(200.0, events.Activated(channel="webchat", run="r1"), events.Activated(channel="jabber"))
    assert journal.ledger.active == {"webchat": 100.0, "jabber": 200.0}
    journal.add(300.0, events.Deactivated(channel="webchat"), events.Deactivated(channel="stranger"))
    assert journal.ledger.active == {"jabber": 200.0}


def test_the_last_mute_counts_and_one_without_future_ends_it() -> None:
    journal = Journal()
    journal.add(100.0, events.Muted(id="mail", until=500.0, reason="a"))
    journal.add(110.0, events.Muted(id="mail", until=900.0, reason="b"), actor="bob")
    assert journal.ledger.mutes == {"mail": Mute(until=900.0, reason="b", actor="bob")}
    assert [journal.ledger.muted("mail", at) for at in (899.0, 900.0)] == [True, False]
    journal.add(120.0, events.Muted(id="mail", until=0.0, reason=""))
    assert journal.ledger.mutes == {}


def test_blindness_is_remembered_with_its_begin() -> None:
    journal = Journal()
    journal.add(100.0, events.BlindChanged(blind=True, why="x"))
    assert journal.ledger.blind_since == 100.0
    journal.add(200.0, events.BlindChanged(blind=False, why="y"))
    assert journal.ledger.blind_since is None


# Runs.


def asked(step: str, attempt: int, why: str = "confirm") -> events.StepAsked:
    return events.StepAsked(run="r1", step=step, attempt=attempt, why=why, question="Go?", answers=("yes", "skip"))


def test_a_run_is_told_step_by_step() -> None:
    journal = Journal()
    journal.add(100.0, run("r1"))
    told = journal.ledger.runs["r1"]
    assert [(id, step.plan.say or step.plan.what, step.state) for id, step in told.steps.items()] == [
        ("one", "Really?", "waiting"),
        ("two", "activate webchat", "waiting"),
    ]
    journal.add(101.0, asked("one", 1))
    assert (told.state, told.steps["one"].state, told.steps["one"].question) == ("asking", "asking", asked("one", 1))
    answer = events.StepAnswered(run="r1", step="one", attempt=1, answer="done", note="both said so")
    journal.add(102.0, answer, actor="bob")
    row = told.steps["one"]
    assert (told.state, row.state, row.detail, row.actor) == ("running", "waiting", "done: both said so", "bob")
    journal.add(103.0, events.StepEnded(run="r1", step="one", attempt=1, outcome="done", detail="both"))
    journal.add(104.0, events.StepIntended(run="r1", step="two", attempt=1, what="activate webchat"))
    assert (told.steps["two"].state, told.steps["two"].tries) == ("doing", 1)
    journal.add(106.0, events.StepEnded(run="r1", step="two", attempt=1, outcome="failed", detail="no"))
    journal.add(107.0, asked("two", 1, "unsure"))
    assert told.steps["two"].state == "unsure"
    journal.add(108.0, events.RunEnded(run="r1", state="aborted"))
    assert (told.state, told.ended, told.actor) == ("aborted", 108.0, "alice")
    assert (told.steps["two"].state, told.steps["two"].question, told.steps["two"].detail) == ("unsure", None, "Go?")


def test_a_new_question_forgets_the_old_answer() -> None:
    journal = Journal()
    journal.add(100.0, run("r1"), asked("one", 1))
    journal.add(101.0, events.StepAnswered(run="r1", step="one", attempt=1, answer="yes"))
    step = journal.ledger.runs["r1"].steps["one"]
    assert (step.said, step.question) == ("yes", None)
    journal.add(102.0, asked("one", 2))
    assert (step.said, step.question) == ("", asked("one", 2))


# Announcements.


def part(number: int, kind: str, *outlets: str) -> events.AnnouncementMade:
    return events.AnnouncementMade(
        announcement="a1",
        part=number,
        kind=kind,
        audience="customers",
        texts={"en": (f"Title {number}", "Body")},
        since=100.0,
        next_update=None,
        accounts=(),
        outlets=outlets,
    )


def test_an_announcement_stands_until_its_closing_part() -> None:
    journal = Journal()
    journal.add(100.0, part(0, "backup-active", "page", "blog"))
    made = journal.ledger.announcements["a1"]
    assert made.open
    assert {key: record.fresh for key, record in made.deliveries.items()} == {(0, "page"): True, (0, "blog"): True}
    journal.add(101.0, events.DeliveryIntended(announcement="a1", part=0, outlet="page", key="k"))
    assert (made.deliveries[0, "page"].state, made.deliveries[0, "page"].doubtful) == ("sending", True)
    sent = events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent", url="https://x/")
    journal.add(102.0, sent)
    record = made.deliveries[0, "page"]
    assert (record.state, record.url, record.doubtful, record.followed) == ("sent", "https://x/", False, True)
    journal.add(200.0, part(1, "resolved", "page"))
    assert not made.open
    assert made.newest.title == "Title 1"
    assert len(made.parts) == 2


# What cannot be read.


def test_unknown_kinds_and_damaged_entries_are_passed_over() -> None:
    journal = Journal()
    journal.add(100.0, run("r1"))
    for kind, document in (
        ("hologram", "{}"),
        ("state", "{broken"),
        ("state", '{"id": 3}'),
        ("activate", "\ufffd"),
        ("run.start", "[]"),
    ):
        journal.ledger.apply(Entry(50, 200.0, "x", kind, document, "", ""))
    assert journal.ledger.seq == 50
    assert list(journal.ledger.runs) == ["r1"]


def test_what_belongs_to_a_damaged_entry_is_passed_over_too() -> None:
    journal = Journal()
    journal.add(
        100.0,
        asked("one", 1),
        events.StepAnswered(run="r1", step="one", attempt=1, answer="yes"),
        events.StepIntended(run="r1", step="one", attempt=1, what="x"),
        events.StepEnded(run="r1", step="one", attempt=1, outcome="done", detail="x"),
        events.RunEnded(run="r1", state="done"),
        events.DeliveryIntended(announcement="a1", part=0, outlet="page", key="k"),
        events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent"),
    )
    assert journal.ledger.runs == {}
    assert journal.ledger.announcements == {}
    journal.add(101.0, run("r1"), events.StepIntended(run="r1", step="stranger", attempt=1, what="x"))
    assert set(journal.ledger.runs["r1"].steps) == {"one", "two"}


names = st.sampled_from(["messenger", "mail", "webchat"])
moves = st.one_of(
    st.builds(
        events.StateChanged,
        id=names,
        was=st.just("up"),
        now=st.sampled_from([state.value for state in State]),
        why=st.just(""),
    ),
    st.builds(events.Activated, channel=names),
    st.builds(events.Deactivated, channel=names),
    st.builds(events.Muted, id=names, until=st.floats(0, 1e5), reason=st.just("")),
)


@given(st.lists(st.tuples(st.floats(0, 4000), moves), max_size=30))
def test_once_closed_an_incident_is_never_open_again(story: list[tuple[float, Event]]) -> None:
    journal = Journal()
    at = 0.0
    closed: dict[str, float] = {}
    for wait, event in story:
        at += wait
        journal.add(at, event)
        for moment in (at, at + 1000.0, at + 3 * QUIET_SECONDS):
            incident, ended = journal.ledger.incident_at(moment)
            if incident is not None and moment == at:
                assert incident.id not in closed or ended == closed[incident.id]
                if ended is not None:
                    closed[incident.id] = ended


def test_a_state_that_only_a_newer_version_knows_is_passed_over() -> None:
    journal = Journal("chat")
    journal.add(1.0, events.StateChanged(id="chat", was="up", now="degraded", why="who knows"))
    assert (journal.ledger.states, journal.ledger.incident, journal.ledger.alerts.turns) == ({}, None, {})
