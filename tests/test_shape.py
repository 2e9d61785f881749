"""The repository's own rules: small files, no loose ends, one place for a kind, every command and probe explained."""

import ast
import re
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import grimp
import pytest
from outagetui.cli.group import COMMANDS, outagetui
from outagetui.core.kind import Kind
from outagetui.core.outlet_options import OutletOptions
from outagetui.core.probe_options import PROBES, ProbeOptions
from outagetui.core.step_options import STEPS, StepOptions

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


def test_every_file_of_tests_has_a_name_of_its_own() -> None:
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len({file.name for file in files}) == len(files)


def test_no_file_is_too_long_to_be_read() -> None:
    long = {
        name: count
        for name in tracked()
        if name.endswith(".py") and (count := len((ROOT / name).read_text().splitlines())) > LONGEST
    }
    assert long == {}


# Rooms that speak of the same subject call their part of it by the same name; any other means one module or folder.
SUBJECTS = {
    "announce": "the room, the step, and the command",
    "announcement": "what the journal knows of one, and the screen that shows it",
    "board": "the room, and the screen that shows it",
    "cachet": "the status page as a feed that is read, and as an outlet that is written to",
    "command": "the step, and the outlet, that run a declared program",
    "config": "the room, and the commands",
    "contacts": "the room, and the command",
    "daemon": "the room, and the command",
    "delivery": "what is handed to an outlet, and the command that repairs it",
    "drill": "the room, and the command",
    "entries": "those of a feed, and those of the journal",
    "help": "the command, and the screen",
    "http": "the probe, the step, and what outlets with a web service share",
    "journal": "the table, the screen and the command",
    "orders": "what can be ordered, and the room for how it gets to the daemon",
    "report": "the room, and the command",
    "run": "what the journal knows of one, and the screen that shows it",
    "screens": "the folder, and the commands that open them",
    "sip": "the protocol, and the kinds of probe that speak it",
    "statuspage": "as cachet",
    "store": "the room, and the commands",
    "xmpp": "the protocol, the probe, and the outlet",
    "xmpp_room": "the probe, and the step",
}


