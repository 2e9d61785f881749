"""Our own uplink fails: nobody else is blamed, before, during or after."""

from outagetui.core.model import State
from outagetui.facts.events import BlindChanged
from tests.kit.watch_stories import FAIL, OURS, PASS, Story, check, config, cut_off, uplink


def test_all_canaries_failing_twice_is_blind_and_one_answer_ends_it() -> None:
    story = Story(config(check("chat.page"), canaries=2))
    story.see("canary.1", FAIL, FAIL, FAIL)
    assert story.watch.blind == ""
    assert story.see("canary.2", FAIL) == 1  # wants to be sure soon
    assert story.watch.blind == ""
    story.see("canary.2", FAIL)
    assert story.watch.blind == "no canary answers (tcp://canary.1:1 tcp.refused; tcp://canary.2:1 tcp.refused)"
    story.see("canary.2", PASS)
    assert story.watch.blind == ""
    assert [e.blind for e in story.events() if isinstance(e, BlindChanged)] == [True, False]


def test_an_uplink_without_a_route_is_blind_too() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    story.see("canary.1", OURS, OURS)
    assert story.watch.blind


def test_nothing_changes_while_blind_but_samples_are_kept() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    uplink(story)
    story.see("chat.page", PASS)
    cut_off(story)
    story.watch.take()
    story.see("chat.page", *[FAIL] * 30)
    story.wait(300)
    seen, _, events = story.watch.take()
    assert events == []
    assert len(seen) == 30
    assert story.watch.state_of("chat") is State.UP  # the last known; the board marks it blind


def test_the_uplinks_failure_blames_nobody_before_during_or_after() -> None:
    """Checks fail within a second of each other, the canaries only at their next turn and after a time-out."""
    names = [f"c{n}.p" for n in range(20)]
    story = Story(config(*(check(name) for name in names), canaries=2))
    uplink(story)
    for name in names:
        story.see(name, PASS)
    assert len(story.changes()) == 20
    for _ in range(3):
        for number, name in enumerate(names):
            story.watch.see(story.checks[name], story.now + number * 0.01, FAIL)
        story.wait(1)
    assert set(story.hurried) == {"canary.1", "canary.2"}  # asked at the first failure
    assert story.changes() == []  # all twenty are bad by the evidence, and none is told
    cut_off(story)
    story.wait(120)
    uplink(story)
    story.wait(5)
    assert story.changes() == []
    for _ in range(5):
        for name in names:
            story.see(name, PASS)
    assert story.changes() == []


def test_blindness_forgets_what_was_counted_since_a_canary_last_answered() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    story.see("chat.page", PASS, FAIL)
    uplink(story)
    story.see("chat.page", FAIL, FAIL)
    cut_off(story)
    _, live, _ = story.watch.take()
    track = {row.check: row for row in live}["chat.page"].track
    assert (track.failing.failed, track.failing.seen) == (1, 1)
    assert track.state is State.UP


def test_a_channel_that_was_down_before_stays_down_through_blindness() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    story.see("chat.page", PASS, FAIL)
    uplink(story)
    story.see("chat.page", FAIL, FAIL)
    uplink(story)
    assert story.watch.state_of("chat") is State.DOWN
    story.watch.take()
    cut_off(story)
    story.wait(30)
    uplink(story)
    story.wait(5)
    assert story.changes() == []
    assert story.watch.state_of("chat") is State.DOWN


def test_checks_too_old_after_blindness_get_time_to_be_seen_again() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    uplink(story)
    story.see("chat.page", PASS)
    cut_off(story)
    story.wait(600)
    uplink(story)
    story.events()
    story.wait(30)
    assert story.changes() == []
    story.wait(60)  # but not for ever
    assert story.changes() == [("chat", "up", "unknown")]


def test_with_a_sound_uplink_red_is_not_held_back() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    story.see("chat.page", PASS, FAIL)
    assert story.hurried == ["canary.1"]
    uplink(story)
    story.see("chat.page", FAIL, FAIL)
    assert story.changes()[-1] == ("chat", "up", "down")


def test_red_waits_for_a_canary_that_answered_after_the_first_failure() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    uplink(story)
    story.see("chat.page", PASS, FAIL, FAIL, FAIL)
    assert story.changes() == [("chat", "unknown", "up")]
    uplink(story)
    story.wait(1)
    assert story.changes() == [("chat", "up", "down")]


def test_a_canary_that_never_decides_cannot_hide_an_outage_for_long() -> None:
    story = Story(config(check("chat.page"), canaries=1))
    uplink(story)
    story.see("chat.page", PASS, FAIL, FAIL, FAIL)
    story.wait(11)
    assert story.changes()[-1] == ("chat", "up", "down")


def test_without_canaries_nobody_is_ever_blind() -> None:
    story = Story(config(check("chat.page")))
    story.see("chat.page", PASS, FAIL, FAIL, FAIL)
    assert story.changes()[-1] == ("chat", "up", "down")
    assert story.watch.blind == ""
