"""What a row of the table `samples` says; pure. A row has the columns `schema.SAMPLES`, words by their numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from outagetui.core.model import Observation, Sample
from outagetui.core.times import LATEST
from outagetui.store.schema import OUTCOMES, PHASES


def timed(row: Sequence[object]) -> bool:
    """Whether time and series of a row are numbers, as all are that are not damaged."""
    at, series = row[:2]
    return isinstance(at, int) and isinstance(series, int) and 0 <= at / 1000 <= LATEST


def words_in(row: Sequence[Any]) -> tuple[int, ...]:
    """Return the numbers of the words that a row says beside its series: code, detail, and the names of its phases."""
    return row[4], row[5], row[7]


def observation_of(row: Sequence[Any], words: Mapping[int, str]) -> Observation | None:
    """Return what a row says, and of which check from where; None for a damaged one."""
    sample = sample_of(row, words) if timed(row) and row[1] in words else None
    if sample is None:
        return None
    check, _, vantage = words[row[1]].rpartition("@")
    return Observation(check, vantage, row[0] / 1000, sample)


def sample_of(row: Sequence[Any], words: Mapping[int, str]) -> Sample | None:
    """Return what a row says; None for a damaged one."""
    _, _, outcome, latency, code, detail, value, shape, *spans = row
    try:
        names = words.get(shape, "").split()
        return Sample(
            outcome=OUTCOMES[outcome],
            code=words.get(code, ""),
            detail=words.get(detail, ""),
            latency_ms=None if latency is None else latency / 1000,
            phases={name: span / 1000 for name, span in zip(names, spans[:PHASES], strict=False) if span is not None},
            value=None if value is None else float(value),
        )
    except (TypeError, ValueError, LookupError):
        return None
