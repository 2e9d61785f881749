"""A good configuration becomes the values the program runs on."""

import os
from pathlib import Path

import pytest
from outagetui import config
from outagetui.config import places
from outagetui.config.places import store_of
from outagetui.core.model import State
from outagetui.core.probe_options import HttpOptions, ValueOptions
from outagetui.core.step_options import AnnounceOptions, WaitOptions
from tests.kit.configs import CHANNEL, SETTINGS, write

SMALL = Path(__file__).parents[1] / "data" / "small"


def test_the_small_configuration_is_read_with_its_defaults() -> None:
    loaded = config.load(SMALL)
    assert (loaded.business, loaded.vantage, loaded.timezone) == ("Small Example", "here", "UTC")
    assert loaded.directory == str(SMALL.resolve())
    assert loaded.secrets is None
    assert [channel.id for channel in loaded.channels] == ["messenger", "webchat"]
    assert [check.id for check in loaded.checks()] == ["messenger.api", "webchat.port"]
    (outlet,) = loaded.outlets
    assert outlet.directory == str(SMALL.resolve() / "page")
    (playbook,) = loaded.playbooks
    assert playbook.suggest[0].state == (State.PARTIAL, State.DOWN)
    assert playbook.suggest[0].lasting == 2
    assert [step.needs for step in playbook.steps] == ["auto", "auto", "confirm", "auto"]


def test_a_relative_store_lies_in_the_configuration_directory(tmp_path: Path) -> None:
    directory = write(tmp_path, {"outagetui.toml": SETTINGS + '[store]\npath = "data/store.db"\n'})
    assert config.load(directory).store == str(directory / "data" / "store.db")


def test_news_is_promised_every_half_hour_unless_said_otherwise(tmp_path: Path) -> None:
    assert config.load(SMALL).update_every == 1800.0
    sooner = SETTINGS + '[announce]\nupdate_every = "15m"\n'
    assert config.load(write(tmp_path, {"outagetui.toml": sooner})).update_every == 900.0


def test_each_configuration_has_a_store_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    first, second = (config.load(write(tmp_path / name)).store for name in ("a", "b"))
    assert first != second
    assert first == config.load(tmp_path / "a").store
    assert Path(first).parent.parent == tmp_path / "state" / "outagetui"
    assert len(Path(first).parent.name) == 8
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert config.load(tmp_path / "a").store.startswith(str(tmp_path / "home" / ".local" / "state"))


def test_the_store_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    stored = {"outagetui.toml": SETTINGS + '[store]\npath = "data/store.db"\n'}
    for files in ({}, stored):
        directory = write(tmp_path, files)
        assert store_of(directory, os.environ) == config.load(directory).store
    write(tmp_path, {"outagetui.toml": "not toml"})
    assert store_of(tmp_path, {"XDG_STATE_HOME": "/state"}).startswith("/state/outagetui/")


def test_canaries_become_checks(tmp_path: Path) -> None:
    canaries = 'canaries = ["tcp://192.0.2.1:53", "https://example.net/", "dns:example.net", "icmp://192.0.2.2"]\n'
    loaded = config.load(write(tmp_path, {"outagetui.toml": SETTINGS + canaries}))
    assert [(each.id, each.probe) for each in loaded.canaries] == [
        ("canary.1", "tcp"),
        ("canary.2", "http"),
        ("canary.3", "dns"),
        ("canary.4", "icmp"),
    ]
    assert {(each.every, each.timeout) for each in loaded.canaries} == {(10.0, 5.0)}
    assert isinstance(loaded.canaries[1].options, HttpOptions)
    assert 429 in loaded.canaries[1].options.status  # asked too often, but reached


def test_slow_above_is_a_number_of_the_value_only_for_value_checks(tmp_path: Path) -> None:
    checks = """
[[check]]
id = "web"
probe = "http"
target = "http://127.0.0.1/"
slow_above = "800ms"
timeout = "1.5s"
status = [200, "300-399"]
ca = "certs/ca.pem"
[[check]]
id = "queue"
probe = "value"
target = "http://127.0.0.1/queue"
match = "waiting: ([0-9]+)"
slow_above = 20
"""
    loaded = config.load(write(tmp_path, {"checks/a.toml": CHANNEL + checks}))
    web, queue = loaded.channels[0].checks[1:]
    assert (web.slow_above, web.timeout) == (0.8, 1.5)
    assert isinstance(web.options, HttpOptions)
    assert (web.options.status, web.options.ca) == ((200, "300-399"), str(tmp_path.resolve() / "certs" / "ca.pem"))
    assert queue.slow_above is None
    assert isinstance(queue.options, ValueOptions)
    assert queue.options.slow_above == 20.0


