"""Logging in to mail servers: the best way that both know, proof on both sides, and what we do not speak is unknown."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from tests.kit.scripted_mail import PASSWORD, USER, MailTalk, ScramServer, hello, imap_talk
from tests.kit.scripted_servers import Handler, Pki, look_at, serve

SCRAMS = [("SCRAM-SHA-1", "sha1"), ("SCRAM-SHA-256", "sha256"), ("SCRAM-SHA-512", "sha512")]


@pytest.fixture
async def knowing(secret_directory: Path) -> AsyncIterator[Vantage]:
    (secret_directory / "mail").write_text(f"{PASSWORD}\n")
    (secret_directory / "mail").chmod(0o600)
    place = Vantage("here", Secrets(secret_directory, {}))
    yield place
    await place.aclose()


async def smtp(vantage: Vantage, talk: MailTalk, pki: Pki | None = None) -> Sample:
    async with serve(talk, context=pki.good() if pki else None) as server:
        target = f"smtp{'s' if pki else ''}://localhost:{server.port}"
        return await look_at(vantage, "smtp", target, user=USER, secret="mail", ca=pki.ca if pki else None)


async def imap(vantage: Vantage, handler: Handler, pki: Pki | None = None) -> Sample:
    async with serve(handler, context=pki.good() if pki else None) as server:
        user = USER.replace("@", "%40")
        target = f"imap{'s' if pki else ''}://{user}@localhost:{server.port}"
        return await look_at(vantage, "imap", target, secret="mail", ca=pki.ca if pki else None)


def offering(line: str, **more: str) -> MailTalk:
    good = {
        "AUTH PLAIN": "235 2.7.0 in",
        "QUIT": "221 bye",
        **{key.replace("_", " "): each for key, each in more.items()},
    }
    return MailTalk({"EHLO": hello("SIZE 1000", line, "8BITMIME"), **good})


@pytest.mark.parametrize(
    "line",
    [
        "AUTH PLAIN",
        "AUTH=PLAIN",
        "auth plain",
        "Auth=Plain Login",
        "AUTH LOGIN PLAIN",
        "AUTH =LOGIN PLAIN",
        "AUTH\tPLAIN",
    ],
)
async def test_every_form_in_which_servers_name_a_login(knowing: Vantage, line: str) -> None:
    talk = offering(line)
    sample = await smtp(knowing, talk)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert talk.verbs == ["EHLO", "AUTH PLAIN", "QUIT"]
    assert base64.b64decode(talk.said[1].split()[2]) == f"\0{USER}\0{PASSWORD}".encode()


async def test_what_both_forms_name_counts_together(knowing: Vantage) -> None:
    talk = MailTalk({"EHLO": hello("AUTH=LOGIN", "AUTH DIGEST-MD5 PLAIN", "AUTH=NTLM"), "AUTH PLAIN": "235 in"})
    assert (await smtp(knowing, talk)).outcome is Outcome.PASS


async def test_a_long_password_waits_for_its_turn(knowing: Vantage, secret_directory: Path) -> None:
    (secret_directory / "mail").write_text("x" * 600)
    whole = base64.b64encode(f"\0{USER}\0{'x' * 600}".encode()).decode()
    talk = MailTalk({"EHLO": hello("AUTH PLAIN"), "AUTH PLAIN": "334", whole: "235 in"})
    assert (await smtp(knowing, talk)).outcome is Outcome.PASS
    assert talk.said[1] == "AUTH PLAIN"


@pytest.mark.parametrize(("name", "kind"), SCRAMS)
async def test_scram_proves_both_sides_to_each_other(knowing: Vantage, name: str, kind: str) -> None:
    scram = ScramServer(kind)
    talk = MailTalk({"EHLO": hello(f"AUTH PLAIN LOGIN {name}"), "QUIT": "221"}, scram=scram)
    sample = await smtp(knowing, talk)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert talk.verbs[1] == f"AUTH {name}"
    assert scram.messages[0].startswith(b"n,,n=watch@example.test,r=")
    assert PASSWORD.encode() not in b"".join(scram.messages)
    for more in ("", " SASL-IR"):
        handler = imap_talk(f"IMAP4rev1 AUTH=PLAIN AUTH={name.lower()}{more}", {}, scram=ScramServer(kind))
        assert (await imap(knowing, handler)).outcome is Outcome.PASS


@pytest.mark.parametrize("offered", ["SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN"])
async def test_the_stronger_is_taken(knowing: Vantage, offered: str) -> None:
    talk = MailTalk({"EHLO": hello(f"AUTH {offered}"), "QUIT": "221"}, scram=ScramServer("sha256"))
    assert (await smtp(knowing, talk)).outcome is Outcome.PASS
    assert talk.verbs[1] == "AUTH SCRAM-SHA-256"


async def test_a_server_that_does_not_know_the_password_gets_no_other_login(knowing: Vantage) -> None:
    for scram, silent in ((ScramServer(forge="bm8="), False), (ScramServer(), True)):
        talk = MailTalk({"EHLO": hello("AUTH PLAIN SCRAM-SHA-256")}, scram=scram, silent_success=silent)
        sample = await smtp(knowing, talk)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.impostor")
        assert "AUTH PLAIN" not in talk.verbs
    handler = imap_talk("IMAP4rev1 AUTH=SCRAM-SHA-256", {}, scram=ScramServer(forge="bm8="))
    assert (await imap(knowing, handler)).code == "imap.impostor"


@pytest.mark.parametrize("rounds", [0, 2_000_000_000])
async def test_a_server_cannot_make_us_compute_for_ever(knowing: Vantage, rounds: int) -> None:
    talk = MailTalk({"EHLO": hello("AUTH SCRAM-SHA-256")}, scram=ScramServer(rounds=rounds))
    assert (await smtp(knowing, talk)).code == "smtp.protocol"


@pytest.mark.parametrize("challenge", ["no base64!", "aGVsbG8=", "cj14LHM9QUFBQSxpPTE=", "ZT1vdGhlci1lcnJvcg==", ""])
async def test_a_challenge_that_is_none_is_the_servers_fault(knowing: Vantage, challenge: str) -> None:
    talk = MailTalk({"EHLO": hello("AUTH SCRAM-SHA-1"), "AUTH": f"334 {challenge}"}, otherwise=f"334 {challenge}")
    sample = await smtp(knowing, talk)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.protocol")
    handler = imap_talk("IMAP4rev1 AUTH=SCRAM-SHA-1 SASL-IR", {"AUTHENTICATE": f"+ {challenge}"})
    assert (await imap(knowing, handler)).code == "imap.protocol"


async def test_an_account_without_a_key_for_scram_gets_in_as_mail_programs_do(knowing: Vantage) -> None:
    talk = MailTalk(
        {"EHLO": hello("AUTH SCRAM-SHA-256 PLAIN"), "AUTH SCRAM-SHA-256": "535 5.7.8 no", "AUTH PLAIN": "235 in"}
    )
    assert (await smtp(knowing, talk)).outcome is Outcome.PASS
    refusing = {"AUTHENTICATE SCRAM-SHA-256": "{tag} NO [AUTHENTICATIONFAILED] no", "AUTHENTICATE PLAIN": None}
    handler = imap_talk("IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN", refusing)
    assert (await imap(knowing, handler)).outcome is Outcome.PASS


@pytest.mark.parametrize("refusal", ["500 what?", "502 5.5.1 no", "504 5.5.4 unknown", "534 5.7.9 too weak"])
async def test_a_mechanism_that_is_offered_and_not_taken_is_followed_by_the_next(
    knowing: Vantage, refusal: str
) -> None:
    script = {"EHLO": hello("AUTH PLAIN LOGIN"), "AUTH PLAIN": refusal, "AUTH LOGIN": "334 VXNlcm5hbWU6"}
    user, word = (base64.b64encode(each.encode()).decode() for each in (USER, PASSWORD))
    talk = MailTalk({**script, user: "334 UGFzc3dvcmQ6", word: "235 in"})
    assert (await smtp(knowing, talk)).outcome is Outcome.PASS
    alone = await smtp(knowing, MailTalk({"EHLO": hello("AUTH PLAIN"), "AUTH PLAIN": refusal}))
    assert (alone.outcome, alone.code) == (Outcome.FAIL, f"smtp.{refusal[:3]}")
    beside = await smtp(knowing, MailTalk({"EHLO": hello("AUTH PLAIN XOAUTH2"), "AUTH PLAIN": refusal}))
    assert (beside.outcome, beside.code) == (Outcome.UNKNOWN, "smtp.auth-missing")


@pytest.mark.parametrize("refusal", ["535 5.7.8 no", "454 4.7.0 not now", "550 5.7.1 no", "530 5.7.0 no"])
async def test_a_wrong_password_is_tried_once(knowing: Vantage, refusal: str) -> None:
    talk = MailTalk({"EHLO": hello("AUTH LOGIN PLAIN XOAUTH2"), "AUTH PLAIN": refusal})
    sample = await smtp(knowing, talk)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, f"smtp.{refusal[:3]}")
    assert talk.verbs.count("AUTH LOGIN") == 0


OTHERS = ["XOAUTH2", "OAUTHBEARER", "GSSAPI", "NTLM", "EXTERNAL", "SCRAM-SHA-256-PLUS", "DIGEST-MD5", "X-NEW XOAUTH2"]


@pytest.mark.parametrize("refusal", ["NO authentication failure", "NO no", "NO [AUTHENTICATIONFAILED] no", "NO"])
@pytest.mark.parametrize("offered", ["AUTH=PLAIN AUTH=LOGIN", "AUTH=LOGIN", "AUTH=PLAIN AUTH=LOGIN SASL-IR", ""])
async def test_a_mailboxs_wrong_password_is_tried_once(knowing: Vantage, offered: str, refusal: str) -> None:
    said: list[str] = []
    answers: dict[str, str | None] = {"AUTHENTICATE": f"{{tag}} {refusal}", "LOGIN": f"{{tag}} {refusal}"}
    sample = await imap(knowing, imap_talk(f"IMAP4rev1 {offered}", answers, said=said))
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "imap.auth-failed")
    assert sum(line.startswith(("AUTHENTICATE", "LOGIN")) for line in said) == 1


@pytest.mark.parametrize("kind", ["smtp", "imap"])
async def test_a_server_that_makes_guessers_wait_is_not_slow_but_refuses(knowing: Vantage, kind: str) -> None:
    """Cyrus and Dovecot answer each refused login some seconds late, and the account may have a key for SCRAM only."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"220 mail\r\n" if kind == "smtp" else b"* OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-1 AUTH=PLAIN] x\r\n"
        )
        tries = 0
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0 if kind == "smtp" else 1]
            if word == "EHLO":
                writer.write(b"250-mail\r\n250 AUTH SCRAM-SHA-1 PLAIN\r\n")
            elif word in ("AUTH", "AUTHENTICATE") and not tries:
                tries += 1
                writer.write(b"535 5.7.8 no\r\n" if kind == "smtp" else f"{line.split()[0]} NO no\r\n".encode())

    async with serve(handler) as server:
        target = f"{kind}://{'watch@' if kind == 'imap' else ''}127.0.0.1:{server.port}"
        more = {"user": "watch"} if kind == "smtp" else {}
        sample = await look_at(knowing, kind, target, secret="mail", within=0.5, **more)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "smtp.535" if kind == "smtp" else "imap.auth-failed")
    assert ("auth" if kind == "smtp" else "login") in sample.phases


