from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "recsite.accounts"
    label = "accounts"
