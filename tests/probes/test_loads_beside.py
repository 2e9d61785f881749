"""What a probe needs only once a server has said something is loaded beside the loop, in a fresh process each."""

import asyncio
from pathlib import Path

import pytest
from tests.bench.hostile import look_at
from tests.bench.hostile_attacks import Attack, attacks
from tests.kit.hostile_servers import serving

NAMES = (
    "feed: nested XML",
    "feed: excess of beats",
    "http: HTTP/2 pushes",
    "http: frames of zstd",
    "imap: SCRAM",
    "smtp: SCRAM",
    "tls: garbage",
)
NEEDED = [attack for attack in attacks() if attack.name in NAMES]


@pytest.mark.parametrize("attack", NEEDED, ids=lambda each: each.name)
async def test_a_library_is_loaded_beside_the_loop(attack: Attack, tmp_path: Path) -> None:
    server, port = await serving(attack.talk)  # type: ignore[arg-type]
    async with server:
        told = await asyncio.to_thread(look_at, attack, port, tmp_path)
    assert told["code"] != "internal"
    assert [
        name for name in told["loaded"] if name.partition(".")[0] in ("outagetui", "dns", "slixmpp", "h2", "zstandard")
    ] == []


def test_every_name_is_an_attack() -> None:
    assert len(NEEDED) == len(NAMES)
