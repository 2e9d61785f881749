"""A SIP client (RFC 3261) for probes: transactions, dialogs, digest, RTP and what a call was worth.

`agent` is the way in: it opens transports to a server and carries out transactions. `call` places one call on it, `rtp`
measures its sound and `emodel` gives that a number.
"""
