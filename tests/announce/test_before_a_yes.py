"""What is read before a yes: the accounts first, every text under its outlets, and where it does not go."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from outagetui.announce.draft import Wanted
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.core.announcement_kinds import DRILL_KIND
from outagetui.core.model import State, Template
from outagetui.facts.events import Activated, AnnouncementMade, Proved, StateChanged
from tests.kit.outlets_in_memory import OutboxInMemory, OutletsInMemory
from tests.kit.virtual_loop import run

WHY = "the yearly rehearsal of the whole house"


@pytest.fixture(name="outlets")
def _outlets(monkeypatch: pytest.MonkeyPatch) -> OutletsInMemory:
    return OutletsInMemory(monkeypatch)


def drafted(box: OutboxInMemory, kind: str = "update") -> AnnouncementMade:
    return box.outbox.proposals.drafted(Wanted(kind=kind, audience="customers"))


def texts(*kinds: str) -> Iterator[Template]:
    for kind in kinds:
        yield Template(kind=kind, language="en", title="News", body="Here we are:\n{accounts}\nSorry.")


def test_the_accounts_stand_first_and_every_text_once(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum")
        german = replace(box.current.config.outlets[0], id="blog-de", name="Blog deutsch", language="de")
        words = Template(kind="update", language="de", title="Neues", body="Hier:\n{accounts}")
        box.current.config = replace(
            box.current.config, outlets=(*box.current.config.outlets, german), templates=(*texts("update"), words)
        )
        box.journal.put("ada", Activated(channel="phone"))
        read = box.outbox.proposals.read(drafted(box)).split("\n")
        named = next(line for line in read if line.startswith("- "))
        assert read[:2] == ["Names these accounts:", named]
        assert [line for line in read if line.startswith("To ")] == [
            "To Blog, Forum (en, 48 of 500 characters):",
            "To Blog deutsch (de, 35 of 500 characters):",
        ]
        assert read.count("Sorry.") == 1
        assert read.count(named) == 3

    run(story())


def test_the_accounts_stand_first_in_what_a_banner_says_too(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets)
        box.journal.put("ada", Activated(channel="phone"))
        proposals = box.outbox.proposals
        title, body = proposals.words("backup-active", "customers", "en")
        read = proposals.words_to_read("backup-active", "customers", "en")
        head, accounts, *_ = read.split("\n")
        assert (head, accounts[:2]) == ("Names these accounts:", "- ")
        assert read.endswith(f"\n\n{title}\n\n{body}")

    run(story())


def test_a_backup_whose_last_proof_failed_is_named_with_a_warning(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        box.journal.put("ada", Activated(channel="phone"))
        for outcome, warned in (("failed", True), ("passed", False)):
            box.journal.put("daemon", Proved(channel="phone", outcome=outcome, detail="no echo", checks={}))
            words = "is named, and its last proof failed"
            proof = box.outbox.proposals.proof(Wanted(kind="update", audience="customers"), {}, {})
            assert any(words in each.words for each in proof.warnings) == warned
            assert (words in box.outbox.proposals.outlook(drafted(box))) == warned

    run(story())


def test_it_is_said_which_outlets_are_left_out_and_what_speaks_against_it(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog", "forum", "wiki")
        made = drafted(box)
        assert "outlets" not in box.outbox.proposals.outlook(made)
        box.states["forum"] = State.DOWN
        assert box.outbox.proposals.outlook(made).startswith("2 of 3 outlets; Forum is down")
        box.states["wiki"] = State.DOWN
        assert box.outbox.proposals.outlook(made).startswith("1 of 3 outlets; Forum and Wiki are down")

    run(story())


@pytest.mark.parametrize("kind", ["resolved", "false-alarm"])
def test_an_all_clear_while_a_channel_fails_says_so(outlets: OutletsInMemory, kind: str) -> None:
    async def story() -> None:
        box = OutboxInMemory(outlets, "blog")
        box.current.config = replace(box.current.config, templates=tuple(texts("update", kind)))
        await box.outbox.make("ada", "update", "customers")
        assert "Chat fails now" in box.outbox.proposals.outlook(drafted(box, kind))
        box.states["chat"] = State.UP
        assert "fails" not in box.outbox.proposals.outlook(drafted(box, kind))

    run(story())


def drilled(outlets: OutletsInMemory, *, drill: bool) -> OutboxInMemory:
    box = OutboxInMemory(outlets, "blog")
    box.current.config = replace(box.current.config, templates=tuple(texts(DRILL_KIND)))
    box.outbox = Outbox(box.current, box.journal, lambda name: State.UP, box.now, drill=drill)
    return box


def test_nobody_hears_that_it_is_only_a_drill_while_something_fails(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = drilled(outlets, drill=False)
        box.journal.ledger.primaries = frozenset({"chat"})
        box.journal.put("daemon", StateChanged(id="chat", was="up", now="down", why="http.503"))
        assert box.journal.ledger.open_incident(box.now()) is not None
        with pytest.raises(AnnounceError, match="an incident is open"):
            drafted(box, DRILL_KIND)
        with pytest.raises(AnnounceError, match="an incident is open"):
            await box.outbox.make("ada", DRILL_KIND, "customers", reason=WHY)
        assert not box.journal.events(AnnouncementMade)

    run(story())


def test_a_drill_is_announced_outside_of_one_only_with_a_reason(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = drilled(outlets, drill=False)
        for reason in ("", "short", " " * 20):
            with pytest.raises(AnnounceError, match="needs a reason of at least 10 characters"):
                await box.outbox.make("ada", DRILL_KIND, "customers", reason=reason)
        await box.outbox.make("ada", DRILL_KIND, "customers", reason=WHY)
        assert [made.reason for made in box.journal.events(AnnouncementMade)] == [WHY]

    run(story())


def test_a_drills_own_incident_is_no_reason_against_it(outlets: OutletsInMemory) -> None:
    async def story() -> None:
        box = drilled(outlets, drill=True)
        box.journal.ledger.primaries = frozenset({"chat"})
        box.journal.put("daemon", StateChanged(id="chat", was="up", now="down", why="http.503"))
        made = await box.outbox.make("ada", DRILL_KIND, "customers")
        assert (made.kind, made.reason) == (DRILL_KIND, "")

    run(story())
