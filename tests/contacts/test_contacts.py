"""The forms a channel's contacts are exported in, and the sheets they come from."""

import csv
import io
import re
from urllib.parse import unquote

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from outagetui.contacts import groups, sheet, vcard
from outagetui.contacts.merging import merge
from outagetui.core.addresses import Entry, on_channel
from outagetui.core.model import Channel, Check, Contact
from outagetui.core.probe_kind import AddressKind
from outagetui.core.probe_options import SmtpOptions, TlsOptions

Card = dict[str, tuple[dict[str, str], str]]

_VALUE = r"[^\x00-\x08\x0A-\x1F\x7F]*"
_PARAM = r';([A-Z0-9-]+)=("[^"\x00-\x1F\x7F]*"|[^",;:\x00-\x1F\x7F]*)'
_LINE = re.compile(rf"([A-Z0-9-]+)((?:{_PARAM})*):({_VALUE})")


def strictly(text: str) -> list[Card]:
    """Read vCard 4.0 as RFC 6350 has it, and nothing that it does not allow."""
    assert text.endswith("\r\n")
    raw = text[:-2].split("\r\n")
    assert all("\r" not in line and "\n" not in line and len(line.encode()) <= 75 for line in raw)
    lines: list[str] = []
    for line in raw:
        if line[:1] in (" ", "\t"):
            lines[-1] += line[1:]
        else:
            lines.append(line)
    cards: list[Card] = []
    inside = False
    for line in lines:
        found = _LINE.fullmatch(line)
        assert found, line
        name, value = found[1], found.group(found.lastindex or 0)
        if name == "BEGIN":
            assert not inside
            assert value == "VCARD"
            inside = True
            cards.append({})
        elif name == "END":
            assert inside
            assert value == "VCARD"
            inside = False
            assert {"VERSION", "FN"} <= set(cards[-1])
        else:
            assert inside
            assert name not in cards[-1]
            if not cards[-1]:
                assert (name, value) == ("VERSION", "4.0")
            params = {key: given.strip('"') for key, given in re.findall(_PARAM, found[2])}
            cards[-1][name] = (params, value)
    assert not inside
    return cards


def unescaped(value: str) -> str:
    assert re.fullmatch(r"(?:[^\\,;]|\\[\\,;nN])*", value), value
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def person(name: str = "Ada Example", address: str = "ada@chat.example.net", kind: AddressKind = "xmpp") -> Entry:
    return Entry(name, "staff", address, kind)


def one_card(entry: Entry, service: str = "Messenger") -> Card:
    (card,) = strictly(vcard.write([entry], service))
    return card


@pytest.mark.parametrize(
    ("entry", "property_", "params", "value"),
    [
        (person(), "IMPP", {}, "xmpp:ada@chat.example.net"),
        (person(address="o'neill%x@chat.example.net"), "IMPP", {}, "xmpp:o%27neill%25x@chat.example.net"),
        (person(address="4711@sip.example.net", kind="sip"), "IMPP", {}, "sip:4711@sip.example.net"),
        (person(address="sips:4711@sip.example.net", kind="sip"), "IMPP", {}, "sips:4711@sip.example.net"),
        (person(address="ada@example.net", kind="mail"), "EMAIL", {}, "ada@example.net"),
        (person(address="+49 30 90/18-20", kind="phone"), "TEL", {"VALUE": "uri"}, "tel:+49-30-90-18-20"),
        (person(address="4711", kind="phone"), "TEL", {}, "4711"),
        (person(address="https://t.example/ada", kind="other"), "IMPP", {}, "https://t.example/ada"),
        (
            person(address="ada;x", kind="other"),
            "SOCIALPROFILE",
            {"SERVICE-TYPE": "Messenger", "VALUE": "text"},
            "ada\\;x",
        ),
    ],
)
def test_a_card_holds_the_address_its_channel_uses(
    entry: Entry, property_: str, params: dict[str, str], value: str
) -> None:
    assert one_card(entry)[property_] == (params, value)


def test_a_card_keeps_its_id_and_two_people_have_two() -> None:
    cards = strictly(vcard.write([person(), person(), person(name="Bob")], "x"))
    ids = [card["UID"][1] for card in cards]
    assert ids[0] == ids[1] != ids[2]
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", id) for id in ids)


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=120)


@given(NAMES, NAMES, st.sampled_from(["xmpp", "mail", "phone", "other"]), NAMES)
def test_whatever_a_name_holds_the_card_is_well_formed_and_says_it(
    name: str, address: str, kind: AddressKind, service: str
) -> None:
    card = one_card(person(name, address, kind), service)
    assert unescaped(card["FN"][1]) == name
    if kind == "xmpp":
        assert unquote(card["IMPP"][1]) == f"xmpp:{address}"
    if kind == "mail":
        assert unescaped(card["EMAIL"][1]) == address


