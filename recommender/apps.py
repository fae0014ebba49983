from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecommenderConfig(AppConfig):
    name = "recommender"

    def ready(self) -> None:
        from recommender.roles import keep_roles  # noqa: PLC0415  models are loaded only now

        post_migrate.connect(keep_roles, sender=self)
