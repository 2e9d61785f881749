"""The Matrix probe against a small homeserver that checks what is asked, and one that misbehaves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_servers import Pki, Serving, answering, hanging, look_at, refused_port, serve, settle
from tests.probes.homeserver import ALIAS, OTHER_ROOM, PASSWORD, ROOM, USER, Homeserver, error

ROUND = ["login", "room", "send", "sync"]
ACCOUNT: dict[str, Any] = {"user": USER, "secret": "right"}
IN_ROOM: dict[str, Any] = {**ACCOUNT, "room": ALIAS}


@pytest.fixture
async def home() -> AsyncIterator[Homeserver]:
    server = Homeserver()
    yield server
    assert server.faults == []


@pytest.fixture
async def serving(home: Homeserver) -> AsyncIterator[Serving]:
    async with serve(home.handle) as running:
        yield running


@pytest.fixture
async def knowing(secret_directory: Path) -> AsyncIterator[Vantage]:
    for name, content in (("right", f"{PASSWORD}\n"), ("wrong", "falsch\n")):
        path = secret_directory / name
        path.write_text(content)
        path.chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}))
    yield place
    await place.aclose()


async def look(vantage: Vantage, serving: Serving, within: float = 5.0, **options: Any) -> Sample:
    return await look_at(vantage, "matrix", f"http://127.0.0.1:{serving.port}", within=within, **options)


def said(sample: Sample) -> tuple[Outcome, str]:
    assert PASSWORD not in sample.detail
    return sample.outcome, sample.code


@pytest.mark.usefixtures("no_leaks")
async def test_a_server_that_names_its_versions_passes(vantage: Vantage, home: Homeserver, serving: Serving) -> None:
    sample = await look(vantage, serving)
    assert said(sample) == (Outcome.PASS, "")
    assert sample.detail == f"127.0.0.1:{serving.port} speaks v1.11"
    assert {"well_known", "versions"} <= set(sample.phases)
    assert home.asked == ["/.well-known/matrix/client", "/.well-known/matrix/server", "versions"]


@pytest.mark.usefixtures("no_leaks")
async def test_a_message_goes_round_the_room_and_nothing_of_it_stays(
    knowing: Vantage, home: Homeserver, serving: Serving
) -> None:
    sample = await look(knowing, serving, **IN_ROOM)
    assert said(sample) == (Outcome.PASS, "")
    assert sample.detail.startswith("a message came back in ")
    assert [name for name in sample.phases if name in ROUND] == ROUND
    assert home.redacted == list(home.events)
    assert home.sessions == {}


async def test_an_id_needs_no_look_up(knowing: Vantage, home: Homeserver, serving: Serving) -> None:
    assert said(await look(knowing, serving, **{**IN_ROOM, "room": ROOM})) == (Outcome.PASS, "")
    assert "directory" not in home.asked


async def test_a_login_alone_is_proven_and_ended(knowing: Vantage, home: Homeserver, serving: Serving) -> None:
    sample = await look(knowing, serving, **ACCOUNT)
    assert sample.detail == f"logged in as @{USER}:example.test"
    assert home.sessions == {}
    assert "send" not in home.asked


async def test_each_look_of_a_check_uses_the_same_device(knowing: Vantage, home: Homeserver, serving: Serving) -> None:
    home.instead["logout"] = error(500, "M_UNKNOWN")
    for _ in range(3):
        assert said(await look(knowing, serving, **ACCOUNT)) == (Outcome.PASS, "")
    assert len(set(home.devices)) == 1
    assert len(home.sessions) == 1


async def test_the_well_known_file_says_where_the_server_is(vantage: Vantage, home: Homeserver) -> None:
    front = Homeserver()
    async with serve(home.handle) as behind, serve(front.handle) as at_domain:
        front.files["client"] = (200, {"m.homeserver": {"base_url": f"http://127.0.0.1:{behind.port}/"}})
        front.files["server"] = (200, {"m.server": "matrix.example.test:443"})
        sample = await look(vantage, at_domain)
    assert said(sample) == (Outcome.PASS, "")
    assert home.asked == ["versions"]
    assert str(behind.port) in sample.detail


@pytest.mark.parametrize(
    ("file", "answer", "outcome"),
    [
        ("client", (200, b"<html>"), Outcome.FAIL),
        ("client", (200, {}), Outcome.FAIL),
        ("client", (200, {"m.homeserver": {"base_url": 7}}), Outcome.FAIL),
        ("client", (200, {"m.homeserver": {"base_url": "matrix.example.test"}}), Outcome.FAIL),
        ("client", (200, {"m.homeserver": {"base_url": "http://192.0.2.7/"}}), Outcome.FAIL),
        ("client", (200, {"m.homeserver": {"base_url": "https://a:b@h/"}}), Outcome.FAIL),
        ("client", (200, {"m.homeserver": {"base_url": "https://[::/"}}), Outcome.FAIL),
        ("client", (503, b""), Outcome.WARN),
        ("server", (200, b"x" * 2_000_000), Outcome.WARN),
        ("server", (200, {"m.server": "https://matrix.example.test"}), Outcome.WARN),
        ("server", (200, []), Outcome.WARN),
        ("server", (500, b""), Outcome.WARN),
    ],
)
async def test_a_wrong_well_known_file_is_told(
    vantage: Vantage, home: Homeserver, serving: Serving, file: str, answer: tuple[int, Any], outcome: Outcome
) -> None:
    home.files[file] = answer
    sample = await look(vantage, serving)
    assert said(sample) == (outcome, "matrix.well-known")
    assert f"/.well-known/matrix/{file}" in sample.detail


@pytest.mark.parametrize(
    ("request_", "answer", "options", "outcome", "code"),
    [
        ("versions", (200, {"versions": []}), {}, Outcome.FAIL, "matrix.protocol"),
        ("versions", (200, {"versions": "v1"}), {}, Outcome.FAIL, "matrix.protocol"),
        ("versions", (200, b"{" * 200_000), {}, Outcome.FAIL, "matrix.protocol"),
        ("versions", (200, b"[" * 2_000_000), {}, Outcome.UNKNOWN, "http.too-large"),
        ("versions", (404, b"not here"), {}, Outcome.FAIL, "http.404"),
        ("versions", (502, b"[]"), {}, Outcome.FAIL, "http.502"),
        ("versions", (500, {"errcode": "M_\x1b[2J", "error": "x"}), {}, Outcome.FAIL, "http.500"),
        ("login", error(429, "M_LIMIT_EXCEEDED", "Too Many Requests"), ACCOUNT, Outcome.UNKNOWN, "limit-exceeded"),
        (
            "versions",
            (429, b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": ' + b"9" * 400 + b"}"),
            {},
            Outcome.UNKNOWN,
            "limit-exceeded",
        ),
        ("login", error(403, "M_USER_DEACTIVATED"), ACCOUNT, Outcome.FAIL, "user-deactivated"),
        ("login", (200, {"user_id": "@a:b"}), ACCOUNT, Outcome.FAIL, "protocol"),
        ("directory", error(404, "M_NOT_FOUND"), IN_ROOM, Outcome.FAIL, "room-missing"),
        ("directory", (200, {"room_id": None}), IN_ROOM, Outcome.FAIL, "protocol"),
        ("sync", error(401, "M_UNKNOWN_TOKEN"), IN_ROOM, Outcome.FAIL, "unknown-token"),
        ("sync", (200, {}), IN_ROOM, Outcome.FAIL, "protocol"),
        ("send", error(403, "M_FORBIDDEN"), IN_ROOM, Outcome.FAIL, "forbidden"),
        ("send", error(413, "M_TOO_LARGE"), IN_ROOM, Outcome.FAIL, "too-large"),
        ("redact", error(403, "M_FORBIDDEN"), IN_ROOM, Outcome.WARN, "not-redacted"),
    ],
)
async def test_each_refusal_has_its_code_and_ends_the_session(
    knowing: Vantage,
    home: Homeserver,
    serving: Serving,
    request_: str,
    answer: tuple[int, Any],
    options: dict[str, Any],
    outcome: Outcome,
    code: str,
) -> None:
    home.instead[request_] = answer
    sample = await look(knowing, serving, **options)
    assert said(sample) == (outcome, code if "." in code else f"matrix.{code}")
    assert sample.detail.isprintable()
    assert outcome is not Outcome.WARN or "taken back: M_FORBIDDEN" in sample.detail
    assert home.sessions == {}


async def test_a_wrong_password_and_a_room_we_are_not_in_are_told_apart(
    knowing: Vantage, home: Homeserver, serving: Serving
) -> None:
    assert said(await look(knowing, serving, user=USER, secret="wrong")) == (Outcome.FAIL, "matrix.not-authorized")
    sample = await look(knowing, serving, **{**IN_ROOM, "room": OTHER_ROOM})
    assert said(sample) == (Outcome.FAIL, "matrix.forbidden")
    assert said(await look(knowing, serving, **{**IN_ROOM, "room": "#gone:example.test"}))[1] == "matrix.room-missing"


async def test_a_secret_that_cannot_be_read_is_our_own_fault(
    knowing: Vantage, home: Homeserver, serving: Serving
) -> None:
    assert said(await look(knowing, serving, user=USER, secret="gone")) == (Outcome.UNKNOWN, "secret.unreadable")
    assert home.asked == []


async def test_a_message_that_never_comes_back_is_a_timeout_and_is_taken_back(
    knowing: Vantage, home: Homeserver, serving: Serving
) -> None:
    home.quiet = True
    sample = await look(knowing, serving, within=0.8, **IN_ROOM)
    assert said(sample) == (Outcome.FAIL, "timeout")
    assert "sync" in sample.phases
    await knowing.aclose()
    assert home.redacted == list(home.events) != []
    assert home.sessions == {}


@pytest.mark.parametrize("request_", ["versions", "login", "directory", "sync", "send"])
async def test_a_request_that_is_never_answered_is_a_timeout(
    knowing: Vantage, home: Homeserver, serving: Serving, request_: str
) -> None:
    home.held.add(request_)
    sample = await look(knowing, serving, within=0.5, **IN_ROOM)
    assert said(sample) == (Outcome.FAIL, "timeout")
    await knowing.aclose()
    assert home.redacted == list(home.events)
    assert len(home.sessions) == (1 if request_ == "login" else 0)


@pytest.mark.parametrize("request_", ["versions", "login", "directory", "sync", "send"])
async def test_a_cancelled_look_leaves_no_session(
    knowing: Vantage, home: Homeserver, serving: Serving, request_: str
) -> None:
    home.held.add(request_)
    looking = asyncio.create_task(look(knowing, serving, **IN_ROOM))
    await home.reached.wait()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await knowing.aclose()
    assert home.redacted == list(home.events)
    if request_ == "login":  # its token never came; the same device again will take its place
        assert len(home.sessions) == 1
        assert said(await look(knowing, serving, **IN_ROOM)) == (Outcome.PASS, "")
    assert home.sessions == {}


async def test_a_password_is_not_sent_in_the_clear_beyond_this_machine(knowing: Vantage, home: Homeserver) -> None:
    async with serve(home.handle) as running:
        target = f"http://chat.example.test:{running.port}"
        sample = await look_at(knowing, "matrix", target, connect=f"127.0.0.1:{running.port}", **ACCOUNT)
    assert said(sample) == (Outcome.UNKNOWN, "option.invalid")
    assert "login" not in home.asked


async def test_certificates_are_verified(
    vantage: Vantage, pki: Pki, home: Homeserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", pki.ca)
    codes = []
    for context in (pki.good("localhost"), pki.expired(), pki.rogue(), pki.good("other.test")):
        async with serve(home.handle, context=context) as running:
            target = f"https://localhost:{running.port}"
            sample = await look_at(vantage, "matrix", target, connect=f"127.0.0.1:{running.port}")
        codes.append(sample.code)
    assert codes == ["", "tls.expired", "tls.untrusted", "tls.hostname"]


@pytest.mark.usefixtures("no_leaks")
async def test_what_is_no_homeserver_fails(vantage: Vantage) -> None:
    async with serve(hanging()) as silent, serve(answering(b"SSH-2.0-OpenSSH\r\n")) as stranger:
        assert said(await look(vantage, silent, within=0.3)) == (Outcome.FAIL, "timeout")
        assert said(await look(vantage, stranger)) == (Outcome.FAIL, "http.protocol")
    sample = await look_at(vantage, "matrix", f"http://127.0.0.1:{refused_port()}")
    assert said(sample) == (Outcome.FAIL, "tcp.refused")
    await settle()


@pytest.mark.parametrize("kinds", [["m.login.sso"], ["m.login.sso", "m.login.token"], ["org.matrix.msc3824\x1b"]])
async def test_a_server_without_login_by_password_is_our_own_limit(
    knowing: Vantage, home: Homeserver, serving: Serving, kinds: list[str]
) -> None:
    home.logins = kinds
    sample = await look(knowing, serving, user=USER, secret="right")
    assert said(sample) == (Outcome.UNKNOWN, "matrix.auth-missing")
    assert "does not speak" in sample.detail


async def test_the_token_of_a_session_is_hidden_when_a_server_says_it_back(
    knowing: Vantage, home: Homeserver, serving: Serving
) -> None:
    token = "tokenmadeattheloginandneverwritten"
    home.instead["login"] = 200, {"user_id": "@watch:example.test", "access_token": token}
    home.instead["directory"] = 403, {"errcode": "M_FORBIDDEN", "error": f"{token} of @bob:example.test is not in"}
    sample = await look(knowing, serving, user=USER, secret="right", room=ALIAS)
    assert token not in sample.detail
    assert "@bob" not in sample.detail
    assert sample.detail == "M_FORBIDDEN: [secret] of [address] is not in"
