"""Who may do what: every address, for every kind of visitor, by every method.

The table below is the decision. An address that is not in it fails, and so does a line without an
address. `FUZZ` tries every method as every visitor; without it they take turns at those that pages
do not use.
"""

import os
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver

from tests.addresses.table import Address, addresses
from tests.addresses.world import ACTORS, PRIVATE, World, tell

pytestmark = pytest.mark.xdist_group("addresses")

IS_LONG = "FUZZ" in os.environ
FORM = "application/x-www-form-urlencoded"
#: What an answer comes to.
IN, GONE, LOG_IN, FORBIDDEN, NOT_SO = "+", "-", "l", "x", "m"
STATUS = {404: GONE, 403: FORBIDDEN, 405: NOT_SO}
OTHER_METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE")

# Each letter stands for a visitor: owner, stranger, guest, nobody; curator, operator, superuser.
# + is let in, - is told that there is no such page, l is sent to log in, x is refused,
# m is told that the address takes no such method.
ALL, OWN, NONE, NOT_SO_ALL = "+++++++", "+------", "-------", "mmmmmmm"
READERS, ACCOUNTS = "+++----", "++ll+++"
OWNERS_OF_ACCOUNTS = "++-----"
CURATORS, OPERATORS, SUPERUSERS, STAFF = "llll+x+", "llllx++", "llllxx+", "llll+++"

