"""A daemon that a command starts for itself: one, on its own, and only as long as somebody needs it."""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli.group import outagetui
from outagetui.core.orders import Activate, Deactivate, Order
from outagetui.daemon.lock import hold
from outagetui.facts.events import Activated, AnnouncementMade, DaemonStarted, DaemonStopped, Event, StateChanged
from outagetui.orders import launch
from outagetui.orders.client import OrderClient
from outagetui.orders.launch import LaunchError, connect
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.kit.installation import NOBODY, Client, Installation, as_user, descriptors, eventually

STARTED = "started a daemon in the background; outagetui daemon --stop ends it\n"


def pid_of(installation: Installation) -> int:
    return int(installation.order("hello")["pid"])


def told(stderr: str) -> str:
    """Return what a command said, without the word that a daemon on a busy machine takes its time."""
    return stderr.replace("the daemon does not answer yet; waiting, Ctrl+C leaves\n", "")


def test_a_command_that_finds_no_daemon_starts_one_that_outlives_it(installation: Installation) -> None:
    installation.configure(every="5s")
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    shell = subprocess.run(
        ["sh", "-c", 'exec 7>&1; "$@"; echo "status $?"', "sh", *installation.argv("recheck")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        pass_fds=(writing,),
        start_new_session=True,
    )  # it came back at all: nothing that lives on holds its output
    os.close(writing)
    assert shell.stdout == "2 checks are probed now\nstatus 0\n"
    assert told(shell.stderr) == STARTED
    with os.fdopen(reading) as pipe:
        assert pipe.read() == ""  # nor any other descriptor
    pid = pid_of(installation)
    assert os.getsid(pid) == pid
    assert os.readlink(f"/proc/{pid}/cwd") == "/"  # noqa: PTH115 - the link of a process, not of a path
    own = {os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)}  # noqa: PTH115
    assert own == {"/dev/null"}
    others = descriptors(pid) - own
    known = ("anon_inode:", "socket:", "/dev/null", str(installation.state), str(installation.page))
    assert all(link.startswith(known) for link in others), others


def test_activate_without_a_daemon_is_kept_and_a_backup_that_is_not_up_is_a_warning(installation: Installation) -> None:
    installation.configure(every="5s")
    done = installation.cli("activate", "phone")
    assert done.returncode == 0
    assert "active" in done.stdout
    assert [event.channel for event in installation.events(Activated)] == ["phone"]
    first = pid_of(installation)
    assert installation.cli("deactivate", "phone").returncode == 0
    assert pid_of(installation) == first
    done = installation.cli("activate", "chat")
    assert (done.returncode, done.stderr) == (1, "not a backup channel: chat\n")


