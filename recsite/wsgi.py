"""The WSGI application that gunicorn serves."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from recsite.stack import with_room
from recsite.sub_path import below

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")

application = with_room(below(settings.SITE_PATH, get_wsgi_application()))

# Objects loaded by now stay; the garbage collector need not check them during requests.
gc.collect()
gc.freeze()
