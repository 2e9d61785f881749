"""Who is told what and when, in virtual time."""

import pytest
from outagetui.alerts.chain import LASTING, UPDATE_EVERY
from outagetui.core.model import State
from outagetui.facts.events import AlertEnded, AlertIntended
from tests.alerts.alarm_in_virtual_time import BEGIN, MINUTE, AlarmInVirtualTime, link

HOUR = 3600.0
SETTLED = LASTING + 5.0  # enough for what has lasted to be sent


def test_a_short_blip_wakes_nobody() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(LASTING - 5)
        await alarms.turn("up")
        await alarms.wait(HOUR)

    alarms.run(script)
    assert alarms.sent == []
    assert alarms.journal() == []


def test_the_first_link_is_told_once_it_has_lasted_and_the_next_when_nobody_acknowledged() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE), link("boss", 15 * MINUTE))

    async def script() -> float:
        await alarms.turn("down")
        begun = alarms.clock() - BEGIN
        await alarms.wait(HOUR)
        return begun

    begun = alarms.run(script)
    assert [each.link for each in alarms.sent] == ["phone", "second", "boss"]
    waited = [each.at - begun for each in alarms.sent]
    assert waited == pytest.approx([LASTING, 5 * MINUTE, 15 * MINUTE], abs=3)
    first = alarms.sent[0].message
    assert first.title == "Example Hosting: Chat is down"
    assert "6 of 20 failed" in first.body
    assert "outagetui ack" in first.body
    assert first.kind == "failure"
    assert alarms.outcomes() == [("opened", "sent")] * 3


def test_an_acknowledgement_stops_the_chain_and_is_told_to_those_who_were_woken() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE), link("boss", 15 * MINUTE))

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(6 * MINUTE)
        await alarms.ack()
        await alarms.wait(3 * HOUR)

    alarms.run(script)
    assert alarms.titles("phone") == alarms.titles("second")
    assert alarms.titles("phone") == ["Example Hosting: Chat is down", "Example Hosting: taken by alice"]
    assert alarms.titles("boss") == []


def test_who_acknowledges_in_time_wakes_nobody() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(10)
        await alarms.ack()
        await alarms.wait(HOUR)
        await alarms.turn("up")
        await alarms.wait(HOUR)

    alarms.run(script)
    assert alarms.sent == []


@pytest.mark.parametrize(("way", "seconds"), [("fail", 4.0), ("hang", 24.0)])
def test_a_link_that_fails_is_followed_by_the_next_at_once(way: str, seconds: float) -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", HOUR))
    alarms.ways["phone"] = way

    async def script() -> float:
        await alarms.turn("down")
        begun = alarms.clock() - BEGIN
        await alarms.wait(3 * MINUTE)
        return begun

    begun = alarms.run(script)
    assert [each.link for each in alarms.sent] == ["second"]
    assert alarms.sent[0].at - begun < LASTING + seconds


def test_a_link_without_its_secret_fails_and_the_next_is_used() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", HOUR))
    alarms.secrets.missing.add("phone")

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(SETTLED)

    alarms.run(script)
    assert [each.link for each in alarms.sent] == ["second"]
    assert "no such file" in next(e.detail for e in alarms.journal(AlertEnded) if e.link == "phone")


def test_nothing_is_sent_through_what_is_down_and_the_next_link_is_used_at_once() -> None:
    alarms = AlarmInVirtualTime(link("phone", through=("messenger",)), link("second", HOUR))
    alarms.watch.states["messenger"] = State.DOWN

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(SETTLED)
        assert [each.link for each in alarms.sent] == ["second"]
        skipped = alarms.journal(AlertEnded)[0]
        assert (skipped.link, skipped.outcome) == ("phone", "skipped")
        assert skipped.detail == "it goes through messenger, which is down"
        await alarms.wait(HOUR / 2)
        assert len(alarms.journal(AlertEnded)) == 2, "passed over is said once"
        alarms.watch.states["messenger"] = State.UP
        await alarms.wait(5)

    alarms.run(script)
    assert [each.link for each in alarms.sent] == ["second", "phone"]


def test_when_no_link_works_all_are_tried_again_ever_more_slowly_until_one_does() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("mail", HOUR))
    alarms.ways.update(phone="fail", mail="fail")

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(HOUR)
        tried = len(alarms.journal(AlertIntended))
        assert 10 <= tried <= 16
        alarms.ways["phone"] = "ok"
        await alarms.wait(20 * MINUTE)

    alarms.run(script)
    assert alarms.titles("phone") == ["Example Hosting: Chat is down"]


