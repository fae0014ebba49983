"""What a page leads to: links, forms, and what htmx asks for."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.pages import barred

#: Attributes of htmx that name an address, with the method they ask with.
HTMX = {"hx-get": "GET", "hx-post": "POST", "hx-put": "PUT", "hx-delete": "DELETE"}
STATIC = "/static/"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try: a method, an address on the site, and the form's fields."""

    method: str
    address: str
    fields: tuple[tuple[str, str], ...] = ()
    by_htmx: bool = False

    @property
    def path(self) -> str:
        return urlsplit(self.address).path

    @property
    def names(self) -> frozenset[str]:
        """The fields of the query and of the form."""
        query = parse_qsl(urlsplit(self.address).query, keep_blank_values=True)
        return frozenset(name for name, _ in (*query, *self.fields))


@dataclass
class Links(HTMLParser):
    """The steps on a page at an address, the files it loads, its places (`#id`), what is barred."""

    address: str
    steps: list[Step] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    jumps: set[str] = field(default_factory=set)
    #: What the content policy bars.
    barred: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._form: dict[str, str] | None = None
        self._fields: list[tuple[str, str]] = []
        self._buttons: list[dict[str, str]] = []
        self._select: dict[str, str] | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if what := barred(tag, found):
            self.barred.append(what)
        if "id" in found:
            self.ids.add(found["id"])
        for name, method in HTMX.items():
            if name in found:
                self._add(method, found[name], by_htmx=True)
        match tag:
            case "a" | "area" if "href" in found:
                self._add("GET", found["href"])
            case "link" | "img" | "script" if address := found.get("href") or found.get("src"):
                self._add("GET", address)
            case "form":
                self._form, self._fields, self._buttons = found, [], []
            case "input" | "button" | "textarea" | "select" | "option":
                self._note_field(tag, found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            self._choose(self._select)
            self._select = None
        if tag != "form" or self._form is None:
            return
        for button in self._buttons or [{}]:
            action = button.get("formaction") or self._form.get("action") or self.address
            method = (button.get("formmethod") or self._form.get("method") or "get").upper()
            own = [(button["name"], button.get("value", ""))] if button.get("name") else []
            self._send(method, action, [*self._fields, *own])
        self._form = None

    def _note_field(self, tag: str, found: dict[str, str]) -> None:
        if self._form is None:
            return
        kind, name = found.get("type", ""), found.get("name", "")
        if tag == "button" or kind in ("submit", "image"):
            self._buttons.append(found)
        elif tag == "select":
            self._select, self._options = found, []
        elif tag == "option":
            self._options.append((found.get("value", ""), "selected" in found))
        elif name and (kind not in ("checkbox", "radio") or "checked" in found):
            self._fields.append((name, found.get("value", "")))

    def _choose(self, select: dict[str, str]) -> None:
        """What a browser sends of a list: what is selected, else the first of a list of one."""
        chosen = [value for value, is_selected in self._options if is_selected]
        if not chosen and "multiple" not in select:
            chosen = [value for value, _ in self._options[:1]]
        if name := select.get("name"):
            self._fields += [(name, value) for value in chosen]

    def _send(self, method: str, action: str, fields: list[tuple[str, str]]) -> None:
        if method == "GET":
            # A place on the answer is there only where something has been found.
            path = urlsplit(action).path or urlsplit(self.address).path
            self._add("GET", f"{path}?{urlencode(fields)}")
        else:
            self._add(method, action, tuple(fields))

    def _add(
        self,
        method: str,
        address: str,
        fields: tuple[tuple[str, str], ...] = (),
        *,
        by_htmx: bool = False,
    ) -> None:
        target = urlsplit(urljoin(f"http://testserver{self.address}", address))
        if target.scheme not in ("http", "https") or target.netloc != "testserver":
            return
        if target.path.startswith(STATIC):
            self.files.add(target.path.removeprefix(STATIC))
            return
        here = urlsplit(self.address)
        if target.fragment and (target.path, target.query) == (here.path, here.query):
            self.jumps.add(target.fragment)
        there = target.path + (f"?{target.query}" if target.query else "")
        self.steps.append(Step(method, there, fields, by_htmx))
