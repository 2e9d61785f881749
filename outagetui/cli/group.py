"""The command line: one group, each command's module imported only when it is the one."""

from importlib import import_module
from typing import Any

import click

COMMANDS: dict[str, tuple[str, str]] = {  # name: (module in this package, one line of help)
    "wallboard": ("wallboard", "Show the read-only wall."),
    "daemon": ("daemon", "Watch, run playbooks and take orders, for systemd."),
    "check": ("check", "Probe everything once now, without a daemon."),
    "trace": ("trace", "Look at the way to a channel or host, and where it ends."),
    "status": ("status_command", "Tell what the daemon knows, as plain text."),
    "play": ("play", "Run a playbook from the shell."),
    "runs": ("runs", "List runs and the questions they ask."),
    "answer": ("runs", "Answer the question of a run's step."),
    "approve": ("runs", "Allow what a step asks a second person."),
    "take": ("runs", "Take a run over."),
    "abort": ("runs", "Give a run up."),
    "ack": ("order_commands", "Take the incident."),
    "mute": ("order_commands", "Mute a channel or outlet for a while."),
    "recheck": ("order_commands", "Probe now instead of when it is due."),
    "activate": ("order_commands", "Make backups active."),
    "prove": ("prove", "Try backups from end to end, and say which are ready."),
    "alert": ("alert", "List or test the ways in which people are woken."),
    "deactivate": ("order_commands", "Put backups back to standby."),
    "told": ("order_commands", "Note that people were told of a backup by hand."),
    "reload": ("order_commands", "Let the daemon read its configuration again."),
    "announce": ("announce", "Tell an audience through its outlets."),
    "delivery": ("delivery", "Try one outlet of an announcement again, skip it, or edit what it gets."),
    "journal": ("journal", "Print the record of what happened."),
    "store": ("store", "Look at a damaged store, or save what it still holds."),
    "report": ("report", "Write down an incident for the post-mortem."),
    "contacts": ("contacts", "Make a channel's list of business contacts, or take one in."),
    "accounts": ("accounts", "List the official backup accounts, or publish them ahead of time."),
    "drill": ("drill", "Rehearse an outage against local servers."),
    "validate": ("config", "Report every error of the configuration."),
    "init": ("config", "Write a commented starter configuration."),
    "add": ("add", "Write the file of one more channel."),
    "help": ("help", "Read the manual: a page, a probe, a step, an outlet, a command."),
}


class Lazy(click.Group):
    """A group that knows its commands' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order people need them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"outagetui.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Do the command; a store that cannot be used is one message wherever it is met."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from outagetui.cli.common import unusable

            unusable(error)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(
    cls=Lazy,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config", metavar="DIR", help="The configuration directory (else $OUTAGETUI_CONFIG, ., ~/.config, /etc)."
)
@click.option("--store", metavar="FILE", help="The store to read, for screens without a configuration.")
@click.version_option(package_name="outagetui")
@click.pass_context
def outagetui(ctx: click.Context, config: str | None, store: str | None) -> None:
    """See who can still reach you, switch to backups, tell your customers.

    Without a command: the operator's screens.
    """
    ctx.obj = {"config": config, "store": store}
    if ctx.invoked_subcommand is None:
        from outagetui.cli.screens import operator

        ctx.exit(operator(ctx.obj))
