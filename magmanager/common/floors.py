"""What an app of the house says about itself.

Imported as a module (`floors.FloorConfig`): Django takes the single AppConfig class it finds in an app's `apps.py`.
"""

from django.apps import AppConfig


class FloorConfig(AppConfig):
    """An app of the house; `grants` says which roles hold which of its verbs."""

    grants: dict[str, tuple[str, ...]] = {}
