"""Nothing personal in a server's words is shown, however the server writes it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.masking import mask_answer, mask_people, may_name_people, names_of, quote_answer

_SIGNS = "ab1.:%=+@&#(){}[] \N{HORIZONTAL ELLIPSIS}\N{FULLWIDTH COMMERCIAL AT}"
ERIKA = "erika.m+x@customer.example"


@pytest.mark.parametrize(
    "said",
    [
        f"4.7.0 {ERIKA}: too many messages",
        f"<{ERIKA}>: Recipient address rejected: User unknown",
        f"to=<{ERIKA}>,relay=none",
        f"rfc822;{ERIKA}",
        f"mailto:{ERIKA}",
        f"'{ERIKA}' is over quota",
        f'"{ERIKA}"',
        "ERIKA.M+X@CUSTOMER.EXAMPLE unknown",
        "see https://help.example/?rcpt=erika.m%2Bx%40customer.example",
        "erika.m+x (at) customer.example",
        "erika.m+x[at]customer.example",
        "erika.m+x @ customer.example",
        "erika.m+x\N{FULLWIDTH COMMERCIAL AT}customer.example",
        "bounce-1-erika.m+x=40customer.example",
        "prvs=1234=erika.m+x@customer.example",
        "user erika.m+x is over quota",
        "mailbox of ERIKA.M+X",
        "erika.m+x@[192.0.2.7] unknown",
        "erika.m+x{at}customer.example",
        "erika.m+x&#64;customer.example",
        "erika.m+x&#x40;customer.example",
        "erika.m+x@relay.example@customer.example",
        "to='erika.m+x@customer.example'",
        "/home/erika.m+x@customer.example/Maildir",
    ],
)
def test_an_address_is_shown_in_no_form(said: str) -> None:
    found = mask_people(said, own=names_of(ERIKA)).casefold()
    assert "erika" not in found
    assert "customer.example" not in found
    assert "[address]" in found or "[\N{HORIZONTAL ELLIPSIS}]" in found


@pytest.mark.parametrize("said", ['"erika m"@customer.example is full', "erika@b\u00fccher.example is full"])
def test_an_address_of_any_kind_is_shown_to_nobody(said: str) -> None:
    assert mask_people(said) == "[address] is full"


@pytest.mark.parametrize("number", ["+49 170 1234567", "+49 (0)30 123-456", "0049 30 1234567", "+15551234567"])
def test_a_telephone_number_is_shown_to_nobody(number: str) -> None:
    assert mask_people(f"call {number} now") == "call [number] now"


@pytest.mark.parametrize(
    "said",
    [
        "mail.example.test ESMTP Postfix (Debian/GNU)",
        "4.7.1 Greylisted, see https://postgrey.example/help/123.html",
        "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example",
        "2.0.0 Ok: queued as 4XyZ12ab at 10:20:30 +0200",
        "4 of 5 @ 10.5 ms, load @ 1.25",
    ],
)
def test_what_helps_stays(said: str) -> None:
    assert mask_people(said, own=("watch",)) == said


def test_what_we_said_is_not_said_again() -> None:
    assert "Z2VoZWlt" not in mask_people("535 AUTH PLAIN AHdhdGNoAGdlaGVpbQ== Z2VoZWlt", own=("Z2VoZWlt",))
    assert quote_answer(b"hello \xff\x1b\xd7\xb5").isprintable()


@given(
    st.lists(st.sampled_from([*_SIGNS, "at", "AT", "x.y", "40", "64;", "x40;", "commat;", "00", "4930123456"])).map(
        "".join
    )
)
def test_what_shows_no_sign_of_an_address_holds_none(said: str) -> None:
    assert may_name_people(said) or mask_people(said) == said


@pytest.mark.parametrize("piece", ["a", "a@", '"a', "+1 ", "a (at", "a ", "=40", "<a@b>"])
def test_whatever_comes_takes_no_time(piece: str) -> None:
    began = time.process_time()
    mask_answer(piece * 200_000, names_of(ERIKA))
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("421 bob@example.com is over quota", "421 [address] is over quota"),
        ("550 <Bob.Smith+x@mail.example.com>: unknown", "550 <[address]>: unknown"),
        ("550 b\u00f6b@b\u00fccher.example gone", "550 [address] gone"),
        ('550 <"bob smith"@example.com> gone', "550 <[address]> gone"),
        ("550 to=bob@example.com orig=watch@example.net", "550 [address] orig=watch@example.net"),
        ("550 bob@[192.0.2.1] and bob%40example.com", "550 [address] and [address]"),
        ("550 bob%40b%C3%BCcher.example gone", "550 [address] gone"),
        ("550 to='watch@example.net' not o'brien@example.net", "550 to='watch@example.net' not [address]"),
        ("550 watch (at) example.net, bob (at) example.net", "550 watch (at) example.net, [address]"),
        ("604 0049 30 555-01 not 0049 30 555-02", "604 0049 30 555-01 not [number]"),
        ("550 to bob@…", "550 to [address]…"),
        ("604 sip:bob@pbx.example;x=1 call +49 30 123456-7", "604 sip:[address];x=1 call [number]"),
        ("250 watch@example.net ok", "250 watch@example.net ok"),
        ("250 WATCH@example.net/desk ok", "250 WATCH@example.net/desk ok"),
        ("554 ask postmaster@big.example", "554 ask postmaster@big.example"),
        ("Mon, 1 Jan 2024 10:00:00 +0100 v1.2+2023010101", "Mon, 1 Jan 2024 10:00:00 +0100 v1.2+2023010101"),
        ("calling +493055501 failed", "calling +493055501 failed"),
        ("5 @ 3 ms, a @ b", "5 @ 3 ms, a @ b"),
    ],
)
def test_addresses_of_people_are_masked_and_our_own_stay(said: str, left: str) -> None:
    assert mask_people(said, ["xmpp://watch@example.net", "sip:+49 30 555-01@pbx.example"]) == left


def test_what_stands_before_the_at_goes_too_where_we_said_the_address() -> None:
    said = "550 5.1.1 bob: no mailbox BOB here, bobby is"
    own = names_of("bob@example.com")
    assert (
        mask_people(said, own=own).replace("\N{HORIZONTAL ELLIPSIS}", "")
        == "550 5.1.1 []: no mailbox [] here, bobby is"
    )
