"""What a configuration may say of imap, mail.roundtrip, websocket and webchat checks."""

from pathlib import Path

import pytest
from outagetui import config
from outagetui.core.model import Check
from tests.kit.configs import SETTINGS

HEAD = '[channel]\nname = "Mail"\naudience = "customers"\nrole = "primary"\n\n[[check]]\nid = "one"\n'
ROUNDTRIP = 'probe = "mail.roundtrip"\ntarget = "smtp://mail.example.com:587"\nto = "a@example.com"\nimap = "imaps://i.example.com"\nimap_secret = "a"\n'  # fmt: skip  # noqa: E501


def load(directory: Path, text: str) -> Check:
    (directory / "checks").mkdir()
    (directory / "outagetui.toml").write_text(SETTINGS)
    (directory / "checks" / "mail.toml").write_text(HEAD + text)
    return next(check for check in config.load(directory).checks() if check.id == "mail.one")


@pytest.mark.parametrize(
    ("lines", "timeout"),
    [("", 70.0), ('within = "2m"\n', 130.0), ('within = "2m"\ntimeout = "3m"\n', 180.0)],
)
def test_a_roundtrip_has_more_time_than_its_message(tmp_path: Path, lines: str, timeout: float) -> None:
    assert load(tmp_path, ROUNDTRIP + lines).timeout == timeout


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{ROUNDTRIP}timeout = "60s"\n', "check[1].timeout: must be more than within (1m)"),
        (f'{ROUNDTRIP}within = "0s"\n', "check[1].within: must be more than 0"),
        (f'{ROUNDTRIP}user = "a"\n', "check[1].user: needs secret beside it"),
        (f'{ROUNDTRIP}secret = "a"\n', "check[1].secret: needs user beside it"),
        (ROUNDTRIP.replace('"a"', '"a/b"'), "check[1].imap_secret: expected the name of a file"),
        (ROUNDTRIP.replace("a@example.com", "example"), 'check[1].to: "example" is no mail address'),
        (ROUNDTRIP.replace("imaps://", "https://"), "check[1].imap: expected imap://user@host:port"),
        (ROUNDTRIP.replace("imaps://", "imaps://u@"), "check[1].imap: the user belongs into imap_user"),
        (ROUNDTRIP.replace('imap_secret = "a"\n', ""), "check[1].imap_secret: missing"),
        (
            ROUNDTRIP.replace("smtp://mail.example.com:587", "https://h/form?a=b"),
            "check[1].target: expected smtp://host",
        ),
        (ROUNDTRIP.replace(":587", ""), "check[1].target: expected smtp://host:port"),
        ('probe = "imap"\ntarget = "imap://u:p@h"\n', "check[1].target: a password must not stand in a target"),
        ('probe = "imap"\ntarget = "imap://u@h"\n', "check[1]: a user in the target needs secret"),
        ('probe = "imap"\ntarget = "imap://h"\nsecret = "s"\n', "check[1].secret: needs the user in the target"),
        ('probe = "imap"\ntarget = "smtp://h:25"\n', "check[1].target: expected imap://user@host:port"),
        ('probe = "imap"\ntarget = "imap://h/INBOX"\n', "check[1].target: expected imap://user@host:port"),
        ('probe = "websocket"\ntarget = "http://h/"\n', "check[1].target: expected ws://host/… or wss://host/…"),
        ('probe = "websocket"\ntarget = "ws://h/"\nmatch = "("\n', "check[1].match: not a regular expression"),
        ('probe = "webchat"\ntarget = "http://h/"\nwidget = "("\n', "check[1].widget: not a regular expression"),
        ('probe = "webchat"\ntarget = "http://h/"\nwebsocket = "http://h"\n', "check[1].websocket: expected ws://host"),
        ('probe = "webchat"\ntarget = "http://h/"\nxmpp_domain = "g"\n', "check[1].xmpp_domain: needs websocket"),
        (
            'probe = "webchat"\ntarget = "http://h/"\nwebsocket = "ws://h"\nxmpp_domain = "g"\nroom = "lobby"\n',
            "check[1].room: expected the address of a room",
        ),
    ],
)
def test_a_fault_is_told_at_its_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(config.ConfigError) as caught:
        load(tmp_path, text)
    told = [str(each) for each in caught.value.problems]
    assert any(problem in each for each in told), told


@pytest.mark.parametrize(
    "text",
    [
        'probe = "imap"\ntarget = "imap://127.0.0.1:1143"\n',
        'probe = "imap"\ntarget = "imaps://a%40example.com@[2001:db8::1]"\nsecret = "s"\nconnect = "127.0.0.1:993"\n',
        ROUNDTRIP.replace("smtp://mail.example.com:587", "https://h/form?text={token}"),
        'probe = "websocket"\ntarget = "wss://h/path?x=1"\nconnect = "127.0.0.1:443"\n',
        'probe = "webchat"\ntarget = "https://h/chat"\n',
    ],
)
def test_what_is_good_loads(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).id == "mail.one"
