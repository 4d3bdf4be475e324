"""The web server's door: `uvicorn magmanager.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magmanager.settings")
application = get_asgi_application()
