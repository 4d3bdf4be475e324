"""The roof: Home, search and the Settings index; it reads from every floor and nobody imports it."""

from magmanager.common import floors


class OverviewConfig(floors.FloorConfig):
    name = "magmanager.overview"
    label = "overview"
