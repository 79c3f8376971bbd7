"""Short sentences that views say about a run."""

from __future__ import annotations

from typing import Any

_ACTIONS = {
    "pause": "Paused",
    "resume": "Resumed",
    "stop": "Stop asked for",
    "evaluate": "Evaluated",
    "save": "Checkpoint asked for",
}
_PLACES = {
    "lab": " in the lab",
    "notebook": " in the notebook",
    "cli": " on the command line",
    "resume": " by a resume",
}


def size_words(size: int) -> str:
    """Return a size for people: 950 B, 12 kB, 91.2 MB."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit != "MB" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def control_words(action: str, value: Any, by: str) -> str:
    """Say which wish was obeyed: "Learning rate set to 0.0001 in the lab."."""
    said = _ACTIONS.get(action, action.replace("_", " ").capitalize())
    if action == "set_learning_rate" and isinstance(value, int | float):
        said = f"Learning rate set to {value:g}"
    if action == "extend" and isinstance(value, int | float):
        said = f"{'Extended' if value >= 0 else 'Shortened'} by {abs(value):g} epoch{'' if abs(value) == 1 else 's'}"
    return said + _PLACES.get(by, f" by {by}" if by else "") + "."


def resume_words(attempt: int, step: int) -> str:
    """Say from where another attempt started."""
    return f"Attempt {attempt} goes on from step {step}." if step else f"Attempt {attempt} starts over."


def interrupted_words(run_id: str, step: int, saved: int, memory: str = "") -> str:
    """Say that the worker died, and how the run can go on. `memory`: what is known of a want of it, see memory_words."""
    where = f"at step {step}" if step else "before its first step"
    onward = f"goes on from the checkpoint of step {saved}" if saved >= 0 else "starts it over: no checkpoint was saved"
    if memory:
        return f"The worker ended {where}, {memory} `%fm_resume {run_id}` {onward}, and may end there again."
    return f"The worker ended {where} without saying why; `%fm_resume {run_id}` {onward}."


def memory_words(held: int, free: int, total: int, group: bool, batch_size: int) -> str:
    """Say that memory ran out, in bytes, and what takes less: the end of a sentence, and another."""
    whose = "its container" if group else "the machine"
    half = f"--batch-size {batch_size // 2} or " if batch_size > 1 else ""
    return (
        f"most likely for want of memory: it held {size_words(held)}, and {whose} had {size_words(free)} of "
        f"{size_words(total)} left. Train it anew with {half}--max-length halved, or with --memory-limit."
    )
