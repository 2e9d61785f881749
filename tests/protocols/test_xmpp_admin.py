"""Forms of ad-hoc commands are filled in whatever their fields are called (XEP-0133 names them in examples only)."""

import asyncio
from typing import Any, cast
from xml.etree.ElementTree import Element, SubElement, fromstring

import pytest
from outagetui.net.trouble import Trouble
from outagetui.protocols.xmpp import admin
from outagetui.protocols.xmpp.account import Account
from outagetui.protocols.xmpp.session import Session

COMMANDS = "http://jabber.org/protocol/commands"
DATA = "jabber:x:data"
HIDDEN = "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/admin</value></field>"


class Server:
    """Answers a command with a form, and its submission as told."""

    account = Account("watch", "example.test", "secret")

    def __init__(self, fields: str, status: str = "completed") -> None:
        self.fields, self.status = fields, status
        self.submitted: dict[str, list[str]] = {}

    async def ask(self, kind: str, content: Element, *, to: str) -> Element:
        form = content.find(f"{{{DATA}}}x")
        answer = Element("{jabber:client}iq")
        if form is None:
            command = SubElement(answer, f"{{{COMMANDS}}}command", {"sessionid": "1", "status": "executing"})
            command.append(fromstring(f"<x xmlns='{DATA}' type='form'>{HIDDEN}{self.fields}</x>"))
            return answer
        for field in form.iterfind(f"{{{DATA}}}field"):
            self.submitted[field.get("var") or ""] = [each.text or "" for each in field.iterfind(f"{{{DATA}}}value")]
        SubElement(answer, f"{{{COMMANDS}}}command", {"status": self.status})
        return answer


def announce(server: Server, subject: str = "Down", text: str = "We are\nhere") -> str:
    return asyncio.run(admin.announce(cast("Session", server), "example.test", subject, text))


SUBJECT = "<field var='subject' type='text-single' label='Subject'/>"


@pytest.mark.parametrize("name", ["announcement", "body", "message", "text", "Nachricht"])
def test_the_only_field_of_several_lines_takes_the_text(name: str) -> None:
    server = Server(f"{SUBJECT}<field var='{name}' type='text-multi'/>")
    assert announce(server) == ""
    assert server.submitted[name] == ["We are", "here"]
    assert server.submitted["subject"] == ["Down"]
    assert server.submitted["FORM_TYPE"] == ["http://jabber.org/protocol/admin"]


def test_without_a_field_for_the_subject_it_heads_the_text() -> None:
    server = Server("<field var='body' type='text-multi'/>")
    announce(server)
    assert server.submitted["body"] == ["Down", "", "We are", "here"]


def test_of_two_fields_of_several_lines_the_usual_one_takes_the_text() -> None:
    server = Server("<field var='note' type='text-multi'/><field var='body' type='text-multi'/>")
    announce(server)
    assert server.submitted["body"][-1] == "here"
    assert "note" not in server.submitted


def test_a_form_without_types_is_filled_by_the_usual_names() -> None:
    server = Server("<field var='subject'/><field var='announcement'/>")
    announce(server)
    assert server.submitted["announcement"] == ["We are", "here"]
    assert server.submitted["subject"] == ["Down"]


def test_what_the_form_came_with_is_kept() -> None:
    server = Server(
        f"{SUBJECT}<field var='b' type='text-multi'/><field var='to' type='list-single'><value>all</value></field>"
    )
    announce(server)
    assert server.submitted["to"] == ["all"]


@pytest.mark.parametrize(
    "fields", ["", "<field var='motd' type='boolean'/>", "<field type='fixed'><value>x</value></field>"]
)
def test_a_form_for_something_else_is_not_filled(fields: str) -> None:
    with pytest.raises(Trouble) as caught:
        announce(Server(fields))
    assert caught.value.code == "xmpp.no-command"


def test_a_server_that_wants_to_know_more_has_not_sent_it() -> None:
    with pytest.raises(Trouble) as caught:
        announce(Server("<field var='body' type='text-multi'/>", status="executing"))
    assert caught.value.code == "xmpp.not-announced"


@pytest.mark.parametrize(
    ("fields", "filled"),
    [
        (
            "<field var='accountjid' type='jid-single'/><field var='password' type='text-private'/>"
            "<field var='password-verify' type='text-private'/>",
            {"accountjid": ["bob@example.test"], "password": ["geheim"], "password-verify": ["geheim"]},
        ),
        (
            "<field var='jid' type='jid-single'/><field var='pw' type='text-private'/>",
            {"jid": ["bob@example.test"], "pw": ["geheim"]},
        ),
        (
            "<field var='accountjid'/><field var='password'/>",
            {"accountjid": ["bob@example.test"], "password": ["geheim"]},
        ),
    ],
)
def test_the_form_that_makes_accounts_is_filled_by_its_types(fields: str, filled: dict[str, Any]) -> None:
    server = Server(fields)
    assert asyncio.run(admin.add_user(cast("Session", server), "bob@example.test", "geheim"))
    assert server.submitted == {"FORM_TYPE": ["http://jabber.org/protocol/admin"], **filled}
