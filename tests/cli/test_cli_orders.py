"""The commands that give orders, as scripts and people without a terminal use them: words, documents, exit statuses."""

import contextlib
import json
import os
import pwd
import signal
import sqlite3
import subprocess
from collections.abc import Iterator

import pytest
from outagetui.facts.events import Acked, Activated, AnnouncementMade, StepAnswered
from tests.kit.installation import CHANNEL, Installation, eventually, new_installation
from tests.kit.pty_driver import Pty

ASKING = 'name = "Ask"\n[[step]]\nid = "sure"\ndo = "manual"\nsay = "Is it so?"\n'
FAILING = (
    'name = "Fail"\n[[step]]\nid = "see"\ndo = "verify"\non_failure = "stop"\n'
    'with = { channels = ["chat"], times = 1, within = "500ms" }\n'
)
TWO = 'name = "Two"\n[[step]]\nid = "both"\ndo = "activate"\nneeds = "two-person"\nwith = { channels = ["phone"] }\n'
MORE = {"playbooks__ask.toml": ASKING, "playbooks__fail.toml": FAILING}


@pytest.fixture(name="installation")
def _home() -> Iterator[Installation]:
    with new_installation() as made:
        yield made.configure(every="1s", **MORE)


def status_of(done: "subprocess.CompletedProcess[str]") -> tuple[int, str]:
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


# play, answer, abort, runs.


def test_a_dry_run_prints_every_step_and_does_nothing(installation: Installation) -> None:
    done = installation.cli("play", "chat-down", "--dry-run")
    assert status_of(done) == (0, "")
    lines = done.stdout.splitlines()
    assert [line for line in lines if line[0].isdigit()] == [
        "1. sure [manual]: Is it so?",
        "2. switch [activate]: activate phone",
        "3. tell [announce]: announce backup-active to customers on Page",
        "4. proof [verify]: verify that phone is up, at most 20 s",
        "5. wait [wait_for]: wait until phone.port is up, at most 20 s",
    ]
    document = json.loads(installation.cli("play", "chat-down", "--dry-run", "--json").stdout)
    assert [step["id"] for step in document["steps"]] == ["sure", "switch", "tell", "proof", "wait"]
    assert not installation.state.exists()


def test_a_whole_run_and_its_stand_down_from_the_shell(installation: Installation) -> None:
    port = installation.phone.getsockname()[1]  # the primary is well, so that it can be stood down
    chat = CHANNEL.format(name="chat", role="primary", port=port, every="1s")
    installation.configure(every="1s", **{"checks__chat.toml": chat})
    done = installation.cli("play", "chat-down", "--yes", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["playbook"], document["state"]) == ("chat-down", "done")
    assert {(step["state"], step["outcome"]) for step in document["steps"]} == {("done", "done")}
    assert "https://phone.example/" in (installation.page / "index.html").read_text()
    assert {event.note for event in installation.events(StepAnswered)} == {"answered by --yes"}
    assert set(installation.ledger().active) == {"phone"}
    done = installation.cli("play", "--stand-down", "--yes")
    assert done.returncode == 0
    assert installation.ledger().active == {}
    assert [event.kind for event in installation.events(AnnouncementMade)] == ["backup-active", "resolved"]
    assert installation.cli("play", "--stand-down", "--yes").stdout == "nothing to stand down\n"


def test_without_a_terminal_it_stops_at_the_first_question_and_another_command_answers(
    installation: Installation,
) -> None:
    installation.start()
    done = installation.cli("play", "ask")
    assert done.returncode == 4
    assert "asks: Is it so?" in done.stdout
    assert "outagetui answer r1 sure done" in done.stdout
    document = json.loads(installation.cli("runs", "--json").stdout)
    assert document[0]["question"] == {
        "step": "sure", "attempt": 1, "words": "Is it so?", "answers": ["done", "failed", "skip", "abort"],
    }  # fmt: skip
    assert status_of(installation.cli("answer", "r1", "sure", "maybe"))[0] == 1
    assert status_of(installation.cli("answer", "r1", "sure", "done", "--attempt", "7"))[0] == 1
    assert installation.cli("answer", "r1", "sure", "done", "--note", "asked Bob").returncode == 0
    eventually(lambda: installation.ledger().runs["r1"].ended)
    assert status_of(installation.cli("answer", "r1", "sure", "done")) == (1, "r1 is over: done\n")
    assert "done     sure: asked Bob" in installation.cli("runs").stdout
    assert status_of(installation.cli("answer", "r9", "sure", "done")) == (1, "there is no run r9\n")


