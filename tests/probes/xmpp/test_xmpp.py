"""The XMPP probe against a real Prosody."""

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols.xmpp import session_pool
from outagetui.protocols.xmpp.session import Session
from outagetui.protocols.xmpp.session_pool import SessionPool
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import Pki, black_hole, make_check, refused_port, settle
from tests.kit.waiting import until
from tests.probes.xmpp.counted import Counted
from tests.probes.xmpp.looks import Look, logins, looking, turned_away
from tests.servers.prosody import Prosody


async def test_the_first_look_logs_in_and_those_after_it_only_ping(at: Look, prosody: Prosody) -> None:
    before = logins(prosody)
    first, second, third = [await at() for _ in range(3)]
    assert (first.outcome, first.code) == (Outcome.PASS, "")
    assert list(first.phases) == ["resolve", "connect", "tls", "login", "ping"]
    assert first.detail.startswith("watch@example.test/outagetui-")
    assert first.detail.endswith("(TLSv1.3)")
    assert [list(each.phases) for each in (second, third)] == [["ping"], ["ping"]]
    assert second.detail == first.detail
    assert second.latency_ms == pytest.approx(sum(second.phases.values()))
    assert logins(prosody) - before == 1
    await until(lambda: prosody.sessions("watch") == 1)


async def test_the_session_ends_with_its_vantage(secrets: Secrets, prosody: Prosody, pki: Pki, no_leaks: None) -> None:
    vantage = Vantage("here", secrets)
    await looking(vantage, prosody, pki)()
    await until(lambda: prosody.sessions("watch") == 1)
    await vantage.aclose()
    await until(lambda: prosody.sessions("watch") == 0)


async def test_checks_of_one_account_share_one_login_even_at_the_same_moment(at: Look, prosody: Prosody) -> None:
    before = logins(prosody)
    samples = await asyncio.gather(*(at() for _ in range(8)))
    assert {each.outcome for each in samples} == {Outcome.PASS}
    assert len({each.detail for each in samples}) == 1
    assert logins(prosody) - before == 1
    assert list(samples[1].phases) == ["login", "ping"]


async def test_tls_from_the_first_byte(at: Look, prosody: Prosody) -> None:
    sample = await at(direct_tls=True, connect=f"127.0.0.1:{prosody.tls_port}")
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")


async def test_a_wrong_password_is_a_failure_and_proves_that_the_server_can_be_reached(at: Look) -> None:
    sample = await at(secret="wrong")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.not-authorized")
    assert "falsch" not in sample.detail
    assert list(sample.phases) == ["resolve", "connect", "tls", "login"]
    assert turned_away(sample).code == "reachable"


async def test_a_password_that_was_changed_here_is_used_at_the_next_look(at: Look, secret_directory: Path) -> None:
    assert (await at()).outcome is Outcome.PASS
    (secret_directory / "right").write_text("falsch")
    assert (await at()).code == "xmpp.not-authorized"
    (secret_directory / "right").write_text("geheim")
    assert (await at()).outcome is Outcome.PASS


async def test_a_password_that_cannot_be_read_is_our_own_trouble(at: Look) -> None:
    sample = await at(secret="missing")
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "secret.unreadable")


@pytest.mark.parametrize(("kind", "code"), [("untrusted", "tls.untrusted"), ("missing", "tls.ca-unreadable")])
async def test_an_authority_that_is_not_ours(at: Look, tmp_path: Path, kind: str, code: str) -> None:
    ca = None if kind == "untrusted" else str(tmp_path / "none.pem")
    assert (await at(ca=ca)).code == code


async def test_a_certificate_that_ended_is_told_from_one_of_another_name(
    place: Vantage, own: Prosody, pki: Pki
) -> None:
    for certificate, code in ((pki.pem("example.test", days=-3), "tls.expired"), (pki.pem("a.test"), "tls.hostname")):
        own.show(certificate)
        own.start()
        sample = await looking(place, own, pki)()
        assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
        own.stop()


async def test_a_server_without_tls_gets_no_password(place: Vantage, own: Prosody, pki: Pki) -> None:
    own.show("")
    own.start()
    sample = await looking(place, own, pki)()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.no-tls")
    assert logins(own) == 0


async def test_a_domain_that_the_server_does_not_serve(at: Look) -> None:
    sample = await at(target="xmpp://watch@other.test")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.host-unknown")


