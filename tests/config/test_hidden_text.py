"""What nobody sees in a configuration is an error with its file and line; what a script is written with is none."""

import os
from pathlib import Path

import pytest
from outagetui import config
from tests.kit.configs import CHANNEL, PAGE, SETTINGS, problems, write

HIDDEN = [
    ("\\u001b[31m", "U+001B ESCAPE"),
    ("\\u0007", "U+0007 BELL"),
    ("\\b", "U+0008 BACKSPACE"),
    ("\\u007f", "U+007F DELETE"),
    ("\\u0085", "U+0085 NEXT LINE"),
    ("\\u009b31m", "U+009B CONTROL SEQUENCE INTRODUCER"),
    ("\\u00ad", "U+00AD SOFT HYPHEN"),
    ("\\u034f", "U+034F COMBINING GRAPHEME JOINER"),
    ("\\u061c", "U+061C ARABIC LETTER MARK"),
    ("\\u115f", "U+115F HANGUL CHOSEONG FILLER"),
    ("\\u180e", "U+180E MONGOLIAN VOWEL SEPARATOR"),
    ("\\u200b", "U+200B ZERO WIDTH SPACE"),
    ("\\u200d", "U+200D ZERO WIDTH JOINER"),
    ("\\u200e", "U+200E LEFT-TO-RIGHT MARK"),
    ("\\u2028", "U+2028 LINE SEPARATOR"),
    ("\\u202a", "U+202A LEFT-TO-RIGHT EMBEDDING"),
    ("\\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("\\u2060", "U+2060 WORD JOINER"),
    ("\\u2066", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    ("\\u206a", "U+206A INHIBIT SYMMETRIC SWAPPING"),
    ("\\u3164", "U+3164 HANGUL FILLER"),
    ("\\ufe0f", "U+FE0F VARIATION SELECTOR-16"),
    ("\\ufeff", "U+FEFF ZERO WIDTH NO-BREAK SPACE"),
    ("\\ufff4", "U+FFF4 UNASSIGNED"),
    ("\\U000e0041", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    ("\\U000e0100", "U+E0100 VARIATION SELECTOR-17"),
]
SEEN = [
    "Grüße & 日本語",
    "می\u200cخواهم",
    "क्\u200dष",
    "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL} desk",
    "\N{WARNING SIGN}\ufe0f now",
    "1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "\u845b\U000e0100",
    "\u1820\u180b",
    "a\u00a0b",
]
PLACES = [  # a file, what stands in it with %s for the text, the line and key of the text
    ("outagetui.toml", 'business = "A%s"\nvantage = "here"\n', "1: business"),
    ("checks/a.toml", CHANNEL.replace('"A"', '"A%s"'), "2: channel.name"),
    ("checks/a.toml", CHANNEL.replace("\n\n", '\naddress = "x%s"\n\n'), "5: channel.address"),
    ("checks/a.toml", CHANNEL.replace("\n\n", '\ninstructions = """one\ntwo%s"""\n\n'), "5: channel.instructions"),
    ("checks/a.toml", CHANNEL.replace(":1", ":1%s"), "9: check[1].target"),
    ("checks/b.toml", PAGE.replace("Page", "Page%s"), "2: outlet.name"),
    ("checks/b.toml", PAGE.replace('"page"\na', '"page%s"\na'), "3: outlet.kind"),
    ("audience.toml", '[[segment]]\nid = "s"\naudience = "staff"\nuses = ["a",\n"a%s"]\n', "5: segment[1].uses[2]"),
    (
        "contacts.toml",
        '[[contact]]\nname = "Ada%s"\naudience = "staff"\naddresses = {a = "x"}\n',
        "2: contact[1].name",
    ),
    (
        "contacts.toml",
        '[[contact]]\nname = "Ada"\naudience = "staff"\naddresses = {a = "x%s"}\n',
        "4: contact[1].addresses.a",
    ),
    ("playbooks/p.toml", 'name = "P%s"\n[[step]]\ndo = "manual"\nsay = "x"\n', "1: name"),
    ("playbooks/p.toml", 'name = "P"\n[[step]]\ndo = "manual"\nsay = "x%s"\n', "4: step[1].say"),
    ("playbooks/p.toml", 'name = "P"\n[[step]]\ndo = "note"\nsay = "x"\nwith = {"k%s" = 1}\n', "5: step[1].with.k"),
]


@pytest.mark.parametrize(("written", "named"), HIDDEN, ids=[named for _, named in HIDDEN])
def test_what_nobody_sees_is_named(tmp_path: Path, written: str, named: str) -> None:
    told = problems(tmp_path, {"checks/a.toml": CHANNEL.replace('"A"', f'"A{written}"')})
    assert told == [f"checks/a.toml:2: channel.name: holds {named}"]


@pytest.mark.parametrize("written", ["\\u001b[31m", "\\u202e", "\\u200b"])
@pytest.mark.parametrize(("name", "text", "place"), PLACES, ids=[place for *_, place in PLACES])
def test_every_text_is_looked_at_and_told_at_its_line(
    tmp_path: Path, name: str, text: str, place: str, written: str
) -> None:
    told = problems(tmp_path, {name: text.replace("%s", written)})
    assert any(line.startswith(f"{name}:{place}") and "holds U+" in line for line in told), told
    assert all(line.isprintable() for line in told)


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_what_scripts_and_emoji_are_written_with_is_fine(tmp_path: Path, text: str) -> None:
    loaded = config.load(
        write(
            tmp_path,
            {
                "checks/a.toml": CHANNEL.replace('"A"', f'"{text}"'),
                "contacts.toml": f'[[contact]]\nname = "{text}"\naudience = "staff"\naddresses = {{a = "x"}}\n',
            },
        )
    )
    assert loaded.channels[0].name == loaded.contacts[0].name == text


@pytest.mark.parametrize("key", ["send", "match"])
def test_data_for_the_wire_and_patterns_may_hold_any_character(tmp_path: Path, key: str) -> None:
    write(tmp_path, {"checks/a.toml": f'{CHANNEL}{key} = "\\u001b\\u202e\\r\\n"\n'})
    assert config.load(tmp_path).channels


def test_texts_of_several_lines_keep_their_lines_and_names_have_one(tmp_path: Path) -> None:
    long = CHANNEL.replace("\n\n", '\ninstructions = "one\\n\\ttwo"\n\n')
    assert config.load(write(tmp_path, {"checks/a.toml": long})).channels[0].instructions == "one\n\ttwo"
    told = problems(tmp_path, {"checks/a.toml": CHANNEL.replace('"A"', '"A\\nB"')})
    assert told == ["checks/a.toml:2: channel.name: holds U+000A LINE FEED"]


@pytest.mark.parametrize(
    ("name", "named"),
    [(b"b\x1b[2J", "U+001B ESCAPE"), ("b\u202e".encode(), "U+202E RIGHT"), (b"b\xff", "the byte 0xFF")],
)
@pytest.mark.parametrize("folder", ["checks", "playbooks"])
def test_names_of_files_are_looked_at(tmp_path: Path, folder: str, name: bytes, named: str) -> None:
    write(tmp_path, {f"{folder}/x": ""})
    (tmp_path / folder / os.fsdecode(name + b".toml")).write_text(CHANNEL.replace("[channel]", '[channel]\nid = "b"'))
    with pytest.raises(config.ConfigError) as caught:
        config.load(tmp_path)
    told = [str(each) for each in caught.value.problems]
    assert any(f"the file's name holds {named}" in line for line in told), told
    assert all(line.isprintable() for line in told)


def test_words_of_announcements_are_looked_at(tmp_path: Path) -> None:
    words = {"playbooks/announcements/backup-active.en.txt": "Title\n\nOne\ttwo.\nThree\u202e.\n\x1b[2J\n"}
    assert problems(tmp_path, words) == [
        "playbooks/announcements/backup-active.en.txt:4: holds U+202E RIGHT-TO-LEFT OVERRIDE",
        "playbooks/announcements/backup-active.en.txt:5: holds U+001B ESCAPE",
    ]


def test_a_key_that_nobody_sees_wholly_is_told(tmp_path: Path) -> None:
    told = problems(tmp_path, {"outagetui.toml": f'{SETTINGS}[command."a\\u200b"]\nargv = ["/a"]\n'})
    assert any(line.endswith("this key holds U+200B ZERO WIDTH SPACE") for line in told), told
