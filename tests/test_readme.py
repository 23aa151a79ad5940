"""What the README lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import app  # noqa: F401 (declares the endpoints)
from chalicelib import http

from shared.connectors.magic_values import BEHAVIOURS, CARDS
from shared.domain.event import DEFAULT_WEBHOOK_EVENTS, EVENT_TYPES
from shared.domain.payment import STATUS


def test_the_readme_lists_every_magic_value_and_no_other(root: Path) -> None:
    table = (root / "README.md").read_text().partition("## Magic values")[2].partition("## The API")[0]
    vpas = set(re.findall(r"`([a-z-]+)@magic`", table))
    cards = {card.replace(" ", "") for card in re.findall(r"\d{4} \d{4} \d{4} \d{4}", table)}
    assert vpas == set(BEHAVIOURS)
    assert cards == set(CARDS)
    for row in re.findall(r"^\| `([a-z-]+)@magic` \| ([0-9 ,]+) \|", table, re.MULTILINE):
        for card in row[1].split(","):
            assert CARDS[card.replace(" ", "")] == row[0], f"{card} does what {CARDS[card.replace(' ', '')]} does"


def test_the_readme_says_which_events_come_unless_others_are_asked_for(root: Path) -> None:
    webhooks = (root / "README.md").read_text().partition("## Webhooks")[2].partition("The body is")[0]
    before, said, after = webhooks.partition("These six come unless you ask for others.")
    assert said
    assert len(DEFAULT_WEBHOOK_EVENTS) == 6
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", before)) == set(DEFAULT_WEBHOOK_EVENTS)
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", after)) <= set(EVENT_TYPES) - set(DEFAULT_WEBHOOK_EVENTS) | {
        "openapi.json"
    }


def test_the_readme_lists_every_status_of_a_payment(root: Path) -> None:
    said = (root / "README.md").read_text().partition("`status`, as merchants see it")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z_]+)`", said)) == set(STATUS.values())


def test_the_readme_names_the_calls_of_the_operator_and_no_other(root: Path) -> None:
    said = (root / "README.md").read_text().partition("With `OPERATOR_SECRET` set")[2].partition("A key is ended")[0]
    there = {(one.method, one.path) for one in http.ENDPOINTS if one.caller == "operator"}
    assert there == {
        ("POST", "/api/v1/merchants"),
        ("GET", "/api/v1/merchants"),
        ("POST", "/api/v1/merchants/{merchant_id}/api_keys"),
        ("GET", "/api/v1/merchants/{merchant_id}/api_keys"),
        ("POST", "/api/v1/merchants/{merchant_id}/api_keys/{api_key}/roll"),
        ("GET", "/api/v1/operations"),
        ("GET", "/api/v1/operations/dead_jobs"),
        ("POST", "/api/v1/operations/dead_jobs/{job_id}/retry"),
        ("POST", "/api/v1/users"),
        ("PUT", "/api/v1/users/{user_id}"),
        ("POST", "/api/v1/users/{user_id}/password"),
    }, "the README names these eleven: change it too"
    for path in (
        "/api/v1/merchants`",
        "…/{id}/api_keys`",
        "…/{id}/api_keys/{key}/roll`",
        "POST /api/v1/users`",
        "PUT …/{id or email}`",
        "POST …/{id or email}/password`",
        "/api/v1/operations`",
        "…/dead_jobs`",
        "…/dead_jobs/{id}/retry`",
    ):
        assert path in said


def test_the_readme_has_no_gap_left_to_fill(root: Path) -> None:
    assert "@@" not in (root / "README.md").read_text()
