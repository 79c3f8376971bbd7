"""Models made from scratch: architectures by name, in sizes that a laptop trains, and tokenizers learned from the rows.

Light at import: the kernel reads FAMILIES, the worker does the rest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...core.errors import ModelError, OptionError
from ...core.options import TrainOptions


@dataclass(frozen=True)
class Family:
    """An architecture: the tasks it learns, and the tokenizer that `--tokenizer auto` learns for it."""

    summary: str
    tasks: tuple[str, ...]
    tokenizer: str = "bpe"


ENCODING = ("text-classification", "token-classification", "question-answering", "sentence-similarity", "fill-mask")
#: `--from-scratch --model NAME`.
FAMILIES = {
    "gpt2": Family("GPT-2: a decoder that predicts the next token", ("text-generation",)),
    "bert": Family("BERT: an encoder that sees the whole text", ENCODING),
    "lstm": Family(
        "Embedding and LSTM, the classic before attention", ("text-generation", "text-classification"), "words"
    ),
    "t5": Family("T5: encoder and decoder with relative positions", ("translation", "summarization")),
    "marian": Family("Marian: encoder and decoder, as translation models are made", ("translation", "summarization")),
}
PAD, UNKNOWN, BEGIN, END, MASK, SEPARATOR, CLASSIFY = "<pad>", "<unk>", "<s>", "</s>", "<mask>", "<sep>", "<cls>"
SPECIAL = [PAD, UNKNOWN, BEGIN, END, MASK, SEPARATOR, CLASSIFY]


def tokenizer(texts: Iterable[str], options: TrainOptions) -> Any:
    """Learn a tokenizer from texts; return a PreTrainedTokenizerFast.

    "characters": one token a character. "words": the most frequent words (Chinese characters stand alone). "bpe":
    byte-level pairs. Encoders get <cls> text <sep>, encoder-decoders text </s>, decoders the bare text.
    """
    from transformers import AddedToken, PreTrainedTokenizerFast

    family = FAMILIES.get(options.model)
    kind = options.tokenizer
    if kind == "auto":
        kind = family.tokenizer if family else "bpe"  # type: ignore[assignment]
    core = _TRAINERS[kind](texts, options.vocabulary)
    _frame(core, options.model)
    # Byte-level tokens begin with their blank, and so does what a mask stands for.
    mask = AddedToken(MASK, lstrip=kind == "bpe", special=True)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=options.max_length,
        pad_token=PAD, unk_token=UNKNOWN, bos_token=BEGIN, eos_token=END, mask_token=mask, sep_token=SEPARATOR, cls_token=CLASSIFY,
    )  # fmt: skip


def _characters(texts: Iterable[str], size: int) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    seen = sorted({character for text in texts for character in text})
    if len(seen) + len(SPECIAL) > max(size, 8000):
        raise OptionError(
            f"The texts have {len(seen):,} different characters.", f"Give --vocabulary {len(seen) + 8} or more."
        )
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate([*SPECIAL, *seen])}, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    core.decoder = decoders.Fuse()
    return core


def _words(texts: Iterable[str], size: int) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    core = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
    core.normalizer = normalizers.BertNormalizer(lowercase=True)  # it also sets blanks around Chinese characters
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # Blanks between words, but none before punctuation nor between Chinese characters.
    apart = decoders.Replace(Regex(r"(?<=[\p{Han}，。！？；：、]) (?=[\p{Han}，。！？；：、])"), "")
    core.decoder = decoders.Sequence([decoders.WordPiece(prefix="##", cleanup=True), decoders.Fuse(), apart])
    core.train_from_iterator(
        texts, trainers.WordLevelTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False)
    )
    return core


def _bpe(texts: Iterable[str], size: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=max(size, 300), special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
        ),
    )
    return core


_TRAINERS = {"characters": _characters, "words": _words, "bpe": _bpe}


def _frame(core: Any, family: str) -> None:
    """Add the special tokens that an architecture expects around a text."""
    from tokenizers import processors

    ids = {token: core.token_to_id(token) for token in SPECIAL}
    if family == "bert":
        core.post_processor = processors.BertProcessing((SEPARATOR, ids[SEPARATOR]), (CLASSIFY, ids[CLASSIFY]))
    if family in ("t5", "marian"):
        core.post_processor = processors.TemplateProcessing(
            single=f"$A {END}", pair=f"$A $B {END}", special_tokens=[(END, ids[END])]
        )


def config(options: TrainOptions, words: Any) -> Any:
    """Return the configuration of an architecture in the size asked for; `words` is the tokenizer. Raises ModelError."""
    if options.model != "lstm" and options.width % options.heads:
        raise OptionError(
            f"--width {options.width} cannot be divided among {options.heads} heads.", "Make it a multiple of --heads."
        )
    build = _CONFIGS.get(options.model)
    if build is None:
        raise ModelError(f"There is no architecture {options.model!r}.", f"There are {', '.join(FAMILIES)}.")
    return build(options, words)


def _gpt2(o: TrainOptions, words: Any) -> Any:
    from transformers import GPT2Config

    drop = o.dropout if o.dropout is not None else 0.1
    return GPT2Config(
        vocab_size=len(words), n_positions=o.max_length, n_embd=o.width, n_layer=o.layers, n_head=o.heads,
        resid_pdrop=drop, embd_pdrop=drop, attn_pdrop=drop,
        bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id,
    )  # fmt: skip


def _bert(o: TrainOptions, words: Any) -> Any:
    from transformers import BertConfig

    drop = o.dropout if o.dropout is not None else 0.1
    return BertConfig(
        vocab_size=len(words), hidden_size=o.width, num_hidden_layers=o.layers, num_attention_heads=o.heads,
        intermediate_size=4 * o.width, max_position_embeddings=max(o.max_length, 512), pad_token_id=words.pad_token_id,
        hidden_dropout_prob=drop, attention_probs_dropout_prob=drop,
    )  # fmt: skip


def _t5(o: TrainOptions, words: Any) -> Any:
    from transformers import T5Config

    return T5Config(
        vocab_size=len(words), d_model=o.width, d_kv=o.width // o.heads, d_ff=4 * o.width, num_layers=o.layers, num_heads=o.heads,
        dropout_rate=o.dropout if o.dropout is not None else 0.1, feed_forward_proj="gated-gelu",
        pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id, decoder_start_token_id=words.pad_token_id,
    )  # fmt: skip


def _marian(o: TrainOptions, words: Any) -> Any:
    from transformers import MarianConfig

    drop = o.dropout if o.dropout is not None else 0.1
    return MarianConfig(
        vocab_size=len(words), d_model=o.width, encoder_layers=o.layers, decoder_layers=o.layers,
        encoder_attention_heads=o.heads, decoder_attention_heads=o.heads, encoder_ffn_dim=4 * o.width, decoder_ffn_dim=4 * o.width,
        max_position_embeddings=max(o.max_length, o.max_target_length), dropout=drop, scale_embedding=True,
        init_std=o.width**-0.5,  # 0.02 suits a width of 1024; here words would drown in their positions
        pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id, decoder_start_token_id=words.pad_token_id,
        forced_eos_token_id=None,
    )  # fmt: skip


def _lstm(o: TrainOptions, words: Any) -> Any:
    from .lstm import LstmConfig

    return LstmConfig(
        vocab_size=len(words), hidden_size=o.width, num_hidden_layers=o.layers, dropout=o.dropout if o.dropout is not None else 0.2,
        pad_token_id=words.pad_token_id, bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id,
    )  # fmt: skip


_CONFIGS = {"gpt2": _gpt2, "bert": _bert, "t5": _t5, "marian": _marian, "lstm": _lstm}
