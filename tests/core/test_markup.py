"""Text out of HTML: what a reader sees, whatever was sent."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.markup import text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>t<b>w</b>o</p>", "\none\n\ntwo\n"),
        ("a<br/>b<BR>c", "a\nb\nc"),
        ("<title>502</title><h1\nclass=x>Bad&nbsp;Gateway", "\n502\n\nBad\xa0Gateway"),
        ("<!DOCTYPE html><?xml?>x<!-- <p>hidden</p> -->y", "xy"),
        ("<script>if (a<b) '<p>'</SCRIPT >x<style>p{}</style>y", "xy"),
        ("1 < 2 & 3 > 2, I <3 you, &lt;p&gt;", "1 < 2 & 3 > 2, I <3 you, <p>"),
        ("cut <a href='", "cut "),
        ("cut <script>", "cut "),
        ("İ<script>x</script>y", "İy"),
    ],
)
def test_what_a_reader_sees(markup: str, text: str) -> None:
    assert text_of(markup) == text


@given(st.text("<>!-/&;psty \n", max_size=200))
def test_any_text_is_read_without_an_exception(markup: str) -> None:
    text_of(markup)


@pytest.mark.parametrize("piece", ["<", "<p", "<!--", "<script>", "<!", "</script", "&#"])
def test_a_page_that_never_ends_what_it_begins_costs_no_time(piece: str) -> None:
    begun = time.perf_counter()
    text_of(piece * (1_000_000 // len(piece)))
    assert time.perf_counter() - begun < 5
