"""Requests that no browser sends get a page that says so, never an error of ours."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def stranger() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.parametrize("address", ["/books/?q=a%00b", "/rate/?q=%00", "/?theme=%2500%00", "/%00"])
def test_a_nul_in_an_address_is_refused(stranger: Client, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 400
    assert "We could not read that" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/start", {"profile": "1\0"}),
        ("/accounts/login/", {"login": "ada\0@books.example", "password": "x"}),
        ("/theme", {"theme\0": "dark"}),
    ],
)
def test_a_nul_in_a_form_is_refused(path: str, values: dict[str, str]) -> None:
    answer = Client(raise_request_exception=False).post(path, values)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "kind",
    [
        f"{FORM}; charset=latin1",
        f"{FORM}; charset=nonsense",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ],
)
@pytest.mark.parametrize("path", ["/start", "/accounts/login/", "/theme"])
def test_a_form_that_cannot_be_read_is_refused(stranger: Client, path: str, kind: str) -> None:
    answer = stranger.generic("POST", path, b"a=\xff", content_type=kind)
    assert answer.status_code in (400, 403)
    assert "Go to the home page" in answer.content.decode()


def test_the_admin_is_entered_by_the_sites_own_log_in(client: Client) -> None:
    for path in ("/admin/", "/admin/login/"):
        answer = client.get(path, follow=True)
        assert answer.redirect_chain[-1][0].startswith("/accounts/login/")
