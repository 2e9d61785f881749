"""The pictures of a history: every sample has its column, every failure is seen, and only changed lines are sent."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Observation, Outcome, Sample
from outagetui.tui import look_back
from outagetui.tui.board_feed import Source
from outagetui.tui.glyphs import ascii_text
from outagetui.tui.look_back import LookBack
from outagetui.tui.theme import PLAIN
from outagetui.tui.time_words import age
from outagetui.tui.widgets.checks import FILLS, Bin, binned, drawn, nice_top, shares
from outagetui.tui.widgets.scrolling import Listing, Page
from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Region

OUTCOMES = st.sampled_from(list(Outcome))
LATENCIES = st.none() | st.floats(min_value=0, max_value=1e6)


def seen(at: float, outcome: Outcome = Outcome.PASS, latency: float | None = 10.0, vantage: str = "a") -> Observation:
    return Observation("c.web", vantage, at, Sample(outcome, latency_ms=latency))


HISTORY = st.lists(st.builds(seen, st.floats(min_value=0, max_value=100), OUTCOMES, LATENCIES), max_size=60)


@given(HISTORY, st.integers(min_value=1, max_value=80))
def test_every_sample_is_counted_in_one_column(history: list[Observation], width: int) -> None:
    bins = binned(history, 0, 100, width)
    assert len(bins) == width
    assert sum(each.passed + each.warned + each.failed + each.unknown for each in bins) == len(history)
    assert sum(each.failed for each in bins) == sum(each.sample.outcome is Outcome.FAIL for each in history)


@given(HISTORY, st.integers(min_value=1, max_value=80), st.integers(min_value=1, max_value=9))
def test_a_graph_is_as_large_as_asked_and_shows_every_failure(
    history: list[Observation], width: int, height: int
) -> None:
    bins = binned(history, 0, 100, width)
    graph = drawn(bins, height)
    assert [len(row) for row in graph.rows] == [width] * height
    assert len(graph.lane) == width
    for each, (char, kind) in zip(bins, graph.lane, strict=True):
        assert (kind == "fail") == bool(each.failed)
        assert (char == " ") == (not (each.passed or each.warned or each.failed or each.unknown))
    # A column is filled from below without a hole.
    for column in range(width):
        cells = [row[column][0] for row in graph.rows]
        assert cells == sorted(cells)


def test_bars_are_in_proportion_and_failures_in_the_lane() -> None:
    bins = [
        Bin(100.0, passed=1),
        Bin(50.0, passed=1),
        Bin(None, failed=2),
        Bin(25.0, passed=1, failed=1),
        Bin(unknown=1),
    ]
    graph = drawn(bins, 2)
    assert graph.top == 100
    assert ["".join(char for char, _ in row) for row in graph.rows] == ["█    ", "██ ▄ "]
    assert "".join(char for char, _ in graph.lane) == "··█▄?"


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (1.2, 2), (43, 50), (51, 100), (980, 1000), (1001, 2000)])
def test_the_scale_stands_on_round_numbers(highest: float, top: float) -> None:
    assert nice_top(highest) == top


class Numbered:
    """Samples as they were written, and how many were gone through for each answer."""

    def __init__(self, samples: list[Observation]) -> None:
        self.samples = samples
        self.read: list[int] = []

    def span(self, since: float) -> tuple[int, int]:
        first = next((number for number, each in enumerate(self.samples) if each.at >= since), len(self.samples))
        return first, len(self.samples)

    def history(self, check: str, first: int, after: int) -> tuple[Observation, ...]:
        self.read.append(after - first)
        return tuple(each for each in self.samples[first:after] if each.check == check)


def looking_back(source: Numbered) -> LookBack:
    return LookBack(cast("Source", source), "c.web")


def test_late_samples_find_their_place_and_none_is_doubled() -> None:
    source = Numbered([seen(1), seen(5), seen(9)])
    past = looking_back(source)
    assert not past.take(10, 9)
    source.samples += [seen(7), seen(5, vantage="b"), seen(11)]
    assert not past.take(11, 9)
    assert [each.at for each in past.since(4)] == [5, 5, 7, 9, 11]
    assert [each.at for each in past.since(6)] == [7, 9, 11]


def test_a_history_is_read_once_in_slices_and_then_only_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_back, "SLICE", 100)
    source = Numbered([seen(float(at)) for at in range(1000)])
    past = looking_back(source)
    assert [past.take(1000, 250) for _ in range(3)] == [True, True, False]
    assert source.read == [100, 100, 50]
    assert len(past.since(750)) == 250
    source.samples += [seen(1000), seen(1001)]
    assert not past.take(1001, 100)
    assert source.read[3:] == [2], "only what is new"
    assert past.take(1001, 500)
    assert source.read[4:] == [100], "a longer time goes on where the shorter one ended"


def test_numbers_that_are_given_anew_begin_a_history_anew() -> None:
    source = Numbered([seen(1), seen(2), seen(3)])
    past = looking_back(source)
    past.take(3, 9)
    source.samples = [seen(4)]
    past.take(4, 9)
    assert [each.at for each in past.samples] == [4]


@given(st.dictionaries(st.text(max_size=8), st.floats(min_value=0, max_value=1e5), max_size=8), st.integers(0, 100))
def test_phases_fill_the_bar_exactly_or_not_at_all(phases: dict[str, float], width: int) -> None:
    cells = shares(phases, width)
    assert sum(cells) in (0, width)
    assert len(cells) == len(phases)


def test_phases_are_in_proportion() -> None:
    assert shares({"resolve": 1, "connect": 9, "tls": 30}, 43) == [2, 10, 31]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0s"), (59, "59s"), (125, "2m 05s"), (12000, "3h 20m"), (187200, "2d 4h"), (-1, "0s")]
)
def test_ages_count_the_seconds_of_the_first_hour(seconds: float, words: str) -> None:
    assert age(seconds) == words


class Lines(App[None]):
    look = PLAIN

    def __init__(self, kind: type[Page]) -> None:
        super().__init__()
        self.texts = [f"line {n}" for n in range(30)]
        self.page = kind(lambda width: [Text(text) for text in self.texts])
        self.refreshed: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.page


async def test_a_page_refreshes_only_the_lines_that_changed() -> None:
    app = Lines(Page)
    async with app.run_test(size=(40, 10)) as pilot:
        refresh = app.page.refresh

        def noted(*regions: Region, **more: Any) -> Any:
            app.refreshed.extend(regions)
            return refresh(*regions, **more)

        app.page.refresh = noted  # type: ignore[method-assign]
        app.page.redraw()
        assert app.refreshed == []
        app.texts[2] = "other"
        app.texts[3] = "words"
        app.texts[7] = "here"
        app.page.redraw()
        assert [(region.y, region.height) for region in app.refreshed] == [(2, 1), (3, 1), (7, 1)]
        await pilot.pause()


async def test_a_cursor_stays_in_sight_and_on_a_line() -> None:
    app = Lines(Listing)
    async with app.run_test(size=(40, 10)) as pilot:
        listing = app.page
        assert isinstance(listing, Listing)
        listing.focus()
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert listing.cursor == 29
        assert listing.scroll_offset.y >= 20
        app.texts = app.texts[:5]
        listing.redraw()
        await pilot.pause()
        assert listing.cursor == 4
        await pilot.press("home", "up")
        assert listing.cursor == 0


def test_phases_differ_on_a_terminal_without_unicode_too() -> None:
    assert len({ascii_text(fill) for fill in FILLS}) == len(FILLS)
