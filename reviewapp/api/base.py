"""What the API's views share: one person, scopes by method, bounded bodies, no surprises from headers."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from rest_framework import views
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from annotations.accounts.models import ApiToken, Project, User
from reviewapp.api.parsers import JsonBody
from reviewapp.api.problems import TooLarge

Scope = ApiToken.Scope
type Scopes = Mapping[str, tuple[ApiToken.Scope, ...]]

FORM_ALLOWANCE = 64 * 1024  # what multipart boundaries and headers may add to a file


class AnyAccept(DefaultContentNegotiation):
    """Each address has one media type and answers in it, whatever Accept says."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class ApiView(views.APIView):
    """A view whose token scopes are stated per method and whose body is bounded before it is read."""

    required_scopes: ClassVar[Scopes]
    max_body: ClassVar[int] = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    content_negotiation_class = AnyAccept
    metadata_class = None  # OPTIONS is not part of this API
    parser_classes = [JsonBody]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.max_body:
            raise TooLarge
        super().initial(request, *args, **kwargs)

    @property
    def person(self) -> User:
        return cast(User, self.request.user)

    def more_on(self, error: Exception) -> dict[str, Any]:
        """Extension members for the problem that `error` becomes."""
        return {}

    def project(self, slug: str) -> Project:
        """The project of this slug if the person belongs to it. Raises NotFound otherwise."""
        found = Project.objects.visible_to(self.person).filter(slug=slug).first()
        if found is None:
            raise NotFound
        return found


class Upload(ApiView):
    """Takes one multipart file, streamed to a temporary file that is gone when the request ends."""

    parser_classes = [MultiPartParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        request._request.upload_handlers = [TemporaryFileUploadHandler(request._request)]
        super().initial(request, *args, **kwargs)


class NothingHere(ApiView):
    """An address this API does not have."""

    required_scopes: ClassVar[Scopes] = {}
    permission_classes = []
    authentication_classes = []
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound
