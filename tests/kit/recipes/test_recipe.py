from __future__ import annotations

import itertools
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmtools.core.contracts import Dataset
from fmtools.core.errors import DataError, FmError
from fmtools.kit.recipes.copies import fit_to_train
from fmtools.kit.recipes.recipe import OWN, run
from fmtools.kit.rows.split import text_key

THINGS = "lamp chair desk phone cable cup shirt mouse sofa plate".split()
WORDS = {"great": "lovely fine perfect sturdy bright".split(), "bad": "awful poor broken late dirty".split()}


def shop(count: int = 120, seed: int = 0, **splits: int) -> Dataset:
    """Rows with blanks, markup, repeats, leaks and empty texts among them."""
    chance = random.Random(seed)

    def rows(size: int) -> pa.Table:
        labels = [chance.choice(["great", "great", "bad"]) for _ in range(size)]
        said = [
            " ".join(f"{chance.choice(WORDS[label])} {chance.choice(THINGS)}" for _ in range(chance.randint(1, 4)))
            for label in labels
        ]
        said = [
            f"<p>{t} &amp; Ｍ</p>" if n % 9 == 0 else f" {t}  " if n % 7 == 0 else "" if n % 31 == 30 else t
            for n, t in enumerate(said)
        ]
        days = [f"2026-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(size)]
        return pa.table({"text": said, "label": labels, "user": [n % 13 for n in range(size)], "day": days})

    return Dataset("shop", {name: rows(size) for name, size in (splits or {"all": count}).items()})


SPLIT = {"train": 90, "validation": 20, "test": 30}
STEPS = [
    "normalize form=NFKC",
    "strip-markup urls=mask",
    "drop-empty",
    "drop-duplicates",
    "drop-duplicates near=0.8 conflicts=drop",
    "drop-duplicates columns=user,label",
    "drop-leaks near=0.8",
    "filter length=8..40",
    "filter language=en",
    "filter regex=lamp invert=true",
    "filter label=bad words=2..",
    "rename text=said",
    "keep text,label",
    "drop user",
    "map-labels great=good",
    "balance down",
    "balance up",
    "sample 30",
    "sample 50% split=train",
    "split test=0.2 validation=0.1 again=true",
    "split test=0.2 group=user again=true",
    "split test=0.2 time=day again=true",
    "augment-drop rate=0.3",
    "augment-swap times=2",
    "augment-noise share=0.3",
    "augment-mix share=0.5",
    "augment-mix halves=true only=bad",
]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_accounts_for_every_row_and_does_the_same_each_time(step: str) -> None:
    data = shop(**SPLIT)
    made, kept, outcomes = run(data, [step], seed=3)
    again, kept_again, _ = run(data, [step], seed=3)
    replayed, _, _ = run(data, kept, seed=99)
    assert {name: t.to_pylist() for name, t in made.splits.items()} == {
        name: t.to_pylist() for name, t in again.splits.items()
    }
    assert {name: t.to_pylist() for name, t in made.splits.items()} == {
        name: t.to_pylist() for name, t in replayed.splits.items()
    }
    assert kept == kept_again
    out = outcomes[0]
    assert sum(out.before.values()) + out.added == sum(out.after.values()) + sum(out.removed.values())
    assert out.after == made.rows
    assert out.as_json()["step"]


def test_a_chain_accounts_for_every_row() -> None:
    steps = [
        *STEPS[:3],
        "drop-duplicates near=0.9",
        "split test=0.1 validation=0.1",
        "augment-drop",
        "drop-leaks",
        "balance up",
    ]
    made, kept, outcomes = run(shop(200), steps)
    for before, after in itertools.pairwise(outcomes):
        assert sum(before.after.values()) == sum(after.before.values())
    assert outcomes[-1].after == made.rows
    assert len(kept) == len(steps)


def test_the_seed_decides_and_is_written_down() -> None:
    data = shop()
    one, kept, _ = run(data, ["sample 20"], seed=1)
    two, _, _ = run(data, ["sample 20"], seed=2)
    assert one.splits["all"].to_pylist() != two.splits["all"].to_pylist()
    assert kept[0]["seed"] == 1


AUGMENT = ["augment-drop", "augment-swap", "augment-noise rate=0.2", "augment-mix share=0.5", "balance up"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("abc ", min_size=1, max_size=6), st.sampled_from("xy"), st.integers(0, 4)),
        min_size=12,
        max_size=60,
    ),
    st.sampled_from(AUGMENT),
    st.sampled_from(["", " by=none", " group=g"]),
    st.integers(0, 1000),
)
def test_no_text_and_no_copy_stands_on_two_sides(
    rows: list[tuple[str, str, int]], step: str, how: str, seed: int
) -> None:
    table = pa.table({"text": [r[0] for r in rows], "label": [r[1] for r in rows], "g": [f"g{r[2]}" for r in rows]})
    data = Dataset("x", {"all": table})
    try:
        before, _, _ = run(data, [f"split test=0.3{how}", step], seed)
        after, _, _ = run(data, [step, f"split test=0.3{how}"], seed)
    except FmError:
        return  # one label, or too few texts to divide: said in one sentence, nothing made
    for made in (before, after):
        sides = {name: t.to_pylist() for name, t in made.splits.items()}
        keys = {name: {text_key(row["text"]) for row in found} for name, found in sides.items()}
        assert not (keys["train"] & keys["test"]) - {""}
        assert all(row.get("augmented_from") is None for row in sides["test"])
        held = {row["row_id"] for row in sides["test"] if "row_id" in row}
        for row in sides["train"]:
            assert row.get("augmented_from") not in held
            assert row.get("augmented_with") not in held
        if how == " group=g":
            assert not {row["g"] for row in sides["train"]} & {row["g"] for row in sides["test"]}


