from django.apps import AppConfig, apps
from django.core.checks import Tags, register

from recsite.accounts.checks import check_open_site

#: What the admin calls apps of others. Addresses, groups and second steps belong to accounts.
NAMES = {
    "account": "Accounts",
    "auth": "Accounts",
    "mfa": "Accounts",
    "django_celery_beat": "Periodic tasks",
}


class AccountsConfig(AppConfig):
    name = "recsite.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        register(check_open_site, Tags.security, deploy=True)
        for label, name in NAMES.items():
            apps.get_app_config(label).verbose_name = name
