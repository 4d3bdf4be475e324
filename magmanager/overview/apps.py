"""The roof: Home, search and the Settings index; it reads from every floor and nobody imports it."""

from magmanager.common import floors


class OverviewConfig(floors.FloorConfig):
    name = "magmanager.overview"
    label = "overview"

    def ready(self) -> None:
        # Whoever wakes a worker (web server, command) must know the broker, not only the worker itself.
        from magmanager import celery  # noqa: F401
