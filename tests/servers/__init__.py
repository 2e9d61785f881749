"""Real servers for the tests, each started on free loopback ports in a process group of its own."""
