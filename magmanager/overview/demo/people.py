"""The people of the demo publisher and the company itself."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from magmanager.common.permissions import ACCOUNTS, ADMIN, PRODUCTION, SALES
from magmanager.overview.demo.plan import Plan
from magmanager.overview.demo.values import vat_number
from settings_app.models import CompanyDetails, SystemDefaults, User, VatRate

PASSWORD = "demo"  # noqa: S105  (printed beside the addresses; a production start refuses demo data)
COMPANY = {
    "name": "Marches & Wye Media Ltd",
    "address1": "The Old Malthouse",
    "address2": "Bewell Street",
    "town": "Hereford",
    "county": "Herefordshire",
    "postcode": "HR4 0BX",
    "phone": "01632 960100",
    "email": "accounts@marcheswye.example",
    "registered_number": "09418276",
    "payment_terms_days": 30,
}
PEOPLE = (
    ("admin@demo.example", "Rosalind Meadows", ADMIN),
    ("sales@demo.example", "Tom Probert", SALES),
    ("accounts@demo.example", "Helen Gwilliam", ACCOUNTS),
    ("production@demo.example", "Callum Weale", PRODUCTION),
)
# Sales staff who are assigned clients; nobody logs in as them.
SALES_STAFF = (("anwen.parry@demo.example", "Anwen Parry"), ("daniel.nair@demo.example", "Daniel Nair"))


def add_people() -> dict[str, User]:
    """The four demo logins and two salespeople, by what stands before the @ of their address."""
    everyone = [(*person, True) for person in PEOPLE] + [(*person, SALES, False) for person in SALES_STAFF]
    password = make_password(PASSWORD)
    people = {}
    for email, name, role, may_log_in in everyone:
        user = User.objects.create(
            email=email, name=name, password=password if may_log_in else make_password(None)
        )
        user.groups.add(Group.objects.get(name=role))
        people[email.partition("@")[0]] = user
    return people


def salespeople(people: dict[str, User]) -> list[User]:
    """Whoever clients are assigned to."""
    return [people["sales"], people["anwen.parry"], people["daniel.nair"]]


def set_company(plan: Plan) -> CompanyDetails:
    """Company Details, charging the standard rate; System Defaults with KashFlow and account codes on."""
    details = COMPANY | {
        "vat_number": vat_number(plan.chance("company")),
        "vat_rate": VatRate.objects.get(name="Standard"),
    }
    SystemDefaults.objects.update_or_create(
        pk=1, defaults={"accounts_package": SystemDefaults.Package.KASHFLOW, "use_account_codes": True}
    )
    return CompanyDetails.objects.update_or_create(pk=1, defaults=details)[0]
