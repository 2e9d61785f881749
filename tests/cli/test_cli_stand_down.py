"""Standing down from the shell: one run, those of a playbook, or all, one after the other."""

import json
from collections.abc import Iterator

import pytest
from tests.kit.installation import Installation, new_installation

ACT = """name = "Act"
[[step]]
id = "switch"
do = "activate"
with = { channels = ["phone"] }
"""
NOTE = """name = "Note"
[[step]]
do = "note"
say = "Mind the gap"
"""
MARK = """name = "Mark"
[[step]]
id = "mark"
do = "command"
needs = "auto"
with = { command = "true" }
undo = { do = "command", with = { command = "true" } }
"""
TRUE = """
[fail_back]
up_for = "0s"
[command.true]
argv = ["/bin/true"]
"""


@pytest.fixture(name="installation")
def _home() -> Iterator[Installation]:
    with new_installation() as made:
        files = {"playbooks__act.toml": ACT, "playbooks__note.toml": NOTE, "playbooks__mark.toml": MARK}
        yield made.configure(every="1s", operators=TRUE, **files).start()


def states(installation: Installation) -> dict[str, str]:
    return {run["run"]: run["state"] for run in json.loads(installation.cli("runs", "--json").stdout)}


def test_a_run_without_effect_stands_in_nobodys_way_and_each_run_is_taken_back_once(installation: Installation) -> None:
    for book in ("act", "mark", "note"):
        assert installation.cli("play", book, "--yes").returncode == 0
    done = installation.cli("play", "--stand-down", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if "takes back" in line] == [
        "r4 takes back what r2 (Mark) did",
        "r5 takes back what r1 (Act) did",
    ]
    assert installation.cli("play", "--stand-down").stdout == "nothing to stand down\n"
    assert states(installation) == {"r1": "done", "r2": "done", "r3": "done", "r4": "done", "r5": "done"}


def test_one_run_is_chosen_by_its_name_and_the_others_stay(installation: Installation) -> None:
    for book in ("act", "mark"):
        assert installation.cli("play", book, "--yes").returncode == 0
    done = installation.cli("play", "r1", "--stand-down", "--yes", "--json")
    document = json.loads(done.stdout)
    assert (document["run"], document["stands_down"], document["state"]) == ("r3", "r1", "done")
    assert [step["id"] for step in document["steps"]] == ["waiting", "undo-switch"]
    assert installation.cli("play", "r1", "--stand-down").stdout == "nothing to stand down\n"
    assert json.loads(installation.cli("play", "mark", "--stand-down", "--yes", "--json").stdout)["stands_down"] == "r2"


def test_the_next_stand_down_waits_for_the_one_that_asks(installation: Installation) -> None:
    for book in ("mark", "act"):
        assert installation.cli("play", book, "--yes").returncode == 0
    done = installation.cli("play", "--stand-down")
    assert done.returncode == 4
    assert "r1 (Mark) is left as it is until r3 is done" in done.stdout
    assert list(states(installation)) == ["r3", "r2", "r1"]
    assert installation.cli("play", "--stand-down", "--yes").returncode == 0
    assert states(installation)["r4"] == "done"


def test_a_refused_start_is_one_document_too(installation: Installation) -> None:
    installation.configure(
        every="1s", operators=TRUE, **{"playbooks__ask.toml": ACT + '[[step]]\ndo = "manual"\nsay = "Well?"\n'}
    )
    assert installation.order("reload")["ok"]
    assert installation.cli("play", "ask").returncode == 4
    done = installation.cli("play", "ask", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["state"], document["steps"]) == ("refused", [])
    assert document["error"].startswith("ask already runs as r1, started by")