#: GET, and POST of an empty form.
SITE = {
    "landing": (ALL, NOT_SO_ALL),
    "start": (ALL, ALL),
    "import": (OWN, NOT_SO_ALL),
    "import-retry": (NOT_SO_ALL, OWN),
    "import-confirm": (NOT_SO_ALL, OWN),
    "import-encoding": (NOT_SO_ALL, OWN),
    "import-cancel": (NOT_SO_ALL, OWN),
    "import-proposed": (NOT_SO_ALL, OWN),
    "import-rows": (OWN, NOT_SO_ALL),
    "import-row": (OWN, OWN),
    "propose-row": (NOT_SO_ALL, OWN),
    "import-failed": (OWN, NOT_SO_ALL),
    "import-template": (ALL, NOT_SO_ALL),
    "run": (OWN, NOT_SO_ALL),
    "run-describe": (ALL, OWN),  # GET leads back to the list
    "run-share": (NOT_SO_ALL, OWN),
    "run-delete": (OWN, OWN),
    "shared-list": (ALL, NOT_SO_ALL),  # whoever has the link
    "shared-picture": (ALL, NOT_SO_ALL),
    "lists-feed": (ALL, NOT_SO_ALL),  # the token says whose
    "recommendations": (ALL, ALL),
    "new-books": (ALL, NOT_SO_ALL),
    "list-languages": (ALL, READERS),  # GET leads back to the list
    "what-if": (OWN, NOT_SO_ALL),  # without a book of one's own
    "rate": (ALL, NOT_SO_ALL),
    "rated": (ALL, NOT_SO_ALL),
    "books": (ALL, NOT_SO_ALL),
    "book": (ALL, NOT_SO_ALL),
    "browse": (ALL, NOT_SO_ALL),
    "genre": (ALL, NOT_SO_ALL),
    "author": (ALL, NOT_SO_ALL),
    "series": (ALL, NOT_SO_ALL),
    "begun-series": (ALL, NOT_SO_ALL),  # who has no library is led to the beginning
    "pile": (ALL, NOT_SO_ALL),
    "shelve": (NOT_SO_ALL, ALL),
    "take-off": (NOT_SO_ALL, OWN),
    "dismiss": (NOT_SO_ALL, ALL),
    "propose": (ALL, ALL),
    "proposal": (OWN, OWN),
    "proposal-again": (ALL, OWN),  # GET leads back to the proposal
    "dismissals": (ALL, NOT_SO_ALL),
    "dismissal-undo": (NOT_SO_ALL, OWN),
    "library": (ALL, NOT_SO_ALL),
    "library-proposed": (NOT_SO_ALL, READERS),
    "library-many": (NOT_SO_ALL, READERS),
    "library-look-ups": (ALL, NOT_SO_ALL),
    "library-since": (ALL, ALL),
    "library-removed": (ALL, NOT_SO_ALL),
    "library-restore": (NOT_SO_ALL, OWN),
    "entry": (OWN, OWN),
    "entry-stars": (NOT_SO_ALL, OWN),
    "entry-follow": (NOT_SO_ALL, OWN),
    "propose-entry": (NOT_SO_ALL, OWN),
    "entry-remove": (NOT_SO_ALL, OWN),
    "entry-leave-out": (NOT_SO_ALL, OWN),
    "entry-count": (NOT_SO_ALL, OWN),
    "gift": (ALL, NOT_SO_ALL),
    "together": (ALL, ALL),
    "group": (OWN, NOT_SO_ALL),
    "group-join": (ALL, ALL),  # whoever has the link
    "group-beside": (ALL, NONE),  # guests alone begin one; GET leads back to the group
    "library-switch": (NOT_SO_ALL, NONE),  # without a second library
    "group-leave": (NOT_SO_ALL, OWN),
    "group-invitation": (NOT_SO_ALL, OWN),
    "proof": (ALL, NOT_SO_ALL),
    "account": ("+++l+++", "+++l+++"),  # guests too: it says what is kept of them
    "account-data": (READERS, NOT_SO_ALL),
    "account-share": (NOT_SO_ALL, OWNERS_OF_ACCOUNTS),
    "account-time-zone": (NOT_SO_ALL, READERS),
    "account-digest": (NOT_SO_ALL, OWNERS_OF_ACCOUNTS),
    "digest-stop": (ALL, ALL),  # the token says for whom
    "account-finder": (ALL, READERS),  # GET leads back to the account,
    "account-feed": (NOT_SO_ALL, OWNERS_OF_ACCOUNTS),
    "account-look-up": (NOT_SO_ALL, READERS),
    "account-refresh": (NOT_SO_ALL, OWN),  # who has no linked shelf has nothing to refresh
    "account-unlink": (NOT_SO_ALL, READERS),
    "account-delete": (READERS, READERS),
    "theme": (NOT_SO_ALL, ALL),
    "manifest": (ALL, NOT_SO_ALL),
    "service-worker": (ALL, NOT_SO_ALL),
    "offline": (ALL, NOT_SO_ALL),
    "how": (ALL, NOT_SO_ALL),
    "status": (ALL, NOT_SO_ALL),
    "admin-dashboard": (OPERATORS, "llllmmm"),
    "admin-refresh-all": ("llllmmm", OPERATORS),
    "history": (ALL, NOT_SO_ALL),
    "compare": (OWN, NOT_SO_ALL),
    "health-live": (ALL, NOT_SO_ALL),
    "health-ready": (ALL, NOT_SO_ALL),
    "metrics": (ALL, NOT_SO_ALL),  # where they are turned on; proxies keep them inside
}
ALLAUTH = {
    "account_login": (ALL, ALL),
    "account_logout": (ALL, ALL),
    "account_inactive": (ALL, NOT_SO_ALL),
    "account_signup": (ALL, ALL),
    "account_reauthenticate": (ACCOUNTS, ACCOUNTS),
    "account_email": (ACCOUNTS, ACCOUNTS),
    "account_email_verification_sent": (ALL, NOT_SO_ALL),
    "account_change_password": (ACCOUNTS, ACCOUNTS),
    "account_set_password": (ACCOUNTS, ACCOUNTS),
    "account_reset_password": (ALL, ALL),
    "account_confirm_login_code": (ACCOUNTS, ACCOUNTS),  # turned off: leads away
    "account_confirm_email": (ALL, NONE),  # a used key; GET says so
    "account_reset_password_from_key_done": (ALL, NOT_SO_ALL),
    "account_reset_password_from_key": (ALL, ALL),
    "account_reset_password_done": (ALL, NOT_SO_ALL),
    "mfa_index": (ACCOUNTS, "mmllmmm"),
    "mfa_authenticate": (ACCOUNTS, ACCOUNTS),  # without a first step: leads away
    "mfa_reauthenticate": (ACCOUNTS, ACCOUNTS),
    "mfa_activate_totp": (ACCOUNTS, ACCOUNTS),
    "mfa_deactivate_totp": ("--ll---", "--ll---"),
    "mfa_view_recovery_codes": ("+-ll---", "mmllmmm"),
    "mfa_generate_recovery_codes": (ACCOUNTS, ACCOUNTS),
    "mfa_download_recovery_codes": ("+-ll---", "+-ll---"),
    "mfa_list_webauthn": (ACCOUNTS, "mmllmmm"),
    "mfa_add_webauthn": (ACCOUNTS, ACCOUNTS),
    "mfa_edit_webauthn": (ACCOUNTS, ACCOUNTS),  # asks who it is first
    "mfa_remove_webauthn": (ACCOUNTS, ACCOUNTS),
    "mfa_reauthenticate_webauthn": (ACCOUNTS, ACCOUNTS),
    "mfa_login_webauthn": (ACCOUNTS, ACCOUNTS),  # without a passkey: leads to the log-in
    "invitation": ("lllllll", NOT_SO_ALL),  # a forged one
    "socialaccount_connections": (ACCOUNTS, ACCOUNTS),
    "socialaccount_signup": ("lllllll", "lllllll"),  # nobody comes from an issuer
    "socialaccount_login_cancelled": (ALL, NOT_SO_ALL),
    "socialaccount_login_error": (ALL, NOT_SO_ALL),
    "openid_connect_login": (NONE, NONE),  # no issuer is named
    "openid_connect_callback": (NONE, NONE),
}
ADMIN = {
    "index": (STAFF, STAFF),
    "login": ("xxll+++", "xxll+++"),
    "logout": ("++++mmm", ALL),
    "password_change": (STAFF, STAFF),
    "password_change_done": (STAFF, "llllmmm"),
    "autocomplete": ("llllxxx", "llllmmm"),  # without saying for which field
    "jsi18n": (STAFF, "llllmmm"),
    "view_on_site": ("llll---", "llll---"),  # no model has a page of its own
    "app_list": (STAFF, STAFF),
    "auth_user_password_change": (SUPERUSERS, SUPERUSERS),
    "accounts_user_invite": (SUPERUSERS, SUPERUSERS),
    "catalog_book_merge": (CURATORS, CURATORS),
    "catalog_book_export": (CURATORS, "llllmmm"),
    "catalog_book_import": (CURATORS, CURATORS),
    "catalog_book_preview": ("llll+x-", "llllmmm"),  # its curator alone
    "catalog_book_apply": ("llllmmm", "llll+x-"),
    "catalog_book_renew": ("llllmmm", "llll+x-"),
    "catalog_book_take_back": (CURATORS, CURATORS),
    "catalog_book_work_language": (CURATORS, CURATORS),
    "catalog_book_work_doubles": (CURATORS, CURATORS),
    "catalog_book_work_found": (CURATORS, CURATORS),
    "catalog_genre_merge": (CURATORS, CURATORS),
    "catalog_bookidentifier_move": (CURATORS, CURATORS),
    "catalog_curationact_undo": (CURATORS, CURATORS),
    "recommender_proposal_look": (CURATORS, CURATORS),
    "recommender_proposal_choose": ("llll+x-", "llll+x-"),
    "recommender_modelrelease_look": (OPERATORS, OPERATORS),
    "recommender_modelrelease_roll_back": (OPERATORS, OPERATORS),
    "recommender_modelrelease_promote": (OPERATORS, OPERATORS),
}
#: Who may see, add, change and delete the rows of each model in the admin.
NOBODY = "llllxxx"
OF_CURATORS = (STAFF, CURATORS, CURATORS, NOBODY)
OF_OPERATORS = ("llllx++", NOBODY, NOBODY, SUPERUSERS)
OF_SUPERUSERS = (SUPERUSERS, SUPERUSERS, SUPERUSERS, SUPERUSERS)
MODELS = {
    "catalog_book": OF_CURATORS,
    "catalog_genre": OF_CURATORS,
    "catalog_author": (STAFF, CURATORS, CURATORS, SUPERUSERS),
    "catalog_bookidentifier": (STAFF, CURATORS, CURATORS, CURATORS),
    "catalog_curationact": (STAFF, NOBODY, NOBODY, NOBODY),
    "catalog_foundwork": (STAFF, NOBODY, NOBODY, NOBODY),
    "catalog_wantedbook": (STAFF, NOBODY, NOBODY, NOBODY),
    "recommender_proposal": (STAFF, NOBODY, NOBODY, NOBODY),
    "recommender_reader": (OPERATORS, NOBODY, SUPERUSERS, SUPERUSERS),
    "recommender_libraryentry": (SUPERUSERS, NOBODY, SUPERUSERS, SUPERUSERS),
    "recommender_importjob": OF_OPERATORS,
    "recommender_importitem": OF_OPERATORS,
    "recommender_run": OF_OPERATORS,
    "recommender_modelrelease": (OPERATORS, NOBODY, NOBODY, NOBODY),
    "mail_queuedmail": (SUPERUSERS, NOBODY, SUPERUSERS, SUPERUSERS),
    "accounts_user": (OPERATORS, SUPERUSERS, SUPERUSERS, SUPERUSERS),
    "auth_group": OF_SUPERUSERS,
    "account_emailaddress": OF_SUPERUSERS,
    "mfa_authenticator": OF_SUPERUSERS,
    "django_celery_beat_periodictask": (OPERATORS, SUPERUSERS, OPERATORS, SUPERUSERS),
    "django_celery_beat_crontabschedule": OF_SUPERUSERS,
    "django_celery_beat_intervalschedule": OF_SUPERUSERS,
}
#: What the few addresses need that do nothing at all with an empty form.
SENT = {"dismiss": {"what": "book:{book_id}"}}
ASKED = {"compare": "?a={run_id}&b={other_run_id}"}


