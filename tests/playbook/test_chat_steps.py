"""Steps on an XMPP server and on the website in a configuration: what they mean, say and are taken back by; faults."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from outagetui import config
from outagetui.facts.events import StepPlan
from outagetui.playbook.plan import plan
from outagetui.playbook.unwind import undo_of
from tests.kit.configs import problems, write

JABBER = """[channel]
name = "Jabber"
audience = "staff"
role = "backup"
address = "xmpp:office@rooms.example.net?join"

[[check]]
id = "login"
probe = "xmpp"
target = "xmpp://watch@example.net"
connect = "127.0.0.1:5222"
secret = "jabber"
"""
CONTACTS = """[[contact]]
name = "Ada"
audience = "staff"
addresses = { jabber = "ada@example.net" }
[[contact]]
name = "Bob"
audience = "staff"
addresses = { jabber = "xmpp:bob@example.net" }
[[contact]]
name = "Cy"
audience = "customers"
addresses = { jabber = "cy@other.example" }
"""
TEXT = {"playbooks/announcements/backup-active.en.txt": "Title\n\nBody {accounts}\n"}
FILES: dict[str, str | bytes] = {"checks/jabber.toml": JABBER, "contacts.toml": CONTACTS, **TEXT}


def book(do: str, options: str, more: str = "") -> str:
    return f'name = "Book"\n\n[[step]]\nid = "s"\ndo = "{do}"\nwith = {{ {options} }}\n{more}'


def planned(directory: Path, do: str, options: str, files: Mapping[str, str | bytes] | None = None) -> StepPlan:
    loaded = config.load(write(directory, {**FILES, **(files or {}), "playbooks/b.toml": book(do, options)}))
    (step,) = plan(loaded.playbooks[0], loaded)
    return step


ACCOUNT: dict[str, Any] = {
    "target": "xmpp://watch@example.net",
    "connect": "127.0.0.1:5222",
    "secret": "jabber",
    "ca": None,
    "direct_tls": False,
}


def test_a_room_step_knows_account_room_and_people_and_what_takes_it_back(tmp_path: Path) -> None:
    step = planned(
        tmp_path,
        "xmpp.room",
        'channel = "jabber", room = "war", members_only = true, invite = ["@staff", "eve@example.net"], subject = "D"',
    )
    people = ["ada@example.net", "bob@example.net", "eve@example.net"]
    back = step.facts["undo"]
    assert step.facts == {**ACCOUNT, "room": "war@rooms.example.net", "people": people, "undo": back}
    assert step.needs == "confirm"
    assert step.what == (
        "make the room war@rooms.example.net (members only) unless it is there, give it the subject “D” and invite "
        "ada@example.net, bob@example.net and eve@example.net"
    )
    undo = undo_of(step)
    assert undo is not None
    assert (undo.do, undo.facts, undo.needs) == (
        "xmpp.room.close",
        {**ACCOUNT, "room": "war@rooms.example.net"},
        "confirm",
    )
    assert undo.what == "destroy the room war@rooms.example.net; if no step made it, it is left as it is"


def test_the_host_of_the_room_that_is_watched_comes_before_that_of_the_address(tmp_path: Path) -> None:
    room = '\n[[check]]\nid = "room"\nprobe = "xmpp.room"\ntarget = "xmpp://watch@example.net"\nsecret = "jabber"\n'
    watched = {"checks/jabber.toml": f'{JABBER}{room}room = "ops@muc.example.net"\n'}
    options = 'channel = "jabber", room = "war", text = "come"'
    assert planned(tmp_path, "xmpp.message", options, watched).facts["room"] == "war@muc.example.net"


@pytest.mark.parametrize(
    ("do", "options", "what", "facts"),
    [
        (
            "xmpp.room.close",
            'channel = "jabber", room = "war@muc.other.example", text = "over"',
            "destroy the room war@muc.other.example, saying “over”; if no step made it, it is left as it is",
            {"room": "war@muc.other.example"},
        ),
        (
            "xmpp.invite",
            'channel = "jabber", room = "war", invite = "@customers"',
            "invite cy@other.example to the room war@rooms.example.net",
            {"room": "war@rooms.example.net", "people": ["cy@other.example"]},
        ),
        (
            "xmpp.message",
            'channel = "jabber", room = "war", user = "@staff", text = "come"',
            "say “come” in the room war@rooms.example.net, to ada@example.net and to bob@example.net",
            {"room": "war@rooms.example.net", "people": ["ada@example.net", "bob@example.net"]},
        ),
        (
            "xmpp.account",
            'channel = "jabber", user = "dana", secret = "dana-first"',
            "make the Jabber account dana@example.net with the password in the secret dana-first",
            {"user": "dana@example.net"},
        ),
    ],
)
def test_what_each_kind_means_and_says(tmp_path: Path, do: str, options: str, what: str, facts: dict[str, Any]) -> None:
    step = planned(tmp_path, do, options)
    assert step.what == what
    assert step.facts == {**ACCOUNT, **facts}
    assert undo_of(step) is None


def test_a_banner_says_where_it_is_put_and_is_taken_out_again(tmp_path: Path) -> None:
    step = planned(tmp_path, "webchat.banner", 'kind = "backup-active", file = "/srv/www/banner.html"')
    assert step.what == "put the banner with the words of backup-active to customers (en) into /srv/www/banner.html"
    undo = undo_of(step)
    assert undo is not None
    assert (undo.do, undo.options, undo.facts) == ("webchat.banner", step.options, {"remove": True})
    assert undo.what == "take the banner out of /srv/www/banner.html again"
    step = planned(tmp_path, "webchat.banner", 'kind = "backup-active", url = "https://a.example/b", secret = "s"')
    assert step.what == "put the banner with the words of backup-active to customers (en) to https://a.example/b (PUT)"


FAULTS = [
    ("webchat.banner", 'kind = "backup-active"', "6: step[1].with: expected exactly one of file and url"),
    ("webchat.banner", 'kind = "backup-active", file = "b.html"', "6: step[1].with.file: expected an absolute path"),
    ("webchat.banner", 'kind = "backup-active", file = "/b.txt"', "6: step[1].with.file: expected a file that ends in"),
    ("webchat.banner", 'kind = "backup-active", url = "ftp://a/b"', "6: step[1].with.url: expected http://host/"),
    (
        "webchat.banner",
        'kind = "backup-activ", file = "/b.html"',
        '6: step[1].with.kind: unknown kind of announcement "backup-activ" (did you mean "backup-active"?)',
    ),
    (
        "webchat.banner",
        'kind = "backup-active", file = "/b.html", language = "fr"',
        "6: step[1].with.language: there is no playbooks/announcements/backup-active.fr.txt",
    ),
    (
        "webchat.banner",
        'kind = "backup-active", url = "http://a.example/b", secret = "s"',
        "6: step[1].with.url: a secret would go over the net in the clear",
    ),
    (
        "webchat.banner",
        'kind = "backup-active", file = "/b.html", secret = "s"',
        "6: step[1].with.secret: goes with url only",
    ),
    ("xmpp.room", 'channel = "jaber", room = "war"', '6: step[1].with.channel: unknown channel "jaber" (did you mean'),
    ("xmpp.room", 'channel = "a", room = "war"', '6: step[1].with.channel: "a" has no check with the probe xmpp or'),
    ("xmpp.room", 'channel = "jabber", room = "a room"', '6: step[1].with.room: "a room" is no room: expected a name'),
    ("xmpp.room", 'channel = "jabber", room = "x@y/z"', '6: step[1].with.room: "x@y/z" is no room'),
    (
        "xmpp.room",
        'channel = "jabber", room = "war", subjct = "x"',
        '6: step[1].with.subjct: unknown key (did you mean "subject"?)',
    ),
    (
        "xmpp.room",
        'channel = "jabber", room = "war", invite = "@stuff"',
        '6: step[1].with.invite: unknown group "@stuff" (did you mean "@staff"?)',
    ),
    (
        "xmpp.invite",
        'channel = "jabber", room = "war", invite = ["ada@example.net", "bob"]',
        '6: step[1].with.invite[2]: "bob" is no Jabber address: expected user@domain, "@customers", "@staff"',
    ),
    ("xmpp.message", 'channel = "jabber", text = "x"', "6: step[1].with: expected room or user: whom to tell"),
    ("xmpp.message", 'channel = "jabber", room = "war"', "6: step[1].with.text: missing"),
    ("xmpp.account", 'channel = "jabber", user = "a b", secret = "s"', '6: step[1].with.user: "a b" is no account'),
    ("xmpp.account", 'channel = "jabber", user = "a", secret = "x/y"', "6: step[1].with.secret: expected the name of"),
    ("xmpp.room", f'channel = "jabber", room = "war", subject = "{"x" * 301}"', "6: step[1].with.subject: is longer"),
]


@pytest.mark.parametrize(("do", "options", "problem"), FAULTS)
def test_a_fault_is_told_with_its_line_and_what_to_do(tmp_path: Path, do: str, options: str, problem: str) -> None:
    (found,) = problems(tmp_path, {**FILES, "playbooks/b.toml": book(do, options)})
    assert found.startswith(f"playbooks/b.toml:{problem}")


def test_a_group_that_nobody_of_is_on_the_channel_and_an_address_that_is_none_are_told(tmp_path: Path) -> None:
    files = {
        **FILES,
        "playbooks/b.toml": book("xmpp.invite", 'channel = "jabber", room = "war", invite = "@customers"'),
    }
    (found,) = problems(tmp_path, {**files, "contacts.toml": CONTACTS.replace('"customers"', '"staff"')})
    assert found == (
        'playbooks/b.toml:6: step[1].with.invite: no contact of customers has an address on "jabber"; '
        'add addresses = { jabber = "user@domain" } to them in contacts.toml'
    )
    (found,) = problems(tmp_path, {**files, "contacts.toml": CONTACTS.replace("cy@other.example", "+49 30 1234")})
    assert found.endswith('@customers: Cy has as address on "jabber" "+49 30 1234", which is no Jabber address')


def test_a_room_without_a_host_is_told_where_nothing_says_it(tmp_path: Path) -> None:
    bare = JABBER.replace("xmpp:office@rooms.example.net?join", "xmpp:watch@example.net")
    files = {**FILES, "checks/jabber.toml": bare}
    (found,) = problems(
        tmp_path, {**files, "playbooks/b.toml": book("xmpp.message", 'channel = "jabber", room = "war", text = "x"')}
    )
    assert 'step[1].with.room: write "war@" and the host of the rooms: the channel "jabber" has neither' in found


def test_the_undo_of_a_step_is_looked_at_as_well(tmp_path: Path) -> None:
    undo = 'undo = { do = "xmpp.room.close", with = { channel = "jabbr", room = "war" } }\n'
    files = {**FILES, "playbooks/b.toml": book("xmpp.room", 'channel = "jabber", room = "war"', undo)}
    (found,) = problems(tmp_path, files)
    assert found.startswith('playbooks/b.toml:7: step[1].undo.with.channel: unknown channel "jabbr" (did you mean')
