"""Filling templates: fields, what is left out, what is refused, and what outside text cannot do."""

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.model import Template
from outagetui.wording.compose import (
    FIELDS,
    Account,
    ComposeError,
    Facts,
    TemplateError,
    compose,
    find_template,
    places,
    read_template,
    warnings,
)
from outagetui.wording.published import published_lines

SINCE = 1795352520.0  # 2026-11-22 13:02 UTC
FACTS = Facts(
    business="Example Hosting",
    audience="customers",
    kind="update",
    since=SINCE,
    now=SINCE + 600,
    timezone="Europe/Berlin",
    failed=("Public messenger",),
    accounts=(
        Account("webchat", "Web chat", "https://chat.example.net/"),
        Account("phone", "Phone", "tel:+4930901820"),
    ),
    page="https://status.example.net/",
    next_update=SINCE + 2400,
    note="The provider knows.",
)
EMPTY = msgspec.structs.replace(FACTS, failed=(), accounts=(), page="", next_update=None, note="")


def said(body: str, facts: Facts = FACTS, title: str = "Title", language: str = "en") -> str:
    return compose(Template(kind=facts.kind, language=language, title=title, body=body), facts).body


def test_every_field_is_filled() -> None:
    body = said("\n".join(f"{name}={{{name}}}" for name in FIELDS))
    assert body.splitlines() == [
        "business=Example Hosting",
        "since=22 November 2026, 14:02 CET",
        "since_utc=2026-11-22 13:02 UTC",
        "failed=Public messenger",
        "accounts=- Web chat: https://chat.example.net/",
        "- Phone: tel:+4930901820",
        "next_update=14:42 CET",
        "page=https://status.example.net/",
        "note=The provider knows.",
    ]


def test_times_follow_language_and_zone() -> None:
    summer = msgspec.structs.replace(FACTS, since=1782000000.0, now=SINCE)
    assert said("{since}", summer, language="de") == "21. Juni 2026, 02:00 Uhr MESZ"
    assert (
        said("{since}", msgspec.structs.replace(FACTS, timezone="America/Sao_Paulo"))
        == "22 November 2026, 10:02 UTC-03"
    )
    assert said("{since}", FACTS, language="fr") == "2026-11-22 14:02 CET"
    assert said("{next_update}", language="de-AT") == "14:42 Uhr MEZ"


@pytest.mark.parametrize(
    ("timezone", "language", "told"),
    [
        ("UTC", "en", "Since 22 November 2026, 13:02 UTC it fails."),
        ("Etc/UTC", "de", "Since 22. November 2026, 13:02 Uhr UTC it fails."),
        ("UTC", "fr", "Since 2026-11-22 13:02 UTC it fails."),
        ("Europe/London", "en", "Since 22 November 2026, 13:02 GMT (2026-11-22 13:02 UTC) it fails."),
    ],
)
def test_the_same_time_is_not_said_twice(timezone: str, language: str, told: str) -> None:
    there = msgspec.structs.replace(FACTS, timezone=timezone)
    assert said("Since {since} ({since_utc}) it fails.", there, language=language) == told
    assert said("{since_utc}: {since}", there, language=language).startswith("2026-11-22 13:02 UTC: ")
    title = Template(kind="update", language=language, title="Since {since} ({since_utc}) it fails.", body="x")
    assert compose(title, there).title == told


def test_a_next_update_on_another_day_says_its_date() -> None:
    later = msgspec.structs.replace(FACTS, next_update=SINCE + 86400)
    assert said("{next_update}", later) == "23 November 2026, 14:02 CET"


def test_several_failed_channels_read_as_a_list() -> None:
    many = msgspec.structs.replace(FACTS, failed=("Messenger", "Phone", "Web chat"))
    assert said("{failed}", many) == "Messenger, Phone and Web chat"
    assert said("{failed}", many, language="de") == "Messenger, Phone und Web chat"


def test_without_failed_channels_the_words_stay_whole() -> None:
    assert said("Trouble with {failed}.", EMPTY) == "Trouble with one of our contact channels."
    assert said("Störung bei {failed}.", EMPTY, language="de") == "Störung bei einem unserer Kontaktwege."


def test_a_line_with_nothing_to_say_is_left_out_with_what_leads_to_it() -> None:
    template = "First.\n\nUse these:\n{accounts}\n\n{note}\n\nNext: {next_update}\nSee {page}\nLast."
    assert said(template, EMPTY) == "First.\n\nLast."


def test_a_line_before_an_empty_one_stays_when_it_leads_to_more() -> None:
    assert said("Know this:\nSee {page}\nLast.", EMPTY) == "Know this:\nLast."


def test_an_account_without_an_address_is_named_alone() -> None:
    assert said("{accounts}", msgspec.structs.replace(FACTS, accounts=(Account("room", "Room 5", ""),))) == "- Room 5"


def test_doubled_braces_are_braces_and_values_are_not_read_again() -> None:
    sly = msgspec.structs.replace(FACTS, note="{business} {{x}}")
    assert said("{{since}} {note} }}{{", sly) == "{since} {business} {{x}} }{"


