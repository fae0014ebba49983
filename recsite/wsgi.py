"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

application = get_wsgi_application()

# Objects loaded by now stay; the garbage collector need not check them during requests.
gc.collect()
gc.freeze()
