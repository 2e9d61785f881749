"""The keys of outlets that send messages: mail, apprise, rooms and programs."""

from pathlib import Path

import pytest
from outagetui import config
from outagetui.core.outlet_options import CommandOutletOptions, EmailOptions
from outagetui.outlets import can_publish
from tests.kit.configs import CHANNEL, SETTINGS, problems, write

TELL = """
[command.tell]
argv = ["/usr/local/bin/tell", "{board}", "{title}"]
params = { board = { pattern = "[a-z]+" }, title = { pattern = ".*" } }
"""
MAIL = ('url = "smtp://a@mail.example.net"', 'secret = "s"', 'from = "n@example.net"', 'recipients = ["a@example.net"]')
LEAVE = 'unsubscribe = "mailto:leave@example.net"'


def outlet(kind: str, *lines: str, audience: str = "customers") -> str:
    return f'[outlet]\nname = "O"\nkind = "{kind}"\naudience = "{audience}"\n' + "\n".join(lines) + "\n"


def faults(directory: Path, kind: str, *lines: str, audience: str = "customers") -> list[str]:
    files = {
        "checks/o.toml": outlet(kind, *lines, audience=audience),
        "checks/a.toml": CHANNEL,
        "outagetui.toml": SETTINGS + TELL,
    }
    return [each.removeprefix("checks/o.toml:") for each in problems(directory, files)]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((), "1: outlet.unsubscribe: missing; customers must be able to leave the list"),
        (('unsubscribe = "leave@example.net"',), "9: outlet.unsubscribe: expected where to write to or to go"),
        (('unsubscribe = "mailto:a@b>, <mailto:c@d"',), "9: outlet.unsubscribe: expected where"),
        ((LEAVE, 'starttls = "never"'), "10: outlet.starttls: a login must not travel without TLS"),
        ((LEAVE, 'mode = "all"'), '10: outlet.mode: expected "bcc" or "each"'),
        ((LEAVE, 'contacts = "jaber"'), '10: outlet.contacts: unknown channel "jaber"'),
        ((LEAVE, "per_minute = 2"), "9: outlet.timeout: 1 letters at 2 a minute take 30 s"),
    ],
)
def test_mail_says_what_is_missing_or_unsafe(tmp_path: Path, change: tuple[str, ...], problem: str) -> None:
    (found,) = faults(tmp_path, "email", *MAIL, *change)
    assert found.partition(":")[2].startswith(problem.partition(":")[2]), found


@pytest.mark.parametrize(
    ("at", "line", "problem"),
    [
        (0, 'url = "https://mail.example.net"', "outlet.url: expected smtp://user@host:port or smtps://user@host:port"),
        (0, 'url = "smtp://a:b@mail.example.net"', "outlet.url: a password must not stand in a target"),
        (0, 'url = "smtp://mail.example.net"', "outlet.url: names no user whose password secret holds"),
        (0, "", "outlet.url: missing; with from, an email outlet needs url"),
        (1, "", "outlet.secret: missing; the url names a user"),
        (2, 'from = "N\\nBcc: <n@example.net>"', "outlet.from: holds U+000A LINE FEED"),
        (2, 'from = "nobody"', "outlet.from: expected a mail address"),
        (3, 'recipients = ["a@example.net\\nRCPT TO:<b@c>"]', "outlet.recipients[1]: holds U+000A LINE FEED"),
        (3, "", "outlet.recipients: missing; expected recipients, recipients_file or contacts"),
    ],
)
def test_every_address_of_mail_is_looked_at(tmp_path: Path, at: int, line: str, problem: str) -> None:
    lines = [*MAIL, LEAVE]
    lines[at] = line
    (found,) = faults(tmp_path, "email", *lines)
    assert problem in found


