"""KashFlow's SOAP API as typed Python: one method per operation, one HTTP request per call.

Lists come as iterators: the call is made when the first record is asked for, and what they gave counts only
once they have been read to the end, because the status stands behind the records. Every method raises from
the family in `errors`; none tries again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kashflow.gateway.calls import Calls
from kashflow.gateway.errors import EnvelopeInvalid
from kashflow.gateway.exchange import Observer
from kashflow.gateway.records import (
    BankAccount,
    CompanyDetails,
    Customer,
    Invoice,
    NominalCode,
    Payment,
    PaymentMethod,
    SalesType,
    SalesTypeWithProducts,
    SubProduct,
    changed_customer_values,
    invoice_values,
    new_customer_values,
)
from kashflow.gateway.transport import Transport


class Gateway:
    """KashFlow as one login sees it. Not thread-safe: keep one per worker thread, like its transport."""

    def __init__(
        self, transport: Transport, username: str, password: str, observe: Observer | None = None
    ) -> None:
        """`observe` is told of every call when it is over; it never sees the login."""
        self._transport = transport
        self._calls = Calls(transport, username, password, observe)

    def __repr__(self) -> str:
        return f"Gateway({self._transport!r})"

    def connect(self) -> None:
        """Opens the connection beforehand, so that a create starts at once. Raises NotSent."""
        self._transport.connect()

    def close(self) -> None:
        """Closes the connection."""
        self._transport.close()

    def get_company_details(self) -> CompanyDetails:
        """The company behind this login; the cheap way to check a connection."""
        return self._calls.record("GetCompanyDetails", CompanyDetails, {}, lambda company: True)

    def get_customer(self, code: str) -> Customer:
        """The customer with this code. Raises NotFound."""
        wanted = code.strip().casefold()
        return self._calls.record(
            "GetCustomer",
            Customer,
            {"CustomerCode": code},
            lambda customer: customer.customer_id > 0 and customer.code.strip().casefold() == wanted,
        )

    def get_customer_by_id(self, customer_id: int) -> Customer:
        """The customer with this CustomerID. Raises NotFound."""
        return self._calls.record(
            "GetCustomerByID",
            Customer,
            {"CustomerID": customer_id},
            lambda customer: customer.customer_id == customer_id,
        )

    def get_customer_by_email(self, email: str) -> Customer:
        """A customer with this e-mail address. Raises NotFound."""
        return self._calls.record(
            "GetCustomerByEmail",
            Customer,
            {"CustomerEmail": email},
            lambda customer: customer.customer_id > 0,
        )

    def get_customers(self) -> Iterator[Customer]:
        """All customers; there is no paging."""
        return self._calls.list("GetCustomers", Customer, {})

    def insert_customer(self, customer: Customer) -> int:
        """Creates a customer and returns the CustomerID. Raises CodeNotUnique and CodeInvalid."""
        return self._calls.create("InsertCustomer", {"custr": new_customer_values(customer)})

    def update_customer(self, customer: Customer) -> None:
        """Writes the whole customer, found by its CustomerID: pass on what was read, with the changes."""
        if customer.customer_id <= 0:
            raise EnvelopeInvalid("UpdateCustomer", "CustomerID: is missing")
        self._calls.change("UpdateCustomer", {"custr": changed_customer_values(customer)})

    def get_invoice(self, number: int) -> Invoice:
        """The invoice with this number. Raises NotFound."""
        return self._calls.invoice(
            "GetInvoice", {"InvoiceNumber": number}, lambda invoice: invoice.number == number
        )

    def get_invoice_by_id(self, dbid: int) -> Invoice:
        """The invoice with this InvoiceDBID. Raises NotFound."""
        return self._calls.invoice(
            "GetInvoiceByID", {"InvoiceID": dbid}, lambda invoice: invoice.dbid == dbid
        )

    def insert_invoice(self, invoice: Invoice, send_by: float | None = None) -> int:
        """Creates an invoice with its lines and returns the number KashFlow gave it.

        `invoice.number` 0 lets KashFlow number it. `send_by` is a moment of `time.monotonic()`: after it
        nothing is written and SendDeadlineMissed is raised. Unknown means that it may have been created.
        """
        return self._calls.create("InsertInvoice", {"Inv": invoice_values(invoice)}, send_by)

    def get_invoices_for_customer(self, customer_id: int) -> Iterator[Invoice]:
        """All invoices of the customer with this CustomerID."""
        return self._calls.list(
            "GetInvoicesForCustomer",
            Invoice,
            {"CustID": customer_id},
            lambda invoice: invoice.customer_id == customer_id,
        )

    def get_invoices_unpaid(self) -> Iterator[Invoice]:
        """All invoices that are not fully paid."""
        return self._calls.list("GetInvoices_Unpaid", Invoice, {})

    def get_invoices_by_date_range(self, start: date, end: date) -> Iterator[Invoice]:
        """The invoices dated from `start` to `end`, both included as far as is known."""
        return self._calls.list("GetInvoicesByDateRange", Invoice, {"StartDate": start, "EndDate": end})

    def get_invoice_payments(self, number: int) -> Iterator[Payment]:
        """The payments of the invoice with this number."""
        return self._calls.list(
            "GetInvoicePayment",
            Payment,
            {"InvoiceNumber": number},
            lambda payment: payment.invoice_number == number,
        )

    def get_inv_pay_methods(self) -> Iterator[PaymentMethod]:
        """The ways an invoice can be paid."""
        return self._calls.list("GetInvPayMethods", PaymentMethod, {})

    def get_products(self) -> Iterator[SalesType]:
        """The sales types."""
        return self._calls.list("GetProducts", SalesType, {})

    def get_products_with_sub_products(self) -> Iterator[SalesTypeWithProducts]:
        """The sales types, each with its products."""
        return self._calls.list("GetProductsWithSubProducts", SalesTypeWithProducts, {})

    def get_sub_products(self, nominal_id: int) -> Iterator[SubProduct]:
        """The products under the sales type with this id."""
        return self._calls.list("GetSubProducts", SubProduct, {"NominalID": nominal_id})

    def get_nominal_codes_extended(self) -> Iterator[NominalCode]:
        """All nominal codes."""
        return self._calls.list("GetNominalCodesExtended", NominalCode, {})

    def get_bank_accounts(self) -> Iterator[BankAccount]:
        """The bank accounts."""
        return self._calls.list("GetBankAccounts", BankAccount, {})
