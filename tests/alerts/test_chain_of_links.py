"""Who is told what and when, in virtual time."""

import pytest
from outagetui.alerts.chain import LASTING, UPDATE_EVERY
from outagetui.core.model import State
from outagetui.facts.events import AlertEnded, AlertIntended
from tests.alerts.stage import BEGIN, MINUTE, Stage, link

HOUR = 3600.0
SETTLED = LASTING + 5.0  # enough for what has lasted to be sent


def test_a_short_blip_wakes_nobody() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(LASTING - 5)
        await stage.turn("up")
        await stage.wait(HOUR)

    stage.play(script)
    assert stage.told == []
    assert stage.journal() == []


def test_the_first_link_is_told_once_it_has_lasted_and_the_next_when_nobody_acknowledged() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE), link("boss", 15 * MINUTE))

    async def script() -> float:
        await stage.turn("down")
        begun = stage.clock() - BEGIN
        await stage.wait(HOUR)
        return begun

    begun = stage.play(script)
    assert [told.link for told in stage.told] == ["phone", "second", "boss"]
    waited = [told.at - begun for told in stage.told]
    assert waited == pytest.approx([LASTING, 5 * MINUTE, 15 * MINUTE], abs=3)
    first = stage.told[0].message
    assert first.title == "Example Hosting: Chat is down"
    assert "6 of 20 failed" in first.body
    assert "outagetui ack" in first.body
    assert first.kind == "failure"
    assert stage.outcomes() == [("opened", "sent")] * 3


def test_an_acknowledgement_stops_the_chain_and_is_told_to_those_who_were_woken() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE), link("boss", 15 * MINUTE))

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(6 * MINUTE)
        await stage.ack()
        await stage.wait(3 * HOUR)

    stage.play(script)
    assert stage.titles("phone") == stage.titles("second")
    assert stage.titles("phone") == ["Example Hosting: Chat is down", "Example Hosting: taken by alice"]
    assert stage.titles("boss") == []


def test_who_acknowledges_in_time_wakes_nobody() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(10)
        await stage.ack()
        await stage.wait(HOUR)
        await stage.turn("up")
        await stage.wait(HOUR)

    stage.play(script)
    assert stage.told == []


@pytest.mark.parametrize(("way", "seconds"), [("fail", 4.0), ("hang", 24.0)])
def test_a_link_that_fails_is_followed_by_the_next_at_once(way: str, seconds: float) -> None:
    stage = Stage(link("phone"), link("second", HOUR))
    stage.ways["phone"] = way

    async def script() -> float:
        await stage.turn("down")
        begun = stage.clock() - BEGIN
        await stage.wait(3 * MINUTE)
        return begun

    begun = stage.play(script)
    assert [told.link for told in stage.told] == ["second"]
    assert stage.told[0].at - begun < LASTING + seconds


def test_a_link_without_its_secret_fails_and_the_next_is_used() -> None:
    stage = Stage(link("phone"), link("second", HOUR))
    stage.secrets.missing.add("phone")

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(SETTLED)

    stage.play(script)
    assert [told.link for told in stage.told] == ["second"]
    assert "no such file" in next(e.detail for e in stage.journal(AlertEnded) if e.link == "phone")


def test_nothing_is_sent_through_what_is_down_and_the_next_link_is_used_at_once() -> None:
    stage = Stage(link("phone", through=("messenger",)), link("second", HOUR))
    stage.watch.states["messenger"] = State.DOWN

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(SETTLED)
        assert [told.link for told in stage.told] == ["second"]
        skipped = stage.journal(AlertEnded)[0]
        assert (skipped.link, skipped.outcome) == ("phone", "skipped")
        assert skipped.detail == "it goes through messenger, which is down"
        await stage.wait(HOUR / 2)
        assert len(stage.journal(AlertEnded)) == 2, "passed over is said once"
        stage.watch.states["messenger"] = State.UP
        await stage.wait(5)

    stage.play(script)
    assert [told.link for told in stage.told] == ["second", "phone"]


def test_when_no_link_works_all_are_tried_again_ever_more_slowly_until_one_does() -> None:
    stage = Stage(link("phone"), link("mail", HOUR))
    stage.ways.update(phone="fail", mail="fail")

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(HOUR)
        tried = len(stage.journal(AlertIntended))
        assert 10 <= tried <= 16
        stage.ways["phone"] = "ok"
        await stage.wait(20 * MINUTE)

    stage.play(script)
    assert stage.titles("phone") == ["Example Hosting: Chat is down"]


