"""What was encrypted or decrypted, in a few lines."""

from __future__ import annotations

from typing import Any

from .language import say
from .markup import MUTED, esc


def sealed_text(facts: dict[str, Any]) -> str:
    """Return the lines as plain text."""
    return "\n".join([_title(facts), *facts.get("notices", [])])


def sealed_html(facts: dict[str, Any]) -> str:
    """Return the lines as HTML."""
    said = "".join(f'<div style="{MUTED}">{esc(line)}</div>' for line in facts.get("notices", []))
    return f"<div><b>{esc(_title(facts))}</b></div>{said}"


def _title(facts: dict[str, Any]) -> str:
    count = f"{facts['files']:,} {say('files')}"
    if "encrypted" in facts:
        return f"{say('encrypted')}: {facts['encrypted']} ({count}, {facts['size_bytes'] / 1e6:,.1f} MB)"
    return f"{say('decrypted')}: {facts['decrypted']} → {facts.get('version') or facts['path']} ({count})"
