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
from tests.kit.house import CHANNEL, House, eventually, house
from tests.kit.pty_driver import Pty

ASKING = 'name = "Ask"\n[[step]]\nid = "sure"\ndo = "manual"\nsay = "Is it so?"\n'
FAILING = (
    'name = "Fail"\n[[step]]\nid = "see"\ndo = "verify"\non_failure = "stop"\n'
    'with = { channels = ["chat"], times = 1, within = "500ms" }\n'
)
TWO = 'name = "Two"\n[[step]]\nid = "both"\ndo = "activate"\nneeds = "two-person"\nwith = { channels = ["phone"] }\n'
MORE = {"playbooks__ask.toml": ASKING, "playbooks__fail.toml": FAILING}


@pytest.fixture(name="home")
def _home() -> Iterator[House]:
    with house() as made:
        yield made.settle(every="1s", **MORE)


def status_of(done: "subprocess.CompletedProcess[str]") -> tuple[int, str]:
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


# play, answer, abort, runs.


def test_a_dry_run_prints_every_step_and_does_nothing(home: House) -> None:
    done = home.cli("play", "chat-down", "--dry-run")
    assert status_of(done) == (0, "")
    lines = done.stdout.splitlines()
    assert [line for line in lines if line[0].isdigit()] == [
        "1. sure [manual]: Is it so?",
        "2. switch [activate]: activate phone",
        "3. tell [announce]: announce backup-active to customers on Page",
        "4. proof [verify]: verify that phone is up, at most 20 s",
        "5. wait [wait_for]: wait until phone.port is up, at most 20 s",
    ]
    document = json.loads(home.cli("play", "chat-down", "--dry-run", "--json").stdout)
    assert [step["id"] for step in document["steps"]] == ["sure", "switch", "tell", "proof", "wait"]
    assert not home.state.exists()


def test_a_whole_run_and_its_stand_down_from_the_shell(home: House) -> None:
    port = home.phone.getsockname()[1]  # the primary is well, so that it can be stood down
    chat = CHANNEL.format(name="chat", role="primary", port=port, every="1s")
    home.settle(every="1s", **{"checks__chat.toml": chat})
    done = home.cli("play", "chat-down", "--yes", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["playbook"], document["state"]) == ("chat-down", "done")
    assert {(step["state"], step["outcome"]) for step in document["steps"]} == {("done", "done")}
    assert "https://phone.example/" in (home.page / "index.html").read_text()
    assert {event.note for event in home.told(StepAnswered)} == {"answered by --yes"}
    assert set(home.ledger().active) == {"phone"}
    done = home.cli("play", "--stand-down", "--yes")
    assert done.returncode == 0
    assert home.ledger().active == {}
    assert [event.kind for event in home.told(AnnouncementMade)] == ["backup-active", "resolved"]
    assert home.cli("play", "--stand-down", "--yes").stdout == "nothing to stand down\n"


def test_without_a_terminal_it_stops_at_the_first_question_and_another_command_answers(home: House) -> None:
    home.start()
    done = home.cli("play", "ask")
    assert done.returncode == 4
    assert "asks: Is it so?" in done.stdout
    assert "outagetui answer r1 sure done" in done.stdout
    document = json.loads(home.cli("runs", "--json").stdout)
    assert document[0]["question"] == {
        "step": "sure", "attempt": 1, "words": "Is it so?", "answers": ["done", "failed", "skip", "abort"],
    }  # fmt: skip
    assert status_of(home.cli("answer", "r1", "sure", "maybe"))[0] == 1
    assert status_of(home.cli("answer", "r1", "sure", "done", "--attempt", "7"))[0] == 1
    assert home.cli("answer", "r1", "sure", "done", "--note", "asked Bob").returncode == 0
    eventually(lambda: home.ledger().runs["r1"].ended)
    assert status_of(home.cli("answer", "r1", "sure", "done")) == (1, "r1 is over: done\n")
    assert "done     sure: asked Bob" in home.cli("runs").stdout
    assert status_of(home.cli("answer", "r9", "sure", "done")) == (1, "there is no run r9\n")


