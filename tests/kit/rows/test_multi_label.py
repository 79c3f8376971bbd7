"""Several labels a row: told from one label that has a bar in it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import classification_report

from fmtools.kit.rows.multi_label import divide, find_separator
from fmtools.kit.scoring.metrics import multi_label_scores


def test_a_separator_is_found_where_labels_come_back() -> None:
    assert find_separator(["a|b", "b", "a", "b|c", "c|a", "a"] * 4, wanted=False) == "|"
    assert find_separator(["x; y", "y", "x;z", "z"] * 5, wanted=False) == ";"
    assert find_separator(["red, green", "blue", "red", "green"] * 5, wanted=False) is None
    assert find_separator(["red, green", "blue", "red", "green"] * 5, wanted=True) == ","
    assert find_separator([f"id|{n}" for n in range(40)], wanted=False) is None
    assert find_separator(["a", "b", None] * 5, wanted=False) is None


@pytest.mark.parametrize(
    ("cell", "separator", "labels"),
    [("a| b|a", "|", ["a", "b"]), (None, "|", None), (["x", " y ", None], "", ["x", "y"]), ([], "", []), ("", "|", [])],
)
def test_cells_become_labels(cell: object, separator: str, labels: list[str] | None) -> None:
    assert divide(cell, separator) == labels


def test_scores_are_scikit_learns() -> None:
    random = np.random.default_rng(3)
    truth, logits = random.integers(0, 2, (50, 4)).astype(float), random.normal(size=(50, 4))
    names = ["a", "b", "c", "d"]
    scores = multi_label_scores(logits, truth, names)
    wanted = classification_report(truth, logits > 0, target_names=names, output_dict=True, zero_division=0.0)
    for name in [*names, "micro avg", "macro avg", "weighted avg", "samples avg"]:
        assert scores["report"][name]["f1"] == pytest.approx(wanted[name]["f1-score"], abs=1e-9)
    assert scores["metrics"]["accuracy"] == pytest.approx(((logits > 0) == truth).all(-1).mean())
