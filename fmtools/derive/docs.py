"""The reference pages, made from the options models: `python -m fmtools.derive.docs [--check]`.

`--check` writes nothing; it prints the difference and exits with 1 when the pages are not what would be written.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from fmtools.core.options import VERBS, Options, flag, hint_of

from .fields import bounds, type_name, written
from .help import GROUPS, usage

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
_NOTE = "<!-- Made by `python -m fmtools.derive.docs` from fmtools/core/options; edit there. -->\n"


def page(cls: type[Options]) -> str:
    """Return a verb's page as Markdown."""
    example = f"\n```\n{cls.example}\n```\n" if cls.example else ""
    tables = [_table(cls, group, title) for group, title in GROUPS.items()]
    head = f"{_NOTE}\n# {cls.verb}\n\n{cls.summary}\n\n```text\n{usage(cls)}\n```\n{example}"
    return "\n".join([head, *(table for table in tables if table)]).rstrip() + "\n"


def index() -> str:
    """Return the page that lists the verbs."""
    rows = [f"| [{verb}]({verb}.md) | `%{cls.magic_name()}` | {_cell(cls.summary)} |" for verb, cls in VERBS.items()]
    return "\n".join([_NOTE, "# Reference", "", "| verb | magic | what it does |", "|---|---|---|", *rows]) + "\n"


def pages() -> dict[str, str]:
    """Return every page's text by its file name."""
    return {"README.md": index(), **{f"{verb}.md": page(cls) for verb, cls in VERBS.items()}}


def drift(folder: Path) -> str:
    """Return the unified diff from the pages on the disk to the right ones; empty when there is none."""
    wanted = pages()
    names = sorted({*wanted, *(path.name for path in folder.glob("*.md"))})
    out: list[str] = []
    for name in names:
        path = folder / name
        have = path.read_text("utf-8") if path.exists() else ""
        out += difflib.unified_diff(have.splitlines(True), wanted.get(name, "").splitlines(True), name, name)
    return "".join(out)


def write(folder: Path) -> None:
    """Write all pages, and remove those of verbs that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages():
            path.unlink()
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")


def main(argv: list[str], folder: Path = FOLDER) -> int:
    """Write the pages, or with `--check` compare them; return the exit status."""
    if argv != ["--check"]:
        write(folder)
        return 0
    difference = drift(folder)
    sys.stdout.write(difference)
    if difference:
        sys.stderr.write("docs/reference is not what the options say; run `python -m fmtools.derive.docs`.\n")
    return 1 if difference else 0


def _table(cls: type[Options], group: str, title: str) -> str:
    rows = []
    for name, field in cls.model_fields.items():
        hint = hint_of(field)
        if hint.group != group:
            continue
        default = "" if field.default in (None, []) else f"`{written(field.default)}`"
        typed = f"`{flag(name)}`" + (" (or without its name)" if hint.positional else "")
        limits = f"{bounds(field)} {hint.unit}".strip()
        cells = [
            typed,
            type_name(field),
            "required" if field.is_required() else default,
            limits,
            field.description or "",
        ]
        rows.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    if not rows:
        return ""
    return "\n".join(
        [f"## {title}\n", "| option | type | default | limits | meaning |", "|---|---|---|---|---|", *rows, ""]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
