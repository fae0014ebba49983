"""What tests of pages share: clients of readers, and a strict look at the HTML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Protocol

from django.test import Client

from recommender.models import Reader
from recommender.services.readers import SESSION_KEY

VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def client_of(reader: Reader | None) -> Client:
    """A browser in the hands of an account's owner, of a guest, or (None) of nobody yet."""
    client = Client()
    if reader and reader.user:
        client.force_login(reader.user)
    elif reader:
        session = client.session
        session[SESSION_KEY] = reader.pk
        session.save()
    return client


class Answer(Protocol):
    """What a view answers, or Django's test client."""

    content: bytes
    status_code: int


@dataclass
class Element:
    """An element with its attributes and the text in it."""

    tag: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


class Page(HTMLParser):
    """A page, read strictly: what browsers forgive fails the test."""

    def __init__(self, response: Answer) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(response.content.decode())
        assert not self._open, f"never closed: {[element.tag for element in self._open]}"
        self._check()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag} {attrs}>"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop().tag == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text.append(data)

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements with these attributes; `_` in a name stands for `-`, `*` for any value."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if tag in ("", element.tag)
            and all(
                name in element.attributes and value in ("*", element.attributes[name])
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str = "", **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    @property
    def words(self) -> str:
        return self.elements[0].words if self.elements else ""

    def _check(self) -> None:
        ids = [element.attributes["id"] for element in self.all(id="*")]
        assert len(ids) == len(set(ids)), f"an id twice: {ids}"
        for element in self.elements:
            assert not (what := barred(element.tag, element.attributes)), what
            for name in ("for", "aria-describedby", "aria-labelledby"):
                missing = set(element.attributes.get(name, "").split()) - set(ids)
                assert not missing, f"{name} of <{element.tag}> names {missing}, which is not there"


def barred(tag: str, attributes: Mapping[str, str]) -> str:
    """What of an element the content policy bars, in words; nothing of most."""
    inline = [name for name in attributes if name == "style" or name.startswith("on")]
    # Data for a script is none.
    is_script = tag == "script" and attributes.get("type") != "application/json"
    if inline or tag == "style" or (is_script and not attributes.get("src")):
        return f"the content policy bars {' '.join(inline) or 'what is within'} <{tag}>"
    return ""


def read(response: Answer, *, status: int = 200) -> Page:
    """The page that was answered, with the status it should have."""
    assert response.status_code == status, response
    return Page(response)


def offered(reader: Reader) -> list[str]:
    """The titles on the reader's list of this moment."""
    page = read(client_of(reader).get("/recommendations/"))
    return [e.words for e in page.all("h2")]
