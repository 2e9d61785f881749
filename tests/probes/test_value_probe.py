"""`value`: a number from a page, and everything that is not one."""

import asyncio
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Outcome, Sample
from outagetui.core.probe_options import ValueOptions
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.probes.value import judge, number_of
from outagetui.protocols.http_answer import at_path
from tests.kit.scripted_servers import answering, hanging, look_at, refused_port, reply, serve

pytestmark = pytest.mark.usefixtures("no_leaks")
ACCOUNT = b'{"account": {"balance": "41.20", "currency": "EUR", "calls": [3, 5]}, "open": true, "none": null}'


async def value(vantage: Vantage, body: bytes, status: str = "200 OK", **options: Any) -> Sample:
    async with serve(answering(reply(status, body))) as server:
        return await look_at(vantage, "value", f"http://127.0.0.1:{server.port}/account", **options)


async def test_a_number_in_json_is_a_pass_with_its_value_and_unit(vantage: Vantage) -> None:
    sample = await value(vantage, ACCOUNT, path="$.account.balance", unit="EUR", slow_below=20, down_below=5)
    assert (sample.outcome, sample.code, sample.value) == (Outcome.PASS, "", 41.2)
    assert sample.detail == "41.2 EUR"
    assert sample.latency_ms == pytest.approx(sum(sample.phases.values()))


async def test_a_number_in_text_is_the_first_group(vantage: Vantage) -> None:
    page = b"<h1>Queue</h1>\n<p>waiting: 7 people</p>\n<p>waiting: 9 people</p>"
    sample = await value(vantage, page, match=r"waiting: (\d+)", slow_above=5)
    assert (sample.outcome, sample.code, sample.value) == (Outcome.WARN, "value.high", 7.0)
    assert sample.detail == "7, above 5"


LIMITS = ValueOptions(path="$", slow_below=20, slow_above=80, down_below=10, down_above=90)


@pytest.mark.parametrize(
    ("number", "outcome", "code"),
    [
        (9.99, Outcome.FAIL, "value.low"),
        (10, Outcome.WARN, "value.low"),
        (20, Outcome.PASS, ""),
        (80, Outcome.PASS, ""),
        (90, Outcome.WARN, "value.high"),
        (90.01, Outcome.FAIL, "value.high"),
    ],
)
def test_a_limit_itself_is_still_well(number: float, outcome: Outcome, code: str) -> None:
    assert judge(number, LIMITS)[:2] == (outcome, code)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("$.account.credit", "value.missing"),
        ("$.account.calls[*]", "value.ambiguous"),
        ("$..*", "value.ambiguous"),
        ("$.account.currency", "value.not-a-number"),
        ("$.account", "value.not-a-number"),
        ("$.open", "value.not-a-number"),
        ("$.none", "value.not-a-number"),
        ("$.account[", "option.invalid"),
        ("account", "option.invalid"),
    ],
)
async def test_what_is_not_one_number_is_unknown(vantage: Vantage, path: str, code: str) -> None:
    sample = await value(vantage, ACCOUNT, path=path)
    assert (sample.outcome, sample.code, sample.value) == (Outcome.UNKNOWN, code, None)
    assert sample.phases


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        (r"credit (\d+)", "value.missing"),
        (r"balance|credit (\d+)", "value.not-a-number"),
        (r"(balance)", "value.not-a-number"),
        (r"(balance", "option.invalid"),
    ],
)
async def test_what_a_pattern_does_not_find_is_unknown(vantage: Vantage, pattern: str, code: str) -> None:
    sample = await value(vantage, ACCOUNT, match=pattern)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, code)


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe", b"[" * 40_000, b'{"balance": NaN}', b'{"a": 1e999}'])
async def test_a_page_that_is_no_json_is_unknown(vantage: Vantage, body: bytes) -> None:
    sample = await value(vantage, body, path="$.balance")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "value.missing")


