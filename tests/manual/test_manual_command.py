"""The manual as `outagetui help` shows it, and the Markdown behind it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli.group import COMMANDS
from outagetui.cli.help import help
from outagetui.core.outlet_options import OUTLETS
from outagetui.core.probe_options import PROBES
from outagetui.core.step_options import STEPS
from outagetui.manual import PAGES
from outagetui.manual.markdown_parser import Code, Heading, Item, Paragraph, Span, Table, parse
from outagetui.manual.topics import summary

INSTALL = "{0} is missing: apt-get install {1}"


def manual(*topic: str) -> str:
    """What the command prints when it is piped."""
    done = CliRunner().invoke(help, topic, env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_page_is_parsed_into_blocks() -> None:
    page = """# Title

Words that go
on, `code` and *much*; [there](page.md#part).

* one
  more
* two
| a | `b\\|c` |
|---|---|
| | d |
```toml checks/a.toml
x = 1
```
"""
    assert parse(page) == (
        Heading(1, (Span("Title"),)),
        Paragraph(
            (
                Span("Words that go on, "),
                Span("code", "code"),
                Span(" and "),
                Span("much", "strong"),
                Span("; "),
                Span("there", "", "page.md#part"),
                Span("."),
            )
        ),
        Item("*", (Span("one more"),)),
        Item("*", (Span("two"),)),
        Table(((Span("a"),), (Span("b|c", "code"),)), (((), (Span("d"),)),)),
        Code("toml", "checks/a.toml", ("x = 1",)),
    )


def test_without_a_topic_the_pages_are_listed_each_in_a_line() -> None:
    lines = manual().splitlines()
    for page in PAGES:
        assert f"  {page:15}{summary(page)}" in lines


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_shown_as_plain_text_of_eighty_columns(page: str) -> None:
    text = manual(page)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", sorted({*PROBES, *STEPS, *OUTLETS, *COMMANDS}))
def test_every_probe_step_outlet_and_command_can_be_asked_for(name: str) -> None:
    assert re.search(rf"^{re.escape(name)}$" if name not in PAGES else "", manual(name), re.MULTILINE)


def test_a_family_of_names_is_shown_together() -> None:
    text = manual("sip")
    assert [name for name in PROBES if f"\n{name}\n" in text] == ["sip.options", "sip.register", "sip.call"]


def test_a_name_that_two_rooms_have_is_shown_from_both() -> None:
    assert manual("http").splitlines()[0] == "Probes"
    assert "\nSteps\n=====\n\nhttp\n" in manual("http")


def test_a_command_of_a_command_a_section_a_key_an_option_and_a_code_can_be_asked_for() -> None:
    assert "--channel" in manual("contacts", "export")
    assert "provider" in manual("Common fate")
    assert "how old a proof may be" in manual("prove_every")
    assert "how soon news is promised" in manual("update_every")
    assert "announce" in manual("--dry-run")
    assert manual("tls.expired").endswith("the certificate ended\n")


def test_a_word_that_nothing_is_called_is_looked_up() -> None:
    lines = manual("systemd").splitlines()
    assert any(line.split() == ["server", "What", "differs", "on", "your", "machine"] for line in lines), lines


def test_an_unknown_topic_is_answered_by_the_nearest() -> None:
    done = CliRunner().invoke(help, ["webchatt"])
    assert done.exit_code == 2
    assert 'no topic "webchatt" (did you mean "webchat"?)' in done.stderr
    done = CliRunner().invoke(help, ["\x1b]0;title\x07"])
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr


def test_a_terminal_without_unicode_gets_the_words_all_the_same() -> None:
    command = [sys.executable, "-m", "outagetui", "help", "judging"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PARTIAL" in done.stdout


def test_a_terminal_gets_pages_and_bold_headings(tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {tmp_path}/shown\n", encoding="utf-8")
    pager.chmod(0o755)
    script = shutil.which("script")
    assert script, INSTALL.format("script", "bsdutils")
    command = f"{sys.executable} -m outagetui help keys"
    environment = os.environ | {"PAGER": str(pager), "TERM": "xterm"}
    done = subprocess.run(
        [script, "-qec", command, "/dev/null"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    shown = (tmp_path / "shown").read_text(encoding="utf-8")
    assert shown.startswith("\x1b[1mKeys\x1b[0m\n")


def test_a_page_is_found_by_its_singular_too() -> None:
    assert "What to do, in order" in manual("playbook")
    assert "places where you publish" in manual("outlet")


def test_a_key_is_found_as_validate_prints_it() -> None:
    assert "business" in manual("store.business")


def test_a_family_is_meant_by_who_misspells_it() -> None:
    assert 'did you mean "sip"?' in CliRunner().invoke(help, ["sipp"]).stderr