def test_a_folded_line_cuts_no_character() -> None:
    folded = vcard.fold("FN:" + "ä€𝄞" * 60)
    assert folded.replace("\r\n ", "") == "FN:" + "ä€𝄞" * 60
    assert max(len(line.encode()) for line in folded.split("\r\n")) == 75


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-x", "@SUM(A1)", "＝1", "'=1"])
def test_no_cell_is_run_as_a_formula_and_it_comes_back_as_it_was(cell: str) -> None:
    text = sheet.write([person(name=cell, address="ada")], "jabber")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][0] == f"'{cell}"
    (row,), problems = sheet.read(text.encode(), "x.csv", ["jabber"], None)
    assert problems == []
    assert row.contact.name == cell


def test_ordinary_cells_stay_as_they_are() -> None:
    assert sheet.harmless("O'Neill") == "O'Neill"
    assert sheet.harmless("a=b") == "a=b"
    assert sheet.harmless("'quoted'") == "'quoted'"


TIDY = NAMES.map(str.strip).filter(lambda text: text and text.isprintable() and not text.startswith("'"))


@given(st.lists(st.tuples(TIDY, TIDY), max_size=5, unique_by=lambda pair: pair[0]))
def test_a_sheet_and_its_tables_come_back_whole(pairs: list[tuple[str, str]]) -> None:
    entries = [person(name, address, "other") for name, address in pairs]
    rows, problems = sheet.read(sheet.write(entries, "jabber").encode(), "x.csv", ["jabber", "phone"], None)
    assert problems == []
    assert [(row.contact.name, row.contact.addresses) for row in rows] == [
        (name, {"jabber": address}) for name, address in pairs
    ]
    tables = tomli.loads(sheet.to_toml([row.contact for row in rows])).get("contact", [])
    assert [(table["name"], table["addresses"]["jabber"]) for table in tables] == pairs


def test_a_sheet_of_semicolons_with_a_mark_and_empty_lines_is_read() -> None:
    text = "\N{BYTE ORDER MARK}name;phone;jabber\r\n\r\nAda;'+49 30 1;\r\n;;\r\nBob;;bob@x.example\r\n"
    rows, problems = sheet.read(text.encode(), "x.csv", ["jabber", "phone"], "customers")
    assert problems == []
    assert [(row.contact.name, row.contact.audience, row.contact.addresses, row.line) for row in rows] == [
        ("Ada", "customers", {"phone": "+49 30 1"}, 3),
        ("Bob", "customers", {"jabber": "bob@x.example"}, 5),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ["x.csv:1: empty; expected a first line with the columns name, audience and channel ids"]),
        (
            b"name,audience,jaber\nA,staff,x\n",
            ['x.csv:1: jaber: unknown column (did you mean "jabber"?)', "x.csv:2: no address on any channel"],
        ),
        (b"jabber\nx\n", ["1: audience: missing; expected a column", "1: name: missing", "2: audience", "2: name"]),
        (b"name,name,audience,jabber\nA,B,staff,x\n", ["x.csv:1: name: this column is here twice"]),
        (
            b"name,audience,jabber\n,staff,x\nA,boss,x\nA,staff,\n",
            ["2: name: missing", "3: audience: expected", "4: no"],
        ),
        (b'name,audience,jabber\n"A\nB",staff,x\n', ["3: name: holds U+000A LINE FEED"]),
        (b"name,audience,jabber\nA,staff,\x1b[2J\n", ["2: jabber: holds U+001B ESCAPE"]),
        (b"name,audience,jabber\nA,staff,x,y\n", ["2: 4 cells, but the first line names 3 columns"]),
        (b"name,audience,jabber\n\xe4,staff,x\n", ["x.csv:2: not UTF-8; save the sheet as CSV in UTF-8"]),
        (b'name,audience,jabber\n"A,staff,x\n', ["x.csv:1: "]),
        (b"x" * (sheet.LARGEST + 1), ["larger than 1 MiB"]),
        (b"name,audience,jabber\nA,staff,a\0b\n", ["x.csv:"]),
    ],
)
def test_every_fault_of_a_sheet_is_told_with_its_line(content: bytes, expected: list[str]) -> None:
    rows, problems = sheet.read(content, "x.csv", ["jabber", "phone"], None)
    assert rows == []
    assert len(problems) == len(expected)
    for problem, words in zip(problems, expected, strict=True):
        assert words in str(problem)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_sheets(content: bytes) -> None:
    rows, problems = sheet.read(b"name,audience,jabber\n" + content, "x.csv", ["jabber"], "staff")
    assert not (rows and problems)


