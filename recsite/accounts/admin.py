"""Accounts in the admin: who may enter it, and who is deactivated."""

from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django_celery_beat.admin import ClockedSchedule, SolarSchedule

from recsite.accounts import invitations
from recsite.accounts.models import User

# What no site of ours uses: the issuer is named by settings, no token of it is kept, and periodic
# tasks go by intervals.
for unused in (SocialAccount, SocialApp, SocialToken, ClockedSchedule, SolarSchedule):
    admin.site.unregister(unused)


class NewUserForm(AdminUserCreationForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = User
        fields = ("email",)


class UserForm(UserChangeForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = User
        fields = "__all__"


class InvitationForm(forms.Form):
    address = forms.EmailField(label="Email address", max_length=254)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # no generic at run time
    form = UserForm
    add_form = NewUserForm
    change_list_template = "admin/accounts/user/change_list.html"
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("email",)
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    readonly_fields = ("date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "password", "date_joined", "last_login")}),
        (
            "What they may do",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        invite = self.admin_site.admin_view(self.invite)
        return [path("invite", invite, name="accounts_user_invite"), *super().get_urls()]

    def invite(self, request: HttpRequest) -> HttpResponse:
        """Ask for an address, and send it an invitation."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = InvitationForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            address = form.cleaned_data["address"]
            try:
                invitations.invite(address=address)
            except invitations.CannotInvite as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, f"{address} is invited.")
                return redirect("admin:accounts_user_changelist")
        context = self.admin_site.each_context(request)
        context |= {"opts": self.opts, "title": "Invite somebody", "form": form}
        status = 422 if form.errors else 200
        return render(request, "admin/accounts/user/invite.html", context, status=status)
