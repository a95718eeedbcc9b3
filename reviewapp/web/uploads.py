"""Uploads: refused by their announced size before a byte is read, then streamed to a file of their own."""

from dataclasses import dataclass
from pathlib import Path

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

# What the form's other fields and the multipart boundaries may add to the file itself.
FORM_ALLOWANCE = 64 * 1024


@dataclass(frozen=True)
class Refused:
    """Why an upload was not taken, and the HTTP status that says so."""

    reason: str
    status: int


def announced_too_large(request: HttpRequest, *, limit: int) -> Refused | None:
    """A refusal when the request says that it is larger than `limit` bytes; call it before reading the form."""
    if int(request.META.get("CONTENT_LENGTH") or 0) <= limit + FORM_ALLOWANCE:
        return None
    reason = _("The file is larger than %(limit)s.") % {"limit": filesizeformat(limit)}
    return Refused(reason, 413)


def stream_to_disk(request: HttpRequest) -> None:
    """Have the request's files written to temporary files instead of memory."""
    request.upload_handlers = [TemporaryFileUploadHandler(request)]


def uploaded_path(request: HttpRequest, field: str) -> Path | Refused:
    """Where the uploaded file lies; a refusal when none, or an empty one, came along."""
    file = request.FILES.get(field)
    if not isinstance(file, TemporaryUploadedFile):
        return Refused(_("Choose a .zip or .tar.gz file."), 422)
    if not file.size:
        return Refused(_("This file is empty."), 422)
    return Path(file.temporary_file_path())
