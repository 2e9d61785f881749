"""What RSS and Atom say of incidents, in the ways of many status pages: never well unless it says so."""

import time
from xml.sax.saxutils import escape

import pytest
from outagetui.core.model import Outcome
from tests.kit.status_feeds import MONDAY, atom, item, of, rss, word

GOOD = str(Outcome.PASS)
OPEN, UNKNOWN = "feed.incident", "feed.word"


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Service is operating normally: [RESOLVED] Increased API error rates", GOOD),
        ("Service is operating normally: Increased API error rates", GOOD),
        ("[RESOLVED] Increased API error rates", GOOD),
        ("Informational message: [RESOLVED] Network connectivity", GOOD),
        ("Service disruption: [RESOLVED] Network connectivity", GOOD),
        ("RESOLVED: We have seen raised latency", GOOD),
        ("UPDATE: RESOLVED: raised latency", GOOD),
        ("Resolved - Virtual Machines in one region", GOOD),
        ("Database outage - Resolved", GOOD),
        ("Database outage [Resolved]", GOOD),
        ("Database outage (resolved)", GOOD),
        ("✅ Resolved: database outage", GOOD),
        ("[good] Everything operating normally.", GOOD),
        ("All Systems Operational", GOOD),
        ("Post Incident Review (PIR) – Networking", GOOD),
        ("Preliminary Post Incident Review (PIR) – Networking", GOOD),
        ("RCA - Network infrastructure", GOOD),
        ("Completed: Database move", GOOD),
        ("Behoben: Anmeldung gestört", GOOD),
        ("【復旧】ログイン障害", GOOD),
        ("Informational message: Elevated latencies", "feed.notice"),
        ("Performance issues: Elevated latencies", "feed.degraded"),
        ("Service degradation: Elevated latencies", "feed.degraded"),
        ("Service disruption: Increased API error rates", OPEN),
        ("Service impact: Increased API error rates", OPEN),
        ("UPDATE: We have seen raised latency", OPEN),
        ("INCIDENT: raised latency", OPEN),
        ("INCIDENT 18012: raised latency", OPEN),
        ("SERVICE OUTAGE: mail", OPEN),
        ("Active - Virtual Machines in one region", OPEN),
        ("Investigating - Virtual Machines in one region", OPEN),
        ("Mitigated - Virtual Machines in one region", OPEN),
        ("[Investigating] Database", OPEN),
        ("Outage: Nobody can connect", OPEN),
        ("🔴 Down: website", OPEN),
        ("Störung: Anmeldung", OPEN),
        ("Partially resolved: database", OPEN),
        ("[Unresolved] database", OPEN),
        ("[REOPENED] database", OPEN),
        ("Maintenance: database", "feed.maintenance"),
        ("Scheduled maintenance: database", "feed.maintenance"),
        ("[Maintenance] [Completed] database", GOOD),
        ("[Resolved] [Reopened] database", OPEN),
        ("[Resolved] [EU] database", GOOD),
        ("Resolved?", UNKNOWN),
        ("Incident resolved: database", GOOD),
        ("Our new office", UNKNOWN),
        ("", UNKNOWN),
        ("Increased API error rates", UNKNOWN),
        ("Not yet resolved: database", UNKNOWN),
        ("Service is operating normally in most regions: database", UNKNOWN),
        ("Unresolved problems with the resolved incident", UNKNOWN),
        ("[NOT RESOLVED YET] database", UNKNOWN),
        ("Resolved for some customers: database", UNKNOWN),
        ("Problème: base de données", UNKNOWN),
        ("Vyřešeno: databáze", UNKNOWN),
    ],
)
def test_a_title_says_how_it_stands(title: str, outcome: str) -> None:
    assert of(title) == outcome
    assert word(atom(f"<entry><title>{escape(title)}</title><id>1</id></entry>")) == outcome


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("<b>Status: Resolved</b><br/><br/>All is well.<br/><ul><li>Login (Operational)</li></ul>", GOOD),
        ("<b>Status: Investigating</b><br/><br/>We look into it.<ul><li>Login (Full outage)</li></ul>", OPEN),
        ("Some words first. Status: Resolved", GOOD),
        ("Some words first. Status: Monitoring. More words.", OPEN),
        ("<p>Current status: <strong>Resolved</strong></p>", GOOD),
        ("<table><tr><th>Status</th><td>Resolved</td></tr></table>", GOOD),
        ("<table><tr><th>Status</th><td>Identified</td></tr></table>", OPEN),
        ("<dl><dt>Status</dt><dd>Resolved</dd></dl>", GOOD),
        ("Type: Fault report<br>Status: Resolved<br>Start: 2026-11-30 08:00", GOOD),
        ("Type: Fault report<br>Status: In progress<br>Start: 2026-11-30 08:00", "feed.maintenance"),
        ("Status - Resolved", GOOD),
        ("STATUS : RESOLVED", GOOD),
        ("Status: Operational", GOOD),
        ("Status: Degraded performance", "feed.degraded"),
        ("Status: Major outage", "feed.major-outage"),
        ("Status: Partial outage", "feed.partial-outage"),
        ("Status: Behoben", GOOD),
        ("Status: RESOLVED ✅", GOOD),
        ("Status: 🟢 Operational", GOOD),
        ("Status: Resolved?", UNKNOWN),
        ("Status: **Resolved**", GOOD),
        ("**Status:** Resolved", GOOD),
        ("**Status:** Investigating", OPEN),
        ("Status | Resolved", GOOD),
        ("<b>Status</b> Resolved", GOOD),
        ("<b>Status</b> Monitoring", OPEN),
        ("<b>Status</b> update for you", UNKNOWN),
        ("**Resolved** - Done.", GOOD),
        ("### Resolved", GOOD),
        ("Resolved, 10:20 UTC - Done.", GOOD),
        ("［解決］ 終わりました", GOOD),
        ("Estado: Resuelto", GOOD),
        ("ステータス：解決済み", GOOD),
        ("ステータス：調査中", OPEN),
        ("Status: Resolved (10:00 UTC)", GOOD),
        ("Status: Resolved at 10:00 UTC", GOOD),
        ("Status: Resolved - all is well", GOOD),
        ("Status: Unresolved", OPEN),
        ("Status: Not resolved", OPEN),
        ("Status: Not yet resolved", UNKNOWN),
        ("Status: Resolved (partially)", UNKNOWN),
        ("Status: Resolved in one region", UNKNOWN),
        ("Status: Resolved, monitoring", UNKNOWN),
        ("Status: Pondering", UNKNOWN),
        ("Status: Vyřešeno", UNKNOWN),
        ("Status: <br>Affected: everything", UNKNOWN),
        ("Previous status: Resolved<br>Current status: Ongoing", OPEN),
        ("Previous status: Resolved. Current status: Ongoing", OPEN),
        ("Current status: Ongoing<br>Previous status: Resolved", OPEN),
        ("Previous status: Investigating<br>Current status: Resolved", GOOD),
        ("Old state: Resolved | New state: Investigating", OPEN),
        ("Vorheriger Status: Behoben<br>Aktueller Status: In Prüfung", OPEN),
        ("Target status: Resolved", UNKNOWN),
        ("Expected state: Resolved at 18:00", UNKNOWN),
        ("Planned incident status: Completed", UNKNOWN),
        ("Nächster Status: Behoben", UNKNOWN),
        ("Próximo estado: Resuelto", UNKNOWN),
        ("Resolved - for Europe; America is still down.", UNKNOWN),
        ("Resolved - All is well. If you are still affected, write to us.", GOOD),
        ("Status: Operational (degraded in Europe)", UNKNOWN),
        ("<b>Resolved</b> (monitoring)", UNKNOWN),
        ("Status: Resolved (ETA)", UNKNOWN),
        ("Status: Behoben (vorläufig)", UNKNOWN),
        ("<b>Resolved</b> - Duplicate of another incident.", UNKNOWN),
        ("<b>Resolved</b> - This was marked resolved by mistake.", UNKNOWN),
        ("<b>Resolved</b> - Marked as resolved in error; we look again.", UNKNOWN),
        ("<b>Resolved</b> - A certificate was deleted by mistake and is there again.", GOOD),
        ("<s>Resolved - done</s><br>Investigating - again", OPEN),
        ("<del><b>Status:</b> Resolved</del> <b>Status:</b> Investigating", OPEN),
        ("<span>Status:</span> <strong>Resolved</strong>", GOOD),
        ("<b>Resolved</b> at 10:00<br><b>Re-opened</b> at 12:00", OPEN),
        ("<b>Re-opened</b> at 12:00<br><b>Resolved</b> at 10:00", OPEN),
        ("10:00 - Resolved<br>12:00 - Investigating", OPEN),
        ("10:00 Investigating - x<br>12:00 Resolved - x", GOOD),
        ("(9:30 AM) Resolved - x<br>(1:15 PM) Investigating - again", OPEN),
        ("00:10 - Resolved - x<br>23:50 - Investigating - x", GOOD),  # the newest first, across midnight
        ("The issue has been resolved.", UNKNOWN),
        ("We are <b>resolved</b> to mend it.", UNKNOWN),
        ("It is <b>not</b> <b>Resolved</b>", UNKNOWN),
        ("Resolved: no", UNKNOWN),
        ("Fixed: 50 %", UNKNOWN),
        ("Completed - pending review", UNKNOWN),
        ("<b>Affected components</b><ul><li>Login</li><li>Operational</li></ul>", UNKNOWN),
        ("<b>Affected components</b><br>Login: Status: Operational", UNKNOWN),
        ("Login status: Operational", UNKNOWN),
        ("<p><small>Nov 30, 14:18 UTC</small><br><strong>Resolved</strong> - Done.</p>", GOOD),
        ("<p><small>Nov 30, 14:18 UTC</small> <strong>Resolved</strong> - Done.</p>", GOOD),
        ("<p>2026-11-30T14:18:00Z Resolved: done</p>", GOOD),
        ("<p>30 Nov 2026 14:18 CET [Resolved] done</p>", GOOD),
        ("<h3>Resolved</h3><p>Done.</p><h3>Investigating</h3><p>We look.</p>", GOOD),
        ("<strong>RESOLVED</strong> – Done.", GOOD),
        ("<strong>Wiederhergestellt</strong> - Alles gut.", GOOD),
        ("<strong>Résolu</strong> - C'est fini.", GOOD),
        ("<strong>Reopened</strong> - It is back.<br><strong>Resolved</strong> - Done.", OPEN),
        ("<strong>Znovu otevřeno</strong> - Je to zpět.<br><strong>Resolved</strong> - Done.", UNKNOWN),
        ("Nov 30, 15:00 UTC<br><b>Worse</b><br>Nov 30, 14:00 UTC<br><b>Resolved</b> - Done.", UNKNOWN),
        ("<strong>Worse</strong> - Oh.<br><strong>Identified</strong> - Found.", OPEN),
        ("<strong>Update</strong> - Still at it.", OPEN),
        ("<strong>Update</strong> - Done.<br><strong>Resolved</strong> - Done.", GOOD),
        ("<strong>Scheduled</strong> - We will move a database.", GOOD),
        ("<strong>THIS IS A SCHEDULED EVENT Nov 30, 10:00 - 12:00 UTC</strong><br><b>Scheduled</b> - x", GOOD),
        (
            "<strong>THIS IS A SCHEDULED EVENT Nov 30, 10:00 - 12:00 UTC</strong><br><b>In progress</b> - x",
            "feed.maintenance",
        ),
        ("Scheduled: 2026-11-30 10:00<br>Status: In progress", "feed.maintenance"),
        ("Investigating: 08:00<br>Resolved: 09:00", UNKNOWN),
        # The oldest first, as their times say.
        ("Nov 30, 10:00 UTC<br>Investigating - x<br>Nov 30, 11:00 UTC<br>Resolved - x", GOOD),
        ("Nov 30, 10:00 UTC<br>Resolved - x<br>Nov 30, 11:00 UTC<br>Investigating - again", OPEN),
        ("Nov 30, 1:00 PM PST<br>Investigating - again<br>Nov 30, 10:00 AM PST<br>Resolved - x", OPEN),
        ("Nov 30, 2026 10:00AM<br>Investigating - x<br>Nov 30, 2026 1:00PM<br>Resolved - x", GOOD),
        ("30 Nov 2026 10:00 UTC - Investigating - x<br>30 Nov 2026 11:00 UTC - Resolved - x", GOOD),
        ("30.11.2026, 10:00 Uhr: Resolved - x<br>30.11.2026, 11:00 Uhr: Investigating - again", OPEN),
        ("30. Dezember 2026 10:00 Uhr<br>Behoben - x<br>31. Dezember 2026 11:00 Uhr<br>Untersuchung - x", OPEN),
        ("2026-01-30 10:00 Resolved: x<br>2026-12-30 11:00 Investigating: again", OPEN),
        ("Jan 1, 01:00 UTC<br>Resolved - x<br>Dec 31, 23:00 UTC<br>Investigating - x", GOOD),
        ("Status: Resolved<br>Investigating - x", GOOD),
        ("<p>The issue has been partially\nresolved.</p>", UNKNOWN),
        ("The issue has been partially\nresolved.", UNKNOWN),
        ("The issue has been partially\nresolved - more later", UNKNOWN),
        ("<p>\n<strong>\nResolved\n</strong>\n- Done.</p>", GOOD),
        ("Resolved - Done.\nInvestigating - We look.", GOOD),
        ("[resolved] Done.", GOOD),
        ("Update: Resolved - Done.<br>Investigating - x", GOOD),
        ("Update - Resolved - Done.", GOOD),
        ("<div><span>Resolved</span> <span>10:20 UTC</span></div><p>Done.</p>", GOOD),
        ("Resolved 3 of 5 problems", UNKNOWN),
        ("<table><tr><td>Scheduled</td><td>Nov 30, 10:00 UTC</td></tr></table>In progress - x", "feed.maintenance"),
        ("<table><tr><td>Scheduled</td><td>Nov 30, 10:00 UTC</td></tr></table>Completed - x", GOOD),
        ("<ul><li>API - Operational</li><li>Mail - Operational</li></ul>Resolved - Done.", GOOD),
        ("<ul><li>API - Resolved</li></ul>", UNKNOWN),
        ("Summary - Mail was late.<br>Resolved - Done.", GOOD),
        ("Status<br>Pondering<br>Resolved - Done.", UNKNOWN),
        ("Investigating - x<br>Status: Resolved", OPEN),
    ],
)
def test_a_text_says_how_it_stands(text: str, outcome: str) -> None:
    assert of("Elevated errors at sign-in", text) == outcome
    more = f"<content:encoded><![CDATA[{text}]]></content:encoded>"
    assert word(rss(item("Elevated errors at sign-in", more=more))) == outcome
    for field in ("content", "summary"):
        entry = f'<entry><title>x</title><id>1</id><{field} type="html">{escape(text)}</{field}></entry>'
        assert word(atom(entry)) == outcome


