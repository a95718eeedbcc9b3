from drf_spectacular.views import SpectacularJSONAPIView

from reviewapp.api.base import AnyAccept


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI document of this API, open to everyone."""

    content_negotiation_class = AnyAccept
    metadata_class = None
