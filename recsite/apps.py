"""The admin, with a first page of its own."""

from django.contrib.admin.apps import AdminConfig


class Admin(AdminConfig):
    default_site = "recsite.admin_site.Site"
