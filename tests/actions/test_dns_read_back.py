"""What `dns.update` reads back: every name server of the zone, or those that the step names."""

from pathlib import Path

import dns.message
import dns.rcode
import pytest
from tests.actions.zones import NEW, OLD, act, keyed, step
from tests.kit.scripted_nameservers import nameserver, reply_to
from tests.kit.step_context import ContextWithSecrets
from tests.servers.knot import Knot


@pytest.fixture(name="context")
def _context(tmp_path: Path, knot: Knot) -> ContextWithSecrets:
    return keyed(tmp_path, knot)


async def test_a_secondary_is_waited_for(tmp_path: Path, knot: Knot, context: ContextWithSecrets) -> None:
    first = Knot(tmp_path / "first")
    second = Knot(tmp_path / "second", of=first)
    first.start()
    second.start()
    context.keep("tsig", first.secret)
    both = [f"127.0.0.1:{each.port}" for each in (first, second)]
    try:
        result = await act(context, step(first.port, 15.0, read_back=both))
        assert result.done, result
        assert second.values() == [NEW]
        assert f"waits for name servers: {both[1]} still answers {OLD}" in context.told
        # One that hangs is named, the update stands, and a retry only looks again.
        second.group.freeze()
        back = step(first.port, 2.0, read_back=both, **{"from": NEW, "to": OLD})
        late = await act(context, back)
        assert not late.done
        assert not late.unsure
        assert f"www.example.test A is {OLD} at 127.0.0.1:{first.port}, but not everywhere: {both[1]}" in late.detail
        assert first.values() == [OLD]
        second.group.thaw()
        context.tried = True
        again = await act(context, step(first.port, 15.0, read_back=both, **{"from": NEW, "to": OLD}))
        assert again.done
        assert again.changed
    finally:
        second.group.thaw()
        second.stop()
        first.stop()


async def test_the_zone_s_own_name_servers_are_found_and_named(tmp_path: Path, context: ContextWithSecrets) -> None:
    server = Knot(tmp_path / "other", more="@ NS ns2\nns2 A 127.0.0.3\n@ NS ns.nowhere.invalid.\n").start()
    context.keep("tsig", server.secret)
    try:
        result = await act(context, step(server.port, 2.0))
        assert server.values() == [NEW]
    finally:
        server.stop()
    assert not result.done
    assert "ns2.example.test: 127.0.0.3:53: nothing listens there" in result.detail
    assert "ns.nowhere.invalid was not found" in result.detail
    assert "ns1" not in result.detail


async def test_a_name_server_that_does_not_serve_the_zone_is_named(knot: Knot, context: ContextWithSecrets) -> None:
    def lame(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [reply_to(query, rcode=dns.rcode.REFUSED, flags=0).to_wire()]

    async with nameserver(lame) as port:
        result = await act(context, step(knot.port, 1.5, read_back=[f"127.0.0.1:{port}"]))
    assert not result.done
    assert f"127.0.0.1:{port} does not serve the zone (REFUSED)" in result.detail
