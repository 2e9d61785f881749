"""The benchmarks' own sums and readers; nothing here is timed."""

import json
import os
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from outagetui.core.model import Observation, Outcome, Sample, State
from outagetui.daemon.rhythm import phase_of
from outagetui.store.source import StoreSource
from tests.bench import __main__ as bench
from tests.bench import protocols
from tests.bench.daemon import configure
from tests.bench.engine import lateness
from tests.bench.handshakes import connections
from tests.bench.process import cpu_of, cpu_seconds, program, rss_mb, rss_of
from tests.bench.report import MissingError, Row, document, failed, median, percentile, table
from tests.bench.site import site
from tests.bench.writer import Writer

TICK = os.sysconf("SC_CLK_TCK")


def test_a_figure_is_within_its_budget_up_to_the_budget_itself() -> None:
    assert Row("a", 60.0, "ms", 60).ok is True
    assert Row("a", 60.1, "ms", 60).ok is False
    assert Row("a", 30.0, "ms", 60).ratio == 0.5


def test_a_figure_without_a_budget_is_neither_good_nor_bad() -> None:
    row = Row("a", 60.0, "ms")
    assert (row.ok, row.ratio) == (None, None)


def test_what_could_not_be_measured_is_not_within_its_budget() -> None:
    row = failed("engine", "apt-get install prometheus")
    assert (row.ok, row.ratio, row.note) == (False, None, "apt-get install prometheus")


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_few_values_have_percentiles_too() -> None:
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([1.0, 2.0, 3.0], 0.95) == 3.0
    assert median([3.0, 1.0, 2.0]) == 2.0


def test_the_table_says_what_is_over_and_what_failed() -> None:
    text = table([Row("one", 12345.6, "B", 20000), Row("two", 2.0, "s", 1.0, "a peer"), failed("three", "gone")])
    lines = text.splitlines()
    assert lines[1].split() == ["one", "12,346", "B", "20,000", "0.617", "ok"]
    assert lines[2].split() == ["two", "2", "s", "1", "2", "OVER", "a", "peer"]
    assert lines[3].split() == ["three", "-", "-", "-", "FAILED", "gone"]


def test_the_document_is_one_line_of_json_with_every_row() -> None:
    text = document([Row("one", 2.0, "s", 1.0, "a peer"), failed("two", "gone")])
    assert "\n" not in text
    rows = json.loads(text)["rows"]
    assert rows[0] == {
        "name": "one", "measured": 2.0, "unit": "s", "budget": 1.0, "ratio": 2.0, "ok": False, "note": "a peer",
    }  # fmt: skip
    assert (rows[1]["measured"], rows[1]["ok"]) == (None, False)


def test_cpu_seconds_are_read_past_a_name_with_blanks_and_brackets() -> None:
    numbers = " ".join(str(number) for number in range(4, 53))
    stat = f"7 (a (b) c) S {numbers}"  # utime is field 14, stime 15
    assert cpu_of(stat) == (14 + 15) / TICK


def test_resident_memory_is_read_in_megabytes() -> None:
    assert rss_of("Name:\tx\nVmHWM:\t  9999 kB\nVmRSS:\t  2048 kB\n") == 2.0


def test_this_process_uses_cpu_and_memory() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert rss_mb(os.getpid()) > 1


def test_a_missing_program_is_told_with_the_line_that_installs_it() -> None:
    with pytest.raises(MissingError, match="apt-get install --no-install-recommends some-package"):
        program("no-such-program-here", "some-package")


def test_connections_are_read_from_what_openssl_says() -> None:
    words = "820 connections in 0.74s; 1108.11 connections/user sec, bytes read 0\n820 connections in 3 real seconds, 0"
    assert connections(words) == 820
    with pytest.raises(OSError, match="s_time failed: connect:errno=111"):
        connections("connect:errno=111\n")


def test_lateness_counts_from_the_regular_slot() -> None:
    slot = (123 + phase_of("a.b")) * 10.0
    assert lateness(slot + 0.020, "a.b", 10.0) == pytest.approx(0.020)
    assert lateness(slot - 0.0005, "a.b", 10.0) == 0.0, "the store rounds to milliseconds"
    assert lateness(slot + 9.9, "a.b", 10.0) == pytest.approx(9.9)


