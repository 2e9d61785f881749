"""RSS and Atom in which a word for a state is contradicted or taken back: never well, though the word is there."""

import pytest
from outagetui.core.model import Outcome
from tests.kit.status_feeds import of

GOOD = str(Outcome.PASS)
OPEN, UNKNOWN = "feed.incident", "feed.word"


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Re-opened: [Resolved] API errors", OPEN),
        ("REOPENED - [Resolved] API errors", OPEN),
        ("[Resolved] API errors - Reopened", OPEN),
        ("[Resolved] API errors: investigating", OPEN),
        ("Investigating: API errors (Resolved)", OPEN),
        ("Resolved: API errors - Monitoring", OPEN),
        ("Resolved - Reopened: API errors", OPEN),
        ("UPDATE: Reopened: [Resolved] API errors", OPEN),
        ("Unresolved - [Fixed] API errors", OPEN),
        ("[Resolved] API errors | Ongoing", OPEN),
        ("Wieder da [Behoben] Anmeldung - Untersuchung", OPEN),
        ("[Completed] Database - In progress", "feed.maintenance"),
        ("Scheduled Maintenance - In Progress: database", "feed.maintenance"),
        ("Performance issues: database [OK]", "feed.degraded"),
        ("Outage: API [Fixed]", GOOD),
        ("Störung: [Behoben] Anmeldung", GOOD),
        ("Wartung: [Abgeschlossen] Datenbank", GOOD),
        ("[Scheduled] [Completed] database", GOOD),
    ],
)
def test_of_two_words_in_a_title_the_one_that_goes_on_counts(title: str, outcome: str) -> None:
    assert of(title) == outcome


@pytest.mark.parametrize(
    "title",
    [
        "Online - payments failing",
        "Online: payments fail",
        "OK: Oklahoma region errors",
        "Available: numbers",
        "Good: bad",
        "Running - jobs get stuck",
        "Normal: not any more",
        "All systems operational: not yet",
        "Verfügbar: nichts",
    ],
)
def test_a_word_for_a_service_that_is_well_counts_alone_and_not_before_a_subject(title: str) -> None:
    assert of(title) == UNKNOWN
    alone = title.partition(":")[0].partition(" - ")[0]
    assert of(alone) == of(f"{alone}.") == of(f"UPDATE: {alone}") == of(f"[{alone}] payments") == GOOD
    assert of(f"{title} (resolved)") == GOOD
    assert of(f"{title} [Investigating]") == OPEN


@pytest.mark.parametrize(
    "behind",
    [
        "Completed (2 of 5)",
        "Completed: 2 of 5",
        "Completed (2/5)",
        "Completed - 2 out of 5 regions",
        "Completed, 3 of 5",
        "Completed on 2 of 5 nodes",
        "Abgeschlossen (2 von 5)",
        "Completado (2 de 5)",
        "Resolved - for EU only. US is still affected.",
        "Resolved - EU only",
        "Resolved - only for EU",
        "Resolved - but the problem is back",
        "Resolved - still looking",
        "Resolved - all but EU",
        "Resolved - partially",
        "Resolved - in all regions except EU",
        "Resolved - again failing",
        "Resolved - The problem is back.",
        "Resolved - EU works, US is still affected.",
        "Resolved - This was said too early, we look again.",
        "Behoben - aber nur im Norden",
    ],
)
def test_what_stands_behind_a_word_takes_it_back(behind: str) -> None:
    assert of("Errors", f"Status: {behind}") == UNKNOWN
    assert of("Errors", f"<b>{behind}</b>") == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "Resolved - All services work again.",
        "Resolved - This only touched customers in one region.",
        "Resolved - The issue is fixed. If you still see errors, please tell us.",
        "Resolved - If you are still affected, please tell us.",
        "Resolved - Users were not able to sign in, but can now.",
        "Resolved - 2026-11-30 10:20 all is well",
        "Status: Resolved (11/30/2026)",
        "Completed - The maintenance is over. 2 of 5 nodes were replaced.",
    ],
)
def test_prose_behind_a_word_takes_nothing_back(text: str) -> None:
    assert of("Errors", text) == GOOD


@pytest.mark.parametrize(
    ("title", "outcome"),
    [
        ("Resolved - but the problem is back", UNKNOWN),
        ("[Resolved] for EU only", UNKNOWN),
        ("Completed: 2 of 5", UNKNOWN),
        ("[Completed] (2 of 5) database", UNKNOWN),
        ("Resolved: Only one region could sign in", GOOD),
        ("Resolved: Partial outage of the API", GOOD),
        ("[Resolved] 2 of 5 servers down", GOOD),
        ("Investigating: 2 of 5", OPEN),
    ],
)
def test_the_subject_of_a_title_takes_nothing_back(title: str, outcome: str) -> None:
    assert of(title) == outcome
