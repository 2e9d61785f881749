"""Bytes from the terminal: keys come through, and nothing made up gives an order or ends the screens."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.tui.keyboard import ABANDONED, QUIET, Keyboard
from textual import events
from textual.message import Message

ORDERS = b"yYsSaAxXrRmn1\r"


def said(*parts: bytes, wait: float = 1.0) -> list[Message]:
    """Feed the parts, a moment between two, and wait at the end."""
    keyboard, now = Keyboard(), 100.0
    got: list[Message] = []
    for part in parts:
        got += keyboard.feed(part, now)
        now += 0.01
        got += keyboard.tick(now)
    got += keyboard.tick(now + wait)
    return got


def keys(messages: list[Message]) -> list[str]:
    return [each.key for each in messages if isinstance(each, events.Key)]


def pastes(messages: list[Message]) -> list[str]:
    return [each.text for each in messages if isinstance(each, events.Paste)]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (b"y", ["y"]),
        ("ü".encode(), ["ü"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1b[5~", ["pageup"]),
        (b"\r", ["enter"]),
        (b"\x1b[121u", ["y"]),
    ],
)
def test_what_is_typed_comes_through(typed: bytes, wanted: list[str]) -> None:
    assert keys(said(typed)) == wanted
    assert keys(said(*(typed[n : n + 1] for n in range(len(typed))))) == wanted


@pytest.mark.parametrize(
    "made_up",
    [
        b"\x1b[1114112u", b"\x1b[999999999999u", b"\x1b[1;1;1114112u", b"\x1b[55296u", b"\x1b[:::u",
        b"\xff", b"\xc3", b"\xf5\x80\x80\x80", b"\xed\xa0\x80", b"\x1b[48;1;1;1;99999999999999999999t", b"\x80" * 500,
    ],
)  # fmt: skip
def test_what_nobody_types_gives_no_order_and_keys_go_on(made_up: bytes) -> None:
    got = keys(said(made_up, b"j"))
    assert not set(got[:-1]) & {chr(each) for each in ORDERS}
    assert got[-1] == "j"


@pytest.mark.parametrize(
    "inside",
    [
        b"y",
        b"\x1b",
        b"\x1by\x1b[A",
        b"\x1b[201~yyyS1",
        b"\x1b[201~\x1b[200~y",
        b"a\x1b[201~y\r\x1b[201~s",
        b"\x1b[I\x1b[O",
    ],
)
@pytest.mark.parametrize("torn", [0, 1, 7])
def test_a_paste_is_a_paste_to_its_last_byte(inside: bytes, torn: int) -> None:
    whole = b"\x1b[200~" + inside + b"\x1b[201~"
    parts = [whole[n : n + torn] for n in range(0, len(whole), torn)] if torn else [whole]
    got = said(*parts)
    assert keys(got) == []
    (pasted,) = pastes(got)
    assert "\x1b" not in pasted


def test_a_key_after_a_paste_is_a_key() -> None:
    keyboard = Keyboard()
    got = [*keyboard.feed(b"\x1b[200~words\x1b[201~", 1.0), *keyboard.tick(1.0 + QUIET * 2), *keyboard.feed(b"y", 1.2)]
    assert (pastes(got), keys(got)) == (["words"], ["y"])


def test_a_paste_that_never_ends_does_not_take_the_keyboard() -> None:
    keyboard = Keyboard()
    got = [*keyboard.feed(b"\x1b[200~words", 1.0), *keyboard.tick(1.0 + ABANDONED), *keyboard.feed(b"y", 9.0)]
    assert (pastes(got), keys(got)) == (["words"], ["y"])


def test_a_huge_paste_is_cut() -> None:
    (pasted,) = pastes(said(b"\x1b[200~" + b"y" * 3_000_000, b"\x1b[201~", wait=5.0))
    assert len(pasted) <= 100_000


@given(st.lists(st.binary(max_size=40), max_size=8), st.randoms(use_true_random=False))
def test_no_bytes_end_it(parts: list[bytes], chance: random.Random) -> None:
    keyboard, now = Keyboard(), 0.0
    for part in parts:
        list(keyboard.feed(part, now))
        now += chance.choice((0.0, 0.01, 0.2, 3.0))
        list(keyboard.tick(now))
    list(keyboard.tick(now + 10.0))
    list(keyboard.tick(now + 20.0))
    last = [*keyboard.feed(b"\x1b[200~words\x1b[201~", now + 30), *keyboard.tick(now + 31)]
    assert pastes(last) == ["words"]
