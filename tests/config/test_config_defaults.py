"""The smallest configuration: what need not be written, and what must be before anything is published."""

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest
from outagetui import config
from outagetui.config.defaults import probe_of, system_timezone
from outagetui.core.probe_options import PROBES
from tests.kit.configs import CHANNEL, PAGE, SETTINGS, problems, write
from tests.kit.targets import TARGETS

WEB = '[channel]\nname = "Web chat"\n[[check]]\ntarget = "https://chat.example.net/"\n'
BOOK = 'name = "Book"\n[[step]]\n'


def smallest(directory: Path, files: Mapping[str, str] = {}) -> Path:
    """Write a channel with nothing but a name and a target, and `files`; there is no outagetui.toml."""
    for name, text in {"checks/web.toml": WEB, **files}.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def faults(directory: Path) -> list[str]:
    with pytest.raises(config.ConfigError) as caught:
        config.load(directory)
    return [str(problem).removeprefix(f"{directory}/") for problem in caught.value.problems]


@pytest.mark.parametrize("files", [{}, {"outagetui.toml": ""}])
def test_a_name_and_a_target_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "vps-1.example.net")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    loaded = config.load(smallest(tmp_path, files))
    assert (loaded.business, loaded.vantage, loaded.timezone) == ("vps-1.example.net", "vps-1", "Europe/Berlin")
    (channel,) = loaded.channels
    assert (channel.id, channel.name, channel.audience, channel.role) == ("web", "Web chat", "customers", "primary")
    (check,) = channel.checks
    assert (check.id, check.probe) == ("web.http", "http")
    assert check.options == PROBES["http"]()


@pytest.mark.parametrize(
    ("host", "business", "vantage"),
    [
        ("vps-1", "vps-1", "vps-1"),
        ("mail.example.net", "mail.example.net", "mail"),
        ("my host!", "my host!", "my-host"),
        ("büro", "büro", "b-ro"),
        ("-.x", "-.x", "here"),
        ("", "here", "here"),
        ("a\x1b[2Jb", "a[2Jb", "a-2Jb"),
        ("a\udcffb\u202e", "ab", "ab"),
        ("h" * 64, "h" * 64, "h" * 64),
    ],
)
def test_any_host_name_can_be_shown_and_be_a_vantage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, business: str, vantage: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    loaded = config.load(smallest(tmp_path))
    assert (loaded.business, loaded.vantage) == (business, vantage)
    written = f'business = "Example"\nvantage = "{vantage}"\ntimezone = "UTC"\n'
    assert config.load(write(tmp_path, {"outagetui.toml": written})).vantage == vantage


def test_a_check_may_name_the_vantage_that_the_host_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "vps-1")
    config.load(smallest(tmp_path, {"checks/web.toml": WEB + 'vantages = ["vps-1"]\n'}))
    smallest(tmp_path, {"checks/web.toml": WEB + 'vantages = ["vps-2"]\n'})
    assert faults(tmp_path) == [
        'checks/web.toml:5: check[1].vantages[1]: unknown vantage "vps-2" (did you mean "vps-1"?)'
    ]


@pytest.mark.parametrize(
    ("env", "timezone", "localtime", "expected"),
    [
        ({"TZ": "America/New_York"}, "Europe/Berlin", "Asia/Tokyo", "America/New_York"),
        ({"TZ": ":Europe/Paris"}, None, None, "Europe/Paris"),
        ({"TZ": "/usr/share/zoneinfo/Europe/Paris"}, None, None, "Europe/Paris"),
        ({"TZ": ":/etc/localtime"}, "Europe/Berlin", None, "Europe/Berlin"),
        ({"TZ": "CET-1CEST"}, "Europe/Berlin", None, "Europe/Berlin"),
        ({"TZ": ""}, "Europe/Berlin", None, "UTC"),
        ({"TZ": "../../etc/passwd"}, None, None, "UTC"),
        ({"TZ": "\udcff"}, None, None, "UTC"),
        ({}, "Europe/Berlin\n", "Asia/Tokyo", "Europe/Berlin"),
        ({}, "Nowhere/Land\n", "Asia/Tokyo", "Asia/Tokyo"),
        ({}, "Z\xfcrich\n", "Asia/Tokyo", "Asia/Tokyo"),
        ({}, None, "Asia/Tokyo", "Asia/Tokyo"),
        ({}, None, "posix/Asia/Tokyo", "Asia/Tokyo"),
        ({}, None, None, "UTC"),
    ],
)
def test_the_time_zone_is_the_systems(
    tmp_path: Path, env: dict[str, str], timezone: str | None, localtime: str | None, expected: str
) -> None:
    (tmp_path / "etc").mkdir()
    if timezone is not None:
        (tmp_path / "etc" / "timezone").write_text(timezone)
    if localtime is not None:
        (tmp_path / "etc" / "localtime").symlink_to(f"../usr/share/zoneinfo/{localtime}")
    assert system_timezone(env, tmp_path) == expected


def test_a_link_over_another_link_leads_to_the_zone_too(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "localtime").symlink_to("zone")
    (tmp_path / "etc" / "zone").symlink_to("../usr/share/zoneinfo/Asia/Tokyo")
    assert system_timezone({}, tmp_path) == "Asia/Tokyo"
    (tmp_path / "etc" / "localtime").unlink()
    (tmp_path / "etc" / "localtime").write_bytes(b"TZif")
    assert system_timezone({}, tmp_path) == "UTC"


