"""A channel's whole story: what is known, what was seen, and the orders its keys give."""

import msgspec
import pytest
from outagetui.core.model import Observation, Outcome, Sample
from outagetui.facts.ledger import Mute, Traced
from outagetui.facts.network_path import Hop, NetworkPath, Stopped
from outagetui.tui import look_back
from outagetui.tui.screens.ask import Confirm, MuteForm
from outagetui.tui.screens.channel import ChannelScreen
from tests.kit.waiting import until
from tests.tui import fakes
from tests.tui import run_fakes as rf
from tests.tui.fakes import NOW, FakeOrders, replace_channel, text_of
from tests.tui.golden import assert_golden
from tests.tui.run_fakes import screens, show, toasts


async def test_the_story_fits_a_small_terminal() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        assert_golden("channel", text_of(app))
        await pilot.press("end")
        await pilot.pause()
        assert_golden("channel-end", text_of(app))


async def test_a_wide_terminal_shows_everything_at_once() -> None:
    async with screens(rf.source(), size=(140, 45)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        assert_golden("channel-wide", text_of(app))


async def test_an_outlet_has_a_story_too() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("blog")
        await pilot.pause()
        assert_golden("outlet", text_of(app))


async def test_left_and_right_choose_the_check() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await pilot.press("right")
        await pilot.pause()
        assert "All systems operational" in text_of(app)
        await pilot.press("right")
        await pilot.pause()
        assert "All systems operational" not in text_of(app)


@pytest.mark.parametrize(
    ("keys", "start"), [(("left_square_bracket",), "14:17"), (("right_square_bracket",), "14:32")]
)  # fmt: skip
async def test_brackets_change_how_far_back_it_looks(keys: tuple[str, ...], start: str) -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await pilot.press(*keys, *keys, *keys)
        await pilot.pause()
        axis = [line for line in text_of(app).splitlines() if line.strip().endswith("14:32") and len(line.split()) == 3]
        assert axis
        assert axis[0].split()[0] == start


async def test_new_samples_join_those_that_are_there() -> None:
    source = rf.source()
    async with screens(source, size=(100, 50)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        fresh = Observation("messenger.web", "vps-1", NOW - 1, Sample(Outcome.FAIL, code="tcp.refused"))
        source.samples = (*source.samples, fresh)
        await show(app, pilot, source.current)
        assert "tcp.refused" in text_of(app)
        assert text_of(app).count("14:31:57") == 1


async def test_recheck_is_ordered_once() -> None:
    orders = FakeOrders()
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await pilot.press("R")
        assert orders.sent == [("recheck", {"id": "messenger"})]


@pytest.mark.parametrize(
    ("id", "sent"), [("messenger", [("trace", {"target": "messenger"})]), ("blog", [])], ids=["checks", "no checks"]
)
async def test_the_way_there_is_looked_at_on_order(id: str, sent: list[object]) -> None:
    orders = FakeOrders()
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_channel(id)
        await pilot.pause()
        await pilot.press("P")
        await pilot.pause()
        assert orders.sent == sent
        assert ("Looking at the way there" in toasts(app)) == bool(sent)


async def test_the_way_stands_on_the_screen_once_it_is_known() -> None:
    source = rf.source()
    hops = (Hop(1, "10.0.0.1", 0.4), Hop(3, "198.51.100.1", 8.1, "\x1b[2Jbox"))
    path = NetworkPath(host="chat.example", address="203.0.113.9", hops=hops, stopped=Stopped.SILENT)
    canary = NetworkPath(host="192.0.2.53", hops=(Hop(1, "192.0.2.53", 9.0),), stopped=Stopped.REACHED)
    async with screens(source, size=(100, 60)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        assert "The way there" not in text_of(app)
        traced = Traced(NOW - 60, path, canary)
        await show(app, pilot, replace_channel(source.current, "messenger", traced=traced))
        text = text_of(app)
        assert "The way to chat.example (203.0.113.9) ends at hop 3" in text
        assert "    2  *  no answer" in text
        assert "canary 192.0.2.53" in text
        assert "\x1b" not in text


async def test_mute_asks_how_long_and_why() -> None:
    orders = FakeOrders()
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_channel("blog")
        await pilot.pause()
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(app.screen, MuteForm)
        await pilot.press("enter", *"moving", "enter")
        await pilot.pause()
        assert orders.sent == [("mute", {"id": "blog", "seconds": 3600.0, "reason": "moving"})]


@pytest.mark.parametrize(("id", "order"), [("webchat", "activate"), ("jabber", "deactivate")])
async def test_a_backup_is_activated_or_put_back_after_one_question(id: str, order: str) -> None:
    orders = FakeOrders()
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_channel(id)
        await pilot.pause()
        await pilot.press("A")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await pilot.press("y")
        await pilot.pause()
        assert orders.sent == [(order, {"channels": [id]})]


async def test_a_backup_that_is_not_up_is_activated_with_a_warning() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("telegram")
        await pilot.pause()
        await pilot.press("A")
        await pilot.pause()
        assert "It is UNKNOWN now: no route from vps-1" in text_of(app)


async def test_a_primary_cannot_be_activated() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await pilot.press("A")
        await pilot.pause()
        assert not isinstance(app.screen, Confirm)


async def test_a_viewer_orders_nothing() -> None:
    orders = FakeOrders(role="viewer")
    async with screens(rf.source(), orders) as (app, pilot):
        app.open_channel("webchat")
        await pilot.pause()
        await pilot.press("R", "m", "A", "P")
        await pilot.pause()
        assert orders.sent == []
        assert "viewer" in toasts(app)


async def test_a_channel_that_is_gone_says_so() -> None:
    async with screens(rf.source()) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        await show(app, pilot, rf.board(channels=()))
        assert "There is no channel or outlet messenger any more." in text_of(app)
        await pilot.press("R", "m", "A", "left", "right", "left_square_bracket")
        await pilot.pause()


async def test_a_dead_daemon_and_a_blind_vantage_are_told_here_too() -> None:
    board = rf.board(daemon=None, blind="all canaries fail", drill="messenger-2011")
    source = rf.source()
    source.current = board
    async with screens(source) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        text = text_of(app)
        assert "STALE" in text
        assert "BLIND" in text
        assert "DRILL" in text


async def test_hostile_text_in_any_field_of_a_channel_stays_text() -> None:
    evil = rf.HOSTILE
    check = msgspec.structs.replace(
        rf.checks()[0], id=evil, probe=evil, target=evil, why=evil,
        sample=Sample(Outcome.FAIL, code=evil, detail=evil, phases={evil: 3.0, "x": 1.0}),
        vantages=((evil, "up"), ("b", evil)),
    )  # fmt: skip
    board = replace_channel(
        rf.board(), "messenger", name=evil, why=evil, address=evil, credentials=evil, instructions=evil, cost=evil,
        local=evil, standing=evil, readiness=evil, depends_on=(evil,), carries=(evil,), checks=(check,),
        muted=Mute(until=NOW, reason=evil, actor=evil),
    )  # fmt: skip
    source = fakes.FakeSource(board)
    source.samples = (
        Observation(evil, evil, NOW - 5, Sample(Outcome.FAIL, code=evil, detail=evil)),
        Observation(evil, "b", NOW - 4, Sample(Outcome.FAIL, code=evil, detail=evil)),
    )
    async with screens(source, size=(80, 90)) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        text = text_of(app)
        assert not [bad for bad in rf.DANGEROUS if bad in text]
        assert "[b]x[/b]" in text


async def test_a_long_history_is_read_in_slices_until_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "SLICE", 25)
    source = rf.source()
    async with screens(source) as (app, pilot):
        app.open_channel("messenger")
        await until(lambda: isinstance(app.screen, ChannelScreen) and len(app.screen._seen) == len(source.samples))
        await pilot.pause()


async def test_a_history_that_cannot_be_read_leaves_the_rest() -> None:
    source = rf.source()

    def broken(check: str, first: int, after: int) -> tuple[Observation, ...]:
        raise OSError("disk on fire")

    source.history = broken  # type: ignore[method-assign]
    async with screens(source) as (app, pilot):
        app.open_channel("messenger")
        await pilot.pause()
        assert "503 Service Unavailable · 6 of 20" in text_of(app)
        await pilot.press("end")
        await pilot.pause()
        assert "No samples in this time." in text_of(app)
        assert any(note.message.startswith("this cannot be read") for note in app._notifications)
