"""What an operator agreed to is what is sent: anything else is refused before anything is journaled."""

import asyncio
from collections.abc import Coroutine

import pytest
from msgspec.structs import replace
from outagetui.announce.draft import Wanted
from outagetui.announce.outbox import AnnounceError
from outagetui.announce.previewing import Proof
from outagetui.core.model import Segment, State, Template
from outagetui.daemon.step_context import summary
from outagetui.facts.events import Activated, AnnouncementMade, Deactivated
from outagetui.facts.reach import Share
from tests.kit.presses import Net, Press
from tests.kit.stores import channel
from tests.kit.virtual_loop import run

CHANGED = "what would be sent has changed since it was shown; look again"


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def shown(press: Press, kind: str = "update") -> Proof:
    return press.outbox.proof(Wanted(kind=kind, audience="customers"), {}, {})


def timed(press: Press) -> None:
    """Let the words tell the time."""
    words = Template(kind="update", language="en", title="News", body="More by {next_update}.\n{accounts}")
    press.outbox.config = replace(press.outbox.config, templates=(words,))


def test_times_that_pass_change_nothing_and_what_is_said_does(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        timed(press)
        proof = shown(press)
        await asyncio.sleep(600.0)
        assert shown(press).outlets[0].text != proof.outlets[0].text
        made = await press.outbox.make("ada", "update", "customers", shown=proof.shown)
        assert made.part == 0
        for change in (Activated(channel="phone"), Deactivated(channel="phone")):
            proof = shown(press)
            press.pen.put("bob", change)
            with pytest.raises(AnnounceError, match=CHANGED):
                await press.outbox.make("ada", "update", "customers", shown=proof.shown)
        assert len(press.pen.told(AnnouncementMade)) == 1

    play(story())


def test_somebody_who_announced_meanwhile_makes_it_another(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        proof = shown(press)
        await press.outbox.make("bob", "update", "customers")
        with pytest.raises(AnnounceError, match=CHANGED):
            await press.outbox.make("ada", "update", "customers", shown=proof.shown)

    play(story())


@pytest.mark.parametrize("words", ["x", "nan 1", "inf 1", "1e300 1", "1000.0", "1000.0 0"])
def test_what_was_never_shown_is_not_taken_for_it(net: Net, words: str) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        with pytest.raises(AnnounceError, match=CHANGED):
            await press.outbox.make("ada", "update", "customers", shown=words)

    play(story())


def test_two_audiences_with_one_telephone_are_counted_each_by_its_own(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        ours = replace(channel("hotline", "backup"), name="Phone", address="+49 30 1")
        theirs = replace(ours, id="staff-phone", audience="staff")
        people = (Segment(id="all", audience="customers", people=100, uses=("chat", "hotline")),)
        press.outbox.config = replace(press.outbox.config, channels=(channel("chat"), ours, theirs), segments=people)
        press.pen.put("ada", Activated(channel="hotline"))
        shares = {"chat": Share(0.0), "hotline": Share(1.0), "staff-phone": Share(1.0)}
        proof = press.outbox.proof(Wanted(kind="backup-active", audience="customers"), shares, {})
        assert proof.effect == "names Phone: 100 of 100 can reach us"
        assert not any("no backup of customers is active" in each.words for each in proof.warnings)

    play(story())


def test_a_step_that_told_nobody_failed_and_one_that_told_some_names_the_others(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        press.states["blog"] = press.states["forum"] = State.DOWN
        made = await press.outbox.make("ada", "update", "customers")
        nobody = summary(made, await press.outbox.deliver("ada", "a1", 0))
        assert not nobody.done
        assert nobody.detail.startswith("a1: nobody was told: blog skipped its checks say it is down: not sent")
        press.states["forum"] = State.UP
        made = await press.outbox.make("ada", "update", "customers")
        some = summary(made, await press.outbox.deliver("ada", "a1", 1))
        assert some.done
        assert "blog skipped its checks say it is down: not sent" in some.detail
        await press.order("blog", "skip")
        made = await press.outbox.make("ada", "update", "customers", ["blog"])
        await press.outbox.order("ada", "a1", "blog", "skip")
        assert summary(made, await press.outbox.deliver("ada", "a1", 2)).done

    play(story())
