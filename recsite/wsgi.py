"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

application = get_wsgi_application()

# What is loaded by now stays; the collector need not look through it again while readers wait.
gc.collect()
gc.freeze()