@pytest.mark.parametrize("refusal", ["BAD no such command", "NO unsupported authentication mechanism", "NO disabled"])
async def test_a_mailboxs_mechanism_that_is_not_taken_is_followed_by_the_next(knowing: Vantage, refusal: str) -> None:
    answers = {"AUTHENTICATE": f"{{tag}} {refusal}", "LOGIN": None}
    assert (await imap(knowing, imap_talk("IMAP4rev1 AUTH=PLAIN", answers))).outcome is Outcome.PASS


@pytest.mark.parametrize("others", OTHERS)
async def test_a_login_that_we_do_not_speak_is_our_own_limit(knowing: Vantage, pki: Pki, others: str) -> None:
    for tls in (None, pki):
        talk = MailTalk({"EHLO": hello(f"AUTH {others}"), "QUIT": "221"})
        sample = await smtp(knowing, talk, tls)
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "smtp.auth-missing")
        assert f"does not speak: {', '.join(others.split())}" in sample.detail
        assert "AUTH" not in " ".join(talk.verbs)
        offered = " ".join(f"AUTH={each}" for each in others.split())
        sample = await imap(knowing, imap_talk(f"IMAP4rev1 LOGINDISABLED {offered}", {}), tls)
        assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "imap.login-disabled")
        assert f"does not speak: {', '.join(others.split())}" in sample.detail