def test_a_run_is_given_up_from_the_shell(home: House) -> None:
    home.start()
    assert home.cli("play", "ask", "--json").returncode == 4
    done = home.cli("play", "ask")
    assert done.returncode == 1
    assert "ask already runs as r1, started by " in done.stderr
    assert home.cli("abort", "r1").returncode == 0
    assert home.ledger().runs["r1"].state == "aborted"
    assert status_of(home.cli("abort", "r1")) == (1, "r1 is over: aborted\n")


def test_a_failed_step_is_one_and_unknown_names_are_usage(home: House) -> None:
    home.start()
    done = home.cli("play", "fail", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["state"], document["steps"][0]["outcome"]) == ("failed", "failed")
    assert status_of(home.cli("play", "nope")) == (
        2, "there is no playbook nope; there are: ask, chat-down, fail\n",
    )  # fmt: skip
    assert status_of(home.cli("play")) == (2, "name a playbook: ask, chat-down, fail\n")
    assert home.cli("play", "ask", "--nonsense").returncode == 2


def test_yes_never_answers_for_a_second_person(home: House) -> None:
    operators = [pwd.getpwuid(os.geteuid()).pw_name, "somebody-else"]
    tables = "".join(f'[[operator]]\nuser = "{user}"\nrole = "approver"\n' for user in operators)
    home.settle(operators=tables, **{"playbooks__two.toml": TWO}).start()
    done = home.cli("play", "two", "--yes")
    assert done.returncode == 4
    assert "outagetui approve r1 both " in done.stdout
    assert home.told(Activated) == []


