"""Programs that run what they are given: where a value in their argv would become a program of its own. Pure.

An allowed interpreter is a shell: `python -c {text}` runs whatever stands in the value, whatever quotes are used.
"""

import re
from collections.abc import Iterator, Sequence

_CLUSTER = re.compile(r"-[A-Za-z]*c[A-Za-z]*|--command(=.*)?", re.ASCII)  # `-c`, also within `-lc`
_EXPRESSION = re.compile(r"-[A-Za-z]*[eE][A-Za-z]*|--(expression|eval)(=.*)?", re.ASCII)
# The option that makes program text of an argument.
_CODE = {
    **dict.fromkeys(
        ("sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "rbash", "script", "flock"), _CLUSTER
    ),
    **dict.fromkeys(("python", "pypy"), re.compile(r"-[A-Za-z]*[cm].*", re.ASCII)),
    **dict.fromkeys(("perl", "ruby", "lua", "luajit", "sed", "Rscript"), _EXPRESSION),
    **dict.fromkeys(("node", "nodejs", "deno", "bun"), re.compile(r"-[A-Za-z]*[ep].*|--(eval|print).*|eval", re.ASCII)),
    "php": re.compile(r"-[A-Za-z]*[rBRE].*|--(run|process-).*", re.ASCII),
    "env": re.compile(r"-[A-Za-z]*S.*|--split-string.*", re.ASCII),
    **dict.fromkeys(("npx", "npm", "pnpx", "bunx", "uvx", "pipx"), re.compile(r"-c|--call(=.*)?|exec|run", re.ASCII)),
}
_INTERPRETERS = frozenset(_CODE) - {"env", "flock", "script"} | {
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "tclsh",
    "expect",
    "osh",
}
_ALWAYS = frozenset({"ssh", "su", "runuser", "watch", "eval", "parallel", "rsh", "at", "batch"})
_WRAPPERS = frozenset(
    {
        *(
            "env",
            "sudo",
            "doas",
            "nice",
            "ionice",
            "chrt",
            "taskset",
            "timeout",
            "nohup",
            "setsid",
            "stdbuf",
            "setpriv",
        ),
        *("chroot", "nsenter", "unshare", "systemd-run", "busybox", "toybox", "flock", "script", "xargs", "strace"),
        *("time", "setarch", "prlimit", "unbuffer", "capsh", "dbus-run-session", "firejail", "bwrap", "runcon"),
    }
)


def trouble(argv: Sequence[str], places: Sequence[int]) -> tuple[int, str] | None:
    """Return which of `places`, the indexes of values in `argv`, would be run as a program, and why; None if none."""
    programs = list(_programs(argv, places))
    for at in reversed(programs):
        name = _name(argv[at])
        # What follows a script that is named at once is the script's own.
        if name in _INTERPRETERS and argv[at + 1 : at + 2] and argv[at + 1].startswith("/"):
            continue
        for place in (each for each in places if each > at):
            between = argv[at + 1 : place]
            if name in _ALWAYS:
                return place, f"{name} hands its arguments to a shell; call the program itself, or a script of yours"
            code = next((each for each in between if name in _CODE and _CODE[name].fullmatch(each)), None)
            if code is not None:
                return place, f"{name} {code} makes a program of what follows; put it into a script of yours"
            operands = [each for each in between if not each.startswith("-")]
            if name in _INTERPRETERS and not operands:
                return place, f"it would choose what {name} runs; name the script by its whole path"
            if name in _WRAPPERS and not any(at < each < place for each in programs):
                return place, f"it would choose what {name} runs; name that program by its whole path before it"
    return None


def after_program(argv: Sequence[str], place: int) -> Sequence[str]:
    """Return what stands between the program that gets the value at `place` and that value."""
    return argv[max(at for at in _programs(argv, [place]) if at < place) + 1 : place] if place else ()


def _programs(argv: Sequence[str], places: Sequence[int]) -> Iterator[int]:
    """Yield where a program stands in `argv`: its first element, and those that a wrapper starts."""
    yield 0
    if _name(argv[0]) in _WRAPPERS:
        for at, element in enumerate(argv):
            if at and at not in places and (element.startswith("/") or _name(element) in _WRAPPERS | _INTERPRETERS):
                yield at


def _name(program: str) -> str:
    """Return the program's name without directories and version: `python` of `/usr/bin/python3.11`."""
    return re.sub(r"[\d.-]+$", "", program.rpartition("/")[2])
