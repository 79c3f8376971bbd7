"""Data sets of the hub by name: `org/name`, or `org/name:configuration`. Code that a data set brings is never run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.reading.cache import let_go
from fmtools.kit.reading.hub_tables import rows_of
from fmtools.kit.reading.tables import SPLIT_NAMES, SPLIT_ORDER, account, counted, slug

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}(?::[\w.+-]+)?")
#: Seconds until the hub must have answered.
PATIENCE = 10.0


class HubSource:
    """Loads what nothing local is called: asked after every other source."""

    name = "hub"
    summary = "A data set of the Hugging Face hub, by its name: org/name, or org/name:configuration"
    names: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    #: Asked when no other source takes the reference.
    last = True

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and NAME.fullmatch(reference) is not None and not _is_local(reference)

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Load every split. Raises DataError for an unknown name, and when the hub cannot be reached."""
        name, _, configuration = str(reference).partition(":")
        if Path(name).exists():  # the library would read it
            raise DataError(f"{name} is a file or folder here.", "Leave --format hub out to read it.")
        licence, known = _ask(name)
        loaded = _loaded(name, configuration, known)
        data = Dataset(slug(name.replace("/", "-")), {}, f"hub:{reference}", licence)
        splits = {SPLIT_NAMES.get(str(split).lower(), str(split)): part for split, part in loaded.items()}
        for split in sorted(splits, key=lambda split: (SPLIT_ORDER.index(split) if split in SPLIT_ORDER else 9, split)):
            rows = rows_of(splits[split])
            data.splits[split] = rows.table
            account(data, rows)
            let_go(rows)
        if not sum(data.rows.values()):
            raise DataError(f"The hub's data set {name} has no rows.", "Choose another one.")
        data.notices.append(f"Splits: {counted(data.rows)}.")
        return data


def _is_local(reference: str) -> bool:
    """Say whether the name is a path here, or lies in a folder that is here: then a file is meant."""
    try:
        return Path(reference).exists() or Path(reference).parent.is_dir()
    except (OSError, ValueError):
        return True


def _ask(name: str) -> tuple[str, bool]:
    """Return (licence, whether the hub answered). Raises DataError when the hub knows no such name."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        card = HfApi().dataset_info(name, timeout=PATIENCE).card_data
    except GatedRepoError:
        raise DataError(f"The hub's data set {name} wants an agreement.", "Agree to it there, then log in.") from None
    except (RepositoryNotFoundError, HFValidationError):
        cause = f"There is no file {name}, and no data set of that name on the hub (or it is private)."
        raise DataError(cause, "Check the name; %fm_data lists nothing of the hub.") from None
    except (HfHubHTTPError, OSError, RuntimeError, ValueError):
        return "", False  # offline: what was loaded before may still be in the library's cache
    except Exception as error:  # the library's transports have errors of their own for a lost connection
        if type(error).__module__.split(".")[0].rstrip("0123456789") not in ("httpx", "httpcore", "requests", "urllib"):
            raise
        return "", False
    found = getattr(card, "license", None) or ""
    return (", ".join(found) if isinstance(found, list) else str(found)), True


def _loaded(name: str, configuration: str, known: bool) -> Any:
    """Call the library; offline it gives what its cache has."""
    import datasets

    offline = datasets.config.HF_HUB_OFFLINE
    try:
        datasets.config.HF_HUB_OFFLINE = offline or not known  # else it tries again for a minute
        return datasets.load_dataset(name, configuration or None)
    except Exception as error:
        if not known:
            raise DataError(
                f"There is no file {name}, and the hub cannot be reached to look for a data set of that name.",
                "Check the path, or the network; what was loaded from the hub before works offline.",
            ) from None
        why = str(error).split("\n")[0].rstrip(".")[:300]
        hint = f"Name one: {name}:CONFIGURATION." if "onfig" in why else "See its page on the hub."
        raise DataError(f"The hub's data set {name} cannot be loaded: {why}.", hint) from None
    finally:
        datasets.config.HF_HUB_OFFLINE = offline
