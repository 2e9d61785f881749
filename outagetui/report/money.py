"""What the backups cost while they were active; pure."""

from collections.abc import Iterable

from outagetui.core.model import Entry
from outagetui.core.text import clean
from outagetui.facts import events
from outagetui.facts.cost import rates, spending
from outagetui.facts.live import Public, PublicChannel
from outagetui.report.evidence import Evidence
from outagetui.report.values import Spent, when

FRESH_SECONDS = 900.0  # a balance read longer before the end says nothing of it


def spent(entries: Iterable[Entry], public: Public, evidence: Evidence, begin: float, end: float) -> tuple[Spent, ...]:
    """Return what each activation within begin to end cost, for channels with a declared cost.

    `entries` is the journal up to the end. Of a backup that was active before, the time since the beginning counts.
    """
    priced = {channel.id: channel for channel in public.channels if channel.cost is not None}
    active: dict[str, tuple[float, float | None]] = {}
    found: list[Spent] = []
    for entry in entries:
        match events.decode(entry.kind, entry.document):
            case events.Activated(channel=name, balance=balance) if name in priced:
                active.setdefault(name, (entry.at, balance))
            case events.Deactivated(channel=name) if name in active:
                found += _one(priced[name], evidence, *active.pop(name), entry.at, begin)
            case _:
                pass
    for name, (since, balance) in active.items():
        found += _one(priced[name], evidence, since, balance, end, begin)
    return tuple(sorted(found, key=lambda each: each.begin))


def _one(
    channel: PublicChannel, evidence: Evidence, since: float, balance: float | None, until: float, begin: float
) -> list[Spent]:
    if channel.cost is None or until < begin:
        return []
    before = balance if since >= begin else None
    since = max(since, begin)
    read = [
        money
        for at, money in evidence.balances.get(channel.cost.balance or "", [])
        if since <= at <= until and until - at <= FRESH_SECONDS
    ]
    after = read[-1] if read else None
    use = spending(channel.cost, until - since, before, after)
    return [
        Spent(
            channel=clean(channel.id, 80),
            name=clean(channel.name, 80),
            begin=when(since),
            end=when(until),
            active_s=round(until - since, 1),
            spent=None if use.spent is None else round(use.spent, 4),
            currency=clean(channel.cost.currency, 10),
            measured=before is not None and after is not None and after < before,
            rates=clean(rates(channel.cost)),
            balance_before=before,
            balance_after=after,
        )
    ]
