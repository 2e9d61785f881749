"""Everything that can be written or typed stands in the manual, on its page, with the default that it really has."""

import importlib
import inspect
import pkgutil
from typing import Any, get_args

import click
import msgspec
import pytest
from msgspec import Meta, Struct
from outagetui.cli.group import COMMANDS, outagetui
from outagetui.config import tables as config_tables
from outagetui.core.announcement_kinds import ANNOUNCEMENT_KINDS
from outagetui.core.model import Operator, State
from outagetui.core.outlet_options import OUTLETS
from outagetui.core.probe_options import PROBES, FeedFormat
from outagetui.core.step_options import STEPS
from outagetui.core.times import parse_duration
from outagetui.manual.markdown_parser import Heading, Span, Table, plain
from outagetui.tui import screens
from outagetui.wording.compose import FIELDS
from tests.manual.reading import BLOCKS, ROOT, Rows, options_of, part, rows_of, spans_of, tables

NEEDED = "needed"
NAMED = {  # keys as the manual writes them
    "exclamation_mark": "!", "slash": "/", "left_square_bracket": "[", "escape": "Esc", "enter": "Enter",
    "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "space": "Space",
}  # fmt: skip
# Which page explains the keys of a table; those of `with` and of each kind stand in tables of their own.
PAGE_OF: dict[str, str] = {
    "SettingsFile": "files",
    "StoreTable": "files",
    "SecretsTable": "files",
    "Operator": "wallboard",
    "Alert": "alerts",
    "HeartbeatTable": "alerts",
    "FailBackTable": "playbooks",
    "AnnounceTable": "announcements",
    "ReachTable": "channels",
    "AudienceReachTable": "channels",
    "CommandTable": "steps",
    "ParamTable": "steps",
    "ChannelTable": "channels",
    "Cost": "channels",
    "OutletTable": "outlets",
    "OwnerFile": "files",
    "CheckTable": "probes",
    "Segment": "channels",
    "AudienceFile": "channels",
    "Contact": "channels",
    "ContactsFile": "channels",
    "PlaybookFile": "playbooks",
    "SuggestTable": "playbooks",
    "WhenTable": "playbooks",
    "StepTable": "steps",
    "AlreadyTable": "steps",
    "UndoTable": "steps",
}
STRUCTS = [each for _, each in inspect.getmembers(config_tables, inspect.isclass) if issubclass(each, Struct)]
TABLES = [each for each in dict.fromkeys((*STRUCTS, Operator)) if each is not Struct]


