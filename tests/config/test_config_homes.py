"""A key under the wrong header is told where it belongs, for every key of every file."""

from pathlib import Path

import pytest
from msgspec import Struct
from outagetui.config.decode import keys_of
from outagetui.config.tables import (
    AudienceFile,
    ChannelTable,
    CheckTable,
    ContactsFile,
    PlaybookFile,
    SettingsFile,
)
from tests.kit.configs import CHANNEL, SETTINGS, problems

# A file with a table that has no key of the file's own, and what kind of file it is.
HEADED = [
    ("outagetui.toml", SettingsFile, "[store]\n"),
    ("outagetui.toml", SettingsFile, "# first\n[ secrets ]\n[store]\n"),
    ("outagetui.toml", SettingsFile, '[[ operator ]]\nuser = "a"\nrole = "viewer"\n'),
    ("audience.toml", AudienceFile, "[[segment]]\n"),
    ("contacts.toml", ContactsFile, "[[contact]]\n"),
    ("playbooks/p.toml", PlaybookFile, "[suggest]\n"),
]


@pytest.mark.parametrize(("name", "file", "header"), HEADED)
def test_every_key_of_the_top_is_sent_above_the_first_header(
    tmp_path: Path, name: str, file: type[Struct], header: str
) -> None:
    first = header.removeprefix("# first\n").partition("\n")[0].replace(" ", "")
    line = header.count("\n") + 1
    for key in keys_of(file):
        told = problems(tmp_path, {name: f'{header}{key} = "x"\n'})
        (found,) = [each for each in told if each.startswith(f"{name}:{line}: ")]
        assert found.endswith(f"unknown key; it belongs to the top of the file: put it above {first}"), found


def test_a_key_of_the_top_among_the_values_of_a_table_is_sent_there_too(tmp_path: Path) -> None:
    text = (
        SETTINGS + '[command.x]\nargv = ["/bin/true"]\n[command.x.params]\ncanaries = ["dns:a"]\n[command]\nstore = 1\n'
    )
    assert problems(tmp_path, {"outagetui.toml": text}) == [
        "outagetui.toml:7: command.x.params.canaries: expected a table, not a list; it belongs to the top of the file: "
        "put it above [command.x]",
        "outagetui.toml:9: command.store: expected a table, not the number 1; it belongs to the top of the file: "
        "put it above [command.x]",
    ]


def test_the_keys_of_a_channel_and_of_its_checks_are_told_apart(tmp_path: Path) -> None:
    for key in set(keys_of(ChannelTable)) - set(keys_of(CheckTable)):
        told = problems(tmp_path, {"checks/a.toml": f"{CHANNEL}{key} = true\n"})
        assert told == [f"checks/a.toml:10: check[1].{key}: unknown key; it belongs right below [channel]"]
    for key in {*keys_of(CheckTable), "match", "secret"} - set(keys_of(ChannelTable)):
        told = problems(tmp_path, {"checks/a.toml": CHANNEL.replace("\n\n", f"\n{key} = true\n\n")})
        assert told == [f"checks/a.toml:5: channel.{key}: unknown key; it belongs right below [[check]]"]
    for key, home in (("name", "[channel]"), ("target", "[[check]]"), ("per_minute", "[channel.cost]")):
        told = problems(tmp_path, {"checks/a.toml": f"{key} = true\n{CHANNEL}"})
        assert told == [f"checks/a.toml:1: {key}: unknown key; it belongs right below {home}"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "checks/o.toml",
            '[outlet]\nname = "O"\nkind = "wordpress"\naudience = "staff"\nevery = "9s"\n',
            "checks/o.toml:5: outlet.every: unknown key; it belongs right below [[check]]",
        ),
        (
            "checks/a.toml",
            CHANNEL.replace("\n\n", '\n[channel.cost]\naddress = "x"\n\n'),
            "checks/a.toml:6: channel.cost.address: unknown key; it belongs right below [channel]",
        ),
        (
            "checks/a.toml",
            f'{CHANNEL}[[channel.check]]\ntarget = "tcp://h:1"\n',
            "checks/a.toml:10: channel.check: unknown key; each is a table of its own: write [[check]]",
        ),
        (
            "outagetui.toml",
            f'{SETTINGS}[store]\n[store.secrets]\ndirectory = "/s"\n',
            "outagetui.toml:5: store.secrets: unknown key; it is a table of its own: write [secrets]",
        ),
        (
            "outagetui.toml",
            f'directory = "/s"\n{SETTINGS}',
            "outagetui.toml:1: directory: unknown key; it belongs right below [secrets] or [command.NAME]",
        ),
        (
            "contacts.toml",
            '[[contact]]\nname = "A"\naudience = "staff"\n[contact.addresses]\nname = "x"\n',
            'contacts.toml:5: contact[1].addresses.name: unknown channel "name"; it belongs right below [[contact]]',
        ),
        (
            "playbooks/p.toml",
            'name = "P"\n[[step]]\ndo = "note"\nsay = "x"\n[step.with]\nneeds = "confirm"\n',
            "playbooks/p.toml:6: step[1].with.needs: unknown key; it belongs right below [[step]]",
        ),
    ],
)
def test_a_key_below_another_header_is_sent_to_its_own(tmp_path: Path, name: str, text: str, expected: str) -> None:
    assert problems(tmp_path, {name: text}) == [expected]


def test_a_key_that_is_known_nowhere_gets_the_nearest_word(tmp_path: Path) -> None:
    told = problems(tmp_path, {"outagetui.toml": f'{SETTINGS}[store]\npth = "x"\n'})
    assert told == ['outagetui.toml:5: store.pth: unknown key (did you mean "path"?)']
    told = problems(tmp_path, {"checks/a.toml": f'{CHANNEL}user = "x"\n'})
    assert told[0].startswith("checks/a.toml:10: check[1].user: unknown key; known: send, match, id,")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_latin_1_names_its_line_and_byte_behind_a_mark_too(tmp_path: Path, mark: bytes) -> None:
    told = problems(tmp_path, {"checks/b.toml": mark + b'[channel]\nname = "a"\n# caf\xe9\n'})
    assert told == ["checks/b.toml:3: not UTF-8: byte 0xe9; save the file as UTF-8"]
