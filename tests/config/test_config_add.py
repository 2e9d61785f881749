"""`add` writes a file that validates, or says why not and leaves everything as it was."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from outagetui import config
from outagetui.cli.group import outagetui
from outagetui.config import addition
from outagetui.config.addition import slug, target_directory
from outagetui.config.parsed import Draft
from tests.kit.configs import write
from tests.kit.targets import TARGETS

CHAT = "https://chat.example.net/"


def refused(directory: Path, *words: str, **given: str) -> str:
    """Add what must be refused; return why. Nothing may be left behind."""
    before = sorted(directory.rglob("*"))
    with pytest.raises(config.ConfigError) as caught:
        config.add(directory, *words, **given)
    assert sorted(directory.rglob("*")) == before
    return str(caught.value)


@pytest.mark.parametrize(("target", "probe", "more"), TARGETS)
def test_a_target_of_every_scheme_is_written_and_valid_or_refused_as_validate_does(
    tmp_path: Path, target: str, probe: str, more: str
) -> None:
    key, _, value = more.partition(" = ")
    if key == "argv":
        assert refused(tmp_path, "It", target).startswith(f"{target}: argv: missing; expected a list")
        return
    if key == "secret":
        assert refused(tmp_path, "It", target).endswith("--secret NAME gives it")
    file = config.add(tmp_path, "It", target, secret=value.strip('"') or None)
    assert file == tmp_path / "checks" / "it.toml"
    (channel,) = config.load(tmp_path).channels
    assert (channel.id, channel.name, channel.audience, channel.role) == ("it", "It", "customers", "primary")
    assert [(check.target, check.probe) for check in channel.checks] == [(target, probe)]
    assert f"outagetui init --example {probe}\n" in file.read_text()


def test_the_file_says_what_was_asked_and_offers_the_rest(tmp_path: Path) -> None:
    file = config.add(
        tmp_path, "Phone", "sip:100@pbx.example.net", id="pbx", audience="staff", role="backup", probe="sip.register"
    )
    (channel,) = config.load(tmp_path).channels
    assert (channel.id, channel.audience, channel.role) == ("pbx", "staff", "backup")
    assert channel.checks[0].id == "pbx.sip-register"
    text = file.read_text()
    assert text.startswith("# Phone: ")
    # What is offered in a comment is valid, too.
    for line in (
        'address = "https://…"',
        'carries = ["text"]',
        'every = "30s"',
        'timeout = "5s"',
        'slow_above = "800ms"',
    ):
        assert f"# {line}" in text
        text = text.replace(f"# {line}", line)
    file.write_text(text)
    assert config.load(tmp_path).channels[0].address == "https://…"


def test_what_is_written_is_readable_as_any_new_file_is(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        file = config.add(tmp_path, "Web", CHAT)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (tmp_path / "checks").iterdir()] == ["web.toml"]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("gopher://h/", 'gopher://h/: nothing looks at "gopher:" by itself'),
        ("sip:1@h", 'sip:1@h: name the probe: "sip.register"'),
        ("tls://h", "tls://h: expected tls://host:port: the port is missing"),
        ("https://a b/", "https://a b/: expected http://host/… or https://host/…, without spaces"),
        ("https://u:p@h/", "https://u:p@h/: a user or password must not stand in a target"),
        ("", '"": must not be empty'),
        ("https://h/\x1b[2J", "https://h/\N{REPLACEMENT CHARACTER}[2J: holds U+001B ESCAPE"),
        ("https://h/\udcff", "https://h/\N{REPLACEMENT CHARACTER}: holds the byte 0xFF"),
    ],
)
def test_a_target_that_cannot_be_watched_is_refused(tmp_path: Path, target: str, words: str) -> None:
    assert refused(tmp_path, "It", target).startswith(words)


def test_a_probe_that_needs_more_is_refused_with_where_to_see_it(tmp_path: Path) -> None:
    told = refused(tmp_path, "It", CHAT, probe="value").splitlines()
    assert told[0].startswith(f"{CHAT}: expected a limit: ")
    assert all(line.endswith("outagetui init --example value") for line in told)
    assert refused(tmp_path, "It", CHAT, probe="htpt").startswith(f'{CHAT}: probe: unknown probe "htpt"')


@pytest.mark.parametrize(
    "name", ["", " ", "a\x1b[1mb", "a\u202eb", "a\u200bb", "a\nb", "a\tb", "a\x00", "a\udcff", "n" * 121]
)
def test_a_name_that_a_screen_could_not_show_is_refused(tmp_path: Path, name: str) -> None:
    assert "expected a name in one line" in refused(tmp_path, name, CHAT)


def test_a_name_may_hold_any_letter_and_quote(tmp_path: Path) -> None:
    for number, name in enumerate(('Say "hi" \\ {there}', "Büro", "チャット", "e\u0301", "❤\ufe0f", "#1 'x'")):
        config.add(tmp_path, name, f"{CHAT}?q='{number}'\"\\", id=f"c{number}")
    names = [channel.name for channel in config.load(tmp_path).channels]
    assert names == ['Say "hi" \\ {there}', "Büro", "チャット", "é", "❤", "#1 'x'"]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Web chat", "web-chat"),
        ("  Größe & Łódź / Æsir  ", "grosse-lodz-aesir"),
        ("Příliš žluťoučký kůň", "prilis-zlutoucky-kun"),
        ("İstanbul", "istanbul"),
        ("E-mail (support)", "e-mail-support"),
        ("24/7", "24-7"),
        ("n" * 70, "n" * 64),
        ("チャット", ""),
    ],
)
def test_an_id_is_made_of_the_name(name: str, id: str) -> None:
    assert slug(name) == id


def test_an_id_that_cannot_be_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, "チ", CHAT) == "チ: holds nothing that an id could be made of; give one with --id"
    assert refused(tmp_path, "Web", CHAT, id="../web").startswith('Web: "../web" is no id: expected letters')
    assert refused(tmp_path, "Canary", CHAT) == 'Canary: id: "canary" is reserved; choose another id'
    write(tmp_path, {"checks/a.toml": '[channel]\nid = "web"\nname = "A"\n[[check]]\ntarget = "dns:a"\n'})
    assert refused(tmp_path, "Web", CHAT) == (
        f'Web: the id "web" is taken by {tmp_path}/checks/a.toml:1; give another with --id'
    )


def test_nothing_is_ever_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = config.add(tmp_path, "Web", CHAT)
    before = file.read_text()
    assert refused(tmp_path, "Web", CHAT).startswith(f"{file}: exists already")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)  # as when somebody else writes it in this moment
    monkeypatch.setattr(addition, "read", Draft)
    assert refused(tmp_path, "Web", CHAT) == f"{file}: exists already"
    assert file.read_text() == before


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refused(tmp_path, "Web", CHAT).endswith("web.toml: cannot be written: No space left on device")


def test_other_faults_of_the_configuration_do_not_keep_a_channel_out(tmp_path: Path) -> None:
    write(tmp_path, {"checks/a.toml": "[channel]\nname = \n", "outagetui.toml": "what"})
    assert config.add(tmp_path, "Web", CHAT).is_file()


def test_a_channel_is_added_where_the_configuration_is_or_begins(tmp_path: Path) -> None:
    here, home, other = tmp_path / "here", tmp_path / "home", tmp_path / "other"
    usual = home / ".config" / "outagetui"
    for directory in (here, usual, other):
        directory.mkdir(parents=True)

    def where(option: str | None = None, env: dict[str, str] | None = None) -> Path:
        return target_directory(option, env or {}, here, home)

    assert where() == here
    assert where(str(other)) == other
    assert where(None, {"OUTAGETUI_CONFIG": str(other)}) == other
    (usual / "checks").mkdir()
    assert where() == usual
    (here / "outagetui.toml").write_text("")
    assert where() == here
    with pytest.raises(config.ConfigError, match="nowhere: not a directory; --config must name one"):
        where("nowhere")


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command as a user with an empty home, in an empty directory."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("outagetui.config.places.SYSTEM", tmp_path / "etc")

    def invoke(*words: str) -> Result:
        options: dict[str, Any] = {"prog_name": "outagetui"}
        return CliRunner().invoke(outagetui, words, **options)

    return invoke


def test_the_command_writes_into_an_empty_directory_and_says_what_is_next(run: Run) -> None:
    done = run("add", "Web chat", CHAT)
    here = Path.cwd()
    assert done.stdout.splitlines() == [
        f"{here}/checks/web-chat.toml: written",
        "Next (from this directory): outagetui check web-chat; then edit the file, and outagetui validate",
        "A daemon that runs already takes it in with: outagetui reload",
    ]
    assert done.exit_code == 0
    validated = run("validate")
    assert validated.exit_code == 0
    assert validated.stdout.startswith(f"{here}: 1 channel, 0 outlets, 1 check, 0 segments, 0 playbooks: no errors\n")
    named = run("--config", "..", "add", "Phone", "sip:pbx.example.net")
    assert named.stdout.startswith("../checks/phone.toml: written\nNext: outagetui --config .. check phone;")


def test_the_command_refuses_with_status_3_and_one_line(run: Run) -> None:
    for words in (("Web", "gopher://h/"), ("a\x1bb", CHAT)):
        done = run("add", *words)
        assert (done.exit_code, done.stdout) == (3, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.rstrip("\n").isprintable()
    assert list(Path.cwd().iterdir()) == []
    assert run("add", "Web").exit_code == 2
    assert run("add", "Web", CHAT, "--role", "spare").exit_code == 2
