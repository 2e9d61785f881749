"""Picks the command and imports only what it needs."""

import gc
import sys

from outagetui.cli.output import guard


def main() -> None:
    """Run the command line."""
    guard()
    try:
        _run()
    finally:
        sys.stdout.flush()


def _run() -> None:
    _import_msgspec()
    options, words = _options(sys.argv[1:])
    if words in (["status"], ["status", "--json"]):
        from outagetui.cli.status import report

        gc.disable()  # nothing that is made here is let go of before the end
        sys.exit(report(options, words[-1] == "--json"))
    if not words:
        _screens(options)
    from outagetui.cli.group import outagetui

    outagetui.main(prog_name="outagetui")


def _import_msgspec() -> None:
    """Keep it from importing what it does not need from Python 3.11 on: a fifth of the time that `status` takes."""
    if "typing_extensions" not in sys.modules:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        import msgspec  # noqa: F401

        del sys.modules["typing_extensions"]


def _screens(options: dict[str, str | None]) -> None:
    # The event loop would load OpenSSL for connections that screens never make, and hold two megabytes for it.
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    from outagetui.cli.common import unusable
    from outagetui.cli.screens import operator

    try:
        sys.exit(operator(options))
    except KeyboardInterrupt:
        sys.exit("\nAborted!")  # while a daemon is started; in the screens it is a key
    except Exception as error:
        unusable(error)


def _options(words: list[str]) -> tuple[dict[str, str | None], list[str]]:
    """Return the options that every command has, and the words behind them.

    The screens are what people wait for, and prompts and cron call `status` often: both do without the group.
    """
    options: dict[str, str | None] = {"config": None, "store": None}
    while len(words) > 1 and words[0] in ("--config", "--store"):
        options[words[0][2:]], words = words[1], words[2:]
    return options, words


if __name__ == "__main__":
    main()
