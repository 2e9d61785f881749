"""The shipped system files: the unit as systemd rates it, and users and directories as its own tools make them."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hatchling.builders.wheel import WheelBuilder
from outagetui.cli.group import outagetui as command_line
from outagetui.config import ConfigError
from outagetui.config.system import HIDDEN, KEPT, PROGRAM, install, program, system_files, unseen
from outagetui.manual import PAGES

UNIT = "etc/systemd/system/outagetui.service"
LOCAL = f"{UNIT}.d/local.conf"
MOST = 2.0  # of systemd's exposure level, 0 to 10
INSTALL = "{} is missing: apt-get install systemd"


def run(tool: str, *words: str) -> "subprocess.CompletedProcess[str]":
    found = shutil.which(tool)
    assert found, INSTALL.format(tool)
    return subprocess.run([found, *words], capture_output=True, text=True, check=False)


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    """The root of a system with the files in it; the program is one that is there."""
    root = tmp_path / "root"
    root.mkdir()
    install(root, shutil.which("true") or "/bin/true")
    return root


def unmarked(text: str) -> str:
    """Return a file of examples with all of them in force."""
    return re.sub(r"^# (?=[A-Z][A-Za-z]+=)", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("drop_in", ["", "shipped", "in force"])
def test_systemd_rates_the_service_as_well_protected(root: Path, drop_in: str) -> None:
    local = root / LOCAL
    if drop_in == "in force":
        local.write_text(unmarked(local.read_text()))
        assert "\nPrivateUsers=yes" in local.read_text()
    elif not drop_in:
        local.unlink()
    done = run("systemd-analyze", "security", "--offline=true", f"--threshold={MOST * 10:.0f}", str(root / UNIT))
    assert done.returncode == 0, done.stdout[-400:] + done.stderr
    told = re.search(r"Overall exposure level for outagetui.service: ([0-9.]+)", done.stdout)
    assert told is not None
    assert float(told.group(1)) <= MOST


@pytest.mark.parametrize("in_force", [False, True])
def test_systemd_knows_every_line_of_the_unit(root: Path, in_force: bool) -> None:
    local = root / LOCAL
    if in_force:
        local.write_text(unmarked(local.read_text()))
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(root / UNIT))
    assert "outagetui" not in done.stderr, done.stderr
    assert "local.conf" not in done.stderr, done.stderr
    assert done.returncode == 0


def test_the_verifier_would_see_a_line_that_systemd_does_not_know(root: Path) -> None:
    (root / LOCAL).write_text("[Service]\nProtectEverything=yes\n")
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(root / UNIT))
    assert "ProtectEverything" in done.stderr


def test_the_unit_leaves_the_stores_directory_its_own_group() -> None:
    """StateDirectory= would give the directory, with all in it, to the service's group at every start."""
    settings = [line for line in system_files()[UNIT].splitlines() if line and not line.startswith(("#", "["))]
    assert not [line for line in settings if line.startswith(("StateDirectory", "ConfigurationDirectory"))]
    for line in (
        "Type=notify",
        "WatchdogSec=30",
        "Restart=on-failure",
        "User=outagetui",
        "Group=outagetui",
        "UMask=0027",
        "ReadWritePaths=/var/lib/outagetui",
        "AssertPathIsDirectory=/var/lib/outagetui",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
    ):
        assert line in settings


def test_systemds_own_tools_make_the_users_and_directories(root: Path) -> None:
    for name in ("passwd", "group", "shadow", "gshadow"):
        (root / "etc" / name).touch()
    done = run("systemd-sysusers", f"--root={root}", "outagetui.conf")
    assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: line.split(":") for line in (root / "etc" / "passwd").read_text().splitlines()}
    assert set(users) == {"outagetui", "outagetui-wall"}
    groups = {line.split(":")[0]: line.split(":") for line in (root / "etc" / "group").read_text().splitlines()}
    assert set(groups) == {"outagetui", "outagetui-wall"}
    assert all(fields[3] == "" for fields in groups.values())  # the wall is not in the group that orders
    assert users["outagetui"][6] == "/usr/sbin/nologin"
    assert users["outagetui-wall"][6] == "/bin/sh"
    assert {line.split(":")[1][0] for line in (root / "etc" / "shadow").read_text().splitlines()} == {"!"}

    done = run("systemd-tmpfiles", f"--root={root}", "--create", "outagetui.conf")
    assert done.returncode == 0, done.stderr
    store, config, secrets = (root / place for place in ("var/lib/outagetui", "etc/outagetui", "etc/outagetui/secrets"))
    assert [oct(path.stat().st_mode & 0o7777) for path in (store, config, secrets)] == ["0o2750", "0o750", "0o700"]
    made = {path: (str(path.stat().st_uid), str(path.stat().st_gid)) for path in (store, config, secrets)}
    keeper, wall = users["outagetui"][2], groups["outagetui-wall"][2]
    ours = groups["outagetui"][2]
    assert made == {store: (keeper, wall), config: ("0", ours), secrets: (keeper, ours)}


