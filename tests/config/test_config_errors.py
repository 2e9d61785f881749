"""Every fault is told once, at its line, with what was expected; all faults of all files at once."""

import os
from pathlib import Path

import pytest
from outagetui import config
from tests.kit.configs import BACKUP, CHANNEL, PAGE, SETTINGS, problems, write

ROOT = Path(__file__).parents[2]
BROKEN = Path("tests/data/broken")
BOOK = 'name = "Book"\n\n'


def test_the_broken_example_tells_exactly_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(config.ConfigError) as caught:
        config.load(BROKEN)
    assert str(caught.value).splitlines() == (BROKEN / "expected.txt").read_text().splitlines()


def test_problems_are_sorted_by_file_and_line_and_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(config.ConfigError) as caught:
        config.load(BROKEN)
    found = [(problem.path, problem.line) for problem in caught.value.problems]
    assert found == sorted(found)
    assert len(set(caught.value.problems)) == len(caught.value.problems)
    assert all(Path(problem.path).exists() and problem.line >= 1 for problem in caught.value.problems)


CHECK_FAULTS = [
    # (lines of the check, the problem with its line in checks/a.toml; the check begins at line 11)
    ('probe = "tcp"\ntarget = "tcp://:80"', "14: check[2].target: expected tcp://host:port: the host is missing"),
    ('probe = "tcp"\ntarget = "tcp://a..b:80"', "14: check[2].target: expected tcp://host:port: the host is"),
    ('probe = "tcp"\ntarget = "tcp://[::1:80"', "14: check[2].target: expected tcp://host:port: invalid IPv6 URL"),
    ('probe = "tcp"\ntarget = "tcp://host:0"', "14: check[2].target: port 0 cannot be reached"),
    ('probe = "tcp"\ntarget = "tcp://host:80/path"', "14: check[2].target: expected tcp://host:port"),
    ('probe = "tcp"\ntarget = "udp://host:80"', "14: check[2].target: expected tcp://host:port"),
    ('probe = "tcp"\ntarget = "tcp://host:80 "', "14: check[2].target: expected tcp://host:port, without spaces"),
    ('probe = "http"\ntarget = "ftp://host/"', "14: check[2].target: expected http://host/… or https://host/…"),
    ('probe = "dns"\ntarget = "dns:"', "14: check[2].target: expected dns://server:port/name"),
    ('probe = "xmpp"\ntarget = "xmpp://h"\nsecret = "s"', "14: check[2].target: expected xmpp://user@domain"),
    ('probe = "xmpp"\ntarget = "xmpp://u@h:5222"\nsecret = "s"', "14: check[2].target: expected xmpp://user@domain"),
    ('probe = "xmpp"\ntarget = "xmpp://u:p@h"\nsecret = "s"', "14: check[2].target: a password must not stand"),
    ('probe = "xmpp"\ntarget = "xmpp://u@h"', "11: check[2].secret: missing"),
    ('probe = "xmpp"\ntarget = "xmpp://u@h"\nsecret = "a/b"', "15: check[2].secret: expected the name of a file"),
    (
        'probe = "xmpp.room"\ntarget = "xmpp://u@h"\nsecret = "s"\nroom = "office"',
        "16: check[2].room: expected a room's whole address, such as \"office@",
    ),
    (
        'probe = "xmpp.room"\ntarget = "xmpp://u@h"\nsecret = "s"\nroom = "a@b.c"\nnick = " "',
        "17: check[2].nick: expected a name",
    ),
    (
        'probe = "xmpp.room"\ntarget = "xmpp://u@h"\nsecret = "s"\nroom = "a@b.c"\nmode = "stay"',
        '17: check[2].mode: expected "echo" or "join"',
    ),
    ('probe = "irc"\ntarget = "http://h:6667"', "14: check[2].target: expected irc://host:port or ircs://host:port"),
    (
        'probe = "irc"\ntarget = "irc://h"',
        "14: check[2].target: expected irc://host:port or ircs://host:port: the port",
    ),
    ('probe = "irc"\ntarget = "irc://h:1"\nnick = "1a b"', "15: check[2].nick: expected letters, digits"),
    ('probe = "matrix"\ntarget = "https://h"\nroom = "#a:b"', "15: check[2].room: needs user beside it"),
    ('probe = "matrix"\ntarget = "https://h"\nuser = "u"', "15: check[2].user: needs secret beside it"),
    ('probe = "wireguard"\ntarget = "wireguard:a/b"', "14: check[2].target: expected wireguard:INTERFACE"),
    ('probe = "wireguard"\ntarget = "wireguard:wg0"\npeer = "x"', "15: check[2].peer: expected a public key"),
    ('probe = "wireguard"\ntarget = "wireguard:wg0"\nstale_after = "0s"', "15: check[2].stale_after: must be more"),
    ('probe = "exec"\ntarget = "exec:"\nargv = ["/bin/true"]', "14: check[2].target: expected exec:NAME"),
    ('probe = "exec"\ntarget = "exec:a"\nargv = ["true"]', "15: check[2].argv[1]: expected the plugin's whole path"),
    ('probe = "exec"\ntarget = "exec:a"\nargv = []', "15: check[2].argv: must not be empty"),
    ('probe = "exec"\ntarget = "exec:a"', "11: check[2].argv: missing; expected a list, each a text in quotes"),
    ('probe = "icmp"\ntarget = "icmp://host:7"', "14: check[2].target: expected icmp://host"),
    ('probe = "tls"\ntarget = "tls://host"', "14: check[2].target: expected tls://host:port: the port is missing"),
    ('probe = "http"\ntarget = "http://h/"\nmethod = "get"', '15: check[2].method: expected a method such as "GET"'),
    (
        'probe = "http"\ntarget = "http://h/"\nheaders = { A = "x\\ny" }',
        '15: check[2].headers.A: the value of "A" holds',
    ),
    ('probe = "http"\ntarget = "http://h/"\nstatus = []', "15: check[2].status: must not be empty"),
    ('probe = "http"\ntarget = "http://h/"\nbody = "a\\u0000b"', "15: check[2].body: holds a NUL character"),
    (
        'probe = "tls"\ntarget = "tls://h:1"\nexpires_warn = "1d"',
        "11: check[2].expires_fail: longer than expires_warn",
    ),
    ('probe = "tls"\ntarget = "tls://h:1"\nstarttls = "pop3"', '15: check[2].starttls: expected "imap", "smtp" or'),
    ('probe = "dns"\ntarget = "dns:a"\nrcode = "NXDOMAIN"\nanswer = ["x"]', "16: check[2].answer: an answer can be"),
    ('probe = "icmp"\ntarget = "icmp://h"\nloss_down = 0.1', "11: check[2].loss_slow: more than loss_down"),
    (
        'probe = "smtp"\ntarget = "smtp://h:25"\nsecret = "../x"\nuser = "u"',
        "15: check[2].secret: expected the name of",
    ),
    ('probe = "smtp"\ntarget = "smtp://h:25"\nsecret = "x"', "15: check[2].secret: needs user beside it"),
    ('probe = "feed"\ntarget = "http://h/"\nformat = "gattus"', '15: check[2].format: expected "auto", "betterstack"'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\ntimeout = "0s"', '15: check[2].timeout: must be more than 0, not "0s"'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nevery = "1ms"', '15: check[2].every: must be at least 100ms, not "1ms"'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nevery = 2020-01-01', "15: check[2].every: expected a duration such as"),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nvantages = ["hare"]', '15: check[2].vantages[1]: unknown vantage "hare"'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\ndepends_on = ["a.no"]', "15: check[2].depends_on[1]: unknown channel or"),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nconnect = "h"', '15: check[2].connect: expected "host:port"'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nmacth = "x"', '15: check[2].macth: unknown key (did you mean "match"?)'),
    ('probe = "tcp"\ntarget = "tcp://h:1"\nevry = "1s"', '15: check[2].evry: unknown key (did you mean "every"?)'),
    ('probe = 5\ntarget = "tcp://h:1"', "13: check[2].probe: expected a text in quotes, not the number 5"),
    ('probe = "sip.call"\ntarget = "sip:h"', "14: check[2].target: expected sip:number@domain"),
    ('probe = "sip.options"\ntarget = "sip:h;transport=sctp"', "14: check[2].target: expected sip:host:port"),
    ('probe = "sip.register"\ntarget = "sip:a@h"\nproxy = "h:0"', '15: check[2].proxy: expected "host:port'),
    (
        'probe = "sip.call"\ntarget = "sip:1@h"\nseconds = 9\ntimeout = "10s"',
        "16: check[2].timeout: must be at least 2",
    ),
]


@pytest.mark.parametrize(("lines", "expected"), CHECK_FAULTS)
def test_a_fault_in_a_check_is_told_alone(tmp_path: Path, lines: str, expected: str) -> None:
    text = CHANNEL + '\n[[check]]\nid = "new"\n' + lines + "\n"
    told = problems(tmp_path, {"checks/a.toml": text})
    assert len(told) == 1
    assert told[0].startswith(f"checks/a.toml:{expected}"), told[0]


@pytest.mark.parametrize(
    "target",
    ["tcp://127.0.0.1:1", "tcp://[::1]:1", "tcp://a_b.example:65535", "tcp://bücher.example:1", "tcp://h.example.:1"],
)
def test_loopback_private_and_international_hosts_are_targets(tmp_path: Path, target: str) -> None:
    config.load(write(tmp_path, {"checks/a.toml": CHANNEL.replace("tcp://127.0.0.1:1", target)}))


STEP_FAULTS = [
    ('do = "activate"', "3: step[1].with.channels: missing"),
    ('do = "activate"\nwith = { channels = [] }', "5: step[1].with.channels: must not be empty"),
    ('do = "activate"\nwith = { channels = ["b", "b"] }', '5: step[1].with.channels[2]: "b" stands here twice'),
    ('do = "deactivate"\nwith = { channels = ["page"] }', '5: step[1].with.channels[1]: unknown channel "page"'),
    ('do = "verify"\nwith = {}', "5: step[1].with: expected checks or channels"),
    ('do = "verify"\nwith = { channels = ["a"], within = "0s" }', "5: step[1].with.within: must be more than 0"),
    ('do = "command"\nwith = { command = "x" }', '5: step[1].with.command: unknown command "x"; declare it as'),
    ('do = "manual"\nsay = "x"\nwith = { a = 1 }', "6: step[1].with.a: unknown key; known: told"),
    ('do = "manual"\nsay = "  "', "5: step[1].say: missing; a manual step says"),
    ('do = "manual"\nsay = "x"\nundo = { do = "activate" }', "6: step[1].undo.with.channels: missing"),
    ('do = "manual"\nsay = "x"\nid = "a b"', '6: step[1].id: "a b" is no id'),
    ('do = "manual"\nsay = "x"\nneeds = "two-person"', "6: step[1].needs: needs two people, but fewer than two"),
    ('do = "manual"\nsay = "x"\nundo = { do = "choose" }', "6: step[1].undo.do: a choose step takes nothing back"),
    (
        'do = "manual"\nsay = "x"\nundo = { do = "playbook", with = { id = "p" } }',
        "6: step[1].undo.do: a playbook step",
    ),
    ('do = "choose"\nsay = "x"\nanswers = { a = "A" }', "6: step[1].answers: expected at least two"),
    ('do = "choose"\nsay = "x"\nanswers = { a = "A", skip = "B" }', '6: step[1].answers.skip: "skip" means something'),
    ('do = "note"\nsay = "x"\nif = "which=a"', '6: step[1].if: no earlier choose step "which"; there is none'),
    (
        'do = "playbook"\nwith = { id = "p" }',
        '5: step[1].with.id: "p" runs p again: a playbook cannot be part of itself',
    ),
    ('do = "manual"\nsay = "x"\ncheck = { probe = "b" }', '6: step[1].check.probe: unknown check "b"'),
    (
        'do = "announce"\nwith = { kind = "update", audience = "staff" }',
        "5: step[1].with.audience: no outlet for staff can publish",
    ),
]


@pytest.mark.parametrize(("lines", "expected"), STEP_FAULTS)
def test_a_fault_in_a_step_is_told_alone(tmp_path: Path, lines: str, expected: str) -> None:
    files = {
        "checks/b.toml": BACKUP,
        "checks/page.toml": PAGE,
        "playbooks/p.toml": BOOK + "[[step]]\n" + lines + "\n",
    }
    told = problems(tmp_path, files)
    assert len(told) == 1
    assert told[0].startswith(f"playbooks/p.toml:{expected}"), told[0]


def test_a_spend_step_always_asks(tmp_path: Path) -> None:
    costs = BACKUP + "[channel.cost]\nper_minute = 0.1\n" if "[channel.cost]" not in BACKUP else BACKUP
    step = '[[step]]\ndo = "spend"\nwith = { channel = "b" }\nneeds = "auto"\n'
    (told,) = problems(tmp_path, {"checks/b.toml": costs, "playbooks/p.toml": BOOK + step})
    assert told == "playbooks/p.toml:6: step[1].needs: a spend step asks: expected confirm or two-person"


def test_two_operators_without_an_approver_cannot_approve(tmp_path: Path) -> None:
    people = '[[operator]]\nuser = "a"\nrole = "operator"\n[[operator]]\nuser = "b"\nrole = "operator"\n'
    book = BOOK + '[[step]]\ndo = "manual"\nsay = "Sure?"\nneeds = "two-person"\n'
    (told,) = problems(tmp_path, {"outagetui.toml": SETTINGS + people, "playbooks/p.toml": book})
    assert told.endswith("step[1].needs: needs an approver, but no [[operator]] has that role")


def test_two_deciders_make_a_two_person_step_good(tmp_path: Path) -> None:
    people = '[[operator]]\nuser = "a"\nrole = "operator"\n[[operator]]\nuser = "b"\nrole = "approver"\n'
    book = BOOK + '[[step]]\ndo = "manual"\nsay = "Sure?"\nneeds = "two-person"\n'
    config.load(write(tmp_path, {"outagetui.toml": SETTINGS + people, "playbooks/p.toml": book}))


def test_references_are_checked_beside_a_file_that_does_not_parse(tmp_path: Path) -> None:
    files = {
        "checks/jabber.toml": '[channel]\nid = "staff-jabber"\n[unclosed\n',
        "audience.toml": '[[segment]]\nid = "s"\naudience = "staff"\npeople = 1\nuses = ["staff-jabber", "jaber"]\n',
        "playbooks/p.toml": BOOK + '[[step]]\ndo = "verify"\nwith = { checks = ["jabber.login", "a.no"] }\n',
    }
    assert problems(tmp_path, files) == [
        'audience.toml:5: segment[1].uses[2]: unknown channel "jaber"; known: a',
        "checks/jabber.toml:3: not valid TOML: expected ']' at the end of a table declaration",
        'playbooks/p.toml:5: step[1].with.checks[2]: unknown check "a.no" (did you mean "a.port"?)',
    ]


def test_a_cycle_is_told_once_with_the_whole_way_round(tmp_path: Path) -> None:
    files = {
        f"checks/{name}.toml": CHANNEL.replace("[[check]]", f'depends_on = ["{other}"]\n\n[[check]]')
        for name, other in (("a", "b.port"), ("b", "c"), ("c", "a"), ("d", "a"))
    }
    told = problems(tmp_path, files)
    assert len(told) == 1
    assert told[0].startswith("checks/a.toml:6: channel.depends_on[1]: depends on itself: ")


def test_a_channel_cannot_wait_for_its_own_check_but_checks_may_for_each_other(tmp_path: Path) -> None:
    second = '\n[[check]]\nid = "web"\nprobe = "http"\ntarget = "http://h/"\ndepends_on = ["a.port"]\n'
    config.load(write(tmp_path, {"checks/a.toml": CHANNEL + second}))
    (told,) = problems(tmp_path, {"checks/a.toml": 'channel.depends_on = ["a.port"]\n' + _dotted(CHANNEL)})
    assert told == "checks/a.toml:1: channel.depends_on[1]: depends on itself: a.port > a.port"


def _dotted(text: str) -> str:
    """Write the [channel] table as dotted keys."""
    table, rest = text.removeprefix("[channel]\n").split("\n\n", 1)
    return "".join(f"channel.{line}\n" for line in table.splitlines()) + rest


def test_one_id_cannot_name_a_channel_and_an_outlet(tmp_path: Path) -> None:
    told = problems(tmp_path, {"checks/z.toml": PAGE.replace("[outlet]", '[outlet]\nid = "a"')})
    assert told == [f'checks/z.toml:2: outlet.id: the id "a" is taken by {tmp_path}/checks/a.toml:1']


def test_a_reserved_id_is_refused(tmp_path: Path) -> None:
    told = problems(tmp_path, {"checks/canary.toml": BACKUP})
    assert told == ['checks/canary.toml:1: channel.id: "canary" is reserved; choose another id']


def test_missing_checks_are_one_problem_that_names_what_was_passed_over(tmp_path: Path) -> None:
    missing = f"{tmp_path}/checks:1: no check file: add at least one *.toml file with a [channel] and a [[check]]"
    with pytest.raises(config.ConfigError) as caught:
        config.load(tmp_path)
    assert str(caught.value) == missing
    (tmp_path / "checks").mkdir()
    for name in ("web.yaml", "phone.TOML", ".hidden.toml", "README.md"):
        (tmp_path / "checks" / name).write_text("")
    with pytest.raises(config.ConfigError) as caught:
        config.load(tmp_path)
    assert str(caught.value) == f"{missing}; not read, since only names that end in .toml are: phone.TOML, web.yaml"


def test_a_directory_that_is_none_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name, words in (("file", "not a directory"), ("gone", "cannot be read: No such file or directory")):
        with pytest.raises(config.ConfigError) as caught:
            config.load(tmp_path / name)
        (problem,) = caught.value.problems
        assert str(problem).startswith(f"{tmp_path}/{name}: {words}")


def test_whatever_is_no_regular_file_is_one_problem(tmp_path: Path) -> None:
    write(tmp_path)
    checks = tmp_path / "checks"
    os.mkfifo(checks / "pipe.toml")
    (checks / "gone.toml").symlink_to("nowhere")
    (checks / "loop.toml").symlink_to("loop.toml")
    (checks / "null.toml").symlink_to("/dev/null")
    (checks / "folder.toml").mkdir()
    (checks / "long.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    assert problems(tmp_path) == [
        "checks/folder.toml:1: not a file; remove or rename it",
        "checks/gone.toml:1: cannot be read: No such file or directory",
        "checks/long.toml:1: larger than 1 MiB; a configuration file cannot be that long",
        "checks/loop.toml:1: cannot be read: Too many levels of symbolic links",
        "checks/null.toml:1: not a file; remove or rename it",
        "checks/pipe.toml:1: not a file; remove or rename it",
    ]


def test_checks_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "outagetui.toml").write_text(SETTINGS)
    (tmp_path / "checks").write_text("")
    with pytest.raises(config.ConfigError, match=r"checks:1: cannot be read: Not a directory"):
        config.load(tmp_path)