def test_muted_channels_alarm_nobody_and_do_so_when_the_mute_ends() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await alarms.mute(HOUR)
        await alarms.turn("down")
        await alarms.wait(HOUR + 5)
        assert alarms.sent == []
        await alarms.turn("down")  # the daemon says it once more when a mute ends
        await alarms.wait(10)

    alarms.run(script)
    assert [each.link for each in alarms.sent] == ["phone"], "the chain begins anew"


def test_a_mute_after_the_alert_stops_the_escalation() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(MINUTE)
        await alarms.mute(2 * HOUR)
        await alarms.wait(HOUR)

    alarms.run(script)
    assert [each.link for each in alarms.sent] == ["phone"]


def test_a_suppressed_channel_alarms_nobody_and_what_it_depends_on_does() -> None:
    alarms = AlarmInVirtualTime(link("phone"), depends={"chat": ("mail",)})

    async def script() -> None:
        await alarms.turn("down", "chat", "mail")
        await alarms.wait(MINUTE)

    alarms.run(script)
    assert alarms.titles() == ["Example Hosting: Mail is down"]


def test_a_storm_is_one_alert_and_few_updates() -> None:
    alarms = AlarmInVirtualTime(link("phone"), primaries=40)
    names = [channel.id for channel in alarms.config.channels]

    async def script() -> None:
        for name in names:  # one more every 40 s
            await alarms.turn("down", name)
            await alarms.wait(40)
        await alarms.wait(10 * MINUTE)

    alarms.run(script)
    took = 40 * 40
    assert alarms.outcomes()[0] == ("opened", "sent")
    assert [what for what, _ in alarms.outcomes()].count("opened") == 1
    assert 4 <= len(alarms.sent) - 1 <= took / UPDATE_EVERY + 1
    spans = [b.at - a.at for a, b in zip(alarms.sent, alarms.sent[1:], strict=False)]
    assert min(spans) >= UPDATE_EVERY
    last = alarms.sent[-1].message
    assert last.title == "Example Hosting: still: Chat, Mail, C0 and 37 more are down"
    assert "and 32 more" in last.body
    assert len(last.body) < 1500


def test_a_storm_at_one_moment_is_one_message() -> None:
    alarms = AlarmInVirtualTime(link("phone"), primaries=40)

    async def script() -> None:
        await alarms.turn("down", *(channel.id for channel in alarms.config.channels))
        await alarms.wait(HOUR)

    alarms.run(script)
    assert len(alarms.sent) == 1


def test_recovery_is_told_once_to_those_who_were_told() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE))

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(MINUTE)
        await alarms.turn("up")
        await alarms.wait(3 * HOUR)

    alarms.run(script)
    assert alarms.titles("phone") == ["Example Hosting: Chat is down", "Example Hosting: recovered"]
    assert "after 1 min" in alarms.sent[-1].message.body
    assert alarms.sent[-1].message.kind == "success"
    assert alarms.titles("second") == []


def test_recovery_waits_until_every_channel_of_the_incident_is_up() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down", "chat", "mail")
        await alarms.wait(MINUTE)
        await alarms.turn("up", "chat")
        await alarms.wait(HOUR)
        assert len(alarms.sent) == 1
        await alarms.turn("slow", "mail")
        await alarms.wait(MINUTE)

    alarms.run(script)
    assert alarms.titles()[1:] == ["Example Hosting: recovered"]


def test_a_relapse_is_told_to_those_who_were_told_and_the_chain_begins_anew_for_the_others() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE))

    async def script() -> float:
        await alarms.turn("down")
        await alarms.wait(MINUTE)
        await alarms.turn("up")
        await alarms.wait(10 * MINUTE)
        await alarms.turn("down")
        again = alarms.clock() - BEGIN
        await alarms.wait(4 * MINUTE)
        assert alarms.titles("second") == []
        await alarms.wait(4 * MINUTE)
        return again

    again = alarms.run(script)
    assert alarms.titles("phone")[2:] == ["Example Hosting: still: Chat is down"]
    assert alarms.sent[-1].link == "second"
    assert alarms.sent[-1].at - again == pytest.approx(5 * MINUTE, abs=3)


def test_flapping_sends_a_bounded_number_of_messages() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        for _ in range(60):
            await alarms.turn("down")
            await alarms.wait(MINUTE)
            await alarms.turn("up")
            await alarms.wait(MINUTE)

    alarms.run(script)
    assert len(alarms.sent) <= 2 * (2 * HOUR / UPDATE_EVERY) + 2


def test_the_next_incident_is_told_anew() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        for _ in range(2):
            await alarms.turn("down")
            await alarms.wait(MINUTE)
            await alarms.turn("up")
            await alarms.wait(HOUR)

    alarms.run(script)
    assert alarms.titles() == ["Example Hosting: Chat is down", "Example Hosting: recovered"] * 2
