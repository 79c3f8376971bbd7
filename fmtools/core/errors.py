"""The errors a user may see: one clear sentence with the cause, and one with the cure."""

from __future__ import annotations


class FmError(Exception):
    """A mistake or a limit that the user can act on; shown without a traceback.

    `cause` says what went wrong, `cure` what to do about it. Everything that is not an `FmError` is a fault of ours and
    keeps its traceback.
    """

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(cause, cure)
        self.cause = cause
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.cause} {self.cure}".strip()

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback; control characters from the user's input are spelled out."""
        lines = [line for line in (self.cause, self.cure) if line]
        return ["".join(c if c.isprintable() else repr(c)[1:-1] for c in line) for line in lines]

    def __reduce__(self) -> tuple[type[FmError], tuple[str, str]]:
        return type(self), (self.cause, self.cure)


class OptionError(FmError):
    """An option is unknown, malformed or out of bounds."""


class DataError(FmError):
    """The data cannot be used as they are."""


class ModelError(FmError):
    """The model cannot be found or used."""


class StoreError(FmError):
    """The run store cannot be read or written."""


class WorkerError(FmError):
    """The worker process could not be started, or it died."""


#: How Python, torch, safetensors and the C++ library say that memory ran out.
_NO_MEMORY = (
    "out of memory", "can't allocate memory", "DefaultCPUAllocator", "Cannot allocate memory", "bad_alloc",
    "can't start new thread",
)  # fmt: skip


def out_of_memory(error: BaseException) -> tuple[str, str] | None:
    """Return (cause, cure) when an error of whatever library means that memory ran out."""
    if not isinstance(error, MemoryError) and not any(mark in str(error) for mark in _NO_MEMORY):
        return None
    return "The memory was not enough for this step.", "Halve --batch-size or --max-length, then run it again."


def from_os_error(error: OSError, doing: str) -> StoreError:
    """Word an operating-system error for a user; `doing` reads like "write the checkpoint"."""
    import errno

    where = f" ({error.filename})" if error.filename else ""
    cures = {
        errno.ENOSPC: "The disk is full: free some space, or point FMTOOLS_HOME at another disk; what was saved before is intact.",
        errno.EDQUOT: "Your disk quota is used up: free some space, or point FMTOOLS_HOME elsewhere.",
        errno.EFBIG: "A file-size limit was reached: raise it (ulimit -f), or point FMTOOLS_HOME elsewhere.",
        errno.EACCES: "You may not write there: check the folder's permissions, or point FMTOOLS_HOME elsewhere.",
        errno.EROFS: "That disk is read-only: point FMTOOLS_HOME at a folder you can write to.",
    }
    cure = cures.get(error.errno or 0, "Check the disk, then try again.")
    return StoreError(f"Could not {doing}{where}: {(error.strerror or str(error)).lower()}.", cure)
