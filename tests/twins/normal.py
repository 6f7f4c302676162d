"""A twin without what makes it async: what is left of both must be equal."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.twins.differences import WORDS

ROOT = Path(__file__).parents[2]


class _Synchronous(ast.NodeTransformer):
    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:  # the name that ast asks for
        self.generic_visit(node)
        return ast.copy_location(ast.FunctionDef(**dict(ast.iter_fields(node))), node)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:  # the name that ast asks for
        self.generic_visit(node)
        return ast.copy_location(ast.With(**dict(ast.iter_fields(node))), node)

    def visit_Await(self, node: ast.Await) -> ast.AST:  # the name that ast asks for
        self.generic_visit(node)
        return node.value


def text(app: str, name: str) -> str:
    """The code of one file in a plain form: no async, no comments, one style."""
    tree = _Synchronous().visit(ast.parse((ROOT / app / name).read_text()))
    return ast.unparse(ast.fix_missing_locations(tree))


def translated(source: str) -> tuple[str, list[str]]:
    """The WSGI text in the words of the ASGI app, and the rows of the table that had nothing to translate."""
    unused = []
    for wsgi, asgi in WORDS.items():
        if wsgi not in source:
            unused.append(wsgi)
        source = source.replace(wsgi, asgi)
    return source, unused


def outline(app: str, name: str) -> list[tuple[str, str | None]]:
    """Every class and function of one file by its full name, in order, each with its docstring."""
    found: list[tuple[str, str | None]] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((prefix + child.name, ast.get_docstring(child)))
                walk(child, prefix + child.name + ".")

    walk(ast.parse((ROOT / app / name).read_text()), "")
    return found
