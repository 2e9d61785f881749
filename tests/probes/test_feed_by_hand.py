"""RSS and Atom as people write them by hand, both ways: what is over is well, what may not be over never is."""

import time

import pytest
from outagetui.core.model import Outcome
from tests.kit.status_feeds import item, of, rss, word

GOOD = str(Outcome.PASS)


@pytest.mark.parametrize(
    "title",
    [
        "[RESOLVED] Increased Error Rates and Latencies",
        "Service is operating normally: [RESOLVED] Increased Error Rates",
        "RESOLVED: incident 24001 - Cloud Storage errors",
        "RESOLVED: We've received a report of an issue with Cloud SQL",
        "Resolved: Gmail delivery delays",
        "Fixed: outage of the API",
        "[Fixed] API",
        "Fixed",
        "Fixed: network outage in Berlin",
        "[Completed] Scheduled maintenance db",
        "Scheduled Maintenance: database - Completed",
        "Maintenance completed",
        "Cancelled: database maintenance",
        "Postponed: upgrade of core routers",
        "Behoben: Störung der Anmeldung",
        "[Behoben] Telefonie",
        "Wartung abgeschlossen",
        "Abgeschlossen: Wartung der Datenbank",
        "Résolu : panne du courrier",
        "Résolu: connexion impossible",
        "Resuelto: fallo de correo",
        "Resolvido: falha de rede",
        "Risolto: guasto della rete",
        "Opgelost: storing e-mail",
        "Rozwiązane: awaria poczty",
        "Решено: почта",
        "【解決済み】ログイン障害",
        "解決済み: ログイン障害",
        "已解决：登录问题",
        "해결됨: 로그인 문제",
        "Login problems (fixed)",
        "Login problems - Resolved",
        "Login problems — Fixed",
        "✅ [Resolved] Slow e-mail",
        "🟢 Resolved - Slow e-mail",
        "Incident resolved",
        "Issue resolved: slow mail",
        "All systems operational",
        "Post-mortem: outage of 12 November",
        "RCA: outage of 12 November",
        "Resolved: Users still see old avatars",
        "Resolved: monitoring dashboards slow",
        "Closed: incident with DNS",
        "Solved: mail is not delivered",
        "Restored: mail service",
        "Recovered: API",
    ],
)
def test_a_title_that_plainly_says_so_is_well(title: str) -> None:
    assert of(title) == GOOD


@pytest.mark.parametrize(
    "title",
    [
        "Fixed: lines",
        "Fixed - line telephony",
        "Fixed lines",
        "Fixed: wireless",
        "Fixed: network",
        "Fixed: internet access",
        "Fixed: price change",
        "Upcoming - x",
        "Upcoming: maintenance",
        "Planned: outage",
        "Planned - power cut",
        "Scheduled: emergency maintenance now",
        "Scheduled - in progress",
        "Scheduled: has started",
        "Scheduled: under way",
        "[Scheduled] emergency maintenance now",
        "[Upcoming] maintenance has begun",
        "Emergency maintenance",
        "Emergency maintenance - Scheduled",
        "emergency maintenance now (scheduled)",
        "Geplant: läuft bereits",
        "Agendado: em andamento",
        "Resolved: EU, US ongoing",
        "Resolved: EU; investigating: US",
        "Resolved in EU; US pending",
        "Resolved for EU: US follows",
        "Resolved (partially): mail",
        "Resolved / Monitoring",
        "Resolved & monitoring",
        "Resolved, monitoring",
        "Resolved → Investigating",
        "Resolved: EU / Monitoring: US",
        "Resolved: EU | Monitoring: US",
        "Resolved EU, monitoring US",
        "EU resolved, US monitoring",
        "EU: resolved, US: monitoring",
        "[Resolved EU] US monitoring",
        "Resolved - EU - Monitoring - US",
        "Resolved: EU. Monitoring: US",
        "Resolved: EU + Monitoring: US",
        "Resolved: EU and monitoring: US",
        "Resolved: EU but not US",
        "Resolved: EU, not US",
        "Resolved: everything except US",
        "Resolved: all regions except US",
        "Resolved: only EU",
        "Resolved?: mail",
        "Resolved? Mail",
        "Not resolved",
        "Almost resolved: mail",
        "To be resolved: mail",
        "Being resolved: mail",
        "Will be fixed: mail",
        "Fix: mail",
        "Fixing: mail",
        "Fixed soon: mail",
        "Fixed by tomorrow: mail",
        "Closed: lines",
        "Closed - office in Berlin",
        "Cancelled: tickets",
        "Canceled: subscription",
        "Completed: 50 %",
        "Completed: step 1 of 3",
        "Completed: phase 1 of 3",
        "Completed (phase 1)",
        "Complete outage",
        "Complete outage: mail",
        "Complete: outage",
        "Completed orders fail",
        "Completed: no",
        "Restored partially: mail",
        "Partially restored: mail",
        "Restored: partially",
        "Restored: some customers",
        "Behoben: teilweise",
        "Behoben: nur EU",
        "Teilweise behoben: Mail",
        "Behoben in EU, US wird beobachtet",
        "Behoben: EU, Beobachtung: US",
        "Résolu partiellement",
        "Résolu : partiellement",
        "Résolu en Europe, surveillance aux US",
        "Résolu: EU, surveillance: US",
        "Resuelto: UE, monitoreando: EE. UU.",
        "Operational: EU, Degraded: US",
        "Operational in EU",
        "Operational - EU",
        "Degraded: mail",
        "OK computer",
        "Up: to 50 % of calls fail",
        "Up and down",
        "Good morning",
        "Normal service is not available",
        "Running late",
        "Available soon",
        "Monitoring: mail",
        "Watching: mail",
        "Identified: mail",
        "Update: mail",
    ],
)
def test_a_title_that_may_mean_something_else_is_never_well(title: str) -> None:
    assert of(title) != GOOD


