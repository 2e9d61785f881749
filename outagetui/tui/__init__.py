"""The screens: what a terminal shows of a board, and the keys that become orders."""
