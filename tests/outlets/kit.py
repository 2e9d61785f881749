"""What the outlets' tests share: an announcement, the outlets that publish it, and tools with one secret or none."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import OUTLETS, OutletOptions, XOptions
from outagetui.machine.secrets import SecretError
from outagetui.outlets import Delivered, Delivery, Placed, Post, Tools
from outagetui.wording.compose import account_line
from outagetui.wording.fit import fit
from tests.outlets.servers.bluesky import Bluesky
from tests.outlets.servers.cachet import Cachet
from tests.outlets.servers.discourse import Discourse
from tests.outlets.servers.facebook import Facebook
from tests.outlets.servers.mastodon import Mastodon
from tests.outlets.servers.service import Service
from tests.outlets.servers.statuspage import Statuspage
from tests.outlets.servers.wordpress import Wordpress
from tests.outlets.servers.x import X

AT = 1795352520.25  # 2026-11-22 13:02 UTC
TOOLS = Tools.bare("Example Hosting", "Europe/Berlin", lambda: AT)
PAGE = "https://status.example.net/"
ACCOUNTS = (("Web chat", "https://chat.example.net/support"), ("Office room", "xmpp:office@rooms.example.net?join"))
PROSE = "It fails. We're on it... – “soon”. <script>alert(1)</script> [gallery] @everyone #sale *bold* & more"


class Case(NamedTuple):
    """A kind of outlet with its service and how it is configured; `edits`: later parts change the first post."""

    kind: str
    service: type[Service]
    options: Mapping[str, Any]
    path: str = ""
    edits: bool = False


CASES = (
    Case("wordpress", Wordpress, {"user": Wordpress.user, "sticky": True}, "/site", edits=True),
    Case("discourse", Discourse, {"user": Discourse.user, "category": 4}),
    Case("mastodon", Mastodon, {"visibility": "unlisted"}, "/@examplehosting"),
    Case("bluesky", Bluesky, {"user": Bluesky.user}),
    Case("x", X, {}),
    Case("facebook", Facebook, {"account": Facebook.page}, edits=True),
    Case("statuspage", Statuspage, {"account": Statuspage.page, "notify": False}),
    Case("cachet", Cachet, {"notify": True}),
)


def outlet_of(case: Case, service: Service, timeout: float = 5.0, **options: Any) -> Outlet:
    made: OutletOptions = msgspec.convert({"secret": "login", **case.options, **options}, OUTLETS[case.kind])
    return Outlet(
        id=case.kind,
        name=case.kind,
        kind=case.kind,
        audience="customers",
        url=service.url + case.path,
        timeout=timeout,
        options=made,
    )


def delivery_of(outlet: Outlet, part: int = 0, done: tuple[Delivered, ...] = (), **changes: Any) -> Delivery:
    """Return a part of announcement a7; `done` are what became of the parts before, the first first."""
    kind = ("backup-active", "update", "recovering", "resolved")[part]
    title, accounts = f"Messenger is disrupted, part {part}", () if kind == "resolved" else ACCOUNTS
    body = body_of(part)
    placed = [
        Placed(part=each, key=key_of(outlet, each), at=AT + each * 60, remote_id=was.remote_id, url=was.url)
        for each, was in enumerate(done)
    ]
    history = tuple(
        Post(
            announcement="a7", part=each, kind="backup-active", title=f"Title {each}", body=body_of(each), at=AT + each
        )
        for each in reversed(range(part))
    )
    links = not isinstance(outlet.options, XOptions) or outlet.options.links
    made = Delivery(
        announcement="a7",
        part=part,
        key=key_of(outlet, part),
        kind=kind,
        audience="customers",
        language="en",
        title=title,
        body=body,
        since=AT,
        at=AT + part * 60,
        accounts=accounts,
        history=history,
        text=fit(outlet.kind, title=title, body=body, accounts=accounts, page=PAGE, links=links),
        placed=tuple(reversed(placed)),
    )
    return msgspec.structs.replace(made, **changes)


def _post(part: int) -> Post:
    body = body_of(part)
    return Post(announcement="a7", part=part, kind="backup-active", title=f"Title {part}", body=body, at=AT + part)


def body_of(part: int) -> str:
    lines = "\n".join(account_line(*each) for each in ACCOUNTS)
    return f"This is part {part}.\n{PROSE}\n\nPlease use:\n{lines}\n\nMore at {PAGE}"


def key_of(outlet: Outlet, part: int) -> str:
    return f"{outlet.id.encode().hex():0>20.20}{part:04d}"


def tools_for(service: Service, secret: str | None = None) -> Tools:
    """Return tools that know the secret `login`, and hide it."""

    def read(name: str) -> str:
        if name != "login":
            raise SecretError(f"secret {name!r}: there is no such file")
        return service.secret if secret is None else secret

    def hide(text: str) -> str:
        for line in service.secret.splitlines():
            text = text.replace(line, "[secret]")
        return text

    return Tools("Example Hosting", "Europe/Berlin", read, hide, lambda: AT)