def test_a_title_whose_end_is_not_seen_is_never_well() -> None:
    assert of(f"[Resolved] database {'x' * 600}") == UNKNOWN
    assert of(f"[Investigating] database {'x' * 600}") == OPEN


@pytest.mark.parametrize(
    "piece",
    ["1", "a", "-", "!", "(", "[", "[a", "(a)", ":", "resolved", "status: ", "update: ", "Jan 1 ", "_", "?", "【"],
)
@pytest.mark.parametrize("start", ["", "resolved ", "Status: ", "Status: resolved (", "incident ", "(", "["])
def test_no_text_takes_long_to_be_read(start: str, piece: str) -> None:
    text = start + piece * (15_000 // len(piece)) + "x"
    begun = time.thread_time()
    of(text)
    of("x", text)
    assert time.thread_time() - begun < 0.5


def test_xhtml_is_read_as_html_is() -> None:
    content = '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p><small>Nov 30, 9:00 UTC</small><br/>'
    for told, outcome in (("Resolved", GOOD), ("Identified", OPEN)):
        entry = f"<entry><title>x</title>{content}<strong>{told}</strong> - a &lt;b&gt; c</p></div></content></entry>"
        assert word(atom(entry)) == outcome


def test_texts_go_before_the_title_and_the_worse_of_two_texts_counts() -> None:
    assert of("Investigating: database", "<b>Resolved</b> - Done.") == GOOD
    assert of("[Resolved] database", "<b>Investigating</b> - It is back.") == OPEN
    both = item("x", "Status: Resolved", more="<content:encoded>Status: Investigating</content:encoded>")
    assert word(rss(both)) == OPEN


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ("<status>Resolved</status>", GOOD),
        ("<status>Available</status>", GOOD),
        ("<status>Degraded</status>", "feed.degraded"),
        ("<status>ServiceInterruption</status>", OPEN),
        ("<status>serviceOperational</status>", GOOD),
        ("<status>partial_outage</status>", "feed.partial-outage"),
        ("<status>Splendid</status>", UNKNOWN),
        ("<state>Open</state>", OPEN),
        ("<category>Resolved</category>", GOOD),
        ("<category>Database</category>", UNKNOWN),
        ("<category>Database</category><category>Monitoring</category>", OPEN),
        ("<media:status>Resolved</media:status>", UNKNOWN),
    ],
)
def test_elements_that_say_it_count(more: str, outcome: str) -> None:
    assert word(rss(item("Database", "Words.", more=more))) == outcome


