"""The drill's provider, with all that hangs on it, as our probes and outlets meet it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui import outlets
from outagetui.config import load
from outagetui.core.model import Outcome, Outlet, Sample
from outagetui.drill.business_files import make_secrets, write
from outagetui.drill.scenario import FACEBOOK_2021
from outagetui.drill.scenario_servers import START, ScenarioServers
from outagetui.drill.servers import Opening
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.outlets import Delivered, Delivery, Placed, Tools
from outagetui.probes import look
from outagetui.wording.fit import fit_for

NOW = 1795352520.0
SERVICES = ("facebook", "mastodon")


class Town:
    """The business of facebook-2021 with its servers in this process."""

    def __init__(self, place: Path, started: ScenarioServers) -> None:
        self.place, self.started = place, started
        self.config = load(write(place, started.ports, FACEBOOK_2021.short, FACEBOOK_2021.id))
        secrets = Secrets.of_drill(Path(self.config.secrets or ""), place)
        self.vantage = Vantage("drill", secrets, place)
        self.tools = Tools(self.config.business, self.config.timezone, secrets.read, secrets.hide, lambda: NOW)

    async def look(self, name: str) -> Sample:
        (check,) = [each for each in self.config.checks() if each.id == name]
        return await look(check, asyncio.get_running_loop().time() + check.timeout, self.vantage)

    def outlet(self, name: str) -> Outlet:
        return next(each for each in self.config.outlets if each.id == name)

    def delivery(self, name: str, body: str, part: int = 0, placed: tuple[Placed, ...] = ()) -> Delivery:
        return Delivery(
            announcement="a1",
            part=part,
            key=f"{name}-{part}-0123456789abcdef",
            kind="update" if part else "backup-active",
            audience="customers",
            language="en",
            title="Messages do not get through",
            body=body,
            since=NOW,
            at=NOW,
            text=fit_for(self.config, self.outlet(name), "Messages do not get through", body, ()),
            placed=placed,
        )

    def posts(self, name: str) -> list[str]:
        return [post["text"] for post in json.loads((self.place / "posts" / f"{name}.json").read_text())]


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    (tmp_path / "pages").mkdir()
    make_secrets(tmp_path, FACEBOOK_2021.id)
    started = await START[FACEBOOK_2021.id](tmp_path)
    town = Town(tmp_path, started)
    yield town
    await town.vantage.aclose()
    for player in started.faulty.values():
        assert isinstance(player, Opening)
        await player.suffer("refuse", 1.0)


def as_placed(delivered: Delivered, delivery: Delivery) -> Placed:
    return Placed(
        part=delivery.part, key=delivery.key, at=NOW, remote_id=delivered.remote_id, url=delivered.url
    )  # fmt: skip


async def test_all_its_checks_pass_against_its_servers(town: Town) -> None:
    for check in town.config.checks():
        sample = await town.look(check.id)
        assert (sample.outcome, sample.code) == (Outcome.PASS, ""), (check.id, sample)


@pytest.mark.parametrize(
    ("target", "kind", "checks", "code"),
    [
        ("names", "servfail", ("messenger.name",), "dns.servfail"),
        ("names", "refuse", ("messenger.name",), "dns.unreachable"),
        ("messenger", "hang", ("messenger.api", "team.api", "workplace.sign-in", "photos.api"), "timeout"),
        ("messenger", "refuse", ("messenger.api", "team.api", "workplace.sign-in", "photos.api"), "tcp.refused"),
        ("facebook", "hang", ("facebook.page",), "timeout"),
        ("facebook", "drop", ("facebook.page",), "http.503"),
        ("mastodon", "refuse", ("mastodon.server",), "tcp.refused"),
    ],
)
async def test_every_fault_is_seen_for_what_it_is_and_ends(
    town: Town, target: str, kind: str, checks: tuple[str, ...], code: str
) -> None:
    await town.started.faulty[target].suffer(kind, 1.0)
    for check in checks:
        found = await town.look(check)
        assert (found.outcome, found.code) == (Outcome.FAIL, code), found
    await town.started.faulty[target].suffer("", 0.0)
    for check in checks:
        assert (await town.look(check)).outcome is Outcome.PASS


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_takes_finds_changes_and_takes_back_what_is_announced(town: Town, name: str) -> None:
    outlet, first = town.outlet(name), town.delivery(name, "Use the web chat.")
    assert await outlets.find(outlet, first, town.tools) is None
    sent = await outlets.publish(outlet, first, town.tools)
    assert sent.state == "sent", sent
    found = await outlets.find(outlet, first, town.tools)
    assert found is not None
    assert (found.state, found.remote_id) == ("sent", sent.remote_id)
    later = town.delivery(name, "It goes on.", 1, (as_placed(sent, first),))
    changed = await outlets.publish(outlet, later, town.tools)
    assert changed.state == "sent", changed
    texts = town.posts(name)
    assert len(texts) == (1 if name == "facebook" else 2)
    assert "It goes on." in texts[-1]
    both = (as_placed(changed, later), as_placed(sent, first))
    gone = await outlets.retract(outlet, town.delivery(name, "", 1, both), town.tools)
    assert gone.state == "retracted", gone
    assert town.posts(name) == []


async def test_mastodon_posts_the_same_key_once_and_shows_it_to_everybody(town: Town) -> None:
    outlet, first = town.outlet("mastodon"), town.delivery("mastodon", "Use <the> web chat & wait.\n\nThank you.")
    sent = await outlets.publish(outlet, first, town.tools)
    again = await outlets.publish(outlet, first, town.tools)
    assert (again.state, again.remote_id) == ("sent", sent.remote_id)
    assert len(town.posts("mastodon")) == 1
    bare = Tools.bare("Example Hosting", "UTC", lambda: NOW)
    assert (await outlets.seen(outlet, sent, first, bare)).state == "seen"


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_takes_nothing_without_its_token(town: Town, name: str) -> None:
    (town.place / "secrets" / f"{name}-token").write_text("another")
    refused = await outlets.publish(town.outlet(name), town.delivery(name, "Use the web chat."), town.tools)
    assert refused.state == "failed"
    assert "the login is refused" in refused.detail
    assert town.posts(name) == []


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(("kind", "state"), [("refuse", "failed"), ("hang", "unknown"), ("drop", "unknown")])
async def test_what_a_dark_service_is_sent_does_not_arrive(town: Town, name: str, kind: str, state: str) -> None:
    await town.started.faulty[name].suffer(kind, 1.0)
    outlet = replace(town.outlet(name), timeout=1.0)
    ended = await outlets.publish(outlet, town.delivery(name, "Use the web chat."), town.tools)
    assert ended.state == state, ended
    assert town.posts(name) == []
