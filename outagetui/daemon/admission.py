"""Who may be in flight. What works keeps its places, however many others wait in vain."""

from collections import deque
from collections.abc import Iterator

from outagetui.daemon.rhythm import PATIENT, Plan

CONCURRENT = 100  # probes of what works in their first moments
WAITING = 8  # times as many probes of what worked, which only wait for an answer
SILENT = 4  # times as many probes of what was silent the last time


class Flight:
    """One probe in flight, and whose place it takes."""

    __slots__ = ("began", "landed", "silent", "waits")

    def __init__(self, began: float, *, silent: bool) -> None:
        self.began, self.silent = began, silent
        self.waits = self.landed = False


class Admission:
    """Places for probes, and two queues of plans that found none.

    A probe of a check that worked the last time takes a place of the first kind; when it has been in flight for
    a moment it only waits, which takes next to nothing, and its place goes to the next. A check that was silent takes
    a place of the second kind. So whoever answers finds a place at once, also when nine in ten do not.
    """

    def __init__(self, concurrent: int = CONCURRENT) -> None:
        self._young: deque[Flight] = deque()  # in the order of their start
        self._free = self._concurrent = concurrent
        self._most_waiting, self._most_silent = WAITING * concurrent, SILENT * concurrent
        self._waiting = self._silent = 0
        self._queue: deque[Plan] = deque()
        self._silent_queue: deque[Plan] = deque()

    def admit(self, plan: Plan, now: float, *, silent: bool) -> Flight | None:
        """Return a flight for `plan`; None when there is no place, and then it stands in the queue."""
        if self._room(silent):
            return self._begin(now, silent=silent)
        if not plan.queued:
            plan.queued = True
            (self._silent_queue if silent else self._queue).append(plan)
        return None

    def settle(self, now: float) -> Iterator[tuple[Plan, Flight]]:
        """Free the places of those that only wait; yield each plan whose turn it is now, with its flight."""
        while self._young and (self._young[0].landed or self._young[0].began <= now - PATIENT):
            flight = self._young[0]
            if not flight.landed:
                if self._waiting >= self._most_waiting:
                    break
                flight.waits = True
                self._waiting += 1
                self._free += 1
            self._young.popleft()
        for queue, silent in ((self._queue, False), (self._silent_queue, True)):
            while queue and self._room(silent):
                plan = queue.popleft()
                plan.queued = False
                yield plan, self._begin(now, silent=silent)

    def land(self, flight: Flight) -> None:
        """Free the place of a probe that ended, or that did not begin after all."""
        flight.landed = True
        if flight.silent:
            self._silent -= 1
        elif flight.waits:
            self._waiting -= 1
        else:
            self._free += 1

    @property
    def next(self) -> float | None:
        """When to settle again, in seconds of the loop's clock; None while nobody stands in a queue for it."""
        return self._young[0].began + PATIENT if self._queue and self._young else None

    @property
    def queued(self) -> bool:
        """Whether anybody waits for a place."""
        return bool(self._queue or self._silent_queue)

    @property
    def crowded(self) -> bool:
        """Whether so many wait in vain that repeats on mere suspicion would only crowd out the regular probes."""
        return self._free < self._concurrent / 2 or self._silent > self._most_silent / 2

    def _room(self, silent: bool) -> bool:
        return self._silent < self._most_silent if silent else self._free > 0

    def _begin(self, now: float, *, silent: bool) -> Flight:
        flight = Flight(now, silent=silent)
        if silent:
            self._silent += 1
        else:
            self._free -= 1
            self._young.append(flight)
        return flight
