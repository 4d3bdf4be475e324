"""VAT of a line: per line, halves up to the penny, summed afterwards (product.md, Rules). Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from magmanager.common.money import ZERO, percent_of

# KashFlow is told −1 where no VAT applies; 0 would mean zero-rated (kashflow-api.md, VatRate).
EXEMPT_FOR_KASHFLOW = Decimal(-1)


@dataclass(frozen=True)
class VatOfLine:
    """What is charged on one line: the percentage and whether it is exempt, which is not the same as 0 %."""

    percent: Decimal
    is_exempt: bool = False

    def amount(self, line_amount: Decimal) -> Decimal:
        """VAT in pounds on `line_amount` pounds (after discount), to the penny."""
        return ZERO if self.is_exempt else percent_of(line_amount, self.percent)

    @property
    def for_kashflow(self) -> Decimal:
        """The line's VatRate on the wire: the percentage, −1 when exempt."""
        return EXEMPT_FOR_KASHFLOW if self.is_exempt else self.percent


EXEMPT = VatOfLine(ZERO, is_exempt=True)
