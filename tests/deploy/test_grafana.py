"""The dashboard: what it asks for is what both apps export."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tandem.paths import PROJECT
from tests.support.apps import APPS, in_process, settings_for
from tests.support.headers import JSON
from userdb import pools
from userdb.pools import State

DASHBOARD = json.loads((PROJECT / "deploy" / "grafana" / "userdb.json").read_text())
SET_BY_PROMETHEUS = {"job"}
FUNCTIONS = {"sum", "rate", "histogram_quantile"}


def queries() -> list[str]:
    """All that the dashboard asks Prometheus."""
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def labels_in(query: str) -> set[str]:
    """The labels that a query names."""
    matched = re.findall(r"(\w+)(?:=~?|!=)\"", query)
    grouped = [name.strip() for names in re.findall(r"by \(([^)]*)\)", query) for name in names.split(",")]
    return {*matched, *grouped}


def pools_in(query: str) -> set[str]:
    """The pools that a query names."""
    return {name for names in re.findall(r"pool(?:=~?|!=)\"([^\"]*)\"", query) for name in names.split("|")}


def metrics_in(query: str) -> set[str]:
    """The metrics that a query names: words that are neither functions nor labels."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", "", query)
    return set(re.findall(r"[a-z_]{2,}", bare)) - FUNCTIONS


@pytest.mark.parametrize("app", APPS)
def test_what_is_exported_is_what_is_shown(
    app: str, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each metric is on the dashboard, and each metric, label and pool of the dashboard is there."""
    monkeypatch.setitem(pools.of_seams, "slots", lambda: State(1, 15, 0, 16))  # which a server has
    with in_process(app, settings_for(database, STALLS_FILE=str(tmp_path / "stalls.jsonl"))) as client:
        client.request("POST", "/api/login", JSON, b'{"username":"nobody","password":"wrong-password"}')
        text = client.request("GET", "/metrics").body.decode()
    families = list(text_string_to_metric_families(text))
    samples = [each for family in families for each in family.samples]
    named = {metric for query in queries() for metric in metrics_in(query)}
    shown = [family for family in families if not family.name.endswith("_created")]
    assert not [family.name for family in shown if not named & {each.name for each in family.samples}]
    known_pools = {each.labels.get("pool") for each in samples}
    assert len(queries()) >= len(DASHBOARD["panels"]) > 5
    for query in queries():
        assert metrics_in(query)
        assert pools_in(query) <= known_pools
        for metric in metrics_in(query):
            assert metric in {each.name for each in samples}
            assert labels_in(query) - SET_BY_PROMETHEUS <= {
                label for each in samples if each.name in metrics_in(query) for label in each.labels
            }


def test_panels_don_t_cover_each_other_and_each_says_what_it_shows() -> None:
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert all(each["description"].endswith(".") and each["title"] for each in DASHBOARD["panels"])
