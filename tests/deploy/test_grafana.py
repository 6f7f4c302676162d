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

DASHBOARD = json.loads((PROJECT / "deploy" / "grafana" / "userdb.json").read_text())
SET_BY_PROMETHEUS = {"job"}
FUNCTIONS = {"sum", "rate", "histogram_quantile"}


def queries() -> list[str]:
    """All that the dashboard asks Prometheus."""
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def labels_in(query: str) -> set[str]:
    """The labels that a query names."""
    matched = re.findall(r"(\w+)=~?\"", query)
    grouped = [name.strip() for names in re.findall(r"by \(([^)]*)\)", query) for name in names.split(",")]
    return {*matched, *grouped}


def metrics_in(query: str) -> set[str]:
    """The metrics that a query names: words that are neither functions nor labels."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", "", query)
    return set(re.findall(r"[a-z_]{2,}", bare)) - FUNCTIONS


@pytest.mark.parametrize("app", APPS)
def test_each_metric_and_label_is_exported(app: str, database: Path) -> None:
    with in_process(app, settings_for(database)) as client:
        client.request("POST", "/api/login", JSON, b'{"username":"nobody","password":"wrong-password"}')
        text = client.request("GET", "/metrics").body.decode()
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    assert len(queries()) >= len(DASHBOARD["panels"]) > 5
    for query in queries():
        assert metrics_in(query)
        for metric in metrics_in(query):
            known = {label for each in samples if each.name == metric for label in each.labels}
            assert known, metric
            assert labels_in(query) - SET_BY_PROMETHEUS <= {
                label for each in samples if each.name in metrics_in(query) for label in each.labels
            }


def test_panels_don_t_cover_each_other_and_each_says_what_it_shows() -> None:
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert all(each["description"].endswith(".") and each["title"] for each in DASHBOARD["panels"])