def test_the_groups_file_leaves_out_what_it_cannot_hold() -> None:
    good = [person(), person("Bob [evil]", "bob@chat.example.net", "other")]
    bad = [
        person(address="two words@x.example"),
        person(address="a=b@x.example"),
        person(address="[x]@y.example"),
        person(address="room@x.example/desk"),
        person(address="+49 30", kind="phone"),
        person(address="ada@mail.example.net", kind="mail"),
        person(address="ada.example", kind="other"),
    ]
    text, unfit = groups.write([*good, *bad], "+Example [x] Hosting")
    assert text == ("[Example x Hosting]\nada@chat.example.net=Ada Example\nbob@chat.example.net=Bob [evil]\n")
    assert unfit == bad


def contact(name: str, audience: str = "staff", **addresses: str) -> Contact:
    return Contact(name=name, audience="customers" if audience == "customers" else "staff", addresses=addresses)


@pytest.mark.parametrize(
    ("channel", "address", "expected"),
    [
        ({"address": "xmpp:office@rooms.example.net?join"}, "ada@x.example", ("ada@x.example", "xmpp")),
        ({"address": "xmpp:office@rooms.example.net?join"}, "xmpp:o%27n@x.example?message", ("o'n@x.example", "xmpp")),
        ({"probe": ("tls", TlsOptions(starttls="xmpp"))}, "ada@x.example", ("ada@x.example", "xmpp")),
        ({"probe": ("smtp", SmtpOptions())}, "ada@x.example", ("ada@x.example", "mail")),
        ({}, "ada@x.example", ("ada@x.example", "other")),
        ({}, "+49 (30) 90.18-20", ("+49 (30) 90.18-20", "phone")),
        ({}, "tel:+4930901820", ("+4930901820", "phone")),
        ({}, "mailto:ada@x.example", ("ada@x.example", "mail")),
        ({}, "sips:ada@x.example", ("sips:ada@x.example", "sip")),
        ({}, "https://t.example/ada", ("https://t.example/ada", "other")),
        ({}, "ada.example", ("ada.example", "other")),
    ],
)
def test_the_kind_of_an_address_is_told_by_itself_or_by_its_channel(
    channel: dict[str, object], address: str, expected: tuple[str, str]
) -> None:
    probe = channel.pop("probe", None)
    assert probe is None or isinstance(probe, tuple)
    checks = (Check(id="a.b", probe=probe[0], target="", options=probe[1]),) if probe else ()
    place = Channel(
        id="a", name="A", audience="staff", role="backup", checks=checks, address=str(channel.get("address", ""))
    )
    (entry,), without = on_channel([contact("Ada", a=address)], place)
    assert ((entry.address, entry.kind), without) == (expected, 0)


def test_only_those_on_the_channel_and_of_the_audience_are_there_and_the_others_counted() -> None:
    place = Channel(id="jabber", name="J", audience="staff", role="backup")
    everybody = [
        contact("bob", jabber="b@x"),
        contact("Ada", jabber="a@x", phone="1"),
        contact("Eve", phone="2"),
        contact("Cust", "customers", jabber="c@x"),
        contact("Omer", "customers"),
    ]
    entries, without = on_channel(everybody, place)
    assert ([entry.name for entry in entries], without) == (["Ada", "bob", "Cust"], 2)
    entries, without = on_channel(everybody, place, "staff")
    assert ([entry.name for entry in entries], without) == (["Ada", "bob"], 1)


def test_merging_adds_the_new_skips_the_known_and_refuses_what_would_change() -> None:
    there = [contact("Ada", jabber="ada@x", phone="1"), contact("Bob", jabber="bob@x")]
    rows = [
        sheet.Row(contact("Ada", jabber="ada@x"), 2),
        sheet.Row(contact("Ada", "customers", jabber="ada2@x"), 3),
        sheet.Row(contact("Bob", jabber="other@x"), 4),
        sheet.Row(contact("Bob", phone="2"), 5),
        sheet.Row(contact("Eve", jabber="ada@x"), 6),
        sheet.Row(contact("Eve", jabber="eve@x"), 7),
        sheet.Row(contact("Eve", jabber="eve2@x"), 8),
    ]
    merged = merge(rows, there, "x.csv")
    assert ([each.name for each in merged.new], merged.known) == (["Ada", "Eve"], 1)
    assert list(map(str, merged.problems)) == [
        'x.csv:4: jabber: Bob is there already and has "bob@x" here; change that by hand',
        "x.csv:5: phone: Bob is there already and has no address here; change that by hand",
        'x.csv:6: jabber: "ada@x" is the address of Ada',
        'x.csv:8: jabber: Eve is there already and has "eve@x" here; change that by hand',
    ]
