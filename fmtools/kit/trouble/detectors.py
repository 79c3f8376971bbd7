"""Spotting trouble while a model trains. Pure: fed with losses, gradient norms and validation losses, it answers with findings.

A healthy run is noisy, and a false alarm costs more trust than a late word: every detector asks for several steps that
agree, and compares with what the same run did before.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Protocol

from .findings import Advice, Finding

#: Steps whose mean is called the loss at the start; steps that a judgement about the present looks at.
START, RECENT = 5, 20
#: A spike: SPIKE losses in a row above every one of the REFERENCE before them (at least REFERENCE_LEAST).
SPIKE, REFERENCE, REFERENCE_LEAST = 4, 50, 15
#: Gradient norms up to DEAD for DEAD_STEPS steps; a loss at chance for FLAT steps; differences that a zigzag is told by.
DEAD, DEAD_STEPS, FLAT, ZIGZAG = 1e-7, 20, 60, 40


class _OfSteps(Protocol):
    """A detector that looks at steps with a finite loss."""

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> Finding | None: ...


class Watch:
    """Feed it every step and every evaluation, in order; it returns what is new. Nothing is found twice in a row.

    `classes`: among how many the model chooses a row's label, 0 when it does not; `validation_rows`: 0 when not known.
    """

    def __init__(self, advice: Advice | None = None, classes: int = 0, validation_rows: int = 0) -> None:
        self.advice = advice or Advice()
        self._nan = _NotANumber(self.advice)
        self._steps: list[_OfSteps] = [
            _Spike(self.advice),
            _RateTooHigh(self.advice),
            _Dead(self.advice),
            _Flat(self.advice, classes),
        ]
        self._overfit = _Overfit(self.advice, validation_rows)

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> list[Finding]:
        """Take in one step: its loss, the learning rate it was made with, the gradient's norm (None when not known)."""
        self._overfit.trained(loss)
        odd = self._nan.step(step, loss, norm)
        if not math.isfinite(loss):
            return [odd] if odd else []
        found = [odd, *(detector.step(step, loss, rate, norm) for detector in self._steps)]
        return [finding for finding in found if finding is not None]

    def evaluation(self, step: int, loss: float, score: float | None = None) -> list[Finding]:
        """Take in the validation loss after a step, and the metric that counts (higher is better), where there is one."""
        found = self._overfit.evaluated(step, loss, score)
        return [found] if found else []

    def replay(
        self, history: Iterable[dict[str, Any]], score: Callable[[dict[str, Any]], float | None] = lambda entry: None
    ) -> None:
        """Take in a Trainer's log_history without a word: a resumed run then knows what was seen and said before.

        `score` finds the metric that counts in an entry.
        """
        for entry in history:
            if "loss" in entry:
                norm = entry.get("grad_norm")
                self.step(entry["step"], float(entry["loss"]), float(entry.get("learning_rate", 0.0)), norm)
            elif "eval_loss" in entry:
                self.evaluation(entry["step"], float(entry["eval_loss"]), score(entry))


class _NotANumber:
    """The first loss, or gradient, of a row of such that is no finite number."""

    def __init__(self, advice: Advice) -> None:
        self.advice, self._last, self._said = advice, (0, math.nan), False

    def step(self, step: int, loss: float, norm: float | None) -> Finding | None:
        loss_odd = not math.isfinite(loss)
        odd = loss_odd or (norm is not None and not math.isfinite(norm))
        new = odd and not self._said
        self._said = odd
        before, self._last = self._last, (self._last if loss_odd else (step, loss))
        if not new:
            return None
        if not loss_odd:
            return Finding("nan", step, f"The gradient became {norm} at step {step}, at a loss of {loss:.3g}.")
        was = f" (it was {before[1]:.3g} at step {before[0]})" if before[0] else ""
        return Finding("nan", step, f"The loss became {_word(loss)} at step {step}{was}.")


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"


