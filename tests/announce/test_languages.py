"""In which language an outlet is told, and that what it gets is marked as that."""

import pytest
from msgspec.structs import replace
from outagetui.announce.deliveries import parcel
from outagetui.core.model import Template
from outagetui.facts.events import AnnouncementMade
from tests.kit.presses import KINDS, Net, Press, settings
from tests.kit.virtual_loop import run


@pytest.fixture(name="net")
def _net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def press_of(net: Net, **languages: str) -> Press:
    """Return the press of outlets in these languages, with words in English and German."""
    press = Press(net, *languages)
    plain = settings(*languages)
    german = [Template(kind=kind, language="de", title="Aus", body="Wir melden es.") for kind in KINDS]
    outlets = tuple(replace(each, language=languages[each.id]) for each in plain.outlets)
    press.outbox.config = replace(plain, outlets=outlets, templates=(*plain.templates, *german))
    return press


def told(press: Press, made: AnnouncementMade, outlet: str) -> tuple[str, str, list[str]]:
    ledger = press.pen.ledger
    got = parcel(press.outbox.config, ledger, ledger.announcements[made.announcement], made, outlet)
    return got.language, got.title, [each.language for each in got.others]


def test_words_are_marked_with_the_language_they_are_in(net: Net) -> None:
    async def story() -> None:
        press = press_of(net, page="fr", blog="de-AT", forum="fr", wiki="en")
        made = await press.tell("update")
        assert set(made.texts) == {"en", "de-AT"}
        assert told(press, made, "page") == ("en", "update", ["de-AT"])
        assert told(press, made, "forum") == ("en", "update", ["de-AT"])
        assert told(press, made, "blog") == ("de-AT", "Aus", ["en"])
        assert told(press, made, "wiki") == ("en", "update", ["de-AT"])
        assert press.outbox.words("update", "customers", "fr") == press.outbox.words("update", "customers", "en")

    run(story())


def test_an_operators_own_words_are_in_the_language_of_the_outlet(net: Net) -> None:
    async def story() -> None:
        press = press_of(net, blog="fr")
        made = await press.outbox.make("ada", "update", "customers", words={"blog": ("Panne", "Nous cherchons.")})
        assert told(press, made, "blog") == ("fr", "Panne", [])

    run(story())


def test_the_next_part_has_the_earlier_ones_in_the_language_they_were_told_in(net: Net) -> None:
    async def story() -> None:
        press = press_of(net, blog="fr")
        await press.tell("update")
        made = await press.tell("update")
        ledger = press.pen.ledger
        got = parcel(press.outbox.config, ledger, ledger.announcements["a1"], made, "blog")
        assert [(each.title, each.others) for each in got.history] == [("update", ())]

    run(story())