def test_steps_get_the_defaults_of_their_kind(tmp_path: Path) -> None:
    book = """
name = "Book"
[[step]]
do = "manual"
say = "Well?"
needs = "confirm"
[[step]]
do = "wait_for"
with = { channels = ["a"], within = "2h" }
undo = { do = "verify", with = { checks = ["a.port"] } }
[[step]]
do = "announce"
with = { kind = "update", audience = "customers" }
timeout = "9s"
on_failure = "continue"
check = { probe = "a.port" }
"""
    page = '[outlet]\nname = "P"\nkind = "page"\naudience = "customers"\ndirectory = "p"\nurl = "http://127.0.0.1/"\n'
    (playbook,) = config.load(write(tmp_path, {"playbooks/b.toml": book, "checks/page.toml": page})).playbooks
    first, second, third = playbook.steps
    assert (playbook.id, first.id, second.id) == ("b", "step-1", "step-2")
    assert (first.needs, second.needs, third.needs) == ("confirm", "auto", "confirm")
    assert (first.timeout, second.timeout, third.timeout) == (30.0, 7200.0, 9.0)
    assert isinstance(second.options, WaitOptions)
    assert second.undo is not None
    assert isinstance(second.undo.options, WaitOptions)
    assert isinstance(third.options, AnnounceOptions)
    assert (third.on_failure, third.already) == ("continue", "a.port")


def test_an_own_announcement_text_replaces_the_shipped_one(tmp_path: Path) -> None:
    own = {"playbooks/announcements/update.en.txt": "Our title\n\nStill {failed}.\n"}
    templates = {(each.kind, each.language): each for each in config.load(write(tmp_path, own)).templates}
    assert templates["update", "en"].title == "Our title"
    assert ("resolved", "de") in templates


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    write(tmp_path)
    content = (tmp_path / "outagetui.toml").read_bytes()
    (tmp_path / "outagetui.toml").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert config.load(tmp_path).business == "Example"


def test_hidden_files_of_editors_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"checks/.messenger.toml": "not toml", ".outagetui.toml": "not toml"})
    (tmp_path / "checks" / ".#a.toml").symlink_to("nobody@nowhere")
    assert len(config.load(tmp_path).channels) == 1


def test_the_digest_changes_with_every_file_and_only_with_them(tmp_path: Path) -> None:
    write(tmp_path, {"playbooks/announcements/update.en.txt": "Title\nBody\n"})
    before = config.digest(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing reads this")
    assert config.digest(tmp_path) == before
    for path in sorted(tmp_path.rglob("*.t*t")) + sorted(tmp_path.rglob("*.toml")):
        if path.name != "notes.txt":
            path.write_text(path.read_text() + "\n")
            assert config.digest(tmp_path) != before
            before = config.digest(tmp_path)
    (tmp_path / "checks" / "a.toml").rename(tmp_path / "checks" / "b.toml")
    assert config.digest(tmp_path) != before


def test_the_directory_is_found_in_the_promised_order(tmp_path: Path) -> None:
    here, home, other = tmp_path / "here", tmp_path / "home", tmp_path / "other"
    for directory in (home / ".config" / "outagetui", here, other):
        directory.mkdir(parents=True)
        (directory / "outagetui.toml").write_text("")
    environment = {"OUTAGETUI_CONFIG": str(other)}
    assert config.find(str(here), environment, here, home) == here
    assert config.find(None, environment, here, home) == other
    assert config.find(None, {}, here, home) == home / ".config" / "outagetui"
    (here / "checks").mkdir()
    assert config.find(None, {}, here, home) == here
    assert config.find("../other", {}, here, home) == Path("../other")


def test_a_directory_that_is_not_there_is_told_with_the_places(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match=r"nowhere: not a directory; --config must name one"):
        config.find("nowhere", {}, tmp_path, tmp_path)
    with pytest.raises(config.ConfigError, match=r"gone: not a directory; \$OUTAGETUI_CONFIG must name one"):
        config.find(None, {"OUTAGETUI_CONFIG": str(tmp_path / "gone")}, tmp_path, tmp_path)
    if not Path("/etc/outagetui").is_dir():
        with pytest.raises(config.ConfigError, match=r"none found; looked in .*/etc/outagetui; `outagetui init DIR`"):
            config.find(None, {}, tmp_path, tmp_path)


def test_a_directory_counts_only_with_settings_or_checks_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    usual = home / ".config" / "outagetui"
    usual.mkdir(parents=True)
    (usual / "keys.toml").write_text("")
    system = tmp_path / "etc"
    monkeypatch.setattr(places, "SYSTEM", system)
    with pytest.raises(config.ConfigError, match=r"/outagetui \(has neither outagetui.toml nor checks/\), .*/etc;"):
        config.find(None, {}, tmp_path, home)
    (system / "checks").mkdir(parents=True)
    assert config.find(None, {}, tmp_path, home) == system
    (usual / "outagetui.toml").write_text("")
    assert config.find(None, {}, tmp_path, home) == usual


def test_a_directory_that_is_named_and_holds_no_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "outagetui").mkdir()
    for option, environment in (("outagetui", {}), (None, {"OUTAGETUI_CONFIG": "outagetui"})):
        with pytest.raises(config.ConfigError, match=r"^outagetui: holds neither outagetui.toml nor checks/; "):
            config.find(option, environment, tmp_path, tmp_path)


def test_a_directory_that_may_not_be_looked_into_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, system = tmp_path / "home", tmp_path / "etc"
    system.mkdir()
    monkeypatch.setattr(places, "SYSTEM", system)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert config.find(None, {}, tmp_path, home) == system


def test_the_shipped_definitions_are_in_the_checkout() -> None:
    assert (config.shipped() / "checks" / "messenger.toml").is_file()
    assert (config.shipped() / "playbooks" / "announcements" / "resolved.en.txt").is_file()
