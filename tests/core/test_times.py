"""Lengths of time in words, and durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.times import about, about_in_full, parse_duration, show_duration, span, stamp_ms, zone_or_utc


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (0.5, "500 ms"),
        (30, "30 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (300, "5 min"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (5400, "1 h 30 min"),
        (90061, "1 d 1 h"),
        (97200, "1 d 3 h"),
    ],
)
def test_spans_read_in_their_two_largest_units(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_about_how_long_is_said_in_one_unit() -> None:
    assert [about(seconds) for seconds in (-1, 15.4, 170, 7200, 180000)] == ["0 s", "15 s", "3 min", "2 h", "2 d"]
    assert [about_in_full(86400 * 30), about_in_full(86400 * 1.5), about_in_full(600)] == [
        "30 days",
        "36 hours",
        "10 minutes",
    ]


def test_milliseconds_never_run_ahead_of_their_second() -> None:
    assert [stamp_ms(at) for at in (1.25, 1.9996)] == ["1970-01-01T00:00:01.250Z", "1970-01-01T00:00:02.000Z"]


def test_a_zone_that_this_machine_does_not_know_is_utc() -> None:
    assert [str(zone_or_utc(name)) for name in ("Europe/Berlin", "Mars/Olympus")] == ["Europe/Berlin", "UTC"]


def test_durations_are_read_in_every_unit() -> None:
    said = {"500ms": 0.5, "10s": 10, "2m": 120, "1h": 3600, "7d": 604800, "1.5s": 1.5, " 3 s ": 3}
    assert {text: parse_duration(text) for text in said} == said
    assert [parse_duration(text) for text in ("", "10", "s", "-1s", "1 week", "1e3s", "٣s", "1s2m")] == [None] * 8


@given(st.integers(0, 10**9))
def test_a_shown_duration_reads_back(milliseconds: int) -> None:
    shown = show_duration(milliseconds / 1000)
    seconds = parse_duration(shown)
    assert seconds is not None
    assert abs(seconds - milliseconds / 1000) <= 1e-6 * milliseconds
