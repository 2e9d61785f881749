"""The chain when daemons are killed, clocks jump, disks are full and nothing can be seen; and its tests."""

import pytest
from outagetui.alerts.chain import LASTING, passed, retry_after
from outagetui.daemon import alarm
from outagetui.daemon.alarm import BLIND_LASTING, LEAVE_SECONDS
from outagetui.facts import events
from outagetui.facts.events import AlertEnded, AlertIntended
from tests.alerts.stage import BEGIN, MINUTE, Stage, link

HOUR = 3600.0
SETTLED = LASTING + 5.0  # enough for what has lasted to be sent


def test_a_daemon_that_is_killed_between_intent_and_outcome_sends_again_and_says_so() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down")
        while not stage.told:
            await stage.wait(0.05)
        await stage.crash()
        await stage.wait(MINUTE)
        assert len(stage.told) == 2
        await stage.crash()
        await stage.wait(HOUR)

    stage.play(script)
    assert len(stage.told) == 2, "what has an outcome is not repeated"
    assert "may have had this message already" in stage.told[1].message.body


def test_an_ordinary_end_lets_what_is_on_its_way_arrive() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down")
        while not stage.journal(AlertIntended):
            await stage.wait(0.05)
        await stage.alarm.aclose()

    stage.play(script)
    assert stage.outcomes() == [("opened", "sent")]
    assert LEAVE_SECONDS < 10


@pytest.mark.parametrize("jump", [-HOUR, -20.0, HOUR])
def test_a_clock_that_jumps_lets_nobody_sleep_on(jump: float) -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE))

    async def script() -> float:
        await stage.turn("down")
        begun = stage.clock() - BEGIN
        await stage.wait(10)
        stage.ahead += jump
        await stage.wait(10 * MINUTE)
        return begun

    begun = stage.play(script)
    assert [told.link for told in stage.told] == ["phone", "second"]
    assert stage.told[1].at - begun < 5 * MINUTE + 10


def test_on_a_full_disk_nothing_goes_out_until_its_intent_is_kept() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.turn("down")
        stage.disk_full = True
        await stage.wait(HOUR)
        assert stage.told == []
        stage.disk_full = False
        await stage.wait(5)

    stage.play(script)
    assert len(stage.told) == 1


def test_blindness_is_told_through_the_first_link_that_works_and_so_is_its_end() -> None:
    stage = Stage(link("phone"), link("second", 5 * MINUTE), link("third", HOUR))
    stage.ways["phone"] = "fail"

    async def script() -> None:
        stage.watch.blind = "no canary answers"
        await stage.write("outagetui", events.BlindChanged(blind=True, why="no canary answers"))
        await stage.wait(BLIND_LASTING - 10)
        assert stage.journal() == []
        await stage.wait(HOUR)
        stage.watch.blind = ""
        await stage.write("outagetui", events.BlindChanged(blind=False, why="a canary answers"))
        await stage.wait(HOUR)

    stage.play(script)
    assert stage.titles() == [
        "Example Hosting: BLIND, our own uplink fails",
        "Example Hosting: can see again",
    ]
    assert {told.link for told in stage.told} == {"second"}


def test_a_short_blindness_is_told_to_nobody() -> None:
    stage = Stage(link("phone"))

    async def script() -> None:
        await stage.write("outagetui", events.BlindChanged(blind=True, why="no canary answers"))
        await stage.wait(BLIND_LASTING - 10)
        await stage.write("outagetui", events.BlindChanged(blind=False, why="a canary answers"))
        await stage.wait(HOUR)

    stage.play(script)
    assert stage.told == []


def test_a_drill_wakes_nobody_reads_no_secret_and_says_so_once() -> None:
    stage = Stage(link("phone", test_every=HOUR), link("second", 5 * MINUTE), drill=True)

    async def script() -> None:
        await stage.turn("down")
        await stage.wait(2 * HOUR)
        stage.alarm.test("alice", "")
        await stage.wait(10)

    stage.play(script)
    assert stage.told == []
    assert stage.secrets.read_names == []
    assert [(e.link, e.what, e.outcome, e.detail) for e in stage.journal()] == [
        (name, what, "skipped", "a drill wakes nobody") for what in ("opened", "test") for name in ("phone", "second")
    ]
    assert stage.ledger.alerts.worked == {}


def test_links_are_tested_in_time_and_a_failed_test_is_trouble_until_it_works() -> None:
    stage = Stage(link("phone", test_every=6 * HOUR), link("boss"))

    async def script() -> None:
        assert stage.alarm.trouble == "alert link phone was never tested: outagetui alert --test"
        await stage.wait(10)
        assert stage.titles() == ["Example Hosting: TEST of the alert, all is well"]
        assert stage.told[0].message.kind == "info"
        assert stage.alarm.trouble == ""
        stage.ways["phone"] = "fail"
        await stage.wait(7.5 * HOUR)
        assert stage.alarm.trouble.startswith("alert link phone failed its test")
        assert stage.alarm.trouble.endswith("ago: refused")
        tried = [e.outcome for e in stage.journal(AlertEnded)]
        assert tried == ["sent", "failed", "failed"], "a failed test is repeated every hour"
        stage.ways["phone"] = "ok"
        await stage.wait(HOUR)

    stage.play(script)
    assert {told.link for told in stage.told} == {"phone"}
    assert stage.outcomes()[-1] == ("test", "sent")


def test_a_rare_test_comes_in_office_hours_and_never_during_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "LOOK_EVERY", 30.0)  # three weeks are long
    stage = Stage(link("phone", test_every=7 * 24 * HOUR))

    async def script() -> list[float]:
        await stage.wait(30 * MINUTE)  # 08:30
        assert stage.told == []
        await stage.turn("down")
        await stage.wait(HOUR)  # 09:30
        await stage.turn("up")
        await stage.wait(20 * 24 * HOUR)
        return [told.at for told in stage.told if "TEST" in told.message.title]

    tests = stage.play(script)
    assert stage.titles()[:2] == ["Example Hosting: Chat is down", "Example Hosting: recovered"]
    hours = [(8 + at / HOUR) % 24 for at in tests]
    assert len(tests) == 2
    assert all(9 <= hour < 17 for hour in hours)


def test_a_real_alert_counts_as_a_test_that_passed() -> None:
    stage = Stage(link("phone", test_every=6 * HOUR))

    async def script() -> None:
        await stage.wait(5 * HOUR)
        await stage.turn("down")
        await stage.wait(MINUTE)
        await stage.turn("up")
        await stage.wait(5 * HOUR)

    stage.play(script)
    assert [what for what, _ in stage.outcomes()] == ["test", "opened", "recovered"]


def test_waits_grow_and_a_clock_put_back_ends_them() -> None:
    assert [retry_after(tries) for tries in (1, 2, 3, 4, 5, 99)] == [60, 120, 240, 480, 900, 900]
    assert not passed(100.0, 150.0, 60.0)
    assert passed(100.0, 160.0, 60.0)
    assert passed(100.0, 50.0, 60.0)