async def test_a_password_that_only_tls_may_carry_is_our_own_limit_without_it(knowing: Vantage, pki: Pki) -> None:
    here = await imap(knowing, imap_talk("IMAP4rev1 LOGINDISABLED", {}))
    assert (here.outcome, here.code) == (Outcome.UNKNOWN, "imap.login-disabled")
    below = await imap(knowing, imap_talk("IMAP4rev1 LOGINDISABLED", {}), pki)
    assert (below.outcome, below.code) == (Outcome.FAIL, "imap.login-disabled")
    private = imap_talk("IMAP4rev1", {"LOGIN": "{tag} NO [PRIVACYREQUIRED] no"})
    assert (await imap(knowing, private)).outcome is Outcome.UNKNOWN


async def test_basic_logins_that_are_switched_off_are_our_own_limit(knowing: Vantage) -> None:
    switched_off = "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."
    talk = MailTalk({"EHLO": hello("AUTH PLAIN XOAUTH2"), "AUTH PLAIN": switched_off})
    assert (await smtp(knowing, talk)).outcome is Outcome.UNKNOWN


# RFC 2195 section 2, with the challenge, the user and the digest that stand there.
TIM = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
DIGEST = base64.b64encode(b"tim b913a602c7eda7a495b4e6e7334d3890").decode()


