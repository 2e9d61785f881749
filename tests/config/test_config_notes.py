"""What `validate` says of a configuration without a fault: what is missing to be of use, and nothing else."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui import config
from outagetui.cli.group import outagetui
from tests.kit.configs import PAGE, SETTINGS, WHOLE, noted, write


def test_a_configuration_that_lacks_nothing_gets_no_note(tmp_path: Path) -> None:
    assert noted(write(tmp_path, WHOLE)) == []


def test_the_smallest_configuration_is_told_all_that_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "web.toml").write_text('[channel]\nname = "Web"\n[[check]]\ntarget = "http://h/"\n')
    assert noted(tmp_path) == [
        "audience.toml: no [[segment]]: it is not known how many people can still reach you",
        "checks: no [outlet] that publishes: people cannot be told where to find you",
        "outagetui.toml: no [[alert]]: nobody is woken when something fails",
        "outagetui.toml: no canaries: when this machine's own uplink fails, every channel will look down",
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("outagetui.toml", SETTINGS + 'canaries = ["dns:a"]\n', "outagetui.toml: no [[alert]]"),
        ("outagetui.toml", SETTINGS + '[[alert]]\nname = "p"\nsecret = "p"\n', "outagetui.toml: no canaries"),
        ("audience.toml", "", "audience.toml: no [[segment]]"),
        (
            "checks/page.toml",
            '[outlet]\nname = "B"\nkind = "wordpress"\naudience = "staff"\n',
            "checks: no [outlet] that",
        ),
        ("checks/page.toml", PAGE.replace('"page"\nurl', '"other"\nurl'), "checks/page.toml:1: outlet: the directory"),
    ],
)
def test_each_lack_is_told_alone(tmp_path: Path, name: str, content: str, expected: str) -> None:
    (only,) = noted(write(tmp_path, {**WHOLE, name: content}))
    assert only.startswith(expected)


def test_a_configuration_of_outlets_alone_watches_nobodys_way(tmp_path: Path) -> None:
    write(tmp_path, {**WHOLE, "audience.toml": ""})
    (tmp_path / "checks" / "a.toml").unlink()
    assert noted(tmp_path)[1] == "checks: no [channel]: nothing that people use is watched"


def test_a_page_without_its_directory_is_told_what_comes_first(tmp_path: Path) -> None:
    write(tmp_path, WHOLE)
    (tmp_path / "page" / "index.html").unlink()
    (tmp_path / "page").rmdir()
    (only,) = noted(tmp_path)
    assert only.endswith(f"the directory {tmp_path}/page does not exist: create it, writable for the daemon's user")


def test_a_page_that_nobody_may_look_at_is_not_called_unpublished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, WHOLE)
    (tmp_path / "page" / "index.html").unlink()
    assert noted(tmp_path) == [
        f"checks/page.toml:1: outlet: nothing is in {tmp_path}/page yet: "
        "the daemon writes a first page there when it starts"
    ]

    def refuse(self: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "lstat", refuse)
    assert noted(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["web.yaml", "web.yml", "web.tml", "web.toml~", "web.TOML", "web", "web.toml.bak", "#web.toml#"]
)
def test_a_file_that_is_not_read_because_of_its_name_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path, {**WHOLE, f"checks/{name}": "not read", f"playbooks/{name}": "not read"})
    assert noted(tmp_path) == [
        f"checks/{name}: not read: its name must end in .toml",
        f"playbooks/{name}: not read: its name must end in .toml",
    ]


def test_a_directory_and_a_text_of_announcements_are_told_too(tmp_path: Path) -> None:
    write(tmp_path, {**WHOLE, "checks/old/web.toml": "", "playbooks/announcements/update.en.text": "Title\n\nBody"})
    assert noted(tmp_path) == [
        "checks/old: a directory, and not looked into",
        "playbooks/announcements/update.en.text: not read: its name must end in .txt",
    ]


def test_what_is_there_for_people_or_hidden_is_not_told(tmp_path: Path) -> None:
    names = ("checks/README.md", "checks/notes.txt", "checks/.web.toml", "checks/.web.toml.swp")
    assert (
        noted(write(tmp_path, {**WHOLE, **dict.fromkeys(names, "x"), "playbooks/announcements/README.md": "x"})) == []
    )


def test_validate_prints_notes_behind_the_verdict_and_ends_well(tmp_path: Path) -> None:
    write(tmp_path, {"checks/web.yml": ""})
    done = CliRunner().invoke(outagetui, ["--config", str(tmp_path), "validate"])
    verdict, *notes = done.stdout.splitlines()
    assert (done.exit_code, done.stderr) == (0, "")
    assert verdict.endswith(": no errors")
    draft = config.read(tmp_path)
    assert notes == [f"note: {note}" for note in config.notes(draft, config.config_of(draft))]
    assert f"note: {tmp_path}/checks/web.yml: not read: its name must end in .toml" in notes


def test_with_an_error_no_note_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"outagetui.toml": "what = 1\n"})
    done = CliRunner().invoke(outagetui, ["--config", str(tmp_path), "validate"])
    assert done.exit_code == 3
    assert "note:" not in done.output


CHECK = (
    '[channel]\nname = "A"\n{channel}[[check]]\nid = "web"\nprobe = "http"\ntarget = "https://a.example/"\n{check}\n'
)


@pytest.mark.parametrize(
    ("check", "line", "words"),
    [
        ('timeout = "1s"\nslow_above = "2s"', 8, "slow_above: never reached: what takes longer than timeout (1s)"),
        ('timeout = "2s"\nslow_above = "2s"', 8, "slow_above: never reached"),
        ('timeout = "1ms"', 7, "timeout: hardly anything answers within 1ms"),
        ('timeout = "2d"', 7, "timeout: a check that hangs is noticed after 2d"),
        ('every = "7d"', 7, "every: looks only every 7d: an outage may pass unseen"),
        ('match = ".*"', 7, "match: is found in every answer, even an empty one, so it says nothing"),
        ('no_match = "x*"', 7, "no_match: is found in every answer, even an empty one, so the check always fails"),
    ],
)
def test_what_is_odd_is_told_and_still_validates(tmp_path: Path, check: str, line: int, words: str) -> None:
    write(tmp_path, {**WHOLE, "checks/a.toml": CHECK.format(channel="", check=check)})
    config.load(tmp_path)
    (only,) = noted(tmp_path)
    assert only.startswith(f"checks/a.toml:{line}: {words}")


def test_a_backup_that_is_proven_all_the_time_is_told(tmp_path: Path) -> None:
    backup = 'role = "backup"\nprove_every = "1s"\n'
    write(tmp_path, {**WHOLE, "checks/a.toml": CHECK.format(channel=backup, check="")})
    assert "checks/a.toml:4: prove_every: the backup is tried out every 1s: is that meant?" in noted(tmp_path)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ('every = "999999d"', "every: "),
        ('timeout = "400d"', "timeout: "),
        ('match = ""', "match: must not be empty"),
        ('no_match = ""', "no_match: must not be empty"),
    ],
)
def test_what_cannot_be_is_an_error(tmp_path: Path, check: str, words: str) -> None:
    write(tmp_path, {**WHOLE, "checks/a.toml": CHECK.format(channel="", check=check)})
    with pytest.raises(config.ConfigError, match=words):
        config.load(tmp_path)


@pytest.mark.parametrize("fate", ["slow", "down"])
def test_limits_that_no_number_keeps_are_an_error(tmp_path: Path, fate: str) -> None:
    value = CHECK.replace('probe = "http"', 'probe = "value"').format(
        channel="", check=f'path = "$.x"\n{fate}_below = 5\n{fate}_above = 3'
    )
    write(tmp_path, {**WHOLE, "checks/a.toml": value})
    with pytest.raises(config.ConfigError, match=f"{fate}_below: is above {fate}_above"):
        config.load(tmp_path)


@pytest.mark.parametrize("name", ["   ", "\u2800", "\u3164", "\u00a0"])
def test_a_name_that_nobody_can_read_is_an_error(tmp_path: Path, name: str) -> None:
    text = CHECK.replace('name = "A"', f'name = "{name}"').format(channel="", check="")
    write(tmp_path, {**WHOLE, "checks/a.toml": text})
    with pytest.raises(config.ConfigError, match=r"channel\.name: holds"):
        config.load(tmp_path)
