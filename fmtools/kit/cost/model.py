"""What a run costs, from measured facts: seconds, memory and disk for other batch sizes, lengths and epochs. No torch here.

A batch of r rows, padded to n tokens, costs a + b r n + c r n^2: the n^2 part is attention. The facts hold a, b and c, and
the lengths of all rows, so the batches of the whole run are known before it starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

from . import order as cost_order

if TYPE_CHECKING:
    import numpy as np

    from ...core.options import TrainOptions

#: Checkpoints that lie side by side at most: two are kept, a third is complete before the oldest goes.
SIDE_BY_SIDE = 3
#: Rows that are evaluated together, as a rule and where the memory is limited.
AT_ONCE, FEW = 64, 8
#: What holes of earlier batches in the heap add to work between the steps (three runs: 1.05 to 1.15).
HOLES = 1.1
#: How much a step takes more after so many batches of ever new lengths, where the heap is not kept tight (--fit).
GROWS, GROWN = 0.08, 100
#: Shapes of batches whose kernels are kept ready (oneDNN keeps 1,024 of them, a shape has a dozen); with more, each is as new.
READY = 80
#: What a step and a thousand attention values take in the log, in bytes.
STEP_BYTES = 320


@dataclass
class Facts:
    """What was measured. Times are pairs (seconds on the clock, seconds of processor); sizes are bytes.

    lengths, held: tokens of each training and validation row, in order. longest: the --max-length they were cut at; blocks:
    every row is a block of that length. stretch: tokens that a batch really holds over rows times longest row, and the same
    of tokens times length.
    ordered: batches come in an order that is known here. batch: [a, b, c] of a batch whose shape is new; again: what a shape takes
    that was there before, as a share of that. evaluate: [once, a batch, a token]; score: [once, a row]. activations: [once, a token, a
    squared token]; keeps: what a step really took over what its activations count, slack_bytes: what any step takes
    besides; widest: the largest batch over what the lengths say, where the order is not ours. evaluate_bytes, score_bytes,
    save_bytes: what these take by themselves, as the heap that a step leaves behind serves them, too.
    """

    lengths: list[int] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    scored: int = 0
    longest: int = 128
    blocks: bool = False
    grouped: bool = True
    stretch: list[float] = field(default_factory=lambda: [1.0, 1.0])
    batch_size: int = 16
    eval_batch: int = 64
    load: list[float] = field(default_factory=lambda: [0.0, 0.0])
    first: list[float] = field(default_factory=lambda: [0.0, 0.0])
    step: list[float] = field(default_factory=lambda: [0.0, 0.0])
    ordered: bool = True
    again: list[float] = field(default_factory=lambda: [1.0, 1.0])
    batch: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0]] * 2)
    evaluate: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0, 0.0]] * 2)
    save: list[float] = field(default_factory=lambda: [0.0, 0.0])
    publish: list[float] = field(default_factory=lambda: [0.0, 0.0])
    score: list[list[float]] = field(default_factory=lambda: [[0.0, 0.0]] * 2)
    snapshot: list[float] = field(default_factory=lambda: [0.0, 0.0])
    sample: list[float] = field(default_factory=lambda: [0.0, 0.0])
    loaded_bytes: int = 0
    gradient_bytes: int = 0
    optimizer_bytes: int = 0
    activations: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    keeps: float = 1.0
    slack_bytes: int = 0
    widest: float = 1.0
    evaluate_bytes: int = 0
    score_bytes: int = 0
    save_bytes: int = 0
    checkpoint_bytes: int = 0
    model_bytes: int = 0
    snapshot_bytes: int = 0
    parameters: int = 0
    trainable: int = 0
    layers: int = 0
    width: int = 0
    precision: str = "fp32"
    method: str = "full"
    device: str = "cpu"
    steps_timed: int = 0
    #: Rows a second at each batch size that was tried (--auto-batch).
    speeds: dict[int, float] = field(default_factory=dict)
    can_checkpoint: bool = False
    native_bf16: bool = False
    #: Memory of the card that trains; 0 where the machine's is used.
    card_bytes: int = 0

    @classmethod
    def of(cls, values: dict[str, Any]) -> Facts:
        """Build the facts from JSON, whose keys are texts."""
        speeds = {int(size): float(rate) for size, rate in values.get("speeds", {}).items()}
        return cls(**{**values, "speeds": speeds})


@dataclass(frozen=True)
class Estimate:
    """What a run will cost. `parts`: seconds of each kind of work. `processor`: its seconds of processor."""

    seconds: float
    processor: float
    peak_bytes: int
    disk_bytes: int
    parts: dict[str, float]
    steps: int


@dataclass(frozen=True)
class Shapes:
    """The batches of an epoch: `rows` and `longest` (tokens of the longest row) of each."""

    rows: np.ndarray
    longest: np.ndarray

    def features(self, stretch: list[float]) -> np.ndarray:
        """Return float64 [batches, 3]: one, tokens with padding, tokens times length."""
        import numpy as np

        tokens = self.rows * self.longest
        return np.stack([np.ones_like(tokens), tokens * stretch[0], tokens * self.longest * stretch[1]], axis=1)


def shapes(lengths: np.ndarray, batch_size: int, order: str, seed: int = 0) -> Shapes:
    """Return the batches that rows of these lengths make, in the order in which an epoch takes them.

    order: "grouped" by length, "shuffled", or "as they are"; seed: the run's.
    """
    import numpy as np

    if order != "as they are":
        made = cost_order.batches(lengths, batch_size, order == "grouped", seed)
        longest = np.array([lengths[rows].max() for rows in made], float)
        return Shapes(np.array([len(rows) for rows in made], float), longest)
    starts = np.arange(0, len(lengths), batch_size)
    rows = np.minimum(batch_size, len(lengths) - starts).astype(float)
    return Shapes(rows, np.maximum.reduceat(lengths, starts).astype(float))


def fit(features: np.ndarray, seconds: np.ndarray) -> list[float]:
    """Return coefficients >= 0 [features] that explain the seconds with the least relative error."""
    import numpy as np

    count, best, least = features.shape[1], np.zeros(features.shape[1]), np.inf
    weights = 1.0 / np.maximum(seconds, 1e-9)
    for size in range(1, min(count, len(seconds)) + 1):
        for chosen in combinations(range(count), size):
            part = features[:, chosen] * weights[:, None]
            found = np.linalg.lstsq(part, np.ones(len(seconds)), rcond=None)[0]
            error = float(np.square(part @ found - 1.0).sum())
            if (found >= 0).all() and error < least * 0.999:
                least, best = error, np.zeros(count)
                best[list(chosen)] = found
    return [float(value) for value in best]


def cut(facts: Facts, lengths: list[int], max_length: int) -> np.ndarray:
    """Return the lengths at another --max-length; blocks become as many as the same text fills. A row of two texts may be longer
    than --max-length, and is cut in the same proportion."""
    import numpy as np

    found = np.asarray(lengths or [1], dtype=np.int64)
    if facts.blocks and max_length != facts.longest:
        return np.full(max(1, round(float(found.sum()) / max_length)), max_length)
    if max_length >= facts.longest:
        return found
    return np.minimum(found, max(1, round(max(facts.longest, int(found.max())) * max_length / facts.longest)))


def steps_of(batches: int, options: TrainOptions) -> tuple[int, float]:
    """Return (steps of the run, epochs they make) for so many batches an epoch."""
    an_epoch = max(1, -(-batches // options.gradient_accumulation))
    if options.max_steps:
        return options.max_steps, options.max_steps / an_epoch
    return max(1, -(-int(options.epochs * an_epoch * 1000) // 1000)), options.epochs


def estimate(facts: Facts, options: TrainOptions, done: int = 0) -> Estimate:
    """Return what the run costs; with `done` steps behind it, `seconds` and `parts` are what is still to come."""
    import numpy as np

    order = "grouped" if facts.grouped else "shuffled"
    epoch = shapes(cut(facts, facts.lengths, options.max_length), options.batch_size, order, options.seed)
    held = shapes(cut(facts, facts.held, options.max_length), _eval_batch(facts, options), "as they are")
    features, looked = epoch.features(facts.stretch), held.features(facts.stretch)
    steps, epochs = steps_of(len(epoch.rows), options)
    left = (steps - done) / steps
    first, last = done * options.gradient_accumulation, steps * options.gradient_accumulation
    shares = _shares(facts, epoch, done)
    if last >= len(features) or not facts.ordered:
        both = [features.T @ share + features.sum(0) * (epochs * left - 1.0) * later for share, later in shares]
    else:  # a run of less than an epoch sees some of the batches: which, is known
        both = [features[first:last].T @ share[first:last] for share, _ in shares]
    batches = [float(np.dot(costs, part)) for costs, part in zip(facts.batch, both, strict=True)]
    training = np.asarray(batches) + np.asarray(facts.step) * (steps - done)
    evaluation = np.asarray(facts.evaluate) @ np.array([1.0, looked[:, 0].sum(), looked[:, 1].sum()])
    parts = {
        "loading": np.asarray(facts.load) * (not done),
        "training": training + np.asarray(facts.first) * (not done),
        "evaluating": evaluation * _evaluations(options, steps, epochs, done),
        "saving": np.asarray(facts.save) * _saves(options, training[0], epochs * left) + np.asarray(facts.publish),
        "watching": _watching(facts, options, steps, done),
        "scoring": np.asarray(facts.score) @ np.array([1.0, float(facts.scored)]),
    }
    total = sum(parts.values(), np.zeros(2))
    return Estimate(
        seconds=float(total[0]),
        processor=float(total[1]),
        peak_bytes=peak(facts, options, _seen(facts, features, last), looked, last),
        disk_bytes=_disk(facts, options, steps, _saves(options, training[0], epochs)),
        parts={name: float(value[0]) for name, value in parts.items()},
        steps=steps,
    )


def _shares(facts: Facts, epoch: Shapes, done: int) -> list[tuple[np.ndarray, float]]:
    """Return for clock and processor what each batch of an epoch [batches] takes, as a share of one whose shape is new: in the
    first epoch to come, and in those after it."""
    import numpy as np

    _, firsts = np.unique(np.stack([epoch.rows, epoch.longest]), axis=1, return_index=True)
    if len(firsts) > READY:
        return [(np.ones(len(epoch.rows)), 1.0)] * 2
    new = np.zeros(len(epoch.rows))
    new[firsts] = not done
    return [(new + (1.0 - new) * again, again) for again in facts.again]


def _seen(facts: Facts, features: np.ndarray, batches: int) -> np.ndarray:
    """Return the batches [n, 3] that a run sees; where their order is not known, those up to the largest of so many."""
    import numpy as np

    if facts.ordered or batches >= len(features):
        return features[:batches]
    sizes = features @ np.asarray(facts.activations)
    return features[sizes <= np.quantile(sizes, 1.0 - 1.0 / (1.0 + batches))]


def rows_at_once(options: TrainOptions) -> int:
    """Return how many rows are evaluated and scored together; few where the memory is limited: figures are the same."""
    return max(FEW if options.fit else AT_ONCE, options.batch_size)


def _eval_batch(facts: Facts, options: TrainOptions) -> int:
    usual = facts.eval_batch in (max(AT_ONCE, facts.batch_size), max(FEW, facts.batch_size))
    return rows_at_once(options) if usual else facts.eval_batch


def _evaluations(options: TrainOptions, steps: int, epochs: float, done: int) -> float:
    at_ends = -(-epochs * (steps - done) // steps)
    return max(at_ends, (steps - done) // options.eval_steps) if options.eval_steps else at_ends


def _saves(options: TrainOptions, seconds: float, epochs: float) -> float:
    return max(1.0, -(-epochs // 1)) + seconds // (60 * options.save_minutes)


def _watching(facts: Facts, options: TrainOptions, steps: int, done: int) -> np.ndarray:
    import numpy as np

    looks = [(facts.snapshot, options.watch_every), (facts.sample, options.sample_every)]
    counts = [(steps - done) // every + (not done) if every else 0 for _, every in looks]
    return sum((np.asarray(cost) * count for (cost, _), count in zip(looks, counts, strict=True)), np.zeros(2))


def peak(facts: Facts, options: TrainOptions, features: np.ndarray, looked: np.ndarray, batches: int) -> int:
    """Return the most resident memory: at one of so many training batches, at an evaluation, or at the final scoring."""
    standing = facts.loaded_bytes + facts.optimizer_bytes
    step = (
        facts.gradient_bytes
        + facts.slack_bytes
        + facts.widest * facts.keeps * float((features @ facts.activations).max())
    )
    measured = min(facts.eval_batch, len(facts.held)) * max(facts.held, default=1) * facts.stretch[0]
    looking = facts.evaluate_bytes * float(looked[:, 1].max()) / max(1.0, measured)
    scoring = facts.model_bytes + max(0, facts.score_bytes - facts.model_bytes) * min(
        1.0, rows_at_once(options) / AT_ONCE
    )
    between = HOLES * (standing + max(looking, scoring, facts.save_bytes))
    grown = 0.0 if options.fit else GROWS * min(1.0, batches / GROWN)
    return int(max((1.0 + grown) * (standing + step), between))


def _disk(facts: Facts, options: TrainOptions, steps: int, saves: float) -> int:
    looks = steps // options.watch_every + 1 if options.watch_every else 0
    log = steps * STEP_BYTES + looks * facts.snapshot_bytes
    while_saving = min(saves, SIDE_BY_SIDE) * facts.checkpoint_bytes
    at_the_end = min(saves, SIDE_BY_SIDE - 1) * facts.checkpoint_bytes + facts.model_bytes
    return int(log + max(while_saving, at_the_end))
