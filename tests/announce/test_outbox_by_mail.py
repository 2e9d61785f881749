"""The outbox with mail: what a daemon that ended amid the letters left, and a retry that goes on with it."""

from pathlib import Path

from msgspec.structs import replace
from outagetui.announce.deliveries import key_of
from outagetui.announce.outbox import Outbox
from outagetui.core.current import Current
from outagetui.core.model import Contact, State
from outagetui.facts.announcement import DeliveryRecord
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.outlets.kit import AT
from tests.outlets.mailkit import PEOPLE, outlet_for, tools_at
from tests.outlets.servers.post import Post


async def test_a_part_of_the_letters_is_told_as_it_is_and_a_retry_sends_the_rest(tmp_path: Path) -> None:
    async with Post().running() as post:
        ada = Contact(name="Ada", audience="customers", addresses={"mailbox": "ada@example.test"})
        outlet = outlet_for(post.port, contacts="mailbox")
        settings = replace(config(), outlets=(outlet,), contacts=(ada,))
        journal = MemoryJournal()
        outbox = Outbox(Current(settings), journal, lambda _: State.UP, lambda: AT, tools_at(tmp_path))
        made = await outbox.make("ada", "update", "customers", ["letters"])
        post.answers = {PEOPLE[2]: "451 come back later"}
        await outbox.deliver("ada", made.announcement, made.part)
        deliveries = journal.ledger.announcements[made.announcement].deliveries
        was = deliveries[made.part, "letters"]
        words = "5 of 6 accepted; 1 asked to come later: 451 come back later; a retry goes on with those left"
        assert (was.state, was.detail) == ("unknown", words)
        assert not await outbox.follow("daemon", made.announcement, made.part, "letters", last=False)
        kept = (
            tmp_path / "sent" / f"{key_of(journal.ledger.announcements[made.announcement], made.part, 'letters')}.jsonl"
        )
        lines = kept.read_text().splitlines()
        kept.write_text("\n".join(lines[:3]) + "\n")  # the first has it, the second was begun
        deliveries[made.part, "letters"] = DeliveryRecord(part=made.part, outlet="letters", state="sending")
        (left,) = await outbox.look_up("daemon", made.announcement, made.part)
        assert left.state == "unknown"
        assert left.detail.startswith("begun; 1 of 6 accepted; 1 not known, so not sent again: ")
        post.answers, before = {}, len(post.letters)
        await outbox.deliver("ada", made.announcement, made.part, again=True)
        assert deliveries[made.part, "letters"].state == "sent"
        assert post.got()[before:] == [*PEOPLE[2:], "ada@example.test"]
        await outbox.retract("ada", made.announcement)
        (back,) = await outbox.take_back("ada", made.announcement)
        assert (back.state, back.detail) == ("skipped", "mail cannot be taken back; send a correction")
