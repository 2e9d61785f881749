"""Numbers that can be shown as a time or an amount: a document with any other, such as a flipped bit makes, is damaged.

The bounds hold where a document is read (msgspec), not where a value is made.
"""

from typing import Annotated

from msgspec import Meta

from outagetui.core.times import LATEST

Instant = Annotated[float, Meta(ge=0, le=LATEST)]  # epoch seconds
Finite = Annotated[float, Meta(ge=-1e15, le=1e15)]
Reading = Annotated[float, Meta(ge=-1e300, le=1e300)]  # whatever somebody else's number is, but finite
Number = Annotated[int, Meta(ge=-(2**53), le=2**53)]
