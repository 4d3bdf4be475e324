"""What the tests of Invoicing share."""

from __future__ import annotations

from tests.kashflow.conftest import committed as committed
from tests.kashflow.conftest import stranger as stranger
