"""XMPP sessions that are kept between looks: slixmpp speaks over our own connections.

`session_pool` hands out sessions, one an account; `session` is one of them; `room` what goes on in a room of it.
"""
