"""Promise 2 for commands: whatever is killed when, each was done exactly once, or somebody was asked."""

import pytest
from outagetui.facts.events import StepEnded
from tests.kit.crash import Crash
from tests.kit.house import House, eventually

KILLS = 10  # in each of five seeds: fifty in all
CANARY = "canary-9vq2-of-the-daemon"


@pytest.mark.parametrize("seed", range(5))
def test_after_kill_nine_the_journal_and_what_was_done_agree(home: House, seed: int) -> None:
    tally = Crash(home, seed).go(KILLS)
    assert tally.disagreements == []
    assert (tally.kills, tally.agreements) == (KILLS, KILLS)
    assert tally.runs


PLAY = """name = "Look"
[[step]]
id = "look"
do = "command"
with = { command = "look" }
needs = "auto"
"""
LOOK = """
[secrets]
directory = "{secrets}"
[command.look]
argv = ["/bin/sh", "-c", "{script}"]
secret_env = {{ TOKEN = "token" }}
"""


def ran(home: House, script: str) -> StepEnded:
    """Let a real daemon run a script once, and return what came of it."""
    secrets = home.root / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "token").touch(0o600)
    (secrets / "token").write_text(CANARY)
    home.settle(
        every="30s", operators=LOOK.format(secrets=secrets, script=script), **{"playbooks__look.toml": PLAY}
    ).start()
    assert home.order("start", playbook="look")["ok"]
    (ended,) = eventually(lambda: home.told(StepEnded))
    assert isinstance(ended, StepEnded)
    return ended


def test_a_command_holds_nothing_of_the_daemon_open(home: House) -> None:
    ended = ran(home, "ls -l /proc/$$/fd | sed 's/.*-> //'")
    assert ended.outcome == "done"
    links = [line for line in ended.output.splitlines() if not line.startswith("total")]
    assert {link.partition(":")[0] for link in links} == {"/dev/null", "pipe"}
    assert home.terminate() == 0


def test_no_secret_of_a_command_is_kept_or_told_anywhere(home: House) -> None:
    ended = ran(home, "echo token=$TOKEN; tr '\\\\\\\\0' '\\\\\\\\n' < /proc/$$/cmdline; echo $TOKEN >&2; exit 3")
    assert (ended.outcome, "token=[secret]" in ended.output) == ("failed", True)
    assert CANARY not in home.cli("status", "--json").stdout
    assert CANARY not in home.cli("runs").stdout
    assert CANARY not in home.cli("journal", "--json").stdout
    assert home.terminate() == 0
    for file in (*home.state.iterdir(), home.trouble):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes()
