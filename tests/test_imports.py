"""What really gets imported, looked up in a fresh process: the static contracts cannot see a deferred import."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

ROOT = Path(__file__).parent.parent
NETWORK = {"httpx", "h11", "dns", "icmplib", "ssl", "websockets", "jinja2", "apprise"}
SCREENS = {"textual", "rich"}


def loaded(code: str, *argv: str, status: set[int] | None = None) -> set[str]:
    """Return the top-level and outagetui modules that `code` leaves in sys.modules."""
    report = "import sys, atexit\natexit.register(lambda: sys.stderr.write('MODULES ' + ' '.join(sys.modules)))\n"
    done = subprocess.run(
        [sys.executable, "-c", report + code, *argv], check=False, capture_output=True, text=True, timeout=50
    )
    assert done.returncode in (status or {0}), done.stderr
    modules = set(done.stderr.rpartition("MODULES ")[2].split())
    assert "sys" in modules, done.stderr
    return modules | {name.partition(".")[0] for name in modules}


def command(*argv: str, status: set[int]) -> set[str]:
    # `check` ends without atexit on purpose, so its exit is made an ordinary one here.
    code = "import os; os._exit = sys.exit\nsys.argv[0] = 'outagetui'\nfrom outagetui.__main__ import main; main()"
    return loaded(code, *argv, status=status)


def test_status_loads_neither_screens_nor_network_nor_the_command_group(tmp_path: Path) -> None:
    code = """
from pathlib import Path
from tests.kit.filled_stores import store_in_outage
store = store_in_outage(Path(sys.argv[1]))
store.leave()
"""
    store = tmp_path / "store.db"
    subprocess.run([sys.executable, "-c", "import sys\n" + code, str(store)], check=True, cwd=ROOT)
    modules = command("--store", str(store), "status", "--json", status={3})
    assert "outagetui.board.build" in modules
    assert not modules & (SCREENS | NETWORK | {"click", "asyncio", "multiprocessing", "tomli"})
    assert not any(name.startswith(("outagetui.daemon", "outagetui.tui", "outagetui.probes")) for name in modules)
    kinds = {f"outagetui.core.{each}_options" for each in ("probe", "step", "outlet")}
    assert not modules & (kinds | {"concurrent.futures", "logging", "outagetui.store.journal", "urllib.request"})


def test_check_loads_no_screens_and_no_daemon() -> None:
    modules = command("--config", str(ROOT / "tests/data/small"), "check", "--json", status={0, 1, 2, 3})
    assert "outagetui.probes" in modules
    assert not modules & SCREENS
    assert not any(name.startswith(("outagetui.daemon", "outagetui.tui", "outagetui.playbook")) for name in modules)


def test_help_loads_only_the_command_line() -> None:
    modules = command("--help", status={0})
    assert "click" in modules
    assert not modules & (SCREENS | NETWORK | {"asyncio", "sqlite3"})


def test_the_manual_loads_only_the_command_line_and_its_pages() -> None:
    modules = command("help", "sip.call", status={0})
    assert "outagetui.manual.topics" in modules
    assert not modules & (SCREENS | NETWORK | {"asyncio", "sqlite3", "tomli"})


def test_validate_loads_no_screens_and_no_network() -> None:
    modules = command("--config", str(ROOT / "tests/data/small"), "validate", status={0})
    assert not modules & (SCREENS | (NETWORK - {"ssl"}) | {"sqlite3"})


def test_the_wall_cannot_reach_anything_that_orders() -> None:
    modules = loaded("import outagetui.tui.wall, outagetui.tui.terminal, outagetui.store.source")
    forbidden = (
        "outagetui.core.orders",
        "outagetui.orders",
        "outagetui.daemon",
        "outagetui.playbook",
        "outagetui.actions",
        "outagetui.cli.order_commands",
        "outagetui.announce.outbox",
        "outagetui.outlets",
        "outagetui.probes",
        "outagetui.config",
        "outagetui.tui.app",
        "outagetui.tui.screens.ask",
        "outagetui.tui.screens.run",
    )
    assert [name for name in modules if name.startswith(forbidden)] == []
    assert not modules & (NETWORK - {"ssl"})


def test_the_wallboard_command_brings_no_order_client_either() -> None:
    modules = loaded(
        "import outagetui.cli.wallboard; from outagetui.store.source import StoreSource; import outagetui.tui.wall"
    )
    orders = ("outagetui.orders", "outagetui.daemon", "outagetui.cli.order_commands", "outagetui.playbook")
    assert [name for name in modules if name.startswith(orders)] == []


def test_the_operators_screens_load_no_network_library() -> None:
    modules = loaded("import outagetui.tui.app, outagetui.store.source, outagetui.orders.client, outagetui.cli.screens")
    assert not modules & (NETWORK - {"ssl"} | {"click", "regex"})
    assert not any(name.startswith(("outagetui.probes", "outagetui.daemon", "outagetui.config")) for name in modules)


def test_every_screen_does_without_tls() -> None:
    rooms = [ROOT / "outagetui" / "tui", ROOT / "outagetui" / "orders"]
    files = [file for room in rooms for file in room.rglob("*.py") if file.stem != "__init__"]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    code = "import sys; sys.modules['ssl'] = None\n" + "\n".join(f"import {name}" for name in names)
    assert "outagetui.tui.screens.composer" in loaded(code)


PURE = [
    "facts.verdict",
    "facts.reach",
    "board.build",
    "facts.cost",
    "facts.common_fate",
    "facts.ledger",
    "facts.events",
    "facts.live",
    "core.model",
    "board.narrative",
    "core.probe_options",
    "board.rows",
    "core.text",
    "alerts.chain",
    "facts.alert_ledger",
    "alerts.alert_text",
    "wording.compose",
    "playbook.plan",
    "drill.result",
    "drill.scenario",
]


def test_pure_modules_load_no_event_loop_no_network_no_screens() -> None:
    modules = loaded("\n".join(f"import outagetui.{name}" for name in PURE))
    assert not modules & (SCREENS | NETWORK | {"asyncio", "socket", "sqlite3", "subprocess"})


def test_the_daemon_loads_no_screens() -> None:
    modules = loaded("import outagetui.daemon.main, outagetui.daemon.service")
    assert not modules & (SCREENS | {"httpx", "jinja2", "click", "apprise", "requests"})


@pytest.mark.parametrize(
    "package", ["probes", "actions", "outlets", "probes/feeds", "protocols", "protocols/sip", "protocols/xmpp", "net"]
)
def test_what_acts_or_looks_never_loads_the_journal(package: str) -> None:
    files = (ROOT / "outagetui" / package).glob("*.py")
    room = f"outagetui.{package.replace('/', '.')}"
    names = [f"{room}.{file.stem}" for file in files if file.stem != "__init__"]
    modules = loaded("\n".join(f"import {name}" for name in [room, *names]))
    assert "sqlite3" not in modules
    assert not modules & {"outagetui.store.journal", "outagetui.store.reader", "outagetui.facts.ledger", "textual"}


def test_nothing_but_the_command_line_imports_the_screens() -> None:
    pattern = re.compile(r"^\s*(from|import) outagetui\.tui", re.MULTILINE)
    package = ROOT / "outagetui"
    importers = {
        file.relative_to(package).parts[0] for file in package.rglob("*.py") if pattern.search(file.read_text())
    }
    assert importers <= {"tui", "cli"}


def test_the_contracts_hold_and_name_real_modules() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    contracts = tomli.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 6
    assert all(contract["unmatched_ignore_imports_alerting"] == "error" for contract in contracts)
