"""%fm_monitor on a real server: calm while the texts are those of the reference, an alarm when they are others."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

import fmtools
from fmtools.api.monitor import Monitored
from fmtools.api.serve import Served
from fmtools.core.errors import FmError
from fmtools.serving.reading.tally import Tally

WORDS = "order parcel refund price invoice late broken return shop card the a of my to in".split()


def texts(count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=chance.randint(4, 10))) for _ in range(count)]


def asked(served: Served, rows: list[str]) -> list[dict[str, object]]:
    return [answer for at in range(0, len(rows), 50) for answer in served.predict(rows[at : at + 50])]


@pytest.mark.timeout(240)
def test_a_server_is_watched_calm_first_then_with_alarms(store: Path, classifier: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(classifier, model)
    served = fmtools.serve(str(model), name="watched")
    assert isinstance(served, Served)
    try:
        early = fmtools.monitor("watched")
        assert early.to_json()["requests"] == 0
        assert "no counts to compare with" in early.text()
        rows = texts(150, 1)
        reference = Tally()
        for row, answer in zip(rows, asked(served, rows), strict=True):
            reference.add({"text": row}, answer)
        card = json.loads((model / "fmtools.json").read_text())
        (model / "fmtools.json").write_text(json.dumps({**card, "training": reference.to_json()}))
        fmtools.serve(restart="watched")  # takes the model in anew: another card, another window
        asked(served, texts(150, 2))
        calm = fmtools.monitor("watched")
        assert isinstance(calm, Monitored)
        assert calm.alarms == [], calm.text()
        assert calm.facts["texts"] == 150
        assert calm.to_json()["rows"] == 300
        assert calm.to_json()["requests"] == 6
        assert set(calm.drift) == {"label", "score", "length", "script", "words"}
        asked(served, ["请问我的包裹什么时候到，已经等了很久了，谢谢" * 4] * 250)
        loud = fmtools.monitor("watched")
        assert loud.drift["script"]["drifted"]
        assert loud.drift["length"]["drifted"]
        assert any("scripts of texts have drifted: PSI" in line and "%" in line for line in loud.alarms), loud.alarms
        assert loud.png.startswith(b"\x89PNG")
        assert loud.alarms[0].replace("'", "&#x27;") in loud.html()
    finally:
        served.stop()
    record = "".join(path.read_text() for path in (served.path / "windows").glob("*.jsonl"))
    assert not any(word in record for word in ("parcel", "invoice", "包裹"))
    assert fmtools.monitor("watched").to_json()["rows"] == 550


def test_no_server_of_that_name_is_a_sentence(store: Path) -> None:
    with pytest.raises(FmError, match="no servers yet"):
        fmtools.monitor("nobody")
