"""Whose a hop is, where a way ends, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.text import clean
from outagetui.facts.network_path import End, Hop, NetworkPath, Stopped, Zone, end_of, hop_lines, told, zones

OURS, PROVIDER, BETWEEN, THEIRS, MACHINE = Zone.OURS, Zone.PROVIDER, Zone.BETWEEN, Zone.THEIRS, Zone.MACHINE


def way(*hops: str, to: str = "203.0.113.9", source: str = "10.0.0.2", stopped: str = Stopped.SILENT) -> NetworkPath:
    """Return a way with these hops; `-` for one that did not answer."""
    found = tuple(Hop(number, hop, 1.5) for number, hop in enumerate(hops, 1) if hop != "-")
    return NetworkPath(host=to, address=to, source=source, hops=found, stopped=stopped)


@pytest.mark.parametrize(
    ("path", "whose"),
    [
        (way("127.0.0.1", to="127.0.0.1", source="127.0.0.1"), [MACHINE]),
        (way("10.0.0.1", "198.51.100.1", "203.0.113.9"), [OURS, PROVIDER, THEIRS]),
        (way("192.168.1.1", "10.9.9.9", "198.51.100.1", "203.0.113.1"), [OURS, OURS, PROVIDER, THEIRS]),
        (way("10.0.0.1", "100.64.0.1", "198.51.100.1"), [OURS, PROVIDER, PROVIDER]),
        (way("10.0.0.1", "100.64.0.1", "10.20.0.1", "198.51.100.1"), [OURS, PROVIDER, PROVIDER, PROVIDER]),
        (way("10.0.0.1", "198.51.100.1", "198.51.7.1", "192.0.2.1"), [OURS, PROVIDER, PROVIDER, BETWEEN]),
        (way("10.0.0.1", "198.51.100.1", "192.0.2.1", "10.1.1.1"), [OURS, PROVIDER, BETWEEN, BETWEEN]),
        (way("10.0.0.1", "10.8.0.9", to="10.8.0.9"), [OURS, OURS]),
        (way("198.51.100.1", "192.0.2.1", source="198.51.100.7"), [OURS, PROVIDER]),
        (way("192.0.2.1", "198.51.100.1", source="198.51.100.7"), [PROVIDER, BETWEEN]),
        (way("fe80::1%eth0", "2001:db8:1::1", to="2a00:1:2::9", source="fd00::2"), [OURS, PROVIDER]),
        (way("2001:db8:1::1", "2a00:1:2:3::1", to="2a00:1:2::9", source="2001:db8:1::7"), [OURS, THEIRS]),
        (way("not an address", "198.51.100.1"), [OURS, PROVIDER]),
        (way(), []),
    ],
)
def test_whose_a_hop_is_follows_from_addresses(path: NetworkPath, whose: list[Zone]) -> None:
    assert list(zones(path)) == whose


WELL = way("10.0.0.1", "198.51.100.1", "192.0.2.53", to="192.0.2.53", stopped=Stopped.REACHED)
CUT = way("10.0.0.1", to="192.0.2.53")
INSIDE = way("10.0.0.1", "10.0.7.9", to="10.0.7.9", stopped=Stopped.REACHED)
SELF = way("127.0.0.1", to="127.0.0.1", source="127.0.0.1", stopped=Stopped.REACHED)
NOTHING = way(to="192.0.2.53")


@pytest.mark.parametrize(
    ("path", "canary", "end", "words"),
    [
        (way("10.0.0.1", "203.0.113.9", stopped=Stopped.REACHED), None, End.REACHED, "look at the service itself"),
        (way("10.0.0.1"), None, End.OURS, "(our network)"),
        (way("10.0.0.1"), CUT, End.OURS, "Look at our own uplink first."),
        (way("10.0.0.1"), WELL, End.UNCLEAR, "through that same hop: our uplink works"),
        (way(), None, End.UNCLEAR, "not even the first router"),
        (way("10.0.0.1"), INSIDE, End.OURS, "says nothing of our uplink"),
        (way("10.0.0.1"), SELF, End.OURS, "says nothing of our uplink"),
        (way(), NOTHING, End.UNCLEAR, "Look at our own uplink first."),
        (way(), WELL, End.UNCLEAR, "is reached: our uplink works"),
        (way("10.0.0.1", "198.51.100.1"), WELL, End.PROVIDER, "(our provider)"),
        (way("10.0.0.1", "198.51.100.1", "192.0.2.1"), WELL, End.BETWEEN, "(between the providers)"),
        (way("10.0.0.1", "198.51.100.1", "203.0.113.1"), WELL, End.THEIRS, "(their network)"),
        (way("10.0.0.1", stopped=Stopped.REPEATS), None, End.OURS, "hands nothing on"),
        (way("10.0.0.1", stopped="of a newer version"), None, End.OURS, "of a newer version"),
        (NetworkPath(host="x.example", trouble="no such name"), WELL, End.UNCLEAR, "could be looked at: no such name."),
        (way("10.0.0.1"), NetworkPath(host="c", trouble="no such name"), End.OURS, "No way to c"),
    ],
)
def test_the_end_is_judged_beside_the_canary(
    path: NetworkPath, canary: NetworkPath | None, end: End, words: str
) -> None:
    assert end_of(path, canary) is end
    assert words in told(path, canary)


def test_hops_that_did_not_answer_are_shown_as_such() -> None:
    lines = list(hop_lines(way("10.0.0.1", "-", "-", "198.51.100.1")))
    assert lines == [
        "    1  10.0.0.1  1.5 ms  (our network)",
        "  2-3  *  no answer",
        "    4  198.51.100.1  1.5 ms  (our provider)",
        "   5+  *  nobody answers",
    ]


WORDS = st.one_of(st.text(max_size=30), st.ip_addresses().map(str), st.just("fe80::1%lo"))
HOPS = st.builds(Hop, st.integers(-(2**63), 2**63 - 1), WORDS, st.none() | st.floats(), WORDS)
PATHS = st.builds(
    NetworkPath,
    host=WORDS,
    address=WORDS,
    source=WORDS,
    hops=st.lists(HOPS, max_size=5).map(tuple),
    stopped=st.sampled_from([*Stopped, "later"]),
    trouble=WORDS,
)


@given(PATHS, st.none() | PATHS)
def test_whatever_a_journal_holds_is_told_in_one_clean_line_each(path: NetworkPath, canary: NetworkPath | None) -> None:
    assert isinstance(end_of(path, canary), End)
    assert len(zones(path)) == len(path.hops)
    for line in (told(path, canary), *hop_lines(path)):
        assert clean(line, len(line) + 1) == line.strip(" ")
