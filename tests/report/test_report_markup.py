"""No text from outside becomes markup: Markdown shows it as it stands, HTML holds it as text."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape
from msgspec.structs import replace
from outagetui.core.text import clean, clean_lines
from outagetui.report.html import html
from outagetui.report.inert import fenced, inert
from outagetui.report.markdown import markdown
from outagetui.report.values import (
    Announced,
    Delivered,
    Figure,
    Gap,
    Line,
    Named,
    Part,
    Question,
    Reply,
    Report,
    Spent,
    Stretch,
    Trouble,
    Wording,
    when,
)  # fmt: skip

AT = when(1_792_870_200.0)
PLAIN = {"text", "softbreak", "text_special"}
NASTY = (
    "![x](http://e.example/)",
    "<script>alert(1)</script>",
    "<http://e.example/>",
    "[a]: http://e.example",
    "&lt;b&gt; &#60;",
    "**b** _i_ ~~s~~ `c`",
    "| a | b |",
    "a \\| b \\",
    "1. one",
    "- list",
    "+ list",
    "===",
    "---",
    "# head",
    "> quote",
    "```",
    "~~~",
    "$x^2$ @someone #12 :smile: www.e.example https://e.example",
    "<!-- ",
    "]]> \"' onload='x",
)
TEXTS = st.text(min_size=0, max_size=60).map(lambda text: clean(text, 200))
MARKS = st.text(alphabet="\\`*_[]<>|~$@#&:;.!-+=()1a \"'{}/^\u00e4", min_size=1, max_size=40).map(
    lambda t: clean(t, 200)
)
LINES = st.text(alphabet="`~ab\n#->|<", min_size=0, max_size=60).map(lambda text: clean_lines(text, 400))


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def inlines(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def shown(tokens: list[Token]) -> str:
    return "".join(child.content if child.type in PLAIN - {"softbreak"} else "\n" for child in inlines(tokens))


@pytest.mark.parametrize("text", NASTY)
def test_known_tricks_read_as_they_stand(text: str) -> None:
    tokens = parser().parse(inert(text))
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert {child.type for child in inlines(tokens)} <= PLAIN
    assert shown(tokens) == text.strip()


@given(st.one_of(TEXTS, MARKS))
@example("- ")
@example("1)")
@example("\\")
def test_any_text_reads_as_it_stands_in_a_paragraph_and_in_a_list(text: str) -> None:
    tokens = parser().parse(f"- {inert(text)}")
    kinds = [token.type for token in tokens if token.type not in ("paragraph_open", "paragraph_close")]
    assert kinds in (
        ["bullet_list_open", "list_item_open", "inline", "list_item_close", "bullet_list_close"],
        ["bullet_list_open", "list_item_open", "list_item_close", "bullet_list_close"],
    )
    assert {child.type for child in inlines(tokens)} <= PLAIN
    assert shown(tokens).strip() == text.strip()


@given(st.one_of(TEXTS, MARKS))
@example("a\\|b")
@example("\\")
def test_any_text_stays_in_its_cell(text: str) -> None:
    tokens = parser().parse(f"| a | b |\n|---|---|\n| {inert(text)} | end |\n")
    assert [token.type for token in tokens].count("td_open") == 2
    cells = [token for token in tokens if token.type == "inline"][2:]
    assert "".join(child.content for child in cells[0].children or ()).strip() == text.strip()
    assert {child.type for child in cells[0].children or ()} <= PLAIN
    assert cells[1].content == "end"


@given(LINES)
@example("```\n# out")
@example("~~~\n````")
def test_no_text_breaks_out_of_its_block(text: str) -> None:
    tokens = parser().parse("\n".join([*fenced(text), "", "after"]))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == f"{text}\n"


def test_plain_words_stay_readable_in_the_source() -> None:
    plain = 'Messenger: up → partial at 14:02, 6 of 20 failed (likely 16-48 %), 5.66 EUR; it\'s "slow" & late.'
    assert inert(plain) == plain


def filled(text: str, lines: str) -> Report:
    """Return a report with `text` in every field that comes from outside."""
    return Report(
        incident="i1", business=text, drill=text, vantage=text, timezone="Europe/Berlin", made=AT, open=False, began=AT,
        ended=AT, ending="quiet", duration_s=0.0, channels=(Named(id=text, name=text),),
        figures=(Figure(id="detected", name="Detected", at=AT, after_s=1.0, words=text),),
        reach=(),
        timeline=(Line(at=AT, local=AT, actor=text, kind="state", words=text, mark="detected"),),
        announcements=(
            Announced(
                announcement=text, audience=text, open=True, longest_gap_s=1.0,
                parts=(
                    Part(
                        part=0, kind=text, at=AT, next_update=AT,
                        texts=(Wording(language=text, title=text, body=lines),),
                        outlets=(Delivered(outlet=text, name=text, state=text, at=AT, url=text, detail=text),),
                    ),
                ),
            ),
        ),
        gaps=(Gap(announcement=text, audience=text, begin=AT, end=AT, seconds=1.0, promised=AT),),
        questions=(
            Question(
                run=text, playbook=text, step=text, why=text, asked=AT, question=text,
                replies=(Reply(at=AT, answer=text, note=lines),), waited_s=1.0,
            ),
        ),
        money=(
            Spent(
                channel=text, name=text, begin=AT, end=AT, active_s=1.0, spent=1.0, currency=text, measured=False,
                rates=text, balance_before=1.0, balance_after=1.0,
            ),
        ),
        unseen=(Stretch(kind="blind", begin=AT, end=AT, seconds=1.0, words=text),),
        troubles=(Trouble(at=AT, kind="x", words=text),),
        limits=(text,),
    )  # fmt: skip


def kinds(text: str) -> list[str]:
    """Return the kinds of all tokens of a document but those of plain text."""
    tokens = parser().parse(text)
    every = [*tokens, *inlines(tokens)]
    return [token.type for token in every if token.type not in PLAIN]


@given(st.one_of(TEXTS, MARKS).filter(bool), LINES.filter(lambda text: "\n" not in text and bool(text)))
def test_a_whole_markdown_report_keeps_its_shape(text: str, lines: str) -> None:
    assert kinds(markdown(filled(text, lines))) == kinds(markdown(filled("word", "word")))


@given(st.lists(st.sampled_from(NASTY), min_size=2, max_size=6).map("\n".join))
def test_many_lines_keep_it_too(lines: str) -> None:
    assert kinds(markdown(filled("word", lines))) == kinds(markdown(filled("word", "one\ntwo")))


class Shape(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.others = 0
        self.feed(text.partition("<body>")[2])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs if name != "lang")))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others += 1

    def handle_pi(self, data: str) -> None:
        self.others += 1

    def unknown_decl(self, data: str) -> None:
        self.others += 1


@given(st.one_of(TEXTS, MARKS, st.sampled_from(NASTY)).filter(bool))
@example('"><script>alert(1)</script>')
def test_a_whole_page_keeps_its_shape_and_shows_the_text(text: str) -> None:
    shape, plain = Shape(html(filled(text, text))), Shape(html(filled("word", "word")))
    assert shape.elements == plain.elements
    assert shape.others == 0
    assert shape.text.count(text) >= 15
    assert f"<title>DRILL: Incident i1 at {escape(text)}: " in html(filled(text, text))


def test_a_language_that_is_none_is_not_claimed() -> None:
    assert 'lang="de"' in html(replace_language("de"))
    assert 'lang="x' not in html(replace_language('x" onload="y'))


def replace_language(language: str) -> Report:
    report = filled("word", "word")
    told = report.announcements[0]
    part = replace(told.parts[0], texts=(Wording(language=language, title="t", body="b"),))
    return replace(report, announcements=(replace(told, parts=(part,)),))
