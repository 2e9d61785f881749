"""The keys of outlets: each kind its own, a login only where it is safe, and without one an outlet is watched."""

from pathlib import Path

import pytest
from outagetui import config
from outagetui.core.outlet_options import MastodonOptions
from outagetui.outlets import can_publish
from tests.kit.configs import SETTINGS, problems, write

OUTLET = """[outlet]
name = "O"
kind = "{kind}"
audience = "customers"
url = "{url}"
"""
BOOK = 'name = "Book"\n\n[[step]]\ndo = "announce"\nwith = {{ kind = "update", audience = "customers"{more} }}\n'


def outlet(kind: str, *lines: str, url: str = "https://o.example.net") -> str:
    return OUTLET.format(kind=kind, url=url) + "\n".join(lines) + "\n"


def faults(directory: Path, kind: str, *lines: str, url: str = "https://o.example.net") -> list[str]:
    found = problems(directory, {"checks/o.toml": outlet(kind, *lines, url=url)})
    return [each.removeprefix("checks/o.toml:") for each in found]


@pytest.mark.parametrize(
    ("kind", "lines", "problem"),
    [
        ("wordpress", ['secret = "s"'], "1: outlet.user: missing; with a secret, a wordpress outlet needs user"),
        ("discourse", ['secret = "s"'], "1: outlet.user: missing; with a secret, a discourse outlet needs user"),
        ("facebook", ['secret = "s"'], "1: outlet.account: missing; with a secret, a facebook outlet needs account"),
        ("mastodon", ['secret = "a/b"'], "6: outlet.secret: expected the name of a file in the secrets directory"),
        ("mastodon", ['visibility = "direct"'], '6: outlet.visibility: expected "private", "public" or "unlisted"'),
        ("mastodon", ['visiblity = "public"'], '6: outlet.visiblity: unknown key (did you mean "visibility"?)'),
        ("mastodon", ["sticky = true"], "6: outlet.sticky: unknown key"),
        ("x", ['links = "no"'], "6: outlet.links: expected true or false"),
        ("discourse", ["category = 0"], "6: outlet.category: must be at least 1, not 0"),
        ("apprise", ['secrets = "s"'], '6: outlet.secrets: unknown key (did you mean "secret"?)'),
        ("page", ['directory = "p"', 'secret = "s"'], "7: outlet.secret: unknown key"),
    ],
)
def test_each_kind_has_its_own_keys(tmp_path: Path, kind: str, lines: list[str], problem: str) -> None:
    (found,) = faults(tmp_path, kind, *lines)
    assert found.startswith(problem)


def test_a_secret_without_the_address_it_is_for_is_an_error(tmp_path: Path) -> None:
    (found,) = faults(tmp_path, "mastodon", 'secret = "s"', url="")
    assert found == "5: outlet.url: missing; with a secret, a mastodon outlet needs url"


@pytest.mark.parametrize("url", ["http://blog.example.net", "http://192.0.2.4"])
def test_a_login_is_not_sent_in_the_open(tmp_path: Path, url: str) -> None:
    (found,) = faults(tmp_path, "mastodon", 'secret = "s"', url=url)
    assert found == "5: outlet.url: a login must not travel over plain http, except to this machine; use https"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://[::1]:80/x", "http://localhost", "https://a.example"])
def test_a_login_may_travel_within_this_machine_and_over_tls(tmp_path: Path, url: str) -> None:
    write(tmp_path, {"checks/o.toml": outlet("mastodon", 'secret = "s"', 'visibility = "unlisted"', url=url)})
    (loaded,) = config.load(tmp_path).outlets
    assert loaded.options == MastodonOptions(secret="s", visibility="unlisted")
    assert can_publish(loaded)


def test_an_outlet_without_a_secret_is_watched_and_a_playbook_cannot_announce_there(tmp_path: Path) -> None:
    write(tmp_path, {"checks/o.toml": outlet("mastodon")})
    (loaded,) = config.load(tmp_path).outlets
    assert not can_publish(loaded)
    named = {"checks/o.toml": outlet("mastodon"), "playbooks/b.toml": BOOK.format(more=', outlets = ["o"]')}
    (found, *_) = problems(tmp_path, named)
    assert '"o" has no secret, so it is only watched; add secret to its file' in found
    (found, *_) = problems(tmp_path, {"playbooks/b.toml": BOOK.format(more="")})
    assert "no outlet for customers can publish" in found


def test_a_missing_secret_is_told_under_deep_only(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    settings = SETTINGS + '[secrets]\ndirectory = "secrets"\n'
    files = {"outagetui.toml": settings, "checks/o.toml": outlet("mastodon", 'secret = "token"')}
    loaded = config.load(write(tmp_path, files))
    (found,) = config.deep(loaded)
    assert str(found).endswith(f"o.toml:6: outlet.secret: secret 'token': there is no such file in {tmp_path}/secrets")
    (tmp_path / "secrets" / "token").touch(mode=0o600)
    assert config.deep(loaded) == []
