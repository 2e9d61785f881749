"""Whatever is missing, renamed or of another type in a feed that was well: never well because of it."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from outagetui.core.model import Outcome
from outagetui.core.probe_options import FeedFormat
from outagetui.probes.feeds import Unreadable, read

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
Path_ = tuple[str | int, ...]

# Of each feed that is well: the keys by which it is so.
WELL: dict[str, tuple[FeedFormat, set[str]]] = {
    "statuspage-operational.json": (
        "statuspage",
        {"status", "indicator", "components", "incidents", "scheduled_maintenances"},
    ),
    "slack-ok.json": ("slack", {"status", "active_incidents"}),
    "google-closed.json": ("google", {"begin", "end"}),
    "instatus-up.json": ("instatus", {"status"}),
    "betterstack-operational.json": ("betterstack", {"data", "attributes", "aggregate_state", "included"}),
    "cachet-v1-good.json": ("cachet", {"data", "status", "meta", "pagination", "total_pages"}),
    "cachet-v2-status.json": ("cachet", {"data", "status", "message"}),
    "uptime-kuma-up.json": ("uptime-kuma", {"heartbeatList", "status"}),
    "gatus-up.json": ("gatus", {"results", "success", "key"}),
}
EMPTY = ("components", "incidents", "scheduled_maintenances")  # may be, where no component is named
JUNK: tuple[object, ...] = (None, "", "x", "zzz", -1, 0, 7.5, True, [], {}, ["x"], {"x": "y"}, [None], [[]])


def outcome(document: object, form: FeedFormat, components: tuple[str, ...] = ()) -> Outcome | None:
    try:
        return read(json.dumps(document).encode(), form, components).outcome
    except Unreadable:
        return None


def paths(value: object, path: Path_ = ()) -> Iterator[Path_]:
    """Where everything in a document is."""
    if path:
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*path, key))


def without(document: Any, path: Path_) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def replaced(document: Any, path: Path_, value: object) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", WELL)
def test_what_makes_a_feed_well_has_to_be_there(name: str) -> None:
    form, keys = WELL[name]
    document = json.loads((FEEDS / name).read_bytes())
    assert outcome(document, form) is Outcome.PASS
    for path in paths(document):
        if path[-1] not in keys or older(name, path):
            continue
        assert outcome(without(document, path), form) is not Outcome.PASS, path
        renamed = replaced(without(document, path), (*path[:-1], f"{path[-1]}_"), at(document, path))
        assert outcome(renamed, form) is not Outcome.PASS, path
        for value in JUNK:
            if value == at(document, path) or (path[-1] in EMPTY and value == []):
                continue
            if path[-1] in ("begin", "key", "message") and isinstance(value, str) and (value or path[-1] != "message"):
                continue
            assert outcome(replaced(document, path, value), form) is not Outcome.PASS, (path, value)


def at(document: Any, path: Path_) -> Any:
    for key in path:
        document = document[key]
    return document


def older(name: str, path: Path_) -> bool:
    """Whether it is part of what no longer counts: an older beat, a report that is over, a part nobody looks at."""
    if name.startswith("uptime"):
        return path[0] != "heartbeatList" or len(path) > 2
    if name.startswith("gatus"):
        return "conditionResults" in path or "events" in path or (path[1:2] == ("results",) and path[2:3] == (0,))
    if name.startswith("betterstack"):
        return path[0] == "included" and len(path) > 1
    if name.startswith("instatus"):
        return path[0] != "page"
    if name.startswith("statuspage"):
        return len(path) > 1 and path[-1] == "components"  # of a group
    if name.startswith("cachet"):
        return path[0] == "data" and path[-1] == "meta"
    return False


@pytest.mark.parametrize("name", ["rss-resolved.xml", "atom-resolved.xml"])
def test_no_element_of_a_feed_can_go_and_leave_it_well_but_for_what_says_nothing(name: str) -> None:
    tree = ElementTree.fromstring((FEEDS / name).read_bytes())
    parents = {child: parent for parent in tree.iter() for child in parent}
    for child, parent in parents.items():
        local = child.tag.rpartition("}")[2]
        place = list(parent).index(child)
        in_entry = parent.tag.rpartition("}")[2] in ("item", "entry")
        bears = local in ("channel",) or (in_entry and local in ("description", "content"))
        bears = bears or (local == "title" and not in_entry)
        parent.remove(child)
        try:
            said: Outcome | None = read(ElementTree.tostring(tree)).outcome
        except Unreadable:
            said = None
        assert (said is not Outcome.PASS) or not bears, local
        parent.insert(place, child)


@pytest.mark.parametrize("name", [*WELL, "instatus-components.json", "cachet-v3.json"])
@pytest.mark.parametrize("form", [form for form, _ in WELL.values()])
def test_the_feed_of_another_provider_is_never_well(name: str, form: FeedFormat) -> None:
    if not name.startswith(form):
        assert outcome(json.loads((FEEDS / name).read_bytes()), form) is not Outcome.PASS


OTHERS: list[object] = [
    {},
    None,
    [],
    "ok",
    True,
    {"status": "ok"},
    {"status": "UP"},
    {"status": "success", "data": {}},
    {"status": "success", "data": {"status": "success"}},
    {"status": "operational"},
    {"status": {"description": "All Systems Operational"}},
    {"ok": True},
    {"error": None},
    {"error": "not found"},
    {"page": {"id": "x", "name": "y"}},
    {"components": []},
    {"components": [{"name": "x"}]},
    {"incidents": []},
    {"active_incidents": []},
    {"data": []},
    {"data": {}},
    {"data": None},
    {"data": [{"name": "x", "status": 1}]},
    {"data": [{"id": 1, "name": "Database down", "message": "x", "status": 1, "visible": 1}]},  # Cachet's incidents
    {"data": [{"id": 1, "name": "x", "scheduled_at": "2026", "status": 1, "order": 1}]},  # its schedules
    {"data": [{"id": "1", "type": "incidents", "attributes": {"name": "x", "status": {"value": 1}, "order": 1}}]},
    {"results": []},
    {"heartbeatList": {}},
    {"heartbeatList": []},
    {"heartbeatList": {"1": []}},
    {"ongoing_incidents": [], "in_progress_maintenances": [], "scheduled_maintenances": []},
    [{"begin": "2026-11-30T08:00:00Z", "end": "2026-11-30T09:00:00Z"}],  # of a calendar
    [{"begin": "2026-11-30T08:00:00Z", "end": "2026-11-30T09:00:00Z", "title": "x"}, {}],
    {"result": {"status_overall": {"status": "Operational", "status_code": 100}}},
    {"code": 200, "message": "OK"},
]


@pytest.mark.parametrize("document", OTHERS, ids=str)
def test_what_is_none_of_these_feeds_is_never_well(document: object) -> None:
    assert outcome(document, "auto") is not Outcome.PASS
    for form, _ in WELL.values():
        if not (form == "google" and document == []):
            assert outcome(document, form) is not Outcome.PASS, form


@pytest.mark.parametrize("name", [name for name in WELL if name != "instatus-up.json"])
def test_a_part_that_is_named_has_to_be_listed(name: str) -> None:
    form, _ = WELL[name]
    document = json.loads((FEEDS / name).read_bytes())
    if form not in ("slack", "google"):  # which name what is well nowhere
        assert outcome(document, form, ("Fax",)) is None
    for key in ("components", "included", "data", "heartbeatList"):
        if isinstance(document, dict) and key in document:
            assert outcome({**document, key: type(document[key])()}, form, ("Fax",)) is None
    if isinstance(document, list):
        assert outcome([], form, ("Fax",)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"status": {"indicator": null}}', "status.indicator is missing or of another kind"),
        ('{"status": {}}', "status.indicator is missing or of another kind"),
        ("{}", "status is missing or of another kind"),
        (
            '{"status": {"indicator": "none"}, "components": [{"name": 1}]}',
            "components[0].name is missing or of another kind",
        ),
        ("[]", "the document is of another kind"),
        ('{"status": x}', "broken JSON at byte 11"),
        ('{"status":', "broken JSON, or cut off"),
        ('{"other":' + "[" * 30_000, "it is nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_document_is_said_in_plain_words(text: str, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text.encode(), "statuspage")
    assert refused.value.detail == f"not a Statuspage summary: {words}"