def test_a_run_is_given_up_from_the_shell(installation: Installation) -> None:
    installation.start()
    assert installation.cli("play", "ask", "--json").returncode == 4
    done = installation.cli("play", "ask")
    assert done.returncode == 1
    assert "ask already runs as r1, started by " in done.stderr
    assert installation.cli("abort", "r1").returncode == 0
    assert installation.ledger().runs["r1"].state == "aborted"
    assert status_of(installation.cli("abort", "r1")) == (1, "r1 is over: aborted\n")


def test_a_failed_step_is_one_and_unknown_names_are_usage(installation: Installation) -> None:
    installation.start()
    done = installation.cli("play", "fail", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["state"], document["steps"][0]["outcome"]) == ("failed", "failed")
    assert status_of(installation.cli("play", "nope")) == (
        2, "there is no playbook nope; there are: ask, chat-down, fail\n",
    )  # fmt: skip
    assert status_of(installation.cli("play")) == (2, "name a playbook: ask, chat-down, fail\n")
    assert installation.cli("play", "ask", "--nonsense").returncode == 2


def test_yes_never_answers_for_a_second_person(installation: Installation) -> None:
    operators = [pwd.getpwuid(os.geteuid()).pw_name, "somebody-else"]
    tables = "".join(f'[[operator]]\nuser = "{user}"\nrole = "approver"\n' for user in operators)
    installation.configure(operators=tables, **{"playbooks__two.toml": TWO}).start()
    done = installation.cli("play", "two", "--yes")
    assert done.returncode == 4
    assert "outagetui approve r1 both " in done.stdout
    assert installation.events(Activated) == []