@pytest.mark.parametrize(
    ("body", "facts", "words"),
    [
        ("{sinse}", FACTS, "uses {sinse}; known are business, since"),
        ("{business.__class__}", FACTS, "uses {business.__class__}"),
        ("{}", FACTS, "uses {}"),
        ("a { b", FACTS, "brace without its partner"),
        ("{business}", msgspec.structs.replace(FACTS, business=" "), "uses {business}, which is empty"),
        ("{since}", msgspec.structs.replace(FACTS, timezone="Mars/Base"), "unknown time zone 'Mars/Base'"),
        ("{since}", msgspec.structs.replace(FACTS, timezone="../../etc/passwd"), "unknown time zone"),
        ("{since}", msgspec.structs.replace(FACTS, since=math.nan), "nan is not a time"),
        ("{since}", msgspec.structs.replace(FACTS, since=1e30), "1e+30 is not a time"),
        ("{note}", EMPTY, "comes out empty"),
        ("x", msgspec.structs.replace(FACTS, kind="resolved"), "the text update.en cannot announce resolved"),
        ("x" * 4001, FACTS, "longer than"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(body: str, facts: Facts, words: str) -> None:
    with pytest.raises(ComposeError) as raised:
        compose(Template(kind="update", language="en", title="Title", body=body), facts)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_title_that_would_be_empty_is_refused() -> None:
    with pytest.raises(ComposeError, match=r"the title of update.en uses a field that is empty"):
        said("x", EMPTY, title="{note}")


def test_a_template_file_is_a_title_and_a_body() -> None:
    template = read_template("update", "en", "\ufeffThe title \r\n\r\nOne.\r\n\r\nTwo {since}.\n\n")
    assert (template.title, template.body) == ("The title", "One.\n\nTwo {since}.")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "title"),
        ("\nbody", 1, "title"),
        ("Title\n\n", 2, "body is missing"),
        ("Title\nfine\nopen { brace", 3, "brace"),
        ("Title }\nfine", 1, "brace"),
    ],
)
def test_a_broken_template_names_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as raised:
        read_template("update", "en", text)
    assert isinstance(raised.value, ValueError)
    assert raised.value.line == line
    assert str(raised.value).startswith(f"line {line}: ")


def test_every_place_is_found_with_its_line() -> None:
    text = "{business} {who}\n{{fine}} {since}\n{who} {why not}"
    assert list(places(text)) == [(1, "business"), (1, "who"), (2, "since"), (3, "who"), (3, "why not")]


def test_words_are_found_by_language_then_base_language_then_english() -> None:
    texts = [Template(kind="drill", language=each, title="t", body="b") for each in ("en", "de", "pt-BR")]
    assert find_template(texts, "drill", "de-AT").language == "de"
    assert find_template(texts, "drill", "pt-br").language == "pt-BR"
    assert find_template(texts, "drill", "fr").language == "en"
    with pytest.raises(ComposeError, match=r"kind 'party' \(known: drill\)"):
        find_template(texts, "party", "en")
    with pytest.raises(ComposeError, match=r"no text for drill in fr or en \(there is de\)"):
        find_template(texts[1:2], "drill", "fr")


def test_the_preview_warns_of_a_backup_that_is_not_up() -> None:
    facts = msgspec.structs.replace(
        FACTS, accounts=(Account("a", "Web chat", "x", up=False), Account("b", "Phone", "y"))
    )
    assert warnings(facts) == ("Web chat is named but is not up",)
    assert warnings(msgspec.structs.replace(EMPTY, kind="backup-active")) == ("no active backup for customers to name",)


HOSTILE = st.text(st.characters(), max_size=60) | st.sampled_from(
    ["a\nb", "\x1b]52;c;x\x07", "\u202eevil", "\r\nBcc: x@example.net", "{since}", "<script>", "\x00"]
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_value_brings_controls_lines_or_fields_of_its_own(name: str, address: str, note: str) -> None:
    facts = msgspec.structs.replace(
        FACTS, business="B" + name, failed=(name,), accounts=(Account("x", name, address),), page=address, note=note
    )
    template = "{business}\n{accounts}\n{page}\n{note}\nEnd."
    try:
        text = compose(Template(kind="update", language="en", title="About B{business}", body=template), facts)
    except ComposeError as refused:
        assert "empty" in str(refused)  # noqa: PT017  the only reason these values leave
        return
    assert text.title.isprintable() or not text.title.isascii()
    assert "\n" not in text.title
    assert published_lines(text.body) == text.body
    lines = text.body.splitlines()
    assert len([line for line in text.body.split("\n") if line]) <= 4 + published_lines(note).count("\n") + 1
    assert lines[-1] == "End."


def test_the_shipped_words_use_known_fields_only() -> None:
    for path in Path("playbooks/announcements").glob("*.txt"):
        assert {name for _, name in places(path.read_text())} <= set(FIELDS), path
