"""The shipped announcements as templates: what each must hold, and another language by adding files."""

import asyncio
import re
from pathlib import Path

import pytest
from outagetui import config
from outagetui.outlets import publish
from outagetui.outlets.page_words import words
from outagetui.wording.compose import FIELDS, Account, Facts, compose, find_template, places
from tests.kit.configs import PAGE, write
from tests.kit.strict_html import assert_valid_page
from tests.outlets.kit import TOOLS
from tests.outlets.sample_page import SINCE, delivery, outlet

SHIPPED = Path(__file__).parents[2] / "playbooks" / "announcements"
KINDS = ("investigating", "identified", "backup-active", "update", "recovering", "resolved", "false-alarm", "drill")
CLOSING = {"resolved", "false-alarm"}
TEXTS = [(kind, language) for kind in KINDS for language in ("en", "de")]


def shipped(kind: str, language: str) -> str:
    return (SHIPPED / f"{kind}.{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "language"), TEXTS)
def test_every_text_says_what_since_when_in_both_times_and_where_to_read_on(kind: str, language: str) -> None:
    used = {name for _, name in places(shipped(kind, language))}
    assert used <= set(FIELDS)
    assert used >= {"failed", "since", "since_utc", "page", "note", "business"}
    assert ({"accounts", "next_update"} <= used) is (kind not in CLOSING)


PROMISES = (
    r"\b(soon|shortly|within|expect\w*|estimat\w*|until \d|by \d|in \d|minutes?|hours?)\b",
    r"\b(bald|demnächst|in Kürze|binnen|innerhalb|voraussichtlich|erwarte\w*|schätz\w*|bis \d|in \d)\b",
    r"\b(Minuten?|Stunden?)\b",
)


@pytest.mark.parametrize(("kind", "language"), TEXTS)
def test_no_text_promises_when_it_will_be_repaired(kind: str, language: str) -> None:
    for promise in PROMISES:
        assert not re.search(promise, shipped(kind, language), re.IGNORECASE), promise


@pytest.mark.parametrize(
    ("kind", "language"), [(k, lang) for k, lang in TEXTS if k not in {*CLOSING, "drill", "recovering"}]
)
def test_an_open_text_says_whom_it_concerns_and_that_the_end_is_not_known(kind: str, language: str) -> None:
    text = shipped(kind, language)
    assert ("This affects everybody who" if language == "en" else "Betroffen ist, wer") in text
    assert ("We cannot say yet" if language == "en" else "können wir noch nicht sagen") in text


@pytest.mark.parametrize("kind", KINDS)
def test_german_is_written_with_its_own_letters_and_as_plain_text(kind: str) -> None:
    text = shipped(kind, "de")
    assert re.search("[äöüß]", text)
    assert not re.search(r"(?i)\b\w*(stoer|fuer|ueber|naech|koenn|moegl|aendert|uebung|gewoehn|muess)\w*", text)
    for each in (text, shipped(kind, "en")):
        assert not re.search(r"[<>*#`\[\]\t]|  ", each)
        assert each.endswith("{business}\n")


FRENCH = """Panne de {failed} : nos canaux de secours sont ouverts
Depuis le {since} ({since_utc}), {failed} est en panne.

Utilisez plutôt :
{accounts}

Prochaine nouvelle : {next_update}
"""


async def test_a_language_is_added_by_adding_files(tmp_path: Path) -> None:
    files = {"playbooks/announcements/backup-active.fr.txt": FRENCH, "checks/page.toml": PAGE + 'language = "fr"\n'}
    loaded = config.load(write(tmp_path / "config", files))
    facts = Facts(
        business="Exemple",
        audience="customers",
        kind="backup-active",
        since=SINCE,
        now=SINCE,
        timezone="Europe/Paris",
        failed=("Messagerie",),
        accounts=(Account("phone", "Téléphone", "tel:+33140000000"),),
        next_update=SINCE + 1800,
    )
    text = compose(find_template(loaded.templates, "backup-active", "fr"), facts)
    assert text.title == "Panne de Messagerie : nos canaux de secours sont ouverts"
    assert "- Téléphone: tel:+33140000000" in text.body
    what = delivery(language="fr", title=text.title, body=text.body)
    assert (await publish(outlet(tmp_path), what, TOOLS)).state == "sent"
    page = assert_valid_page(await asyncio.to_thread((tmp_path / "index.html").read_text, "utf-8"))
    assert page.all("html") == [{"lang": "fr"}]
    assert "Panne de Messagerie" in page.text


def test_the_page_s_own_words_promise_nothing_either() -> None:
    for language in ("en", "de"):
        assert not re.search(r"(?i)\b(soon|shortly|bald|in Kürze|voraussichtlich)\b", repr(words(language)))
