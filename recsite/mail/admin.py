"""Email that waits, for operators: why and until when, but not what it says."""

from django.contrib import admin
from django.http import HttpRequest

from recsite.mail.models import QueuedMail


@admin.register(QueuedMail)
class QueuedMailAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Nothing to change; an email that is not to be sent can be deleted."""

    list_display = ("pk", "queued_at", "tries", "next_try_at", "error")
    fields = readonly_fields = ("queued_at", "tries", "next_try_at", "error")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False
