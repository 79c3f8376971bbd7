from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

import support
from fmtools.core.contracts import Dataset, Drop, Prepared
from fmtools.core.errors import DataError, StoreError
from fmtools.store import datasets, versions
from fmtools.store.files import seal, write_json


def rows(count: int = 5, start: int = 0, **more: object) -> Dataset:
    texts = [f"text {n}" for n in range(start, start + count)]
    table = pa.table({"text": texts, "label": ["ab"[n % 2] for n in range(count)]})
    return Dataset("shop", {"all": table}, "shop.csv", read=count, **more)  # type: ignore[arg-type]


def test_versions_are_numbered_and_named(tmp_path: Path) -> None:
    first = versions.save(rows(), tmp_path)
    second = versions.save(rows(6), tmp_path, parent=first.reference)
    assert (first.label, second.label) == ("shop@v1", "shop@v2")
    for word in ("shop", "shop@v2", "shop@2", f"shop@{second.hash}", f"shop@{second.hash[:6]}", "shop@latest"):
        assert versions.resolve(word, tmp_path).hash == second.hash
    assert versions.resolve("shop@v1", tmp_path).hash == first.hash
    assert second.facts["parent"] == f"shop@{first.hash}"
    assert [version.label for version in versions.every(tmp_path)] == ["shop@v1", "shop@v2"]


def test_rows_come_back_with_their_account(tmp_path: Path) -> None:
    data = rows(4)
    data.splits["test"] = data.splits["all"].slice(0, 2)
    data.read, data.dropped, data.drops = 8, {"no text": 2}, [Drop("no text", "shop.csv", 3)]
    loaded = versions.load(versions.save(data, tmp_path, "mine", licence_free_recipe := [], profile={"a": 1}))
    assert licence_free_recipe == []
    assert loaded.name == "mine"
    assert loaded.splits["test"].to_pylist() == data.splits["test"].to_pylist()
    assert (loaded.read, loaded.dropped, loaded.drops) == (8, {"no text": 2}, data.drops)
    assert loaded.version == versions.resolve("mine", tmp_path).reference


def test_the_same_content_and_recipe_is_kept_once(tmp_path: Path) -> None:
    one = versions.save(rows(), tmp_path)
    assert versions.save(rows(), tmp_path).reference == one.reference
    assert versions.save(rows(), tmp_path, recipe=[{"step": "normalize"}]).ordinal == 2
    assert len(versions.every(tmp_path)) == 2


def test_the_hash_is_of_the_rows_however_they_were_cut(tmp_path: Path) -> None:
    whole = rows(25_000)
    table = whole.splits["all"]
    parts = pa.concat_tables([table.slice(0, 7), table.slice(7, 20_000), table.slice(20_007)])
    cut = Dataset("shop", {"all": parts.replace_schema_metadata({"pandas": "x"})})
    assert versions.save(whole, tmp_path).hash == versions.save(cut, tmp_path).hash


@pytest.mark.parametrize(
    ("word", "message"),
    [("shp", "Did you mean shop?"), ("shop@v9", "There are v1"), ("shop@ffff", "There are v1"), ("", "no data kept")],
)
def test_what_is_not_there(tmp_path: Path, word: str, message: str) -> None:
    versions.save(rows(), tmp_path)
    with pytest.raises(StoreError) as caught:
        versions.resolve(word, tmp_path)
    assert message in str(caught.value)


def test_a_split_with_a_strange_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be named"):
        versions.save(Dataset("x", {"../up": rows().splits["all"]}), tmp_path)
    assert not list(tmp_path.rglob("*.arrow"))


def test_a_flipped_byte_is_found_and_keeping_again_heals(tmp_path: Path) -> None:
    kept = versions.save(rows(), tmp_path)
    file = kept.folder / "all.arrow"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(StoreError, match=r"shop@v1 are damaged: all.arrow differs"):
        versions.load(kept)
    again = versions.save(rows(), tmp_path)
    assert (again.reference, again.ordinal) == (kept.reference, 1)
    assert versions.load(again).rows == {"all": 5}


