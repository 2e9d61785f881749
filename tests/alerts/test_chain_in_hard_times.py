"""The chain when daemons are killed, clocks jump, disks are full and nothing can be seen; and its tests."""

import pytest
from outagetui.alerts.chain import LASTING, passed, retry_after
from outagetui.daemon import alarm
from outagetui.daemon.alarm import BLIND_LASTING, LEAVE_SECONDS
from outagetui.facts import events
from outagetui.facts.events import AlertEnded, AlertIntended
from tests.alerts.alarm_in_virtual_time import BEGIN, MINUTE, AlarmInVirtualTime, link

HOUR = 3600.0
SETTLED = LASTING + 5.0  # enough for what has lasted to be sent


def test_a_daemon_that_is_killed_between_intent_and_outcome_sends_again_and_says_so() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down")
        while not alarms.sent:
            await alarms.wait(0.05)
        await alarms.crash()
        await alarms.wait(MINUTE)
        assert len(alarms.sent) == 2
        await alarms.crash()
        await alarms.wait(HOUR)

    alarms.run(script)
    assert len(alarms.sent) == 2, "what has an outcome is not repeated"
    assert "may have had this message already" in alarms.sent[1].message.body


def test_an_ordinary_end_lets_what_is_on_its_way_arrive() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down")
        while not alarms.journal(AlertIntended):
            await alarms.wait(0.05)
        await alarms.alarm.aclose()

    alarms.run(script)
    assert alarms.outcomes() == [("opened", "sent")]
    assert LEAVE_SECONDS < 10


@pytest.mark.parametrize("jump", [-HOUR, -20.0, HOUR])
def test_a_clock_that_jumps_lets_nobody_sleep_on(jump: float) -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE))

    async def script() -> float:
        await alarms.turn("down")
        begun = alarms.clock() - BEGIN
        await alarms.wait(10)
        alarms.ahead += jump
        await alarms.wait(10 * MINUTE)
        return begun

    begun = alarms.run(script)
    assert [each.link for each in alarms.sent] == ["phone", "second"]
    assert alarms.sent[1].at - begun < 5 * MINUTE + 10


def test_on_a_full_disk_nothing_goes_out_until_its_intent_is_kept() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.turn("down")
        alarms.disk_full = True
        await alarms.wait(HOUR)
        assert alarms.sent == []
        alarms.disk_full = False
        await alarms.wait(5)

    alarms.run(script)
    assert len(alarms.sent) == 1


def test_blindness_is_told_through_the_first_link_that_works_and_so_is_its_end() -> None:
    alarms = AlarmInVirtualTime(link("phone"), link("second", 5 * MINUTE), link("third", HOUR))
    alarms.ways["phone"] = "fail"

    async def script() -> None:
        alarms.watch.blind = "no canary answers"
        await alarms.write("outagetui", events.BlindChanged(blind=True, why="no canary answers"))
        await alarms.wait(BLIND_LASTING - 10)
        assert alarms.journal() == []
        await alarms.wait(HOUR)
        alarms.watch.blind = ""
        await alarms.write("outagetui", events.BlindChanged(blind=False, why="a canary answers"))
        await alarms.wait(HOUR)

    alarms.run(script)
    assert alarms.titles() == [
        "Example Hosting: BLIND, our own uplink fails",
        "Example Hosting: can see again",
    ]
    assert {each.link for each in alarms.sent} == {"second"}


def test_a_short_blindness_is_told_to_nobody() -> None:
    alarms = AlarmInVirtualTime(link("phone"))

    async def script() -> None:
        await alarms.write("outagetui", events.BlindChanged(blind=True, why="no canary answers"))
        await alarms.wait(BLIND_LASTING - 10)
        await alarms.write("outagetui", events.BlindChanged(blind=False, why="a canary answers"))
        await alarms.wait(HOUR)

    alarms.run(script)
    assert alarms.sent == []


def test_a_drill_wakes_nobody_reads_no_secret_and_says_so_once() -> None:
    alarms = AlarmInVirtualTime(link("phone", test_every=HOUR), link("second", 5 * MINUTE), drill=True)

    async def script() -> None:
        await alarms.turn("down")
        await alarms.wait(2 * HOUR)
        alarms.alarm.test("alice", "")
        await alarms.wait(10)

    alarms.run(script)
    assert alarms.sent == []
    assert alarms.secrets.read_names == []
    assert [(e.link, e.what, e.outcome, e.detail) for e in alarms.journal()] == [
        (name, what, "skipped", "a drill wakes nobody") for what in ("opened", "test") for name in ("phone", "second")
    ]
    assert alarms.ledger.alerts.worked == {}


def test_links_are_tested_in_time_and_a_failed_test_is_trouble_until_it_works() -> None:
    alarms = AlarmInVirtualTime(link("phone", test_every=6 * HOUR), link("boss"))

    async def script() -> None:
        assert alarms.alarm.trouble == "alert link phone was never tested: outagetui alert --test"
        await alarms.wait(10)
        assert alarms.titles() == ["Example Hosting: TEST of the alert, all is well"]
        assert alarms.sent[0].message.kind == "info"
        assert alarms.alarm.trouble == ""
        alarms.ways["phone"] = "fail"
        await alarms.wait(7.5 * HOUR)
        assert alarms.alarm.trouble.startswith("alert link phone failed its test")
        assert alarms.alarm.trouble.endswith("ago: refused")
        tried = [e.outcome for e in alarms.journal(AlertEnded)]
        assert tried == ["sent", "failed", "failed"], "a failed test is repeated every hour"
        alarms.ways["phone"] = "ok"
        await alarms.wait(HOUR)

    alarms.run(script)
    assert {each.link for each in alarms.sent} == {"phone"}
    assert alarms.outcomes()[-1] == ("test", "sent")


def test_a_rare_test_comes_in_office_hours_and_never_during_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "LOOK_EVERY", 30.0)  # three weeks are long
    alarms = AlarmInVirtualTime(link("phone", test_every=7 * 24 * HOUR))

    async def script() -> list[float]:
        await alarms.wait(30 * MINUTE)  # 08:30
        assert alarms.sent == []
        await alarms.turn("down")
        await alarms.wait(HOUR)  # 09:30
        await alarms.turn("up")
        await alarms.wait(20 * 24 * HOUR)
        return [each.at for each in alarms.sent if "TEST" in each.message.title]

    tests = alarms.run(script)
    assert alarms.titles()[:2] == ["Example Hosting: Chat is down", "Example Hosting: recovered"]
    hours = [(8 + at / HOUR) % 24 for at in tests]
    assert len(tests) == 2
    assert all(9 <= hour < 17 for hour in hours)


def test_a_real_alert_counts_as_a_test_that_passed() -> None:
    alarms = AlarmInVirtualTime(link("phone", test_every=6 * HOUR))

    async def script() -> None:
        await alarms.wait(5 * HOUR)
        await alarms.turn("down")
        await alarms.wait(MINUTE)
        await alarms.turn("up")
        await alarms.wait(5 * HOUR)

    alarms.run(script)
    assert [what for what, _ in alarms.outcomes()] == ["test", "opened", "recovered"]


def test_waits_grow_and_a_clock_put_back_ends_them() -> None:
    assert [retry_after(tries) for tries in (1, 2, 3, 4, 5, 99)] == [60, 120, 240, 480, 900, 900]
    assert not passed(100.0, 150.0, 60.0)
    assert passed(100.0, 160.0, 60.0)
    assert passed(100.0, 50.0, 60.0)