def test_several_commands_at_once_start_one_daemon_and_all_succeed(installation: Installation) -> None:
    installation.configure(every="5s")
    done: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: done.append(installation.cli("recheck"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(each.returncode, told(each.stderr)) for each in done} <= {(0, ""), (0, STARTED)}
    assert len(installation.events(DaemonStarted)) == 1


def test_a_daemon_that_cannot_start_is_explained_by_the_command(installation: Installation) -> None:
    installation.configure()
    (installation.config / "checks" / "chat.toml").write_text("[channel]\n")
    done = installation.cli("recheck")
    assert done.returncode == 3
    assert "checks/chat.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_only_the_owner_of_the_stores_directory_starts_a_daemon(installation: Installation) -> None:
    installation.configure()
    installation.state.mkdir()

    def order() -> str:
        asyncio.run(connect(installation.store, installation.config))
        return "connected"

    said = as_user(NOBODY, order)
    assert (
        said == "LaunchError: the daemon does not answer; start it with: systemctl start outagetui, or outagetui daemon"
    )
    assert list(installation.state.iterdir()) == []


def test_stop_ends_a_background_daemon_and_the_next_command_starts_another(installation: Installation) -> None:
    installation.configure(every="5s")
    installation.cli("recheck")
    first = pid_of(installation)
    done = installation.cli("daemon", "--stop")
    assert (done.returncode, done.stdout) == (0, "the daemon has ended\n")
    os.close(hold(installation.store))  # at once, not some time later
    eventually(lambda: not Path(f"/proc/{first}").exists() or _gone(first))
    assert installation.events(DaemonStopped)[0].reason.startswith("ordered by ")
    assert installation.cli("recheck").returncode == 0
    assert pid_of(installation) != first


def test_stop_says_when_the_daemon_takes_its_time(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.configure(every="5s").start()

    async def heard_only(client: OrderClient, order: Order) -> dict[str, object]:
        return {"ok": True}

    monkeypatch.setattr(OrderClient, "send", heard_only)
    monkeypatch.setattr("outagetui.cli.daemon.STOP_SECONDS", 0.3)
    done = CliRunner().invoke(outagetui, ["--config", str(installation.config), "daemon", "--stop"])
    assert done.exit_code == 3
    assert done.stderr == "the daemon is still ending after 0.3 s: what is under way is finished first\n"
    assert installation.terminate() == 0
    assert CliRunner().invoke(outagetui, ["--config", str(installation.config), "daemon", "--stop"]).output == (
        "the daemon has ended\n"
    )


def _gone(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "(zombie)" in Path(f"/proc/{pid}/status").read_text()
    return True


# How long it stays: the same daemon inside the test, where fifteen minutes are a fraction of a second.

NEEDS: dict[str, list[Event]] = {
    "a backup is active": [Activated(channel="phone")],
    "an incident is open": [StateChanged(id="chat", was="up", now="down", why="")],
    "an announcement is open": [
        AnnouncementMade(
            announcement="a1", part=0, kind="update", audience="customers", texts={"en": ("T", "B")}, since=0.0,
            next_update=None, accounts=(), outlets=(),
        )
    ],
}  # fmt: skip


async def test_a_background_daemon_ends_when_nobody_needed_it_for_a_while(in_loop: DaemonInLoop) -> None:
    await in_loop.start(background=True, beat=0.05, linger=0.2)
    assert await in_loop.ended() == "nobody needed it for 15 minutes"


async def test_one_that_the_service_manager_started_stays(in_loop: DaemonInLoop) -> None:
    await in_loop.start(background=False, beat=0.05, linger=0.0)
    await in_loop.ticks()
    assert not in_loop.over


async def test_a_client_that_is_there_keeps_it(in_loop: DaemonInLoop) -> None:
    await in_loop.start(background=True, beat=0.05)
    client = await asyncio.to_thread(Client, in_loop.installation.socket)
    in_loop.linger(0.0)
    await in_loop.ticks()
    assert not in_loop.over
    client.close()
    await in_loop.ended()


@pytest.mark.parametrize("why", ["a backup is active", "an incident is open", "an announcement is open"])
async def test_what_is_open_keeps_it(in_loop: DaemonInLoop, why: str) -> None:
    in_loop.installation.seed(*NEEDS[why])
    await in_loop.start(background=True, beat=0.05, linger=0.0)
    await in_loop.ticks()
    assert not in_loop.over


async def test_a_run_keeps_it_until_it_is_over(in_loop: DaemonInLoop) -> None:
    await in_loop.start(background=True, beat=0.05)
    run = (await asyncio.to_thread(in_loop.installation.order, "start", playbook="chat-down"))["run"]
    in_loop.linger(0.0)
    await in_loop.ticks()
    assert not in_loop.over
    assert (await asyncio.to_thread(in_loop.installation.order, "abort", run=run))["ok"]
    await in_loop.ended()


async def test_an_incident_that_ended_half_an_hour_ago_does_not_keep_it(in_loop: DaemonInLoop) -> None:
    now = time.time()
    in_loop.installation.seed(*NEEDS["an incident is open"], at=now - 4000)
    in_loop.installation.seed(StateChanged(id="chat", was="down", now="up", why=""), at=now - 3000)
    await in_loop.start(background=True, beat=0.05, linger=0.2)
    await in_loop.ended()


async def test_the_words_of_a_start_that_hangs(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.configure()
    monkeypatch.setattr(launch, "START_SECONDS", 0.3)
    with subprocess.Popen(["sleep", "30"], stderr=subprocess.PIPE) as sleeper:
        monkeypatch.setattr(launch, "start", lambda config: sleeper)
        with pytest.raises(LaunchError, match=r"was started but does not answer; see: outagetui daemon"):
            await connect(installation.store, installation.config)
        sleeper.kill()


def test_a_screen_goes_on_with_the_daemon_that_came_after_a_killed_one(installation: Installation) -> None:
    installation.configure(every="5s").start()

    async def story() -> None:
        orders = OrderClient(installation.store)
        assert (await orders.send(Activate(channels=("phone",))))["changed"] == 1
        await asyncio.to_thread(installation.kill)
        await asyncio.to_thread(installation.start)
        assert (await orders.send(Deactivate(channels=("phone",))))["changed"] == 1
        await orders.aclose()

    asyncio.run(story())
