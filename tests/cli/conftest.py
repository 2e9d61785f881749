"""What the tests of commands share with the daemon's."""

from tests.daemon.conftest import _home

__all__ = ["_home"]