def test_a_daemon_that_dies_ends_the_waiting_with_words(home: House) -> None:
    home.settle(**{"playbooks__ask.toml": ASKING.replace('do = "manual"\nsay = "Is it so?"', LONG)}).start()
    with subprocess.Popen(
        home.argv("play", "ask"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as playing:
        assert playing.stdout is not None
        assert playing.stdout.readline().startswith("r1 ")
        home.kill()
        words = playing.communicate(timeout=30)[1]
        assert playing.returncode == 3
    assert words == "the daemon fell silent; where r1 stands: outagetui runs\n"


LONG = 'do = "wait_for"\nwith = { channels = ["chat"], within = "1h" }'


def test_questions_on_a_terminal_are_asked_until_the_answer_is_one(home: House) -> None:
    home.start()
    with Pty(home.argv("play", "ask"), columns=100) as terminal:
        terminal.until_text("Is it so? [done/failed/skip/abort]")
        terminal.send("perhaps\r")
        terminal.until_text("answer one of: done, failed, skip, abort")
        terminal.send("done\r")
        assert terminal.wait() == 0
    with Pty(home.argv("play", "ask"), columns=100) as terminal:
        terminal.until_text("Is it so?")
        terminal.send("\x04")
        assert terminal.wait() == 4


# announce.


def test_an_announcement_is_previewed_asked_for_and_sent(home: House) -> None:
    home.start()
    home.order("activate", channels=["phone"])
    done = home.cli("announce", "backup-active", "--audience", "customers", "--note", "Soon.", "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith("--- page ---\nbackup-active: ")
    assert "Soon." in done.stdout
    done = home.cli("announce", "backup-active", "--audience", "customers")
    assert done.returncode == 4
    assert done.stdout.endswith("nothing was sent; --yes sends\n")
    assert home.told(AnnouncementMade) == []
    planned = json.loads(home.cli("announce", "update", "--audience", "customers", "--dry-run", "--json").stdout)
    assert [(row["id"], row["state"]) for row in planned["outlets"]] == [("page", "planned")]
    done = home.cli(
        "announce", "backup-active", "--audience", "customers", "--note", "Soon.", "--yes", "--json", "--wait", "0s"
    )
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert (document["announcement"], document["kind"]) == ("a1", "backup-active")
    assert [(row["id"], row["state"], row["url"]) for row in document["outlets"]] == [
        ("page", "sent", "http://127.0.0.1/")
    ]
    assert "Soon." in (home.page / "index.html").read_text()


def test_what_cannot_be_announced_has_its_own_status(home: House) -> None:
    done = home.cli("announce", "nonsense", "--audience", "customers")
    assert status_of(done)[0] == 2
    assert "there is no announcement kind nonsense; there are: backup-active" in done.stderr
    assert home.cli("announce", "update").returncode == 2
    assert home.cli("announce", "update", "--audience", "everybody").returncode == 2
    done = home.cli("announce", "resolved", "--audience", "customers", "--yes")
    assert status_of(done) == (1, "nothing is announced to customers that resolved could close\n")
    home.page.rmdir()
    home.start()
    done = home.cli("announce", "update", "--audience", "customers", "--note", "x", "--yes", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outlets"][0]["state"] == "failed"


# The small orders.


def test_the_small_orders_and_their_refusals(home: House) -> None:
    home.outage()
    home.start()
    assert home.cli("ack", "--note", "mine").stdout == "incident i1 is yours\n"
    assert home.told(Acked)[0].note == "mine"
    assert home.cli("mute", "chat", "--for", "30m", "--reason", "upgrade").returncode == 0
    assert home.cli("mute", "chat", "--for", "0s").returncode == 0
    assert status_of(home.cli("mute", "chat"))[0] == 2
    done = home.cli("mute", "chat", "--for", "soon", "--reason", "x")
    assert done.returncode == 2
    assert 'expected a duration such as "30m" or "2h", not "soon"' in done.stderr
    assert home.cli("recheck", "chat").returncode == 0
    assert status_of(home.cli("recheck", "nope")) == (1, "nothing is checked under nope\n")
    assert home.cli("activate").returncode == 2
    assert home.cli("reload").stdout == "the new configuration is in force\n"
    (home.config / "checks" / "phone.toml").write_text("[")
    done = home.cli("reload")
    assert done.returncode == 1
    assert done.stderr.startswith("kept the old configuration: ")


def test_a_backup_that_is_not_up_is_activated_with_a_warning(home: House) -> None:
    home.phone.close()
    home.start()
    eventually(lambda: (found := home.ledger().states.get("phone")) and found[0] == "down")
    done = home.cli("activate", "phone")
    assert done.returncode == 0
    assert done.stderr == "warning: phone is down\n"
    assert set(home.ledger().active) == {"phone"}


def test_a_note_longer_than_a_line_may_be_is_refused_in_words(home: House) -> None:
    home.outage()
    home.start()
    done = home.cli("ack", "--note", "x" * 70_000)
    assert status_of(done) == (1, "a line is longer than 65536 bytes\n")


@pytest.mark.parametrize("words", [("nonsense",), ("--nonsense",), ("journal", "--nonsense"), ("mute",)])
def test_an_unknown_command_is_usage(home: House, words: tuple[str, ...]) -> None:
    done = home.cli(*words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert done.stdout == ""


def test_the_screens_refuse_to_draw_without_a_terminal(home: House) -> None:
    home.outage()
    for words in ((), ("wallboard",)):
        done = home.cli(*words)
        assert done.returncode == 3
        assert "terminal" in done.stderr
        assert "Traceback" not in done.stderr
        assert "\x1b" not in done.stdout


def test_reading_commands_without_a_store_say_what_to_do(home: House) -> None:
    for words in (("status",), ("runs",), ("journal",), ("journal", "--verify")):
        done = home.cli(*words)
        assert status_of(done) == (3, f"{home.store}: there is no store yet; start the daemon\n")
    assert not home.state.exists()


# journal.


def test_the_journal_in_words_and_as_a_document(home: House) -> None:
    home.start()
    home.order("activate", channels=["phone"])
    assert home.terminate() == 0
    lines = home.cli("journal").stdout.splitlines()
    assert len(lines) == len(home.entries())
    assert any("activated phone by hand" in line for line in lines)
    document = json.loads(home.cli("journal", "--json").stdout)
    assert [entry["seq"] for entry in document] == list(range(1, len(lines) + 1))
    found = next(entry for entry in document if entry["kind"] == "activate")
    assert found["document"]["channel"] == "phone"
    assert len(found["hash"]) == 64


def test_following_prints_what_comes_and_ends_with_a_signal(home: House) -> None:
    home.start()
    for flags in ((), ("--json",)):
        with subprocess.Popen(
            home.argv("journal", "--follow", *flags), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as following:
            assert following.stdout is not None
            assert "1" in following.stdout.readline()
            home.order("mute", id="chat", seconds=60, reason=f"unheard-of{flags}")
            line = ""
            while f"unheard-of{flags}" not in line:
                line = following.stdout.readline()
                assert line
            assert not flags or json.loads(line)["document"]["id"] == "chat"
            following.send_signal(signal.SIGINT)
            assert following.wait(10) in (0, -signal.SIGINT)
            assert "Traceback" not in following.stderr.read() if following.stderr else True


def test_verify_tells_a_sound_journal_from_a_changed_one(home: House) -> None:
    home.start()
    home.order("activate", channels=["phone"])
    home.terminate()
    count = len(home.entries())
    done = home.cli("journal", "--verify")
    assert (done.returncode, done.stdout) == (0, f"{count} entries, every one sound\n")
    assert json.loads(home.cli("journal", "--verify", "--json").stdout) == {
        "entries": count, "sound": True, "broken": "",
    }  # fmt: skip
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("UPDATE journal SET actor='mallory' WHERE kind='activate'")
        db.commit()
    done = home.cli("journal", "--verify")
    assert done.returncode == 1
    assert "was changed: its content does not match its hash" in done.stderr
    document = json.loads(home.cli("journal", "--verify", "--json").stdout)
    assert document["sound"] is False
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("UPDATE journal SET document='{' WHERE kind='activate'")
        db.commit()
    found = json.loads(home.cli("journal", "--json").stdout)
    assert "{" in [entry["document"] for entry in found]


def test_output_that_nobody_reads_any_more_is_no_traceback(home: House) -> None:
    home.seed(*(Activated(channel=f"channel-{number}") for number in range(3000)))
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -1', "sh", *home.argv("journal")], capture_output=True, text=True, check=False
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


def test_a_choice_decides_which_steps_follow(home: House) -> None:
    home.settle(**{"playbooks__choice.toml": CHOICE}).start()
    wrong = home.cli("play", "choice", "--answer", "which=none")
    assert (wrong.returncode, wrong.stderr) == (2, "--answer which=none: which takes some, all\n")
    assert home.cli("play", "choice", "--answer", "loud=all").returncode == 2
    asked = home.cli("play", "choice", "--yes")
    assert asked.returncode == 4
    assert "| some: Some people" in asked.stdout
    assert home.cli("answer", "r1", "which", "all").returncode == 0
    done = home.cli("play", "choice", "--answer", "which=some", "--json")
    steps = json.loads(done.stdout)["steps"]
    assert [(step["id"], step["state"]) for step in steps] == [
        ("which", "done"),
        ("loud", "skipped"),
        ("quiet", "done"),
    ]
    assert steps[1]["detail"] == "only if which is all"
    first = json.loads(home.cli("runs", "--json").stdout)[-1]
    assert [step["state"] for step in first["steps"]] == ["done", "done", "skipped"]


def test_a_run_is_taken_over_only_by_somebody_else(home: House) -> None:
    home.start()
    assert home.cli("play", "ask").returncode == 4
    done = home.cli("take", "r1")
    assert (done.returncode, done.stderr) == (1, "r1 is yours already\n")
    assert home.cli("approve", "r1", "sure", "0" * 12).stderr.startswith("r1 sure asks for no second person")
