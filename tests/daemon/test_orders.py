"""The order socket of a real daemon: who may what, and what it says to nonsense."""

import asyncio
import contextlib
import json
import os
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
from outagetui.core.orders import name_of
from outagetui.daemon.order_handlers import handlers_of
from outagetui.daemon.order_server import MOST_OF_ONE
from outagetui.facts.events import Acked, Activated, Muted, StateChanged
from outagetui.orders.launch import connect
from outagetui.orders.wire import LINE_LIMIT
from tests.kit.installation import (
    CHANNEL,
    NOBODY,
    Client,
    Installation,
    as_user,
    eventually,
    free_port,
    new_installation,
)


@pytest.fixture(name="shared", scope="module")
def _shared() -> Iterator[Installation]:
    """One daemon for all tests that only ask it nonsense."""
    with new_installation() as made:
        made.configure(every="5s").start()
        yield made


NONSENSE = {
    "nothing": b"\n",
    "words": b"start messenger-down\n",
    "an array": b'["start"]\n',
    "a number": b"7\n",
    "null": b"null\n",
    "half a document": b'{"order": "hello"\n',
    "two documents": b'{"order": "hello"}{"order": "hello"}\n',
    "no UTF-8": b'{"order": "\xff\xfe"}\n',
    "zeros": b"\0\0\0\0\n",
    "random bytes": bytes(range(11, 256)) + b"\n",
    "a TLS hello": bytes.fromhex("16030100c8010000c40303") + b"\n",
    "deep nesting": b"[" * 50_000 + b"\n",
    "deep objects": b'{"a":' * 10_000 + b"\n",
    "a number without end": b"9" * 60_000 + b"\n",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_is_no_order_is_refused_in_one_line_and_the_connection_goes_on(shared: Installation, name: str) -> None:
    with shared.client() as client:
        client.send(NONSENSE[name])
        reply = client.reply()
        assert reply["ok"] is False
        assert len(reply["error"]) < 500
        assert client.order("hello")["ok"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({}, "there is no order None; orders are hello, start"),
        ({"order": "format"}, "there is no order format; orders are hello, start"),
        ({"order": ["start"]}, "there is no order ['start']"),
        ({"order": {"a": 1}}, "there is no order {'a': 1}"),
        ({"order": None}, "there is no order None"),
        ({"order": 7}, "there is no order 7"),
        ({"order": "\x1b]52;c;AA\x07"}, "there is no order"),
        ({"order": "hello", "extra": 1}, "hello: Object contains unknown field `extra`"),
        ({"order": "answer"}, "answer: Object missing required field `run`"),
        (
            {"order": "answer", "run": 1, "step": "a", "attempt": 1, "answer": "yes"},
            "answer: Expected `str`, got `int`",
        ),
        ({"order": "answer", "run": "r1", "step": "a", "attempt": "1", "answer": "yes"}, "answer: Expected `int`"),
        ({"order": "answer", "run": "r1", "step": "a", "attempt": 1, "answer": "yes"}, "there is no run r1"),
        ({"order": "abort", "run": "r1"}, "there is no run r1"),
        ({"order": "abort", "run": "\ud800"}, "there is no run"),
        ({"order": "start", "playbook": "nope"}, "there is no playbook nope"),
        ({"order": "start", "playbook": "\ud800\x1b[2J"}, "there is no playbook"),
        ({"order": "start"}, "there is no playbook"),
        ({"order": "start", "stand_down": "r9"}, "there is no run r9"),
        ({"order": "ack"}, "there is no incident to acknowledge"),
        ({"order": "recheck", "id": "nope"}, "nothing is checked under nope"),
        ({"order": "mute", "id": "nope", "seconds": 60, "reason": "x"}, "there is no channel or outlet nope"),
        ({"order": "mute", "id": "chat", "seconds": 60}, "a mute needs a reason"),
        ({"order": "mute", "id": "chat", "seconds": -1, "reason": "x"}, "a mute lasts from 0 s (ends it) to 30 days"),
        ({"order": "mute", "id": "chat", "seconds": 1e18, "reason": "x"}, "a mute lasts from 0 s"),
        ({"order": "mute", "id": "chat", "seconds": float("nan"), "reason": "x"}, "a mute lasts from 0 s"),
        ({"order": "mute", "id": "chat", "seconds": float("inf"), "reason": "x"}, "a mute lasts from 0 s"),
        ({"order": "activate", "channels": []}, "not a backup channel: none named"),
        ({"order": "activate", "channels": ["chat"]}, "not a backup channel: chat"),
        ({"order": "activate", "channels": ["fone"]}, 'not a backup channel: fone (did you mean "phone"?)'),
        ({"order": "deactivate", "channels": ["phone", "nope"]}, "not a backup channel: nope"),
        ({"order": "activate", "channels": "phone"}, "activate: Expected `array`, got `str`"),
        ({"order": "announce", "kind": "update", "audience": "everybody"}, "announce: Invalid enum value 'everybody'"),
        ({"order": "announce", "kind": "nope", "audience": "customers"}, "there is no template nope.en.txt"),
        ({"order": "announce", "kind": "\ud800", "audience": "customers"}, "there is no template"),
        ({"order": "announce", "kind": "resolved", "audience": "customers"}, "nothing is announced to customers"),
        (
            {"order": "announce", "kind": "update", "audience": "customers"},
            "nothing is announced to customers that update could go on with or close; "
            "an announcement begins with one of: investigating, identified, backup-active",
        ),
        ({"order": "announce", "kind": "recovering", "audience": "staff"}, "nothing is announced to staff"),
        ({"order": "preview", "kind": "update", "audience": "customers"}, "nothing is announced to customers"),
        ({"order": "retract", "announcement": "a1"}, "there is no announcement a1"),
        ({"order": "fault", "fault": "x", "target": "y"}, "only a drill injects faults"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_words(
    shared: Installation, request_: dict[str, object], words: str
) -> None:
    with shared.client() as client:
        client.send(json.dumps(request_).encode() + b"\n")
        reply = client.reply()
        assert reply["ok"] is False
        assert words in reply["error"]
        assert all(char.isprintable() for char in reply["error"])
        assert client.order("hello")["ok"]


def test_a_line_that_is_too_long_is_refused_at_once_and_passed_over(shared: Installation) -> None:
    with shared.client() as client:
        client.send(b'{"order": "' + b"x" * (LINE_LIMIT + 10))
        assert client.reply() == {"ok": False, "error": f"a line is longer than {LINE_LIMIT} bytes"}
        client.send(b"y" * 5 * LINE_LIMIT + b'"}\n')
        assert client.order("hello")["ok"]


def test_what_a_sender_writes_in_pieces_or_together_is_the_same(shared: Installation) -> None:
    with shared.client() as client:
        for byte in b'{"order": "hello"}\n':
            client.send(bytes([byte]))
        assert client.reply()["ok"]
        client.send(b'{"order": "hello"}\n' * 50)
        assert all(client.reply()["ok"] for _ in range(50))


def test_clients_that_go_away_in_the_middle_take_nothing_with_them(shared: Installation) -> None:
    for leave in (b"", b'{"order": "he', b'{"order": "hello"}\n', b'{"order": "recheck"}\n' * 20):
        client = shared.client()
        client.send(leave)
        client.close()
    half = shared.client()
    half.send(b'{"order": "hello"}\n')
    half.socket.shutdown(socket.SHUT_WR)
    assert half.reply()["ok"]
    half.close()
    assert shared.order("hello")["ok"]


def test_an_order_goes_on_when_its_client_leaves(installation: Installation) -> None:
    installation.configure(every="5s").start()
    client = installation.client()
    client.send(b'{"order": "activate", "channels": ["phone"]}\n')
    client.close()
    eventually(lambda: installation.events(Activated))


def test_a_client_that_never_reads_holds_up_nobody(shared: Installation) -> None:
    deaf = shared.client()
    deaf.socket.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        for _ in range(20_000):
            deaf.send(b'{"order": "nonsense"}\n')
    assert shared.order("hello")["ok"]
    deaf.close()


def test_a_user_with_too_many_clients_loses_those_that_are_idle_for_longest(shared: Installation) -> None:
    with contextlib.ExitStack() as crowd:
        clients = [crowd.enter_context(shared.client()) for _ in range(MOST_OF_ONE + 30)]
        replies = [client.order("hello") for client in clients[-MOST_OF_ONE:]]
        assert all(reply["ok"] for reply in replies), "who comes and acts is served"
        with pytest.raises((OSError, EOFError)):
            clients[0].order("hello")

    def again() -> bool:
        with contextlib.suppress(OSError, EOFError):
            return bool(shared.order("hello")["ok"])
        return False

    eventually(again)  # and when they left there is room


def test_many_senders_at_once_each_get_their_own_answers(shared: Installation) -> None:
    wrong: list[str] = []

    def talk(number: int) -> None:
        with shared.client() as client:
            for n in range(30):
                reply = client.order("start", playbook=f"nope-{number}-{n}")
                if f"nope-{number}-{n}" not in str(reply.get("error")):
                    wrong.append(str(reply))

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_socket_is_open_to_its_user_and_group_only(shared: Installation) -> None:
    assert stat.S_IMODE(shared.socket.stat().st_mode) == 0o660
    assert stat.S_IMODE(shared.state.stat().st_mode) == 0o2750
    assert stat.S_IMODE(shared.store.stat().st_mode) == 0o640


def _ask_as_nobody(installation: Installation, *orders: dict[str, object]) -> list[dict[str, object]]:
    def ask() -> str:
        with installation.client() as client:
            return json.dumps([client.order(**order) for order in orders])  # type: ignore[arg-type]

    said = as_user(NOBODY, ask, groups=(0,))
    assert said.startswith("["), said
    replies: list[dict[str, object]] = json.loads(said)
    return replies


ORDERS = {name_of(order): order for order in handlers_of(None)}  # type: ignore[arg-type]
MINIMAL: dict[str, dict[str, object]] = {
    "hello": {},
    "start": {"playbook": "chat-down"},
    "answer": {"run": "r1", "step": "sure", "attempt": 1, "answer": "done"},
    "undoable": {},
    "approve": {"run": "r1", "step": "s", "hash": "0" * 12},
    "take": {"run": "r1"},
    "abort": {"run": "r1"},
    "ack": {},
    "mute": {"id": "chat", "seconds": 60, "reason": "x"},
    "recheck": {},
    "activate": {"channels": ["phone"]},
    "deactivate": {"channels": ["phone"]},
    "told": {"channel": "phone", "audience": "customers"},
    "preview": {"kind": "investigating", "audience": "customers"},
    "announce": {"kind": "investigating", "audience": "customers"},
    "delivery": {"announcement": "a1", "outlet": "page", "do": "retry"},
    "retract": {"announcement": "a1"},
    "prove": {"channels": []},
    "trace": {"target": "127.0.0.1"},
    "alert-test": {"name": "nobody"},
    "accept": {"reason": "known"},
    "reload": {},
    "fault": {"fault": "x", "target": "y"},
    "drilled": {"scenario": "x"},
    "stop": {},
}


def test_without_operators_the_daemons_user_may_everything_and_others_only_look(installation: Installation) -> None:
    assert list(MINIMAL) == list(ORDERS), "a new order needs a line here"
    installation.configure(every="5s").start()
    installation.state.chmod(0o755)
    assert installation.order("hello")["role"] == "approver"
    replies = _ask_as_nobody(installation, *({"order": name, **fields} for name, fields in MINIMAL.items()))
    assert replies[0]["ok"]
    assert (replies[0]["role"], replies[0]["actor"]) == ("viewer", "nobody")
    for name, reply in list(zip(MINIMAL, replies, strict=True))[1:]:
        assert reply["ok"] is False
        assert (
            reply["error"] == f"nobody is viewer; {name} needs {ORDERS[name].needs}: see [[operator]] in outagetui.toml"
        )
    assert {entry.kind for entry in installation.entries()} <= {"daemon.start", "state"}


@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_an_operator_may_what_the_configuration_says_and_is_named_in_the_journal(
    installation: Installation, role: str
) -> None:
    installation.configure(every="5s", operators=f'[[operator]]\nuser = "nobody"\nrole = "{role}"').start()
    installation.state.chmod(0o755)
    assert installation.order("hello")["role"] == "viewer"  # with operators named, the daemon's user is none of them
    hello, reply = _ask_as_nobody(installation, {"order": "hello"}, {"order": "activate", "channels": ["phone"]})
    assert hello["role"] == role
    assert reply["ok"] is (role != "viewer")
    if role != "viewer":
        assert next(entry.actor for entry in installation.entries() if entry.kind == "activate") == "nobody"


def test_a_user_outside_the_sockets_group_cannot_even_connect(installation: Installation) -> None:
    installation.configure(every="5s").start()
    installation.state.chmod(0o755)
    assert as_user(NOBODY, installation.client).startswith("PermissionError")
    words = as_user(NOBODY, lambda: asyncio.run(connect(installation.store, installation.config)))
    assert words == "LaunchError: you may look but not give orders: the order socket is not open to you"


# What the orders do.


def test_reload_takes_a_good_configuration_and_keeps_the_old_one_for_a_bad(installation: Installation) -> None:
    installation.configure(every="5s").start()
    toml = installation.config / "checks" / "mail.toml"
    good = CHANNEL.format(name="mail", role="backup", port=free_port(), every="5s")
    toml.write_text(good.replace("backup", "bakcup"))
    reply = installation.order("reload")
    assert reply["ok"] is False
    assert reply["error"].startswith("kept the old configuration: ")
    assert "mail.toml:4" in reply["error"]
    assert not installation.order("activate", channels=["mail"])["ok"]
    toml.write_text(good)
    assert installation.order("reload")["ok"]
    assert installation.order("activate", channels=["mail"])["ok"]
    toml.unlink()  # what is active can be put back also when it is no longer configured
    assert installation.order("reload")["ok"]
    assert installation.order("deactivate", channels=["mail"])["ok"]
    (installation.config / "outagetui.toml").write_text(
        (installation.config / "outagetui.toml").read_text().replace("here", "there")
    )
    reply = installation.order("reload")
    assert reply["error"] == "store, vantage and secrets take effect when the daemon is started again"
    assert [entry.kind for entry in installation.entries()].count("config") == 2


def test_a_reload_that_takes_a_role_away_counts_at_once(installation: Installation) -> None:
    installation.configure(every="5s").start()
    with installation.client() as client:
        assert client.order("activate", channels=["phone"])["ok"]
        toml = installation.config / "outagetui.toml"
        toml.write_text(toml.read_text() + '[[operator]]\nuser = "somebody-else"\nrole = "approver"\n')
        assert client.order("reload")["ok"]
        assert "root is viewer" in client.order("deactivate", channels=["phone"])["error"] or os.geteuid() != 0


def test_acking_needs_an_incident_and_names_who_took_it(installation: Installation) -> None:
    installation.configure(every="5s").outage()
    installation.start()
    assert "is not open; i1 is" in installation.order("ack", incident="i9")["error"]
    assert installation.order("ack", note="on it")["incident"] == "i1"
    assert [(event.incident, event.note) for event in installation.events(Acked)] == [("i1", "on it")]
    incident = installation.ledger().incident
    assert incident is not None
    assert incident.acked_by.startswith("root") or os.geteuid() != 0


def test_a_muted_outage_opens_an_incident_when_the_mute_ends(installation: Installation) -> None:
    installation.configure(every="1s").start()
    assert installation.order("mute", id="chat", seconds=6.0, reason="upgrade")["ok"]
    eventually(lambda: [event for event in installation.events(StateChanged) if event.now == "down"])
    assert installation.ledger().incident is None
    eventually(lambda: installation.ledger().incident)
    told = installation.events(StateChanged)[-1]
    assert (told.was, told.now, told.why) == ("down", "down", "still down when its mute ended")


def test_unmuting_tells_what_is_still_down_and_only_once(installation: Installation) -> None:
    installation.configure(every="5s")
    now = time.time()
    installation.seed(
        Muted(id="chat", until=now + 3600, reason="upgrade"),
        StateChanged(id="chat", was="up", now="down", why="refused"),
        at=now - 60,
    )
    installation.start()
    assert installation.ledger().incident is None
    for _ in range(3):
        assert installation.order("mute", id="chat", seconds=0)["ok"]
    eventually(lambda: installation.ledger().incident)
    assert installation.terminate() == 0  # it writes what it has before it goes: nothing more can come
    assert len([event for event in installation.events(StateChanged) if "mute ended" in event.why]) == 1


def test_a_mute_that_ended_while_no_daemon_ran_is_not_forgotten(installation: Installation) -> None:
    installation.configure(every="5s")
    now = time.time()
    installation.seed(
        Muted(id="chat", until=now - 30, reason="upgrade"),
        StateChanged(id="chat", was="up", now="down", why="refused"),
        at=now - 60,
    )
    installation.start()
    eventually(lambda: installation.ledger().incident)
    installation.terminate()
    installation.start()
    assert len([event for event in installation.events(StateChanged) if "mute ended" in event.why]) == 1


def test_a_daemon_that_is_told_to_stop_says_so_and_is_gone(installation: Installation) -> None:
    installation.configure(every="5s").start()
    assert installation.daemon is not None
    assert installation.order("stop")["ok"]
    assert installation.daemon.wait(10) == 0
    assert not installation.socket.exists()
    with pytest.raises(OSError, match="No such file"):
        Client(installation.socket)
    done = subprocess.run(installation.argv("daemon", "--stop"), capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr == "the daemon does not answer; start it with: systemctl start outagetui, or outagetui daemon\n"
