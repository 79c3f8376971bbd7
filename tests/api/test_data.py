from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import fmtools
import support
from fmtools.api.data_cards import DataCard, DataDiff, KeptTable
from fmtools.core.errors import DataError, FmError, OptionError
from fmtools.store import datasets

RECIPE = [
    "normalize",
    "strip-markup",
    "drop-empty",
    "drop-duplicates near=0.95",
    "split test=0.2 validation=0.2",
    "augment-drop share=0.5",
]


@pytest.fixture
def reviews(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of reviews, in the working directory."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {**row, "text": f"<i>{row['text']}</i>" if n % 8 == 0 else row["text"]}
        for n, row in enumerate(support.rows(120))
    ]
    pd.DataFrame([*rows, rows[5]]).to_csv(tmp_path / "reviews.csv", index=False)
    return tmp_path / "reviews.csv"


def card(data: object, **options: object) -> DataCard:
    found = fmtools.load_data(data, **options)
    assert isinstance(found, DataCard)
    return found


def test_rows_are_kept_as_they_came(reviews: Path) -> None:
    kept = card("reviews.csv", name="shop")
    assert kept.label == "shop@v1"
    assert kept.frame().equals(pd.read_csv(reviews))
    assert card("shop").reference == card("shop@v1").reference == card(kept.reference).reference == kept.reference
    assert card("reviews.csv").reference == ""


def test_a_recipe_makes_a_version_that_can_be_made_again(reviews: Path) -> None:
    card("reviews.csv", name="shop")
    made = card("shop", steps=RECIPE)
    assert made.label == "shop@v2"
    assert [line.split()[0] for line in made.recipe] == [step.split()[0] for step in RECIPE]
    facts = made.to_json()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["read"] == sum(facts["rows"].values()) + sum(facts["dropped"].values())
    again = card("reviews.csv", recipe="shop@v2", name="other", seed=9)
    assert again.label == "other@v2"
    assert again.reference.split("@")[1] == made.reference.split("@")[1]
    assert card("shop@v1", steps=RECIPE).label == "shop@v2"
    more = card("shop", steps=["sample 20"])
    assert (more.label, len(more.recipe)) == ("shop@v3", len(RECIPE) + 1)
    assert more.version is not None
    assert more.version.facts["parent"] == made.reference


def test_a_preview_keeps_nothing(reviews: Path, store: Path) -> None:
    shown = card("reviews.csv", steps=RECIPE, preview=True)
    assert not store.exists()
    assert {one["kind"] for step in shown.steps for one in step["examples"]} == {"changed", "removed", "moved", "added"}
    assert "before" in shown.html()
    assert not shown.reference


def test_what_is_kept_is_listed_and_compared(reviews: Path) -> None:
    empty = fmtools.load_data()
    assert isinstance(empty, KeptTable)
    assert "nothing kept yet" in empty.text()
    card("reviews.csv", name="shop", steps=RECIPE[:4])
    listed = fmtools.load_data()
    assert [row["label"] for row in listed.to_json()["data"]] == ["shop@v1", "shop@v2"]
    assert listed.to_json()["data"][1]["recipe"] == RECIPE[:4]
    found = fmtools.load_data("shop@v2", diff="shop@v1")
    assert isinstance(found, DataDiff)
    facts = found.to_json()
    assert (facts["removed"], facts["added"], facts["changed"]) == (1, 0, 15)
    assert facts["steps"]["added"] == RECIPE[:4]
    renamed = card("shop", steps=["rename text=said"])
    assert fmtools.load_data(renamed.label, diff="shop@v2").to_json()["columns"] == {"added": [], "removed": []}


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("shp", {}, "Did you mean shop?"),
        ("shop@v9", {}, "There are v1"),
        ("shop", {"name": "a/b"}, "cannot be kept under the name"),
        ("shop", {"name": "x.csv"}, "--name x"),
        ("shop", {"recipe": "shop@v1"}, "has no recipe"),
        ("shop", {"diff": "shop"}, "the same version"),
        ("shop", {"diff": "shap"}, "Did you mean shop?"),
        ("shop", {"steps": ["filter length=9999.."]}, "leaves no row"),
    ],
)
def test_mistakes_lose_nothing(reviews: Path, data: str, options: dict[str, object], message: str) -> None:
    card("reviews.csv", name="shop")
    with pytest.raises(FmError) as caught:
        fmtools.load_data(data, **options)
    assert message in str(caught.value)
    assert [row["label"] for row in fmtools.load_data().to_json()["data"]] == ["shop@v1"]


def test_options_are_checked_in_python_too() -> None:
    with pytest.raises(OptionError, match="Did you mean --steps"):
        fmtools.load_data("x", stesp=["normalize"])
    with pytest.raises(DataError, match="no split"):
        card(support.rows(12)).frame("tset")


def test_the_command_line_gives_json(reviews: Path, store: Path) -> None:
    words = ["data", "reviews.csv", "--name", "shop", "--step", "normalize", "--step", "split test=0.25", "--json"]
    done = subprocess.run([sys.executable, "-m", "fmtools", *words], capture_output=True, text=True, check=True)
    facts = json.loads(done.stdout.splitlines()[-1])
    assert facts["kept"]["label"] == "shop@v2"
    assert facts["recipe"] == ["normalize", "split test=0.25 seed=42"]
    assert set(facts["rows"]) == {"train", "test"}


@pytest.mark.slow
def test_a_run_names_the_version_it_learned_and_scores_no_copy(reviews: Path, tiny: Path) -> None:
    made = card("reviews.csv", name="shop", steps=["strip-markup", "augment-drop times=2", "augment-mix share=0.2"])
    run = support.train(tiny, data="shop", epochs=1, inline=True)
    assert run.status == "done"
    assert run.data_version == made.reference
    assert run.to_json()["data"] == "shop@v2"
    assert "shop@v2" in run._repr_mimebundle_()["text/html"]
    splits, _ = datasets.load(run._folder.record.dataset, run.path.parent.parent)
    own = {row.removeprefix("<i>").removesuffix("</i>") for row in pd.read_csv(reviews)["text"]}
    assert set(splits["validation"]["text"].to_pylist()) <= own
    assert set(splits["train"].column_names) == {"text", "label"}
    assert [row["label"] for row in fmtools.load_data().to_json()["data"]] == ["shop@v1", "shop@v2"]
