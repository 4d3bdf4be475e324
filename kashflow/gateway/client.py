"""KashFlow's SOAP API as typed Python: one method per operation, one HTTP request per call.

Lists come as iterators: the call is made when the first record is asked for, and what they gave counts only
once they have been read to the end, because the status stands behind the records. Every method raises from
the family in `errors`; none tries again. The methods are grouped by subject as kashflow-api.md groups them.
"""

from __future__ import annotations

from kashflow.gateway.account import Account
from kashflow.gateway.banking import Banking
from kashflow.gateway.codes import Codes
from kashflow.gateway.customers import Customers
from kashflow.gateway.invoices import Invoices
from kashflow.gateway.papers import Papers
from kashflow.gateway.payments import Payments


class Gateway(Account, Customers, Invoices, Papers, Payments, Codes, Banking):
    """KashFlow as one login sees it. Not thread-safe: keep one per worker thread, like its transport."""
