"""`icmp`: loss and round trip of a short burst of echo requests to every address of a host.

All checks share one socket and one timer of ours instead of icmplib's: what 500 hosts take at once is a fraction of it,
with no reply taken for another's.
"""

import asyncio
from functools import lru_cache
from statistics import fmean

from outagetui.core.hosts import address_of, read_host
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.probe_options import IcmpOptions
from outagetui.core.text import clean
from outagetui.net.resolve import Address
from outagetui.net.trouble import Phases, Trouble, from_os_error, unknown
from outagetui.net.vantage import Vantage
from outagetui.protocols.icmp_pinger import Burst, Pinger, Pinger4, Pinger6

SPACING = 0.15  # seconds between the requests of a burst, less when the deadline is near
ADDRESSES = 4  # of one name that are tried

_NOT_PERMITTED = (
    'this user may not send ICMP: set sysctl net.ipv4.ping_group_range="0 2147483647", '
    "or give the service CAP_NET_RAW (AmbientCapabilities=CAP_NET_RAW)"
)


async def probe(check: Check, deadline: float, vantage: Vantage) -> Sample:
    """Send the burst; the latency is the mean round trip. All addresses of a name are tried, the best one counts."""
    options = check.own(IcmpOptions)
    phases = Phases()
    phases.enter("resolve")
    try:
        addresses = await _addresses(_host(check.target), phases, deadline, vantage)
        phases.stop()
        burst = await _best(addresses[:ADDRESSES], options.count, deadline, vantage)
    except Trouble as trouble:
        phases.stop()
        trouble.phases = phases.ms
        raise
    return _judge(burst, options, phases.ms)


async def _addresses(host: str, phases: Phases, deadline: float, vantage: Vantage) -> list[Address]:
    """Return what `host` stands for; only a name may have to be waited for, and so needs a time-out."""
    if address_of(host) is not None:
        return await vantage.resolve(host, 0)
    async with phases.within(deadline):
        return await vantage.resolve(host, 0, deadline=deadline)


@lru_cache(4096)  # a check goes to the same host each time
def _host(target: str) -> str:
    """Return the host of `icmp://host` or `icmp:host`; IPv6 addresses may stand in brackets."""
    try:
        return read_host(target.partition(":")[2].removeprefix("//").rstrip("/"))
    except ValueError as error:
        unknown("target.invalid", f"{target} is not of the form icmp://host: {error}")


async def _best(addresses: list[Address], count: int, deadline: float, vantage: Vantage) -> Burst:
    """Return the burst that lost least, the first without loss at once; raises the trouble when none could be sent."""
    if len(addresses) == 1:
        return await _burst(addresses[0], count, deadline, vantage)
    tasks = [asyncio.create_task(_burst(address, count, deadline, vantage)) for address in addresses]
    bursts: list[Burst] = []
    troubles: list[Trouble] = []
    try:
        for task in asyncio.as_completed(tasks):
            try:
                bursts.append(await task)
            except Trouble as trouble:
                troubles.append(trouble)
            else:
                if len(bursts[-1].round_trips) == count:
                    break
    finally:
        for pending in tasks:
            pending.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not bursts:
        # The far side's word says more than what we lack ourselves, such as IPv6.
        raise min(troubles, key=lambda trouble: trouble.outcome is Outcome.UNKNOWN)
    return max(bursts, key=lambda burst: len(burst.round_trips))


async def _burst(address: Address, count: int, deadline: float, vantage: Vantage) -> Burst:
    """Send `count` requests and wait for what comes back until `deadline`, or until nothing more can."""
    kind: type[Pinger] = Pinger4 if len(address.sockaddr) == 2 else Pinger6
    try:
        pinger = vantage.shared(kind, kind)
    except PermissionError:
        unknown("icmp.not-permitted", _NOT_PERMITTED)
    except OSError as error:
        raise from_os_error(error, address.host) from error
    spacing = min(SPACING, max(0.0, deadline - asyncio.get_running_loop().time()) * 0.4 / count)
    burst = Burst(address.sockaddr, count, spacing, deadline)
    try:
        await pinger.send(burst)
    except OSError as error:
        trouble = from_os_error(error, address.host)
        trouble.code = "icmp.unreachable" if trouble.outcome is Outcome.FAIL else trouble.code
        raise trouble from error
    return burst


def _judge(burst: Burst, options: IcmpOptions, phases: dict[str, float]) -> Sample:
    """Return the sample of a finished burst; what was not sent before the deadline is our own trouble."""
    sent, back = len(burst.sent), len(burst.round_trips)
    host = burst.to[0]
    if not sent:
        unknown("net.memory", f"{host}: nothing could be sent in time")
    loss = 1 - back / sent
    latency = fmean(burst.round_trips) if back else None
    phases = phases | ({"echo": latency} if latency is not None else {})
    words = f"{back} of {sent} answered"
    if latency is not None:
        words += f" in {latency:.2f} ms ({min(burst.round_trips):.2f} to {max(burst.round_trips):.2f})"
    outcome, code = Outcome.PASS, ""
    if burst.unreachable and not back:
        outcome, code, words = Outcome.FAIL, "icmp.unreachable", "unreachable, says the network"
    elif loss and loss >= options.loss_down:
        outcome, code = Outcome.FAIL, "icmp.loss"
    elif loss and loss >= options.loss_slow:
        outcome, code = Outcome.WARN, "icmp.loss"
    return Sample(outcome, code, clean(f"{host}: {words}"), latency, phases)
