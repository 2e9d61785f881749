"""What an operator's words do: try again, leave out, edit, update; and what is read back."""

import asyncio
from collections.abc import Coroutine

import pytest
from outagetui.announce.outbox import AnnounceError
from outagetui.core.model import State
from outagetui.facts.events import Activated, DeliveryIntended, Muted, StateChanged
from tests.kit.outlets_in_memory import TIMEOUT, OutboxInMemory, OutletsInMemory
from tests.kit.virtual_loop import run


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_ten_outlets_of_which_some_hang_take_one_timeout(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        names = [f"o{number}" for number in range(10)]
        box = OutboxInMemory(outlets, *names)
        outlets.goes = {"o3": "hangs", "o4": "hangs after", "o5": "busy"}
        await box.announce()
        assert asyncio.get_running_loop().time() == TIMEOUT
        states = box.became()
        assert {name: states.pop(name) for name in ("o3", "o4", "o5")} == {
            "o3": "unknown",
            "o4": "unknown",
            "o5": "failed",
        }
        assert set(states.values()) == {"sent"}

    play(story())


def test_given_up_in_the_middle_leaves_what_was_under_way_unknown(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "a", "b", "c")
        outlets.goes = {"a": "hangs", "b": "hangs after"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await box.announce()
        assert box.became() == {"a": "unknown", "b": "unknown", "c": "sent"}

    play(story())


def test_an_outlet_that_is_down_is_left_out_until_somebody_tries_it_on_purpose(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        box.states["blog"] = State.DOWN
        box.journal.put("outagetui", StateChanged(id="blog", was="up", now="down", why="timeout"))
        await asyncio.sleep(60.0)
        await box.announce()
        assert box.became() == {"blog": "skipped", "forum": "sent"}
        assert box.detail("blog") == (
            "its checks say it is down since 00:16 UTC: not sent; outagetui delivery a1 blog retry"
        )
        assert outlets.requests == ["forum a1.0"]
        await box.order("blog", "retry")
        assert box.became() == {"blog": "sent", "forum": "sent"}

    play(story())


def test_what_is_muted_or_written_by_ourselves_is_not_left_out(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "page", "blog")
        box.states |= {"page": State.DOWN, "blog": State.DOWN}
        box.journal.put("ada", Muted(id="blog", until=2000.0, reason="its check is broken"))
        await box.announce()
        assert box.became() == {"page": "sent", "blog": "sent"}

    play(story())


@pytest.mark.parametrize(("how", "sent"), [("stored", 1), ("lost", 2)])
def test_what_is_unknown_is_looked_up_and_sent_again_only_when_it_is_surely_absent(
    outlets: OutletsInMemory, how: str, sent: int
) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes, outlets.reads = {"blog": how}, {"blog": "down"}
        await box.announce()
        assert box.became() == {"blog": "unknown"}
        outlets.goes = {}
        await box.order("blog", "retry")
        assert box.became() == {"blog": "unknown"}
        assert box.detail("blog").startswith("not sent again, since it may be there")
        assert len(outlets.requests) == 1
        outlets.reads = {}
        await box.order("blog", "retry")
        assert box.became() == {"blog": "sent"}
        assert len(outlets.requests) == sent

    play(story())


def test_what_is_unknown_is_looked_up_by_itself_and_then_read_back(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum", follows=True)
        outlets.goes = {"blog": "stored", "forum": "lost"}
        await box.announce()
        await asyncio.sleep(20.0)
        assert box.became() == {"blog": "seen", "forum": "unknown"}
        assert box.detail("forum").endswith("; looked up, and not found so far")
        assert outlets.requests == ["blog a1.0", "forum a1.0"]

    play(story())


def test_a_page_that_shows_it_is_seen_at_once_and_one_that_does_not_is_read_four_times(
    outlets: OutletsInMemory,
) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum", follows=True)
        outlets.reads = {"forum": "blank"}
        await box.announce()
        await asyncio.sleep(4.0)
        assert box.became() == {"blog": "seen", "forum": "sent"}
        await box.outbox.deliver("ada", "a1", 0)  # which finds nothing to do
        await asyncio.sleep(100.0)
        assert box.became() == {"blog": "seen", "forum": "sent"}
        assert box.detail("forum") == "does not show it"
        assert outlets.read == [("blog", 0.0), ("forum", 0.0), ("forum", 2.0), ("forum", 5.0), ("forum", 15.0)]
        assert box.outbox.unsettled(0.0) == []
        again = box.after_crash()
        again.background.settle()
        await asyncio.sleep(100.0)
        assert len(outlets.read) == 5

    play(story())


def test_reading_back_goes_on_in_the_next_daemon(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", follows=True)
        outlets.reads = {"blog": "blank"}
        await box.announce()
        await asyncio.sleep(3.0)
        await box.background.aclose()
        outlets.reads = {}
        again = box.after_crash()
        again.background.settle()
        await asyncio.sleep(1.0)
        assert again.became() == {"blog": "seen"}

    play(story())


def test_each_outlet_alone_can_be_tried_again_left_out_or_told_in_own_words(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum", "wiki")
        outlets.goes = dict.fromkeys(("blog", "forum", "wiki"), "refused")
        await box.announce()
        outlets.goes = {}
        await box.order("blog", "retry")
        await box.order("forum", "skip")
        await box.order("wiki", "edit", title="In short", body="Call us.\x1b[2J")
        assert box.became() == {"blog": "sent", "forum": "skipped", "wiki": "sent"}
        assert box.detail("forum") == "left out by ada"
        assert outlets.public["wiki a1.0"] == "In short\n\nCall us.\N{REPLACEMENT CHARACTER}[2J"
        assert box.journal.events(DeliveryIntended)[-1].text == outlets.public["wiki a1.0"]
        await box.outbox.deliver("outagetui", "a1", 0, again=True)  # as a run's step does when it is tried again
        assert box.became()["forum"] == "skipped"
        await box.order("forum", "retry")
        assert box.became()["forum"] == "sent"

    play(story())


@pytest.mark.parametrize(
    ("how", "do", "words"),
    [
        ("", "retry", "blog has it already; say more with announce --update a1, or --retract it"),
        ("", "edit", "blog has it already"),
        ("stored", "edit", "blog may have it as it was; retry it first, which looks it up"),
        ("busy", "retry", "blog asks to be left alone for another 30 s"),
        ("refused", "edit", "own words need a title and a body"),
    ],
)
def test_a_word_that_would_say_something_twice_or_hurry_somebody_is_refused(
    outlets: OutletsInMemory, how: str, do: str, words: str
) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes = {"blog": how}
        await box.announce()
        before = len(box.journal.entries)
        with pytest.raises(AnnounceError, match=words):
            await box.order("blog", do, title="x", body="" if how == "refused" else "y")
        assert len(box.journal.entries) == before

    play(story())


def test_a_word_on_what_is_not_there_is_refused(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        await box.announce("update", "blog")
        for announcement, outlet, part, words in (
            ("a2", "blog", None, "there is no announcement a2"),
            ("a1", "forum", None, "a1 does not go to forum"),
            ("a1", "blog", 7, "part 7 of a1 does not go to blog"),
        ):
            with pytest.raises(AnnounceError, match=words):
                await box.outbox.order("ada", announcement, outlet, "retry", part=part)
        outlets.goes = {"blog": "refused"}
        await box.announce("update", "blog")
        outlets.goes = {}
        await box.announce("update", "blog")
        with pytest.raises(AnnounceError, match="blog has part 2 already, which is newer"):
            await box.order("blog", "retry", part=1)

    play(story())


def test_while_an_outlet_is_being_told_there_is_no_second_try(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes = {"blog": "hangs"}
        telling = asyncio.create_task(box.announce())
        await asyncio.sleep(1.0)
        with pytest.raises(AnnounceError, match="blog is being told right now"):
            await box.order("blog", "retry")
        await telling
        assert len(outlets.requests) == 1

    play(story())


def test_an_operators_word_is_kept_when_the_daemon_dies_right_after_it(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        outlets.goes = {"blog": "refused", "forum": "refused"}
        await box.announce()
        outlets.goes = {}
        await box.outbox.order("ada", "a1", "blog", "retry")
        assert box.became() == {"blog": "planned", "forum": "failed"}
        again = box.after_crash()
        again.background.settle()
        await asyncio.sleep(1.0)
        assert again.became() == {"blog": "seen", "forum": "failed"}

    play(story())


def test_a_later_part_belongs_to_what_may_be_there_already(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes = {"blog": "stored"}
        first = await box.announce()
        await box.background.aclose()
        outlets.goes = {}
        second = await box.announce()
        assert box.became(0) == {"blog": "sent"}
        made = box.journal.ledger.announcements["a1"]
        assert [each.part for each in box.outbox.delivery(made, second, "blog").placed] == [first.part]

    play(story())


def test_an_older_part_does_not_come_after_a_newer_one_whatever_was_ordered(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        outlets.goes = {"blog": "refused"}
        await box.announce()
        outlets.goes = {}
        await box.outbox.order("ada", "a1", "blog", "retry")
        await box.announce()
        await box.outbox.deliver("ada", "a1", 0)
        assert box.became(0) == {"blog": "skipped"}
        assert box.detail("blog") == "a newer part is there already"

    play(story())


def test_an_update_belongs_to_exactly_the_announcement_it_names(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        await box.announce("investigating")
        assert (await box.announce("update", update="a1")).part == 1
        with pytest.raises(AnnounceError, match="there is no announcement a7"):
            await box.announce("update", update="a7")
        await box.announce("resolved")
        with pytest.raises(AnnounceError, match="a1 is closed; without --update a new announcement begins"):
            await box.announce("update", update="a1")
        await box.announce("update")
        await box.outbox.retract("ada", "a2")
        with pytest.raises(AnnounceError, match="a2 is taken back"):
            await box.announce("update", update="a2")

    play(story())


def test_what_closes_goes_wherever_it_was_told(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "page", "blog", "forum", "wiki")
        outlets.goes = {"forum": "stored", "wiki": "refused"}
        await box.announce("update", "blog", "forum", "wiki")
        made = await box.outbox.make("ada", "resolved", "customers", ["page"])
        assert made.outlets == ("page", "blog", "forum")

    play(story())


def test_the_rhythm_is_the_configured_one(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", update_every=600.0)
        assert (await box.announce()).next_update == 1600.0

    play(story())


def test_the_accounts_most_people_like_are_named_first(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        box.journal.put("ada", Activated(channel="phone"), Activated(channel="mail"))
        made = await box.announce("backup-active")
        assert [name for name, _ in made.accounts] == ["Mail", "Phone"]
        assert outlets.public["blog a1.0"].index("- Mail") < outlets.public["blog a1.0"].index("- Phone")

    play(story())


def test_own_words_can_come_with_the_announcement(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        made = await box.outbox.make("ada", "update", "customers", words={"blog": ("Hello", "Only here.")})
        await box.outbox.deliver("ada", "a1", made.part)
        assert outlets.public == {"blog a1.0": "Hello\n\nOnly here.", "forum a1.0": "update\n\nWe tell you."}
        for words, why in (
            ({"nowhere": ("a", "b")}, "no outlet is called nowhere"),
            ({"forum": ("a", "b")}, "own words for forum, where it does not go"),
            ({"blog": ("a" * 201, "b")}, "own words are at most 200"),
        ):
            with pytest.raises(AnnounceError, match=why):
                await box.outbox.make("ada", "update", "customers", ["blog"], words=words)

    play(story())
