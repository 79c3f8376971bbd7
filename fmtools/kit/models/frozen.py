"""The model as it came, with a logistic regression on top: what a fine-tuned model has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

from ..training.batches import PadTexts, TextRows
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


def most_frequent(train: pa.Table, test: pa.Table, meta: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return (logits of always answering what training rows most often say, the truth), several labels a row or one."""
    classes, several = len(meta["labels"]), bool(meta.get("multi_label"))
    columns = [table["label"].to_pylist() for table in (train, test)]
    seen = [number for labels in columns[0] for number in (labels if several else [labels])]
    share = np.bincount(seen, minlength=classes) / max(1, train.num_rows)
    logits = np.tile(np.log(np.clip(share, 1e-9, 1 - 1e-9) / (1 - np.clip(share, 1e-9, 1 - 1e-9))), (test.num_rows, 1))
    truth = (
        np.array([[n in labels for n in range(classes)] for labels in columns[1]], float)
        if several
        else np.array(columns[1])
    )
    return logits, truth
