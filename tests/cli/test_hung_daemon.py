"""A daemon that takes an order and says nothing: the words name the process, and what ends it."""

import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from outagetui.cli.group import outagetui
from outagetui.daemon.lock import held, hold
from outagetui.orders import client
from outagetui.orders.wire import socket_path


def test_stop_names_the_process_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "REPLY_SECONDS", 0.2)
    monkeypatch.setattr(client, "PATIENCE", 0.05)
    store = tmp_path / "store.db"
    assert held(store) == ""
    lock = hold(store)
    try:
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(socket_path(store)))
            silent.listen()
            done = CliRunner().invoke(outagetui, ["--store", str(store), "daemon", "--stop"])
    finally:
        os.close(lock)
    assert done.exit_code == 3
    assert "the daemon does not answer yet; waiting, Ctrl+C leaves" in done.output
    assert f"process {os.getpid()}, hangs: kill -KILL {os.getpid()} ends it" in done.output
