"""Mail to many: everybody gets one letter and nobody two, whatever breaks, and what is said of it is true."""

import asyncio
import itertools
import json
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.core.mailbox import read_mailbox
from outagetui.outlets import Delivered, find, publish, retract, seen
from outagetui.outlets.submission import Submission
from tests.kit.scripted_servers import black_hole, refused_port
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import PEOPLE, outlet_for, tools_at
from tests.outlets.servers.post import PASSWORD, Post
from tests.servers.certificates import Certificates


async def test_everybody_gets_one_letter_of_their_own(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.detail) == ("sent", "5 of 5 accepted")
        assert post.got() == list(PEOPLE)
        assert [letter.message["To"] for letter in post.letters] == list(PEOPLE)
        assert post.connections == 1
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again == done
        assert len(post.letters) == 5
        assert await find(outlet, delivery_of(outlet), tools_at(tmp_path)) == done
        assert await seen(outlet, done, delivery_of(outlet), tools_at(tmp_path)) == done


async def test_a_later_part_answers_the_first_of_the_same_person(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port, recipients=PEOPLE[:2])
        done: tuple[Delivered, ...] = ()
        for part in range(3):
            done = (*done, await publish(outlet, delivery_of(outlet, part, done), tools_at(tmp_path)))
        ids = [letter.message["Message-ID"] for letter in post.letters]
        assert len(set(ids)) == 6
        mine = post.letters[1::2]
        assert {letter.to for letter in mine} == {(PEOPLE[1],)}
        assert mine[1].message["In-Reply-To"] == mine[0].message["Message-ID"]
        assert mine[2].message["In-Reply-To"] == mine[1].message["Message-ID"]
        assert mine[2].message["References"].split() == [letter.message["Message-ID"] for letter in mine[:2]]
        taken = await retract(outlet, delivery_of(outlet, 3, done), tools_at(tmp_path))
        assert (taken.state, taken.detail) == ("skipped", "mail cannot be taken back; send a correction")
        assert len(post.letters) == 6


async def test_a_letter_for_many_shows_nobody_to_the_others(tmp_path: Path) -> None:
    people = tuple(f"p{number}@example.test" for number in range(120))
    async with Post().running() as post:
        post.answers[people[60]] = "550 5.1.1 no such user"
        outlet = outlet_for(post.port, mode="bcc", recipients=people)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.detail) == ("sent", "119 of 120 accepted; 1 refused: 550 5.1.1 no such user")
        assert [len(letter.to) for letter in post.letters] == [50, 49, 20]
        assert len({letter.message["Message-ID"] for letter in post.letters}) == 1
        for letter in post.letters:
            assert letter.message["To"] == "undisclosed-recipients:;"
            assert not any(each.encode() in letter.raw for each in people)


async def test_who_is_refused_is_counted_and_the_others_have_it(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.answers = {PEOPLE[1]: f"550 5.1.1 <{PEOPLE[1]}> no such user", PEOPLE[3]: "551 moved away"}
        people = tuple(f"other{number}@example.test" for number in range(15))
        outlet = outlet_for(post.port, recipients=PEOPLE + people)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "sent"
        assert done.detail == "18 of 20 accepted; 2 refused: 550 5.1.1 <[address]> no such user"
        assert post.got() == [PEOPLE[0], PEOPLE[2], PEOPLE[4], *people]


@pytest.mark.parametrize("mode", ["each", "bcc"])
async def test_when_most_are_refused_it_is_not_called_sent_and_a_retry_asks_for_them_again(
    tmp_path: Path, mode: str
) -> None:
    people = tuple(f"p{number}@example.test" for number in range(100))
    async with Post().running() as post:
        post.answers = dict.fromkeys(people[1:], "550 5.1.1 no such user")
        outlet = outlet_for(post.port, mode=mode, recipients=people)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        words = "1 of 100 accepted; 99 refused: 550 5.1.1 no such user; a retry goes on with those left"
        assert (done.state, done.detail) == ("unknown", words)
        assert await find(outlet, delivery_of(outlet), tools_at(tmp_path)) == done
        post.answers = {}
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert (again.state, again.detail) == ("sent", "100 of 100 accepted")
        assert post.got() == list(people)


@pytest.mark.parametrize("padding", [0, 100, 120, 125, 130, 140, 150])
async def test_a_secret_that_the_server_repeats_is_not_told_even_in_part(tmp_path: Path, padding: int) -> None:
    async with Post().running() as post:
        post.sender_answer = f"553 5.7.1 {'y' * padding} {PASSWORD} {'z' * 90}"
        outlet = outlet_for(post.port, url=f"smtp://127.0.0.1:{post.port}")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert PASSWORD[:4] not in done.detail
        post.sender_answer, post.content_answer = "", post.sender_answer
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        kept = "".join(path.read_text() for path in (tmp_path / "sent").iterdir())
        assert PASSWORD[:4] not in done.detail + kept


async def test_who_is_greylisted_is_written_to_by_a_retry_and_nobody_else(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.answers = {PEOPLE[2]: "451 4.7.1 come back later"}
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "unknown"
        words = "4 of 5 accepted; 1 asked to come later: 451 4.7.1 come back later; a retry goes on with those left"
        assert done.detail == words
        assert (await find(outlet, delivery_of(outlet), tools_at(tmp_path))) == done
        post.answers = {}
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert (again.state, again.detail) == ("sent", "5 of 5 accepted")
        assert post.got() == [*PEOPLE[:2], *PEOPLE[3:], PEOPLE[2]]


async def test_when_all_are_greylisted_nothing_is_there_and_all_can_be_tried_again(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.answers = dict.fromkeys(PEOPLE, "451 4.7.1 come back later")
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.remote_id) == ("failed", "")
        assert "5 asked to come later" in done.detail
        assert await find(outlet, delivery_of(outlet), tools_at(tmp_path)) is None
        post.answers = {}
        assert (await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))).state == "sent"
        assert sorted(post.got()) == sorted(PEOPLE)


