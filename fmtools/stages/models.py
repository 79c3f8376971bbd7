"""From a model's name to a folder in the hub's layout: catalogue, folder, or hub."""

from __future__ import annotations

from pathlib import Path

from ..core import registry
from ..core.errors import ModelError, OptionError
from ..core.options import nearest
from ..core.tasks import ALIASES
from ..kit.models.cards import architectures, hub_cache
from ..kit.models.choosing import Place, Wish, rank
from ..kit.stranger import check as stranger

#: What is fetched from the hub: weights without code in them, and the small files beside them.
PATTERNS = ["*.json", "*.txt", "*.model", "*.safetensors", "1_Pooling/*"]


def catalogue(wish: Wish | None = None) -> list[Place]:
    """Return the place of every model that can be named: registered ones, architectures to train, the hub's cache.

    Raises OptionError for a task that there is not.
    """
    wish = wish or Wish()
    _check_task(wish.task)
    cards = [source.card() for source in registry.every("models").values()]
    return rank([*cards, *architectures(), *hub_cache()], wish)


def _check_task(task: str | None) -> None:
    """Raise OptionError, with the nearest name, for a task that nobody has heard of."""
    known = registry.names("tasks")
    if task is not None and task not in known:
        guess = nearest(task, [*known, *ALIASES])
        hint = f"Did you mean {guess}?" if guess else f"There are: {', '.join(known)}."
        raise OptionError(f"There is no task named {task!r}.", hint)


def resolve(name: str) -> str:
    """Return the folder of a model. Raises ModelError, before anything is written, when it cannot be used."""
    if name in registry.names("models"):
        return str(registry.get("models", name).folder())
    path = Path(name).expanduser()
    if path.is_dir():
        return str(_checked(path))
    if _looks_like_path(name):
        raise ModelError(f"There is no model folder {name!r}.", _guess(name))
    return _from_hub(name)


def _looks_like_path(name: str) -> bool:
    return name.count("/") != 1 or name.startswith((".", "/", "~")) or "\\" in name


def _guess(name: str) -> str:
    known = registry.names("models")
    guess = nearest(name, known)
    return (
        f"Did you mean {guess}?"
        if guess
        else f"Catalogue names are: {', '.join(known)}; `org/name` is taken from the hub."
    )


def _checked(path: Path) -> Path:
    if not (path / "config.json").is_file():
        raise ModelError(
            f"{path} is not a model folder: it has no config.json.", "Give the folder that save_pretrained wrote."
        )
    if not any(path.glob("*.safetensors")):
        pickled = any(path.glob("*.bin")) or any(path.glob("*.pt"))
        cure = (
            "Convert its pickled weights to safetensors first: pickles can run code."
            if pickled
            else "Copy model.safetensors there."
        )
        raise ModelError(f"The model folder {path} has no weights (model.safetensors).", cure)
    return stranger.check(path)


def _from_hub(name: str) -> str:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return str(_checked(Path(snapshot_download(name, allow_patterns=PATTERNS))))
    except RepositoryNotFoundError:
        raise ModelError(f"The hub has no model {name!r} that you may read.", _guess(name)) from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"The model {name!r} is neither cached here nor to be had from the hub ({first}).", _guess(name)
        ) from None
