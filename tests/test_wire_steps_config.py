"""Playbook files with `http` and `dns.update` steps: every fault at its line, and what they will do in a sentence."""

from pathlib import Path

import pytest
from outagetui import config
from outagetui.playbook.plan import plan
from outagetui.step_options import HttpStepOptions
from tests.configs import SETTINGS, problems, write

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