@pytest.mark.parametrize(
    "text",
    [
        "Resolved - EU<br>Monitoring - US",
        "<b>Resolved</b> EU<br><b>Monitoring</b> US",
        "Resolved: Frankfurt<br>Investigating: London",
        "Resolved - eu-west-1<br>Monitoring - us-east-1",
        "Resolved - eu-west-1 and eu-west-2<br>Monitoring - us-east-1",
        "Resolved (EU)<br>Monitoring (US)",
        "[Resolved] EU<br>[Monitoring] US",
        "[Resolved] Europe [Monitoring] America",
        "Resolved - EU | Monitoring - US",
        "Resolved - EU, Monitoring - US",
        "Resolved - EU / Monitoring - US",
        "Resolved - EU; Monitoring - US",
        "Resolved - EU. Monitoring - US.",
        "EU - Resolved<br>US - Monitoring",
        "EU: resolved<br>US: still monitoring",
        "<ul><li>EU: Resolved</li><li>US: Monitoring</li></ul>",
        "<table><tr><td>EU</td><td>Resolved</td></tr><tr><td>US</td><td>Monitoring</td></tr></table>",
        "<p>Resolved</p><ul><li>EU</li></ul><p>Monitoring</p><ul><li>US</li></ul>",
        "Status: Resolved<br>EU: Operational<br>US: Degraded performance",
        "Status: Resolved - EU<br>Status: Monitoring - US",
        "Status EU: Resolved<br>Status US: Monitoring",
        "EU status: Resolved<br>US status: Monitoring",
        "Resolved - all is well in EU; US is still being monitored.",
        "Resolved - EU is fine. The US is being monitored.",
        "Resolved - Europe is fine, America is not.",
        "Resolved - Mail works. Calls are still down.",
        "Resolved - Mail works.<br>Calls are still affected.",
        "Resolved<br>EU fine. US region remains degraded.",
        "Behoben - EU<br>Beobachtung - US",
        "Behoben - Nord<br>Untersuchung - Süd",
        "Behoben - Der Norden geht wieder, der Süden ist weiterhin gestört.",
        "Résolu - Europe<br>Surveillance - Asie",
        "Resuelto - Europa<br>Investigando - Asia",
        "解決 - EU<br>監視中 - US",
        "Completed - EU<br>In progress - US",
        "Completed - Phase 1<br>In progress - Phase 2",
        "Operational - EU<br>Degraded - US",
        "Scheduled - emergency maintenance now",
        "Scheduled - has started",
        "Geplant - läuft",
        "Upcoming - begins now",
        "Fixed: lines",
        "Fixed - network",
        "Status: Fixed lines",
        "Resolved, but we keep monitoring US.",
        "Resolved in EU.",
        "Resolved for most customers.",
        "Resolved - most customers",
        "Resolved - mostly",
    ],
)
def test_what_goes_on_in_one_region_is_never_well(text: str) -> None:
    assert of("Errors", text) != GOOD


