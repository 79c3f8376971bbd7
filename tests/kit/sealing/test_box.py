"""Encrypted files open with their key, whole, in their place and in their newest version; in no other way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import malicious
from fmtools.core.errors import DataError, FmError, OptionError
from fmtools.kit.privacy import vault
from fmtools.kit.sealing import box as sealed_box
from fmtools.kit.sealing import keys as sealed_keys
from fmtools.kit.sealing.box import Label
from fmtools.kit.sealing.keys import Key
from fmtools.kit.sealing.tar import TarStream, unpacked
from fmtools.store import sealed_ledger

LABEL = Label("artifact", "shop", "01RUN", 7)
FILES = {"config.json": b'{"a": 1}', "onnx/model.onnx": b"PLAIN-CANARY " * 9, "empty": b"", "模型.txt": "猫".encode()}


@pytest.fixture
def key(tmp_path: Path) -> Key:
    return sealed_keys.of_file(tmp_path / "k.key", make=True)


def sealed(folder: Path, key: Key, files: dict[str, bytes] = FILES, label: Label = LABEL) -> bytes:
    """Return the encrypted form of some files."""
    sealed_box.seal(files, folder / "x.age", key, label)
    return (folder / "x.age").read_bytes()


def test_a_folder_comes_back_whole_into_memory(tmp_path: Path, key: Key) -> None:
    import onnxruntime

    folder = malicious.good(tmp_path / "model")
    box = sealed_box.seal(folder, tmp_path / "model.age", key, LABEL)
    found = sealed_box.open_box(tmp_path / "model.age", key)
    assert found.label == LABEL
    assert found.files == {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert (box.files, box.sha256) == (len(found.files), found.sha256)
    assert oct((tmp_path / "model.age").stat().st_mode)[-3:] == "600"
    assert onnxruntime.InferenceSession(found.files["onnx/model.onnx"]).get_inputs()[0].name == "x"


def test_what_is_encrypted_is_the_same_every_time_and_shows_nothing(tmp_path: Path, key: Key) -> None:
    first, second = (TarStream({"name": "x"}, dict(files)).read() for files in (FILES, FILES))
    assert first == second
    assert unpacked(first) == ({"name": "x"}, FILES)
    small = TarStream({"name": "x"}, dict(FILES))
    assert b"".join(iter(lambda: small.read(7), b"")) == first
    boxes = [sealed(tmp_path, key) for _ in range(2)]
    assert boxes[0] != boxes[1]
    for box in boxes:
        assert not any(word in box for word in (b"CANARY", b"config", b"shop", b"01RUN"))


def test_every_flipped_byte_and_every_cut_is_refused(tmp_path: Path, key: Key) -> None:
    whole = sealed(tmp_path, key, {"a": b"PLAIN"}, Label("files", "a"))
    chance = random.Random(1)
    for at in range(len(whole)):
        flipped = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        with pytest.raises(DataError, match=r"does not open|no encrypted file"):
            sealed_box.open_box(flipped, key)
        with pytest.raises(DataError, match=r"does not open|no encrypted file"):
            sealed_box.open_box(whole[:at], key)
    for more in (b"\0", b"\n", whole):
        with pytest.raises(DataError):
            sealed_box.open_box(whole + more, key)
    assert sealed_box.open_box(whole, key).files == {"a": b"PLAIN"}


def test_parts_of_a_long_file_cannot_be_dropped_or_changed_round(tmp_path: Path, key: Key) -> None:
    whole = sealed(tmp_path, key, {"a": random.Random(2).randbytes(300_000)})
    part, begin = 65536 + 16, whole.index(b"\n", whole.index(b"\n--- ") + 1) + 17
    first, second = whole[begin : begin + part], whole[begin + part : begin + 2 * part]
    for bad in (
        whole[:begin] + second + first + whole[begin + 2 * part :],
        whole[:begin] + whole[begin + part :],
        whole[: begin + part],
        whole[:begin] + first + first + whole[begin + 2 * part :],
    ):
        with pytest.raises(DataError, match="does not open"):
            sealed_box.open_box(bad, key)


@pytest.mark.parametrize("kind", ["file", "age-keygen", pytest.param("passphrase", marks=pytest.mark.slow)])
def test_only_its_own_key_opens_it(kind: str, tmp_path: Path) -> None:
    import pyrage

    def made(number: int) -> Key:
        path = tmp_path / f"{number}.key"
        if kind == "passphrase":
            return sealed_keys.of_text(f"correct horse {number}", "FMTOOLS_KEY")
        if kind == "age-keygen":
            path.write_text(f"# created: today\n{pyrage.x25519.Identity.generate()}\n")
            path.chmod(0o600)
        return sealed_keys.of_file(path, make=True)

    mine, other = made(1), made(2)
    box = sealed(tmp_path, mine)
    assert sealed_box.open_box(box, mine).files == FILES
    with pytest.raises(DataError, match="does not open with this key") as caught:
        sealed_box.open_box(box, other)
    assert "correct" not in str(caught.value)


def test_a_key_is_the_vaults_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "k.key"
    secret = vault.new_key(path)
    text = path.read_text().strip()
    key = sealed_keys.find(str(path), encrypting=False)
    monkeypatch.setenv("FMTOOLS_KEY", text)
    box = sealed(tmp_path, key)
    assert sealed_box.open_box(box, sealed_keys.find(None, encrypting=False)).files == FILES
    assert not any(word in repr(key) for word in (text[15:], secret.hex(), str(key.identity)))
    path.chmod(0o640)
    with pytest.raises(OptionError, match="can be read by others"):
        sealed_keys.find(str(path), encrypting=False)
    monkeypatch.setenv("FMTOOLS_KEY", "short")
    with pytest.raises(OptionError, match="fewer than 8") as caught:
        sealed_keys.find(None, encrypting=True)
    assert "short" not in str(caught.value)


def test_a_file_in_anothers_place_and_an_older_one_are_refused(tmp_path: Path, key: Key) -> None:
    boxes, store = [], tmp_path / "store"
    for _ in range(2):
        with sealed_ledger.next_version(store, LABEL.key) as version:
            box = sealed(tmp_path, key, label=Label("artifact", "shop", "01RUN", version[0]))
            boxes.append(sealed_box.open_box(box, key))
            version.append(boxes[-1].sha256)
    old, new = boxes
    sealed_ledger.check(store, new.label.key, new.label.version, new.sha256)
    with pytest.raises(DataError, match="is an older version"):
        sealed_ledger.check(store, old.label.key, old.label.version, old.sha256)
    with pytest.raises(DataError, match="another one than was made"):
        sealed_ledger.check(store, new.label.key, new.label.version, old.sha256)
    later = new.label.version + 5
    sealed_ledger.check(store, new.label.key, later, "from elsewhere")
    with pytest.raises(DataError, match="is an older version"):
        sealed_ledger.check(store, new.label.key, new.label.version, new.sha256)
    with pytest.raises(DataError, match="renamed or swapped"):
        sealed_box.check_label(new.label, "other")
    with pytest.raises(DataError, match="renamed or swapped"):
        sealed_box.check_label(new.label, "shop", "01OTHER")
    (store / "sealed.json").write_text('{"newest": 3}')
    with pytest.raises(FmError, match="damaged"):
        sealed_ledger.check(store, new.label.key, later, "from elsewhere")


def test_archives_of_others_are_not_unpacked(tmp_path: Path, key: Key) -> None:
    """The key says who made a file; its names are looked at all the same."""
    for name in ("../out", "/abs", "a/../../b"):
        with pytest.raises(DataError, match="not made by fmtools"):
            sealed_box.open_box(sealed(tmp_path, key, {name: b""}), key)


def test_links_are_not_encrypted(tmp_path: Path, key: Key) -> None:
    folder = malicious.good(tmp_path / "model")
    (folder / "more.txt").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="link"):
        sealed_box.seal(folder, tmp_path / "m.age", key, LABEL)
    assert not list(tmp_path.glob("*.age"))
    assert not list(tmp_path.glob(".tmp-*"))
