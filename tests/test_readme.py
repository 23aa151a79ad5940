"""What the README lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from shared.connectors.magic_values import BEHAVIOURS, CARDS


def test_the_readme_lists_every_magic_value_and_no_other(root: Path) -> None:
    table = (root / "README.md").read_text().partition("## Magic values")[2].partition("## The API")[0]
    vpas = set(re.findall(r"`([a-z-]+)@magic`", table))
    cards = {card.replace(" ", "") for card in re.findall(r"\d{4} \d{4} \d{4} \d{4}", table)}
    assert vpas == set(BEHAVIOURS)
    assert cards == set(CARDS)
    for row in re.findall(r"^\| `([a-z-]+)@magic` \| ([0-9 ,]+) \|", table, re.MULTILINE):
        for card in row[1].split(","):
            assert CARDS[card.replace(" ", "")] == row[0], f"{card} does what {CARDS[card.replace(' ', '')]} does"


def test_the_readme_has_no_gap_left_to_fill(root: Path) -> None:
    assert "@@" not in (root / "README.md").read_text()
