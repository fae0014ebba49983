"""What allauth's forms ask, in the words of this site."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth carries no types
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "What you call it"
        without_password = self.fields["passwordless"]
        without_password.label = "Log in without a password"
        without_password.help_text = "It then asks for your fingerprint, face or PIN."
