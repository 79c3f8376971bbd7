"""A script as a notebook shows it: coloured, with a button that copies it."""

from __future__ import annotations

import re

from .language import say
from .markup import MUTED, esc

_COPY = "navigator.clipboard.writeText(this.parentElement.querySelector('pre').innerText)"


def html(code: str, path: str) -> str:
    """Return highlighted code; the button needs a trusted notebook, the colours do not."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    # Colours go into every word: a notebook's styles are not ours to count on.
    coloured = highlight(code, PythonLexer(), HtmlFormatter(noclasses=True, nobackground=True))
    coloured = re.sub(r"^<div[^>]*>", "<div>", coloured, count=1)
    said = f'<span style="{MUTED}">{esc(path)}</span>' if path else ""
    button = f'<button type="button" onclick="{esc(_COPY)}">{esc(say("copy"))}</button>'
    return f'<div>{button} {said}<div style="max-height:420px;overflow:auto">{coloured}</div></div>'
