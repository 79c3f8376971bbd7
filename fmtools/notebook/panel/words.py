"""What the panel says, in English and Chinese. English is the key; options are known by their names."""

from __future__ import annotations

from fmtools.derive.forms import Control
from fmtools.views.language import is_chinese

from .words_zh import OPTIONS, WORDS

#: Labels where the option's own name says too little.
LABELS = {
    "from_": "repeat run", "on": "cluster", "fit": "fit memory", "time": "fit time", "watch": "watch sentences", "follow": "also tell",
    "find_lr": "find learning rate", "gradient_accumulation": "accumulation", "max_target_length": "target length",
    "sample_tokens": "sample length", "save_minutes": "save every", "adam_beta2": "Adam beta2", "beta": "DPO beta",
}  # fmt: skip


def say(word: str) -> str:
    """Return a word of the panel in the user's language."""
    return WORDS.get(word, word) if is_chinese() else word


def label_of(control: Control) -> str:
    """Return an option's label: its name in plain words, and its unit."""
    own = OPTIONS[control.name][0] if is_chinese() and control.name in OPTIONS else ""
    label = own or LABELS.get(control.name, control.label)
    return f"{label} ({say(control.unit)})" if control.unit else label


def help_of(control: Control) -> str:
    """Return an option's help in the user's language."""
    return OPTIONS[control.name][1] if is_chinese() and control.name in OPTIONS else control.help
