"""What `versus` computes around its trainings; the trainings run in test_benchmarks (quick form)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.peers import versus_env, versus_run
from benchmarks.peers.versus_report import LOOP, OURS, Peer, figures, lines, markdown
from benchmarks.peers.versus_run import HERE, Outcome, steady, typed_lines
from benchmarks.versus import PEERS

SCRIPT = '"""A docstring\nof two lines."""\n\n# a comment\nimport os\n\n\ndef f(x):\n    """Said."""\n    return [\n        x,  # why\n    ]\n'


def outcome(speed: float, accuracy: float = 0.96) -> Outcome:
    return Outcome(speed, speed / 2, 3.0, 1500.0, accuracy, 0.8)


def test_typed_lines_are_code_alone() -> None:
    assert typed_lines(SCRIPT) == 5
    assert typed_lines("x = '''a\nb'''\n") == 2


def test_what_lies_between_epochs_is_not_counted() -> None:
    epoch = [float(i) for i in range(11)]  # a step a second
    times = [*epoch, *(t + 1000 for t in epoch)]  # and a long evaluation between
    assert steady(times, 2, 176, 1) == pytest.approx(16.0)
    assert steady([t * 2 for t in times], 2, 176, 1) == pytest.approx(8.0)
    with pytest.raises(ValueError, match="too few"):
        steady(times, 2, 176, 10)


def test_scores_are_of_the_test_rows(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\nx,a\ny,b\nz,b\nw,a\n")
    accuracy, f1 = versus_run.scores(["a", "b", "b", "b"], tmp_path)
    assert accuracy == 0.75
    assert f1 == pytest.approx((2 / 3 + 0.8) / 2)


def test_ratios_are_of_one_round_and_aims_tell() -> None:
    peers = [Peer(LOOP, "loop"), Peer("Trainer", "trainer"), Peer("SetFit", "setfit", pairs=True)]
    found = {
        OURS: [outcome(96.0), outcome(50.0)],
        LOOP: [outcome(100.0, 0.97), outcome(50.0, 0.97)],
        "Trainer": [outcome(60.0), outcome(60.0)],
        "SetFit": [outcome(500.0), outcome(20.0)],
    }
    made = {figure.name: figure for figure in figures(found, peers, ["Lightning: no room"])}
    assert made["fmtools / hand-tuned loop: rows/s, step to step"].values == [0.96, 1.0]
    assert made["fmtools / hand-tuned loop: rows/s, step to step"].met
    assert made["fmtools / Trainer: rows/s, whole"].values == pytest.approx([1.6, 5 / 6])
    assert "fmtools / SetFit: rows/s, step to step" not in made
    gap = made["fmtools - hand-tuned loop: accuracy, mean over seeds"]
    assert gap.met is False
    assert "no room" in gap.note
    further = {OURS: [outcome(1.0, 0.98)] * 2, LOOP: [outcome(9.0, 0.97)] * 2}
    *_, ours, _, met = figures(found, peers, [], further)
    assert ours.values == [0.96, 0.96, 0.98, 0.98]
    assert met.met
    assert made["fmtools / hand-tuned loop: rows/s, step to step"].values == [0.96, 1.0]
    table = markdown(found, peers).splitlines()
    assert len(table) == 6
    assert table[2].startswith("| fmtools | 73.00 rows/s | 36.50 rows/s | 3.000 s | 1,500 MB |")


def test_every_peer_has_its_script_and_requirements() -> None:
    for peer in PEERS:
        assert lines(peer) > lines(None) == 2
        assert not peer.env or "torch==2.13.0" in (HERE / f"requirements-{peer.env}.txt").read_text()


def test_half_an_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements-none.txt").write_text("")  # a peer that needs nothing: no registry is asked
    monkeypatch.setattr(versus_env, "HERE", tmp_path)
    half = tmp_path / "cache" / "benchmarks" / "none"
    half.mkdir(parents=True)
    (half / "left.txt").write_text("half")
    python = versus_env.python("none", tmp_path / "cache")
    assert os.access(python, os.X_OK)
    assert not (half / "left.txt").exists()
    made = python.lstat().st_mtime_ns
    assert versus_env.python("none", tmp_path / "cache").lstat().st_mtime_ns == made


def test_what_cannot_be_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements-none.txt").write_text(f"{tmp_path}/nowhere-1.0.whl\n")
    monkeypatch.setattr(versus_env, "HERE", tmp_path)
    with pytest.raises(versus_env.NoEnvironment, match=r"nowhere-1\.0"):
        versus_env.python("none", tmp_path / "cache")
    assert not (tmp_path / "cache" / "benchmarks" / "none" / versus_env.SEAL).exists()