def test_a_training_never_holds_out_a_copy() -> None:
    made, _, _ = run(shop(150), ["drop-empty", "augment-drop times=2", "augment-mix share=0.3"])
    ready = fit_to_train(made, 0.2, 7)
    originals = {text_key(text) for text in shop(150).splits["all"]["text"].to_pylist()}
    assert {text_key(text) for text in ready.splits["validation"]["text"].to_pylist()} <= originals
    assert not set(OWN) & set(ready.columns)
    assert ready.splits["train"].num_rows > 150
    plain = shop(50)
    assert fit_to_train(plain, 0.2, 7) is plain


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("filter length=9000..", "leaves no row"),
        ("rename txt=a", "Did you mean 'text'?"),
        ("rename text=label", "two columns 'label'"),
        ("map-labels grate=good", "Did you mean 'great'?"),
        ("filter label=grate", "Did you mean 'great'?"),
        ("filter", "needs a condition"),
        ("filter regex='['", "is not a pattern"),
        ("filter language=klingonese", "is not a language"),
        ("split test=0.2 time=text", "is not a time"),
        ("split", "needs shares"),
        ("split test=0.9 validation=0.9", "leave rows to train"),
        ("sample 2.5", "neither a number of rows nor a share"),
        ("sample 5 split=tset", "There are all"),
        ("augment-drop only=grate", "no row has the label 'grate'"),
        ("augment-synonyms", "needs a file of synonyms"),
        ("augment-synonyms file=nowhere.txt", "There is no file"),
        ("augment-back-translate model=x", "needs a worker"),
        ("balance by=user_id", "no column 'user_id'"),
        ("drop text,label,user,day", "no column is left"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(step: str, message: str) -> None:
    with pytest.raises(FmError) as caught:
        run(shop(), [step])
    assert message in str(caught.value)


def test_a_side_that_is_there_is_not_drawn_again_in_silence() -> None:
    with pytest.raises(DataError, match="already test"):
        run(shop(**SPLIT), ["split test=0.1"])
    made, _, _ = run(shop(train=90, test=30), ["split validation=0.1"])
    assert made.splits["test"].to_pylist() == shop(train=90, test=30).splits["test"].to_pylist()