# Writing them.


def test_the_files_stand_below_the_root_and_start_this_program(root: Path) -> None:
    files = system_files()
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == set(files)
    assert set(files) > KEPT
    started = {name for name, text in files.items() if PROGRAM in text}
    assert started == {UNIT, "etc/ssh/outagetui-wall.keys", "etc/ssh/sshd_config.d/outagetui-wall.conf"}
    for name in files:
        text = (root / name).read_text()
        assert PROGRAM not in text
        assert (root / name).stat().st_mode & 0o777 == 0o644
    assert "/true --config /etc/outagetui daemon\n" in (root / UNIT).read_text()
    assert PROGRAM not in system_files(program())[UNIT]


def test_what_was_edited_is_kept_and_what_should_not_be_is_told(root: Path) -> None:
    command = shutil.which("true") or "/bin/true"
    (root / LOCAL).write_text("mine\n")
    told = install(root, command)
    assert f"{root / LOCAL}: kept, as it was edited" in told
    assert f"{root / UNIT}: as it was" in told
    assert (root / LOCAL).read_text() == "mine\n"

    changed = root / "etc/tmpfiles.d/outagetui.conf"
    changed.write_text("mine\n")
    (root / UNIT).unlink()
    with pytest.raises(ConfigError) as refused:
        install(root, command)
    assert str(refused.value) == f"{changed}: differs from this version's; move it away first: mv {changed}{{,.old}}"
    assert changed.read_text() == "mine\n"
    assert not (root / UNIT).exists()

    changed.unlink()
    changed.mkdir()
    with pytest.raises(ConfigError, match="is in the way: Is a directory"):
        install(root, command)
    with pytest.raises(ConfigError, match="not a directory"):
        install(root / "nowhere", command)


def test_the_command_prints_them_or_writes_them_and_says_what_comes_next(tmp_path: Path) -> None:
    printed = CliRunner().invoke(command_line, ["init", "--system"])
    assert printed.exit_code == 0
    assert re.findall(r"^# ---- /(\S+) ----$", printed.stdout, re.MULTILINE) == list(system_files())
    written = CliRunner().invoke(command_line, ["init", "--system", str(tmp_path)])
    assert written.exit_code == 0
    assert f"{tmp_path / UNIT}: written\n" in written.stdout
    for words in ("systemd-sysusers", "systemd-tmpfiles --create", "systemctl enable --now outagetui", "usermod -aG"):
        assert f"\n  {words}" in written.stdout
    (tmp_path / UNIT).write_text("mine\n")
    refused = CliRunner().invoke(command_line, ["init", "--system", str(tmp_path)])
    assert refused.exit_code == 3
    assert "move it away first" in refused.stderr


@pytest.mark.parametrize("place", HIDDEN)
def test_a_program_that_the_service_cannot_see_is_told_apart(tmp_path: Path, place: str) -> None:
    assert unseen("/opt/outagetui/bin/outagetui") == ""
    assert "sees nothing below" in unseen(f"{place}/venv/bin/outagetui")
    assert "sees nothing below" in unseen(f"{place}/venv/bin/python -m outagetui")
    link = tmp_path / "outagetui"
    link.symlink_to(f"{place}/bin/outagetui")
    assert "sees nothing below" in unseen(str(link))
    assert "characters" in unseen("/opt/50%/outagetui")


def test_no_example_takes_the_wall_or_the_units_further_than_it_says() -> None:
    files = system_files()
    (key,) = [line for line in files["etc/ssh/outagetui-wall.keys"].splitlines() if "ssh-ed25519" in line]
    assert key.startswith('# restrict,pty,command="')
    assert " wallboard --store /var/lib/outagetui/store.db" in key
    assert "var units = [];" in files["etc/polkit-1/rules.d/50-outagetui.rules"]
    local = [line for line in files[LOCAL].splitlines() if line and not line.startswith("#")]
    assert local == ["[Service]", "ReadWritePaths=-/var/www/status"]  # where the starter configuration's page lies


def test_a_wheel_holds_them_and_the_manual(tmp_path: Path) -> None:
    """Built by hatchling itself, as `pip wheel` does, without the network."""
    root = Path(__file__).parent.parent.parent
    (wheel,) = WheelBuilder(str(root)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        man = {name: archive.read(name).decode() for name in held if "/share/man/" in name}
    assert {f"outagetui/system/{name}" for name in system_files()} <= held
    assert {f"outagetui/manual/{page}.md" for page in PAGES} <= held
    (data,) = {name.partition("/")[0] for name in man}
    assert {name: text.partition(" ")[0] for name, text in man.items()} == {
        f"{data}/data/share/man/man1/outagetui.1": ".TH",
        f"{data}/data/share/man/man5/outagetui.5": ".TH",
    }