async def test_nobody_listens(at: Look) -> None:
    sample = await at(connect=f"127.0.0.1:{refused_port()}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "tcp.refused")
    assert turned_away(sample).outcome is Outcome.PASS


async def test_a_connection_that_nobody_answers(at: Look) -> None:
    with black_hole() as port:
        sample = await at(within=0.2, connect=f"127.0.0.1:{port}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
    assert "phase connect" in sample.detail
    assert turned_away(sample).outcome is Outcome.PASS


async def test_a_server_that_hangs_times_out_and_is_found_again_when_it_goes_on(at: Look, prosody: Prosody) -> None:
    assert (await at()).outcome is Outcome.PASS
    prosody.group.freeze()
    started = asyncio.get_running_loop().time()
    kept, anew = await at(within=0.3), await at(within=0.3)
    assert asyncio.get_running_loop().time() - started < 1.0
    assert (kept.code, anew.code) == ("timeout", "timeout")
    assert list(kept.phases) == ["ping"]
    assert "phase tls" in anew.detail
    prosody.group.thaw()
    again = await at()
    assert (again.outcome, list(again.phases)[-2:]) == (Outcome.PASS, ["login", "ping"])
    await until(lambda: prosody.sessions("watch") == 1)


async def test_many_looks_at_a_hanging_server_all_keep_their_own_deadline(at: Look, prosody: Prosody) -> None:
    prosody.group.freeze()
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def timed(within: float) -> float:
        sample = await at(within=within)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "timeout")
        return loop.time() - started - within

    late = await asyncio.gather(*(timed(0.1 + 0.05 * number) for number in range(6)))
    assert max(late) < 0.15


async def test_a_session_that_stood_long_gets_half_the_time_to_prove_itself(
    at: Look, prosody: Prosody, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await at()).outcome is Outcome.PASS
    monkeypatch.setattr(session_pool, "STALE", 0.0)
    before = prosody.unanswered()
    prosody.fault("ping-silent")
    task = asyncio.create_task(at(within=2.0))
    await until(lambda: prosody.unanswered() > before)
    prosody.fault()
    sample = await task
    assert sample.outcome is Outcome.PASS
    assert sample.detail.endswith("logged in anew after timeout")
    assert sample.phases["ping"] == pytest.approx(1000, abs=300)
    await until(lambda: prosody.sessions("watch") == 1)


async def test_a_restart_between_two_looks_costs_a_login_and_no_failure(place: Vantage, own: Prosody, pki: Pki) -> None:
    own.start()
    own.add_user("watch", "geheim")
    at = looking(place, own, pki)
    assert (await at()).outcome is Outcome.PASS
    own.stop()
    assert (await at()).code == "tcp.refused"
    own.start()
    sample = await at()
    assert (sample.outcome, own.sessions("watch")) == (Outcome.PASS, 1)


async def test_a_login_is_proven_again_after_a_while(
    at: Look, prosody: Prosody, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = logins(prosody)
    assert (await at()).outcome is Outcome.PASS
    monkeypatch.setattr(session_pool, "RENEW", 0.0)
    samples = await asyncio.gather(at(), at())
    assert logins(prosody) - before == 2
    assert {each.outcome for each in samples} == {Outcome.PASS}
    assert not any("anew" in each.detail for each in samples)
    await until(lambda: prosody.sessions("watch") == 1)


async def test_a_session_does_not_outlive_its_certificate(at: Look, place: Vantage, prosody: Prosody) -> None:
    before = logins(prosody)
    assert (await at()).outcome is Outcome.PASS
    (kept,) = place.shared(SessionPool, lambda: SessionPool(place))._kept.values()
    assert kept.session.good_until > 0
    kept.session.good_until = 0.0
    assert (await at()).outcome is Outcome.PASS
    assert logins(prosody) - before == 2


@pytest.mark.parametrize(
    ("condition", "code"), [("conflict", "xmpp.conflict"), ("policy-violation", "xmpp.stream-error")]
)
async def test_a_session_that_the_server_ended_is_made_anew_and_says_why(
    at: Look, prosody: Prosody, condition: str, code: str
) -> None:
    assert (await at()).outcome is Outcome.PASS
    prosody.kick("watch", condition)
    sample = await at()
    assert sample.outcome is Outcome.PASS
    assert sample.detail.endswith(f"logged in anew after {code}")


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("ping-conflict", "xmpp.conflict", "conflict"),
        ("ping-stream-error", "xmpp.stream-error", "policy-violation"),
        ("ping-refused", "xmpp.internal-server-error", "example.test"),
        ("bind-conflict", "xmpp.conflict", "conflict"),
    ],
)
async def test_a_server_that_refuses_a_fresh_session(
    at: Look, prosody: Prosody, fault: str, code: str, words: str
) -> None:
    prosody.fault(fault)
    sample = await at()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert words in sample.detail
    prosody.fault()
    assert (await at()).outcome is Outcome.PASS


