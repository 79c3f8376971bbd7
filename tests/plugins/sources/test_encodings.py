"""Twelve encodings in four formats: the same rows come back from every one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from fmtools.core.contracts import Dataset
from fmtools.plugins.sources.csv import CsvSource
from fmtools.plugins.sources.jsonl import JsonlSource

ZH = ["这家店的服务太差了，再也不来了", "今天天气很好，我们去公园走走吧", "物流很快，推荐大家购买", "他什么时候回来？"]
TW = ["這家店的服務太差了，再也不來了", "今天天氣很好，我們去公園走走吧", "物流很快，推薦大家購買", "他什麼時候回來？"]
JA = [
    "この店のサービスは良くなかった。",
    "今日はとても天気がいいですね。",
    "明日の朝七時に起こしてください。",
    "とても面白い本でした。",
]
KO = [
    "이 가게의 서비스는 별로였어요.",
    "오늘은 날씨가 정말 좋네요.",
    "내일 아침 일곱 시에 깨워 주세요.",
    "아주 재미있는 책입니다.",
]
FR = ["Le service était très décevant", "Réveille-moi à sept heures", "Ça a coûté cher", "La qualité m'a étonné"]
RU = ["Обслуживание было очень плохим", "Сегодня хорошая погода", "Разбуди меня завтра в семь", "Интересная книга"]
ENCODINGS = [
    ("utf-8", ZH + FR + RU), ("utf-8-sig", ZH + JA), ("utf-16", ZH + KO), ("utf-16-le", ZH + FR),
    ("utf-16-be", RU + TW), ("utf-32", JA), ("gb18030", ZH), ("big5", TW), ("shift_jis", JA), ("euc_jp", JA),
    ("euc_kr", KO), ("cp1252", FR), ("latin-1", FR), ("cp1251", RU), ("koi8_r", RU),
]  # fmt: skip


def written(rows: list[dict[str, str]], form: str) -> str:
    if form == "json":
        return json.dumps(rows, ensure_ascii=False)
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["text", "label"], delimiter="," if form == "csv" else "\t")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize(("encoding", "texts"), ENCODINGS, ids=[name for name, _ in ENCODINGS])
def test_the_same_rows_come_back(tmp_path: Path, encoding: str, texts: list[str], form: str) -> None:
    rows = [{"text": text, "label": "ab"[n % 2]} for n, text in enumerate(texts)]
    path = tmp_path / f"rows.{form}"
    path.write_bytes(written(rows, form).encode(encoding))
    data: Dataset = (CsvSource() if form in ("csv", "tsv") else JsonlSource()).load(path)
    assert data.splits["all"].to_pylist() == rows
    said = any(" was read as " in notice for notice in data.notices)
    assert said == (not encoding.startswith("utf-8"))
