"""A way that people were sent to and that dies: first in the message, at once, also once the incident is taken."""

from msgspec.structs import replace
from outagetui.alerts.chain import LASTING, UPDATE_EVERY
from outagetui.facts import events
from tests.alerts.alarm_in_virtual_time import AlarmInVirtualTime, link


def with_backup() -> AlarmInVirtualTime:
    alarms = AlarmInVirtualTime(link("phone"))
    backup = replace(alarms.config.channels[0], id="web", name="Web chat", role="backup")
    alarms.config = replace(alarms.config, channels=(*alarms.config.channels, backup))
    return alarms


async def open_web(alarms: AlarmInVirtualTime, *, told: bool = True) -> None:
    made = events.AnnouncementMade(
        announcement="a1", part=0, kind="backup-active", audience="customers", texts={"en": ("t", "b")},
        since=alarms.clock(), next_update=None, accounts=(("Web chat", ""),), channels=("web",), outlets=("page",),
    )  # fmt: skip
    sent = events.DeliveryEnded(announcement="a1", part=0, outlet="page", state="sent" if told else "failed")
    await alarms.write("alice", events.Activated(channel="web"), made, sent)


def test_it_is_told_first_and_before_the_next_update_would_be_due() -> None:
    alarms = with_backup()

    async def script() -> float:
        await alarms.turn("down")
        await alarms.wait(LASTING + 5)
        await alarms.ack()
        await open_web(alarms)
        await alarms.wait(30)
        begun = alarms.clock()
        await alarms.turn("down", "web")
        while "DEAD WAY" not in alarms.titles()[-1]:
            await alarms.wait(0.5)
        return alarms.clock() - begun

    assert alarms.run(script) < LASTING + 5 < UPDATE_EVERY
    last = alarms.sent[-1].message
    title = "Example Hosting: still: DEAD WAY, customers were sent to Web chat: Web chat and Chat are down"
    assert last.title == title
    first, *others = last.body.splitlines()
    assert first.startswith("Web chat down since ")
    assert "(customers were sent there)" in first
    assert "Tell customers: outagetui announce update --audience customers" in others


def test_one_that_dies_alone_wakes_people_as_a_primary_does() -> None:
    alarms = with_backup()

    async def script() -> None:
        await open_web(alarms)
        await alarms.turn("down", "web")
        await alarms.wait(LASTING + 5)

    alarms.run(script)
    assert alarms.titles() == ["Example Hosting: DEAD WAY, customers were sent to Web chat: Web chat is down"]


def test_a_backup_that_nobody_was_sent_to_wakes_nobody() -> None:
    alarms = with_backup()

    async def script() -> None:
        await open_web(alarms, told=False)
        await alarms.turn("down", "web")
        await alarms.wait(10 * LASTING)

    alarms.run(script)
    assert alarms.titles() == []


def test_once_it_is_back_on_standby_it_keeps_nobody_from_hearing_that_all_is_well() -> None:
    alarms = with_backup()

    async def script() -> None:
        await open_web(alarms)
        await alarms.turn("down")
        await alarms.turn("down", "web")
        await alarms.wait(LASTING + 5)
        await alarms.write("alice", events.Deactivated(channel="web"))
        await alarms.turn("up")
        await alarms.wait(LASTING + 5)

    alarms.run(script)
    assert [event for event, _ in alarms.outcomes()] == ["opened", "recovered"]
