"""The command line: `group` lists the commands, each module here is one or a few of them."""
