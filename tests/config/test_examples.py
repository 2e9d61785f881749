"""Every probe comes with an example that validates by itself, and help text."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui import config
from outagetui.cli.config import init
from outagetui.config.decode import keys_of
from outagetui.config.examples import example, names, outlet_names
from outagetui.config.tables import OutletTable
from outagetui.core.model import Config
from outagetui.core.outlet_options import OUTLETS
from outagetui.core.probe_options import PROBES
from outagetui.outlets import can_publish
from tests.kit.configs import CHANNEL, SETTINGS

KINDS = sorted(PROBES)
OUTLET_KINDS = sorted(OUTLETS)


def loaded(directory: Path, kind: str) -> Config:
    (directory / "checks").mkdir()
    (directory / "outagetui.toml").write_text(SETTINGS)
    (directory / "checks" / "example.toml").write_text(example(kind))
    return config.load(directory)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_probe_is_a_valid_configuration_by_itself(tmp_path: Path, kind: str) -> None:
    checks = [check for check in loaded(tmp_path, kind).checks() if check.probe == kind]
    assert checks, f"outagetui/config/examples/{kind}.toml has no check with this probe"


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_explains_the_probe_and_every_option_of_it(kind: str) -> None:
    text = example(kind)
    assert text.startswith(f"# {kind}: ")
    assert "\n# target: " in text
    for key in keys_of(PROBES[kind]):
        assert re.search(rf"^(# )?(.*\b)?{key}\b", text, re.MULTILINE), f"{key} is not in the example"


@pytest.mark.parametrize("kind", KINDS)
def test_a_probe_says_what_it_does_and_its_options_too(kind: str) -> None:
    module = importlib.import_module(f"outagetui.probes.{kind.replace('.', '_')}")
    assert module.__doc__
    assert module.__doc__.startswith(f"`{kind}`: ")
    assert PROBES[kind].__doc__


def test_there_is_no_example_of_a_probe_that_is_not_there() -> None:
    assert list(names()) == KINDS


@pytest.mark.parametrize("kind", OUTLET_KINDS)
def test_the_example_of_an_outlet_is_valid_publishes_and_explains_every_key(tmp_path: Path, kind: str) -> None:
    text = example(f"outlet-{kind}")
    (tmp_path / "checks").mkdir()
    declared = re.search(r"^# \[command\.(?:.|\n)*?(?=^#$)", text, re.MULTILINE)  # what the example says to declare
    commands = re.sub(r"^# ", "", declared[0], flags=re.MULTILINE) if declared else ""
    (tmp_path / "outagetui.toml").write_text(SETTINGS + commands)
    (tmp_path / "checks" / "here.toml").write_text(text)
    (tmp_path / "checks" / "a.toml").write_text(CHANNEL)
    (outlet,) = config.load(tmp_path).outlets
    assert outlet.kind == kind
    assert can_publish(outlet)
    assert text.startswith(f"# {kind}: ")
    shared = set(keys_of(OutletTable)) - {"id", "timeout", "directory"}
    for key in (*keys_of(OUTLETS[kind]), *shared):
        assert re.search(rf"^(# )?{key} = ", text, re.MULTILINE), f"{key} is not in the example"


def test_there_is_an_example_of_every_outlet_and_no_other() -> None:
    assert list(outlet_names()) == [f"outlet-{kind}" for kind in OUTLET_KINDS]


@pytest.mark.parametrize("kind", [*KINDS, *(f"outlet-{kind}" for kind in OUTLET_KINDS)])
def test_examples_name_only_hosts_set_aside_for_examples(kind: str) -> None:
    for host in re.findall(r"(?:://|@|sip:)([\w-]+(?:\.[\w-]+)+)", example(kind)):
        assert re.search(r"(^|\.)example\.(com|net|org)$", host) or host.startswith(("192.0.2.", "127.0.0.1")), host


def test_init_prints_the_example() -> None:
    done = CliRunner().invoke(init, ["--example", "http"])
    assert (done.exit_code, done.stdout) == (0, example("http"))


def test_init_names_the_examples_there_are() -> None:
    command = [sys.executable, "-m", "outagetui", "init", "--example", "htpp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'unknown probe "htpp" (did you mean "http"?); known: ' in done.stderr
    assert "Traceback" not in done.stderr
