"""What an operator's words do: try again, leave out, edit, update; and what is read back."""

import asyncio
from collections.abc import Coroutine

import pytest
from outagetui.announce.outbox import AnnounceError
from outagetui.core.model import State
from outagetui.facts.events import Activated, DeliveryIntended, Muted, StateChanged
from tests.kit.presses import TIMEOUT, Net, Press
from tests.kit.virtual_loop import run


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def play(story: Coroutine[object, object, None]) -> None:
    run(story)


def test_ten_outlets_of_which_some_hang_take_one_timeout(net: Net) -> None:
    async def story() -> None:
        names = [f"o{number}" for number in range(10)]
        press = Press(net, *names)
        net.goes = {"o3": "hangs", "o4": "hangs after", "o5": "busy"}
        await press.tell()
        assert asyncio.get_running_loop().time() == TIMEOUT
        states = press.became()
        assert {name: states.pop(name) for name in ("o3", "o4", "o5")} == {
            "o3": "unknown",
            "o4": "unknown",
            "o5": "failed",
        }
        assert set(states.values()) == {"sent"}

    play(story())


def test_given_up_in_the_middle_leaves_what_was_under_way_unknown(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "a", "b", "c")
        net.goes = {"a": "hangs", "b": "hangs after"}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await press.tell()
        assert press.became() == {"a": "unknown", "b": "unknown", "c": "sent"}

    play(story())


