"""What a paid backup has cost since it was activated, and how long its balance lasts; pure."""

from msgspec import Struct

from outagetui.core.model import Cost
from outagetui.core.times import span

HOURS_A_MONTH = 730.0
TRUSTED_AFTER = 300.0  # seconds of use before the balance's own fall says more than the declared rates


class Spending(Struct, frozen=True):
    """Money in the cost's currency, `lasts` in seconds; None for what cannot be told."""

    spent: float | None
    an_hour: float | None
    balance: float | None
    lasts: float | None


def spending(cost: Cost, elapsed: float, then: float | None, balance: float | None) -> Spending:
    """Return what was spent in `elapsed` seconds of use.

    The balance's fall since the activation (`then`) counts where both are known and it fell long enough to tell;
    otherwise the declared rates times the declared use.
    """
    fell = then - balance if then is not None and balance is not None and balance < then else None
    if fell is not None and elapsed >= TRUSTED_AFTER:
        spent: float | None = fell
        an_hour: float | None = fell / (elapsed / 3600)
    else:
        an_hour = declared(cost)
        spent = fell if fell is not None else (an_hour * elapsed / 3600 if an_hour is not None else None)
    lasts = balance / an_hour * 3600 if balance is not None and an_hour else None
    return Spending(spent, an_hour, balance, max(0.0, lasts) if lasts is not None else None)


def declared(cost: Cost) -> float | None:
    """Return the money an hour by declared rates and use; None when only rates without use are declared."""
    used = cost.per_minute * cost.minutes_per_hour + cost.per_message * cost.messages_per_hour
    if not used and (cost.per_minute or cost.per_message):
        return None
    return used + cost.monthly / HOURS_A_MONTH


def rates(cost: Cost) -> str:
    """Return the declared rates in words; nothing for what is free."""
    parts = [
        f"{amount:.{digits}f} {cost.currency} a {unit}"
        for amount, digits, unit in (
            (cost.per_minute, 3, "minute"),
            (cost.per_message, 3, "message"),
            (cost.monthly, 2, "month"),
        )
        if amount
    ]
    return ", ".join(parts)


def words(cost: Cost, use: Spending) -> str:
    """Return in words what was spent and how long the balance lasts; nothing where neither can be told."""
    parts = []
    if use.spent is not None:
        parts.append(f"spent {use.spent:.2f} {cost.currency}")
    if use.balance is not None:
        parts.append(f"{use.balance:.2f} {cost.currency} left")
    if use.lasts is not None:
        parts.append(f"lasts {span(use.lasts)} at this rate")
    return ", ".join(parts)
