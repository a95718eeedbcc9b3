"""Where a person is led back to: once they have signed in, or when what they sent is refused."""

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
        page = page_of(request) if request.method == "POST" else ""
        return redirect_to_login(
            page or request.get_full_path(), self.get_login_url(view_func), self.get_redirect_field_name(view_func)
        )


def page_of(request: HttpRequest) -> str:
    """The page that a form was on, if the browser names one of ours; else nothing."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return ""
    return f"{page.path}?{page.query}" if page.query else page.path
