"""What else a run could be: settings that take less memory or time, each with what it would then cost. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .model import Estimate, Facts, estimate

if TYPE_CHECKING:
    from ...core.options import TrainOptions

#: Shares of the longest row that are tried as --max-length, the mildest first.
SHORTER = (0.75, 0.5, 0.375, 0.25)
#: Share of the steps below which nobody would call it that training.
FEWEST = 0.02
#: What recomputing activations costs, and what it leaves of them: a third more time; inputs of layers and one layer's own.
RECOMPUTED = 4 / 3
#: Share of the weights that an adapter of usual rank trains.
ADAPTER = 0.02


@dataclass(frozen=True)
class Choice:
    """Other values of options, how they are typed, why, and what the run then costs. `sure`: measured facts say so; else
    the worker has to look."""

    values: dict[str, Any]
    typed: str
    why: str
    estimate: Estimate
    sure: bool = True


def changed(options: TrainOptions, values: dict[str, Any]) -> TrainOptions:
    """Return the options with other values."""
    other = options.model_copy(update=values)
    other.asked_as(options.command)
    return other


def cheaper_memory(facts: Facts, options: TrainOptions) -> Iterator[Choice]:
    """Yield choices that take less memory, those that change the result least first."""
    yield from _smaller_batches(facts, options)
    yield from _recomputed(facts, options, {}, "")
    for batch in _smaller_batches(facts, options):
        yield from _recomputed(facts, options, batch.values, batch.typed + " ")
    yield from _half(facts, options)
    yield from _shorter(facts, options)


def _smaller_batches(facts: Facts, options: TrainOptions) -> Iterator[Choice]:
    size = options.batch_size // 2
    while size >= 1:
        times = -(-options.batch_size // size) * options.gradient_accumulation
        values = {"batch_size": size, "gradient_accumulation": times}
        typed = f"--batch-size {size} --gradient-accumulation {times}"
        why = f"a step still sees {options.batch_size * options.gradient_accumulation} rows"
        yield Choice(values, typed, why, estimate(facts, changed(options, values)))
        size //= 2


def _recomputed(facts: Facts, options: TrainOptions, before: dict[str, Any], typed: str) -> Iterator[Choice]:
    if options.gradient_checkpointing or not facts.can_checkpoint:
        return
    values = {**before, "gradient_checkpointing": True}
    other = _with_recomputing(facts)
    why = "the same result, about a third more time"
    yield Choice(values, f"{typed}--gradient-checkpointing", why, estimate(other, changed(options, values)), False)


def _with_recomputing(facts: Facts) -> Facts:
    """Return the facts of a run that keeps only what goes into each layer, and computes the rest again."""
    once, token, squared = facts.activations
    layers = max(1, facts.layers)
    inputs = layers * facts.width * 4
    batch = [[value * RECOMPUTED for value in side] for side in facts.batch]
    other = {"activations": [once, token / layers + inputs, squared / layers], "batch": batch}
    return _replaced(facts, other)


def _half(facts: Facts, options: TrainOptions) -> Iterator[Choice]:
    """Yield bf16, where the processor computes it and the run does not use it yet (the worker knows: facts.native_bf16)."""
    if facts.precision == "bf16" or not facts.native_bf16:
        return
    once, token, squared = facts.activations
    other = _replaced(facts, {"activations": [once, token * 0.6, squared * 0.6]})
    values = {"precision": "bf16"}
    yield Choice(
        values, "--precision bf16", "activations half as wide", estimate(other, changed(options, values)), False
    )


def _shorter(facts: Facts, options: TrainOptions) -> Iterator[Choice]:
    longest = min(options.max_length, max(facts.lengths, default=options.max_length))
    for share in SHORTER:
        length = int(longest * share)
        if length >= 8:
            values = {"max_length": length}
            why = f"longer texts lose their end ({_cut_rows(facts, length)} % of the rows)"
            yield Choice(values, f"--max-length {length}", why, estimate(facts, changed(options, values)))


def _cut_rows(facts: Facts, length: int) -> int:
    return round(100 * sum(each > length for each in facts.lengths) / max(1, len(facts.lengths)))


def adapter(facts: Facts, options: TrainOptions) -> Iterator[Choice]:
    """Yield LoRA, which trains another thing: it is advised, and never chosen."""
    if options.method != "full" or options.from_scratch:
        return
    share = ADAPTER * facts.parameters / max(1, facts.trainable)
    other = {
        "gradient_bytes": int(facts.gradient_bytes * share),
        "optimizer_bytes": int(facts.optimizer_bytes * share),
        "checkpoint_bytes": int(facts.checkpoint_bytes * share),
    }
    values = {"method": "lora"}
    found = estimate(_replaced(facts, other), changed(options, values))
    yield Choice(values, "--method lora", "only an adapter is trained", found, False)


def _replaced(facts: Facts, values: dict[str, Any]) -> Facts:
    from dataclasses import replace

    return replace(facts, **values)


def cheaper_time(facts: Facts, options: TrainOptions, seconds: float) -> Iterator[Choice]:
    """Yield choices that take less time: as many epochs or steps as fit, then shorter texts with them."""
    yield from _fewer(facts, options, seconds, {}, "")
    for shorter in _shorter(facts, options):
        yield Choice(shorter.values, shorter.typed, shorter.why, shorter.estimate)
    for shorter in _shorter(facts, options):
        yield from _fewer(facts, changed(options, shorter.values), seconds, shorter.values, shorter.typed + " ")


def _fewer(facts: Facts, options: TrainOptions, seconds: float, before: dict[str, Any], typed: str) -> Iterator[Choice]:
    """Yield the most whole epochs that fit, or else the most steps, or the fewest that make sense."""
    asked = estimate(facts, options)
    epochs = int(options.epochs) if not options.max_steps else 0
    for count in range(min(epochs, 1000) - (epochs == options.epochs), 0, -1):
        found = _tried(facts, options, before, {"epochs": float(count)}, f"{typed}--epochs {count}")
        if found.estimate.seconds <= seconds:
            yield found
            return
    share = _share(facts, options, seconds, asked)
    steps = max(int(asked.steps * share), int(asked.steps * FEWEST), 1)
    if steps < asked.steps:
        yield _tried(facts, options, before, {"max_steps": steps}, f"{typed}--max-steps {steps}")


def _share(facts: Facts, options: TrainOptions, seconds: float, asked: Estimate) -> float:
    """Return which share of the steps fits: what happens once takes its time whatever the steps are."""
    once = estimate(facts, changed(options, {"max_steps": 1})).seconds
    return max(0.0, min(1.0, 0.97 * (seconds - once) / max(1e-9, asked.seconds - once)))


def _tried(facts: Facts, options: TrainOptions, before: dict[str, Any], values: dict[str, Any], typed: str) -> Choice:
    both = {**before, **values}
    return Choice(both, typed, "less is learned", estimate(facts, changed(options, both)))


def first_that(choices: Iterator[Choice], fits: Callable[[Estimate], bool]) -> tuple[Choice | None, list[Choice]]:
    """Return the first choice that fits, and all that were looked at."""
    seen: list[Choice] = []
    for choice in choices:
        seen.append(choice)
        if fits(choice.estimate):
            return choice, seen
    return None, seen


def fastest(speeds: dict[int, float]) -> int:
    """Return the batch size with the most rows a second; the smallest of those within 2 % of it, which is in the noise."""
    best = max(speeds.values())
    return min(size for size, rate in speeds.items() if rate >= 0.98 * best)
