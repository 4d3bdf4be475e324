"""Customers: kashflow-api.md, section 5. The calls ending in 2 carry TradeBorderType in place of EC and OutsideEC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from kashflow.gateway.records import BankTransaction, Customer, CustomerBalance, Dataset
from kashflow.gateway.session import Session, demand
from kashflow.gateway.writing import changed_customer_values, new_customer_values


class Customers(Session):
    """What can be asked and done about customers."""

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
        return self._calls.record("GetCustomerByEmail", Customer, {"CustomerEmail": email}, is_there)

    def search_customer_by_cust_text(self, text: str) -> Customer:
        """The customer one of whose extra texts is this. Raises NotFound."""
        return self._calls.record("SearchCustomerByCustText", Customer, {"SearchVal": text}, is_there)

    def get_customers(self) -> Iterator[Customer]:
        """All customers; there is no paging."""
        return self._calls.list("GetCustomers", Customer, {})

    def get_customers_modified_since(self, day: date) -> Iterator[Customer]:
        """The customers made or changed since that day."""
        return self._calls.list("GetCustomersModifiedSince", Customer, {"ModifiedSince": day})

    def get_customers_by_postcode(self, postcode: str) -> Iterator[Customer]:
        """The customers with this postcode."""
        return self._calls.list("GetCustomersByPostcode", Customer, {"Postcode": postcode})

    def insert_customer(self, customer: Customer) -> int:
        """Creates a customer and returns the CustomerID. Raises CodeNotUnique and CodeInvalid."""
        return self._calls.create("InsertCustomer", {"custr": new_customer_values(customer)})

    def update_customer(self, customer: Customer) -> None:
        """Writes the whole customer, found by its CustomerID: pass on what was read, with the changes."""
        demand("UpdateCustomer", CustomerID=customer.customer_id)
        self._calls.change("UpdateCustomer", {"custr": changed_customer_values(customer)})

    def get_customer2(self, code: str) -> Customer:
        """The customer with this code, in the shape that knows TradeBorderType. Raises NotFound."""
        wanted = code.strip().casefold()
        return self._calls.record(
            "GetCustomer2",
            Customer,
            {"CustomerCode": code},
            lambda customer: customer.customer_id > 0 and customer.code.strip().casefold() == wanted,
        )

    def get_customer_by_id2(self, customer_id: int) -> Customer:
        """The customer with this CustomerID, in the shape that knows TradeBorderType. Raises NotFound."""
        return self._calls.record(
            "GetCustomerByID2",
            Customer,
            {"Customer2ID": customer_id},
            lambda customer: customer.customer_id == customer_id,
        )

    def get_customer_by_email2(self, email: str) -> Customer:
        """A customer with this e-mail address, in the shape that knows TradeBorderType. Raises NotFound."""
        return self._calls.record("GetCustomerByEmail2", Customer, {"CustomerEmail": email}, is_there)

    def search_customer_by_cust_text2(self, text: str) -> Customer:
        """The customer one of whose extra texts is this, in the shape that knows TradeBorderType. Raises NotFound."""
        return self._calls.record("SearchCustomerByCustText2", Customer, {"SearchVal": text}, is_there)

    def get_customers2(self) -> Iterator[Customer]:
        """All customers, in the shape that knows TradeBorderType; there is no paging."""
        return self._calls.list("GetCustomers2", Customer, {})

    def get_customers_modified_since2(self, day: date) -> Iterator[Customer]:
        """The customers made or changed since that day, in the shape that knows TradeBorderType."""
        return self._calls.list("GetCustomersModifiedSince2", Customer, {"ModifiedSince": day})

    def get_customers_by_postcode2(self, postcode: str) -> Iterator[Customer]:
        """The customers with this postcode, in the shape that knows TradeBorderType."""
        return self._calls.list("GetCustomersByPostcode2", Customer, {"Postcode": postcode})

    def insert_customer2(self, customer: Customer) -> int:
        """Creates a customer and returns the CustomerID. Raises CodeNotUnique and CodeInvalid."""
        return self._calls.create(
            "InsertCustomer2", {"Customer2": new_customer_values(customer, "Customer2")}
        )

    def update_customer2(self, customer: Customer) -> None:
        """Writes the whole customer, found by its CustomerID: pass on what was read, with the changes."""
        demand("UpdateCustomer2", CustomerID=customer.customer_id)
        self._calls.change("UpdateCustomer2", {"Customer2": changed_customer_values(customer, "Customer2")})

    def delete_customer(self, customer_id: int) -> None:
        """Deletes the customer. KashFlow answers 0 whether there was one or not: read it to know."""
        demand("DeleteCustomer", CustomerID=customer_id)
        self._calls.change("DeleteCustomer", {"CustomerID": customer_id})

    def get_customer_sources(self) -> Iterator[Dataset]:
        """Where customers come from; `Dataset.id` is what Source takes."""
        return self._calls.list("GetCustomerSources", Dataset, {})

    def get_customer_vat_number(self, code: str) -> str:
        """The VAT number of the customer with this code. Raises NotFound."""
        return self._calls.text("GetCustomerVATNumber", {"CustomerCode": code})

    def set_customer_vat_number(self, code: str, vat_number: str) -> None:
        """Sets it. Raises NotFound."""
        self._calls.change("SetCustomerVATNumber", {"CustVATNumber": vat_number, "CustomerCode": code})

    def get_customer_currency(self, code: str) -> str:
        """The currency of the customer with this code, such as GBP. Raises NotFound."""
        return self._calls.text("GetCustomerCurrency", {"CustomerCode": code})

    def set_customer_currency(self, code: str, currency_code: str) -> None:
        """Sets it. Raises NotFound."""
        self._calls.change("SetCustomerCurrency", {"CurrencyCode": currency_code, "CustomerCode": code})

    def get_customer_balance(self, code: str) -> CustomerBalance:
        """What the customer with this code paid and owes. Raises NotFound."""
        wanted = code.strip().casefold()
        return self._calls.record(
            "GetCustomerBalance",
            CustomerBalance,
            {"CustomerCode": code},
            lambda balance: balance.customer_code.strip().casefold() in ("", wanted),
        )

    def get_customer_advance_payments(self, customer_id: int) -> Iterator[BankTransaction]:
        """What the customer paid before there was an invoice."""
        return self._calls.list("GetCustomerAdvancePayments", BankTransaction, {"CustomerId": customer_id})


def is_there(customer: Customer) -> bool:
    """Not the empty record that some answer with."""
    return customer.customer_id > 0