@pytest.mark.parametrize(
    "text",
    [
        "Resolved - This incident has been resolved.",
        "Resolved - We have seen no errors for an hour. We will continue to monitor.",
        "Resolved - Europe and America work again.",
        "Resolved - All regions work again. We are still investigating the root cause.",
        "Resolved - EU<br>Resolved - US<br>Monitoring - We monitor.",
        "Resolved - EU<br>Resolved - US",
        "Resolved - EU<br>Monitoring - EU<br>Investigating - EU",
        (
            "<p><small>Nov 30, 14:18 UTC</small><br><strong>Resolved</strong> - "
            "This incident has been resolved.</p><p><small>Nov 30, 13:18 UTC</small><br>"
            "<strong>Monitoring</strong> - A fix has been implemented and we are monitoring the results.</p>"
            "<p><small>Nov 30, 12:18 UTC</small><br><strong>Identified</strong> - "
            "The issue has been identified.</p>"
        ),
        (
            "<p><small>Nov 30, 14:18 UTC</small><br><strong>Completed</strong> - "
            "The scheduled maintenance has been completed.</p><p><small>Nov 30, 13:18 UTC</small><br>"
            "<strong>In progress</strong> - "
            "Scheduled maintenance is currently in progress. We will provide updates as necessary.</p>"
            "<p><small>Nov 20, 12:18 UTC</small><br><strong>Scheduled</strong> - "
            "We will be down now and then.</p>"
        ),
        (
            "<b>Status: Resolved</b><br/><br/>"
            "All is well. Some customers may still see old mail for an hour.<br/>"
            "<ul><li>Login (Operational)</li></ul>"
        ),
        "Resolved - If mail is still delayed, please tell us.",
        "Resolved - Users were still able to log in.",
        "Resolved - Customers who are still affected should contact us.",
        "Resolved<br>Duration: 2 hours<br>Severity: Major<br>Impact: Minor",
        "Behoben - Alle Dienste laufen wieder.",
        "Résolu - Tout fonctionne.",
        "Resolved - Done<br>Monitoring - Fix deployed",
        "Resolved - The monitoring system was at fault.",
        "Resolved - We moved the US region to other servers.",
        "Status: Fixed",
        "Fixed - We replaced the router.",
        "Fixed - The network works again.",
        "Scheduled - We will replace two routers. Mail will be down for a minute.",
        "Scheduled - Users will see an outage of some minutes.",
        "Scheduled - On Dec 5 we replace routers, which starts at 10:00.",
    ],
)
def test_a_text_that_plainly_says_so_is_well(text: str) -> None:
    assert of("Errors", text) == GOOD


@pytest.mark.parametrize(
    "title", ["Upcoming - database", "Scheduled: database", "[Scheduled] database", "Geplant: Umzug"]
)
def test_what_is_planned_is_well_only_while_it_lies_ahead(title: str) -> None:
    assert of(title) == "feed.maintenance"
    assert word(rss(item(title, date="Tue, 01 Dec 2026 12:00:00 GMT"))) == GOOD
    assert of(title, "We move it on 5 December 2026 at 10:00 UTC.") == GOOD
    assert of(title, "We move it on 30 November 2026 at 10:00 UTC.") == "feed.maintenance"
    assert word(rss(item(f"{title} has begun", date="Tue, 01 Dec 2026 12:00:00 GMT"))) == "feed.maintenance"
    assert of(f"{title} (completed)") == GOOD


@pytest.mark.parametrize(
    "piece", ["EU, ", "still ", "monitoring, ", "only ", "US/", "a-", "is ", "and EU ", "some ", "A "]
)
@pytest.mark.parametrize("start", ["Resolved - ", "Resolved: ", "Scheduled - ", "Fixed: "])
def test_no_list_of_regions_takes_long_to_be_read(start: str, piece: str) -> None:
    text = start + piece * (15_000 // len(piece)) + "x"
    begun = time.thread_time()
    of(text)
    of("x", text)
    assert time.thread_time() - begun < 0.5
