"""Servers that refuse one letter, take few recipients at a time, or take nothing now: who is written to, and when."""

from collections.abc import Callable
from pathlib import Path

import pytest
from outagetui.outlets import publish
from tests.kit.scripted_mail import MailTalk
from tests.kit.scripted_servers import serve
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import PEOPLE, outlet_for, tools_at


@pytest.mark.parametrize("where", ["DATA", "."])
@pytest.mark.parametrize("answer", ["550 5.7.1 no", "451 4.3.0 not now"])
async def test_a_refused_letter_stands_in_no_other_letters_way(tmp_path: Path, where: str, answer: str) -> None:
    """Postfix and Exim keep a message open that they refused, and answer the next with 503 unless it is taken back."""
    begun: list[str] = []
    refused: list[str] = []

    def mail(line: str) -> str:
        begun.append(line)
        return "250 ok" if len(begun) == 1 else "503 5.5.1 Error: nested MAIL command"

    def reset(line: str) -> str:
        begun.clear()
        return "250 ok"

    def refuse_once(line: str) -> str:
        if refused:
            return "354 go on" if where == "DATA" else taken_in(line)
        refused.append(line)
        return answer

    def taken_in(line: str) -> str:
        begun.clear()
        return "250 ok"

    taken: dict[str, str | Callable[[str], str]]
    taken = {"EHLO": "250 mail", "RCPT": "250 ok", "DATA": "354 go on", ".": taken_in, "QUIT": "221 bye"}
    async with serve(MailTalk({**taken, "MAIL": mail, "RSET": reset, where: refuse_once})) as server:
        outlet = outlet_for(server.port)
        told = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
    assert told.detail.startswith(f"4 of 5 accepted; 1 {'refused' if answer[0] == '5' else 'asked to come later'}")


@pytest.mark.parametrize(
    "said",
    ["452 too many recipients", "452 4.5.3 no more", "552 5.5.3 no more", "452 4.5.3 Error: too many recipients"],
)
@pytest.mark.parametrize("most", [1, 2, 3])
async def test_a_server_that_takes_few_at_a_time_gets_more_letters_at_once(
    tmp_path: Path, said: str, most: int
) -> None:
    now: list[str] = []
    got: list[list[str]] = []

    def mail(line: str) -> str:
        now.clear()
        return "250 ok"

    def rcpt(line: str) -> str:
        if len(now) >= most:
            return said
        now.append(line.partition("<")[2].partition(">")[0])
        return "250 ok"

    def end(line: str) -> str:
        got.append([*now])
        return "250 ok"

    talk = MailTalk({"EHLO": "250 mail", "MAIL": mail, "RCPT": rcpt, "DATA": "354 go on", ".": end, "QUIT": "221"})
    async with serve(talk) as server:
        outlet = outlet_for(server.port, mode="bcc")
        told = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
    assert (told.state, told.detail) == ("sent", "5 of 5 accepted")
    assert [to for letter in got for to in letter] == list(PEOPLE)
    assert talk.verbs.count("RCPT") <= len(PEOPLE) + 1


NOT_NOW = {
    "greeting": MailTalk({}, banner="421 4.3.2 busy, come back in 120 seconds"),
    "greylisted": MailTalk({}, banner="451 4.7.1 greylisted, come back in 120 seconds"),
    "ehlo": MailTalk({"EHLO": "421 4.3.2 come back in 120 seconds"}),
    "mail": MailTalk({"EHLO": "250 mail", "MAIL": "421 4.7.0 come back in 120 seconds", "QUIT": "221"}),
    "rcpt": MailTalk({"EHLO": "250 mail", "MAIL": "250 ok", "RCPT": "421 4.7.0 back in 120 seconds", "QUIT": "221"}),
}


@pytest.mark.parametrize("where", NOT_NOW)
async def test_a_server_that_takes_nothing_now_is_asked_again_by_itself(tmp_path: Path, where: str) -> None:
    async with serve(NOT_NOW[where]) as server:
        outlet = outlet_for(server.port)
        told = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
    assert (told.state, told.look_again) == ("failed", 120.0)
    assert "0 of 5 accepted; 5 not tried" in told.detail


@pytest.mark.parametrize("said", ["554 5.7.1 no service", "530 5.7.0 Must issue a STARTTLS command first"])
async def test_a_server_that_takes_nothing_ever_is_not_asked_again(tmp_path: Path, said: str) -> None:
    talk = MailTalk({"EHLO": "250 mail", "MAIL": said, "QUIT": "221"}) if "530" in said else MailTalk({}, banner=said)
    async with serve(talk) as server:
        outlet = outlet_for(server.port)
        told = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
    assert (told.state, told.look_again) == ("failed", None)
    assert "the sender" not in told.detail
