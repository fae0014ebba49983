"""`make words`: all that readers, curators and operators may read, in one file to be read through.

Templates give their texts, with `…` for what is filled in; modules give strings that look like
sentences or labels. Nothing is chosen by hand, so that no word escapes the reading.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("catalog", "recommender", "recsite", "workers")
SPOKEN_ATTRIBUTES = ("alt", "aria-label", "placeholder", "title")
SPOKEN_KEYWORDS = ("label", "help_text", "verbose_name", "verbose_name_plural", "description")
#: A sentence, or the beginning of one that goes on after a value; neither a type nor SQL.
SENTENCE = re.compile(r"^(?!SELECT\b)[A-Z“(][^_{}<>=/\\|\[\]]*\s[^_{}<>=\\|\[\]]*$", re.DOTALL)
SILENT = ("script", "style", "svg")
#: What only other programs read, and what the stand-ins and the starter shelf make up.
PASSED_OVER = ("migrations", "standins", "starter")


class Texts(HTMLParser):
    """The texts of one template."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES and value:
                self._keep(value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._keep(data)

    def _keep(self, text: str) -> None:
        text = " ".join(text.split())
        if re.search(r"[A-Za-z]{2}", text):
            self.found.append(text)


def of_template(path: Path) -> list[str]:
    """The texts of a template, each once, in their order."""
    comments = r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}"
    source = re.sub(comments, "", path.read_text(), flags=re.S)
    source = re.sub(r"\{\{.*?\}\}", "…", source, flags=re.S)
    source = re.sub(r"\{%.*?%\}", " ", source, flags=re.S)
    texts = Texts()
    texts.feed(source)
    return list(dict.fromkeys(texts.found))


def of_module(path: Path) -> list[str]:
    """The strings of a module that somebody may read, each once, in their order."""
    tree = ast.parse(path.read_text())
    passed_over = {id(node) for node in _docstrings(tree)}
    spoken = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in SPOKEN_KEYWORDS:
            spoken += [text for text in _strings(node.value) if text]
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in passed_over:
            spoken += [text for text in _strings(node) if _is_sentence(text)]
    return list(dict.fromkeys(" ".join(text.split()) for text in spoken))


def _is_sentence(text: str) -> bool:
    return bool(SENTENCE.match(text)) and " ".join(text.split()).isprintable()


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for line in body if isinstance(body, list) else ():
            if isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
                yield line.value
        if isinstance(node, ast.JoinedStr):
            yield from node.values


def _strings(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )


def lines() -> Iterator[str]:
    """The file, line by line."""
    yield "# All words"
    yield ""
    yield "Made by `make words`, to be read through. `…` stands for what is filled in."
    sources = [(path, of_template) for path in sorted((ROOT / "templates").rglob("*.[ht]*"))]
    for package in PACKAGES:
        modules = sorted((ROOT / package).rglob("*.py"))
        sources += [(path, of_module) for path in modules if not set(PASSED_OVER) & set(path.parts)]
    for path, texts_of in sources:
        if texts := texts_of(path):
            yield ""
            yield f"## {path.relative_to(ROOT)}"
            yield ""
            yield from (f"- {text}" for text in texts)


if __name__ == "__main__":
    (ROOT / "docs" / "WORDS.md").write_text("\n".join(lines()) + "\n", encoding="utf-8")
