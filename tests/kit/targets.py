"""A target of every scheme that means a probe: the probe, and the line a check of it needs beside the target."""

TARGETS = [
    ("http://127.0.0.1/", "http", ""),
    ("HTTPS://chat.example.net/", "http", ""),
    ("tls://h:443", "tls", ""),
    ("tcp://h:1", "tcp", ""),
    ("dns:example.net", "dns", ""),
    ("dns://192.0.2.53:53/example.net", "dns", ""),
    ("icmp://h", "icmp", ""),
    ("smtp://h:25", "smtp", ""),
    ("smtps://h:465", "smtp", ""),
    ("imap://h", "imap", ""),
    ("imaps://u@h", "imap", 'secret = "s"'),
    ("xmpp://u@h", "xmpp", 'secret = "s"'),
    ("ws://h/", "websocket", ""),
    ("wss://h/", "websocket", ""),
    ("irc://h:6667", "irc", ""),
    ("ircs://h:6697", "irc", ""),
    ("sip:h", "sip.options", ""),
    ("sips:h", "sip.options", ""),
    ("wireguard:wg0", "wireguard", ""),
    ("exec:disk", "exec", 'argv = ["/bin/true"]'),
]
