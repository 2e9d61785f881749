"""systemd's notification protocol (sd_notify(3)): readiness, status and watchdog, over one datagram socket."""

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Tells the service manager how we are; silent without one."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        if address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
            self._address = "\0" + address[1:] if address.startswith("@") else address
        micros = environment.get("WATCHDOG_USEC", "")
        self.watchdog_seconds = int(micros) / 2e6 if micros.isdecimal() and int(micros) > 0 else None

    def send(self, **fields: str) -> None:
        """Send fields such as READY="1" or STATUS="…"; a manager that does not listen is not our failure."""
        if self._socket is None:
            return
        message = "\n".join(f"{name}={value}" for name, value in fields.items())
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:
            return

    def close(self) -> None:
        """Tell nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
