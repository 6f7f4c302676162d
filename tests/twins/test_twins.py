from __future__ import annotations

import pytest

from tests.twins import normal
from tests.twins.differences import OUTLINE_ONLY, SAME_OUTLINE, SAME_TEXT, TAKES_ELSE


def test_both_apps_have_the_same_files() -> None:
    folders = [normal.ROOT / app for app in ("wsgi_app", "asgi_app")]
    files = [sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py")) for folder in folders]
    assert files[0] == files[1] == sorted(SAME_TEXT + SAME_OUTLINE)


@pytest.mark.parametrize("name", SAME_TEXT)
def test_only_declared_words_differ(name: str) -> None:
    assert normal.translated(normal.text("wsgi_app", name))[0] == normal.text("asgi_app", name)


def test_every_declared_word_is_used() -> None:
    everything = "\n".join(normal.text("wsgi_app", name) for name in SAME_TEXT)
    assert normal.translated(everything)[1] == []


@pytest.mark.parametrize("name", SAME_OUTLINE)
def test_seams_have_the_same_names_in_the_same_order_and_take_the_same(name: str) -> None:
    outlines = {
        app: [
            each._replace(takes=[]) if each.name in TAKES_ELSE else each
            for each in normal.outline(app, name)
            if (app, each.name) not in OUTLINE_ONLY
        ]
        for app in ("wsgi_app", "asgi_app")
    }
    assert outlines["wsgi_app"] == outlines["asgi_app"]


def test_every_declared_name_is_there() -> None:
    outlines = {
        app: [each for name in SAME_OUTLINE for each in normal.outline(app, name)] for app in ("wsgi_app", "asgi_app")
    }
    assert set(OUTLINE_ONLY) <= {(app, each.name) for app, found in outlines.items() for each in found}
    takes = [{each.name: each.takes for each in found} for found in outlines.values()]
    assert all(takes[0][name] != takes[1][name] for name in TAKES_ELSE)


def test_an_undeclared_difference_is_seen() -> None:
    text = normal.text("wsgi_app", "api.py")
    assert normal.translated(text.replace("services(request)", "other(request)"))[0] != normal.text(
        "asgi_app", "api.py"
    )
    assert normal.translated(text)[0] == normal.text("asgi_app", "api.py")


def test_both_apps_have_the_same_routes() -> None:
    routes = [
        (normal.ROOT / app / "app.py").read_text().partition("ROUTES:")[2].partition("\n}\n")[0]
        for app in ("wsgi_app", "asgi_app")
    ]
    assert routes[0] == routes[1] != ""
