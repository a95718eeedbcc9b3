from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header


def download(pieces: Iterable[bytes], name: str, media_type: str) -> StreamingHttpResponse:
    """A streamed file to keep: never shown in the browser, whatever its type says."""
    disposition = content_disposition_header(True, name.rpartition("/")[2]) or "attachment"
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(pieces, content_type=media_type, headers=headers)
