"""Writing with an exported encoder-decoder, as the model server does: a decoder that keeps its cache beside one that reads again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from fmtools.serving.rewriter import Manner, Rewriter
from fmtools.serving.rules import Rules
from fmtools.serving.session import Session

from .figures import Figure, ratios
from .settings import Settings, scratch

#: A Marian of random weights: width, layers of each side, words. Tokens of the source; tokens that are written, with beams.
WIDTH, LAYERS, WORDS, SOURCE = 256, 3, 8000, 32
WRITTEN = ((16, 1), (64, 1), (128, 1), (64, 4))


def run(settings: Settings) -> list[Figure]:
    """Write the same texts with both graphs; a text that differs is an error."""
    times = settings.repeats(5, 1)
    with scratch() as folder:
        model = _model(settings.quick)
        both = [_opened(model, cached, folder / str(cached)) for cached in (True, False)]
    figures = []
    for tokens, beams in WRITTEN[:1] if settings.quick else WRITTEN:
        kept, again = ([_timed(one, Manner(tokens, beams)) for _ in range(times)] for one in both)
        if len({text for _, text in [*kept, *again]}) != 1:
            raise RuntimeError("The two decoders write different texts.")
        what = f"{tokens} tokens from {SOURCE}" + (f", {beams} beams" if beams > 1 else "")
        figures.append(Figure(f"{what}: with a cache", [seconds for seconds, _ in kept], "ms"))
        figures.append(Figure("  reading again what was written", [seconds for seconds, _ in again], "ms"))
        figures.append(
            Figure("  of it, with a cache", ratios(*([seconds for seconds, _ in one] for one in (kept, again))))
        )
    return figures


def _model(quick: bool) -> Any:
    import torch
    from transformers import MarianConfig, MarianMTModel

    torch.manual_seed(1)
    width, layers = (32, 1) if quick else (WIDTH, LAYERS)
    sides = {"layers": layers, "attention_heads": width // 32, "ffn_dim": 4 * width}
    size = {f"{side}_{part}": n for side in ("encoder", "decoder") for part, n in sides.items()}
    special = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0, "forced_eos_token_id": 1}
    return MarianMTModel(MarianConfig(vocab_size=WORDS, d_model=width, init_std=0.3, **special, **size)).eval()


def _opened(model: Any, cached: bool, folder: Path) -> Rewriter:
    """Write both graphs and open them on one thread."""
    import torch

    from fmtools.kit.exporting import onnx_write, rewriters
    from fmtools.kit.exporting.recorded import Subject

    parts: list[Any] = [rewriters.Encoder(model).eval(), rewriters.Decoder(model, cached).eval()]
    ids = torch.randint(2, WORDS, (2, SOURCE))
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with torch.no_grad():
        read = parts[0](**given)["last_hidden_state"]
    new = torch.randint(2, WORDS, (2, 9))
    whole = {"input_ids": new, "encoder_attention_mask": given["attention_mask"], "encoder_hidden_states": read}
    examples = [[given], parts[1].examples([{**whole, **parts[1].empty(new)}])]
    sessions = []
    for part, own in zip(parts, examples, strict=True):
        path = folder / f"{part.name}.onnx"
        subject = Subject("translation", part, folder, list(part.inputs), list(part.outputs), own, axes=dict(part.axes))
        onnx_write.write(subject, path)
        sessions.append(Session(path, 1))
    encoder, decoder = sessions
    return Rewriter(encoder, decoder, Rules(0, frozenset()), None)


def _timed(model: Rewriter, how: Manner) -> tuple[float, tuple[int, ...]]:
    """Return the milliseconds a text takes, and the text."""
    source = np.random.default_rng(3).integers(2, WORDS, SOURCE).tolist()
    began = time.perf_counter()
    *_, last = model.write(source, how)
    return 1000 * (time.perf_counter() - began), tuple(last[0].tokens)
