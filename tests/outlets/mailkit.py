"""What the tests of outlets that keep a record share: an outlet that writes letters, and tools with a place."""

from pathlib import Path
from typing import Any

import msgspec
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import EmailOptions
from outagetui.machine.secrets import SecretError
from outagetui.outlets import Tools
from tests.outlets.kit import AT
from tests.outlets.servers.post import PASSWORD

FIFTY = tuple(f"p{number}@example.test" for number in range(50))
PEOPLE = tuple(f"person{number}@example.test" for number in range(5))
UNSUBSCRIBE = "mailto:leave@example.test"


def outlet_for(port: int, *, timeout: float = 5.0, url: str = "", **options: Any) -> Outlet:
    given = {"from": "news@example.test", "recipients": PEOPLE, "unsubscribe": UNSUBSCRIBE, **options}
    return Outlet(
        id="letters",
        name="Letters",
        kind="email",
        audience="customers",
        url=url or f"smtp://127.0.0.1:{port}",
        timeout=timeout,
        options=msgspec.convert(given, EmailOptions),
    )


def tools_at(place: Path, secret: str = PASSWORD, **more: Any) -> Tools:
    def read(name: str) -> str:
        if name != "mail":
            raise SecretError(f"secret {name!r}: there is no such file")
        return secret

    return Tools(
        "Example Hosting", "Europe/Berlin", read, lambda text: text.replace(PASSWORD, "[secret]"), lambda: AT,
        place=place / "sent", **more,
    )  # fmt: skip
