"""The groups file in a real Prosody: a member's client finds the others in its roster."""

import asyncio
from pathlib import Path

from outagetui.contacts import groups
from outagetui.core.addresses import Entry
from tests.servers.prosody import DOMAIN, Prosody

PASSWORD = "geheim"


async def roster_of(server: Prosody, user: str) -> dict[str, tuple[str, list[str]]]:
    """Log in as `user` and return the name and groups of every contact in the roster."""
    from slixmpp import ClientXMPP

    openly = {"feature_mechanisms": {"unencrypted_scram": True, "unencrypted_plain": True}}
    client = ClientXMPP(f"{user}@{DOMAIN}/test", PASSWORD, plugin_config=openly)
    client.enable_direct_tls = client.enable_starttls = False
    client.enable_plaintext = True
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def started(_: object) -> None:
        if not ready.done():
            ready.set_result(None)

    def refused(_: object) -> None:
        if not ready.done():
            ready.set_exception(AssertionError("login failed"))

    client.add_event_handler("session_start", started)
    client.add_event_handler("failed_all_auth", refused)
    client.connect("127.0.0.1", server.port)
    try:
        async with asyncio.timeout(10):
            await ready
            reply = await client.get_roster(timeout=5)
        assert reply is not None
        items = reply["roster"]["items"]
        return {str(jid): (item["name"], list(item["groups"])) for jid, item in items.items()}
    finally:
        await client.disconnect()


async def test_a_member_finds_the_business_contacts_in_a_group_of_the_roster(tmp_path: Path) -> None:
    entries = [
        Entry("Ada Example", "staff", f"ada@{DOMAIN}", "xmpp"),
        Entry("Bob [x] = Ünal", "staff", f"bob@{DOMAIN}", "xmpp"),
        Entry("Partner", "staff", "eve@partner.example", "xmpp"),
        Entry("Broken", "staff", "no address", "other"),
    ]
    text, unfit = groups.write(entries, "Example Hosting staff")
    assert [entry.name for entry in unfit] == ["Broken"]
    shared = tmp_path / "groups.txt"
    shared.write_text(text)
    server = Prosody(tmp_path / "prosody", options=f'groups_file = "{shared}"')
    server.start()
    try:
        server.run(f"return tostring(require'core.modulemanager'.load('{DOMAIN}', 'groups'))")
        for user in ("ada", "stranger"):
            server.add_user(user, PASSWORD)
        assert await roster_of(server, "ada") == {
            f"bob@{DOMAIN}": ("Bob [x] = Ünal", ["Example Hosting staff"]),
            "eve@partner.example": ("Partner", ["Example Hosting staff"]),
        }
        assert await roster_of(server, "stranger") == {}
    finally:
        server.stop()
