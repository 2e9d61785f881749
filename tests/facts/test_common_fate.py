"""Which pairs share a fate, among few and among thousands: found by what they hang on, never by comparing all pairs."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import AUDIENCES, Audience, Channel
from outagetui.facts.common_fate import MOST_BACKUPS, Trait, common

Traits = Mapping[str, set[Trait]]


class Asked(dict[str, set[Trait]]):
    """The traits of channels, which counts who asks for them."""

    def __init__(self, traits: Traits) -> None:
        super().__init__(traits)
        self.asked = 0

    def get(self, name: str, default: object = None) -> set[Trait]:
        self.asked += 1
        return super().get(name, set())


def channel(number: int, *, backup: bool, audience: Audience = "customers", backs_up: Sequence[int] = ()) -> Channel:
    return Channel(
        id=f"c{number}",
        name="C",
        audience=audience,
        role="backup" if backup else "primary",
        backs_up=tuple(f"c{each}" for each in backs_up),
    )


def in_pairs(count: int) -> tuple[list[Channel], Traits]:
    """Return channels of which every second backs up the one before it, on the same host; each pair has its own."""
    channels = [channel(n, backup=n % 2 == 1, backs_up=[n - 1] if n % 2 else []) for n in range(count)]
    return channels, {f"c{n}": {Trait("host", f"host {n // 2}"), Trait("network", f"net {n}")} for n in range(count)}


def asked(count: int) -> int:
    channels, traits = in_pairs(count)
    counting = Asked(traits)
    assert len(common(channels, counting)) == count // 2
    return counting.asked


def test_twice_as_many_channels_are_asked_twice_as_often() -> None:
    assert asked(400) == 2 * asked(200)


@pytest.mark.parametrize("count", [60, 2000])
def test_thousands_on_one_host_are_one_fault_and_not_millions(count: int) -> None:
    channels = [channel(n, backup=True) for n in range(count)]
    counting = Asked({each.id: {Trait("host", "one")} for each in channels})
    told = common(channels, counting)
    assert len(told) == MOST_BACKUPS
    assert counting.asked <= count + 2 * MOST_BACKUPS
    assert max(Counter(fate.one for fate in told).values()) < count


SOME = st.lists(
    st.tuples(st.booleans(), st.sampled_from(AUDIENCES), st.sets(st.integers(0, 3)), st.sets(st.integers(0, 7))),
    max_size=8,
)


@given(SOME)
def test_they_are_those_that_comparing_all_pairs_would_find(
    drawn: list[tuple[bool, Audience, set[int], set[int]]],
) -> None:
    channels = [
        channel(n, backup=backup, audience=audience, backs_up=sorted(backed - {n}) if backup else ())
        for n, (backup, audience, _, backed) in enumerate(drawn)
    ]
    traits = {f"c{n}": {Trait("host", str(each)) for each in hosts} for n, (_, _, hosts, _) in enumerate(drawn)}
    wanted = [
        (one.id, other.id)
        for place, one in enumerate(channels)
        for other in channels[place + 1 :]
        if traits[one.id] & traits[other.id]
        and (
            (one.is_backup and other.is_backup and one.audience == other.audience)
            or one.id in other.backs_up
            or other.id in one.backs_up
        )
    ]
    assert [(fate.one, fate.other) for fate in common(channels, traits)] == wanted
