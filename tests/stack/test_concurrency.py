"""Many clients at once on the same rows: no change is lost without a word."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.accounts import ADMIN_JSON
from tests.support.answers import Answer
from tests.support.clients import Client

CLIENTS = 32
CHANGES = 6


def _create(client: Client, name: str) -> str:
    body = json.dumps({"username": name, "email": f"{name}@example.org"}).encode()
    return client.request("POST", "/api/users", ADMIN_JSON, body).header("Location") or ""


def test_every_accepted_change_counts(stack_client: Client) -> None:
    target = _create(stack_client, "crowded")

    def change(number: int) -> int:
        return stack_client.request("PATCH", target, ADMIN_JSON, json.dumps({"age": number % 150}).encode()).status

    with ThreadPoolExecutor(CLIENTS) as pool:
        statuses = Counter(pool.map(change, range(CLIENTS * CHANGES)))
    assert statuses == {200: CLIENTS * CHANGES}
    assert json.loads(stack_client.request("GET", target).body)["version"] == 1 + CLIENTS * CHANGES


def test_read_modify_write_with_if_match_loses_nothing(stack_client: Client) -> None:
    target = _create(stack_client, "counter")
    stack_client.request("PATCH", target, ADMIN_JSON, b'{"age":0}')

    def count_up(_: int) -> int:
        refused = 0
        while True:
            answer = stack_client.request("GET", target)
            age = json.loads(answer.body)["age"]
            headers = {**ADMIN_JSON, "If-Match": answer.header("ETag") or ""}
            status = stack_client.request("PATCH", target, headers, json.dumps({"age": age + 1}).encode()).status
            if status == 200:
                return refused
            assert status == 412
            refused += 1

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(count_up, range(CLIENTS)))
    assert json.loads(stack_client.request("GET", target).body)["age"] == CLIENTS


def test_changes_of_different_fields_both_hold(stack_client: Client) -> None:
    target = _create(stack_client, "fields")
    with ThreadPoolExecutor(2) as pool:
        for number in range(20):
            ages = pool.submit(stack_client.request, "PATCH", target, ADMIN_JSON, json.dumps({"age": number}).encode())
            email = json.dumps({"email": f"fields{number}@example.org"}).encode()
            emails = pool.submit(stack_client.request, "PATCH", target, ADMIN_JSON, email)
            assert (ages.result().status, emails.result().status) == (200, 200)
            user = json.loads(stack_client.request("GET", target).body)
            assert (user["age"], user["email"]) == (number, f"fields{number}@example.org")


def test_among_many_who_change_the_same_rows_no_field_is_lost(stack_client: Client) -> None:
    """Half of them change the age and half the email, half of each only what they have seen before."""
    targets = [_create(stack_client, f"shared{row}") for row in range(4)]

    def change(number: int) -> tuple[str, dict[str, Any], Answer]:
        target = targets[number % 4]
        value = {"age": number % 150} if number // 4 % 2 else {"email": f"shared-{number}@example.org"}
        headers = dict(ADMIN_JSON)
        if number // 8 % 2:
            headers["If-Match"] = stack_client.request("GET", target).header("ETag") or ""
        answer = stack_client.request("PATCH", target, headers, json.dumps(value).encode())
        assert answer.status == 200 or (answer.status == 412 and "If-Match" in headers), answer
        return target, value, answer

    before = {target: json.loads(stack_client.request("GET", target).body) for target in targets}
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(change, range(CLIENTS * CHANGES)))
    for target in targets:
        accepted = [
            (json.loads(answer.body), value) for at, value, answer in done if (at, answer.status) == (target, 200)
        ]
        user = before[target]
        for found, value in sorted(accepted, key=lambda each: int(each[0]["version"])):
            user = {**user, **value, "version": user["version"] + 1}
            assert found == user  # each answer is the one before it and what was asked for: no change was lost between
        assert json.loads(stack_client.request("GET", target).body) == user
        assert len(accepted) >= CHANGES * CLIENTS // 4 // 2  # all that had no condition
