"""What KashFlow refuses in words that nobody knows. Once, that proves nothing: it is looked for like any uncertain write.

Where a look proved each time that nothing was done, and the same words came twice, they will come again: a person is asked,
instead of sending it every ten minutes for ever. transfer.md leaves that open.
"""

from __future__ import annotations

import re

from invoicing.models import Transfer, TransferAttempt
from invoicing.transfer.states import Event
from kashflow.gateway.errors import SaidNo

# What can become of a write that was begun, but for the success that ends it, and the person who may have mended it.
_ENDS = [
    one.name.lower()
    for one in (
        Event.UNCERTAIN,
        Event.NOT_SENT,
        Event.LEASE_EXPIRED,
        Event.DEADLINE_MISSED,
        Event.RECHECK,
    )
]
_SAID = re.compile(r"KashFlow said no: “(.*)”\.")


def words_said_twice(transfer: Transfer) -> str:
    """KashFlow's words, where both of the last two writes were refused in them; else "".

    Also "" where they sound like a trouble of KashFlow's own, which may pass.
    """
    ends = TransferAttempt.objects.filter(transfer=transfer, outcome__in=_ENDS).order_by("-pk")
    last = list(ends.values_list("what", flat=True)[:2])
    said = _SAID.match(last[0]) if len(last) == 2 and last[0] == last[1] else None
    return said[1] if said and not SaidNo(words=said[1]).may_pass else ""
