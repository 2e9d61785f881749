"""`init` writes a whole configuration or nothing; what it writes is valid, explained and safe to publish."""

import ipaddress
import re
from pathlib import Path

import pytest
from outagetui import config


def everything(directory: Path) -> list[str]:
    """Return every path below `directory`, hidden ones too."""
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_a_new_directory_gets_a_configuration_that_validates(tmp_path: Path) -> None:
    target = tmp_path / "new" / "configuration"
    files = config.init(target)
    assert set(files) == {path for path in target.rglob("*") if path.is_file()}
    loaded = config.load(target)
    assert {channel.role for channel in loaded.channels} == {"primary", "backup"}
    assert {channel.audience for channel in loaded.channels} == {"customers", "staff"}
    assert {"messenger-down", "phone-down", "mail-down"} <= {playbook.id for playbook in loaded.playbooks}
    assert {outlet.id for outlet in loaded.outlets} == {"page", "blog", "forum", "social"}
    assert loaded.segments
    assert target.stat().st_mode & 0o700 == 0o700


def test_an_empty_directory_is_filled_and_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = tmp_path.stat().st_ino
    config.init(Path())
    assert tmp_path.stat().st_ino == before
    assert config.load(Path()).business == "Example Hosting"
    assert not [name for name in everything(tmp_path) if name.startswith(".")]


def test_whatever_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me")
    with pytest.raises(config.ConfigError, match=r"is not empty \(letter.txt\); name another place"):
        config.init(tmp_path)
    with pytest.raises(config.ConfigError, match=r"letter.txt: exists already and is no directory"):
        config.init(tmp_path / "letter.txt")
    with pytest.raises(config.ConfigError, match=r"cannot be written: Not a directory"):
        config.init(tmp_path / "letter.txt" / "below")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(config.ConfigError, match="dangling: exists already"):
        config.init(tmp_path / "dangling")
    assert everything(tmp_path) == ["dangling", "letter.txt"]


@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    target = tmp_path / "deep" / "new"
    if exists:
        target.mkdir(parents=True)
    really = Path.rename

    def full(self: Path, other: Path) -> Path:
        if self.name in ("outagetui.toml",) or not exists:
            raise OSError(28, "No space left on device")
        return really(self, other)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(config.ConfigError, match="cannot be written: No space left on device"):
        config.init(target)
    assert everything(tmp_path) == (["deep", "deep/new"] if exists else [])


def test_the_starter_explains_itself(tmp_path: Path) -> None:
    for path in config.init(tmp_path / "new"):
        if path.suffix == ".toml":
            assert path.read_text().startswith("# "), path


def test_the_starter_names_only_example_hosts(tmp_path: Path) -> None:
    documentation = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    for path in config.init(tmp_path / "new"):
        text = path.read_text()
        for host in re.findall(r"(?:://|@|dns:|sip:)([\w.-]+)", text):
            if host[0].isdigit() and host.count(".") == 3:
                assert any(ipaddress.ip_address(host) in net for net in documentation), (path, host)
            elif "." in host:
                assert host.rstrip(".").endswith(("example.net", "example.com")), (path, host)


def test_every_backup_and_every_primary_appears_in_a_playbook_or_segment(tmp_path: Path) -> None:
    config.init(tmp_path / "new")
    loaded = config.load(tmp_path / "new")
    used = {channel for segment in loaded.segments for channel in segment.uses}
    assert used == {channel.id for channel in loaded.channels}


def test_deep_tells_what_this_machine_lacks(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    config.init(directory)
    (directory / "secrets").mkdir(mode=0o700)
    settings = directory / "outagetui.toml"
    settings.write_text(settings.read_text() + '\n[secrets]\ndirectory = "secrets"\n')
    page = directory / "checks" / "page.toml"
    page.write_text(page.read_text().replace("/var/www/status", str(tmp_path)))
    mail = directory / "checks" / "mail.toml"
    mail.write_text(mail.read_text().replace("starttls =", 'user = "u"\nsecret = "mail"\nca = "ca.pem"\nstarttls ='))

    def found() -> list[str]:
        return [str(problem) for problem in config.deep(config.load(directory), directory)]

    first, second = found()
    assert first.startswith(f"{mail}:17: check[1].secret: secret 'mail': there is no such file")
    assert second == f"{mail}:18: check[1].ca: {directory.resolve()}/ca.pem: no such file, or not readable"
    (directory / "ca.pem").write_text("")
    (directory / "secrets" / "mail").write_text("word\n")
    (directory / "secrets" / "mail").chmod(0o640)
    (only,) = found()
    assert "others may use it" in only
    assert "word" not in only
    (directory / "secrets" / "mail").chmod(0o600)
    assert found() == []
    (directory / "secrets").chmod(0o755)
    (only,) = found()
    assert only.startswith(f"{settings}:")
    assert "secrets.directory" in only
    assert "others may look into it" in only
    page.write_text(page.read_text().replace(str(tmp_path), str(tmp_path / "gone")))
    (directory / "secrets").chmod(0o700)
    (only,) = found()
    assert only.startswith(f"{page}:10: outlet.directory: ")


def test_a_missing_secrets_directory_is_told(tmp_path: Path) -> None:
    directory = tmp_path / "new"
    config.init(directory)
    settings = directory / "outagetui.toml"
    settings.write_text(settings.read_text() + '\n[secrets]\ndirectory = "/nowhere/secrets"\n')
    told = [str(problem) for problem in config.deep(config.load(directory))]
    assert any("secrets.directory: /nowhere/secrets: No such file or directory" in line for line in told)


def test_a_service_has_its_store_and_secrets_where_the_system_files_put_them(tmp_path: Path) -> None:
    """The secrets' directory may be there already: systemd-tmpfiles makes it."""
    directory = tmp_path / "new"
    (directory / "secrets").mkdir(parents=True)
    config.init(directory, service=True)
    loaded = config.load(directory)
    assert (loaded.store, loaded.secrets) == ("/var/lib/outagetui/store.db", "/etc/outagetui/secrets")
    changed = set((directory / "outagetui.toml").read_text().splitlines())
    config.init(tmp_path / "plain")
    assert len(changed - set((tmp_path / "plain" / "outagetui.toml").read_text().splitlines())) == 4
