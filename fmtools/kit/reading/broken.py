"""Rows that cannot be used: counted by reason, named by line, or the end of reading, as the user asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...core.contracts import Drop
from ...core.errors import DataError

#: A larger share of broken rows means that the file was read the wrong way: an error instead of dropped rows.
MAX_BROKEN = 0.5
#: So many drops are kept one by one; all are counted.
MAX_DROPS = 10_000
SHOWN = 5
#: What is wrong, as a plural that reads before "(line 3)"; and what was made of it.
Fault = tuple[str, str]


@dataclass
class Broken:
    """Rows left out of one file. With `stop`, the first one is a DataError instead."""

    name: str = ""
    stop: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    drops: list[Drop] = field(default_factory=list)

    def add(self, reason: str, line: int, file: str = "") -> None:
        """Account for a row that is left out. `reason` is a plural, such as "rows with too few fields"."""
        self.refuse(reason, line, file)
        self.counts[reason] = self.counts.get(reason, 0) + 1
        shown = self.lines.setdefault(reason, [])
        if len(shown) < SHOWN:
            shown.append(line)
        if len(self.drops) < MAX_DROPS:
            self.drops.append(Drop(reason, file or self.name, line))

    def refuse(self, reason: str, line: int, file: str = "") -> None:
        """Raise DataError where the user asked to stop at what is broken."""
        if self.stop:
            where = f"{file or self.name}:{line}" if line else file or self.name
            cure = (
                "Correct it; or leave --on-error stop out: such rows are then left out or repaired, and accounted for."
            )
            raise DataError(f"{where}: the first of the {reason}.", cure)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def notices(self, name: str) -> list[str]:
        return [f"{name}: {count:,} {reason} dropped{self._where(reason)}." for reason, count in self.counts.items()]

    def check(self, name: str, read: int) -> None:
        """Raise DataError, naming the first line, when too many rows are broken to go on without them."""
        if self.total and (self.total > MAX_BROKEN * read or self.total == read):
            reason = max(self.counts, key=lambda key: self.counts[key])
            line = self.lines[reason][0]
            raise DataError(
                f"{name}{f':{line}' if line else ''}: {self.total:,} of {read:,} rows are broken, most of them: {reason}.",
                "Correct the file: check its quotes, its separators and its ending.",
            )

    def _where(self, reason: str) -> str:
        return listed_lines(self.lines[reason], self.counts[reason])


def listed_lines(lines: list[int], count: int) -> str:
    """Return " (line 3, 8 ...)", or "" for rows without lines."""
    shown = ", ".join(str(line) for line in lines[:SHOWN] if line)
    return f" (line {shown}{' ...' if count > min(len(lines), SHOWN) else ''})" if shown else ""


@dataclass
class Repairs:
    """What was put right while reading: counted by kind, named by line; or the end of reading, as the user asked."""

    broken: Broken
    lines: dict[Fault, list[int]] = field(default_factory=dict)

    def add(self, fault: Fault, line: int) -> None:
        """Note what was wrong there, and what was made of it."""
        self.broken.refuse(fault[0], line)
        self.lines.setdefault(fault, []).append(line)

    def notices(self, name: str) -> list[str]:
        return [
            f"{name}: {len(lines):,} {what}{listed_lines(lines, len(lines))}: {done}."
            for (what, done), lines in self.lines.items()
        ]