def default_of(field: msgspec.structs.FieldInfo) -> str | None:
    """The default of a field as it is written in a file; None where it has none that could be written."""
    if field.required:
        return NEEDED
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if value in (None, "", (), {}) or isinstance(value, Struct):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float) and "unit" in str([each for each in get_args(field.type) if isinstance(each, Meta)]):
        return f"{value:.9g}s"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def check_keys(kind: type[Struct], rows: Rows) -> None:
    """Fail unless `rows` are the keys of `kind`, with their defaults."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    assert rows.keys() == fields.keys()
    for key, field in fields.items():
        told, wanted = rows[key][0], default_of(field)
        if told is not None:
            assert told != NEEDED if wanted is None else same(told, wanted), (
                f"{key}: {told!r} is told, {wanted!r} it is"
            )


def same(told: str, wanted: str) -> bool:
    """Whether two defaults are the same; `60s` is `1m`."""
    return told == wanted or parse_duration(told) == parse_duration(wanted) is not None


@pytest.mark.parametrize("kind", PROBES)
def test_every_option_of_a_probe(kind: str) -> None:
    check_keys(PROBES[kind], options_of("probes", kind))


@pytest.mark.parametrize("kind", STEPS)
def test_every_option_of_a_step(kind: str) -> None:
    check_keys(STEPS[kind], options_of("steps", kind))


@pytest.mark.parametrize("kind", OUTLETS)
def test_every_option_of_an_outlet(kind: str) -> None:
    check_keys(OUTLETS[kind], options_of("outlets", kind))


@pytest.mark.parametrize(("page", "kinds"), [("probes", PROBES), ("steps", STEPS), ("outlets", OUTLETS)])
def test_nothing_is_explained_that_is_not_there(page: str, kinds: dict[str, object]) -> None:
    parts = {plain(block.spans) for block in BLOCKS[page] if isinstance(block, Heading) and block.level == 3}
    assert {name for name in parts if not name.startswith("[")} == set(kinds)


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_every_key_of_a_file_stands_on_its_page(kind: type[Struct]) -> None:
    page = PAGE_OF[kind.__name__]
    keys = {field.encode_name for field in msgspec.structs.fields(kind)}
    candidates = [rows_of(table) for table in tables(page) if plain(table.head[0]).startswith("key")]
    best = max(candidates, key=lambda rows: len(rows.keys() & keys) - len(rows.keys() - keys), default={})
    if len(keys) > 2 or keys == best.keys():
        check_keys(kind, best)
    else:
        text = " ".join(codes(page))
        assert [key for key in keys if key not in text] == []


# Commands.


def commands() -> dict[str, click.Command]:
    """Every command and every command of a command, with what is typed."""
    root = click.Context(outagetui, info_name="outagetui", obj={"config": None, "store": None})
    found = {}
    waiting = [(name, outagetui.get_command(root, name), root) for name in COMMANDS]
    while waiting:
        name, command, parent = waiting.pop(0)
        assert command is not None
        context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
        found[name] = command
        if isinstance(command, click.Group):
            inside = command.list_commands(context)
            waiting += [(f"{name} {each}", command.get_command(context, each), context) for each in inside]
    return found


ALL_COMMANDS = commands()


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_every_option_of_a_command(name: str) -> None:
    check_options(ALL_COMMANDS[name], options_of("commands", name))


def test_the_options_of_every_command() -> None:
    check_options(outagetui, rows_of(tables("commands")[0]))


def check_options(command: click.Command, rows: Rows) -> None:
    """Fail unless `rows` say of each option what its help says."""
    told = {key.split(" ")[0].rstrip(","): words for key, words in rows.items()}
    options = [each for each in command.params if isinstance(each, click.Option) and each.name != "version"]
    assert told.keys() == {max(option.opts, key=len) for option in options}
    for option in options:
        default, meaning = told[max(option.opts, key=len)]
        assert meaning == (option.help or "").rstrip(".")
        wanted = NEEDED if option.required else option.default if option.show_default else ""
        assert default == str(wanted)


def test_no_command_is_explained_that_is_not_there() -> None:
    parts = {plain(block.spans) for block in BLOCKS["commands"] if isinstance(block, Heading) and block.level == 3}
    assert parts == ALL_COMMANDS.keys()


# Words.


def codes(page: str) -> set[str]:
    """What stands on a page in code."""
    return {span.text for block in BLOCKS[page] for span in spans_of(block) if span.style == "code"}


def test_every_kind_of_announcement_and_every_field_of_its_words() -> None:
    assert set(ANNOUNCEMENT_KINDS) <= codes("announcements")
    assert {f"{{{field}}}" for field in FIELDS} <= codes("announcements")


def test_every_format_of_a_feed() -> None:
    assert set(get_args(FeedFormat)) <= codes("feeds")


def test_every_state() -> None:
    rows = tables("judging")[0].rows
    assert [plain(row[1]) for row in rows] == [state.name for state in State]


def test_what_a_targets_scheme_means() -> None:
    (table,) = (block for block in part("probes", "Which probe a target gets").blocks if isinstance(block, Table))
    told = {span.text.partition(":")[0]: plain(row[1]) for row in table.rows for span in row[0] if span.text.strip()}
    assert told == {scheme: name for name, options in PROBES.items() for scheme in options.default_for}


def test_every_code_that_trouble_explains_is_one_that_is_told() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "outagetui").rglob("*.py"))
    told = {span.text for name in ("ours", "theirs") for span in _first_cells("trouble", f"Codes that are {name}")}
    numbered = {code for code in told if code.rpartition(".")[2].isdigit()}
    assert {code for code in told - numbered if f'"{code}"' not in text} == set()
    assert numbered == {"http.429", "http.503", "sip.404", "sip.421", "sip.488"}


def _first_cells(page: str, name: str) -> list[Span]:
    (table,) = (block for block in part(page, name).blocks if isinstance(block, Table))
    return [span for row in table.rows for span in row[0] if span.style == "code"]


def test_every_key_of_every_screen() -> None:
    shown = {word for code in codes("keys") for word in code.split()}
    missing = set()
    for module in pkgutil.iter_modules(screens.__path__, f"{screens.__name__}."):
        for _, screen in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            for binding in screen.__dict__.get("BINDINGS", ()):
                missing |= {key for key in binding.key.split(",") if NAMED.get(key, key) not in shown and binding.show}
    assert missing == set()
