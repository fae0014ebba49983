from django.apps import AppConfig
from django.core.checks import Tags, register

from recsite.accounts.checks import check_open_site


class AccountsConfig(AppConfig):
    name = "recsite.accounts"
    label = "accounts"
    verbose_name = "People"  # allauth's email addresses are the "Accounts"

    def ready(self) -> None:
        register(check_open_site, Tags.security, deploy=True)
