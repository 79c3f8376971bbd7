"""`--fit`, `--time` and `--auto-batch`: settings are chosen by the forecast, each is said aloud, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.errors import OptionError
from ..core.options import TrainOptions
from ..core.quantities import size_bytes, time_seconds
from ..kit.cost.advice import Forecast, gigabytes, least, time_words
from ..kit.cost.choices import Choice, changed, cheaper_memory, cheaper_time, fastest, first_that
from ..kit.cost.model import estimate
from .forecast import forecast

#: A plan leaves this much of a limit free: forecasts err.
MARGIN = 0.95


def settle(options: TrainOptions) -> tuple[TrainOptions, list[str]]:
    """Return the options to train with, and a sentence for each choice. Raises OptionError when nothing fits."""
    said: list[str] = []
    if not (options.fit or options.time or options.auto_batch):
        return options, said
    for work in (_batch, _memory, _time):
        options = work(options, said)
    return options, said


def _batch(options: TrainOptions, said: list[str]) -> TrainOptions:
    """Take the batch size that trains most rows a second, within the memory."""
    if not options.auto_batch:
        return options
    found = forecast(options, fresh=not _speeds_known(options))
    speeds = {size: rate for size, rate in found.facts.speeds.items() if _holds(found, options, size)}
    if not speeds:
        said.append("No batch size could be tried within the memory: --batch-size stays as it is.")
        return options
    size = fastest(speeds)
    table = ", ".join(f"{each}: {rate:,.0f}" for each, rate in sorted(speeds.items()))
    before, now = found.options.batch_size, found.options.gradient_accumulation
    said.append(
        f"--batch-size {size} is the fastest here (rows a second by batch size: {table}). A step now sees {size * now} rows"
        + (f" instead of {before * now}; the learning rate stays as it is." if size != before else ", as asked.")
    )
    return changed(options, {"batch_size": size})


def _speeds_known(options: TrainOptions) -> bool:
    return bool(forecast(options).facts.speeds)


def _holds(found: Forecast, options: TrainOptions, size: int) -> bool:
    limit = size_bytes(options.fit) if options.fit else 0.9 * found.free_bytes
    return estimate(found.facts, changed(found.options, {"batch_size": size})).peak_bytes <= MARGIN * limit


def _memory(options: TrainOptions, said: list[str]) -> TrainOptions:
    """Choose what fits in --fit; what the facts do not tell for sure is rehearsed before it is believed."""
    if not options.fit:
        return options
    limit, found = size_bytes(options.fit), forecast(options)
    if found.estimate.peak_bytes <= MARGIN * limit:
        said.append(f"It fits in {options.fit} as it is: about {gigabytes(found.estimate.peak_bytes)}.")
        return options
    seen: list[Choice] = []
    for choice in _believed(found, options, limit, seen):
        said.append(
            f"To fit in {options.fit}: {choice.typed} ({choice.why}); about {gigabytes(choice.estimate.peak_bytes)} "
            f"instead of {gigabytes(found.estimate.peak_bytes)}."
        )
        return changed(options, choice.values)
    raise _nothing(found, seen, options.fit, "memory")


def _believed(found: Forecast, options: TrainOptions, limit: int, seen: list[Choice]) -> Iterator[Choice]:
    for choice in cheaper_memory(found.facts, found.options):
        if choice.estimate.peak_bytes > MARGIN * limit:
            seen.append(choice)
            continue
        # Smaller batches leave other holes in the heap than the measured ones did: what is promised has been looked at.
        measured = forecast(changed(options, choice.values), fresh=True).estimate
        choice = Choice(choice.values, choice.typed, choice.why, measured)
        seen.append(choice)
        if choice.estimate.peak_bytes <= MARGIN * limit:
            yield choice


def _time(options: TrainOptions, said: list[str]) -> TrainOptions:
    if not options.time:
        return options
    limit, found = time_seconds(options.time), forecast(options)
    if found.estimate.seconds <= limit:
        said.append(f"It fits in {options.time} as it is: about {time_words(found.estimate.seconds)}.")
        return options
    choices = cheaper_time(found.facts, found.options, MARGIN * limit)
    choice, seen = first_that(choices, lambda other: other.seconds <= MARGIN * limit)
    if choice is None:
        raise _nothing(found, seen, options.time, "time")
    said.append(
        f"To fit in {options.time}: {choice.typed} ({choice.why}); about {time_words(choice.estimate.seconds)} "
        f"instead of {time_words(found.estimate.seconds)}."
    )
    return changed(options, choice.values)


def _nothing(found: Forecast, seen: list[Choice], limit: str, of: str) -> OptionError:
    """Name the least that would fit."""
    choice, cost = least(seen, of)
    asked = found.estimate.peak_bytes if of == "memory" else found.estimate.seconds
    word = gigabytes if of == "memory" else time_words
    spare = " with a twentieth of it to spare" if of == "memory" else ""
    said = f"This training does not fit in {limit}{spare}: as asked it takes about {word(asked)}"
    if choice is None:
        return OptionError(f"{said}.", "Allow more, or take a smaller model (%fm_models).")
    advice = "--method lora trains less, too." if of == "memory" and found.options.method == "full" else ""
    return OptionError(
        f"{said}, and no less than {word(cost)} with {choice.typed}.",
        f"Allow that much, or take a smaller model (%fm_models). {advice}".strip(),
    )
