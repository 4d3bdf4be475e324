"""Floor 3: who buys."""

from magmanager.common import floors
from magmanager.common.permissions import ACCOUNTS, ADMIN, EVERYONE, SALES


class ClientsConfig(floors.FloorConfig):
    name = "clients"
    grants = {
        "view_clients": EVERYONE,
        "add_client": (ADMIN, SALES),
        "change_client": (ADMIN, SALES, ACCOUNTS),
        "change_contacts": (ADMIN, SALES, ACCOUNTS),
        "link_customer": (ADMIN, SALES, ACCOUNTS),
        "match_customer_codes": (ADMIN, ACCOUNTS),
    }
