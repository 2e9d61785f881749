"""The repository's own rules: small files, no loose ends, every command and probe explained."""

import re
import subprocess
from importlib import import_module
from pathlib import Path

import click
import pytest
from outagetui.cli.group import COMMANDS, outagetui
from outagetui.core.probe_options import PROBES
from outagetui.core.step_options import STEPS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "outagetui"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 400
TOP = {
    "pyproject.toml",
    "outagetui",
    "checks",
    "playbooks",
    "tests",
    "screenshots",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "Makefile",
    ".ci",
    ".gitignore",
}


def tracked() -> list[str]:
    """Return every file that belongs to the repository, or that would on the next commit."""
    if not (ROOT / ".git").exists():
        return [str(file.relative_to(ROOT)) for file in (*SOURCES, *(ROOT / "tests").rglob("*.py"))]
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return [name for name in done.stdout.splitlines() if (ROOT / name).exists()]


def test_no_file_is_too_long_to_be_read() -> None:
    long = {
        name: count
        for name in tracked()
        if name.endswith(".py") and (count := len((ROOT / name).read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_the_top_level_holds_only_what_belongs_there() -> None:
    assert {name.partition("/")[0] for name in tracked()} == TOP


def found(pattern: str, files: list[Path]) -> list[str]:
    told = re.compile(pattern)
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if told.search(line)
    ]


def test_nothing_is_left_for_later() -> None:
    assert found(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", SOURCES) == []


def test_no_outside_text_reaches_a_markup_parser() -> None:
    screens = [file for file in SOURCES if "tui" in file.parts]
    assert found(r'Static\(f"|from_markup\(|markup=True|Label\(f"', screens) == []


def test_every_module_says_what_it_is_for() -> None:
    assert [str(file) for file in SOURCES if not file.read_text().startswith('"""')] == []


def test_every_test_lies_in_the_room_of_what_it_tests_and_leans_on_no_other_test() -> None:
    tests = [file for file in sorted((ROOT / "tests").rglob("*.py")) if file.parent.name != "__pycache__"]
    rooms = {file.relative_to(ROOT / "tests").parts[0] for file in tests if file.name.startswith("test_")}
    ours = {place.name for place in PACKAGE.iterdir() if place.is_dir()}
    assert rooms - ours <= {"stories", "system", "browser", "bench", "lab", "test_shape.py", "test_imports.py"}
    assert found(r"^\s*(from|import) tests\.(\w+\.)*(test_|conftest)", tests) == []


def test_no_path_of_somebodys_machine_or_package_index_stands_in_the_repository() -> None:
    pattern = re.compile(r"/(work|root|home/[a-z]+)/|/tmp/w\b|pypi\.org/simple|index-url", re.IGNORECASE)
    offenders = []
    for name in tracked():
        if name == "tests/test_shape.py" or name.endswith((".svg", ".png")):
            continue
        try:
            text = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue
        offenders += [f"{name}: {match.group()}" for match in pattern.finditer(text)]
    assert offenders == []


def test_no_secret_stands_in_the_repository() -> None:
    pattern = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{20,}")
    held = []
    for name in tracked():
        try:
            held += [name] if pattern.search((ROOT / name).read_text()) else []
        except UnicodeDecodeError:
            continue
    assert held == []


# Commands.


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_stands_in_the_readme(name: str) -> None:
    group = outagetui
    assert isinstance(group, click.Group)
    context = click.Context(group, obj={"config": None, "store": None})
    command = group.get_command(context, name)
    assert command is not None
    assert command.help
    assert COMMANDS[name][1].endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.name}"
    readme = (ROOT / "README.md").read_text()
    assert re.search(rf"outagetui[^\n`]*\b{name}\b|`{name}[ `]", readme), f"README.md does not name {name}"


def test_a_stranger_is_no_command() -> None:
    assert outagetui.get_command(click.Context(outagetui), "hologram") is None


# Probes and steps.


@pytest.mark.parametrize("kind", PROBES)
def test_every_probe_has_a_module_that_explains_it(kind: str) -> None:
    module = import_module(f"outagetui.probes.{kind.replace('.', '_')}")
    assert callable(module.probe)
    assert module.__doc__
    assert module.probe.__doc__
    options = PROBES[kind]
    assert options.__doc__
    assert f"`{kind}`" in options.__doc__


@pytest.mark.parametrize("kind", STEPS)
def test_every_step_is_explained(kind: str) -> None:
    assert f"`{kind}`" in (STEPS[kind].__doc__ or "")