@pytest.mark.parametrize(("target", "probe", "more"), TARGETS)
def test_the_scheme_says_the_probe(tmp_path: Path, target: str, probe: str, more: str) -> None:
    assert probe_of(target) == probe
    text = f'[channel]\nname = "A"\n[[check]]\ntarget = "{target}"\n{more}\n'
    (check,) = config.load(smallest(tmp_path, {"checks/web.toml": text})).checks()
    assert (check.id, check.probe) == (f"web.{probe.replace('.', '-')}", probe)


def test_a_scheme_means_one_probe() -> None:
    schemes = [scheme for options in PROBES.values() for scheme in options.default_for]
    assert len(schemes) == len(set(schemes))
    assert {target.partition(":")[0].lower() for target, _, _ in TARGETS} == set(schemes)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("sip:watch@h", '"sip.register" signs on as this user, "sip.call" calls'),
        ("gopher://h/", 'nothing looks at "gopher:" by itself; known: http, https, tls,'),
        ("htps://h/", 'nothing looks at "htps:" by itself (did you mean "http'),
        ("chat.example.net", "expected a target such as https://host/"),
        ("//h/", "expected a target such as https://host/"),
        ("http//h/", "expected a target such as https://host/"),
    ],
)
def test_a_target_that_means_no_probe_or_several_is_told_at_its_line(tmp_path: Path, target: str, words: str) -> None:
    text = f'[channel]\nname = "A"\n[[check]]\ntarget = "{target}"\n'
    (only,) = faults(smallest(tmp_path, {"checks/web.toml": text}))
    assert only.startswith("checks/web.toml:4: check[1].target: ")
    assert words in only
    named = text + 'probe = "sip.register"\n'
    if target.startswith("sip:"):
        assert config.load(smallest(tmp_path, {"checks/web.toml": named})).checks()[0].id == "web.sip-register"


def test_a_missing_target_is_told_alone(tmp_path: Path) -> None:
    (only,) = faults(smallest(tmp_path, {"checks/web.toml": '[channel]\nname = "A"\n[[check]]\nevery = "9s"\n'}))
    assert only == "checks/web.toml:3: check[1].target: missing; expected a text in quotes"


def test_two_checks_that_their_probe_would_name_the_same_need_an_id(tmp_path: Path) -> None:
    second = '[[check]]\ntarget = "https://chat.example.net/second"\n'
    (only,) = faults(smallest(tmp_path, {"checks/web.toml": WEB + second}))
    taken = f'the id "web.http" is taken by {tmp_path}/checks/web.toml:3: give this check an id of its own'
    assert only == f"checks/web.toml:5: check[2].id: missing; without one {taken}"
    config.load(smallest(tmp_path, {"checks/web.toml": WEB + second + 'id = "second"\n'}))
    config.load(smallest(tmp_path, {"checks/web.toml": WEB + '[[check]]\ntarget = "tls://chat.example.net:443"\n'}))


def test_keys_that_are_wrong_do_not_fall_back_to_a_default(tmp_path: Path) -> None:
    settings = "business = 1\nvantage = []\ntimezone = true\n"
    assert problems(tmp_path, {"outagetui.toml": settings, "checks/p.toml": PAGE}) == [
        "outagetui.toml:1: business: expected a text in quotes, not the number 1",
        "outagetui.toml:2: vantage: expected a text in quotes, not a list",
        "outagetui.toml:3: timezone: expected a text in quotes, not true",
    ]


NAMELESS = "speaks for a business, whose name is not known: write business ="


@pytest.mark.parametrize("settings", ["", 'vantage = "here"\n'])
def test_an_outlet_that_publishes_needs_the_business(tmp_path: Path, settings: str) -> None:
    (only,) = problems(tmp_path, {"outagetui.toml": settings, "checks/page.toml": PAGE})
    assert only.startswith(f"checks/page.toml:1: outlet: {NAMELESS}")
    watched = '[outlet]\nname = "Blog"\nkind = "wordpress"\naudience = "customers"\n'
    config.load(write(tmp_path, {"checks/page.toml": watched}))
    config.load(write(tmp_path, {"outagetui.toml": SETTINGS, "checks/page.toml": PAGE}))


def test_a_step_that_speaks_to_people_needs_the_business(tmp_path: Path) -> None:
    banner = 'do = "webchat.banner"\nwith = { kind = "update", file = "/srv/www/banner.html" }\n'
    (only,) = problems(tmp_path, {"outagetui.toml": "", "playbooks/p.toml": BOOK + banner})
    assert only.startswith(f"playbooks/p.toml:2: step[1]: {NAMELESS}")
    announce = 'do = "announce"\nwith = { kind = "update", audience = "customers" }\n'
    first, second = problems(tmp_path, {"playbooks/p.toml": BOOK + announce, "outagetui.toml": ""})
    assert first.startswith(f"playbooks/p.toml:2: step[1]: {NAMELESS}")
    assert "no outlet for customers can publish" in second


def test_a_settings_file_that_does_not_parse_names_no_business_and_is_told_alone(tmp_path: Path) -> None:
    (only,) = problems(tmp_path, {"outagetui.toml": "business = \n", "checks/page.toml": PAGE})
    assert only.startswith("outagetui.toml:1: not valid TOML")


def test_what_is_written_wins_over_every_default(tmp_path: Path) -> None:
    loaded = config.load(write(tmp_path, {"checks/a.toml": CHANNEL.replace("customers", "staff")}))
    assert (loaded.business, loaded.vantage, loaded.timezone) == ("Example", "here", "UTC")
    (channel,) = loaded.channels
    assert (channel.audience, channel.checks[0].id, channel.checks[0].probe) == ("staff", "a.port", "tcp")
