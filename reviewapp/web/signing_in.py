"""Where a person is led back to once they have signed in."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase


class SignInMiddleware(LoginRequiredMiddleware):
    """Ask for a sign-in; whoever had sent a form comes back to its page, as its address may take nothing else."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        where = _page_of(request) if request.method == "POST" else request.get_full_path()
        return redirect_to_login(where, self.get_login_url(view_func), self.get_redirect_field_name(view_func))


def _page_of(request: HttpRequest) -> str:
    """The page a form was on, if the browser names one of ours."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return request.get_full_path()
    return f"{page.path}?{page.query}" if page.query else page.path
