"""Django's tags of translation, built in: while there is one language, a text is put into its template once."""

from django.conf import settings
from django.template import Library
from django.template.base import Node, Parser, TextNode, Token, Variable
from django.template.context import Context
from django.templatetags import i18n

register = Library()
register.tags.update(i18n.register.tags)
register.filters.update(i18n.register.filters)


@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    """As Django's; a page has seventy of them, which were a fifteenth of what a step of review costs."""
    node = i18n.do_translate(parser, token)
    written = isinstance(found := node.filter_expression.var, Variable) and found.literal is not None
    is_fixed = written and not node.filter_expression.filters and not node.asvar and not node.message_context
    return node if settings.USE_I18N or not is_fixed else TextNode(node.render(Context()))
