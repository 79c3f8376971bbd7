"""The vault opens with its key, whole and unchanged, and in no other way."""

from __future__ import annotations

import json
import random
import stat
from pathlib import Path

import pytest

from fmtools.core.errors import DataError, OptionError
from fmtools.kit.privacy import vault

RECORDS = [["all", i, "text", "", f"Anna Lee {i} 王小伟 " * 30] for i in range(3000)]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, bytes]:
    key = vault.new_key(tmp_path / "k.key")
    writer = vault.VaultWriter(tmp_path / "vault.bin", key, "ID")
    for record in RECORDS:
        writer.add(record)
    writer.close()
    return tmp_path / "vault.bin", key


def test_it_gives_back_what_was_put_in_and_shows_nothing(kept: tuple[Path, bytes]) -> None:
    path, key = kept
    assert list(vault.read_vault(path, key, "ID")) == RECORDS
    assert b"Anna" not in path.read_bytes()
    assert "王小伟".encode() not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_changed_byte_is_noticed(kept: tuple[Path, bytes]) -> None:
    path, key = kept
    whole, chance = path.read_bytes(), random.Random(1)
    for at in [*range(60), *(chance.randrange(len(whole)) for _ in range(200)), len(whole) - 1]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DataError):
            list(vault.read_vault(path, key, "ID"))


def test_a_cut_a_swap_another_key_and_another_name_are_noticed(kept: tuple[Path, bytes], tmp_path: Path) -> None:
    path, key = kept
    whole = path.read_bytes()
    head, parts, at = len(vault.MAGIC) + vault.SALT, [], len(vault.MAGIC) + vault.SALT
    while at < len(whole):
        size = int.from_bytes(whole[at : at + 4], "big") + 4
        parts.append(whole[at : at + size])
        at += size
    assert len(parts) >= 2
    for bad in (
        whole[:-1],
        whole[:head],
        whole[:head] + parts[0],
        whole[:head] + b"".join([parts[1], parts[0], *parts[2:]]),
        whole + parts[-1],
        b"",
    ):
        path.write_bytes(bad)
        with pytest.raises(DataError):
            list(vault.read_vault(path, key, "ID"))
    path.write_bytes(whole)
    for other_key, name in ((vault.new_key(tmp_path / "other"), "ID"), (key, "OTHER")):
        with pytest.raises(DataError):
            list(vault.read_vault(path, other_key, name))


def test_a_key_file_is_private_never_overwritten_and_never_quoted(tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    key = vault.new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert vault.read_key(path) == key
    with pytest.raises(OptionError, match="there already"):
        vault.new_key(path)
    path.write_text("hunter2 is no key")
    with pytest.raises(OptionError) as error:
        vault.read_key(path)
    assert "hunter2" not in str(error.value)
    with pytest.raises(OptionError, match="cannot be read"):
        vault.read_key(tmp_path / "nowhere")


def test_records_are_plain_json(kept: tuple[Path, bytes]) -> None:
    assert all(json.loads(json.dumps(record)) == record for record in vault.read_vault(*kept, "ID"))
