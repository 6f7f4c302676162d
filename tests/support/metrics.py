"""What an app or a stack tells at /metrics."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.support.clients import Client

Key = tuple[str, ...]


def series(client: Client) -> dict[Key, float]:
    """Every count: name, then labels in the order of their names; when something was counted first is none."""
    answer = client.request("GET", "/metrics")
    assert (answer.status, answer.header("Content-Type")) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = [each for family in text_string_to_metric_families(answer.body.decode()) for each in family.samples]
    found = {(each.name, *(value for _, value in sorted(each.labels.items()))): each.value for each in samples}
    assert len(found) == len(samples), "a series stands there twice"
    return {key: value for key, value in found.items() if not key[0].endswith("_created")}
