"""Periodic tasks in the admin: what is done how often, and when it was sent last."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabAdmin
from django_celery_beat.admin import IntervalScheduleAdmin as BeatIntervalAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatTaskAdmin
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from recommender.selectors.dashboard import every, every_interval


class PeriodicTaskAdmin(BeatTaskAdmin):  # type: ignore[misc]  # django-celery-beat carries no types
    list_display = ("name", "enabled", "how_often", "last_run_at", "task")
    list_filter = ("enabled", "last_run_at")
    date_hierarchy = None
    actions = ("enable_tasks", "disable_tasks", "run_tasks")

    @admin.display(description="how often", ordering="interval__every")
    def how_often(self, task: PeriodicTask) -> str:
        return every(task)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], **kwargs: Any
    ) -> HttpResponse:
        """Name the task without its interval, which django-celery-beat tells in seconds."""
        if task := kwargs.get("obj"):
            context["subtitle"] = task.name
        response: HttpResponse = super().render_change_form(request, context, **kwargs)
        return response

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "interval":
            field.label_from_instance = every_interval
        return field


class _OfATask:
    """What is reached from a task, and has no place on the first page."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False


class IntervalAdmin(_OfATask, BeatIntervalAdmin):  # type: ignore[misc]
    list_display = ("how_often",)

    @admin.display(description="how often", ordering="every")
    def how_often(self, interval: IntervalSchedule) -> str:
        return every_interval(interval)


class CrontabAdmin(_OfATask, BeatCrontabAdmin):  # type: ignore[misc]
    pass
