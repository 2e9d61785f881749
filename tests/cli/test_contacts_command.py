"""`contacts.toml` as it is read, and the commands that write from it and into it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from outagetui import config
from outagetui.cli.group import outagetui
from tests.kit.configs import BACKUP, problems, write

JABBER = BACKUP.replace('name = "A"', 'name = "Jabber"\naddress = "xmpp:office@rooms.example.net?join"')
ADA = '[[contact]]\nname = "Ada"\naudience = "staff"\naddresses = { jabber = "ada@chat.example.net", a = "ada" }\n'
CUSTOMER = '[[contact]]\nname = "Cust"\naudience = "customers"\n[contact.addresses]\njabber = "cust@x.example"\n'
PHONE_ONLY = '[[contact]]\nname = "Bob"\naudience = "staff"\naddresses = { a = "+49 30 1" }\n'
FILES = {"checks/jabber.toml": JABBER, "contacts.toml": f"# ours\n{ADA}{CUSTOMER}{PHONE_ONLY}"}


def run(directory: Path, *words: str) -> Result:
    return CliRunner().invoke(outagetui, ["--config", str(directory), "contacts", *words])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return write(tmp_path / "conf", FILES)


def test_contacts_are_read_with_their_addresses(place: Path) -> None:
    ada, cust, bob = config.load(place).contacts
    assert (ada.name, ada.audience) == ("Ada", "staff")
    assert ada.addresses == {"jabber": "ada@chat.example.net", "a": "ada"}
    assert cust.addresses == {"jabber": "cust@x.example"}
    assert bob.addresses == {"a": "+49 30 1"}


def test_without_the_file_there_are_none(tmp_path: Path) -> None:
    assert config.load(write(tmp_path)).contacts == ()


def test_every_fault_of_the_file_is_told(tmp_path: Path) -> None:
    text = (
        f"{ADA}"
        '[[contact]]\nname = ""\naudience = "boss"\naddresses = { jaber = "x", a = "two\\nlines" }\n'
        '[[contact]]\nname = " Eve"\naudience = "staff"\nadresses = {}\n'
        '[[contact]]\nname = "Ada 2"\naudience = "staff"\naddresses = { jabber = "ada@chat.example.net", a = "" }\n'
    )
    assert problems(tmp_path, {**FILES, "contacts.toml": text}) == [
        "contacts.toml:6: contact[2].name: must not be empty",
        'contacts.toml:7: contact[2].audience: expected "customers" or "staff", not "boss"',
        "contacts.toml:8: contact[2].addresses.a: holds U+000A LINE FEED",
        'contacts.toml:8: contact[2].addresses.jaber: unknown channel "jaber" (did you mean "jabber"?)',
        "contacts.toml:9: contact[3].addresses: missing; expected a table",
        "contacts.toml:10: contact[3].name: begins or ends with a space",
        'contacts.toml:12: contact[3].adresses: unknown key (did you mean "addresses"?)',
        "contacts.toml:16: contact[4].addresses.a: must not be empty",
        f'contacts.toml:16: contact[4].addresses.jabber: "ada@chat.example.net" is taken by {tmp_path}/contacts.toml:4',
    ]


def test_a_channel_whose_file_does_not_parse_is_not_called_unknown(tmp_path: Path) -> None:
    told = problems(tmp_path, {**FILES, "checks/jabber.toml": "[channel"})
    assert len(told) == 1
    assert told[0].startswith("checks/jabber.toml:1: not valid TOML")


def test_export_prints_the_list_and_counts_the_others(place: Path) -> None:
    done = run(place, "export", "--channel", "jabber", "--format", "csv")
    assert done.exit_code == 0
    assert done.stdout_bytes == (
        b"name,audience,jabber\r\nAda,staff,ada@chat.example.net\r\nCust,customers,cust@x.example\r\n"
    )
    assert done.stderr == "2 contacts\n1 left out: no address on jabber\n"


def test_export_writes_cards_for_one_audience(place: Path) -> None:
    done = run(place, "export", "--channel", "jabber", "--format", "vcard", "--audience", "customers")
    assert done.stdout_bytes.count(b"BEGIN:VCARD\r\n") == 1
    assert b"\r\nIMPP:xmpp:cust@x.example\r\n" in done.stdout_bytes
    assert done.stderr == "1 customers contact\n"


def test_groups_hold_staff_unless_told_otherwise(place: Path) -> None:
    done = run(place, "export", "--channel", "jabber", "--format", "prosody-groups")
    assert done.stdout == "[Example staff]\nada@chat.example.net=Ada\n"
    done = run(place, "export", "--channel", "jabber", "--format", "prosody-groups", "--audience", "customers")
    assert done.stdout == "[Example customers]\ncust@x.example=Cust\n"
    done = run(place, "export", "--channel", "a", "--format", "prosody-groups")
    assert done.stdout == "[Example staff]\n"
    assert "left out: Bob: +49 30 1 is no Jabber address of a person" in done.stderr


def test_an_unknown_channel_is_told_with_the_nearest(place: Path) -> None:
    done = run(place, "export", "--channel", "jaber", "--format", "csv")
    assert (done.exit_code, done.stderr) == (2, 'unknown channel "jaber" (did you mean "jabber"?); known: a, jabber\n')


def test_import_prints_tables_that_are_a_contacts_file(place: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("name,audience,jabber\nAda,staff,ada@chat.example.net\nDan,staff,dan@x.example\n")
    done = run(place, "import", str(tmp_path / "in.csv"))
    assert (done.exit_code, done.stderr) == (0, "1 contact, 1 there already\n")
    assert done.stdout == '[[contact]]\nname = "Dan"\naudience = "staff"\naddresses = { jabber = "dan@x.example" }\n'
    assert (place / "contacts.toml").read_text() == FILES["contacts.toml"]


def test_import_writes_behind_what_is_there_and_the_result_is_valid(place: Path, tmp_path: Path) -> None:
    (place / "contacts.toml").chmod(0o600)
    (tmp_path / "in.csv").write_text('name,jabber\n"Dan ""D"" \\",dan@x.example\nZoë,zoe@x.example\n')
    done = run(place, "import", str(tmp_path / "in.csv"), "--write", "--audience", "staff")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"2 contacts added to {place}/contacts.toml\n"
    text = (place / "contacts.toml").read_text()
    assert text.startswith(FILES["contacts.toml"])
    assert [contact.name for contact in config.load(place).contacts][3:] == ['Dan "D" \\', "Zoë"]
    assert (place / "contacts.toml").stat().st_mode & 0o777 == 0o600
    again = run(place, "import", str(tmp_path / "in.csv"), "--write", "--audience", "staff")
    assert again.stderr == f"0 contacts added to {place}/contacts.toml, 2 there already\n"
    assert (place / "contacts.toml").read_text() == text
    assert not [path.name for path in place.iterdir() if path.name.startswith(".")]


def test_import_makes_the_file_where_there_is_none(tmp_path: Path) -> None:
    place = write(tmp_path / "conf")
    (tmp_path / "in.csv").write_text("name,audience,a\nDan,staff,dan\n")
    assert run(place, "import", str(tmp_path / "in.csv"), "--write").exit_code == 0
    assert config.load(place).contacts[0].addresses == {"a": "dan"}
    assert (place / "contacts.toml").read_text().startswith("# ")


def test_import_overwrites_nothing_and_writes_nothing_when_one_row_would(place: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("name,audience,jabber\nDan,staff,dan@x.example\nAda,staff,other@x.example\n")
    for words in ([], ["--write"]):
        done = run(place, "import", str(tmp_path / "in.csv"), *words)
        assert (done.exit_code, done.stdout) == (3, "")
        assert "in.csv:3: jabber: Ada is there already" in done.stderr
    assert (place / "contacts.toml").read_text() == FILES["contacts.toml"]


def test_a_file_that_cannot_be_added_to_is_left_alone(place: Path, tmp_path: Path) -> None:
    inline = 'contact = [{ name = "Ada", audience = "staff", addresses = { a = "ada" } }]\n'
    (place / "contacts.toml").write_text(inline)
    (tmp_path / "in.csv").write_text("name,audience,a\nDan,staff,dan\n")
    done = run(place, "import", str(tmp_path / "in.csv"), "--write")
    assert (done.exit_code, "write its contacts as [[contact]] tables" in done.stderr) == (1, True)
    assert (place / "contacts.toml").read_text() == inline


def test_a_sheet_that_is_not_there_is_told(place: Path) -> None:
    done = run(place, "import", "/nowhere/in.csv")
    assert (done.exit_code, done.stderr) == (2, "/nowhere/in.csv: No such file or directory\n")


def test_an_export_comes_back_through_an_import(place: Path, tmp_path: Path) -> None:
    out = run(place, "export", "--channel", "a", "--format", "csv").stdout_bytes
    (tmp_path / "out.csv").write_bytes(out)
    (place / "contacts.toml").unlink()
    assert run(place, "import", str(tmp_path / "out.csv"), "--write").exit_code == 0
    assert {contact.name: contact.addresses for contact in config.load(place).contacts} == {
        "Ada": {"a": "ada"},
        "Bob": {"a": "+49 30 1"},
    }