def test_the_newest_of_several_items_of_one_incident_counts() -> None:
    old, new = MONDAY, "Mon, 30 Nov 2026 10:00:00 GMT"
    over = item("x", "Status: Resolved", guid="a", date=new)
    again = item("x", "Status: Investigating", guid="a", date=old)
    assert word(rss(over, again)) == word(rss(again, over)) == GOOD
    worse = item("x", "Status: Investigating", guid="a", date="Mon, 30 Nov 2026 11:00:00 GMT")
    assert word(rss(over, worse)) == word(rss(worse, over)) == OPEN
    for date in ("", "yesterday", new, "Thu, 01 Jan 2037 00:00:00 GMT"):  # which do not tell
        assert (
            word(
                rss(
                    item("x", "Status: Resolved", guid="a", date=date),
                    item("x", "Status: Investigating", guid="a", date=date),
                )
            )
            == OPEN
        )
    far = item("x", "Status: Resolved", guid="a", date="Thu, 01 Jan 2037 00:00:00 GMT")
    assert word(rss(far, again)) == OPEN


def test_updates_that_are_items_of_their_own_belong_together_by_their_titles() -> None:
    first = item("Service disruption: API errors", guid="#ec2_1", date="Fri, 14 Jan 2022 06:44:00 PST")
    last = item(
        "Service is operating normally: [RESOLVED] API errors", guid="#ec2_2", date="Fri, 14 Jan 2022 14:44:00 PST"
    )
    assert word(rss(last, first)) == word(rss(first, last)) == GOOD
    assert word(rss(first, last, item("Service disruption: DNS", guid="#ec2_3"))) == OPEN
    back = item("Service disruption: API errors", guid="#ec2_4", date="Sat, 15 Jan 2022 02:00:00 PST")
    assert word(rss(last, first, back)) == OPEN