def test_a_damaged_version_does_not_hide_the_others(tmp_path: Path) -> None:
    kept = versions.save(rows(), tmp_path)
    versions.save(rows(6), tmp_path)
    (kept.folder / "dataset.json").write_text("{")
    found = versions.every(tmp_path)
    assert {bool(version.fault) for version in found} == {True, False}
    assert versions.resolve("shop", tmp_path).rows == {"all": 6}
    assert versions.save(rows(7), tmp_path).ordinal == 3


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = versions.save(rows(), tmp_path / "elsewhere")
    folder = tmp_path / "home" / "datasets" / "shop"
    folder.mkdir(parents=True)
    (folder / elsewhere.hash).symlink_to(elsewhere.folder)
    assert versions.every(tmp_path / "home") == []


def test_writers_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: versions.save(rows(5 + n), tmp_path), range(8)))
    assert sorted(version.ordinal for version in found) == list(range(1, 9))
    assert support.leftovers(tmp_path) == []


@pytest.mark.fault
def test_a_kill_while_keeping_loses_nothing(tmp_path: Path) -> None:
    first = versions.save(rows(), tmp_path)
    code = (
        "import sys; from pathlib import Path; import pyarrow as pa; from fmtools.core.contracts import Dataset;"
        "from fmtools.store import versions\n"
        "for n in range(10**6):\n"
        "    table = pa.table({'text': [f'{n} {m}' for m in range(40_000)]})\n"
        "    versions.save(Dataset('shop', {'all': table}), Path(sys.argv[1])); print(n, flush=True)"
    )
    for pause in (0.01, 0.05, 0.11):
        worker = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        assert worker.stdout.readline().strip() == "0"
        time.sleep(pause)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    for version in versions.every(tmp_path):
        assert versions.load(version).rows
    assert versions.load(versions.resolve(first.reference, tmp_path)).rows == {"all": 5}
    after = versions.save(rows(6), tmp_path)
    numbers = [version.ordinal for version in versions.of_name("shop", tmp_path)]
    assert after.ordinal == max(numbers)
    assert len(set(numbers)) == len(numbers)
    assert support.leftovers(tmp_path) == []


def old_layout(root: Path, version: str) -> Path:
    """Write data as the first release prepared them: datasets/NAME/HASH, label numbers, `meta` in dataset.json."""
    folder = root / "datasets" / "intents" / version
    folder.mkdir(parents=True)
    table = pa.table({"text": ["on", "off"], "label": pa.array([1, 0], pa.int32())})
    with pa.OSFile(str(folder / "train.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    facts = {"version": 1, "name": "intents", "meta": {"labels": ["HassTurnOff", "HassTurnOn"]}, "notices": []}
    write_json(folder / "dataset.json", facts)
    seal(folder, {"name": "intents"})
    return folder


def test_stores_of_the_first_release_stay_readable(tmp_path: Path) -> None:
    old_layout(tmp_path, "0123456789abcdef")
    splits, meta = datasets.load("intents@0123456789abcdef", tmp_path)
    assert (splits["train"].num_rows, meta["labels"][1]) == (2, "HassTurnOn")
    found = datasets.find("intents", tmp_path)
    assert found is not None
    assert found.splits["train"]["label"].to_pylist() == ["HassTurnOn", "HassTurnOff"]
    assert versions.every(tmp_path) == []
    kept = versions.save(Dataset("intents", rows().splits), tmp_path)
    assert kept.label == "intents@v1"
    newest, old = datasets.find("intents", tmp_path), datasets.find("intents@0123456789abcdef", tmp_path)
    assert newest is not None
    assert newest.version == kept.reference
    assert old is not None
    assert old.rows == {"train": 2}


def test_prepared_data_are_no_data_of_the_user(tmp_path: Path) -> None:
    prepared = Prepared(rows().splits, {"labels": ["a", "b"]})
    reference = datasets.keep(prepared, "shop", tmp_path)
    assert datasets.keep(prepared, "shop", tmp_path) == reference
    assert datasets.folder_of(reference, tmp_path).parent == tmp_path / "prepared"
    assert datasets.load(reference, tmp_path)[1] == {"labels": ["a", "b"]}
    assert versions.every(tmp_path) == []
    assert datasets.find("shop", tmp_path) is None
