"""What the daemon makes of samples: transitions, mutes, and verdicts that outlive a restart."""

import pytest
from msgspec.structs import replace
from outagetui.core.model import Cost, Outcome, Outlet, Sample, State
from outagetui.daemon.watch import series_of
from outagetui.facts.events import StateChanged
from outagetui.facts.ledger import Ledger
from outagetui.facts.live import Live
from tests.kit.watch_stories import FAIL, OURS, PASS, WARN, Story, check, config, cut_off


def test_a_transition_is_told_once_with_its_reason() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS, FAIL, FAIL, FAIL, FAIL)
    first, second = story.events()
    assert first == StateChanged(id="chat", was="unknown", now="up", why="")
    assert second == StateChanged(
        id="chat",
        was="up",
        now="down",
        why="3 of 3 failed (likely 53-100 %), evidence 8.1/8: connection refused",
    )
    assert story.events() == []


def test_the_reason_names_the_check_where_there_are_several_and_keeps_to_the_cause() -> None:
    story = Story(config(check("chat.page"), check("chat.room")))
    story.see("chat.page", PASS)
    story.see("chat.room", PASS, FAIL, PASS, FAIL, FAIL, FAIL)
    change = story.events()[-1]
    assert isinstance(change, StateChanged)
    assert change.why.startswith("room: 4 of 5 failed")
    story.see("chat.room", PASS)
    _, live, _ = story.watch.take()
    assert "connection refused" in {row.check: row for row in live}["chat.room"].why  # not the pass seen last


def test_a_channel_shows_its_worst_check_and_unknown_until_all_were_seen() -> None:
    story = Story(config(check("chat.page"), check("chat.room")))
    story.see("chat.page", PASS)
    assert story.watch.state_of("chat") is State.UNKNOWN
    story.see("chat.room", PASS)
    assert story.watch.state_of("chat") is State.UP
    story.see("chat.room", *[WARN] * 3)
    assert story.watch.state_of("chat") is State.SLOW
    story.see("chat.page", *[FAIL] * 3)
    assert story.watch.state_of("chat") is State.DOWN
    assert story.watch.state_of("chat.page") is State.DOWN
    assert story.watch.state_of("chat.room") is State.SLOW
    assert story.watch.state_of("stranger") is State.UNKNOWN


def test_silence_makes_a_channel_unknown_and_nothing_else_does() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS)
    story.wait(60)
    assert story.watch.state_of("chat") is State.UP
    story.wait(2)
    assert story.changes() == [("chat", "unknown", "up"), ("chat", "up", "unknown")]
    story.see("chat.page", PASS)
    assert story.changes() == [("chat", "unknown", "up")]


def test_our_own_trouble_becomes_unknown_by_patience_and_never_red() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS, *[OURS] * 100)
    assert story.changes() == [("chat", "unknown", "up"), ("chat", "up", "unknown")]


def test_a_daemon_that_just_started_does_not_call_everything_unknown() -> None:
    ledger = Ledger(states={"chat": (State.UP, 0.0)})
    story = Story(config(check("chat.page")), ledger=ledger)
    story.wait(59)
    assert story.events() == []
    story.wait(3)
    assert story.changes() == [("chat", "up", "unknown")]


def test_every_sample_is_kept_once_cleaned_and_drawn_as_a_spark() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS, Sample(Outcome.FAIL, "x\x1b[2J", "\x1b]52;c;cm0=\x07 gone\n"))
    seen, live, _ = story.watch.take()
    assert [(s.check, s.vantage, s.at) for s in seen] == [("chat.page", "here", 1001.0), ("chat.page", "here", 1002.0)]
    assert "\x1b" not in seen[1].sample.code + seen[1].sample.detail
    assert "\n" not in seen[1].sample.detail
    assert live[0].spark == (12.0, None)
    assert live[0].at == 1002.0
    assert story.watch.take() == ([], [], [])


def test_a_stranger_to_the_configuration_is_passed_over() -> None:
    story = Story(config(check("chat.page")))
    story.watch.take()
    assert story.watch.see(check("old.page"), 1001.0, FAIL) == 0
    assert story.watch.take() == ([], [], [])


def test_what_could_not_be_written_is_given_back_in_order() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS)
    seen, live, events = story.watch.take()
    story.see("chat.page", FAIL, FAIL, FAIL)
    story.watch.give_back(seen, live, events)
    again, rows, told = story.watch.take()
    assert [s.at for s in again] == [1001.0, 1002.0, 1003.0, 1004.0]
    assert [e.now for e in told if isinstance(e, StateChanged)] == ["up", "down"]
    assert [row.check for row in rows] == ["chat.page"]


def test_a_row_that_could_not_be_written_is_written_again_as_it_is_now() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS)
    story.watch.give_back(*story.watch.take())
    _, live, _ = story.watch.take()
    assert [row.check for row in live] == ["chat.page"]


# What must not be reachable.


def test_a_refusal_counts_only_when_something_else_answered_lately() -> None:
    story = Story(config(check("chat.page"), check("vpn.port", expect="refused")))
    story.see("vpn.port", FAIL)
    assert story.watch.state_of("vpn.port") is State.UNKNOWN
    story.see("chat.page", PASS)
    story.see("vpn.port", FAIL)
    assert story.watch.state_of("vpn") is State.UP
    story.wait(61)
    story.see("vpn.port", FAIL)
    assert story.watch.take()[0][-1].sample.code == "unproven"


