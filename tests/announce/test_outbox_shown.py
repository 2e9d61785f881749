"""What an operator agreed to is what is sent: anything else is refused before anything is journaled."""

import asyncio
from collections.abc import Coroutine

import pytest
from msgspec.structs import replace
from outagetui.announce.draft import Wanted
from outagetui.announce.outbox import AnnounceError
from outagetui.core.model import Segment, State, Template
from outagetui.daemon.step_context import summary
from outagetui.facts.events import Activated, AnnouncementMade, Deactivated
from outagetui.facts.reach import Share
from outagetui.wording.preview import Proof
from tests.kit.outlets_in_memory import OutboxInMemory, OutletsInMemory
from tests.kit.sample_business import channel
from tests.kit.virtual_loop import run

CHANGED = "what would be sent has changed since it was shown; look again"


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def shown(box: OutboxInMemory, kind: str = "update") -> Proof:
    return box.outbox.proposals.proof(Wanted(kind=kind, audience="customers"), {}, {})


def timed(box: OutboxInMemory) -> None:
    """Let the words tell the time."""
    words = Template(kind="update", language="en", title="News", body="More by {next_update}.\n{accounts}")
    box.current.config = replace(box.current.config, templates=(words,))


def test_times_that_pass_change_nothing_and_what_is_said_does(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        timed(box)
        proof = shown(box)
        await asyncio.sleep(600.0)
        assert shown(box).outlets[0].text != proof.outlets[0].text
        made = await box.outbox.make("ada", "update", "customers", shown=proof.shown)
        assert made.part == 0
        for change in (Activated(channel="phone"), Deactivated(channel="phone")):
            proof = shown(box)
            box.journal.put("bob", change)
            with pytest.raises(AnnounceError, match=CHANGED):
                await box.outbox.make("ada", "update", "customers", shown=proof.shown)
        assert len(box.journal.events(AnnouncementMade)) == 1

    play(story())


def test_somebody_who_announced_meanwhile_makes_it_another(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        proof = shown(box)
        await box.outbox.make("bob", "update", "customers")
        with pytest.raises(AnnounceError, match=CHANGED):
            await box.outbox.make("ada", "update", "customers", shown=proof.shown)

    play(story())


@pytest.mark.parametrize("words", ["x", "nan 1", "inf 1", "1e300 1", "1000.0", "1000.0 0"])
def test_what_was_never_shown_is_not_taken_for_it(outlets: OutletsInMemory, words: str) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        with pytest.raises(AnnounceError, match=CHANGED):
            await box.outbox.make("ada", "update", "customers", shown=words)

    play(story())


def test_two_audiences_with_one_telephone_are_counted_each_by_its_own(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        ours = replace(channel("hotline", "backup"), name="Phone", address="+49 30 1")
        theirs = replace(ours, id="staff-phone", audience="staff")
        people = (Segment(id="all", audience="customers", people=100, uses=("chat", "hotline")),)
        box.current.config = replace(box.current.config, channels=(channel("chat"), ours, theirs), segments=people)
        box.journal.put("ada", Activated(channel="hotline"))
        shares = {"chat": Share(0.0), "hotline": Share(1.0), "staff-phone": Share(1.0)}
        proof = box.outbox.proposals.proof(Wanted(kind="backup-active", audience="customers"), shares, {})
        assert proof.effect == "names Phone: 100 of 100 can reach us"
        assert not any("no backup of customers is active" in each.words for each in proof.warnings)

    play(story())


def test_a_step_that_told_nobody_failed_and_one_that_told_some_names_the_others(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        box.states["blog"] = box.states["forum"] = State.DOWN
        made = await box.outbox.make("ada", "update", "customers")
        nobody = summary(made, await box.outbox.deliver("ada", "a1", 0))
        assert not nobody.done
        assert nobody.detail.startswith("a1: nobody was told: blog skipped its checks say it is down: not sent")
        box.states["forum"] = State.UP
        made = await box.outbox.make("ada", "update", "customers")
        some = summary(made, await box.outbox.deliver("ada", "a1", 1))
        assert some.done
        assert "blog skipped its checks say it is down: not sent" in some.detail
        await box.order("blog", "skip")
        made = await box.outbox.make("ada", "update", "customers", ["blog"])
        await box.outbox.order("ada", "a1", "blog", "skip")
        assert summary(made, await box.outbox.deliver("ada", "a1", 2)).done

    play(story())
