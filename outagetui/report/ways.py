"""The traces that were taken in an incident: how far packets came, hop by hop, as evidence; pure."""

from collections.abc import Iterable, Iterator, Mapping

from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.facts import events
from outagetui.facts.network_path import hop_lines, told
from outagetui.report.values import Way, when

LIMIT = 700


def ways(mine: Iterable[Entry], names: Mapping[str, str]) -> Iterator[Way]:
    """Yield what each trace found, in the journal's order; `names` maps ids of channels and outlets to names."""
    for entry in mine:
        event = events.decode(entry.kind, entry.document)
        if isinstance(event, events.PathTraced):
            yield Way(
                at=when(entry.at),
                to=clean(names.get(event.channel, event.channel) or event.path.label, 120),
                words=clean(told(event.path, event.canary), LIMIT),
                hops=tuple(hop_lines(event.path)),
                canary="" if event.canary is None else event.canary.label,
                canary_hops=() if event.canary is None else tuple(hop_lines(event.canary)),
            )


def way_text(way: Way) -> str:
    """Return the hops as lines, those to the canary below."""
    return "\n".join([*way.hops, *([f"canary {way.canary}"] if way.canary else []), *way.canary_hops])