def test_no_module_lies_loose_at_the_top_of_the_package() -> None:
    assert {file.name for file in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_one_name_of_a_module_or_folder_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for file in SOURCES:
        place = file.parent if file.stem == "__init__" else file
        places.setdefault(place.stem, []).append(str(place.relative_to(PACKAGE)))
    shared = {name: where for name, where in places.items() if len(where) > 1}
    assert {name: where for name, where in shared.items() if name not in SUBJECTS} == {}
    assert set(SUBJECTS) - set(shared) == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("outagetui", exclude_type_checking_imports=True, cache_dir=None)
    above = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    while ground := {name for name, needs in above.items() if not needs & above.keys()}:
        above = {name: needs for name, needs in above.items() if name not in ground}
    assert above == {}  # what stands on a circle or in one


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
def test_every_command_has_help_and_stands_in_the_manual(name: str) -> None:
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
    page = (PACKAGE / "manual/commands.md").read_text(encoding="utf-8")
    assert f"\n### `{name}`\n" in page, f"manual/commands.md does not explain {name}"


def test_a_stranger_is_no_command() -> None:
    assert outagetui.get_command(click.Context(outagetui), "hologram") is None


# Kinds: what is known of a probe, a step or an outlet stands in its own class.

SORTS: dict[str, type[Kind]] = {"probe": ProbeOptions, "do": StepOptions, "kind": OutletOptions}
ATTRIBUTES = {"probe": {"probe"}, "do": {"do", "asks"}, "kind": {"kind"}}  # what tells a kind of the sort
ROOMS = {"probe": "probes", "do": "actions", "kind": "outlets"}  # where a kind of the sort has its module
CLASSES = {  # by sort and kind: what its class is called, and what those are that it shares with others of the sort
    name: {word: {each.__name__ for each in {*kind.mro()} - {*sort.mro()}} for word, kind in sort.kinds.items()}
    for name, sort in SORTS.items()
}
DEFINITIONS = re.compile(r"outagetui/core/(kind|(probe|step|outlet)_(kind|options\b.*))\.py")
ANOTHER_SORT = {  # whose words happen to be the same
    "outagetui/contacts/vcard.py",  # kinds of address
    "outagetui/protocols/starttls.py",  # protocols that change to TLS on the way
}


def module_of(kind: type[Kind]) -> str:
    return getattr(kind, "module", "") or kind.word.replace(".", "_")


def words_in(node: ast.AST) -> set[str]:
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def names_in(node: ast.AST) -> set[str]:
    attributes = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return attributes | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def tables_of_kinds(path: str, tree: ast.AST) -> list[str]:
    """Return where three kinds of one sort, by name or class, stand in one display that holds little else."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Dict():
                parts = [each for each in (*node.keys, *node.values) if each is not None]
                size = len(node.keys)
            case ast.Set() | ast.List() | ast.Tuple():
                parts, size = node.elts, len(node.elts)
            case _:
                continue
        words = {each.value for each in parts if isinstance(each, ast.Constant)}
        names = {each.id for each in parts if isinstance(each, ast.Name)}
        for sort in SORTS.values():
            classes = {kind.__name__ for kind in sort.kinds.values()}
            if any(3 <= count >= size / 2 for count in (len(words & sort.kinds.keys()), len(names & classes))):
                found.append(f"{path}:{node.lineno}: a table of kinds")
    return found


def questions_for_kinds(path: str, tree: ast.AST) -> list[str]:
    """Return where code asks which kind something is, by its name or its class, instead of asking the kind."""
    found = []
    for node in ast.walk(tree):
        asked, words, classes = set[str](), set[str](), set[str]()
        match node:
            case ast.Compare():
                asked, words = names_in(node), words_in(node)
            case ast.Match():
                asked = names_in(node.subject)
                words = set().union(*(words_in(case.pattern) for case in node.cases))
                patterns = [each for case in node.cases for each in ast.walk(case.pattern)]
                classes = set().union(*(names_in(each.cls) for each in patterns if isinstance(each, ast.MatchClass)))
            case ast.Call(func=ast.Attribute(attr="startswith" | "endswith", value=subject), args=[part, *_]):
                asked, parts = names_in(subject), words_in(part)
                words = {word for sort in SORTS.values() for word in sort.kinds if any(each in word for each in parts)}
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                classes = names_in(kinds)
        for name, sort in SORTS.items() if asked or classes else ():
            meant = {word for word, called in CLASSES[name].items() if called & classes}
            meant |= words & sort.kinds.keys() if ATTRIBUTES[name] & asked else set()
            modules = {f"outagetui/{ROOMS[name]}/{module_of(sort.kinds[word])}.py" for word in meant}
            if modules - {path}:
                found.append(f"{path}:{node.lineno}: which {name}")  # type: ignore[attr-defined]
    return found


def over_the_package(look: Callable[[str, ast.AST], list[str]]) -> list[str]:
    paths = {str(file.relative_to(ROOT)): file for file in SOURCES}
    outside = [path for path in paths if not DEFINITIONS.match(path) and path not in ANOTHER_SORT]
    return [each for path in outside for each in look(path, ast.parse(paths[path].read_text()))]


def test_no_table_of_kinds_stands_outside_their_definitions() -> None:
    assert over_the_package(tables_of_kinds) == []


def test_only_a_kinds_own_module_asks_for_it_by_name() -> None:
    assert over_the_package(questions_for_kinds) == []


@pytest.mark.parametrize(
    "code",
    [
        'SLOW = frozenset({"feed", "sip.call", "mail.roundtrip"})',
        'LIMITS = {"x": 280, "mastodon": 500, "bluesky": 300}',
        "LOOKS = {HttpOptions: 1, TlsOptions: 2, DnsOptions: 3}",
        'TALKS = ("manual", "note", "choose")',
    ],
)
def test_a_table_of_kinds_is_found(code: str) -> None:
    assert tables_of_kinds("outagetui/daemon/x.py", ast.parse(code))


@pytest.mark.parametrize(
    "code",
    [
        'check.probe == "tls"',
        'step.do in ("manual", "choose")',
        'step.options.asks != "choose"',
        'outlet.kind != "page"',
        'check.probe.startswith("sip.")',
        'match do:\n    case "announce":\n        pass',
        "match options:\n    case HttpStepOptions():\n        pass",
        "isinstance(options, XmppOptions)",
        "isinstance(step.options, WaitForOptions | VerifyOptions)",
        "isinstance(step.options, WaitOptions)",
    ],
)
def test_a_question_for_a_kind_is_found(code: str) -> None:
    assert questions_for_kinds("outagetui/daemon/x.py", ast.parse(code))


def test_a_kinds_own_module_may_ask_which_of_its_kinds_it_is() -> None:
    code = ast.parse('plan.do == "deactivate"')
    assert questions_for_kinds("outagetui/actions/activate.py", code) == []
    assert questions_for_kinds("outagetui/actions/wait_for.py", code)


@pytest.mark.parametrize(
    ("room", "kind"), [(ROOMS[name], kind) for name, sort in SORTS.items() for kind in sort.kinds.values()]
)
def test_every_kind_has_a_module(room: str, kind: type[Kind]) -> None:
    if not getattr(kind, "asks", ""):  # such a step is answered, and never acted
        assert import_module(f"outagetui.{room}.{module_of(kind)}").__doc__


def test_a_scheme_has_one_probe_that_is_meant_by_it() -> None:
    schemes = [scheme for kind in PROBES.values() for scheme in kind.default_for]
    assert len(schemes) == len(set(schemes))


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
