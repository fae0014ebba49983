"""Users who can log in. What they read belongs to `recommender.Reader`."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Creates users by email address; there are no user names."""

    def create_user(
        self, email: str, password: str | None = None, *, staff: bool = False
    ) -> "User":
        """Create a user, who cannot log in without a password; `ValueError` without an address."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=self.normalize_email(email), is_staff=staff, is_superuser=staff)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        return self.create_user(email, password, staff=True)


class User(AbstractBaseUser, PermissionsMixin):
    """An account, identified by its email address."""

    email = models.EmailField("email address", unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.email


class Tally(models.Model):
    """How often something was tried; the key tells neither who tried it nor where from."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True, help_text="When counting begins anew.")

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.tries} until {self.until:%H:%M}"


class KnownPlace(models.Model):
    """A network address, under a key, at which the owner of an account has logged in."""

    user = models.ForeignKey(User, models.CASCADE, related_name="known_places")
    place = models.CharField(max_length=64)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "place"], name="accounts_known_place_once"),
        ]

    def __str__(self) -> str:
        return f"of {self.user}"
