"""Answers of servers, broken in every way that chance finds, and what may not stand in words for people."""

import random
import re

from outagetui.core.model import Outcome, Sample
from outagetui.core.text import clean

NASTY = (
    *(b"", b"\0", b"\xff\xfe", b"\r\n", b"\n", b" ", b"=", b":", b"[", b"]", b"[::1", b"http://[::1", b"%", b"%zz"),
    *(
        b"-1",
        b"0",
        b"99999999999999999999999",
        b"1e999",
        b"nan",
        b"9" * 5000,
        b"\xd9\xa3",
        b"\xc2\xb2",
        b"\xe2\x91\xa0",
    ),
    *(b"null", b"true", b"{}", b"[]", b'""', b"<", b"&", b"<a/>", b"]]>", b"<!--", b"\x1b[2J", "\u202e".encode()),
    *(b"charset=punycode", b"x" * 3000, b"(" * 2000, b"[" * 2000, b'{"a":' * 500, b"@", b"a@b@c", b"xn--", b"xn--a-"),
    *(b"\xed\xa0\x80", b"\\ud800", b"=?utf-8?b?////?=", b"..", b"." * 300, b"Mon, 99 Foo 9999 99:99:99 +9999"),
)
WORD = re.compile(rb"[A-Za-z0-9.:/+-]+")


def broken(answers: list[bytes], chance: random.Random) -> list[bytes]:
    """Return `answers` with one to four faults."""
    made = list(answers)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made))
        made[at] = one_fault(made[at], chance)
        if chance.random() < 0.1:
            made.insert(at, made[chance.randrange(len(made))])
        if chance.random() < 0.05 and len(made) > 1:
            del made[at]
    return made


def one_fault(data: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(6)
    if not data or kind == 0:
        return data + chance.choice(NASTY)
    at, to = sorted((chance.randrange(len(data)), chance.randrange(len(data) + 1)))
    if kind == 1:
        return data[:at] + data[to:]
    if kind == 2:
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if kind == 3:
        return data[:to] + data[at:to] + data[to:]
    words = [found.span() for found in WORD.finditer(data)]
    start, end = chance.choice(words) if words else (at, to)
    return data[:start] + chance.choice(NASTY) + data[end:]


PYTHON = re.compile(
    r"\bb'|\bbytearray\(|<object|object at 0x|\bNone\b|Errno|\b[A-Z]\w+(?:Error|Exception)\b|^\(|\('|',\)|Traceback"
    r"|\bdict\(|<class|<function|\\x[0-9a-f]{2}|\bTrue\b|\bFalse\b"
)


def assert_fit_for_people(sample: Sample, seed: object) -> None:
    """No fault of ours, no word of Python, no secret; a code wherever it is no plain pass."""
    assert sample.code != "internal", (seed, sample)
    assert sample.detail == clean(sample.detail), (seed, sample)
    said = re.sub(r"'[^']*'|\"[^\"]*\"", "", sample.detail)  # what they said may hold any word
    assert not PYTHON.search(said), (seed, sample)
    assert re.fullmatch(r"[a-z0-9.-]*", sample.code), (seed, sample)
    assert "geheim" not in sample.detail, (seed, sample)
    if sample.outcome is not Outcome.PASS:
        assert sample.code, (seed, sample)
