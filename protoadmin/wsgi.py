"""The WSGI application that granian (or any WSGI server) serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "protoadmin.settings")

_django = get_wsgi_application()

from webhooks.wsgi import with_receivers  # noqa: E402 - the models that it needs are loaded only now

application = with_receivers(_django)
