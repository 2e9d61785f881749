"""Playbook files with `http` and `dns.update` steps: every fault at its line, and what they will do in a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest
from outagetui import config
from outagetui.core.step_options import HttpStepOptions
from outagetui.playbook.plan import how, plan
from outagetui.playbook.unwind import undo_of
from tests.kit.configs import SETTINGS, problems, write

HTTP_FAULTS = [
    ('url = "ftp://h/"', "5: step[1].with.url: expected http://host/… or https://host/…"),
    ('url = "https://h/ x"', "5: step[1].with.url: expected http://host/… or https://host/…, without spaces"),
    ('url = ""', "5: step[1].with.url: must not be empty"),
    ('method = "GET"', "4: step[1].with.url: missing; expected a text in quotes"),
    ('url = "https://u:p@h/"', "5: step[1].with.url: a user or password must not stand in a target"),
    ('url = "https://h/{secret}"\nsecret = "s"', "5: step[1].with.url: a secret cannot stand in a URL"),
    ('url = "http://h.example/"\nsecret = "s"', "5: step[1].with.url: the secret would travel in the clear"),
    ('url = "http://203.0.113.9/"\nsecret = "s"', "5: step[1].with.url: the secret would travel in the clear"),
    ('url = "http://127.0.0.1.example/"\nsecret = "s"', "5: step[1].with.url: the secret would travel in the clear"),
    ('url = "https://h/"\nmethod = "post"', '6: step[1].with.method: expected a method such as "GET", not "post"'),
    ('url = "https://h/"\nmethod = "GET /"', "6: step[1].with.method: expected a method"),
    ('url = "https://h/"\nmethod = "CONNECT"', "6: step[1].with.method: CONNECT is no method for a step"),
    ('url = "https://h/"\nheaders = { "A B" = "x" }', '6: step[1].with.headers.A B: "A B" is no header name'),
    (
        'url = "https://h/"\nheaders = { A = "x\\r\\nEvil: 1" }',
        '6: step[1].with.headers.A: the value of "A"',
    ),
    ('url = "https://h/"\nheaders = { Content-Length = "9" }', "6: step[1].with.headers.Content-Length: is written by"),
    (
        'url = "https://h/"\nbody = "{secret}"',
        "4: step[1].with: {secret} in headers or body needs secret",
    ),
    ('url = "https://h/"\nsecret = "a/b"', "6: step[1].with.secret: expected the name of a file"),
    ('url = "https://h/"\nsecret = ""', "6: step[1].with.secret: expected the name of a file"),
    ('url = "https://h/"\nstatus = ["2xx"]', '6: step[1].with.status[1]: expected codes such as 200 or "200-399"'),
    ('url = "https://h/"\nstatus = ["299-200"]', '6: step[1].with.status[1]: expected codes such as 200 or "200-399"'),
    ('url = "https://h/"\nstatus = [200, 600]', "6: step[1].with.status[2]: expected codes such as 200"),
    ('url = "https://h/"\nstatus = []', "6: step[1].with.status: must not be empty"),
    ('url = "https://h/"\npath = "$.["\nequals = 1', "6: step[1].with.path: not a JSONPath (RFC 9535)"),
    ('url = "https://h/"\npath = "$.a"', "6: step[1].with.path: needs equals beside it"),
    ('url = "https://h/"\nequals = 1', "6: step[1].with.equals: needs path beside it"),
    ('url = "https://h/"\nmethod = "HEAD"\npath = "$.a"\nequals = 1', "7: step[1].with.path: the answer to a HEAD"),
    ('url = "https://h/"\nheadrs = {}', '6: step[1].with.headrs: unknown key (did you mean "headers"?)'),
]


def book(kind: str, lines: str) -> dict[str, str]:
    return {"playbooks/b.toml": f'name = "B"\n[[step]]\ndo = "{kind}"\n[step.with]\n{lines}\n'}


@pytest.mark.parametrize(("lines", "expected"), HTTP_FAULTS)
def test_a_fault_of_an_http_step_is_told_at_its_line(tmp_path: Path, lines: str, expected: str) -> None:
    (problem,) = problems(tmp_path, book("http", lines))
    assert problem.startswith(f"playbooks/b.toml:{expected}"), problem


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.net/x",
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://localhost/",
        "http://10.1.2.3/",
        "http://192.168.7.7/",
        "http://[fd00::1]/",
    ],
)
def test_a_secret_may_go_over_https_and_to_private_addresses(tmp_path: Path, url: str) -> None:
    config.load(write(tmp_path, book("http", f'url = "{url}"\nsecret = "s"')))


def test_plain_http_without_a_secret_may_go_anywhere(tmp_path: Path) -> None:
    config.load(write(tmp_path, book("http", 'url = "http://www.example.net/hook"')))


def test_a_step_s_authority_is_found_beside_the_configuration(tmp_path: Path) -> None:
    text = (
        'url = "https://h/"\nca = "own.pem"\n[step.undo]\ndo = "http"\nwith = { url = "https://h/", ca = "/etc/o.pem" }'
    )
    (step,) = config.load(write(tmp_path, book("http", text))).playbooks[0].steps
    assert isinstance(step.options, HttpStepOptions)
    assert step.options.ca == str(tmp_path.resolve() / "own.pem")
    assert step.undo is not None
    assert isinstance(step.undo.options, HttpStepOptions)
    assert step.undo.options.ca == "/etc/o.pem"


def test_an_http_step_says_what_it_sends_and_expects(tmp_path: Path) -> None:
    text = (
        'url = "https://h/on"\nmethod = "PUT"\nheaders = { X-A = "b" }\nbody = "on"\nsecret = "token"\n'
        'status = [201, "204-205"]\npath = "$.ok"\nequals = true'
    )
    loaded = config.load(write(tmp_path, book("http", text)))
    (step,) = plan(loaded.playbooks[0], loaded)
    assert step.needs == "confirm"
    assert step.what == (
        "send PUT https://h/on, X-A: b, body on, secret token as bearer token; expect 201, 204-205 and $.ok to be true"
    )


def test_deep_looks_for_the_secrets_and_authorities_of_steps(tmp_path: Path) -> None:
    text = (
        'url = "https://h/"\nsecret = "token"\nca = "own.pem"\n'
        '[step.undo]\ndo = "http"\nwith = { url = "https://h/", secret = "kept" }'
    )
    settings = f'{SETTINGS}[secrets]\ndirectory = "secrets"\n'
    directory = write(tmp_path, {"outagetui.toml": settings, **book("http", text)})
    (tmp_path / "secrets").mkdir(0o700)
    (tmp_path / "secrets/kept").touch(0o600)
    first, second = config.deep(config.load(directory), directory)
    assert (first.line, first.key) == (6, "step[1].with.secret")
    assert "there is no such file" in first.message
    assert (second.line, second.key) == (7, "step[1].with.ca")


DNS = {
    "server": '"127.0.0.1:5353"',
    "zone": '"example.net"',
    "name": '"www"',
    "type": '"A"',
    "from": '"192.0.2.1"',
    "to": '"192.0.2.9"',
    "key": '"failover"',
    "secret": '"tsig"',
}
DNS_FAULTS = [
    ({"server": '"127.0.0.1:0"'}, '5: step[1].with.server: expected "host:port" of a name server'),
    ({"server": '"a b:53"'}, '5: step[1].with.server: expected "host:port" of a name server'),
    ({"server": '"ns/x:53"'}, '5: step[1].with.server: expected "host:port" of a name server'),
    ({"read_back": '["ns1.example.net", "x:99999"]'}, '13: step[1].with.read_back[2]: expected "host:port"'),
    ({"zone": '"exa..mple"'}, '6: step[1].with.zone: "exa..mple" is no name'),
    ({"zone": '"."'}, "6: step[1].with.zone: expected a zone such as"),
    ({"name": '"www.example.org."'}, '7: step[1].with.name: "www.example.org." is not in the zone example.net'),
    ({"name": f'"{"x" * 64}"'}, "7: step[1].with.name: "),
    ({"name": '""'}, "7: step[1].with.name: must not be empty"),
    ({"type": '"a"'}, '8: step[1].with.type: cannot write "a" records (did you mean "A"?)'),
    ({"type": '"SOA"'}, '8: step[1].with.type: cannot write "SOA" records'),
    ({"from": '"192.0.2.256"'}, '9: step[1].with.from: "192.0.2.256" is no A record'),
    ({"to": '["192.0.2.2", "::1"]'}, '10: step[1].with.to[2]: "::1" is no A record'),
    ({"to": '["192.0.2.2", "192.0.2.2"]'}, '10: step[1].with.to[2]: "192.0.2.2" stands here twice'),
    ({"from": '["192.0.2.2", "192.0.2.2"]'}, '9: step[1].with.from[2]: "192.0.2.2" stands here twice'),
    ({"to": "[]"}, "10: step[1].with.to: must not be empty"),
    ({"to": '"192.0.2.1"'}, "10: step[1].with.to: is the same as from"),
    ({"to": '""'}, "10: step[1].with.to: must not be empty"),
    ({"to": "7"}, "10: step[1].with.to: expected a text in quotes or a list"),
    (
        {"type": '"CNAME"', "from": '"a.example.net."', "to": '"b.example.net"'},
        '10: step[1].with.to: the name in "b.example.net" must be whole and end in a dot',
    ),
    (
        {"type": '"CNAME"', "from": '"a.example.net."', "to": '["b.example.net.", "c.example.net."]'},
        "10: step[1].with.to: a name has only one CNAME",
    ),
    ({"type": '"MX"', "from": '"10 a."', "to": '"b."'}, '10: step[1].with.to: "b." is no MX record'),
    ({"secret": '"../tsig"'}, "12: step[1].with.secret: expected the name of a file"),
    ({"key": '"fail..over"'}, '11: step[1].with.key: "fail..over" is no name'),
    ({"algorithm": '"hmac-md5"'}, '13: step[1].with.algorithm: expected "hmac-sha256"'),
    ({"ttl": "-1"}, "13: step[1].with.ttl: must be at least 0"),
    ({"form": '"x"'}, '13: step[1].with.form: unknown key (did you mean "from"?)'),
    ({"zone": '"EXAMPLE.NET."', "name": '"www.example.NET"', "to": '"x"'}, '10: step[1].with.to: "x" is no A record'),
]


def dns_book(**changes: str) -> dict[str, str]:
    return book("dns.update", "\n".join(f"{key} = {value}" for key, value in {**DNS, **changes}.items()))


@pytest.mark.parametrize(("changes", "expected"), DNS_FAULTS)
def test_a_fault_of_a_dns_step_is_told_at_its_line(tmp_path: Path, changes: dict[str, str], expected: str) -> None:
    (problem,) = problems(tmp_path, dns_book(**changes))
    assert problem.startswith(f"playbooks/b.toml:{expected}"), problem


@pytest.mark.parametrize(
    ("name", "zone", "whole"),
    [
        ("www", "example.net", "www.example.net"),
        ("www.example.net", "example.net.", "www.example.net"),
        ("www.example.net.", "example.net", "www.example.net"),
        ("a.b", "example.net", "a.b.example.net"),
        ("@", "example.net", "example.net"),
        ("Example.NET", "example.net", "Example.NET"),
        ("myexample.net", "example.net", "myexample.net.example.net"),
        ("_xmpp-client._tcp", "example.net", "_xmpp-client._tcp.example.net"),
    ],
)
def test_a_dns_step_says_which_name_goes_where_and_back(tmp_path: Path, name: str, zone: str, whole: str) -> None:
    loaded = config.load(write(tmp_path, dns_book(name=f'"{name}"', zone=f'"{zone}"')))
    (step,) = plan(loaded.playbooks[0], loaded)
    assert step.needs == "confirm"
    assert step.what == f"point {whole} A from 192.0.2.1 to 192.0.2.9 (TTL 60) at 127.0.0.1:5353"
    back = undo_of(step)
    assert back is not None
    assert back.needs == "confirm"
    assert back.what == f"point {whole} A from 192.0.2.9 to 192.0.2.1 (TTL 60) at 127.0.0.1:5353"
    assert (back.options["from"], back.options["to"]) == ("192.0.2.9", "192.0.2.1")
    assert f"undo: {back.what}" in how(step)


def test_an_undo_of_one_s_own_goes_before_the_usual_one(tmp_path: Path) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in DNS.items())
    files = book("dns.update", f'{text}\n[step.undo]\ndo = "manual"')
    loaded = config.load(write(tmp_path, files))
    (step,) = plan(loaded.playbooks[0], loaded)
    back = undo_of(step)
    assert back is not None
    assert back.do == "manual"


def test_reading_a_configuration_without_such_steps_loads_neither_dns_nor_http(tmp_path: Path) -> None:
    load = f"outagetui.config.load(pathlib.Path({str(write(tmp_path))!r}))"
    program = f"import pathlib, sys, outagetui.config; {load}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"dns", "httpx", "jsonpath_rfc9535"} & set(run.stdout.split())
