"""Parts of pages that say the same to everybody, rendered once in a process."""

from threading import Lock

from django import template
from django.template import Context
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.utils.safestring import SafeString

register = template.Library()

#: How many parts a process keeps, at some 2 kB each; four of a book's card.
MOST_KEPT = 10_000


@register.tag
def once(parser: Parser, token: Token) -> Node:
    """Render what is between `{% once a b %}` and `{% endonce %}` once for all equal a and b.

    They have to tell all that is shown, so that nothing is ever out of date, and must not be a
    reader's own. In a dictionary and not by Django's `cache`, which takes longer than most parts.
    """
    shown = [parser.compile_filter(one) for one in token.split_contents()[1:]]
    nodes = parser.parse(("endonce",))
    parser.delete_first_token()
    return _Once(nodes, shown)


class _Once(Node):
    def __init__(self, nodelist: NodeList, shown: list[FilterExpression]) -> None:
        self.nodelist = nodelist
        self._shown = shown

    def render(self, context: Context) -> SafeString:
        key = (self, *(one.resolve(context) for one in self._shown))
        part = _kept.get(key)
        if part is None:
            part = self.nodelist.render(context)
            with _lock:
                while len(_kept) >= MOST_KEPT:
                    del _kept[next(iter(_kept))]
                _kept[key] = part
        return part


_kept: dict[tuple[object, ...], SafeString] = {}
_lock = Lock()
