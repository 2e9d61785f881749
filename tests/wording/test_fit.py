"""Fitting words to outlets: counted as they count, inert, never too long, accounts and the way to the page kept."""

import html
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outagetui.core.outlet_options import OUTLETS
from outagetui.wording.compose import account_line
from outagetui.wording.counting import count, fits, has_link
from outagetui.wording.fit import FitError, fit, sent_text
from outagetui.wording.neutral import markdown, neutral, neutral_address
from outagetui.wording.published import published

PAGE = "https://status.example.net/"
ACCOUNTS = (
    ("Web chat", "https://chat.example.net/support"),
    ("Phone", "tel:+49-30-901820"),
    ("Office room", "xmpp:office@rooms.example.net?join"),
)
SHORT = ("x", "mastodon", "bluesky")
FAMILY = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"

words = st.lists(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=14), min_size=1, max_size=60
).map(" ".join)
addresses = st.one_of(
    st.sampled_from(["tel:+49 30 901820", "xmpp:a@b.example", "https://b.example/a", "@office", "#room:b.example"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=0x1F9FF, exclude_categories=["Cs"]), max_size=60),
)
accounts = st.lists(
    st.tuples(words.map(lambda text: published(text, 40)).filter(bool), addresses),
    max_size=6,
    unique_by=lambda pair: pair[0],
)


def body_of(pairs: object, prose: str = "It fails.") -> str:
    return "\n".join([prose, "", "Please use:", *(account_line(*pair) for pair in pairs), "", f"More at {PAGE}"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "text", "length"),
    [
        ("x", "hello", 5),
        ("x", "Grüße, Ω and й", 14),
        ("x", "漢字", 4),
        ("x", "\N{GRINNING FACE}", 2),
        ("x", FAMILY, 2),
        ("x", "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-6}", 2),
        ("x", "\N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER E}", 2),
        ("x", "1\N{COMBINING ENCLOSING KEYCAP}", 2),
        ("x", "© 2026", 6),
        ("x", "“quoted” – …", 13),
        ("x", "e\N{COMBINING ACUTE ACCENT}", 1),
        ("x", "https://a.de", 23),
        ("x", "see https://chat.example.net/support?a=b#c, now", 4 + 23 + 5),
        ("x", "a.de", 23),
        ("x", "office@chat.example.net", 23),
        ("x", "mail@a.de", 9),
        ("mastodon", "https://a.de " + "x" * 5, 23 + 6),
        ("x", "https://ä.de/", 23),
        ("x", "ä.de", 23),
        ("mastodon", "https://ä.de/", 23),
        ("mastodon", "see https://пример.рф/a, now", 4 + 23 + 5),
        ("mastodon", "https://a.de/ä", 24),
        ("mastodon", "https://a.de/x=", 24),
        ("mastodon", "詳細はhttps://a.deを", 3 + 23 + 1),
        ("mastodon", "a.de", 4),
        ("mastodon", "hi @ada@social.example", 7),
        ("mastodon", FAMILY, 1),
        ("bluesky", FAMILY, 1),
        ("bluesky", "https://a.de", 12),
        ("discourse", "https://a.de", 12),
    ],
)
def test_a_text_is_as_long_as_the_outlet_says(kind: str, text: str, length: int) -> None:
    assert count(kind, text) == length


def test_bluesky_has_a_second_limit_on_bytes() -> None:
    assert fits("bluesky", "x" * 300)
    assert not fits("bluesky", "x" * 301)
    assert not fits("bluesky", FAMILY * 280)


@pytest.mark.parametrize("text", ["a https://b.example c", "see b.example", "http://b.example/x"])
def test_what_x_would_make_a_link_of_is_known(text: str) -> None:
    assert has_link(text)
    assert not has_link("office@b.example at 14.02, e.g. now")


@settings(max_examples=300)
@given(st.sampled_from(SHORT), words, words, accounts, st.booleans())
def test_no_text_is_over_the_limit_cuts_an_account_or_loses_the_way_to_the_page(
    kind: str, title: str, prose: str, pairs: list[tuple[str, str]], links: bool
) -> None:
    fitted = fit(kind, title=title, body=body_of(pairs, prose), accounts=pairs, page=PAGE, links=links)
    assert fits(kind, fitted.text)
    assert fitted.count == count(kind, fitted.text) <= fitted.limit == OUTLETS[kind].limit
    assert len(fitted.text.encode()) <= (OUTLETS[kind].most_bytes or math.inf)
    assert PAGE in fitted.text or not links
    assert links or re.search("[Oo]ur website|ee our website", fitted.text)
    shown = fitted.text.split("\n")
    for name, address in pairs:
        if name not in fitted.names:
            assert fitted.shortened
        elif links:
            line = f"- {neutral(published(name, 80))}"
            spoken = neutral_address(published(address, 300))
            assert (f"{line}: {spoken}" if spoken else line) in shown


