"""Orders: what operators ask of the daemon, over one UNIX socket, one JSON document a line."""
