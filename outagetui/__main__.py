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
    words = sys.argv[1:]
    options = _plain_status(words)
    if options is not None:
        # msgspec would import it for help it does not need here, at the price of a fifth of this command's time.
        sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]
        from outagetui.cli.status import report

        gc.disable()  # nothing that is made here is let go of before the end
        sys.exit(report(options, words[-1] == "--json"))
    from outagetui.cli.group import outagetui

    outagetui.main(prog_name="outagetui")


def _plain_status(words: list[str]) -> dict[str, str | None] | None:
    """Return the options of a plain `status` call: prompts and cron call it often, so it does without the group."""
    options: dict[str, str | None] = {"config": None, "store": None}
    rest = list(words)
    while len(rest) > 2 and rest[0] in ("--config", "--store"):
        options[rest[0][2:]] = rest[1]
        rest = rest[2:]
    return options if rest in (["status"], ["status", "--json"]) else None


if __name__ == "__main__":
    main()
