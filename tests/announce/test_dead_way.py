"""What people were sent to and is down is taken out of what is said next, and the words say so, in each language."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.announce.draft import AnnounceError, Scene, Wanted, draft
from outagetui.announce.previewing import reading
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS, CLOSING_KINDS
from outagetui.core.model import Channel, Config, Entry, Outlet, State, Template
from outagetui.core.outlet_options import OutletOptions
from outagetui.facts import events
from outagetui.facts.events import AnnouncementMade, Event
from outagetui.facts.ledger import Ledger
from outagetui.wording.compose import DeadWay, correction, read_template
from outagetui.wording.fit import fit_for
from tests.kit.sample_business import channel

NOW = 5000.0
SHIPPED = Path(__file__).parents[2] / "playbooks/announcements"
TEMPLATES = tuple(
    read_template(file.stem.partition(".")[0], file.stem.partition(".")[2], file.read_text(encoding="utf-8"))
    for file in sorted(SHIPPED.glob("*.txt"))
)
CHANNELS = (
    channel("messenger"),
    replace(channel("phone", "backup"), name="Telephone", carries=("voice",), address="+49 30 123456"),
    replace(channel("chat", "backup"), name="Web chat", address="https://chat.example/"),
    replace(channel("video", "backup"), name="Video room", carries=("text", "voice", "video")),
)
OUTLETS = tuple(
    Outlet(id=language, name=language, kind="page", audience="customers", language=language)
    for language in ("en", "de", "fr")
)
TELEPHONE = "Telephone: please do not call for now, it does not work"
ANRUF = "Telephone: bitte rufen Sie dort vorerst nicht an, es funktioniert nicht"


class Story:
    def __init__(self, *templates: Template) -> None:
        self.states = {"messenger": State.DOWN, "phone": State.UP, "chat": State.UP, "video": State.UP}
        self.ledger, self.number = Ledger(frozenset({"messenger"})), 0
        self.config = Config(
            directory="/nowhere", business="Example", vantage="here", timezone="UTC", store="/nowhere/s.db",
            channels=CHANNELS, outlets=OUTLETS, templates=templates or TEMPLATES,
        )  # fmt: skip

    def tell(self, *told: Event) -> None:
        for event in told:
            self.number += 1
            at = 1000.0 + self.number
            self.ledger.apply(Entry(self.number, at, "x", events.kind_of(event), events.encode(event), "", ""))

    def activate(self, *names: str) -> None:
        self.tell(*(events.Activated(channel=name) for name in names))

    def draft(self, kind: str) -> AnnouncementMade:
        scene = Scene(self.config, self.ledger, lambda name: self.states.get(name, State.UNKNOWN), NOW)
        return draft(Wanted(kind=kind, audience="customers"), scene)

    def send(self, kind: str, state: str = "sent") -> AnnouncementMade:
        made = self.draft(kind)
        ended = (
            events.DeliveryEnded(announcement=made.announcement, part=made.part, outlet=name, state=state)
            for name in made.outlets
        )
        self.tell(made, *ended)
        return made


def test_a_dead_way_is_taken_out_and_the_text_says_so_in_each_language() -> None:
    story = Story()
    story.activate("phone", "chat")
    first = story.send("backup-active")
    assert first.channels == ("phone", "chat")
    assert (first.dead, first.corrections) == ((), {})
    story.states["phone"] = State.DOWN
    made = story.send("update")
    assert (made.channels, made.dead) == (("chat",), ("phone",))
    assert made.accounts == (("Web chat", "https://chat.example/"),)
    english, german = made.texts["en"][1], made.texts["de"][1]
    assert TELEPHONE in english.split("\n")
    assert ANRUF in german.split("\n")
    assert "+49" not in english
    assert "- Web chat: https://chat.example/" in english
    # As long as it is down it is not named again, and once it is up, it is.
    assert story.send("update").dead == ("phone",)
    story.states["phone"] = State.UP
    assert story.draft("update").channels == ("phone", "chat")


@pytest.mark.parametrize("kind", [kind for kind in ANNOUNCEMENT_KINDS if kind not in CLOSING_KINDS])
def test_every_text_that_names_accounts_carries_it(kind: str) -> None:
    story = Story()
    story.activate("phone", "chat")
    story.send("backup-active")
    story.states["phone"] = State.DOWN
    made = story.draft(kind)
    assert made.dead == ("phone",)
    for language, line in (("en", TELEPHONE), ("de", ANRUF)):
        template = next(each for each in TEMPLATES if (each.kind, each.language) == (kind, language))
        assert (line in made.texts[language][1]) is ("{accounts}" in template.body)


def test_an_all_clear_takes_nothing_back() -> None:
    story = Story()
    story.activate("phone")
    story.send("backup-active")
    story.states["phone"] = State.DOWN
    assert (story.draft("resolved").dead, story.draft("resolved").corrections) == ((), {})


def test_own_templates_carry_it_and_what_leads_to_no_account_is_left_out() -> None:
    own = Template(kind="update", language="en", title="News", body="Hello.\n\nUse these:\n{accounts}\n\nBye.")
    first = replace(own, kind="backup-active")
    story = Story(own, first)
    story.activate("phone")
    story.send("backup-active")
    story.states["phone"] = State.DOWN
    assert story.draft("update").texts["en"][1] == f"Hello.\n\n{TELEPHONE}\n\nBye."
    story.activate("chat")
    assert story.draft("update").texts["en"][1] == (
        f"Hello.\n\nUse these:\n- Web chat: https://chat.example/\n\n{TELEPHONE}\n\nBye."
    )


def test_what_nobody_was_sent_to_is_named_with_a_warning_as_before() -> None:
    story = Story()
    story.activate("phone", "chat")
    story.states["phone"] = State.DOWN
    made = story.draft("backup-active")
    assert (made.channels, made.dead) == (("phone", "chat"), ())
    story.send("backup-active", state="failed")
    assert story.draft("update").dead == ()  # no outlet has it
    story.tell(events.Told(channel="phone", audience="customers"))
    assert story.draft("update").dead == ("phone",)


@pytest.mark.parametrize(
    ("carries", "words"),
    [
        (("voice",), "please do not call for now, it does not work"),
        (("text",), "please do not write there for now, it does not work"),
        (("text", "voice"), "please do not use it for now, it does not work"),
        (("video",), "please do not use it for now, it does not work"),
        ((), "please do not use it for now, it does not work"),
    ],
)
def test_the_words_say_what_people_would_do(carries: tuple[str, ...], words: str) -> None:
    assert correction(DeadWay("x", "Way", carries), "en") == f"Way: {words}"
    assert correction(DeadWay("x", "Way", carries), "ja") == f"Way: {words}"
    assert correction(DeadWay("x", "Way", carries), "de-AT").startswith("Way: bitte ")


@pytest.mark.parametrize(
    "address", ["tel:+4930901820", "+49 (0)30 90 18 20", "sip:desk@example.net", "SIPS:a@example.net"]
)
def test_nobody_is_told_not_to_write_to_a_telephone(address: str) -> None:
    assert correction(DeadWay("x", "Way", ("text",), address), "en") == (
        "Way: please do not call for now, it does not work"
    )
    assert "write there" in correction(DeadWay("x", "Way", ("text",), "xmpp:a@example.net"), "en")


@pytest.mark.parametrize("kind", ["x", "bluesky", "mastodon"])
def test_where_there_is_little_room_it_stays_whole(kind: str) -> None:
    story = Story()
    story.activate("phone", "chat", "video")
    story.send("backup-active")
    story.states["phone"] = State.DOWN
    made = story.draft("update")
    outlet = Outlet(id=kind, name=kind, kind=kind, audience="customers", options=OutletOptions.of(kind)())
    for language, line in (("en", TELEPHONE), ("de", ANRUF)):
        body = made.texts[language][1].replace("\n\n", f"\n\n{'Many words. ' * 40}\n\n", 1)
        fitted = fit_for(story.config, outlet, made.texts[language][0], body, made.accounts, made.corrected(language))
        assert fitted.shortened
        assert line in fitted.plain.split("\n")
        assert "Telephone" not in fitted.names


def test_a_backup_that_is_not_active_is_still_none() -> None:
    with pytest.raises(AnnounceError):
        Story().draft("backup-active")


def test_channels_of_another_audience_are_none_of_it() -> None:
    staff: Channel = replace(channel("jabber", "backup"), audience="staff")
    story = Story()
    story.config = replace(story.config, channels=(*CHANNELS, staff))
    story.activate("jabber", "chat")
    story.tell(events.Told(channel="jabber", audience="staff"))
    story.states["jabber"] = State.DOWN
    assert story.draft("backup-active").dead == ()


def test_before_a_yes_it_is_read_right_behind_the_accounts() -> None:
    story = Story()
    story.activate("phone", "chat")
    story.send("backup-active")
    assert "Takes these back" not in reading((), story.draft("update"))
    story.states["phone"] = State.DOWN
    read = reading((), story.draft("update"))
    assert read == f"Names these accounts:\n- Web chat: https://chat.example/\n\nTakes these back:\n{TELEPHONE}"