def decisions() -> dict[str, tuple[str, str]]:
    """What is decided for GET and POST of each address, by its name or its pattern."""
    decided = SITE | ALLAUTH | {f"admin:{name}": both for name, both in ADMIN.items()}
    decided["admin/(?P<url>.*)$"] = ("llll---", "llll---")
    for model, (view, add, change, delete) in MODELS.items():
        decided |= {
            f"admin:{model}_changelist": (view, view),
            f"admin:{model}_add": (add, add),
            f"admin:{model}_change": (view, change),
            f"admin:{model}_delete": (delete, delete),
            f"admin:{model}_history": (view, view),
            # Leads to the page of the row, which then says who may see it.
            "admin/{}/{}/<path:object_id>/".format(*model.rsplit("_", 1)): (STAFF, STAFF),
        }
    return decided


DECIDED = decisions()


def outcome(answer: HttpResponse) -> str:
    """What an answer comes to, as a letter."""
    if answer.status_code == 302 and answer["Location"].startswith(
        ("/accounts/login/", "/admin/login/")
    ):
        return LOG_IN
    return STATUS.get(answer.status_code, IN)


def private_words(actor: str) -> list[bytes]:
    """What no answer to this visitor may hold."""
    address = f"{PRIVATE}@".encode()
    # Curators see which books are looked for, but not who looks for them.
    return {"owner": [], "curator": [address], "operator": [], "superuser": []}.get(
        actor, [PRIVATE.encode()]
    )


