"""What a letter holds and to whom it goes: nothing that a program's mail must not, and nothing from outside."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.model import Contact, Outlet
from outagetui.outlets import Delivery, publish
from outagetui.wording.fit import fit
from tests.outlets.kit import ACCOUNTS, AT, PAGE, PROSE, delivery_of
from tests.outlets.mailkit import PEOPLE, UNSUBSCRIBE, outlet_for, tools_at
from tests.outlets.servers.post import Post


async def test_a_letter_holds_what_mail_of_programs_must_hold(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = replace(outlet_for(post.port, recipients=PEOPLE[:1]), language="de")
        part = replace(delivery_of(outlet), language="de")
        await publish(outlet, part, tools_at(tmp_path))
        (letter,) = post.letters
        found = letter.message
        assert str(found["From"]) == "Example Hosting <news@example.test>"
        assert letter.sender == "news@example.test"
        assert found["Subject"] == part.title
        assert found["Date"].datetime.timestamp() == int(AT)
        assert found["Auto-Submitted"] == "auto-generated"
        assert found["List-Id"] == "<letters.example.test>"
        assert found["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
        assert found["Content-Language"] == "de"
        assert found["Precedence"] is None
        assert found["In-Reply-To"] is None
        assert part.key in found["Message-ID"]
        assert letter.raw.isascii()
        assert found["List-Unsubscribe-Post"] is None
        assert part.text is not None
        plain, page = (each.get_content() for each in found.iter_parts())
        foot = ["", "-- ", "Keine dieser Nachrichten mehr: leave@example.test"]
        assert plain.splitlines() == [*part.text.plain.rstrip().splitlines(), *foot]
        assert f'<a href="{UNSUBSCRIBE}">Keine dieser Nachrichten mehr</a>' in page
        assert "<script" not in page
        assert 'href="https://chat.example.net/support"' in page
        assert '<html lang="de">' in page


async def test_recipients_come_from_a_list_and_from_contacts_each_once(tmp_path: Path) -> None:
    people = tmp_path / "people.txt"
    people.write_text("# our customers\nEve <eve@example.test>  # since May\n\nPERSON0@Example.Test\n")
    contacts = (
        Contact(name="Ada", audience="customers", addresses={"mailbox": "ada@bücher.example"}),
        Contact(name="Bob", audience="staff", addresses={"mailbox": "bob@example.test"}),
        Contact(name="Cyd", audience="customers", addresses={"phone": "+49 30 1"}),
    )
    async with Post().running() as post:
        outlet = outlet_for(post.port, recipients=PEOPLE[:1], recipients_file=str(people), contacts="mailbox")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path, contacts=contacts))
        assert done.state == "sent", done
        assert sorted(post.got()) == ["ada@xn--bcher-kva.example", "eve@example.test", "person0@example.test"]


@pytest.mark.parametrize("line", ["a@b.example\nBcc: c@d.example", "nobody", "a b@example.test", "<a@b>,<c@d>"])
async def test_a_list_with_something_else_in_it_is_not_used_at_all(tmp_path: Path, line: str) -> None:
    people = tmp_path / "people.txt"
    people.write_text(f"eve@example.test\n{line}\n")
    async with Post().running() as post:
        outlet = outlet_for(post.port, recipients=(), recipients_file=str(people))
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed"
        assert "not a mail address" in done.detail
        assert post.letters == []
        missing = outlet_for(post.port, recipients=(), recipients_file=str(tmp_path / "no"))
        done = await publish(missing, delivery_of(missing), tools_at(tmp_path))
        assert (done.state, done.detail.rpartition(": ")[2]) == ("failed", "No such file or directory")


EVIL = "Hello\r\nBcc: everybody@evil.example\r\n\r\n<b>x</b>\n.\nMAIL FROM:<a@b>\x00\x1b[31m\u202e \u2028"


def evil_delivery(outlet: Outlet) -> Delivery:
    part = delivery_of(outlet)
    body = f"{PROSE}\n.\n..\nQUIT\nFrom me\n{EVIL}"
    return replace(part, title=EVIL, text=fit("email", title=EVIL, body=body, accounts=ACCOUNTS, page=PAGE))


@pytest.mark.parametrize("mode", ["each", "bcc"])
async def test_no_field_can_add_a_header_a_letter_or_a_command(tmp_path: Path, mode: str) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port, mode=mode, recipients=PEOPLE[:1])
        tools = replace(tools_at(tmp_path), business=f'Evil {EVIL} GmbH, "Co" <x@y.example>')
        done = await publish(outlet, evil_delivery(outlet), tools)
        assert done.state == "sent", done
        (letter,) = post.letters
        assert letter.message["Bcc"] is None
        names = [name for name, _ in letter.message.items()]
        assert len(names) == len(set(names))
        assert letter.message["From"].addresses[0].addr_spec == "news@example.test"
        assert len(letter.message["From"].addresses) == 1
        plain = letter.message.get_body(("plain",))
        assert isinstance(plain, EmailMessage)
        assert "\n.\n..\nQUIT\nFrom me\n" in plain.get_content().replace("\r\n", "\n")
