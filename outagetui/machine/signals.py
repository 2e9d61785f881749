"""Signals that nobody sends on purpose, and that would end a process without a word."""

import signal

_NAMES = ("USR1", "USR2", "ALRM", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "TRAP", "XCPU")
MEANT_FOR_NOBODY = (
    *(getattr(signal, f"SIG{name}") for name in _NAMES),
    *range(signal.SIGRTMIN, signal.SIGRTMAX + 1),
)
