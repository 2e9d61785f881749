"""The folded journal as bytes: what is folded on from them is what is folded from the beginning."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import BAD, GOOD, Entry, State
from outagetui.facts import events, folded
from outagetui.facts.events import Event, RunEnded, StateChanged
from outagetui.facts.ledger import Ledger
from tests.kit.any_journal import ANY_EVENT, PRIMARIES, any_journal


def fold(entries: list[Entry], ledger: Ledger | None = None) -> Ledger:
    ledger = ledger or Ledger(PRIMARIES)
    for entry in entries:
        ledger.apply(entry)
    return ledger


def packed(ledger: Ledger) -> bytes:
    document = folded.pack(ledger)
    assert document is not None
    return document


@given(any_journal(), st.integers(0, 60))
def test_folding_on_from_any_entry_is_folding_from_the_beginning(entries: list[Entry], seq: int) -> None:
    restored = folded.unpack(packed(fold(entries[:seq])), PRIMARIES)
    assert restored is not None
    whole, on = fold(entries), fold(entries[seq:], restored)
    assert on == whole
    for kind in ("runs", "announcements", "states", "mutes", "proofs"):
        assert list(getattr(on, kind)) == list(getattr(whole, kind))  # in the same order, too


@given(any_journal(), st.sets(st.sampled_from(["messenger", "mail", "webchat", "jabber"])))
def test_what_is_kept_beside_the_facts_follows_from_them(entries: list[Entry], others: set[str]) -> None:
    ledger = fold(entries)
    for primaries in (PRIMARIES, frozenset(others)):
        ledger.judge_by(primaries)
        states = {name: state for name, (state, _) in ledger.states.items() if name in primaries}
        assert ledger.unsettled == {name for name, state in states.items() if state not in GOOD}
        assert ledger.alerts.bad == {name for name, state in states.items() if state in BAD}
        assert ledger.still_open == {name for name, made in ledger.announcements.items() if made.open}
        assert ledger.running == {name for name, run in ledger.runs.items() if run.ended is None}


@pytest.mark.parametrize("at", [0, 1, 5, 40, -1])
def test_a_flipped_bit_makes_it_nothing(at: int) -> None:
    document = bytearray(packed(fold(sample())))
    for bit in range(8):
        document[at] ^= 1 << bit
        assert folded.unpack(bytes(document), PRIMARIES) is None
        document[at] ^= 1 << bit


@pytest.mark.parametrize("document", [None, 7, "text", b"", folded.VERSION, folded.VERSION + zlib.compress(b"\x93")])
def test_what_is_no_ledger_is_nothing(document: object) -> None:
    assert folded.unpack(document, PRIMARIES) is None


def test_another_folds_ledger_is_nothing() -> None:
    document = packed(fold(sample()))
    assert folded.unpack(b"\xff" + document[1:], PRIMARIES) is None
    assert folded.unpack(document[:-1], PRIMARIES) is None
    assert folded.unpack(document, PRIMARIES | {"more"}) is None


def test_what_would_fill_the_memory_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = fold(sample())
    document = packed(ledger)
    monkeypatch.setattr(folded, "MOST_BYTES", 100)
    assert folded.unpack(document, PRIMARIES) is None
    assert folded.pack(ledger) is None


class Unsearched(dict[str, Any]):
    """A table that must not be walked through."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("walked through")

    items = values = keys = __iter__  # type: ignore[assignment]


def test_no_entry_makes_anybody_walk_through_all_there_is() -> None:
    ledger = fold(sample())
    ledger.states, ledger.alerts.turns = Unsearched(ledger.states), Unsearched(ledger.alerts.turns)
    ledger.runs, ledger.announcements = Unsearched(ledger.runs), Unsearched(ledger.announcements)
    more: list[Event] = [StateChanged(id=name, was="up", now=now, why="") for name in PRIMARIES for now in State]
    for number, event in enumerate([*more, *(event for _, event in told()), *more, RunEnded(run="r1", state="done")]):
        ledger.apply(Entry(1000 + number, 2e6, "eve", events.kind_of(event), events.encode(event), "", ""))
    assert ledger.incident is not None


def told() -> list[tuple[str, Event]]:
    """Something of every kind that the strategies know, always the same."""
    plain = {
        "state": '{"id":"mail","now":"down","was":"up","why":"w"}',
        "activate": '{"channel":"webchat","balance":2.5}',
        "run.start": '{"run":"r1","playbook":"p","name":"P","digest":"d","steps":[{"id":"s1","do":"manual"}]}',
        "step.ask": '{"run":"r1","step":"s1","attempt":1,"why":"manual","question":"?","answers":["yes"]}',
        "step.answer": '{"run":"r1","step":"s1","attempt":1,"answer":"words","note":"n"}',
        "step.intent": '{"run":"r1","step":"s1","attempt":1,"what":"w"}',
        "step.outcome": '{"run":"r1","step":"s1","attempt":1,"outcome":"done","detail":"d"}',
        "announce": (
            '{"announcement":"a1","part":1,"kind":"update","audience":"customers","texts":{"en":["T","B"]},'
            '"since":1.0,"next_update":null,"accounts":[["Chat","x"]],"outlets":["page"],"channels":["webchat"]}'
        ),
        "announce.edit": '{"announcement":"a1","part":1,"outlet":"page","title":"t","body":"b"}',
        "announce.intent": '{"announcement":"a1","part":1,"outlet":"page","key":"k"}',
        "announce.outcome": '{"announcement":"a1","part":1,"outlet":"page","state":"sent","until":9.0}',
        "told": '{"channel":"webchat","audience":"customers"}',
        "ack": '{"incident":"i1"}',
        "mute": '{"id":"mail","until":2000000.0,"reason":"r"}',
        "proof": '{"channel":"webchat","outcome":"failed","detail":"d","checks":{}}',
        "trace": '{"channel":"mail","path":{"host":"h","hops":[{"distance":1,"address":"192.0.2.1"}]},"canary":null}',
        "blind": '{"blind":true,"why":"w"}',
        "alert.intent": '{"incident":"i1","link":"sms","what":"opened","title":"t","channels":["mail"]}',
        "alert.outcome": '{"incident":"i1","link":"sms","what":"opened","outcome":"sent"}',
        "heartbeat": '{"heard":false,"why":"w"}',
        "drill": '{"scenario":"s","books":[],"score":80}',
    }
    found = [(kind, events.decode(kind, document)) for kind, document in plain.items()]
    assert all(event is not None for _, event in found)
    return [(kind, event) for kind, event in found if event is not None]


def sample() -> list[Entry]:
    return [Entry(n, 1e6 + n, "alice", kind, events.encode(event), "", "") for n, (kind, event) in enumerate(told(), 1)]


def test_a_fold_that_changed_has_another_version() -> None:
    """Where this fails, old snapshots would be misread: raise `folded.VERSION`, then note the new digest."""
    ledger = fold(sample(), Ledger(frozenset({"mail"})))  # no set of more than one, whose order varies
    digest = hashlib.sha256(msgspec.msgpack.encode(ledger)).hexdigest()
    assert (folded.VERSION, digest[:16]) == (b"\x01", "e3c281626fb3ae1d")


@given(ANY_EVENT)
def test_the_sample_leaves_no_kind_out(event: Event) -> None:
    left_out = {"announce.retract", "announce.retry", "deactivate", "run.take", "run.end"}
    assert events.kind_of(event) in {kind for kind, _ in told()} | left_out
