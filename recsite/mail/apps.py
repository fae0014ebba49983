from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "recsite.mail"
    label = "mail"
