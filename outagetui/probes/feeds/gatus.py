"""Gatus `/api/v1/endpoints/statuses` (or `…/endpoints/KEY/statuses` for one): each endpoint's newest result."""

from msgspec import Struct

from outagetui.probes.feeds.components import Part, document, of_all, of_named
from outagetui.probes.feeds.freshness import outdated
from outagetui.probes.feeds.moments import moment_of
from outagetui.probes.feeds.statements import Reading, Severity


class Condition(Struct):
    """One condition of an endpoint and whether it held."""

    condition: str = ""
    success: bool = False


class Result(Struct, rename="camel"):
    """One look at an endpoint."""

    success: bool
    timestamp: str | None = None
    errors: list[str] | None = None
    condition_results: list[Condition] | None = None

    @property
    def word(self) -> str:
        """Why it failed, or that it did not."""
        failed = [one.condition for one in self.condition_results or () if not one.success]
        return next(iter([*(self.errors or ()), *failed]), "up" if self.success else "down")


class Endpoint(Struct):
    """One endpoint; its results come oldest first."""

    key: str
    results: list[Result] | None
    name: str = ""
    group: str = ""


def read(
    text: str, components: tuple[str, ...] = (), now: float | None = None, longest: float | None = None
) -> Reading:
    """Return what the newest results say of all endpoints, or of the `components` (names, keys or groups).

    At epoch `now` they may be `longest` seconds old; None: five of their intervals.
    """
    what = "a Gatus list of endpoints"
    one = text.lstrip().startswith("{")
    listed = [document(text, Endpoint, what)] if one else document(text, list[Endpoint], what)
    parts = [_part(endpoint, now, longest) for endpoint in listed]
    return of_named(parts, components) if components else of_all(parts)


def _part(endpoint: Endpoint, now: float | None, longest: float | None) -> Part:
    name = endpoint.name or endpoint.key
    if not endpoint.results:
        return Part(name, None, "no result yet", endpoint.key, endpoint.group)
    times = [moment_of(one.timestamp or "") for one in endpoint.results]
    if words := outdated(times, now, longest):
        return Part(name, None, words, endpoint.key, endpoint.group, outdated=True)
    known = [(when, at) for at, when in enumerate(times) if when is not None]
    newest = endpoint.results[max(known)[1] if len(known) == len(times) else -1]
    severity = Severity.OPERATIONAL if newest.success else Severity.MAJOR_OUTAGE
    if newest.success and (newest.errors or not all(one.success for one in newest.condition_results or ())):
        severity = Severity.DEGRADED  # it contradicts itself
    return Part(name, severity, newest.word, endpoint.key, endpoint.group)
