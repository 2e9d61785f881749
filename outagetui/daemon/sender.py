"""Who is at the other end of the order socket: told by the kernel (SO_PEERCRED), never by the sender."""

import os
import pwd
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from outagetui.core.model import Operator

UNSET = 0xFFFFFFFF


class Sender(Struct, frozen=True):
    """A user with a role. `actor` is what the journal keeps, with the login user where sudo hides it."""

    uid: int
    actor: str
    role: str


def sender_of(connection: socket.socket, operators: Sequence[Operator]) -> Sender:
    """Return the sender of `connection`. Without operators the daemon's own user is approver, everyone else viewer."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", packed)
    name = name_of(uid)
    login = login_uid(pid)
    actor = name if login in (None, uid) else f"{name} ({name_of(login)})"
    return Sender(uid, actor, role_of(uid, name, operators))


def role_of(uid: int, name: str, operators: Sequence[Operator]) -> str:
    """Return what a user may do."""
    if not operators:
        return "approver" if uid == os.geteuid() else "viewer"
    return next((operator.role for operator in operators if operator.user == name), "viewer")


def name_of(uid: int) -> str:
    """Return a user's name, or `uid N` for one without."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def login_uid(pid: int) -> int | None:
    """Return the uid a process logged in with, which survives sudo; None where the kernel does not tell."""
    try:
        uid = int(Path(f"/proc/{pid}/loginuid").read_text())
    except (OSError, ValueError):
        return None
    return None if uid == UNSET else uid
