"""Steps that speak HTTP and DNS: what they will do in a sentence, and what takes them back. Pure."""

from typing import Any

import msgspec
from msgspec.structs import replace

from outagetui.core.model import Config
from outagetui.core.step_options import DnsUpdateOptions, HttpStepOptions

SHOWN = 200  # characters of a request's body


def tell_http(do: str, options: Any, names: dict[str, str]) -> str:
    """Return what an `http` step sends and expects; the secret stands there by its name."""
    assert isinstance(options, HttpStepOptions)
    parts = [f"send {options.method} {options.url}"]
    parts += [f"{name}: {value}" for name, value in options.headers.items()]
    if options.body:
        cut = f"{options.body[:SHOWN]}…" if len(options.body) > SHOWN else options.body
        parts.append(f"body {cut}")
    if options.secret is not None:
        placed = any("{secret}" in text for text in (*options.headers.values(), options.body))
        parts.append(f"secret {options.secret}" if placed else f"secret {options.secret} as bearer token")
    expected = f"expect {', '.join(map(str, options.status))}"
    if options.path is not None:
        expected += f" and {options.path} to be {msgspec.json.encode(options.equals).decode()}"
    return f"{', '.join(parts)}; {expected}"


def tell_dns_update(do: str, options: Any, names: dict[str, str]) -> str:
    """Return which name a `dns.update` step points from where to where."""
    assert isinstance(options, DnsUpdateOptions)
    values = f"from {', '.join(options.old)} to {', '.join(options.new)}"
    return f"point {options.whole_name} {options.type} {values} (TTL {options.ttl}) at {options.server}"


def of_dns_update(options: DnsUpdateOptions, config: Config) -> dict[str, Any]:
    """Return what takes a `dns.update` step back: the old value, if the name still holds the new one by then."""
    back = replace(options, from_=options.to, to=options.from_)
    what = tell_dns_update("dns.update", back, {})
    return {"undo": {"do": "dns.update", "options": msgspec.to_builtins(back), "what": what}}
