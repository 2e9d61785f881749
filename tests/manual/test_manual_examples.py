"""Every example of the manual and the README: files that validate, command lines that parse."""

import re
import shlex
from pathlib import Path

import click
import pytest
import tomli
from outagetui import config
from outagetui.cli.group import outagetui
from outagetui.manual.markdown_parser import Code
from tests.manual.reading import command_lines, examples

SETTINGS = {
    "business": "Example Hosting",
    "vantage": "vps-1",
    "timezone": "Europe/Berlin",
}
PEOPLE = """
[[operator]]
user = "alice"
role = "approver"
[[operator]]
user = "bob"
role = "operator"
"""
CHANNEL = """[channel]
name = "Somewhere"
audience = "{audience}"
role = "{role}"
[[check]]
id = "port"
probe = "tcp"
target = "tcp://192.0.2.1:443"
"""
OTHERS = {  # what an example may name, and does not show
    "checks/messenger.toml": CHANNEL.format(audience="customers", role="primary"),
    "checks/mail.toml": CHANNEL.format(audience="customers", role="primary"),
    "checks/web-chat.toml": CHANNEL.format(audience="customers", role="backup"),
    "checks/phone.toml": CHANNEL.format(audience="customers", role="backup"),
    "checks/jabber.toml": CHANNEL.format(audience="staff", role="backup"),
    "checks/page.toml": """[outlet]
name = "Page"
kind = "page"
audience = "customers"
directory = "/var/www/status"
url = "https://status.example.net/"
""",
    "audience.toml": """[[segment]]
id = "all"
audience = "customers"
people = 9
uses = ["messenger", "phone"]
""",
}
EXAMPLES = examples()
LINES = command_lines()


def written(directory: Path, example: Code) -> Path:
    """Write an example among what it may name."""
    text = "\n".join(example.lines) + "\n"
    files = OTHERS | {"outagetui.toml": PEOPLE, example.file: text}
    if "operator" not in tomli.loads(files["outagetui.toml"]):
        files["outagetui.toml"] += PEOPLE
    missing = SETTINGS.keys() - tomli.loads(files["outagetui.toml"]).keys()
    files["outagetui.toml"] = "".join(f'{key} = "{SETTINGS[key]}"\n' for key in missing) + files["outagetui.toml"]
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(content, encoding="utf-8")
    return directory


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=[f"{page}-{each.file}" for page, each in EXAMPLES])
def test_an_example_of_a_file_validates(tmp_path: Path, page: str, example: Code) -> None:
    assert example.file, f"{page}: ```toml FILE says which file it is"
    assert config.load(written(tmp_path, example))


def test_the_smallest_configuration_is_enough_by_itself(tmp_path: Path) -> None:
    example = next(each for page, each in EXAMPLES if page == "start")
    (tmp_path / example.file).parent.mkdir()
    (tmp_path / example.file).write_text("\n".join(example.lines), encoding="utf-8")
    (channel,) = config.load(tmp_path).channels
    assert channel.checks[0].probe == "http"


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{page}-{line}" for page, line in LINES])
def test_a_command_line_parses(page: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").touch()
    line = re.split(r" [>|&<] ?", line.replace("COMMAND", "check"))[0]
    parsed(outagetui, shlex.split(line, comments=True)[1:], None)


def parsed(command: click.Command, words: list[str], parent: click.Context | None) -> None:
    """Parse what is typed as the program does, and do nothing."""
    context = click.Context(command, info_name=command.name, parent=parent)
    if not isinstance(command, click.Group):
        if "--help" not in words:
            command.parse_args(context, words)
        return
    _, rest, _ = command.make_parser(context).parse_args(words)
    if rest:
        inside = command.get_command(context, rest[0])
        assert inside is not None, rest[0]
        parsed(inside, rest[1:], context)


def test_there_are_examples_and_command_lines() -> None:
    assert len(EXAMPLES) > 12
    assert len(LINES) > 40
