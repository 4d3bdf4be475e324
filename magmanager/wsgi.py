"""The web server's door: `gunicorn magmanager.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "magmanager.settings")
application = get_wsgi_application()