def test_updates_that_are_items_of_their_own_belong_together_by_the_page_of_their_incident() -> None:
    base = "https://status.example.com/incidents/98765"
    first = item("Database slow", "Status: Investigating", guid=f"{base}#update-1", link=base)
    last = item(
        "Database errors", "Status: Resolved", guid=f"{base}#update-2", link=base, date="Mon, 30 Nov 2026 10:00:00 GMT"
    )
    assert word(rss(last, first)) == word(rss(first, last)) == GOOD
    other = item("Database slow", "Status: Investigating", guid="https://status.example.com/incidents/98766#update-1")
    assert word(rss(last, first, other)) == OPEN
    shared = "https://status.example.com/en/status/"
    first = item("UPDATE: Database slow", guid="tag:1.1", link=shared)
    last = item("RESOLVED: Mail late", guid="tag:2.1", link=shared, date="Mon, 30 Nov 2026 10:00:00 GMT")
    assert word(rss(last, first)) == OPEN
    base = "https://status.example.com/incidents/B1hD4KAtcx"
    first = item("UPDATE: We see an issue with mail", guid="tag:1.1", link=base)
    last = item("RESOLVED: Global: Mail late", guid="tag:1.2", link=base, date="Mon, 30 Nov 2026 10:00:00 GMT")
    assert word(rss(last, first)) == GOOD


