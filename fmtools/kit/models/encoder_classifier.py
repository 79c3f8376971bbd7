"""A classifier that pools an encoder's token vectors the way the encoder was trained to.

This file travels beside the weights it describes (config.json names it in `auto_map`), so that plain transformers opens
the folder with `AutoModelForSequenceClassification.from_pretrained(folder, trust_remote_code=True)`; fmtools itself reads
it without running any code from the folder. Hence it imports nothing of fmtools.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class EncoderClassifierConfig(PreTrainedConfig):
    """`encoder`: the encoder's own configuration; `pooling`: "mean" over the tokens or "cls" (the first token)."""

    model_type = "fmtools-encoder-classifier"
    sub_configs = {"encoder": AutoConfig}

    def __init__(
        self, encoder: Any = None, pooling: str = "mean", classifier_dropout: float = 0.1, **kwargs: Any
    ) -> None:
        if isinstance(encoder, dict):
            encoder = AutoConfig.for_model(**encoder)
        self.encoder = encoder
        self.pooling = pooling
        self.classifier_dropout = classifier_dropout
        super().__init__(**kwargs)


class EncoderClassifier(PreTrainedModel):
    """Encoder, pooling, dropout, one linear layer."""

    config_class = EncoderClassifierConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: EncoderClassifierConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        options = {"add_pooling_layer": False} if _has_pooler(config.encoder) else {}
        self.encoder = AutoModel.from_config(config.encoder, **options)
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.classifier = nn.Linear(config.encoder.hidden_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if module is self.classifier:
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)

    def pool(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Pool token vectors [rows, tokens, width] to [rows, width], leaving padding out."""
        if self.config.pooling == "cls":
            return hidden[:, 0]
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if self.config.problem_type == "multi_label_classification":
            return nn.functional.binary_cross_entropy_with_logits(logits, labels.float())
        return nn.functional.cross_entropy(logits, labels)

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput:
        """Return logits [rows, labels], and the cross-entropy when `labels` are given: [rows], or 0 and 1 in [rows, labels]."""
        if attention_mask is None:
            attention_mask = torch.ones_like(input_ids)
        if token_type_ids is not None:
            kwargs["token_type_ids"] = token_type_ids
        kwargs.pop("num_items_in_batch", None)
        out = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **kwargs)
        logits = self.classifier(self.dropout(self.pool(out.last_hidden_state, attention_mask)))
        loss = None if labels is None else self._loss(logits.float(), labels)
        return SequenceClassifierOutput(
            loss=loss, logits=logits, hidden_states=out.hidden_states, attentions=out.attentions
        )


def _has_pooler(config: Any) -> bool:
    """Say whether the encoder class takes `add_pooling_layer` (BERT and its kin)."""
    import inspect

    model_class = AutoModel._model_mapping[type(config)]
    return "add_pooling_layer" in inspect.signature(model_class.__init__).parameters
