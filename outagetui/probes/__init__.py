"""One file a protocol, each with `async probe(check, deadline, vantage)`; `look` picks it and never raises."""

import asyncio
import importlib
from typing import TYPE_CHECKING

import msgspec

from outagetui.core.masking import mask_people, may_name_people, texts_in
from outagetui.core.model import Check, Outcome, Sample
from outagetui.core.text import clean
from outagetui.machine.secrets import SecretError
from outagetui.net.aside import loaded
from outagetui.net.trouble import Trouble, from_os_error, from_own_error
from outagetui.probes.lateness import Lateness

if TYPE_CHECKING:
    from outagetui.net.vantage import Vantage

# A probe that forgets its deadline is ended twice this (seconds) after it. In two steps, so that on a late loop, where
# every timer is due at once, the probe's own time-out still comes first: only that one can tell the phases.
_GRACE = 0.1


async def look(check: Check, deadline: float, vantage: "Vantage") -> Sample:
    """Look once. `deadline` is the loop's time; whatever goes wrong becomes a sample, only cancellation passes.

    Its words hold no secret that was read so far, in whatever form, and nobody's address but those of the check.
    """
    lateness = Lateness()
    sample = lateness.judged(check, await _looked(check, deadline, vantage))
    detail = vantage.secrets.hide(sample.detail)
    if may_name_people(detail):
        detail = mask_people(detail, texts_in(msgspec.to_builtins(check)))
    return msgspec.structs.replace(sample, code=vantage.secrets.hide(sample.code), detail=clean(detail))


async def _looked(check: Check, deadline: float, vantage: "Vantage") -> Sample:
    loop = asyncio.get_running_loop()
    try:
        name = f"{__name__}.{check.probe.replace('.', '_')}"
        await loaded(name)
        probe = importlib.import_module(name).probe
        async with asyncio.timeout(None) as net:
            step = loop.call_at(deadline + _GRACE, lambda: net.reschedule(loop.time() + _GRACE))
            try:
                sample: Sample = await probe(check, deadline, vantage)
            finally:
                step.cancel()
            return sample
    except Trouble as trouble:
        return trouble.sample()
    except SecretError as error:
        return Sample(outcome=Outcome.UNKNOWN, code=error.code, detail=clean(error))
    except TimeoutError:
        return Sample(outcome=Outcome.FAIL, code="timeout", detail="no answer in time")
    except OSError as error:
        return from_os_error(error).sample()
    except Exception as error:
        return from_own_error(error).sample()
