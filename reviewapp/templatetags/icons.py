"""Icons, each a reference into the one sheet of them."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """Drawn a space before words that say the same, so that readers of the screen pass over it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>\n', static("icons.svg"), name)
