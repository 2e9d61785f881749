"""Secrets come only from private files, and a refusal never shows their content."""

import os
from pathlib import Path

import pytest
from outagetui.machine.secrets import SecretError, Secrets


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    place = tmp_path / "secrets"
    place.mkdir()
    return place


def put(directory: Path, name: str, content: bytes = b"hush\n", mode: int = 0o600) -> Path:
    path = directory / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("content", "read"),
    [(b"hush\n", "hush"), (b"hush", "hush"), (b"two\n\n", "two\n"), (b"", ""), (b" a b \r\n", " a b \r")],
)
def test_a_secret_is_its_file_less_one_final_newline(directory: Path, content: bytes, read: str) -> None:
    put(directory, "token", content)
    assert Secrets(directory, {}).read("token") == read


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o601, 0o644, 0o666])
def test_any_permission_for_others_is_refused(directory: Path, mode: int) -> None:
    put(directory, "token", mode=mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        Secrets(directory, {}).read("token")
    assert caught.value.code == "secret.unreadable"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../token", "/etc/passwd", "a\0b"])
def test_a_name_cannot_leave_the_directory(directory: Path, name: str) -> None:
    put(directory, "token")
    with pytest.raises(SecretError, match="plain file name"):
        Secrets(directory / "inner", {}).read(name)


def test_a_missing_secret_names_the_places(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(SecretError, match=str(directory)):
        Secrets(directory, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).read("token")
    with pytest.raises(SecretError, match=r"set \[secrets\] directory"):
        Secrets(None, {}).read("token")


def test_what_is_no_readable_text_file_is_refused(directory: Path) -> None:
    (directory / "folder").mkdir(mode=0o700)
    os.mkfifo(directory / "pipe", 0o600)
    put(directory, "binary", b"\xff\xfe")
    put(directory, "huge", b"x" * 100_000)
    (directory / "dangling").symlink_to(directory / "gone")
    for name in ("folder", "pipe", "binary", "huge", "dangling"):
        with pytest.raises(SecretError):
            Secrets(directory, {}).read(name)


def test_systemd_s_credentials_are_found_second(directory: Path, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    put(credentials, "token", b"second", 0o400)
    secrets = Secrets(directory, {"CREDENTIALS_DIRECTORY": str(credentials)})
    assert secrets.read("token") == "second"
    put(directory, "token", b"first")
    assert secrets.read("token") == "first"


def test_systemd_s_credentials_must_be_private_too(tmp_path: Path) -> None:
    secrets = Secrets(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    put(tmp_path, "token", mode=0o444)
    with pytest.raises(SecretError, match="chmod"):
        secrets.read("token")
    path = put(tmp_path, "token", mode=0o440)
    if path.stat().st_uid == 0:
        assert secrets.read("token") == "hush"
    else:
        with pytest.raises(SecretError, match="chmod"):
            secrets.read("token")


def test_a_drill_is_given_no_secret_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(tmp_path, "token")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secrets(None).read("token") == "hush"
    with pytest.raises(SecretError, match="no secret is loaded"):
        Secrets.none().read("token")
