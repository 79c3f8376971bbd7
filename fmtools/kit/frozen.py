"""The model as it came, with a logistic regression on top: what a fine-tuned model has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from .batches import PadTexts, TextRows
from .encoders import pooling_of

if TYPE_CHECKING:
    import pyarrow as pa

#: scikit-learn's inverse strength of the penalty. Unit vectors need a weak one: 1.0 scored 7 points lower on `intents`.
WEAK = 100.0


@torch.inference_mode()
def embed(model: Any, tokenizer: Any, texts: list[str], pooling: str, max_length: int = 128) -> np.ndarray:
    """Return unit vectors [texts, width] (float32): pooled as the encoder was trained to, then scaled to length 1."""
    rows = TextRows(tokenizer, texts, None, max_length)
    collate = PadTexts(tokenizer.pad_token_id or 0)
    order = sorted(range(len(rows)), key=rows.lengths.__getitem__)
    vectors = np.zeros((len(rows), model.config.hidden_size), np.float32)
    for i in range(0, len(order), 64):
        chosen = order[i : i + 64]
        batch = {k: v.to(model.device) for k, v in collate([rows[j] for j in chosen]).items()}
        hidden, mask = model(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
        pooled = hidden[:, 0] if pooling == "cls" else (hidden * mask).sum(1) / mask.sum(1)
        vectors[chosen] = torch.nn.functional.normalize(pooled, dim=-1).float().cpu().numpy()
    return vectors


def logistic_regression(model: Any, tokenizer: Any, folder: str, train: pa.Table, test: pa.Table) -> np.ndarray:
    """Train on `train`, return log-probabilities [test rows, classes]; classes that no training row has get almost none."""
    pooling = pooling_of(folder)
    classifier = LogisticRegression(C=WEAK, max_iter=2000)
    classifier.fit(embed(model, tokenizer, train["text"].to_pylist(), pooling), train["label"].to_numpy())
    known = classifier.predict_log_proba(embed(model, tokenizer, test["text"].to_pylist(), pooling))
    wide = np.full((len(known), int(max(classifier.classes_.max(), test["label"].to_numpy().max())) + 1), -50.0)
    wide[:, classifier.classes_] = known
    return wide