def test_within_this_machine_a_login_needs_no_tls_and_staff_cannot_unsubscribe(tmp_path: Path) -> None:
    lines = ('url = "smtp://a@localhost:25"', *MAIL[1:], 'starttls = "never"', 'recipients_file = "people.txt"')
    (tmp_path / "people.txt").write_text("a@example.net\nnobody\n")
    files = {"checks/o.toml": outlet("email", *lines, audience="staff"), "checks/a.toml": CHANNEL}
    write(tmp_path, {"outagetui.toml": SETTINGS, **files})
    loaded = config.load(tmp_path)
    (mail,) = loaded.outlets
    assert can_publish(mail)
    assert isinstance(mail.options, EmailOptions)
    assert mail.options.recipients_file == str(tmp_path / "people.txt")
    problem = [str(each) for each in config.deep(loaded) if each.key.endswith("recipients_file")]
    assert problem[0].endswith(f"{tmp_path}/people.txt:2: expected a mail address such as someone@example.net")
    (tmp_path / "people.txt").write_bytes(b"\xef\xbb\xbfa@example.net\n\n# caf\xe9\n")
    (only,) = (str(each) for each in config.deep(loaded) if each.key.endswith("recipients_file"))
    assert only.endswith(f"{tmp_path}/people.txt:3: is not UTF-8 text")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (('secret = "s"',), "outlet.login: missing; with a secret, an xmpp outlet needs login"),
        (('secret = "s"', 'login = "xmpp://a@b.example"'), "outlet.room: missing; expected room, or announce_to"),
        (
            ('secret = "s"', 'login = "xmpp://a@b.example"', 'room = "r@x.example"', 'announce_to = "b.example"'),
            "outlet.announce_to: expected either room or announce_to",
        ),
        (
            ('secret = "s"', 'login = "a@b.example"', 'room = "r@x.example"'),
            "outlet.login: expected xmpp://user@domain",
        ),
        (('secret = "s"', 'login = "xmpp://a@b.example"', 'room = "r"'), 'outlet.room: "r" is no room\'s address'),
        (('login = "xmpp://a@b.example"', 'url = "https://x.example"'), "outlet.url: expected xmpp:room"),
    ],
)
def test_an_account_and_a_place_belong_to_a_chat(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    found = faults(tmp_path, "xmpp", *lines)
    assert any(problem in each for each in found), found


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (('command = "tel"', 'args = { board = "x" }'), 'outlet.command: unknown command "tel" (did you mean "tell"?)'),
        (('command = "tell"',), 'outlet.command: "tell" has the parameter "board": give it a value in args'),
        (('command = "tell"', 'args = { board = "X" }'), 'outlet.args.board: "X" does not match'),
        (('command = "tell"', 'args = { board = "x", b = "y" }'), "outlet.args.b: no command of this outlet has such"),
        (('find = "tell"', 'args = { board = "x" }'), "outlet.find: needs command beside it"),
    ],
)
def test_a_command_is_declared_and_every_parameter_has_a_value(
    tmp_path: Path, lines: tuple[str, ...], problem: str
) -> None:
    (found,) = faults(tmp_path, "command", *lines)
    assert problem in found


def test_a_command_needs_no_secret(tmp_path: Path) -> None:
    table = outlet("command", 'command = "tell"', 'args = { board = "x" }', 'url = "http://board.example.net/"')
    write(tmp_path, {"outagetui.toml": SETTINGS + TELL, "checks/o.toml": table, "checks/a.toml": CHANNEL})
    (loaded,) = config.load(tmp_path).outlets
    assert loaded.options == CommandOutletOptions(command="tell", args={"board": "x"})
    assert can_publish(loaded)


def test_the_url_of_apprise_is_looked_at_under_deep(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    secret = tmp_path / "secrets" / "tail"
    secret.touch(mode=0o600)
    settings = SETTINGS + '[secrets]\ndirectory = "secrets"\n'
    table = outlet("apprise", 'secret = "tail"')
    loaded = config.load(
        write(tmp_path, {"outagetui.toml": settings, "checks/o.toml": table, "checks/a.toml": CHANNEL})
    )
    secret.write_text("json://canary.example.net/a\njson://canary.example.net/b")
    found = [str(each) for each in config.deep(loaded) if each.path.endswith("o.toml")]
    assert len(found) == 1
    assert "outlet.secret: secret 'tail': holds more than one URL" in found[0]
    assert "canary" not in found[0]
    secret.write_text("json://canary.example.net/a")
    assert [each for each in config.deep(loaded) if each.path.endswith("o.toml")] == []
