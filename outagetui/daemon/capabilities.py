"""Capabilities that the service manager gave the daemon, such as the one for pings."""

import re
from pathlib import Path

PR_CAP_AMBIENT = 47  # prctl(2)
PR_CAP_AMBIENT_CLEAR_ALL = 4
_NONE = re.compile(r"^CapAmb:\s*0+$", re.MULTILINE)  # proc(5)


def keep_powers() -> None:
    """Keep them to this process: the commands and plugins that it runs shall have none of them.

    Where the kernel or the sandbox does not let us, all stays as the service manager wanted it.
    """
    try:
        if _NONE.search(Path("/proc/self/status").read_text()):
            return
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    except (ImportError, OSError, AttributeError, MemoryError):
        return
