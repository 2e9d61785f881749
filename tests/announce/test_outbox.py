"""The outbox alone: each outlet gets each part at most once without a word, whatever ended in between."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui import outlets
from outagetui.announce.deliveries import key_of
from outagetui.announce.outbox import AnnounceError, Outbox
from outagetui.core.current import Current
from outagetui.core.model import Config, Outlet, State
from outagetui.daemon.background_delivery import BackgroundDelivery
from outagetui.facts.events import Activated, AnnouncementMade, DeliveryEnded, DeliveryIntended
from outagetui.outlets import Delivered, Delivery, Tools
from tests.kit.page_outlets import config, states
from tests.kit.runner_in_memory import MemoryJournal
from tests.kit.virtual_loop import run as in_virtual_time


class Web:
    """All outlets of a test: what they were handed, how the next one goes, and what a look-up finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.got: list[str] = []
        self.goes: dict[str, str] = {}
        self.shows: dict[str, str] = {}
        self.read: list[str] = []
        monkeypatch.setattr(outlets, "publish", self.publish)
        monkeypatch.setattr(outlets, "find", self.find)
        monkeypatch.setattr(outlets, "seen", self.seen)
        monkeypatch.setattr(outlets, "retract", self.retract)

    async def publish(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
        how = self.goes.get(outlet.id, "sent")
        if how == "hangs":
            await asyncio.sleep(1e6)
        if how != "lost":
            self.got.append(f"{outlet.id} {delivery.announcement}.{delivery.part}")
        if how in ("hangs after", "lost"):
            await asyncio.sleep(1e6)
        return Delivered(how, detail=how)

    async def find(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
        there = f"{outlet.id} {delivery.announcement}.{delivery.part}" in self.got
        return Delivered("sent", detail="already there") if there else None

    async def seen(self, outlet: Outlet, delivered: Delivered, delivery: Delivery, tools: Tools) -> Delivered:
        self.read.append(f"{outlet.id} {asyncio.get_running_loop().time():g}")
        how = self.shows.get(outlet.id, "seen")
        return replace(delivered, state=how, detail="shown" if how == "seen" else "not shown")

    async def retract(self, outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
        how = self.goes.get(outlet.id, "retracted")
        if how == "hangs":
            await asyncio.sleep(1e6)
        if how == "retracted":
            for placed in delivery.placed:
                self.got.remove(f"{outlet.id} {delivery.announcement}.{placed.part}")
        return Delivered(how, detail=how)


@pytest.fixture(name="web")
def _web(monkeypatch: pytest.MonkeyPatch) -> Web:
    return Web(monkeypatch)


def outbox_of(journal: MemoryJournal, settings: Config) -> Outbox:
    return Outbox(Current(settings), journal, lambda name: State.DOWN if name == "chat" else State.UP, lambda: 1000.0)


def test_every_outlet_has_its_intent_before_and_its_outcome_after(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        journal.put("ada", Activated(channel="phone"))
        outbox = outbox_of(journal, config("page", "blog"))
        made = await outbox.make("ada", "backup-active", "customers", note="Soon.")
        assert made.accounts == (("Phone", "phone.example"),)
        assert "Soon." in made.body
        await outbox.deliver("ada", made.announcement, made.part)
        for name in ("page", "blog"):
            told = journal.events(AnnouncementMade, DeliveryIntended, DeliveryEnded)
            mine = [event for event in told if getattr(event, "outlet", name) == name]
            assert [type(event) for event in mine] == [AnnouncementMade, DeliveryIntended, DeliveryEnded]
            assert mine[1].key == key_of(journal.ledger.announcements["a1"], 0, name)
            assert mine[1].text == f"backup-active\n\n{made.body}"
        assert web.got == ["page a1.0", "blog a1.0"]

    in_virtual_time(story())


def test_what_failed_is_tried_again_only_on_an_operators_word(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page", "blog", "forum"))
        web.goes = {"blog": "failed", "forum": "unknown"}
        made = await outbox.make("ada", "update", "customers")
        await outbox.deliver("ada", "a1", 0)
        web.goes, sent = {}, list(web.got)
        await outbox.deliver("ada", made.announcement, 0)
        assert web.got == sent
        assert states(journal) == {"page": "sent", "blog": "failed", "forum": "unknown"}
        await outbox.deliver("ada", made.announcement, 0, again=True)
        assert web.got[len(sent) :] == ["blog a1.0", "forum a1.0"]
        assert states(journal) == {"page": "sent", "blog": "sent", "forum": "sent"}

    in_virtual_time(story())


def test_a_delivery_that_is_given_up_is_unknown_and_not_open_for_ever(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        web.goes = {"page": "hangs after"}
        await outbox.make("ada", "update", "customers")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.0):
                await outbox.deliver("ada", "a1", 0)
        assert states(journal) == {"page": "unknown"}
        assert "may be published" in journal.events(DeliveryEnded)[0].detail

    in_virtual_time(story())


@pytest.mark.parametrize("dies", ["made", "hangs after", "lost", "ended"])
def test_what_was_promised_is_settled_by_the_next_daemon(web: Web, dies: str) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        settings = config("page", "blog")
        outbox = outbox_of(journal, settings)
        await outbox.make("ada", "update", "customers")
        if dies != "made":
            web.goes = {"blog" if dies == "ended" else "page": "lost" if dies == "ended" else dies}
            task = asyncio.create_task(outbox.deliver("ada", "a1", 0))
            await asyncio.sleep(5.0)
            journal.dead = True
            task.cancel()
            await asyncio.sleep(0.1)
        fresh = journal.after_crash()
        web.goes = {}
        background = BackgroundDelivery(outbox_of(fresh, settings))
        background.settle()
        await asyncio.sleep(5.0)
        await background.aclose()
        found = {"made": "seen", "hangs after": "seen", "lost": "unknown", "ended": "seen"}[dies]
        assert states(fresh) == {"page": found, "blog": "unknown" if dies == "ended" else "seen"}
        assert len(web.got) == len(set(web.got))
        background = BackgroundDelivery(outbox_of(fresh, settings))
        before = len(fresh.entries)
        background.settle()  # and there is nothing left to do
        await background.aclose()
        assert len(fresh.entries) == before

    in_virtual_time(story())


def test_an_older_part_is_not_sent_after_a_newer_one(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        await outbox.make("ada", "update", "customers")
        await outbox.make("ada", "update", "customers")
        background = BackgroundDelivery(outbox)
        background.settle()
        await background.aclose()
        await asyncio.sleep(1.0)
        assert states(journal) == {"page": "skipped"}
        owed = await outbox.resume()
        assert [(event.part, names) for event, names in owed] == [(1, ("page",))]

    in_virtual_time(story())


def test_the_announcement_of_a_run_is_the_runs_own_affair(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        await outbox.make("outagetui", "update", "customers", run="r1", step="tell")
        assert await outbox.resume() == []
        assert web.got == []

    in_virtual_time(story())


def test_a_full_disk_delays_what_was_promised_and_sends_nothing_unwritten(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        made = await outbox.make("ada", "update", "customers")
        journal.full = True
        background = BackgroundDelivery(outbox)
        background.send("ada", made)
        await asyncio.sleep(30.0)
        assert web.got == []
        journal.full = False
        await asyncio.sleep(5.0)
        assert web.got == ["page a1.0"]

    in_virtual_time(story())


def test_what_cannot_be_announced_is_refused_before_anything_is_journaled(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        for kind, audience, chosen, words in (
            ("nonsense", "customers", (), r"there is no template nonsense.en.txt"),
            ("update", "staff", (), r"no outlet can tell staff"),
            ("update", "staff", ("page",), r"page cannot tell staff"),
            ("update", "customers", ("nowhere",), r"no outlet is called nowhere"),
            ("resolved", "customers", (), r"nothing is announced to customers that resolved could close"),
        ):
            with pytest.raises(AnnounceError, match=words):
                await outbox.make("ada", kind, audience, chosen)  # type: ignore[arg-type]
        assert journal.entries == []

    in_virtual_time(story())


def test_updates_and_the_closing_belong_to_the_same_announcement(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        outbox = outbox_of(journal, config("page"))
        parts = [await outbox.make("ada", kind, "customers") for kind in ("update", "update", "resolved")]
        assert [(part.announcement, part.part) for part in parts] == [("a1", 0), ("a1", 1), ("a1", 2)]
        assert parts[2].accounts == ()
        assert parts[2].next_update is None
        assert (await outbox.make("ada", "update", "customers")).announcement == "a2"
        history = outbox.delivery(journal.ledger.announcements["a1"], parts[2], "page").history
        assert [post.kind for post in history] == ["update", "update"]

    in_virtual_time(story())


def test_nobody_is_told_of_backups_that_are_not_active(web: Web) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        with pytest.raises(AnnounceError, match="no backup of customers is active"):
            await outbox_of(journal, config("page")).make("ada", "backup-active", "customers")
        assert journal.ledger.announcements == {}

    in_virtual_time(story())


async def test_a_page_shows_a_part_once_however_often_it_is_delivered(tmp_path: Path) -> None:
    journal = MemoryJournal()
    outbox = outbox_of(journal, config(str(tmp_path)))
    made = await outbox.make("ada", "update", "customers", note="Come in.")
    for _ in range(3):
        await outbox.deliver("ada", made.announcement, made.part, again=True)
    assert (tmp_path / "index.html").read_text().count("Come in.") == 1
    assert len(journal.events(DeliveryEnded)) == 1