@settings(max_examples=100)
@given(words, st.integers(0, 120))
def test_an_account_in_the_prose_is_not_cut_either(prose: str, at: int) -> None:
    number = "+49 30 901 82 04 17"
    text = f"{prose[:at]} Call {number} {prose[at:]} " + "and wait for us " * 30
    phone = [("Phone", number)]
    fitted = fit("mastodon", title="Down", body=body_of(phone, text), accounts=phone, page=PAGE)
    assert fitted.shortened
    assert not re.search(r"\+49(?! 30 901 82 04 17)", fitted.text)


def test_the_accounts_liked_most_come_first_and_prose_gives_way_to_them() -> None:
    many = [(f"Account number {number}", f"https://chat{number}.example.net/support") for number in range(9)]
    body = body_of(many, "We are sorry. " * 20)
    fitted = fit("x", title="Messenger is down " * 9, body=body, accounts=many, page=PAGE)
    assert fitted.names
    assert fitted.names == tuple(name for name, _ in many[: len(fitted.names)])
    assert "sorry" not in fitted.text
    assert fitted.text.endswith(f"More: {PAGE}")


def test_what_fits_is_sent_whole() -> None:
    fitted = fit("mastodon", title="Down", body="Since noon.", page=PAGE)
    assert (fitted.text, fitted.shortened, fitted.names) == ("Down\n\nSince noon.", False, ())


def test_words_end_whole_with_an_ellipsis() -> None:
    fitted = fit("bluesky", title="Down", body="indivisible " * 99, page=PAGE)
    assert re.fullmatch(rf"Down\n\n(indivisible )+indivisible…\n\nMore: {PAGE}", fitted.text)


@pytest.mark.parametrize("kind", SHORT)
def test_words_without_spaces_between_end_at_a_character(kind: str) -> None:
    pairs = [("電話窓口の番号", "tel:+81-3-1234-5678")]
    prose = "電話窓口の番号までhttps://help.example.jp/123、desk@example.jpへ。チャットで障害が起きています" * 12
    for title in ("障害のお知らせ", "障害" * 300):
        fitted = fit(kind, title=title, body=body_of(pairs, prose), accounts=pairs, page=PAGE)
        head, said, lines, last = fitted.text.split("\n\n")
        kept = len(said.removesuffix("…"))
        assert title.startswith(head.removesuffix("…"))
        assert prose.startswith(said.removesuffix("…"))
        assert min(len(head), kept) > 6
        whole = re.finditer(r"電話窓口の番号|https://[!-~]+|desk@[!-~]+", prose)
        assert not any(match.start() < kept < match.end() for match in whole)
        assert (lines, last) == ("- 電話窓口の番号: tel:+81-3-1234-5678", f"More: {PAGE}")


def test_a_full_stop_is_a_better_end_than_a_few_more_characters() -> None:
    fitted = fit(
        "bluesky",
        title="障害",
        body="ご不便をおかけしております。" + "障害が発生しています" * 2 + "。" + "お" * 300,
        page=PAGE,
    )
    assert fitted.text.split("\n\n")[1].endswith("お…")
    fitted = fit("bluesky", title="障害", body="お知らせです。" * 30 + "障害" * 60 + "。" + "お" * 99, page=PAGE)
    assert fitted.text.split("\n\n")[1] == ("お知らせです。" * 30).removesuffix("。") + "…"


def test_a_page_is_shown_as_it_is_published() -> None:
    evil = "@everyone #sale https://x/@jack"
    fitted = fit("page", title=evil, body=body_of([(evil, evil)], evil), accounts=[(evil, evil)], page=PAGE)
    assert sent_text("page", fitted) == f"{evil}\n\n{body_of([(evil, evil)], evil)}"
    assert fitted.names == (evil,)


def test_x_is_spared_the_urls_that_cost_unless_they_are_wanted() -> None:
    body = body_of(ACCOUNTS, "Read https://blog.example.net/1 now.")
    free = fit("x", title="Down", body=body, accounts=ACCOUNTS, page=PAGE, links=False)
    assert not has_link(free.text)
    assert "- Web chat: see our website" in free.text
    assert "- Phone: tel:+49-30-901820" in free.text
    assert "Read our website now." in free.text
    assert has_link(fit("x", title="Down", body=body, accounts=ACCOUNTS, page=PAGE).text)
    german = fit("x", title="Aus", body=body, accounts=ACCOUNTS, page=PAGE, links=False, language="de-AT")
    assert "siehe unsere Website" in german.text