class _Spike:
    """Some losses in a row above everything before them, by far."""

    def __init__(self, advice: Advice) -> None:
        self.advice = advice
        self._losses: deque[float] = deque(maxlen=REFERENCE + SPIKE)
        self._first: list[float] = []
        self._until: float | None = None  # a spike was said: silent until the loss has come down to this

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> Finding | None:
        self._losses.append(loss)
        if len(self._first) < START:
            self._first.append(loss)
        if len(self._losses) < REFERENCE_LEAST + SPIKE:
            return None
        held = list(self._losses)
        before, now = held[:-SPIKE], held[-SPIKE:]
        if self._until is not None:
            if max(now) < self._until:
                self._until = None
                self._losses = deque(now, maxlen=REFERENCE + SPIKE)
            return None
        if min(now) <= max(before):
            return None
        usual, height = median(before), fmean(now)
        noise = 1.4826 * median(abs(value - usual) for value in before)
        rise = height - usual
        if rise < max(6 * noise, 0.5 * usual, 0.25 * fmean(self._first)):
            return None
        self._until = usual + rise / 2
        at = step - SPIKE + 1
        return Finding(
            "spike", at, f"The loss rose from {usual:.3g} to {height:.3g} at step {at}.",
            f"If it does not come down: go on from a checkpoint before it with {self.advice.lower}.",
        )  # fmt: skip


class _RateTooHigh:
    """A loss above where it started, or one that jumps from step to step."""

    def __init__(self, advice: Advice) -> None:
        self.advice = advice
        self._first: list[float] = []
        self._recent: deque[float] = deque(maxlen=ZIGZAG + 2)
        self._said, self._began = False, 0.0

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> Finding | None:
        if len(self._first) < START:
            self._first.append(loss)
            return None
        self._recent.append(loss)
        if len(self._recent) < RECENT:
            return None
        first, start, held = self._first[0], fmean(self._first), list(self._recent)
        last, swing = held[-RECENT:], _zigzag(held)
        middle = median(last)
        if self._said:
            self._said = middle > 0.9 * self._began or swing > 0.25 * start
            return None
        # A rate far too high shows within the first steps: then only the very first loss tells where it began.
        far = middle > max(5 * first, first + 5) or _above(first, 1, last)
        if far or _above(start, START, last):
            self._began = first if far else start
            said = (
                f"The loss is about {middle:.3g} over the last {RECENT} steps, and was {self._began:.3g} at the start"
            )
        elif swing > 0.5 * start:
            said = f"The loss jumps up and down by {swing:.3g} from step to step"
        else:
            return None
        self._said = True
        advice = f"Try {self.advice.lower}, or --find-lr."
        return Finding("rate-too-high", step, f"{said}: a learning rate of {rate:.3g} seems too high.", advice)


def _above(start: float, count: int, last: list[float]) -> bool:
    """Say whether the mean of some losses is above a start (a mean of `count`) by more than chance could make it."""
    rise = fmean(last) - start
    return rise > 0.15 * abs(start) and rise > 4 * _spread(last) * math.sqrt(1 / count + 1 / len(last))