@pytest.mark.parametrize("how", ["lost", "dropped"])
async def test_a_lost_answer_is_not_known_and_never_sent_again(tmp_path: Path, how: str) -> None:
    async with Post().running() as post:
        getattr(post, how).add(PEOPLE[1])
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "sent"
        assert done.detail.startswith("4 of 5 accepted; 1 not known, so not sent again: ")
        getattr(post, how).clear()
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.state == "sent"
        assert post.got().count(PEOPLE[1]) == (how == "lost")
        assert all(post.got().count(each) == 1 for each in PEOPLE if each != PEOPLE[1])


async def test_two_lost_answers_end_the_try_and_a_retry_goes_on(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.lost = {PEOPLE[1], PEOPLE[2]}
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "unknown"
        assert done.detail.startswith("1 of 5 accepted; 2 not known, so not sent again: ")
        assert "2 not tried" in done.detail
        assert post.got() == list(PEOPLE[:3])
        post.lost = set()
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.state == "sent"
        assert post.got() == list(PEOPLE)


async def test_one_letter_for_all_whose_answer_is_lost_is_not_known(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.lost = {PEOPLE[0]}
        outlet = outlet_for(post.port, mode="bcc")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "unknown"
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.state == "unknown"
        assert post.got() == list(PEOPLE)


async def test_a_server_that_ends_conversations_is_called_again(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.per_connection = 2
        outlet = outlet_for(post.port, per_minute=600)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.detail) == ("sent", "5 of 5 accepted")
        assert post.connections == 3
        times = [letter.at for letter in post.letters]
        assert all(after - before > 0.08 for before, after in itertools.pairwise(times))


@pytest.mark.parametrize("moment", ["connect", "ehlo", "auth", "mail", "rcpt"])
async def test_a_server_that_hangs_before_the_letter_surely_has_none(tmp_path: Path, moment: str) -> None:
    async with Post(users={"ada": PASSWORD}).running() as post:
        post.hangs = moment
        outlet = outlet_for(post.port, timeout=0.6, url=f"smtp://ada@127.0.0.1:{post.port}", secret="mail")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed", done
        assert "0 of 5 accepted; 5 not tried: " in done.detail
        assert post.letters == []
        post.hangs = ""
        again = await publish(replace(outlet, timeout=5.0), delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.state == "sent"
        assert sorted(post.got()) == sorted(PEOPLE)


@pytest.mark.parametrize("moment", ["data", "content"])
async def test_a_server_that_hangs_with_a_letter_leaves_just_that_one_unknown(tmp_path: Path, moment: str) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port, timeout=0.6)
        post.hangs = moment
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "unknown"
        assert done.detail.startswith("0 of 5 accepted; 1 not known")
        assert "4 not tried" in done.detail
        post.hangs = ""
        again = await publish(replace(outlet, timeout=5.0), delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.state == "sent"
        assert again.detail.startswith("4 of 5 accepted; 1 not known")
        assert post.got() == list(PEOPLE[1:])


async def test_a_cancelled_delivery_sends_nothing_twice_afterwards(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port, timeout=30)
        post.hangs = "content"
        task = asyncio.create_task(publish(outlet, delivery_of(outlet), tools_at(tmp_path)))
        while not any("begun" in path.read_text() for path in tmp_path.glob("sent/*.jsonl")):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        post.hangs = ""
        again = await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))
        assert again.detail.startswith("4 of 5 accepted; 1 not known")
        assert post.got() == list(PEOPLE[1:])


async def test_no_line_of_a_letter_ends_it(tmp_path: Path) -> None:
    async with Post().running() as post:
        sender = read_mailbox("news@example.test")
        async with Submission(outlet_for(post.port), sender, tools_at(tmp_path)) as submission:
            await submission.start()
            assert await submission.offer(PEOPLE[:1]) == ({}, ())
            assert (await submission.hand_over(b"A: b\r\n\r\n.\n..two\r.\nlast")).fate == "accepted"
        assert [letter.raw for letter in post.letters] == [b"A: b\r\n\r\n.\r\n..two\r\n.\r\nlast\r\n"]


async def test_a_refused_content_is_no_letter(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.content_answer = "554 5.7.1 this looks like spam"
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed"
        assert done.detail == "0 of 5 accepted; 5 refused: 554 5.7.1 this looks like spam"
        post.content_answer = ""
        assert (await publish(outlet, delivery_of(outlet, again=True), tools_at(tmp_path))).state == "sent"


async def test_a_refused_sender_is_told(tmp_path: Path) -> None:
    async with Post().running() as post:
        post.sender_answer = "553 5.7.1 not yours"
        outlet = outlet_for(post.port)
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed"
        assert "the sender news@example.test is refused (553 5.7.1 not yours)" in done.detail


async def test_a_refused_login_is_told_without_the_secret(tmp_path: Path) -> None:
    async with Post(users={"ada": "other"}).running() as post:
        outlet = outlet_for(post.port, url=f"smtp://ada@127.0.0.1:{post.port}", secret="mail")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed"
        assert "the login is refused (535" in done.detail
        assert "check the secret mail" in done.detail
        assert post.letters == []
        kept = "".join(path.read_text() for path in (tmp_path / "sent").iterdir())
        assert PASSWORD not in done.detail + kept


async def test_without_its_secret_nothing_is_asked(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port, url=f"smtp://ada@127.0.0.1:{post.port}", secret="other")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.detail) == ("failed", "secret 'other': there is no such file")
        assert post.connections == 0


async def test_tls_is_taken_and_the_certificate_looked_at(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    async with Post(users={"ada": PASSWORD}, certificate=certificates.good).running() as post:
        url = f"smtp://ada@localhost:{post.port}"
        outlet = outlet_for(post.port, url=url, secret="mail", starttls="required", ca=str(certificates.ca))
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert (done.state, done.detail) == ("sent", "5 of 5 accepted")
        other = outlet_for(post.port, url=url, secret="mail", starttls="required")
        untrusted = await publish(other, delivery_of(other, key="b" * 24), tools_at(tmp_path))
        assert untrusted.state == "failed"
        assert "is not trusted here" in untrusted.detail
        assert len(post.letters) == 5


async def test_a_server_may_speak_tls_at_once(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "certificates")
    async with Post(users={"ada": PASSWORD}, certificate=certificates.good, direct=True).running() as post:
        url = f"smtps://ada@localhost:{post.port}"
        outlet = outlet_for(post.port, url=url, secret="mail", ca=str(certificates.ca))
        assert (await publish(outlet, delivery_of(outlet), tools_at(tmp_path))).state == "sent"
        other = outlet_for(post.port, url=url, secret="mail")
        untrusted = await publish(other, delivery_of(other, key="b" * 24), tools_at(tmp_path))
        assert untrusted.state == "failed"
        assert "is not trusted here" in untrusted.detail


async def test_a_server_without_tls_is_told_nothing_where_tls_is_required(tmp_path: Path) -> None:
    async with Post(users={"ada": PASSWORD}).running() as post:
        url = f"smtp://ada@127.0.0.1:{post.port}"
        outlet = outlet_for(post.port, url=url, secret="mail", starttls="required")
        done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
        assert done.state == "failed"
        assert "the server does not offer STARTTLS" in done.detail
        assert post.letters == []


async def test_a_server_that_is_not_there_surely_has_nothing(tmp_path: Path) -> None:
    outlet = outlet_for(refused_port())
    done = await publish(outlet, delivery_of(outlet), tools_at(tmp_path))
    assert done.state == "failed"
    assert "refused" in done.detail.lower()
    with black_hole() as port:
        outlet = outlet_for(port, timeout=0.4)
        assert (await publish(outlet, delivery_of(outlet), tools_at(tmp_path))).state == "failed"
    assert await find(outlet, delivery_of(outlet), tools_at(tmp_path)) is None


async def test_what_was_sent_is_kept_where_only_we_can_read_it(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port)
        part = delivery_of(outlet)
        await publish(outlet, part, tools_at(tmp_path))
        (path,) = (tmp_path / "sent").iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["mark"]["fate"] for line in lines] == ["begun", "accepted"] * 5
        with path.open("a") as file:  # as when the power goes while a line is written
            file.write('{"at":1,"to":"person9')
        assert (await publish(outlet, replace(part, again=True), tools_at(tmp_path))).detail == "5 of 5 accepted"
        path.write_text("nonsense\n" + path.read_text())
        done = await publish(outlet, replace(part, again=True), tools_at(tmp_path))
        assert (done.state, done.detail[:24]) == ("unknown", "the record of what was s")
        assert len(post.letters) == 5


async def test_without_a_place_to_remember_nothing_is_sent(tmp_path: Path) -> None:
    async with Post().running() as post:
        outlet = outlet_for(post.port)
        for place in (None, tmp_path / "no" / "such"):
            done = await publish(outlet, delivery_of(outlet), replace(tools_at(tmp_path), place=place))
            assert done.state == "failed"
        assert post.connections == 0