@pytest.mark.parametrize("kind", ["x", "mastodon", "facebook", "discourse", "statuspage", "wordpress", "apprise"])
@pytest.mark.parametrize("field", ["title", "body", "name", "address"])
def test_nobody_is_mentioned_through_any_field(kind: str, field: str) -> None:
    evil = (
        "@everyone @here ＠all a@b rt@name #sale ＃x $TWTR @[12] https://x/@everyone https://@everyone https://-/@jack"
    )
    fields = dict.fromkeys(("title", "body", "name", "address"), "fine") | {field: evil}
    pairs = [(fields["name"], fields["address"])]
    fitted = fit(kind, title=fields["title"], body=body_of(pairs, fields["body"]), accounts=pairs, page=PAGE)
    for text in (fitted.title, fitted.text, fitted.plain, html.unescape(re.sub("<[^>]*>", "", fitted.html))):
        assert not re.search(r"[@＠＃][\w\[]|#\w|\$[A-Z]", text), text
    assert "@ everyone" in fitted.title + fitted.plain


@pytest.mark.parametrize(
    "text",
    [
        "office@example.net",
        "mail ada@chat.example.net.",
        "https://social.example/@us",
        "ticket #42",
        "C#",
        "a @ b",
        "5 $",
    ],
)
def test_what_mentions_nobody_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://x/@everyone", "https://x/@ everyone"),
        ("https://@everyone", "https://@ everyone"),
        ("https://-/@jack", "https://-/@ jack"),
        ("https://b.example/@everyone", "https://b.example/%40everyone"),
        ("https://b.example/,@jack?to=@ada", "https://b.example/,%40jack?to=%40ada"),
        ("https://b.example?to=@jack", "https://b.example?to=%40jack"),
        ("https://b.example/@[12]", "https://b.example/%40[12]"),
        ("https://b.example:@jack", "https://b.example:@ jack"),
        ("x@everyone.example", "x@ everyone.example"),
    ],
)
def test_a_url_mentions_nobody_and_still_leads_there(text: str, told: str) -> None:
    assert neutral(text) == told


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://matrix.to/#/@desk:example.net", "https://matrix.to/#/@desk:example.net"),
        ("https://social.example/@business", "https://social.example/@business"),
        ("https://müller.example/@desk", "https://müller.example/@desk"),
        ("https://social.example/@everyone", "https://social.example/%40everyone"),
        ("xmpp:desk@chat.example.net?join", "xmpp:desk@chat.example.net?join"),
        ("sip:desk@example.net;transport=tls", "sip:desk@example.net;transport=tls"),
        ("sip:100@pbx", "sip:100@pbx"),
        ("help@here.example", "help@here.example"),
        ("matrix:u/desk:example.net", "matrix:u/desk:example.net"),
        ("xmpp:x@everyone", "xmpp:x@ everyone"),
        ("xmpp::@jack.example", "xmpp::@ jack.example"),
        ("https://x/@everyone", "https://x/@ everyone"),
        ("xmpp:office@rooms.example.net?join", "xmpp:office@rooms.example.net?join"),
        ("irc://irc.example.net/#office", "irc://irc.example.net/#office"),
        ("mailto:help@example.net", "mailto:help@example.net"),
        ("@example_support", "@ example_support"),
        ("#office:example.net", "# office:example.net"),
        ("tel:@everyone", "tel:@ everyone"),
        ("xmpp:x/@everyone", "xmpp:x/@ everyone"),
    ],
)
def test_an_address_can_be_copied_and_mentions_nobody(address: str, shown: str) -> None:
    assert neutral_address(address) == shown


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("*a* _b_ `c` ~d~ |e|", r"\*a\* \_b\_ \`c\` \~d\~ \|e\|"),
        ("[x](https://b.example/)", r"\[x\](<https://b.example/>)"),
        ("<script>&lt;", r"\<script\>\&lt;"),
        ("# head", r"\# head"),
        ("22. November", r"22\. November"),
        ("---\n===\n:::", "\\---\n\\===\n\\:::"),
        ("    code", "code"),
        ("- item *x*", r"- item \*x\*"),
        ("see https://b.example/a_b.", r"see <https://b.example/a_b>."),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_markdown_shows_just_the_text(plain: str, text: str) -> None:
    assert markdown(plain) == text


def test_hypertext_holds_no_tag_and_no_shortcode_of_a_field() -> None:
    evil = '<b onclick="x">[gallery]</b> <!-- wp:html -->'
    fitted = fit("wordpress", title=evil, body=body_of([(evil, evil)], evil), accounts=[(evil, evil)], page=PAGE)
    assert "<b" not in fitted.html
    assert "[" not in fitted.html
    assert "<!--" not in fitted.html
    assert set(re.findall(r"<(\w+)", fitted.html)) <= {"p", "ul", "li", "br", "a"}


def test_a_link_that_does_not_fit_is_an_error_before_anything_is_sent() -> None:
    with pytest.raises(FitError):
        fit("bluesky", title="Down", body="x " * 400, page="https://example.net/" + "x" * 300)


def test_a_statuspage_shows_no_tag() -> None:
    fitted = fit("statuspage", title="<b>Down</b>", body="<script>alert(1)</script>")
    assert (fitted.title, fitted.text) == ("‹b›Down‹/b›", "‹script›alert(1)‹/script›")
