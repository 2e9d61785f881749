"""The benchmarks' own sums and readers; nothing here is timed."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from outagetui.core.model import Keep, Observation, Outcome, Sample, State
from outagetui.daemon.rhythm import phase_of
from outagetui.report.gather import gather
from outagetui.store.reader import Reader
from outagetui.store.source import StoreSource
from tests.bench import __main__ as bench
from tests.bench import protocols
from tests.bench.big_store import bytes_of, fill
from tests.bench.daemon import configure
from tests.bench.engine import lateness
from tests.bench.extent import Extent
from tests.bench.growth import exponent, judge
from tests.bench.handshakes import connections
from tests.bench.process import (
    cpu_of,
    cpu_seconds,
    program,
    rss_mb,
    rss_of,
    switches_of,
    wakings,
    written,
    written_of,
)
from tests.bench.prometheus import scrapes, successes
from tests.bench.report import MissingError, Row, document, failed, median, percentile, table
from tests.bench.site import site
from tests.bench.status import timed
from tests.bench.store import size_after
from tests.bench.writer import Writer

TICK = os.sysconf("SC_CLK_TCK")


def test_a_figure_reaches_its_goal_up_to_the_goal_itself() -> None:
    assert (Row("a", 60.0, "ms", 60).ok, Row("a", 60.0, "ms", 60).verdict) == (True, "ok")
    assert (Row("a", 90.0, "ms", 60).ok, Row("a", 90.0, "ms", 60).verdict) == (False, "OVER 1.5x")
    assert (Row("a", 0, "", 0).verdict, Row("a", 1, "", 0).verdict) == ("ok", "OVER")


def test_a_ratio_is_that_to_the_peer() -> None:
    assert Row("a", 30.0, "ms", 60, peer=120.0).ratio == 0.25
    assert Row("a", 30.0, "ms", 60).ratio is None
    assert Row("a", 30.0, "ms", 60, peer=0.0).ratio is None


def test_a_figure_without_a_goal_is_neither_good_nor_bad() -> None:
    row = Row("a", 60.0, "ms")
    assert (row.ok, row.ratio, row.verdict) == (None, None, "")


def test_what_could_not_be_measured_does_not_reach_its_goal() -> None:
    row = failed("engine", "apt-get install prometheus")
    assert (row.ok, row.ratio, row.verdict, row.note) == (False, None, "FAILED", "apt-get install prometheus")


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile(list(range(100, 0, -1)), share) == value


def test_few_values_have_percentiles_too() -> None:
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([1.0, 2.0, 3.0], 0.95) == 3.0
    assert median([3.0, 1.0, 2.0]) == 2.0


def test_the_table_says_what_is_over_and_what_failed() -> None:
    text = table([Row("one", 12345.6, "B", 20000), Row("two", 2.0, "s", 1.0, "ab", 4.0), failed("three", "gone")])
    lines = text.splitlines()
    assert lines[0].split() == ["what", "measured", "peer", "goal", "ratio", "verdict", "note"]
    assert lines[1].split() == ["one", "12,346", "B", "-", "20,000", "-", "ok"]
    assert lines[2].split() == ["two", "2", "s", "4", "1", "0.5", "OVER", "2.0x", "ab"]
    assert lines[3].split() == ["three", "-", "-", "-", "-", "FAILED", "gone"]


def test_the_document_is_one_line_of_json_with_every_row() -> None:
    text = document([Row("one", 2.0, "s", 1.0, "ab", 4.0), failed("two", "gone")])
    assert "\n" not in text
    rows = json.loads(text)["rows"]
    assert rows[0] == {
        "name": "one", "measured": 2.0, "unit": "s", "peer": 4.0, "goal": 1.0, "ratio": 0.5, "ok": False,
        "verdict": "OVER 2.0x", "note": "ab",
    }  # fmt: skip
    assert (rows[1]["measured"], rows[1]["ok"]) == (None, False)


def test_cpu_seconds_are_read_past_a_name_with_blanks_and_brackets() -> None:
    numbers = " ".join(str(number) for number in range(4, 53))
    stat = f"7 (a (b) c) S {numbers}"  # utime is field 14, stime 15
    assert cpu_of(stat) == (14 + 15) / TICK


def test_resident_memory_is_read_in_megabytes() -> None:
    assert rss_of("Name:\tx\nVmHWM:\t  9999 kB\nVmRSS:\t  2048 kB\n") == 2.0


def test_wakings_are_the_times_a_thread_went_to_sleep_by_itself() -> None:
    text = "Threads:\t2\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t7\n"
    assert switches_of(text) == 150


def test_bytes_written_are_those_for_the_disk() -> None:
    text = "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 5\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n"
    assert written_of(text) == 4096


def test_this_process_uses_cpu_and_memory() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert rss_mb(os.getpid()) > 1
    assert wakings(os.getpid()) > 0
    assert written(os.getpid()) >= 0


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


def test_a_probe_too_few_or_too_many_is_told() -> None:
    extent = Extent(1000, 10.0, 1.0, 20.0)
    assert extent.expected == 2000
    extent.enough(1801)
    with pytest.raises(OSError, match="1790 probes came in 20 s instead of 2000"):
        extent.enough(1790)
    with pytest.raises(OSError, match="2210 probes came"):
        extent.enough(2210)


@pytest.mark.parametrize(("power", "floor"), [(1, 0.0), (1, 0.3), (2, 0.3)])
def test_an_exponent_is_told_without_what_it_costs_anyhow(power: int, floor: float) -> None:
    costs = {size: floor + 1e-6 * (size - 100) ** power for size in (100, 1000, 10_000)}
    assert exponent(costs) == pytest.approx(power)


def test_what_does_not_grow_has_no_exponent() -> None:
    assert exponent({100: 0.5, 1000: 0.5, 10_000: 0.6}) == 0
    assert exponent({100: 0.5, 1000: 0.6, 10_000: 0.55}) == 0


def test_growth_is_told_size_by_size_with_its_goals() -> None:
    rows = list(judge("validate", {100: 0.3, 1000: 0.5, 10_000: 20.0}))
    assert [row.verdict for row in rows] == ["", "ok", "OVER 5.0x", "OVER 1.7x"]
    assert [row.unit for row in judge("daemon's memory", {100: 38.0, 1000: 44.0})] == ["MB", "MB"]


def test_what_prometheus_says_of_itself_is_read() -> None:
    name = "prometheus_target_interval_length_seconds"
    text = f'# TYPE {name} summary\n{name}{{interval="2s",quantile="0.5"}} 2\n{name}_sum{{interval="2s"}} 4.2e+02\n'
    assert scrapes(f'{text}{name}_count{{interval="2s"}} 1.5e+03\n{name}_count{{interval="10s"}} 3\n') == 1503
    assert scrapes(text) == 0
    assert successes('{"data": {"result": [{"metric": {}, "value": [1.5, "200"]}]}}') == 200
    assert successes('{"data": {"result": []}}') == 0


def test_the_size_of_a_store_is_that_of_all_it_keeps() -> None:
    assert size_after(Keep(samples=86_400), 10, 30.0, 40.0, 0.0, 0.0) == 10 * 2880 * 40
    assert size_after(Keep(samples=0), 10, 30.0, 40.0, 20.0, 10.0) == 10 * (2880 * 20 + 2160 * 10)


def test_the_big_store_is_sound_and_readable(tmp_path: Path) -> None:
    now = 1_800_000_000.0
    path = tmp_path / "store" / "store.db"
    fill(path, samples=600, entries=250, channels=20, now=now)
    reader = Reader(path)
    seen = reader.history("channel-0007.web", 0)
    assert reader.verdict().faults == ()
    assert len(reader.entries()) == 250
    reader.close()
    assert len(seen) == 600 / 20
    assert seen[-1].at - seen[0].at == pytest.approx(86_000, rel=0.05)
    assert {each.sample.detail for each in seen} == {"200 OK"}
    assert gather(path, None, now).incident


def test_a_page_takes_some_bytes_a_row(tmp_path: Path) -> None:
    assert 20 < bytes_of("minutes", tmp_path / "minutes", 20_000) < 60


@pytest.mark.parametrize(("fine", "limit", "spent"), [((7,), 60.0, True), ((0,), 60.0, False)])
def test_a_command_ends_as_it_may(fine: tuple[int, ...], limit: float, spent: bool) -> None:
    argv = [sys.executable, "-c", "raise SystemExit(7)"]
    if spent:
        assert timed(argv, fine, limit)[1] > 0
    else:
        with pytest.raises(OSError, match="ended with status 7"):
            timed(argv, fine, limit)


def test_a_command_that_takes_too_long_is_ended() -> None:
    took, _ = timed([sys.executable, "-c", "import time; time.sleep(60)"], limit=0.2)
    assert 0.2 <= took < 30


def test_a_strange_name_lists_the_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["engines"]) == 2
    assert "there is no benchmark engines; there are: engine, http, handshakes" in capsys.readouterr().err


def test_a_benchmark_brings_its_parts_and_nothing_is_measured_twice() -> None:
    assert bench.chosen(["store"]) == ["store", "journal", "disk"]
    assert bench.chosen(["disk", "store"]) == ["disk", "store", "journal"]
    assert bench.chosen([]) == list(bench.NAMES)


def test_the_list_has_a_line_for_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(bench.NAMES)
    assert all(line.endswith(".") for line in lines)


def test_what_has_no_short_form_is_measured_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.bench import hostile, keys

    monkeypatch.setattr(hostile, "run", lambda: [Row("whole", 1, "")])
    monkeypatch.setattr(keys, "run", lambda *, quick=False: [Row("short" if quick else "long", 1, "")])
    assert [row.name for name in ("hostile", "keys") for row in bench.measure(name, quick=True)] == ["whole", "short"]
    assert [row.name for row in bench.measure("keys")] == ["long"]


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
    for mode, changed in (("idle", 0), ("one", 1), ("busy", 20), ("crowd", 1)):
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
