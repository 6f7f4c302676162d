"""A twin without what makes it async: what is left of both must be equal."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

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


class Named(NamedTuple):
    """A class or function of a seam: its full name, its docstring, and what it is called with."""

    name: str
    docstring: str | None
    takes: list[str]


def outline(app: str, name: str) -> list[Named]:
    """Every class and function of one file, in order."""
    found: list[Named] = []

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                takes = [] if isinstance(child, ast.ClassDef) else parameters(child.args)
                found.append(Named(prefix + child.name, ast.get_docstring(child), takes))
                walk(child, prefix + child.name + ".")

    walk(ast.parse((ROOT / app / name).read_text()), "")
    return found


def parameters(of: ast.arguments) -> list[str]:
    """What a function takes, each as it is written in the ASGI app, and as if nobody waited."""
    every = [*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg))]
    return [
        re.sub(r"Awaitable\[(.*?\]?)\]", r"\1", ast.unparse(each)).replace(": Flask", ": Starlette") for each in every
    ]
