"""Every probe: what a check may hold beside the common keys, and what the program knows of the kind.

Duration fields carry the type `Duration`; the configuration reader accepts `"500ms"`, `"10s"`, `"2m"`, `"7d"` for them.
"""

from outagetui.core.probe_kind import Duration as Duration
from outagetui.core.probe_kind import ProbeOptions as ProbeOptions
from outagetui.core.probe_kind import TrustOptions as TrustOptions
from outagetui.core.probe_options.common_services import *  # noqa: F403
from outagetui.core.probe_options.mail_and_chat import *  # noqa: F403
from outagetui.core.probe_options.own_machine import *  # noqa: F403
from outagetui.core.probe_options.sip import *  # noqa: F403

PROBES = ProbeOptions.kinds


def canary(target: str) -> type[ProbeOptions] | None:
    """Return the kind of probe that looks at a canary, or None when its scheme cannot be one."""
    scheme = target.partition(":")[0].lower()
    return next((each for each in PROBES.values() if each.canary and scheme in each.default_for), None)