def test_a_refusal_that_passes_proves_nothing_for_the_next() -> None:
    story = Story(config(check("chat.page"), check("vpn.port", expect="refused"), check("lan.port", expect="refused")))
    story.see("chat.page", PASS)
    story.wait(59)
    story.see("vpn.port", FAIL)  # a pass, but no answer
    story.wait(10)
    story.see("lan.port", FAIL)
    assert story.watch.take()[0][-1].sample.outcome is Outcome.UNKNOWN


def test_what_answers_though_it_must_not_is_down() -> None:
    story = Story(config(check("chat.page"), check("vpn.port", expect="refused")))
    story.see("vpn.port", PASS, PASS, PASS)
    change = story.events()[-1]
    assert isinstance(change, StateChanged)
    assert (change.id, change.now) == ("vpn", "down")
    assert "must not be reachable" in change.why


# Mutes, configuration, restart.


@pytest.mark.parametrize(("samples", "told"), [([PASS], 0), ([PASS, FAIL, FAIL, FAIL], 1), ([PASS, *[WARN] * 3], 0)])
def test_the_end_of_a_mute_repeats_what_is_still_bad(samples: list[Sample], told: int) -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", *samples)
    story.events()
    story.watch.repeat("chat")
    events = story.events()
    assert len(events) == told
    if told:
        expected = StateChanged(id="chat", was="down", now="down", why="still down when its mute ended")
        assert events == [expected]


def test_a_new_configuration_keeps_the_verdicts_of_checks_that_stay() -> None:
    story = Story(config(check("chat.page"), check("mail.port")))
    story.see("chat.page", PASS, FAIL, FAIL, FAIL)
    story.see("mail.port", PASS)
    story.watch.take()
    story.configure(config(check("chat.page"), check("new.port")))
    assert story.watch.state_of("chat") is State.DOWN
    assert story.watch.state_of("mail") is State.UNKNOWN
    assert {each.id for each in story.watch.checks()} == {"chat.page", "new.port"}
    _, live, events = story.watch.take()
    assert {row.check for row in live} == {"chat.page", "new.port"}
    assert events == []
    story.configure(config(check("chat.page"), check("mail.port")))
    assert story.watch.state_of("mail.port") is State.UNKNOWN  # what was forgotten stays forgotten


def test_what_is_left_of_prepaid_money_is_what_its_check_read_last() -> None:
    plain = config(check("phone.line"), check("phone.money"))
    (channel,) = plain.channels
    story = Story(replace(plain, channels=(replace(channel, cost=Cost(balance="phone.money")),)))
    assert story.watch.balance_of("phone") is None
    story.see("phone.money", Sample(Outcome.PASS, value=12.5))
    assert story.watch.balance_of("phone") == 12.5
    assert story.watch.balance_of("mail") is None
    story.configure(plain)
    assert story.watch.balance_of("phone") is None


def test_checks_of_other_vantages_are_not_ours() -> None:
    story = Story(config(check("chat.page", vantages=("there",)), check("chat.room", vantages=("here", "there"))))
    assert [each.id for each in story.watch.checks()] == ["chat.room"]
    assert [each.id for each in story.watch.checks_of("chat")] == ["chat.room"]
    assert story.watch.checks_of("chat.page") == ()


def left_by(story: Story) -> list[Live]:
    return story.watch.take()[1]


def test_verdicts_outlive_a_restart() -> None:
    before = Story(config(check("chat.page"), check("mail.port")))
    before.see("chat.page", PASS, FAIL, FAIL)
    before.see("mail.port", PASS)
    rows = left_by(before)
    after = Story(config(check("chat.page")), now=before.now + 5.0)
    after.watch.resume(rows)
    after.see("chat.page", FAIL)
    assert after.watch.state_of("chat") is State.DOWN
    assert left_by(after)[0].spark == (12.0, None, None, None)


def test_a_restart_drops_the_rows_of_other_vantages_and_owed_quick_probes() -> None:
    before = Story(config(check("chat.page")))
    before.see("chat.page", PASS, FAIL)
    (row,) = left_by(before)
    assert row.track.quick == 3
    after = Story(config(check("chat.page")), now=before.now)
    after.watch.resume([row])
    after.watch.configure(config(check("chat.page")))
    assert left_by(after)[0].track.quick == 0


def test_a_listener_hears_every_sample_until_it_stops() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    heard: list[tuple[str, Outcome]] = []
    stop = story.watch.listen(lambda each, sample: heard.append((each.id, sample.outcome)))
    story.see("chat.page", PASS)
    cut_off(story)
    story.see("chat.page", FAIL)
    stop()
    story.see("chat.page", PASS)
    fail = ("canary.1", Outcome.FAIL)
    assert heard == [("chat.page", Outcome.PASS), fail, fail, ("chat.page", Outcome.FAIL)]


def test_outlets_are_watched_like_channels() -> None:
    outlet = Outlet(id="page", name="Page", kind="page", audience="customers", checks=(check("page.site"),))
    story = Story(config(check("chat.page"), outlets=[outlet]))
    story.see("page.site", PASS, FAIL, FAIL, FAIL)
    assert story.changes()[-1] == ("page", "up", "down")


def test_series_are_named_by_check_and_vantage() -> None:
    assert series_of([check("a.b"), check("c.d")], "here") == ["a.b@here", "c.d@here"]
