"""Why a check is as it is: the cause in plain words, how many tries fail, and statistics apart from both."""

import pytest
from outagetui.core.model import Outcome, Sample, State
from outagetui.facts.cause import answer, brief, cause_of
from outagetui.facts.verdict import Track
from tests.kit.sample_business import track

REFUSED = Sample(Outcome.FAIL, "http.503", "503 Service Unavailable")


def test_what_is_down_says_its_cause_its_count_and_its_odds_each_in_its_own_place() -> None:
    told = track("." + "x" * 20, 1000.0)
    cause = cause_of(told, State.DOWN, REFUSED)
    assert cause.cause == "503 Service Unavailable: overloaded or being repaired"
    assert cause.count == "20 of 20"
    assert cause.odds.startswith("likely 88-100 %; evidence ")
    assert cause.odds.endswith(", 8 is enough")
    assert cause.first == 1001.0


def test_the_count_is_of_the_tries_since_the_trouble_began() -> None:
    assert cause_of(track(".x..x..x..xx", 0.0), State.PARTIAL, REFUSED).count == "5 of 11"


def test_what_recovers_says_how_far() -> None:
    assert "; recovering " in cause_of(track("xxxxx..", 0.0), State.DOWN, REFUSED).odds


@pytest.mark.parametrize("state", [State.UP, State.BLIND])
def test_what_is_well_counts_nothing(state: State) -> None:
    cause = cause_of(track("....", 0.0), state, Sample(Outcome.PASS, detail="200 OK"))
    assert (cause.cause, cause.count, cause.odds, cause.first) == ("200 OK", "", "", None)


def test_what_nobody_could_look_at_says_why_and_counts_nothing() -> None:
    lost = Sample(Outcome.UNKNOWN, "dns.no-resolver", "our resolver does not answer")
    assert cause_of(Track(), State.UNKNOWN, lost).cause == "our resolver does not answer"
    assert cause_of(Track(), State.UNKNOWN, None).cause == "not probed yet"
    assert cause_of(track("xxxxx", 0.0), State.UNKNOWN, lost).count == ""


@pytest.mark.parametrize(
    ("code", "detail", "phases", "words"),
    [
        ("timeout", "no answer in time (phase connect)", {"resolve": 12.0, "connect": 4988.0}, "no answer within 5 s"),
        ("timeout", "no answer in time", {}, "no answer in time"),
        ("timeout", "the program did not end in time and was ended", {"run": 5000.0},
         "the program did not end in time and was ended"),
        ("tcp.refused", "127.0.0.1: connection refused", {}, "nobody listens there (connection refused)"),
        ("dns.nxdomain", "social.example: no such name", {}, "no such name: social.example"),
        ("dns.nxdomain", "odd words of a server", {}, "odd words of a server"),
        ("dns.servfail", "SERVFAIL", {}, "its name servers do not answer"),
        ("tls.hostname", "certificate for a.example", {}, "its certificate is for another name"),
        ("sip.404", "404 Not Found", {}, "the number is not known there"),
        ("xmpp.not-authorized", "not-authorized", {}, "our login is refused: password changed?"),
        ("secret.unreadable", "…", {}, "we cannot read our own password file"),
        ("http.418", "418 I'm a teapot", {}, "418 I'm a teapot"),
        ("odd.code", "", {}, "odd.code"),
    ],
)  # fmt: skip
def test_codes_are_told_in_plain_words(code: str, detail: str, phases: dict[str, float], words: str) -> None:
    assert answer(code, detail, phases) == words


def test_where_there_is_little_room_what_explains_goes_and_what_names_stays() -> None:
    assert brief("503 Service Unavailable: overloaded or being repaired") == "503 Service Unavailable"
    assert brief("no such name: social.example") == "no such name: social.example"
    assert brief("nobody listens there (connection refused)") == "connection refused"