def test_a_file_nobody_may_read_is_one_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    really = os.open

    def refuse(path: os.PathLike[str] | str, flags: int, *rest: int, **more: int) -> int:
        if str(path).endswith("checks/a.toml"):
            raise PermissionError(13, "Permission denied")
        return really(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    assert problems(tmp_path) == ["checks/a.toml:1: cannot be read: Permission denied"]


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 2000, "a = 0x" + "f" * 5000])
def test_absurd_values_are_told_and_raise_nothing_else(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, {"audience.toml": text})[0].startswith("audience.toml:1: ")


def test_huge_and_odd_numbers_are_told_at_their_key(tmp_path: Path) -> None:
    segment = '[[segment]]\nid = "s"\naudience = "staff"\nuses = ["a"]\npeople = 0x' + "f" * 4000 + "\n"
    cost = CHANNEL.replace("\n\n[[check]]", "\ncost.per_minute = inf\n\n[[check]]", 1)
    status = 'probe = "http"\nstatus = [true, 1000, 0x' + "f" * 4000 + "]"
    files = {
        "audience.toml": segment,
        "checks/a.toml": cost.replace('probe = "tcp"', status).replace("tcp://", "http://"),
    }
    assert problems(tmp_path, files) == [
        "audience.toml:5: segment[1].people: expected a sensible number, not a huge number",
        "checks/a.toml:5: channel.cost.per_minute: expected a finite number, not inf",
        "checks/a.toml:10: check[1].status[1]: expected a text in quotes or a whole number, not true",
        'checks/a.toml:10: check[1].status[1]: expected codes such as 200 or "200-399", not this number',
        "checks/a.toml:10: check[1].status[3]: expected a sensible number, not a huge number",
    ]


def test_no_byte_of_a_file_reaches_the_terminal_as_a_control(tmp_path: Path) -> None:
    hostile = SETTINGS + '"\\u001b]0;x\\u0007" = 1\n"\\u202e" = 1\ntimezon\u00e9 = "\\u001b[2J"\n'
    told = problems(tmp_path, {"outagetui.toml": hostile, "checks/b.toml": '[channel]\nid = "\\u001b[31m"\n'})
    assert len(told) >= 4
    assert all(line.isprintable() for line in told)


def test_the_nearest_word_is_found_across_files(tmp_path: Path) -> None:
    told = problems(
        tmp_path, {"checks/long-name.toml": BACKUP.replace("[[check]]", 'backs_up = ["long-nam"]\n[[check]]')}
    )
    assert told == [
        'checks/long-name.toml:6: channel.backs_up[1]: unknown channel "long-nam" (did you mean "long-name"?)'
    ]