def test_an_outlet_that_is_down_is_left_out_until_somebody_tries_it_on_purpose(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        press.states["blog"] = State.DOWN
        press.pen.put("outagetui", StateChanged(id="blog", was="up", now="down", why="timeout"))
        await asyncio.sleep(60.0)
        await press.tell()
        assert press.became() == {"blog": "skipped", "forum": "sent"}
        assert press.detail("blog") == (
            "its checks say it is down since 00:16 UTC: not sent; outagetui delivery a1 blog retry"
        )
        assert net.requests == ["forum a1.0"]
        await press.order("blog", "retry")
        assert press.became() == {"blog": "sent", "forum": "sent"}

    play(story())


def test_what_is_muted_or_written_by_ourselves_is_not_left_out(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "page", "blog")
        press.states |= {"page": State.DOWN, "blog": State.DOWN}
        press.pen.put("ada", Muted(id="blog", until=2000.0, reason="its check is broken"))
        await press.tell()
        assert press.became() == {"page": "sent", "blog": "sent"}

    play(story())


@pytest.mark.parametrize(("how", "sent"), [("stored", 1), ("lost", 2)])
def test_what_is_unknown_is_looked_up_and_sent_again_only_when_it_is_surely_absent(
    net: Net, how: str, sent: int
) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes, net.reads = {"blog": how}, {"blog": "down"}
        await press.tell()
        assert press.became() == {"blog": "unknown"}
        net.goes = {}
        await press.order("blog", "retry")
        assert press.became() == {"blog": "unknown"}
        assert press.detail("blog").startswith("not sent again, since it may be there")
        assert len(net.requests) == 1
        net.reads = {}
        await press.order("blog", "retry")
        assert press.became() == {"blog": "sent"}
        assert len(net.requests) == sent

    play(story())


def test_what_is_unknown_is_looked_up_by_itself_and_then_read_back(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum", follows=True)
        net.goes = {"blog": "stored", "forum": "lost"}
        await press.tell()
        await asyncio.sleep(20.0)
        assert press.became() == {"blog": "seen", "forum": "unknown"}
        assert press.detail("forum").endswith("; looked up, and not found so far")
        assert net.requests == ["blog a1.0", "forum a1.0"]

    play(story())


def test_a_page_that_shows_it_is_seen_at_once_and_one_that_does_not_is_read_four_times(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum", follows=True)
        net.reads = {"forum": "blank"}
        await press.tell()
        await asyncio.sleep(4.0)
        assert press.became() == {"blog": "seen", "forum": "sent"}
        await press.outbox.deliver("ada", "a1", 0)  # which finds nothing to do
        await asyncio.sleep(100.0)
        assert press.became() == {"blog": "seen", "forum": "sent"}
        assert press.detail("forum") == "does not show it"
        assert net.read == [("blog", 0.0), ("forum", 0.0), ("forum", 2.0), ("forum", 5.0), ("forum", 15.0)]
        assert press.outbox.unsettled(0.0) == []
        again = press.reborn()
        again.courier.settle()
        await asyncio.sleep(100.0)
        assert len(net.read) == 5

    play(story())


def test_reading_back_goes_on_in_the_next_daemon(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", follows=True)
        net.reads = {"blog": "blank"}
        await press.tell()
        await asyncio.sleep(3.0)
        await press.courier.aclose()
        net.reads = {}
        again = press.reborn()
        again.courier.settle()
        await asyncio.sleep(1.0)
        assert again.became() == {"blog": "seen"}

    play(story())


def test_each_outlet_alone_can_be_tried_again_left_out_or_told_in_own_words(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum", "wiki")
        net.goes = dict.fromkeys(("blog", "forum", "wiki"), "refused")
        await press.tell()
        net.goes = {}
        await press.order("blog", "retry")
        await press.order("forum", "skip")
        await press.order("wiki", "edit", title="In short", body="Call us.\x1b[2J")
        assert press.became() == {"blog": "sent", "forum": "skipped", "wiki": "sent"}
        assert press.detail("forum") == "left out by ada"
        assert net.public["wiki a1.0"] == "In short\n\nCall us.\N{REPLACEMENT CHARACTER}[2J"
        assert press.pen.told(DeliveryIntended)[-1].text == net.public["wiki a1.0"]
        await press.outbox.deliver("outagetui", "a1", 0, again=True)  # as a run's step does when it is tried again
        assert press.became()["forum"] == "skipped"
        await press.order("forum", "retry")
        assert press.became()["forum"] == "sent"

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
    net: Net, how: str, do: str, words: str
) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes = {"blog": how}
        await press.tell()
        before = len(press.pen.entries)
        with pytest.raises(AnnounceError, match=words):
            await press.order("blog", do, title="x", body="" if how == "refused" else "y")
        assert len(press.pen.entries) == before

    play(story())


def test_a_word_on_what_is_not_there_is_refused(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        await press.tell("update", "blog")
        for announcement, outlet, part, words in (
            ("a2", "blog", None, "there is no announcement a2"),
            ("a1", "forum", None, "a1 does not go to forum"),
            ("a1", "blog", 7, "part 7 of a1 does not go to blog"),
        ):
            with pytest.raises(AnnounceError, match=words):
                await press.outbox.order("ada", announcement, outlet, "retry", part=part)
        net.goes = {"blog": "refused"}
        await press.tell("update", "blog")
        net.goes = {}
        await press.tell("update", "blog")
        with pytest.raises(AnnounceError, match="blog has part 2 already, which is newer"):
            await press.order("blog", "retry", part=1)

    play(story())


def test_while_an_outlet_is_being_told_there_is_no_second_try(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes = {"blog": "hangs"}
        telling = asyncio.create_task(press.tell())
        await asyncio.sleep(1.0)
        with pytest.raises(AnnounceError, match="blog is being told right now"):
            await press.order("blog", "retry")
        await telling
        assert len(net.requests) == 1

    play(story())


def test_an_operators_word_is_kept_when_the_daemon_dies_right_after_it(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        net.goes = {"blog": "refused", "forum": "refused"}
        await press.tell()
        net.goes = {}
        await press.outbox.order("ada", "a1", "blog", "retry")
        assert press.became() == {"blog": "planned", "forum": "failed"}
        again = press.reborn()
        again.courier.settle()
        await asyncio.sleep(1.0)
        assert again.became() == {"blog": "seen", "forum": "failed"}

    play(story())


def test_a_later_part_belongs_to_what_may_be_there_already(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes = {"blog": "stored"}
        first = await press.tell()
        await press.courier.aclose()
        net.goes = {}
        second = await press.tell()
        assert press.became(0) == {"blog": "sent"}
        made = press.pen.ledger.announcements["a1"]
        assert [each.part for each in press.outbox.delivery(made, second, "blog").placed] == [first.part]

    play(story())


def test_an_older_part_does_not_come_after_a_newer_one_whatever_was_ordered(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        net.goes = {"blog": "refused"}
        await press.tell()
        net.goes = {}
        await press.outbox.order("ada", "a1", "blog", "retry")
        await press.tell()
        await press.outbox.deliver("ada", "a1", 0)
        assert press.became(0) == {"blog": "skipped"}
        assert press.detail("blog") == "a newer part is there already"

    play(story())


def test_an_update_belongs_to_exactly_the_announcement_it_names(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        await press.tell("investigating")
        assert (await press.tell("update", update="a1")).part == 1
        with pytest.raises(AnnounceError, match="there is no announcement a7"):
            await press.tell("update", update="a7")
        await press.tell("resolved")
        with pytest.raises(AnnounceError, match="a1 is closed; without --update a new announcement begins"):
            await press.tell("update", update="a1")
        await press.tell("update")
        await press.outbox.retract("ada", "a2")
        with pytest.raises(AnnounceError, match="a2 is taken back"):
            await press.tell("update", update="a2")

    play(story())


def test_what_closes_goes_wherever_it_was_told(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "page", "blog", "forum", "wiki")
        net.goes = {"forum": "stored", "wiki": "refused"}
        await press.tell("update", "blog", "forum", "wiki")
        made = await press.outbox.make("ada", "resolved", "customers", ["page"])
        assert made.outlets == ("page", "blog", "forum")

    play(story())


def test_the_rhythm_is_the_configured_one(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", update_every=600.0)
        assert (await press.tell()).next_update == 1600.0

    play(story())


def test_the_accounts_most_people_like_are_named_first(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog")
        press.pen.put("ada", Activated(channel="phone"), Activated(channel="mail"))
        made = await press.tell("backup-active")
        assert [name for name, _ in made.accounts] == ["Mail", "Phone"]
        assert net.public["blog a1.0"].index("- Mail") < net.public["blog a1.0"].index("- Phone")

    play(story())


def test_own_words_can_come_with_the_announcement(net: Net) -> None:
    async def story() -> None:
        press = Press(net, "blog", "forum")
        made = await press.outbox.make("ada", "update", "customers", words={"blog": ("Hello", "Only here.")})
        await press.outbox.deliver("ada", "a1", made.part)
        assert net.public == {"blog a1.0": "Hello\n\nOnly here.", "forum a1.0": "update\n\nWe tell you."}
        for words, why in (
            ({"nowhere": ("a", "b")}, "no outlet is called nowhere"),
            ({"forum": ("a", "b")}, "own words for forum, where it does not go"),
            ({"blog": ("a" * 201, "b")}, "own words are at most 200"),
        ):
            with pytest.raises(AnnounceError, match=why):
                await press.outbox.make("ada", "update", "customers", ["blog"], words=words)

    play(story())
