"""All URLs of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from recsite import errors, health
from recsite.accounts import invitations, limits

# The admin has no log-in of its own, so that limits of tries and second steps hold for it as well.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("recommender.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/invitation/<str:token>/", invitations.accept, name="invitation"),
    path("accounts/sso/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]

handler500 = errors.server_error
handler429 = limits.too_many  # where allauth asks for it