def ask(world: World, address: Address, method: str, actor: str) -> tuple[str, list[str]]:
    """What comes of a request, and what is wrong with the answer."""
    path, wrong = address.filled(world.parts), []
    if method in ("GET", "HEAD"):
        path += ASKED.get(address.name, "").format(**world.parts)
    sent = {name: value.format(**world.parts) for name, value in SENT.get(address.name, {}).items()}
    form = {"data": urlencode(sent), "content_type": FORM} if method == "POST" else {}
    with world.ask(actor, method, path, **form) as answer:
        came = outcome(answer)
        said = f"{method} {path} as {actor}: {answer.status_code}"
        if answer.status_code >= 500:
            wrong.append(f"{said}, {getattr(answer, 'exc_info', ('', ''))[1]!r}")
        if not answer.streaming and any(
            word in answer.content.lower() for word in private_words(actor)
        ):
            wrong.append(f"{said} tells what is the owner's")
    return came, wrong


def test_every_address_has_a_decision() -> None:
    assert sorted({address.name for address in addresses()} ^ DECIDED.keys()) == []


def test_the_pages_and_forms_of_each_address_are_for_whom_it_was_decided(world: World) -> None:
    wrong, tried = list[str](), Counter[str]()
    for address in addresses():
        for method, decided in zip(("GET", "POST"), DECIDED[address.name], strict=True):
            came = ""
            for actor in ACTORS:
                letter, faults = ask(world, address, method, actor)
                came, wrong = came + letter, wrong + faults
                tried[letter] += 1
            if came != decided:
                wrong.append(f"{method} {address.name}: {came}, decided was {decided}")

    tell(f"{len(addresses())} addresses, {sum(tried.values())} requests, {dict(tried)}")
    assert wrong == []


def test_no_other_method_opens_what_is_closed(world: World) -> None:
    wrong, tried = list[str](), 0
    for turn, address in enumerate(addresses()):
        get, post = DECIDED[address.name]
        for number, method in enumerate(OTHER_METHODS):
            for place, actor in enumerate(ACTORS):
                if not IS_LONG and (turn + number) % len(ACTORS) != place:
                    continue
                letter, faults = ask(world, address, method, actor)
                tried, wrong = tried + 1, wrong + faults
                allowed = {get[place]}
                if method != "HEAD":
                    allowed |= {post[place], NOT_SO}
                # A page that is there at all says to everybody what may be asked of it.
                if letter not in allowed and method != "OPTIONS":
                    wrong.append(f"{method} {address.name} as {actor}: {letter}")

    tell(f"{tried} requests by {', '.join(OTHER_METHODS)}")
    assert wrong == []


def test_only_the_link_out_of_digests_takes_forms_from_elsewhere() -> None:
    assert list(without_csrf(get_resolver())) == ["stop"]


def without_csrf(resolver: URLResolver) -> Iterator[str]:
    """The names of the views that ask for no token."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from without_csrf(entry)
        elif isinstance(entry, URLPattern) and getattr(entry.callback, "csrf_exempt", False):
            yield entry.callback.__name__
