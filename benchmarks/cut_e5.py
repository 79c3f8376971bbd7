"""An encoder of MiniLM's size that reads Chinese, cut out of e5-small: `python -m benchmarks.cut_e5 FOLDER`.

Six layers, 384 wide, one entry a character, as in the vocabularies of Chinese BERTs - which no package brings. MiniLM
itself does not know 64 % of the characters of the news.
"""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

from .settings import ROOT

SPECIAL = {"[PAD]": "<pad>", "[UNK]": "<unk>", "[CLS]": "<s>", "[SEP]": "</s>", "[MASK]": "<mask>"}
LAYERS = 6
#: Wide forms of Latin letters, digits and marks; e5 reads them as their narrow ones.
WIDE = [chr(code) for code in range(0xFF01, 0xFF5F)]


def make(folder: Path) -> Path:
    """Write the model in the hub's layout (in another process: it needs torch)."""
    command = [sys.executable, "-m", "benchmarks.cut_e5", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


def _vocabulary(pieces: dict[str, int]) -> dict[str, int]:
    """Return {character: the place of its vector in e5}, the special tokens first."""
    found = {ours: pieces[theirs] for ours, theirs in SPECIAL.items()}
    found |= {piece: place for piece, place in pieces.items() if len(piece) == 1 and piece != "▁"}
    found |= {
        piece[1]: place
        for piece, place in pieces.items()
        if len(piece) == 2 and piece[0] == "▁" and piece[1] not in found
    }
    narrow = {wide: unicodedata.normalize("NFKC", wide) for wide in WIDE}
    return {**found, **{w: found[n] for w, n in narrow.items() if w not in found and n in found}}


def _save(folder: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizerFast

    from fmtools.core import registry

    whole = registry.get("models", "e5-small").folder()
    known = _vocabulary(AutoTokenizer.from_pretrained(whole).get_vocab())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(known) + "\n", encoding="utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=False).save_pretrained(folder)
    model = AutoModel.from_pretrained(whole, add_pooling_layer=False)
    config = BertConfig(
        **{**model.config.to_dict(), "vocab_size": len(known), "num_hidden_layers": LAYERS, "pad_token_id": 0}
    )
    weights = model.state_dict()
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][
        torch.tensor([*known.values()])
    ]
    small = BertModel(config, add_pooling_layer=False)
    small.load_state_dict({name: weights[name] for name in small.state_dict()})
    small.save_pretrained(folder)


if __name__ == "__main__":
    _save(Path(sys.argv[1]))
