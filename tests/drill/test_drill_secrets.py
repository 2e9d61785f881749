"""No real secret is loaded in a drill: only what lies in the drill's own directory."""

from pathlib import Path

import pytest
from outagetui.machine.secrets import SecretError, Secrets


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A drill's directory beside a real one, each with a secret of the same name."""
    for name in ("drill/secrets", "real"):
        directory = tmp_path / name
        directory.mkdir(parents=True, mode=0o700)
        (directory / "token").touch(mode=0o600)
        (directory / "token").write_text(name)
    return tmp_path / "drill"


def test_what_the_drill_made_for_its_own_servers_is_read(place: Path) -> None:
    assert Secrets.of_drill(place / "secrets", place).read("token") == "drill/secrets"


def test_a_directory_elsewhere_is_not_read(place: Path, tmp_path: Path) -> None:
    (place / "link").symlink_to(tmp_path / "real")
    elsewhere = (tmp_path / "real", place / ".." / "real", place / "link", tmp_path, None)
    for directory in elsewhere:
        with pytest.raises(SecretError, match="no secret is loaded"):
            Secrets.of_drill(directory, place).read("token")


def test_without_a_place_of_its_own_a_drill_has_no_secret(place: Path) -> None:
    with pytest.raises(SecretError, match="no secret is loaded"):
        Secrets.of_drill(place / "secrets", None).read("token")


def test_what_systemd_hands_over_is_not_read(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "handed").touch(mode=0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "real"))
    assert Secrets(None).read("handed") == ""
    with pytest.raises(SecretError, match="there is no such file"):
        Secrets.of_drill(place / "secrets", place).read("handed")
