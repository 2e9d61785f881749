"""The order socket's wire format and where it lies. A request is `{"order": NAME, …fields}`, a reply `{"ok": …}`."""

import json
from pathlib import Path
from typing import Any

LINE_LIMIT = 64 * 1024
REPLY_LIMIT = 4 * 1024 * 1024  # a preview holds the words of every outlet


def socket_path(store: Path) -> Path:
    """Return where the order socket of a store lies."""
    return store.with_name("orders.sock")


def encode(document: dict[str, Any]) -> bytes:
    """Return one line of ASCII, which any string fits, half a surrogate pair too."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Return a line's document. Raises ValueError when it is not a JSON object."""
    try:
        document = json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document
