"""`xmpp.account`: make an account by the server's own commands (XEP-0133), as its administrator."""

from outagetui.actions import Result, StepContext, options_of
from outagetui.actions.xmpp_visit import Progress, visit
from outagetui.core.step_options import XmppAccountOptions
from outagetui.facts.events import StepPlan
from outagetui.protocols.xmpp.admin import add_user
from outagetui.protocols.xmpp.session import Session


async def act(plan: StepPlan, context: StepContext) -> Result:
    """Make the account; one that is there already keeps its password."""

    async def deed(session: Session, progress: Progress) -> Result:
        options = options_of(plan, XmppAccountOptions)
        user, password = plan.facts["user"], context.secret(options.secret)
        if not password:
            return Result(False, f"the secret {options.secret} is empty, so {user} would have no password")
        with progress.in_doubt(f"{user} may have been made"):
            made = await add_user(session, user, password)
        words = f"{user} made" if made else f"{user} is there already, with the password it has"
        return Result(True, words, changed=made)

    return await visit(plan, context, deed)


async def recover(plan: StepPlan, context: StepContext) -> Result | str | None:
    """Doing it again is safe: an account that is there is left as it is."""
    return None
