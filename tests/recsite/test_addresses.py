"""Every address that a template or the code names exists, with the parts that it is given."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.template import engines
from django.template.base import Variable
from django.template.defaulttags import URLNode
from django.urls import get_resolver, reverse

TEMPLATES = Path(settings.BASE_DIR) / "templates"
PACKAGES = [Path(settings.BASE_DIR) / name for name in ("recsite", "catalog", "recommender")]
#: The one name that a template puts together: the list of the model whose admin page is open.
ADMIN_LIST = "opts|admin_urlname:'changelist'"


def template_names() -> list[str]:
    return sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.*"))


def url_nodes(template: str) -> list[URLNode]:
    compiled = engines["django"].get_template(template)
    nodes: list[URLNode] = compiled.template.nodelist.get_nodes_by_type(URLNode)  # type: ignore[attr-defined]
    return nodes


def parts_of(name: str) -> list[set[str]]:
    """The names of the parts of each address that is called so; none where there is no such one."""
    *namespaces, name = name.split(":")
    resolver = get_resolver()
    for namespace in namespaces:
        if namespace not in resolver.namespace_dict:
            return []
        _, resolver = resolver.namespace_dict[namespace]
    found = resolver.reverse_dict.getlist(name)
    return [set(parts) for ways, *_ in found for _, parts in ways]


def leads_somewhere(node: URLNode) -> bool:
    parts, named = parts_of(str(node.view_name.var)), set(node.kwargs)
    return any(named == own if named else len(node.args) == len(own) for own in parts)


@pytest.mark.parametrize("template", template_names())
def test_every_address_in_a_template_exists(template: str) -> None:
    named = [node for node in url_nodes(template) if not isinstance(node.view_name.var, Variable)]
    put_together = [node for node in url_nodes(template) if node not in named]

    assert [str(node.view_name) for node in named if not leads_somewhere(node)] == []
    assert {node.view_name.token for node in put_together} <= {ADMIN_LIST}


def test_the_templates_name_addresses() -> None:
    assert sum(len(url_nodes(template)) for template in template_names()) > 100


def test_every_model_of_the_admin_has_the_list_that_templates_name() -> None:
    for model in admin.site._registry:
        label, name = model._meta.app_label, model._meta.model_name
        assert reverse(f"admin:{label}_{name}_changelist").startswith("/admin/")


def names_in_code() -> Iterator[tuple[str, str]]:
    """Where the code reverses an address by a name that is written out, and the name."""
    for path in sorted(path for package in PACKAGES for path in package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function, name = node.func, node.args[0]
            called = getattr(function, "id", getattr(function, "attr", ""))
            if called in ("reverse", "redirect", "redirect_unless_post") and isinstance(
                name, ast.Constant
            ):
                yield f"{path.name}:{node.lineno}", str(name.value)


def test_every_address_that_the_code_names_exists() -> None:
    named = list(names_in_code())

    assert len(named) > 50
    assert [(where, name) for where, name in named if not parts_of(name)] == []
