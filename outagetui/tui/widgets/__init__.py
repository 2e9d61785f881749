"""Widgets that draw lines and send a terminal only the cells that changed."""