def test_a_daemon_that_dies_ends_the_waiting_with_words(installation: Installation) -> None:
    installation.configure(**{"playbooks__ask.toml": ASKING.replace('do = "manual"\nsay = "Is it so?"', LONG)}).start()
    with subprocess.Popen(
        installation.argv("play", "ask"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as playing:
        assert playing.stdout is not None
        assert playing.stdout.readline().startswith("r1 ")
        installation.kill()
        words = playing.communicate(timeout=30)[1]
        assert playing.returncode == 3
    assert words == "the daemon fell silent; where r1 stands: outagetui runs\n"


LONG = 'do = "wait_for"\nwith = { channels = ["chat"], within = "1h" }'


def test_questions_on_a_terminal_are_asked_until_the_answer_is_one(installation: Installation) -> None:
    installation.start()
    with Pty(installation.argv("play", "ask"), columns=100) as terminal:
        terminal.until_text("Is it so? [done/failed/skip/abort]")
        terminal.send("perhaps\r")
        terminal.until_text("answer one of: done, failed, skip, abort")
        terminal.send("done\r")
        assert terminal.wait() == 0
    with Pty(installation.argv("play", "ask"), columns=100) as terminal:
        terminal.until_text("Is it so?")
        terminal.send("\x04")
        assert terminal.wait() == 4


# announce.


def test_an_announcement_is_previewed_asked_for_and_sent(installation: Installation) -> None:
    installation.start()
    installation.order("activate", channels=["phone"])
    done = installation.cli("announce", "backup-active", "--audience", "customers", "--note", "Soon.", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith("--- page ---\nbackup-active: ")
    assert "Soon." in done.stdout
    done = installation.cli("announce", "backup-active", "--audience", "customers")
    assert done.returncode == 4
    assert done.stdout.endswith("nothing was sent; --yes sends\n")
    assert installation.events(AnnouncementMade) == []
    planned = json.loads(
        installation.cli("announce", "investigating", "--audience", "customers", "--dry-run", "--json").stdout
    )
    assert [(row["id"], row["state"]) for row in planned["outlets"]] == [("page", "planned")]
    done = installation.cli(
        "announce", "backup-active", "--audience", "customers", "--note", "Soon.", "--yes", "--json", "--wait", "0s"
    )
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["announcement"], document["kind"]) == ("a1", "backup-active")
    assert [(row["id"], row["state"], row["url"]) for row in document["outlets"]] == [
        ("page", "sent", "http://127.0.0.1/")
    ]
    assert "Soon." in (installation.page / "index.html").read_text()


def test_what_cannot_be_announced_has_its_own_status(installation: Installation) -> None:
    done = installation.cli("announce", "nonsense", "--audience", "customers")
    assert status_of(done)[0] == 2
    assert "there is no announcement kind nonsense; there are: backup-active" in done.stderr
    assert installation.cli("announce", "update").returncode == 2
    assert installation.cli("announce", "update", "--audience", "everybody").returncode == 2
    done = installation.cli("announce", "resolved", "--audience", "customers", "--yes")
    assert status_of(done) == (1, "nothing is announced to customers that resolved could close\n")
    installation.page.rmdir()
    installation.start()
    done = installation.cli("announce", "investigating", "--audience", "customers", "--note", "x", "--yes", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outlets"][0]["state"] == "failed"


# The small orders.


def test_the_small_orders_and_their_refusals(installation: Installation) -> None:
    installation.outage()
    installation.start()
    assert installation.cli("ack", "--note", "mine").stdout == "incident i1 is yours\n"
    assert installation.events(Acked)[0].note == "mine"
    assert installation.cli("mute", "chat", "--for", "30m", "--reason", "upgrade").returncode == 0
    assert installation.cli("mute", "chat", "--for", "0s").returncode == 0
    assert status_of(installation.cli("mute", "chat"))[0] == 2
    done = installation.cli("mute", "chat", "--for", "soon", "--reason", "x")
    assert done.returncode == 2
    assert 'expected a duration such as "30m" or "2h", not "soon"' in done.stderr
    assert installation.cli("recheck", "chat").returncode == 0
    assert status_of(installation.cli("recheck", "nope")) == (1, "nothing is checked under nope\n")
    assert installation.cli("activate").returncode == 2
    assert installation.cli("reload").stdout == "the new configuration is in force\n"
    (installation.config / "checks" / "phone.toml").write_text("[")
    done = installation.cli("reload")
    assert done.returncode == 1
    assert done.stderr.startswith("kept the old configuration: ")


def test_a_backup_that_is_not_up_is_activated_with_a_warning(installation: Installation) -> None:
    installation.phone.close()
    installation.start()
    eventually(lambda: (found := installation.ledger().states.get("phone")) and found[0] == "down")
    done = installation.cli("activate", "phone")
    assert done.returncode == 0
    assert done.stderr == "warning: phone is down\n"
    assert set(installation.ledger().active) == {"phone"}


def test_a_note_longer_than_a_line_may_be_is_refused_in_words(installation: Installation) -> None:
    installation.outage()
    installation.start()
    done = installation.cli("ack", "--note", "x" * 70_000)
    assert status_of(done) == (1, "a line is longer than 65536 bytes\n")


@pytest.mark.parametrize("words", [("nonsense",), ("--nonsense",), ("journal", "--nonsense"), ("mute",)])
def test_an_unknown_command_is_usage(installation: Installation, words: tuple[str, ...]) -> None:
    done = installation.cli(*words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert done.stdout == ""


def test_the_screens_refuse_to_draw_without_a_terminal(installation: Installation) -> None:
    installation.outage()
    for words in ((), ("wallboard",)):
        done = installation.cli(*words)
        assert done.returncode == 3
        assert "terminal" in done.stderr
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout


def test_reading_commands_without_a_store_say_what_to_do(installation: Installation) -> None:
    for words in (("status",), ("runs",), ("journal",), ("journal", "--verify")):
        done = installation.cli(*words)
        assert status_of(done) == (3, f"{installation.store}: there is no store yet; start the daemon\n")
    assert not installation.state.exists()


# journal.


def test_the_journal_in_words_and_as_a_document(installation: Installation) -> None:
    installation.start()
    installation.order("activate", channels=["phone"])
    assert installation.terminate() == 0
    lines = installation.cli("journal").stdout.splitlines()
    assert len(lines) == len(installation.entries())
    assert any("activated phone by hand" in line for line in lines)
    document = json.loads(installation.cli("journal", "--json").stdout)
    assert [entry["seq"] for entry in document] == list(range(1, len(lines) + 1))
    found = next(entry for entry in document if entry["kind"] == "activate")
    assert found["document"]["channel"] == "phone"
    assert len(found["hash"]) == 64


def test_following_prints_what_comes_and_ends_with_a_signal(installation: Installation) -> None:
    installation.start()
    for flags in ((), ("--json",)):
        with subprocess.Popen(
            installation.argv("journal", "--follow", *flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as following:
            assert following.stdout is not None
            assert "1" in following.stdout.readline()
            installation.order("mute", id="chat", seconds=60, reason=f"unheard-of{flags}")
            line = ""
            while f"unheard-of{flags}" not in line:
                line = following.stdout.readline()
                assert line
            assert not flags or json.loads(line)["document"]["id"] == "chat"
            following.send_signal(signal.SIGINT)
            assert following.wait(10) in (0, -signal.SIGINT)
            assert "Traceback" not in following.stderr.read() if following.stderr else True


def test_verify_tells_a_sound_journal_from_a_changed_one(installation: Installation) -> None:
    installation.start()
    installation.order("activate", channels=["phone"])
    installation.terminate()
    count = len(installation.entries())
    done = installation.cli("journal", "--verify")
    head = installation.entries()[-1]
    mark = f"{head.seq} {head.hash[:8]}…"
    assert (done.returncode, done.stdout) == (0, f"{count} entries, every one sound\njournal {mark}\n")
    assert json.loads(installation.cli("journal", "--verify", "--json").stdout) == {
        "entries": count, "sound": True, "broken": "",
        "head": {"seq": head.seq, "hash": head.hash}, "faults": [], "accepted": [],
    }  # fmt: skip
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute("UPDATE journal SET actor='mallory' WHERE kind='activate'")
        db.commit()
    done = installation.cli("journal", "--verify")
    assert done.returncode == 1
    assert "was changed: its content does not match its hash" in done.stderr
    document = json.loads(installation.cli("journal", "--verify", "--json").stdout)
    assert document["sound"] is False
    with contextlib.closing(sqlite3.connect(installation.store)) as db:
        db.execute("UPDATE journal SET document='{' WHERE kind='activate'")
        db.commit()
    found = json.loads(installation.cli("journal", "--json").stdout)
    assert "{" in [entry["document"] for entry in found]


def test_output_that_nobody_reads_any_more_is_no_traceback(installation: Installation) -> None:
    installation.seed(*(Activated(channel=f"channel-{number}") for number in range(3000)))
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -1', "sh", *installation.argv("journal")], capture_output=True, text=True, check=False
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr


CHOICE = """\
name = "Choice"
[[step]]
id = "which"
do = "choose"
say = "How bad is it?"
answers = { some = "Some people", all = "Everybody" }
[[step]]
id = "loud"
do = "activate"
with = { channels = ["phone"] }
if = "which=all"
[[step]]
id = "quiet"
do = "note"
say = "Only some."
if = "which=some"
"""


def test_a_choice_decides_which_steps_follow(installation: Installation) -> None:
    installation.configure(**{"playbooks__choice.toml": CHOICE}).start()
    wrong = installation.cli("play", "choice", "--answer", "which=none")
    assert (wrong.returncode, wrong.stderr) == (2, "--answer which=none: which takes some, all\n")
    assert installation.cli("play", "choice", "--answer", "loud=all").returncode == 2
    asked = installation.cli("play", "choice", "--yes")
    assert asked.returncode == 4
    assert "| some: Some people" in asked.stdout
    assert installation.cli("answer", "r1", "which", "all").returncode == 0
    done = installation.cli("play", "choice", "--answer", "which=some", "--json")
    steps = json.loads(done.stdout)["steps"]
    assert [(step["id"], step["state"]) for step in steps] == [
        ("which", "done"),
        ("loud", "skipped"),
        ("quiet", "done"),
    ]
    assert steps[1]["detail"] == "only if which is all"
    first = json.loads(installation.cli("runs", "--json").stdout)[-1]
    assert [step["state"] for step in first["steps"]] == ["done", "done", "skipped"]


def test_a_run_is_taken_over_only_by_somebody_else(installation: Installation) -> None:
    installation.start()
    assert installation.cli("play", "ask").returncode == 4
    done = installation.cli("take", "r1")
    assert (done.returncode, done.stderr) == (1, "r1 is yours already\n")
    assert installation.cli("approve", "r1", "sure", "0" * 12).stderr.startswith("r1 sure asks for no second person")
