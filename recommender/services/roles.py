"""Roles that an issuer of OpenID Connect gives and takes."""

from collections.abc import Collection

import structlog
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from recommender.roles import CURATOR, OPERATOR
from recsite.accounts.models import User

log = structlog.get_logger(__name__)


@transaction.atomic
def follow_claims(*, user: User, held: Collection[str]) -> None:
    """Give an account exactly the roles that its issuer names, where settings say what they mean.

    Without a setting for superusers, who is one stays one.
    """
    meant = {CURATOR: settings.OIDC_CURATORS, OPERATOR: settings.OIDC_OPERATORS}
    if not any((*meant.values(), settings.OIDC_SUPERUSERS)):
        return
    due = {role for role, names in meant.items() if not set(names).isdisjoint(held)}
    before = (user.is_staff, user.is_superuser)
    if settings.OIDC_SUPERUSERS:
        user.is_superuser = not set(settings.OIDC_SUPERUSERS).isdisjoint(held)
    user.is_staff = bool(due) or user.is_superuser
    user.save(update_fields=["is_staff", "is_superuser"])
    kept = set(user.groups.filter(name__in=meant).values_list("name", flat=True))
    user.groups.remove(*Group.objects.filter(name__in=kept - due))
    user.groups.add(*Group.objects.filter(name__in=due))
    if kept != due or before != (user.is_staff, user.is_superuser):
        log.info("roles.followed", user=user.pk, roles=sorted(due), superuser=user.is_superuser)