def _spread(values: list[float]) -> float:
    """Return the standard deviation; statistics.stdev takes fractions, and a hundred times as long."""
    mean = fmean(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _zigzag(losses: list[float]) -> float:
    """Return the middle size of the jumps when nearly every step goes back where the last came from; 0 when not."""
    jumps = [b - a for a, b in itertools.pairwise(losses)]
    turns = sum(a * b < 0 for a, b in itertools.pairwise(jumps))
    return median(map(abs, jumps)) if len(jumps) > ZIGZAG and turns >= 0.95 * ZIGZAG else 0.0


class _Dead:
    """No gradient for many steps, although there is something to learn."""

    def __init__(self, advice: Advice) -> None:
        self.advice, self._count, self._first = advice, 0, 0.0

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> Finding | None:
        self._first = self._first or abs(loss)
        learned = abs(loss) < max(1e-3, 0.02 * self._first)
        self._count = 0 if norm is None or not norm <= DEAD or learned else self._count + 1
        if self._count != DEAD_STEPS:
            return None
        said = f"The gradient has been {norm:.1g} for {DEAD_STEPS} steps, at a loss of {loss:.3g}: nothing is learned."
        return Finding(
            "dead-gradient", step - DEAD_STEPS + 1, said,
            "Look for layers that are frozen, all zero, or dead (ReLU after a rate that was too high), then train anew.",
        )  # fmt: skip


class _Flat:
    """A loss that stays where guessing among the classes puts it."""

    def __init__(self, advice: Advice, classes: int) -> None:
        self.advice, self.classes = advice, classes
        self._losses: deque[float] = deque(maxlen=FLAT)
        self._first: list[float] = []
        self._said = False

    def step(self, step: int, loss: float, rate: float, norm: float | None) -> Finding | None:
        self._losses.append(loss)
        if len(self._first) < START:
            self._first.append(loss)
        if self.classes < 2 or self._said or len(self._losses) < FLAT:
            return None
        chance, held = math.log(self.classes), list(self._losses)
        half = FLAT // 2
        if abs(fmean(held) - chance) > 0.02 * chance or abs(fmean(self._first) - chance) > 0.15 * chance:
            return None
        fall = fmean(held[:half]) - fmean(held[half:])
        falls = fall > max(2 * _spread(held) * math.sqrt(2 / half), 0.002 * chance)
        if falls or _spread(held) > 0.1 * chance:
            return None
        self._said = True
        said = f"The loss has stayed at {fmean(held):.3g} for {FLAT} steps, where guessing among {self.classes} classes is."
        return Finding("flat", step, said, f"Check the labels, or try {self.advice.higher}.")


@dataclass(frozen=True)
class _Seen:
    """One evaluation: its step and loss, the training loss since the one before, and the metric that counts."""

    step: int
    loss: float
    training: float
    score: float | None


class _Overfit:
    """A validation loss that turned while the training loss goes on falling, and nothing else gets better."""

    def __init__(self, advice: Advice, rows: int) -> None:
        self.advice = advice
        # The loss of few rows is a guess: its standard error is about the loss itself over the root of their number.
        self._rise = max(0.1, 2 / math.sqrt(rows)) if rows else 0.1
        self._losses: list[float] = []
        self._new = 0  # losses since the last evaluation
        self._seen: list[_Seen] = []
        self._said = False

    def trained(self, loss: float) -> None:
        self._losses.append(loss)
        self._new += 1

    def evaluated(self, step: int, loss: float, score: float | None) -> Finding | None:
        # Evaluations a few steps apart share losses: the mean of one or two batches says nothing.
        recent = [value for value in self._losses[-max(self._new, 2 * START) :] if math.isfinite(value)]
        self._losses, self._new = self._losses[-2 * START :], 0
        if not recent or not math.isfinite(loss):
            return None
        now = _Seen(step, loss, fmean(recent), score)
        self._seen.append(now)
        best = min(self._seen, key=lambda seen: seen.loss)
        if self._said or not self._turned(best) or now.training > 0.9 * best.training or _better(now, best):
            return None
        self._said = True
        said = (
            f"Overfitting since step {best.step}: the validation loss rose from {best.loss:.3g} to {loss:.3g} "
            f"while the training loss fell from {best.training:.3g} to {now.training:.3g}."
        )
        return Finding("overfitting", best.step, said, f"Use {self.advice.regularise}; more data or --dropout help.")

    def _turned(self, best: _Seen) -> bool:
        since = [seen for seen in self._seen if seen.step > best.step]
        return len(since) >= 2 and all(seen.loss >= (1 + self._rise) * best.loss for seen in since[-2:])


def _better(now: _Seen, best: _Seen) -> bool:
    """Say whether the metric that counts still gains: a surer classifier has a higher loss on what it gets wrong."""
    return now.score is not None and best.score is not None and now.score > best.score