async def test_a_server_that_does_not_know_pings_has_answered_all_the_same(at: Look, prosody: Prosody) -> None:
    prosody.fault("ping-unknown")
    assert (await at()).outcome is Outcome.PASS


async def test_the_servers_own_ping_is_answered(at: Look, prosody: Prosody) -> None:
    assert (await at()).outcome is Outcome.PASS
    prosody.ping("watch")
    await until(lambda: prosody.answers() == 1)


async def test_a_look_that_gives_up_leaves_the_login_to_those_who_still_wait(at: Look, prosody: Prosody) -> None:
    prosody.group.freeze()
    impatient = asyncio.create_task(at(within=0.1))
    await settle()
    patient = asyncio.create_task(at(within=5.0))
    cancelled = asyncio.create_task(at(within=5.0))
    assert (await impatient).code == "timeout"
    cancelled.cancel()
    await asyncio.wait({cancelled})
    prosody.group.thaw()
    assert cancelled.cancelled()
    assert (await patient).outcome is Outcome.PASS
    await until(lambda: prosody.sessions("watch") == 1)


async def test_a_mistake_of_ours_in_reading_is_told_at_once(at: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: object) -> bool:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(Session, "_route", stumble)
    sample = await at()
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "internal")


async def test_a_session_that_nobody_looks_at_is_closed(
    at: Look, place: Vantage, prosody: Prosody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_pool, "IDLE", 0.05)
    assert (await at()).outcome is Outcome.PASS
    await until(lambda: prosody.sessions("watch") == 0)
    assert (await at()).outcome is Outcome.PASS


async def test_cancelling_a_look_anywhere_leaves_nothing(
    secrets: Secrets, prosody: Prosody, pki: Pki, no_leaks: None
) -> None:
    options = {"secret": "right", "ca": pki.ca}
    check = make_check("xmpp", "xmpp://watch@example.test", connect=f"127.0.0.1:{prosody.port}", **options)
    number = 0
    going = True
    while going:
        number += 1
        vantage = Vantage("here", secrets)
        deadline = asyncio.get_running_loop().time() + 5
        going = await cancelled_at(partial(look, check, deadline, vantage), number)
        await settle()
        assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} <= _kept_tasks(vantage)
        await vantage.aclose()
    assert number > 2
    await until(lambda: prosody.sessions("watch") == 0)


def _kept_tasks(vantage: Vantage) -> set[asyncio.Task[None]]:
    pool = vantage.shared(SessionPool, lambda: SessionPool(vantage))
    return {each.session._pipe._reader for each in pool._kept.values()}


async def test_cancelling_at_every_await_of_a_login_leaves_nothing(
    secrets: Secrets, prosody: Prosody, pki: Pki, no_leaks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The login runs in a task of its own, so its awaits are counted there while the look is what is cancelled."""
    make = SessionPool._make
    looks: list[asyncio.Task[Sample]] = []
    number, reached = 0, 1

    def wait() -> None:
        nonlocal reached
        reached += 1
        if reached == number:
            looks[-1].cancel()

    async def counted(*given: Any) -> Any:
        return await Counted(make(*given), wait)

    monkeypatch.setattr(SessionPool, "_make", counted)
    while reached >= number:
        number, reached = number + 1, 0
        vantage = Vantage("here", secrets)
        looks.append(asyncio.create_task(looking(vantage, prosody, pki)()))
        await asyncio.wait({looks[-1]})
        await settle()
        if reached >= number:
            assert looks[-1].cancelled()
            assert asyncio.all_tasks() == {asyncio.current_task()}
        await vantage.aclose()
    assert number > 5
    assert looks[-1].result().outcome is Outcome.PASS
    await until(lambda: prosody.sessions("watch") == 0)


async def test_the_library_is_silent(at: Look, prosody: Prosody, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await at()
        prosody.fault("ping-stream-error")
        await at()
        await at(secret="wrong")
    assert [record for record in caplog.records if record.name.startswith("slixmpp")] == []
