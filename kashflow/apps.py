"""Floor 2: the KashFlow service module. It knows no app above it."""

from magmanager.common import floors
from magmanager.common.permissions import ACCOUNTS, ADMIN, EVERYONE


class KashFlowConfig(floors.FloorConfig):
    name = "kashflow"
    verbose_name = "KashFlow"
    grants = {
        "view_kashflow": (ADMIN, ACCOUNTS),
        "change_kashflow_settings": (ADMIN,),
        "switch_account": (ADMIN,),
        "resume_account": (ADMIN,),
        "view_api_log": (ADMIN, ACCOUNTS),
        "check_connection": EVERYONE,
        "save_login": EVERYONE,
        "sync_bank_accounts": (ADMIN, ACCOUNTS),
        "sync_sales_codes": (ADMIN, ACCOUNTS),
        "sync_account_codes": (ADMIN, ACCOUNTS),
    }

    def ready(self) -> None:
        from kashflow import checks  # noqa: F401  (registers them; models exist only now)
