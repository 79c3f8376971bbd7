"""Embedding and LSTM, the networks that one learns first: a language model and a classifier, saved and loaded as any other.

This file travels beside the weights it describes (config.json names it in `auto_map`), so that plain transformers opens
the folder with `trust_remote_code=True`; fmtools itself reads it without running any code from the folder. Hence it imports
nothing of fmtools.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GenerationMixin,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_outputs import CausalLMOutput, SequenceClassifierOutput

IGNORED = -100


class LstmConfig(PreTrainedConfig):
    """Words of the vocabulary, width of embedding and state, stacked layers, and the share dropped between them."""

    model_type = "fmtools-lstm"

    def __init__(
        self,
        vocab_size: int = 8000,
        hidden_size: int = 128,
        num_hidden_layers: int = 2,
        dropout: float = 0.2,
        tie_word_embeddings: bool = True,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.dropout = dropout
        super().__init__(tie_word_embeddings=tie_word_embeddings, **kwargs)


class _Lstm(PreTrainedModel):
    """What both networks share."""

    config_class = LstmConfig
    base_model_prefix = "lstm"

    def _init_weights(self, module: nn.Module) -> None:
        """Small embeddings; states that begin by remembering: the forget gates' bias is 1."""
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.05)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM):
            for name, parameter in module.named_parameters():
                if name.startswith("weight"):
                    for gate in parameter.chunk(4, 0):
                        nn.init.orthogonal_(gate) if "_hh_" in name else nn.init.xavier_uniform_(gate)
                else:
                    nn.init.zeros_(parameter)
                    if "_ih_" in name:
                        nn.init.ones_(parameter.chunk(4, 0)[1])


def _stack(config: LstmConfig) -> nn.LSTM:
    between = config.dropout if config.num_hidden_layers > 1 else 0.0
    return nn.LSTM(config.hidden_size, config.hidden_size, config.num_hidden_layers, batch_first=True, dropout=between)


class LstmLanguageModel(_Lstm, GenerationMixin):
    """Embedding, LSTM, and the next token from the state; the output layer shares the embedding unless told otherwise."""

    _tied_weights_keys = {"output.weight": "embedding.weight"}

    def __init__(self, config: LstmConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.lstm = _stack(config)
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.embedding = value

    def get_output_embeddings(self) -> nn.Module:
        return self.output

    def set_output_embeddings(self, new_embeddings: nn.Module) -> None:
        self.output = new_embeddings

    def prepare_inputs_for_generation(self, input_ids: torch.Tensor, **kwargs: Any) -> dict[str, Any]:
        """Read the whole text again for each token: it is short, and there is no state to go wrong."""
        return {"input_ids": input_ids}

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> CausalLMOutput:
        """Return logits [rows, tokens, vocabulary]; with `labels` (the input_ids) the loss of each token after the first.

        Padding stands to the right, where it changes nothing before it; `attention_mask` is taken for form's sake.
        """
        del attention_mask, kwargs
        hidden, _ = self.lstm(self.dropout(self.embedding(input_ids)))
        logits = self.output(self.dropout(hidden))
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(
                logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED
            )
        return CausalLMOutput(loss=loss, logits=logits)


class LstmClassifier(_Lstm):
    """Embedding, an LSTM that reads forwards and one that reads backwards, mean and maximum over the tokens, a linear layer.

    The backward one reads the tokens in reverse, padding last: an answer does not depend on what else is in the batch.
    """

    def __init__(self, config: LstmConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.lstm = _stack(config)
        self.backward_lstm = _stack(config)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(4 * config.hidden_size, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.embedding

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.embedding = value

    def pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Pool token vectors [rows, tokens, width] to mean and maximum [rows, 2 * width], leaving padding out."""
        seen = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * seen).sum(1) / seen.sum(1).clamp(min=1)
        most = hidden.masked_fill(seen == 0, torch.finfo(hidden.dtype).min).amax(1)
        return torch.cat([mean, most], -1)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput:
        """Return logits [rows, labels], and the cross-entropy when `labels` [rows] are given."""
        del kwargs
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        vectors = self.dropout(self.embedding(input_ids))
        forwards, _ = self.lstm(vectors)
        backwards, _ = self.backward_lstm(_reversed(vectors, mask))
        pooled = torch.cat([self.pool(forwards, mask), self.pool(backwards, mask)], -1)
        logits = self.classifier(self.dropout(pooled))
        return SequenceClassifierOutput(
            loss=None if labels is None else self._loss(logits.float(), labels), logits=logits
        )

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if self.config.problem_type == "multi_label_classification":
            return nn.functional.binary_cross_entropy_with_logits(logits, labels.float())
        return nn.functional.cross_entropy(logits, labels)


def _reversed(vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return each row's tokens in reverse, its padding left where it is (to the right)."""
    lengths = mask.sum(1, keepdim=True)
    places = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    order = torch.where(places < lengths, lengths - 1 - places, places)
    return vectors.gather(1, order.unsqueeze(-1).expand_as(vectors))


def travel_with_weights() -> None:
    """Let this file be saved beside its weights, named in config.json, for readers that have no fmtools."""
    LstmConfig.register_for_auto_class()
    LstmLanguageModel.register_for_auto_class("AutoModelForCausalLM")
    LstmClassifier.register_for_auto_class("AutoModelForSequenceClassification")


AutoConfig.register(LstmConfig.model_type, LstmConfig, exist_ok=True)
AutoModelForCausalLM.register(LstmConfig, LstmLanguageModel, exist_ok=True)
AutoModelForSequenceClassification.register(LstmConfig, LstmClassifier, exist_ok=True)
