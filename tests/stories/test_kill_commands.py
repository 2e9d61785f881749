"""Promise 2 for commands: whatever is killed when, each was done exactly once, or somebody was asked."""

import pytest
from outagetui.facts.events import StepEnded
from tests.kit.installation import Installation, eventually
from tests.kit.kills_amid_commands import KillsAmidCommands

KILLS = 10  # in each of five seeds: fifty in all
CANARY = "canary-9vq2-of-the-daemon"


@pytest.mark.parametrize("seed", range(5))
def test_after_kill_nine_the_journal_and_what_was_done_agree(installation: Installation, seed: int) -> None:
    tally = KillsAmidCommands(installation, seed).go(KILLS)
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


def ran(installation: Installation, script: str) -> StepEnded:
    """Let a real daemon run a script once, and return what came of it."""
    secrets = installation.root / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "token").touch(0o600)
    (secrets / "token").write_text(CANARY)
    installation.configure(
        every="30s", operators=LOOK.format(secrets=secrets, script=script), **{"playbooks__look.toml": PLAY}
    ).start()
    assert installation.order("start", playbook="look")["ok"]
    (ended,) = eventually(lambda: installation.events(StepEnded))
    assert isinstance(ended, StepEnded)
    return ended


def test_a_command_holds_nothing_of_the_daemon_open(installation: Installation) -> None:
    ended = ran(installation, "ls -l /proc/$$/fd | sed 's/.*-> //'")
    assert ended.outcome == "done"
    links = [line for line in ended.output.splitlines() if not line.startswith("total")]
    assert {link.partition(":")[0] for link in links} == {"/dev/null", "pipe"}
    assert installation.terminate() == 0


def test_no_secret_of_a_command_is_kept_or_told_anywhere(installation: Installation) -> None:
    ended = ran(
        installation, "echo token=$TOKEN; tr '\\\\\\\\0' '\\\\\\\\n' < /proc/$$/cmdline; echo $TOKEN >&2; exit 3"
    )
    assert (ended.outcome, "token=[secret]" in ended.output) == ("failed", True)
    assert CANARY not in installation.cli("status", "--json").stdout
    assert CANARY not in installation.cli("runs").stdout
    assert CANARY not in installation.cli("journal", "--json").stdout
    assert installation.terminate() == 0
    for file in (*installation.state.iterdir(), installation.stderr):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes()
