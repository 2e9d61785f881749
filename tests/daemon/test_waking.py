"""A daemon that wakes people through real servers, and tells a watcher outside that it is well."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from outagetui.alerts import chain
from outagetui.config import deep, load
from outagetui.daemon import alarm, service
from outagetui.facts.events import AlertEnded, AlertIntended, HeartbeatChanged, StateChanged
from tests.daemon.daemon_in_loop import DaemonInLoop
from tests.kit.installation import Installation, eventually
from tests.kit.message_receivers import MailReceiver, WebhookReceiver
from tests.kit.waiting import until

CANARY = "canary-51d2-topic"
CHAIN = """
[secrets]
directory = "{secrets}"
[[alert]]
name = "phone"
secret = "phone-url"
{more}
[[alert]]
name = "second"
secret = "second-url"
after = "10m"
"""


def furnish(installation: Installation, phone: str, second: str, more: str = "", rest: str = "") -> None:
    """Write a configuration with a chain of two links that lead to these URLs."""
    secrets = installation.root / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for name, url in (("phone-url", phone), ("second-url", second), ("heartbeat-url", rest)):
        (secrets / name).touch(mode=0o600)
        (secrets / name).write_text(url + "\n")
    heartbeat = '[heartbeat]\nsecret = "heartbeat-url"\nevery = "1s"\ntimeout = "1s"\n' if rest else ""
    installation.configure(every="5s", operators=CHAIN.format(secrets=secrets, more=more) + heartbeat)


def hook(web: WebhookReceiver) -> str:
    return f"json://127.0.0.1:{web.port}/{CANARY}"


def leaks(root: Path) -> list[Path]:
    """Return the files below `root`, but for the secrets, that hold the canary."""
    files = (path for path in root.rglob("*") if path.is_file() and path.parent.name != "secrets")
    return [path for path in files if CANARY.encode() in path.read_bytes()]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that does not wait as long as a real one."""
    monkeypatch.setattr(alarm, "WARM_UP", 0.0)
    monkeypatch.setattr(alarm, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(chain, "LASTING", 0.3)


@pytest.mark.usefixtures("hasty")
async def test_people_are_woken_in_order_and_told_the_rest_and_the_urls_stay_secret(
    installation: Installation, in_loop: DaemonInLoop
) -> None:
    with WebhookReceiver() as broken, MailReceiver() as post:
        broken.status = 503
        mail = f"mailto://127.0.0.1:{post.port}?from=watch@{CANARY}.example&to=oncall@example.net&mode=insecure"
        furnish(installation, hook(broken), mail)
        installation.outage()
        daemon = await in_loop.start()
        await until(lambda: len(post.letters) == 1)
        assert post.letters[0]["Subject"] == "Example Hosting: chat is down"
        await until(lambda: "phone" in daemon.alarm.trouble)
        assert "alert link phone failed" in daemon.alarm.trouble
        assert "503" in daemon.alarm.trouble
        await asyncio.to_thread(installation.order, "ack", note="mine")
        await until(lambda: len(post.letters) == 2)
        assert post.letters[1]["Subject"].startswith("Example Hosting: taken by ")
        await daemon.journal.write("test", StateChanged(id="chat", was="down", now="up", why="it is back"))
        await until(lambda: len(post.letters) == 3)
        assert post.letters[2]["Subject"] == "Example Hosting: recovered"
    await in_loop.end()
    told = [(each.link, each.what, each.outcome) for each in installation.events(AlertEnded)]
    assert told == [
        ("phone", "opened", "failed"),
        ("second", "opened", "sent"),
        ("second", "acked", "sent"),
        ("second", "recovered", "sent"),
    ]
    assert len(installation.events(AlertIntended)) == 4
    assert leaks(installation.root) == []
    installation.verify_chain()


@pytest.mark.slow
def test_a_daemon_killed_while_it_sends_sends_again_when_it_is_back(installation: Installation) -> None:
    with WebhookReceiver() as web:
        furnish(installation, f"{hook(web)}?rto=60", hook(web))
        installation.seed(StateChanged(id="chat", was="up", now="down", why="refused"), at=time.time() - 60)
        web.hold()
        installation.start()
        eventually(lambda: installation.events(AlertIntended), 30)
        installation.kill()
        web.let_go()
        installation.start()
        eventually(lambda: installation.events(AlertEnded), 30)
        again = [each for each in web.posted if "may have had this message already" in each["message"]]
        assert len(again) == 1
    assert [(each.link, each.outcome) for each in installation.events(AlertEnded)] == [("phone", "sent")]
    installation.terminate()
    assert leaks(installation.root) == []


def test_a_link_is_tested_by_hand_and_what_came_of_it_is_seen(installation: Installation) -> None:
    with WebhookReceiver() as web, WebhookReceiver() as broken:
        broken.status = 500
        furnish(installation, hook(web), hook(broken), 'through = ["phone.port"]')
        installation.start()
        done = installation.cli("alert", "phone", "--test")
        assert done.returncode == 0, done.stderr
        assert "last test: sent 0 s ago" in done.stdout or "last test: sent 1 s ago" in done.stdout
        assert web.posted[0]["title"] == "Example Hosting: TEST of the alert, all is well"
        done = installation.cli("alert", "--test", "--json")
        assert done.returncode == 1
        document = json.loads(done.stdout)
        assert [(each["name"], each["test"]["outcome"]) for each in document["links"]] == [
            ("phone", "sent"),
            ("second", "failed"),
        ]
        assert "500" in document["links"][1]["test"]["detail"]
        eventually(lambda: "TROUBLE: alert link second failed its test" in installation.cli("status").stdout)
        done = installation.cli("alert")
        assert done.returncode == 0
        assert "phone: at once, through phone.port" in done.stdout
        assert "second: after 10m" in done.stdout
        assert installation.cli("alert", "fone").returncode == 2
        assert "known: phone, second" in installation.cli("alert", "fone", "--test").stderr
        journal = installation.cli("journal").stdout
        assert "alert to phone, test: Example Hosting: TEST" in journal
        assert CANARY not in done.stdout + document["links"][1]["test"]["detail"] + journal
    installation.terminate()
    assert leaks(installation.root) == []


def test_without_a_chain_there_is_nobody_to_test(installation: Installation) -> None:
    installation.configure(every="5s").start()
    assert "nobody is woken" in installation.cli("alert").stdout
    done = installation.cli("alert", "--test")
    assert done.returncode == 1
    assert "there is no alert link" in done.stderr


async def test_the_heartbeat_is_heard_while_all_is_well_and_held_back_while_it_is_not(
    installation: Installation, in_loop: DaemonInLoop
) -> None:
    with WebhookReceiver() as web, WebhookReceiver() as watcher:
        furnish(installation, hook(web), hook(web), rest=f"http://127.0.0.1:{watcher.port}/{CANARY}?x={CANARY}")
        daemon = await in_loop.start()
        await until(lambda: len(watcher.asked) >= 2)
        assert watcher.asked[0] == f"/{CANARY}?x={CANARY}"
        assert daemon.pulse.trouble == ""
        watcher.status = 500
        await until(lambda: daemon.pulse.trouble)
        assert daemon.pulse.trouble == "nobody outside hears that this daemon runs: it answered with status 500"
        watcher.status = 200
        await until(lambda: not daemon.pulse.trouble)
        in_loop.fill_disk()
        await until(lambda: "held back" in daemon.pulse.trouble)
        heard = len(watcher.asked)
        await in_loop.calls(daemon.pulse, "_ailing", 2)
        assert len(watcher.asked) == heard, "a daemon that can keep nothing is not well"
        in_loop.free_disk()
        await until(lambda: len(watcher.asked) > heard)
    await until(lambda: daemon.pulse.trouble)
    assert CANARY not in daemon.pulse.trouble
    await until(lambda: not installation.events(HeartbeatChanged)[-1].heard)
    await in_loop.end()
    changes = [each.heard for each in installation.events(HeartbeatChanged)]
    assert changes in ([True, False, True, False], [True, False, True, False, True, False])
    assert leaks(installation.root) == []


async def test_a_daemon_whose_probes_do_not_end_is_not_well(
    in_loop: DaemonInLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SILENCE", 1.0)
    daemon = await in_loop.start()
    await until(lambda: daemon._ailing() == "")
    daemon.schedule.replace([])
    in_loop.ahead = 120.0
    assert daemon._ailing().startswith("no probe has ended for ")


def test_a_deep_look_finds_urls_that_lead_nowhere(installation: Installation) -> None:
    furnish(installation, f"nowhere://{CANARY}", "json://127.0.0.1:1/", rest=f"ftp://{CANARY}/")
    problems = [str(each) for each in deep(load(installation.config), installation.config)]
    assert len(problems) == 2
    assert "alert[1].secret: secret 'phone-url': " in problems[0]
    assert "heartbeat.secret: expected http://host/…" in problems[1]
    assert CANARY not in "".join(problems)
    (installation.root / "secrets" / "second-url").chmod(0o644)
    problems = [str(each) for each in deep(load(installation.config), installation.config)]
    assert any("alert[2].secret" in each and "chmod 600" in each for each in problems)
