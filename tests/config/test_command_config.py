"""`[command.NAME]` and the steps that use it: every fault at its line, no value that is more than an argument."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.actions.command import preview
from outagetui.core.commands import LONGEST, fill, quoted, value_trouble
from outagetui.core.model import Command
from outagetui.playbook.plan import dry_run
from tests.kit.configs import SETTINGS, problems
from tests.kit.programs import RESTART, SERVICE, ContextWithOutput, planned, step


def use(value: str, name: str = "unit") -> str:
    """A step that gives `value`, written as TOML."""
    return f'do = "command"\nwith = {{ command = "restart", args = {{ {name} = {json.dumps(value)} }} }}'


def test_a_declared_command_and_its_value_become_one_argv(tmp_path: Path) -> None:
    (made,) = planned(tmp_path, step(use("prosody.service")))
    assert made.facts == {
        "argv": ["/usr/bin/systemctl", "restart", "prosody.service"],
        "env": {},
        "secret_env": {},
        "directory": "/",
    }
    assert made.what == "run /usr/bin/systemctl restart prosody.service"
    assert made.needs == "confirm"
    assert "1. do-it [command]: run /usr/bin/systemctl restart prosody.service" in dry_run([made])


def test_a_later_change_of_the_configuration_does_not_touch_what_was_planned(tmp_path: Path) -> None:
    (before,) = planned(tmp_path, step(use("prosody.service")))
    changed = RESTART.replace('"restart", "{unit}"', '"try-restart", "{unit}"')
    (after,) = planned(tmp_path, step(use("prosody.service"), changed))
    assert before.facts["argv"][1] == "restart"
    assert after.facts["argv"][1] == "try-restart"


COMMAND_FAULTS = [
    # (the table's lines, the problem with its line in outagetui.toml; the table begins at line 4)
    ("", "4: command.x.argv: missing"),
    ("argv = []", "5: command.x.argv: must not be empty"),
    ('argv = ["systemctl"]', "5: command.x.argv[1]: expected the program's whole path"),
    ('argv = ["{p}"]\nparams = { p = { pattern = "a" } }', "5: command.x.argv[1]: expected the program's whole path"),
    ('argv = ["/a", "--u={p}"]\nparams = { p = { pattern = "a" } }', "5: command.x.argv[2]: {p} must be an argument"),
    (
        'argv = ["/a", "{p}"]',
        '5: command.x.argv[2]: unknown parameter {p}; declare it: params = { p = { pattern = "…" }',
    ),
    (
        'argv = ["/a", "{unti}", "{unit}"]\nparams.unit.pattern = "a"',
        "5: command.x.argv[2]: unknown parameter {unti} (did",
    ),
    ('argv = ["/a"]\nparams = { p = { pattern = "a" } }', "6: command.x.params.p: nothing in argv is {p}"),
    ('argv = ["/a", "{p}"]\nparams = { p = {} }', "6: command.x.params.p.pattern: missing"),
    ('argv = ["/a", "{p}"]\nparams = { p = { pattern = "(" } }', "6: command.x.params.p.pattern: not a regular"),
    (
        'argv = ["/a", "{p}"]\nparams = { p = { patern = "a", pattern = "a" } }',
        "6: command.x.params.p.patern: unknown key",
    ),
    ('argv = ["/a\\u0000"]', "5: command.x.argv[1]: holds a NUL character"),
    ('argv = ["/a"]\nenv = { "A B" = "1" }', '6: command.x.env.A B: "A B" is no name of a variable'),
    ('argv = ["/a"]\nenv = { A = 1 }', "6: command.x.env.A: expected a text in quotes"),
    ('argv = ["/a"]\nenv = { A = "{p}" }', "6: command.x.env.A: a placeholder stands in argv only"),
    ('argv = ["/a"]\nsecret_env = { A = "../x" }', "6: command.x.secret_env.A: expected the name of a file"),
    ('argv = ["/a"]\nenv.A = "1"\nsecret_env.A = "x"', "7: command.x.secret_env.A: A stands in env already"),
    ('argv = ["/a"]\ndirectory = "srv"', "6: command.x.directory: expected a whole path"),
    ('argv = ["/a"]\nshell = true', "6: command.x.shell: unknown key; known: argv, params, env, secret_env, directory"),
]


@pytest.mark.parametrize(("lines", "expected"), COMMAND_FAULTS)
def test_a_fault_in_a_command_is_told_alone(tmp_path: Path, lines: str, expected: str) -> None:
    told = problems(tmp_path, {"outagetui.toml": f"{SETTINGS}[command.x]\n{lines}\n"})
    assert [line[: len(expected) + 15] for line in told] == [f"outagetui.toml:{expected}"[: len(told[0])]]


def test_a_command_has_a_plain_name(tmp_path: Path) -> None:
    told = problems(tmp_path, {"outagetui.toml": f'{SETTINGS}[command."a b"]\nargv = ["/a"]\n'})
    assert told == [
        'outagetui.toml:4: command.a b: "a b" is no name of a command: expected letters, digits, - and _, at most 64'
    ]


STEP_FAULTS = [
    ('do = "command"', "3: step[1].with.command: missing"),
    ('do = "command"\nwith = { command = "x" }', '6: step[1].with.command: unknown command "x"; declare it as'),
    (
        'do = "command"\nwith = { command = "restrat" }',
        '6: step[1].with.command: unknown command "restrat" (did you mean',
    ),
    ('do = "command"\nwith = { command = "restart" }', '6: step[1].with.args.unit: missing; "restart" needs a value'),
    (
        'do = "command"\nwith = { command = "restart", args = { unit = "a", more = "b" } }',
        '6: step[1].with.args.more: "restart" has no parameter "more"; known: unit',
    ),
    (
        'do = "command"\nwith = { command = "restart", args = { unit = 1 } }',
        "6: step[1].with.args.unit: expected a text in quotes, not the number 1",
    ),
    (
        'do = "manual"\nsay = "x"\nundo = { do = "command", with = { command = "restart", args = { unit = "A" } } }',
        '7: step[1].undo.with.args.unit: "A" does not match',
    ),
    (
        'do = "service"\nwith = { unit = "a", verb = "start" }',
        '6: step[1].with.command: unknown command "service"; declare it as [command.service] in outagetui.toml',
    ),
    (
        'do = "service"\nwith = { command = "restart", unit = "a", verb = "start" }',
        '6: step[1].with.command: "restart" must have the parameters unit and verb',
    ),
]


@pytest.mark.parametrize(("lines", "expected"), STEP_FAULTS)
def test_a_fault_in_a_step_is_told_alone(tmp_path: Path, lines: str, expected: str) -> None:
    (told,) = problems(tmp_path, step(lines))
    assert told.startswith(f"playbooks/p.toml:{expected}"), told


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ('unit = "a", verb = "restart"', 'verb: "restart" does not match'),
        ('unit = "A", verb = "start"', 'unit: "A" does not match'),
        ('unit = "a", verb = "mask"', 'verb: expected "is-active", "reload", "restart", "start" or "stop", not "mask"'),
        ('unit = "", verb = "start"', "unit: must not be empty"),
        ('unit = "a"', "verb: missing"),
    ],
)
def test_a_unit_or_verb_the_command_does_not_take_is_told_alone(tmp_path: Path, values: str, words: str) -> None:
    (told,) = problems(tmp_path, step(f'do = "service"\nwith = {{ {values} }}', SERVICE))
    assert told.startswith(f"playbooks/p.toml:6: step[1].with.{words}"), told


HOSTILE = [
    ("a b", "does not match"),
    ("", "does not match"),
    ("a'b", "does not match"),
    ('a"b', "does not match"),
    ("$(id)", "does not match"),
    ("`id`", "does not match"),
    ("a;b", "does not match"),
    ("Prosody", "does not match"),
    ("x/../../etc", "does not match"),
    ("a\n", "holds a control or invisible character, U+000A"),
    ("a\nb", "holds a control or invisible character, U+000A"),
    ("a\r", "holds a control or invisible character, U+000D"),
    ("a\tb", "holds a control or invisible character, U+0009"),
    ("a\x1b[2J", "holds U+001B ESCAPE"),
    ("a\u202eb", "holds U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("a\u200bb", "holds U+200B ZERO WIDTH SPACE"),
    ("a\u2028b", "holds U+2028 LINE SEPARATOR"),
    ("a\0b", "holds a NUL character"),
    ("a" * 4097, "longer than 4096 characters"),
    ("-a", "begins with - and could be taken for an option"),
    ("--no-block", "begins with - and could be taken for an option"),
    ("-", "begins with - and could be taken for an option"),
]


@pytest.mark.parametrize(("value", "words"), HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_value_that_may_be_more_than_it_seems_is_refused_where_it_stands(
    tmp_path: Path, value: str, words: str
) -> None:
    (told,) = problems(tmp_path, step(use(value)))
    assert told.startswith("playbooks/p.toml:6: step[1].with.args.unit: ")
    assert words in told
    assert told.isprintable()


@pytest.mark.parametrize("value", ["-a", "--all", "-"])
def test_what_looks_like_an_option_is_taken_behind_two_dashes(tmp_path: Path, value: str) -> None:
    (made,) = planned(tmp_path, step(use(value), RESTART.replace('"{unit}"', '"--", "{unit}"')))
    assert made.facts["argv"] == ["/usr/bin/systemctl", "restart", "--", value]
    for argv in ('"{unit}", "--"', '"-", "{unit}"', '"---", "{unit}"'):
        (told,) = problems(tmp_path, step(use(value), RESTART.replace('"{unit}"', argv)))
        assert "begins with -" in told


def test_the_two_dashes_of_a_wrapper_are_not_those_of_the_program(tmp_path: Path) -> None:
    wrapped = RESTART.replace('"/usr/bin/systemctl", "restart"', '"/usr/bin/sudo", "--", "/usr/bin/systemctl", "stop"')
    (told,) = problems(tmp_path, step(use("-a"), wrapped))
    assert "begins with -" in told
    planned(tmp_path, step(use("a"), wrapped))


def test_a_pattern_that_takes_for_ever_is_told_in_time(tmp_path: Path) -> None:
    slow = RESTART.replace("[a-z@.-]+", "(([a-z])+.)+[A-Z]([a-z])+")
    began = time.monotonic()
    (told,) = problems(tmp_path, step(use("a" * 400), slow))
    assert time.monotonic() - began < 5
    assert "takes too long on this value" in told


ANY = Command(name="c", argv=("/p", "{v}", "x", "{v}"), params={"v": "(?s).*"})


@given(st.text(max_size=80))
def test_a_value_is_refused_or_becomes_exactly_its_places(value: str) -> None:
    if value_trouble(ANY, "v", value):
        with pytest.raises(ValueError, match="v: "):
            fill(ANY, {"v": value})
    else:
        assert fill(ANY, {"v": value}) == ["/p", value, "x", value]
        assert not value.startswith("-")
        assert not set(value) & set("\0\n\r\x1b\u202e")


def test_the_longest_value_is_taken_and_one_more_character_is_not() -> None:
    assert value_trouble(ANY, "v", "a" * LONGEST) == ""
    assert value_trouble(ANY, "v", "a" * (LONGEST + 1)) == "longer than 4096 characters"
    with pytest.raises(ValueError, match="v: missing"):
        fill(ANY, {})


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_a_shell_would_read_the_words_back_as_they_are(argv: list[str]) -> None:
    shown = quoted(argv)
    assert "\n" not in shown
    assert "\x1b" not in shown
    code = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    done = subprocess.run(
        ["/bin/bash", "-c", f'exec "$0" -c "$1" {shown}', sys.executable, code],
        check=True,
        capture_output=True,
        env={"LANG": "C.UTF-8"},
    )
    assert done.stdout.decode() == "\0".join(argv)


def test_the_preview_shows_every_argument_the_environment_and_no_secret(tmp_path: Path) -> None:
    more = 'env = { LEVEL = "a b" }\nsecret_env = { TOKEN = "dns-key" }\ndirectory = "/srv"\n[command.restart.params]'
    (made,) = planned(tmp_path, step(use("a.b"), RESTART.replace("[command.restart.params]", more)))
    assert preview(made, ContextWithOutput(tmp_path)).splitlines() == [  # type: ignore[arg-type]
        "/usr/bin/systemctl",
        "restart",
        "a.b",
        "with PATH=/usr/bin:/bin",
        "with LANG=C.UTF-8",
        "with LEVEL='a b'",
        "with TOKEN=the secret dns-key",
        "in /srv",
    ]
