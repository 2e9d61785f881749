"""In which language an outlet is told, and that what it gets is marked as that."""

import pytest
from msgspec.structs import replace
from outagetui.announce.deliveries import delivery_for
from outagetui.core.model import Template
from outagetui.facts.events import AnnouncementMade
from outagetui.wording.fit import page_of
from tests.kit.outlets_in_memory import KINDS, OutboxInMemory, OutletsInMemory, settings
from tests.kit.virtual_loop import run


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def box_of(outlets: OutletsInMemory, **languages: str) -> OutboxInMemory:
    """Return the outbox of outlets in these languages, with words in English and German."""
    box = OutboxInMemory(outlets, *languages)
    plain = settings(*languages)
    german = [Template(kind=kind, language="de", title="Aus", body="Wir melden es.") for kind in KINDS]
    translated = tuple(replace(each, language=languages[each.id]) for each in plain.outlets)
    box.current.config = replace(plain, outlets=translated, templates=(*plain.templates, *german))
    return box


def marked(box: OutboxInMemory, made: AnnouncementMade, outlet: str) -> tuple[str, str, list[str]]:
    ledger = box.journal.ledger
    got = delivery_for(box.current.config, ledger, ledger.announcements[made.announcement], made, outlet)
    return got.language, got.title, [each.language for each in got.others]


def test_words_are_marked_with_the_language_they_are_in(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = box_of(outlets, page="fr", blog="de-AT", forum="fr", wiki="en")
        made = await box.announce("update")
        assert set(made.texts) == {"en", "de-AT"}
        assert marked(box, made, "page") == ("en", "update", ["de-AT"])
        assert marked(box, made, "forum") == ("en", "update", ["de-AT"])
        assert marked(box, made, "blog") == ("de-AT", "Aus", ["en"])
        assert marked(box, made, "wiki") == ("en", "update", ["de-AT"])
        words = box.outbox.proposals.words
        assert words("update", "customers", "fr") == words("update", "customers", "en")

    run(story())


def test_an_operators_own_words_are_in_the_language_of_the_outlet(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = box_of(outlets, blog="fr")
        made = await box.outbox.make("ada", "update", "customers", words={"blog": ("Panne", "Nous cherchons.")})
        assert marked(box, made, "blog") == ("fr", "Panne", [])

    run(story())


def test_the_next_part_has_the_earlier_ones_in_the_language_they_were_told_in(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = box_of(outlets, blog="fr")
        await box.announce("update")
        made = await box.announce("update")
        ledger = box.journal.ledger
        got = delivery_for(box.current.config, ledger, ledger.announcements["a1"], made, "blog")
        assert [(each.title, each.others) for each in got.history] == [("update", ())]

    run(story())


def test_a_text_links_to_the_page_in_its_language_where_there_is_one(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = box_of(outlets, page="de", blog="de", forum="en-GB", wiki="fr")
        plain = box.current.config
        english = replace(plain.outlets[0], id="english", language="en", url="https://english.example/")
        texts = tuple(replace(each, body=f"{each.body}\n{{page}}") for each in plain.templates)
        box.current.config = replace(plain, outlets=(*plain.outlets, english), templates=texts)
        made = await box.announce("update")
        told = {language: body.splitlines()[-1] for language, (_, body) in made.texts.items()}
        assert told == {
            "de": "https://page.example/",
            "en": "https://english.example/",
            "en-GB": "https://english.example/",
        }

    run(story())


def test_a_page_is_chosen_by_its_language_else_the_first_serves() -> None:
    config = settings("page", "blog")
    first = replace(config.outlets[0], language="de")
    pages = [replace(first, id=each, language=each, url=f"https://{each}.example/") for each in ("fr", "en", "en-GB")]
    config = replace(config, outlets=(first, *pages))
    wanted = {"de": "page", "de-AT": "page", "en": "en", "en-GB": "en-GB", "en-US": "en", "fr-CA": "fr", "it": "page"}
    assert {tag: page_of(config, "customers", tag) for tag in wanted} == {
        tag: f"https://{name}.example/" for tag, name in wanted.items()
    }
    assert page_of(config, "staff", "en") == ""
