from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from fmtools.core.errors import DataError
from fmtools.kit.rows.tagging import Chunk, Reader, bio, chunks, entities_of, names_of, part_of, scheme_of

BIO2 = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC", "O"]
SAME = {
    "marked": [
        ["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-LOC", "O"],  # IOB1
        ["B-PER", "E-PER", "O", "S-LOC", "B-LOC", "E-LOC", "O"],  # BIOES
        ["B_PER", "L_PER", "O", "U_LOC", "B_LOC", "L_LOC", "O"],  # BILOU
    ],
    "behind": [["PER-B", "PER-I", "O", "LOC-B", "LOC-B", "LOC-I", "O"]],
}


@pytest.mark.parametrize(("scheme", "tags"), [(s, tags) for s, rows in SAME.items() for tags in rows])
def test_every_scheme_becomes_bio2(scheme: str, tags: list[str]) -> None:
    assert scheme_of(Counter(tags)) == scheme
    reader = Reader(scheme)  # type: ignore[arg-type]
    assert reader(tags) == BIO2
    assert "BIO2" in reader.notices()[0]


def test_bio2_stays_and_nothing_is_said() -> None:
    reader = Reader(scheme_of(Counter(BIO2)))
    assert reader(BIO2) == BIO2
    assert reader.notices() == []


def test_types_without_marks_and_marks_without_types() -> None:
    assert Reader(scheme_of(Counter(["PER", "O"])))(["PER", "PER", "O", "LOC"]) == ["B-PER", "I-PER", "O", "B-LOC"]
    assert scheme_of(Counter("BMES")) == "bare"
    assert Reader("bare")(list("BMESBE")) == ["B-_", "I-_", "I-_", "B-_", "B-_", "I-_"]


def test_parts_of_speech_stay_as_they_are() -> None:
    tags = ["DET", "NOUN", "VERB", "NOUN"]
    reader = Reader(scheme_of(Counter(tags)))
    assert reader.plain
    assert reader(tags) == tags
    assert names_of(tags, plain=True) == ["DET", "NOUN", "VERB"]
    assert entities_of(tags, plain=True)[1] == Chunk("NOUN", 1, 1)


def test_a_tag_that_does_not_fit_the_others_is_named() -> None:
    with pytest.raises(DataError, match="'PER'"):
        scheme_of(Counter({"B-PER": 5, "I-PER": 5, "O": 50, "PER": 1}))


MARKS = st.sampled_from(["O", *(f"{mark}-{kind}" for mark in "BIES" for kind in ("A", "B-C"))])


@given(st.lists(MARKS, min_size=1, max_size=12))
def test_entities_are_those_of_seqeval(tags: list[str]) -> None:
    ours = chunks(part_of(tag, "marked") for tag in tags)
    assert [(c.kind, c.first, c.last) for c in ours] == get_entities(tags)
    assert entities_of(bio(len(tags), ours), plain=False) == ours


def test_both_marks_of_a_type_are_known_when_one_was_seen() -> None:
    assert names_of(["B-LOC", "O", "I-PER"], plain=False) == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