async def test_a_page_that_fails_is_a_failure_with_its_own_code(vantage: Vantage) -> None:
    assert (await value(vantage, ACCOUNT, "503 Busy", path="$.account.balance")).code == "http.503"
    sample = await look_at(vantage, "value", f"http://127.0.0.1:{refused_port()}/", path="$")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.refused")
    async with serve(hanging()) as silent:
        sample = await look_at(vantage, "value", f"http://127.0.0.1:{silent.port}/", path="$", within=0.3)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")


async def test_a_page_that_goes_on_for_ever_is_cut_and_unknown(vantage: Vantage) -> None:
    sample = await value(vantage, b"1" * (3 << 20), match=r"(\d+)")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "value.missing")


async def test_a_pattern_that_backtracks_for_ever_holds_up_nobody(vantage: Vantage) -> None:
    start = time.monotonic()
    task = asyncio.create_task(value(vantage, b"a" * 5000 + b"!", match=r"(a|a)*(a|a)*(a|a)*\?(\d)"))
    worst = 0.0
    while not task.done():
        last = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - last)
    assert (await task).outcome is Outcome.UNKNOWN
    assert time.monotonic() - start < 5
    assert worst < 2


async def test_what_stands_in_place_of_the_number_is_cleaned(vantage: Vantage) -> None:
    body = json.dumps({"balance": "\x1b]52;c;Zm9v\x07\u202e[/b]"}).encode()
    sample = await value(vantage, body, path="$.balance")
    assert sample.code == "value.not-a-number"
    assert sample.detail.isprintable()


@pytest.mark.parametrize(
    ("found", "number"),
    [("41.2", 41.2), (" -3 ", -3.0), ("+.5", 0.5), ("1e3", 1000.0), ("7.", 7.0), (0, 0.0), (10**30, 1e30)],
)
def test_numbers_and_numeric_strings_are_numbers(found: object, number: float) -> None:
    assert number_of(found) == number


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ('""', "an empty text"),
        ('"abc"', "abc"),
        ("[true]", "a list"),
        ("{}", "an object"),
    ],
)
async def test_what_is_no_number_is_named_as_the_page_writes_it(vantage: Vantage, written: str, shown: str) -> None:
    sample = await value(vantage, f'{{"a": {written}}}'.encode(), path="$.a")
    assert (sample.code, sample.detail) == ("value.not-a-number", f"{shown} is not a number")


NOT_NUMBERS = ["", "nan", "inf", "-Infinity", "1_000", "1,5", "0x10", "٣", "12 EUR", "1e999", True, None, [], {}, [1]]


@pytest.mark.parametrize("found", [*NOT_NUMBERS, math.nan, math.inf, 10**400])
def test_what_is_no_finite_number_is_refused(found: object) -> None:
    with pytest.raises(Trouble) as caught:
        number_of(found)
    assert caught.value.code == "value.not-a-number"


def test_a_document_of_too_many_lists_is_too_large_for_us() -> None:
    with pytest.raises(Trouble, match=r"http\.too-large"):
        at_path("[" + "[]," * 60_000 + "1]", "$..a")


@pytest.mark.parametrize("colon", [":", " :", ": "])
def test_objects_with_too_many_keys_are_ours_not_to_read(colon: str) -> None:
    body = "{" + ",".join(f'"b{number}"{colon}1' for number in range(60_001)) + "}"
    with pytest.raises(Trouble, match=r"more than 60000 keys") as told:
        at_path(body, "$.a")
    assert (told.value.outcome, told.value.code) == (Outcome.UNKNOWN, "http.too-large")


@given(st.text(max_size=300), st.sampled_from(["$", "$.a", "$[0]", "$..a", "$.*"]))
def test_noise_raises_nothing_but_trouble(body: str, path: str) -> None:
    try:
        number = number_of(at_path(body, path))
    except Trouble as trouble:
        outcome = trouble.outcome
    else:
        outcome = Outcome.UNKNOWN
        assert math.isfinite(number)
    assert outcome is Outcome.UNKNOWN