def test_a_strange_name_lists_the_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["engines"]) == 2
    assert "there is no benchmark engines; there are: engine, http, handshakes" in capsys.readouterr().err


def test_a_benchmark_that_cannot_run_becomes_a_failed_row(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.bench import journal

    def broken() -> list[Row]:
        raise MissingError("x is missing: apt-get install x\nmore")

    monkeypatch.setattr(journal, "run", broken)
    assert bench.measure("journal") == [failed("journal", "x is missing: apt-get install x")]


def test_the_configuration_that_is_measured_is_valid(tmp_path: Path) -> None:
    from outagetui.config import load

    config = load(configure(tmp_path, ["http://127.0.0.1:1/0", "http://127.0.0.1:1/1"], every=2.0))
    assert [check.id for check in config.checks()] == ["channel-0000.web", "channel-0001.web"]
    assert {check.every for check in config.checks()} == {2.0}


def test_the_protocols_are_two_hundred_checks_of_six_kinds_on_fifty_channels(tmp_path: Path) -> None:
    from outagetui.config import load

    ports = dict.fromkeys(("prosody", "kamailio", "dovecot", "mailhub"), 1)
    (tmp_path / "ca.pem").touch()
    config = load(protocols.configure(tmp_path, {**ports, "ca": tmp_path / "ca.pem", "room": "office@rooms.x.test"}))
    checks = list(config.checks())
    assert [check.id for check in checks] == protocols._ids()
    assert (len(checks), len(config.channels), {check.every for check in checks}) == (200, 50, {10.0})
    assert Counter(check.probe for check in checks) == {
        "xmpp": 34, "xmpp.room": 34, "sip.options": 33, "sip.register": 33, "imap": 33, "smtp": 33,
    }  # fmt: skip


def test_a_protocol_that_does_not_answer_is_over_budget_and_named() -> None:
    good, bad = Sample(Outcome.PASS), Sample(Outcome.FAIL, "smtp.refused")
    seen = [Observation(check, "vps-1", 10.0 * turn, good) for check in protocols._ids() for turn in range(4)]
    assert [row.ok for row in protocols.judge(seen, 0.05, 50.0)][2:] == [True, True]
    rows = protocols.judge([msgspec.structs.replace(seen[0], sample=bad), *seen[1:]], 0.05, 50.0)
    assert (rows[0].measured, rows[0].ok) == (0.5, None)
    assert (rows[3].measured, rows[3].ok, rows[3].note) == (1, False, "smtp.refused 1, of 800")
    dead = [msgspec.structs.replace(each, sample=bad) for each in seen]
    assert [row.measured for row in protocols.judge([*dead, *dead], 0.05, 50.0)] == [0.5, None, 50.0, 1600]
    with pytest.raises(OSError, match="1 of 200 checks were never probed, channel-0000"):
        protocols.judge(seen[4:], 0.05, 50.0)
    with pytest.raises(OSError, match="400 probes came in 40 s instead of 800"):
        protocols.judge(seen[:400], 0.05, 50.0)


def test_the_stand_in_writes_what_screens_can_read(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "store.db", 30)
    source = StoreSource(tmp_path / "store.db")
    first = source.board(0.0)
    for mode, changed in (("idle", 0), ("one", 1), ("busy", 20)):
        before = {row.id: row.latency_ms for row in source.board(0.0).channels}
        writer.write(mode)
        after = {row.id: row.latency_ms for row in source.board(0.0).channels}
        assert sum(before[name] != after[name] for name in before) == changed
    source.close()
    assert len(first.channels) == 30
    assert {row.state for row in first.channels} == {State.UP}


def test_the_web_server_answers_refuses_and_swallows() -> None:
    import http.client

    def status(port: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=0.3)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        finally:
            connection.close()

    with site(3) as web:
        assert [status(port) for port in web.ports] == [200, 200, 200]
        assert web.ask("count") == 3
        web.ask(f"refuse {web.ports[0]}")
        web.ask(f"hole {web.ports[1]}")
        with pytest.raises(ConnectionRefusedError):
            status(web.ports[0])
        with pytest.raises(TimeoutError):
            status(web.ports[1])
        assert status(web.ports[2]) == 200
