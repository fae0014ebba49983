"""Unsubscribing from email with new books: by the link in it, without logging in."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from recommender.services import digests
from recommender.services.digests import UnknownToken


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the token says for whom
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask first, because mail scanners follow links too; a POST ends the digests."""
    try:
        digests.reader_id_of_token(token)
        if request.method == "POST":
            digests.unsubscribe(token=token)
    except UnknownToken as error:
        raise Http404 from error
    return render(request, "recommender/digest_stop.html", {"is_done": request.method == "POST"})