def test_muted_channels_alarm_nobody_and_do_so_when_the_mute_ends() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await stage.mute(HOUR)
        await stage.turn("down")
        await stage.wait(HOUR + 5)
        assert stage.told == []
        await stage.turn("down")  # the daemon says it once more when a mute ends
        await stage.wait(10)

    stage.play(script)
    assert [told.link for told in stage.told] == ["phone"], "the chain begins anew"


def test_a_mute_after_the_alert_stops_the_escalation() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(MINUTE)
        await stage.mute(2 * HOUR)
        await stage.wait(HOUR)

    stage.play(script)
    assert [told.link for told in stage.told] == ["phone"]


def test_a_suppressed_channel_alarms_nobody_and_what_it_depends_on_does() -> None:
    stage = Stage(link("phone"), depends={"chat": ("mail",)})

    async def script() -> None:
        await stage.turn("down", "chat", "mail")
        await stage.wait(MINUTE)

    stage.play(script)
    assert stage.titles() == ["Example Hosting: Mail is down"]


def test_a_storm_is_one_alert_and_few_updates() -> None:
    stage = Stage(link("phone"), primaries=40)
    names = [channel.id for channel in stage.config.channels]

    async def script() -> None:
        for name in names:  # one more every 40 s
            await stage.turn("down", name)
            await stage.wait(40)
        await stage.wait(10 * MINUTE)

    stage.play(script)
    took = 40 * 40
    assert stage.outcomes()[0] == ("opened", "sent")
    assert [what for what, _ in stage.outcomes()].count("opened") == 1
    assert 4 <= len(stage.told) - 1 <= took / UPDATE_EVERY + 1
    spans = [b.at - a.at for a, b in zip(stage.told, stage.told[1:], strict=False)]
    assert min(spans) >= UPDATE_EVERY
    last = stage.told[-1].message
    assert last.title == "Example Hosting: still: Chat, Mail, C0 and 37 more are down"
    assert "and 32 more" in last.body
    assert len(last.body) < 1500


def test_a_storm_at_one_moment_is_one_message() -> None:
    stage = Stage(link("phone"), primaries=40)

    async def script() -> None:
        await stage.turn("down", *(channel.id for channel in stage.config.channels))
        await stage.wait(HOUR)

    stage.play(script)
    assert len(stage.told) == 1


def test_recovery_is_told_once_to_those_who_were_told() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(MINUTE)
        await stage.turn("up")
        await stage.wait(3 * HOUR)

    stage.play(script)
    assert stage.titles("phone") == ["Example Hosting: Chat is down", "Example Hosting: recovered"]
    assert "after 1 min" in stage.told[-1].message.body
    assert stage.told[-1].message.kind == "success"
    assert stage.titles("second") == []


def test_recovery_waits_until_every_channel_of_the_incident_is_up() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down", "chat", "mail")
        await stage.wait(MINUTE)
        await stage.turn("up", "chat")
        await stage.wait(HOUR)
        assert len(stage.told) == 1
        await stage.turn("slow", "mail")
        await stage.wait(MINUTE)

    stage.play(script)
    assert stage.titles()[1:] == ["Example Hosting: recovered"]


def test_a_relapse_is_told_to_those_who_were_told_and_the_chain_begins_anew_for_the_others() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE))

    async def script() -> float:
        await stage.turn("down")
        await stage.wait(MINUTE)
        await stage.turn("up")
        await stage.wait(10 * MINUTE)
        await stage.turn("down")
        again = stage.clock() - BEGIN
        await stage.wait(4 * MINUTE)
        assert stage.titles("second") == []
        await stage.wait(4 * MINUTE)
        return again

    again = stage.play(script)
    assert stage.titles("phone")[2:] == ["Example Hosting: still: Chat is down"]
    assert stage.told[-1].link == "second"
    assert stage.told[-1].at - again == pytest.approx(5 * MINUTE, abs=3)


def test_flapping_sends_a_bounded_number_of_messages() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        for _ in range(60):
            await stage.turn("down")
            await stage.wait(MINUTE)
            await stage.turn("up")
            await stage.wait(MINUTE)

    stage.play(script)
    assert len(stage.told) <= 2 * (2 * HOUR / UPDATE_EVERY) + 2


def test_the_next_incident_is_told_anew() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        for _ in range(2):
            await stage.turn("down")
            await stage.wait(MINUTE)
            await stage.turn("up")
            await stage.wait(HOUR)

    stage.play(script)
    assert stage.titles() == ["Example Hosting: Chat is down", "Example Hosting: recovered"] * 2