async def test_a_weak_challenge_is_answered_below_tls_and_alone(
    knowing: Vantage, pki: Pki, secret_directory: Path
) -> None:
    (secret_directory / "mail").write_text("tanstaaftanstaaf")
    answers = {"EHLO": hello("AUTH CRAM-MD5 XOAUTH2"), "AUTH CRAM-MD5": f"334 {TIM}", DIGEST: "235 in", "QUIT": "221"}
    async with serve(MailTalk(answers), context=pki.good()) as server:
        sample = await look_at(
            knowing, "smtp", f"smtps://localhost:{server.port}", user="tim", secret="mail", ca=pki.ca
        )
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    handler = imap_talk("LOGINDISABLED AUTH=CRAM-MD5", {"AUTHENTICATE": f"+ {TIM}", DIGEST: "a1 OK in"})
    async with serve(handler, context=pki.good()) as server:
        sample = await look_at(knowing, "imap", f"imaps://tim@localhost:{server.port}", secret="mail", ca=pki.ca)
    assert sample.code != "imap.login-disabled"
    bare = await smtp(knowing, MailTalk({"EHLO": hello("AUTH CRAM-MD5")}))
    assert (bare.outcome, bare.code) == (Outcome.UNKNOWN, "smtp.auth-missing")
    assert "CRAM-MD5 without TLS" in bare.detail


async def test_a_name_is_told_where_the_server_asks_for_it(knowing: Vantage) -> None:
    said: list[str] = []
    handler = imap_talk("IMAP4rev1 ID AUTH=PLAIN SASL-IR", {"AUTHENTICATE": None, "ID": "{tag} BAD no"}, said=said)
    assert (await imap(knowing, handler)).outcome is Outcome.PASS
    assert said[1] == 'ID ("name" "outagetui")'


@pytest.mark.parametrize(
    "echo",
    ["{line}", "unknown: {word}", "user {user} is not known here", "no such user: watch", "mailbox of WATCH (full)"],
)
async def test_a_server_that_repeats_a_login_has_none_of_it_shown(knowing: Vantage, echo: str) -> None:
    def repeat(line: str) -> str:
        return f"535 5.7.8 {echo.format(line=line, word=line.split()[-1], user=USER)}"

    sample = await smtp(knowing, MailTalk({"EHLO": hello("AUTH PLAIN"), "AUTH": repeat}))
    assert sample.code == "smtp.535"
    whole = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    for secret in (whole, PASSWORD, "watch", "example.test"):
        assert secret.lower() not in sample.detail.lower()
    refusal = f"{{tag}} NO [AUTHENTICATIONFAILED] {echo.format(line=whole, word=whole, user=USER)}"
    handler = imap_talk("IMAP4rev1 AUTH=PLAIN SASL-IR", {"AUTHENTICATE": refusal})
    sample = await imap(knowing, handler)
    assert sample.code == "imap.auth-failed"
    for secret in (whole, PASSWORD, "watch", "example.test"):
        assert secret.lower() not in sample.detail.lower()