def test_another_incident_of_the_same_title_stays_open() -> None:
    first = item("Late mail", "Status: Investigating", guid="a", link="https://status.example.com/a")
    second = item(
        "Late mail",
        "Status: Resolved",
        guid="b",
        link="https://status.example.com/b",
        date="Mon, 30 Nov 2026 11:00:00 GMT",
    )
    assert word(rss(first, second)) == OPEN


def test_one_item_that_is_not_understood_is_enough_and_an_open_one_is_more() -> None:
    well, strange, bad = (item(f"{n}", f"Status: {n}", guid=n) for n in ("Resolved", "Pondering", "Investigating"))
    assert word(rss(well, strange)) == UNKNOWN
    assert word(rss(well, strange, bad)) == OPEN
    assert word(rss(*[item("x", "Status: Resolved", guid=str(n)) for n in range(400)], bad)) == OPEN
    assert word(rss(*[item("x", "Status: Resolved", guid=str(n)) for n in range(1001)])) == "feed.unreadable"


def test_a_maintenance_that_is_still_to_come_is_no_trouble() -> None:
    assert word(rss(item("Scheduled maintenance: database", date="Tue, 01 Dec 2026 09:00:00 GMT"))) == GOOD
    assert word(rss(item("Scheduled maintenance: database", date=MONDAY))) == "feed.maintenance"
    assert word(rss(item("Database", "Status: Scheduled", date="Tue, 01 Dec 2026 09:00:00 GMT"))) == GOOD
    assert word(rss(item("Database", "Status: Investigating", date="Tue, 01 Dec 2026 09:00:00 GMT"))) == OPEN


def test_only_what_touches_a_component_counts_and_what_was_cut_off_might() -> None:
    bad = item("Mail is late", "Status: Investigating")
    assert word(rss(bad), "calls") == GOOD
    assert word(rss(bad), "MAIL") == OPEN
    long = item("Mail is late", "Status: Investigating<br>" + "x" * 20_000 + " calls")
    assert word(rss(long), "calls") == OPEN
    late = item("Mail is late", "x" * 20_000 + "<br>Status: Resolved")
    assert word(rss(late)) == UNKNOWN


@pytest.mark.parametrize(
    ("words", "outcome"),
    [(("resolved", "investigating"), OPEN), (("investigating", "resolved"), OPEN), (("mail", "resolved"), GOOD)],
)
def test_of_categories_the_one_that_is_not_well_counts(words: tuple[str, ...], outcome: str) -> None:
    assert word(rss(item("Mail", more="".join(f"<category>{each}</category>" for each in words)))) == outcome
