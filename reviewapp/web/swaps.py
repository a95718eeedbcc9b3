"""What a response tells htmx and caches beside the page itself."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


def at_its_address(request: HttpRequest, response: HttpResponse, address: str = "") -> HttpResponse:
    """Let the browser show the address as if it had gone there; going back or forward, it is there already."""
    if "HX-History-Restore-Request" not in request.headers:
        response["HX-Push-Url"] = address or request.get_full_path()
    return response


def varied(response: HttpResponse) -> HttpResponse:
    """The page is another for htmx, which asks for a part of it."""
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response
