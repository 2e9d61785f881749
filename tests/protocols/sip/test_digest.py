"""Digest against the RFC's own example, and challenges that no server should send."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.protocols.sip.digest import Challenge, Credentials, choose, read_challenge, read_demands

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
FORM = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, nonce="' + NONCE + '", opaque="FQhe"'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616_is_answered_as_it_says(algorithm: str, response: str) -> None:
    challenge = read_challenge(FORM.format(algorithm))
    assert challenge is not None
    answer = Credentials("Mufasa", "Circle of Life", challenge).answer("GET", "/dir/index.html", CNONCE)
    assert f'response="{response}"' in answer
    assert f'qop=auth, nc=00000001, cnonce="{CNONCE}"' in answer
    assert 'opaque="FQhe"' in answer


def test_sha_512_256_is_the_hash_of_that_name_and_not_a_cut_sha_512() -> None:
    def hashed(text: str) -> str:
        return hashlib.new("sha512_256", text.encode()).hexdigest()

    assert hashed("abc") == "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"  # FIPS 180-4
    challenge = read_challenge('Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"')
    assert challenge is not None
    told = hashed(f"{hashed('u:r:p')}:n:00000001:c:auth:{hashed('REGISTER:sip:h')}")
    assert f'response="{told}"' in Credentials("u", "p", challenge).answer("REGISTER", "sip:h", "c")


def test_each_answer_carries_the_next_nonce_count() -> None:
    credentials = Credentials("u", "p", Challenge("r", "n", "MD5", "auth", None, False))
    assert [credentials.answer("BYE", "sip:h").count(f"nc=0000000{count}") for count in (1, 2, 3)] == [1, 1, 1]


def test_a_server_older_than_qop_is_answered_without_it() -> None:
    challenge = read_challenge('Digest realm="r", nonce="n"')
    assert challenge is not None
    assert "qop" not in Credentials("u", "p", challenge).answer("REGISTER", "sip:h")


def test_the_first_challenge_we_support_is_taken() -> None:
    found = choose(
        read_demands(
            [
                'Digest realm="r", nonce="1", algorithm=SHA3-512',
                'Bearer realm="r"',
                'Digest realm="r", nonce="3", algorithm=SHA-256, qop="auth"',
                'Digest realm="r", nonce="4", algorithm=MD5',
            ]
        )
    )
    assert found is not None
    assert (found.nonce, found.algorithm) == ("3", "SHA-256")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Digest",
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest realm="r, nonce="n"',
        "Basic realm=r",
        'Digest realm="r", nonce=""',
        'Digest realm="' + "r" * 5000 + '", nonce="n"',
    ],
)
def test_what_cannot_be_answered_is_no_challenge(value: str) -> None:
    assert read_challenge(value) is None


def test_quotes_in_a_realm_stay_within_it() -> None:
    challenge = read_challenge(r'Digest realm="a \"b\" \\ c, d=e", nonce="n"')
    assert challenge is not None
    assert challenge.realm == r'a "b" \ c, d=e'
    assert r'realm="a \"b\" \\ c, d=e"' in Credentials("u", "p", challenge).answer("REGISTER", "sip:h")


@given(st.text(max_size=200))
def test_any_challenge_is_read_or_refused(text: str) -> None:
    read_challenge(text)
    read_challenge(f"Digest {text}")
