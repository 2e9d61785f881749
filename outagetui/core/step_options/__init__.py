"""Every step: what its `with` table may hold, and what the program knows of the kind.

Duration fields carry the type `Duration`, as those of the probes do.
"""

from outagetui.core.step_kind import StepOptions as StepOptions
from outagetui.core.step_options.common_steps import *  # noqa: F403
from outagetui.core.step_options.programs import *  # noqa: F403
from outagetui.core.step_options.rooms_and_banner import *  # noqa: F403

STEPS = {do: kind for do, kind in StepOptions.kinds.items() if not kind.own}
