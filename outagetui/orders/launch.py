"""Starting a daemon in the background for a command or screen that finds none."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from outagetui.orders.client import REPLY_SECONDS, OrderClient, waiting

START_SECONDS = 15.0
BACKGROUND = "OUTAGETUI_BACKGROUND"
HANGS = f"a daemon runs and did not answer within {REPLY_SECONDS:g} s: it hangs; outagetui daemon --stop helps"
LOCKED = 75  # exit status (EX_TEMPFAIL) of a background daemon that came second: the first will answer


class LaunchError(Exception):
    """No daemon answers and none may or could be started; the message says what to type."""


async def connect(store: Path, config: Path) -> OrderClient:
    """Return a client of the store's daemon, starting one if this user owns the store's directory.

    Raises LaunchError with the words to show.
    """
    client = OrderClient(store)
    with waiting(lambda words: sys.stderr.write(f"{words}\n")):
        if (await client.hello()).get("ok"):
            return client
        if client.silent:
            raise LaunchError(HANGS)
        if not owns(store):
            raise LaunchError(client.refused)
        process = start(config)
        until = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < until:
            if (await client.hello()).get("ok"):
                sys.stderr.write("started a daemon in the background; outagetui daemon --stop ends it\n")
                return client
            if client.silent:
                raise LaunchError(HANGS)
            if process.poll() not in (None, LOCKED):
                break
            await asyncio.sleep(0.05)
    raise LaunchError(_why(process))


def owns(store: Path) -> bool:
    """Whether the store's directory is ours, or would be once made."""
    directory = store.parent
    while not directory.exists():
        directory = directory.parent
    made = directory != store.parent
    return os.access(directory, os.W_OK) if made else directory.stat().st_uid == os.geteuid()


def start(config: Path) -> "subprocess.Popen[bytes]":
    """Start `python -m outagetui --config ABSDIR daemon` in a session of its own, without our descriptors."""
    return subprocess.Popen(
        [sys.executable, "-m", "outagetui", "--config", str(config.absolute()), "daemon"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        close_fds=True,
        start_new_session=True,
        cwd="/",
        env=os.environ | {BACKGROUND: "1"},
    )


def _why(process: "subprocess.Popen[bytes]") -> str:
    if process.poll() in (None, LOCKED):
        return "the daemon was started but does not answer; see: outagetui daemon"
    assert process.stderr is not None
    words = process.stderr.read().decode("utf-8", "replace").strip()
    return words or f"the daemon ended at once with status {process.returncode}; see: outagetui daemon"
