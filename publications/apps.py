"""Floor 3: what there is to sell."""

from magmanager.common import floors
from magmanager.common.permissions import ADMIN, EVERYONE


class PublicationsConfig(floors.FloorConfig):
    name = "publications"
    grants = {"view_publications": EVERYONE, "change_publication": (ADMIN,)}
