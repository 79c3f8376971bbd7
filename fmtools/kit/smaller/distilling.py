"""A training that listens to a teacher: its answers, and what its layers make of the tokens, beside the labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from ...core.contracts import Parts
from ...core.errors import ModelError
from ..exporting.recorded import module_of
from ..training.losses import IGNORED
from . import students

#: Shares of the loss: the teacher's answers, the labels, the layers. Hinton et al. 2015 and TinyBERT have the three.
ANSWERS, LABELS, LAYERS = 0.7, 0.3, 1.0


def attach(parts: Parts, loaded: Any, folder: Path, temperature: float) -> None:
    """Let `parts` be trained with the loss of a student. loaded: the teacher, as its task loads it; folder: the student's.

    Raises ModelError when teacher and student do not read the same tokens.
    """
    from safetensors.torch import load_file

    facts = students.facts_of(folder)
    teacher = module_of(loaded).eval().requires_grad_(False)
    if (folder / students.HEAD).is_file():
        parts.model.load_state_dict(load_file(folder / students.HEAD), strict=False)
    if not facts and teacher.get_input_embeddings().weight.shape != parts.model.get_input_embeddings().weight.shape:
        raise ModelError("Teacher and student do not read the same tokens.", "%fm_distill makes a student that does.")
    if facts.get("zeros"):
        students.keep_zeros(parts.model)
    lesson = Lesson(teacher, facts, temperature, parts.loss)
    parts.model.register_forward_pre_hook(lesson.ask, with_kwargs=True)
    parts.loss = lesson.loss
    parts.notices.append(
        f"Learns from run {facts['teacher']}: {students.parameters(parts.model):,} of {students.parameters(teacher):,} parameters{_zeros(facts)}."
        if facts
        else "Learns from a teacher."
    )


def _zeros(facts: dict[str, Any]) -> str:
    share = facts.get("zeros")
    return f", {share:.0%} of the weights in its layers are 0" if share else ""


class Lesson:
    """The loss of a student, and the teacher that it comes from."""

    def __init__(self, teacher: Any, facts: dict[str, Any], temperature: float, own: Any) -> None:
        self.teacher, self.temperature, self.own = teacher, temperature, own
        self.layers: list[int] = facts.get("layers") or []
        self.tokens = torch.tensor(facts["tokens"]) if facts.get("tokens") else None
        self.inputs: dict[str, Any] = {}

    def ask(self, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Keep what the student is given; have it show its layers while it trains."""
        if not model.training:
            self.inputs = {}
            return None
        self.inputs = {name: value for name, value in kwargs.items() if isinstance(value, torch.Tensor)}
        return args, {**kwargs, "output_hidden_states": True}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Return the student's loss; while it is only evaluated, that of the labels."""
        hard = self._hard(outputs, labels, num_items_in_batch)
        if not self.inputs:
            return hard
        wanted = self._answer(labels)
        student, teacher = _flat(outputs.logits, labels), _flat(wanted.logits, labels)
        total = len(student) if num_items_in_batch is None else num_items_in_batch
        soft = self._soft(student, teacher, labels) / total
        near = self._near(outputs.hidden_states, wanted.hidden_states) * len(student) / total
        return LABELS * hard + ANSWERS * soft + LAYERS * near

    def _answer(self, labels: torch.Tensor) -> Any:
        given = {name: value for name, value in self.inputs.items() if name not in ("labels", "num_items_in_batch")}
        if self.tokens is not None:
            given["input_ids"] = self.tokens.to(labels.device)[given["input_ids"]]
        self.teacher.to(labels.device)
        with torch.no_grad():
            return self.teacher(**given, output_hidden_states=True)

    def _hard(self, outputs: Any, labels: torch.Tensor, items: Any) -> torch.Tensor:
        if self.own is not None:
            found: torch.Tensor = self.own(outputs, labels, items)
            return found
        logits = outputs.logits.float()
        if labels.dim() == logits.dim() and labels.shape == logits.shape:  # several labels a row
            return functional.binary_cross_entropy_with_logits(logits, labels.float())
        flat, truth = logits.flatten(0, -2), labels.flatten()
        total = (truth != IGNORED).sum() if items is None else items
        return functional.cross_entropy(flat, truth, ignore_index=IGNORED, reduction="sum") / total

    def _soft(self, student: torch.Tensor, teacher: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the sum over the units of how far the student's softened answers are from the teacher's."""
        heat = self.temperature
        if labels.dim() == 2 and labels.is_floating_point():
            apart = functional.binary_cross_entropy_with_logits(
                student / heat, (teacher / heat).sigmoid(), reduction="none"
            )
            return apart.mean(-1).sum() * heat**2
        said = functional.log_softmax(student / heat, -1)
        return (
            functional.kl_div(said, functional.log_softmax(teacher / heat, -1), reduction="sum", log_target=True)
            * heat**2
        )

    def _near(self, student: Any, teacher: Any) -> torch.Tensor:
        """Return the mean square between the layers that were kept and those they were copied from, over the teacher's."""
        pairs = [(0, 0), *((place + 1, layer + 1) for place, layer in enumerate(self.layers))]
        mask = self.inputs["attention_mask"].unsqueeze(-1).to(student[0].dtype)
        found = [
            (((student[a] - teacher[b]) * mask) ** 2).sum() / ((teacher[b] * mask) ** 2).sum().clamp(min=1e-6)
            for a, b in pairs
            if a < len(student) and b < len(teacher) and student[a].shape == teacher[b].shape
        ]
        return torch.stack(found).mean() if found else student[0].new_zeros(())


def _flat(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the logits [units, classes] where something is asked: rows, or tokens that have a label."""
    if logits.dim() == 3:
        return logits.float()[labels != IGNORED]
    return logits.float()
