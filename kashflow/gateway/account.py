"""The account itself: kashflow-api.md, sections 3 and 10."""

from __future__ import annotations

from collections.abc import Iterator

from kashflow.gateway.records import AccountDefaults, AccountOverview, CompanyDetails, Currency, Dataset
from kashflow.gateway.session import Session


class Account(Session):
    """What can be asked about the account."""

    def get_company_details(self) -> CompanyDetails:
        """The company behind this login; the cheap way to check a connection."""
        return self._calls.record("GetCompanyDetails", CompanyDetails, {}, lambda company: True)

    def get_vat_rates(self) -> Iterator[Dataset]:
        """The VAT rates; the percentage stands in `Dataset.value`."""
        return self._calls.list("GetVATRates", Dataset, {})

    def is_user_vat_registered(self) -> bool:
        """Whether the company is registered for VAT."""
        return self._calls.value("isUserVATRegistered", bool, {})

    def get_currencies(self) -> Iterator[Currency]:
        """The currencies of the account."""
        return self._calls.list("GetCurrencies", Currency, {})

    def get_user_account_defaults(self) -> AccountDefaults:
        """What holds for the whole account."""
        return self._defaults("GetUserAccountDefaults")

    def get_user_account_defaults_type_defined(self) -> AccountDefaults:
        """The same, its currencies without xsi:type."""
        return self._defaults("GetUserAccountDefaults_TypeDefined")

    def get_user_account_default2(self) -> AccountDefaults:
        """The same with where it is registered for VAT."""
        return self._defaults("GetUserAccountDefault2")

    def get_user_account_default_type_defined2(self) -> AccountDefaults:
        """The same again, its currencies without xsi:type."""
        return self._defaults("GetUserAccountDefault_TypeDefined2")

    def get_account_overview(self) -> AccountOverview:
        """What is due and overdue, in pounds."""
        return self._calls.record("GetAccountOverview", AccountOverview, {}, lambda overview: True)

    def auto_auth_ip(self, app_name: str, key: str) -> None:
        """Adds this server's address to those the account allows, where its owner switched that on."""
        self._calls.change("AutoAuthIP", {"appName": app_name, "AutoAuthKey": key})

    def get_remote_login_url(self) -> str:
        """Where this login opens KashFlow in a browser."""
        return self._calls.text("GetRemoteLoginURL", {})

    def _defaults(self, operation: str) -> AccountDefaults:
        """One of the four shapes of the same record."""
        return self._calls.record(operation, AccountDefaults, {}, lambda defaults: True)
