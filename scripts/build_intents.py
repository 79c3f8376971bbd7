"""Build the data sets `intents` and `intents-zh` from the sentence templates of home-assistant-intents.

The templates ("turn on [the] {name}") are parsed with hassil. Each gives up to eight random sentences, and all of them
go to one split, so that the test set repeats no training pattern. Open slots ({area}, {name} ...) are filled with the
words below; a sentence that stands under two intents is dropped. Same packages, same bytes.

Usage, in an environment of its own:
    pip install --no-deps home-assistant-intents==2026.10.27 hassil==3.12.1 unicode-rbnf==2.4.1 PyYAML==6.0.3
    python scripts/build_intents.py            writes fmtools/plugins/sources/data/intents-*.csv.gz
    python scripts/build_intents.py --check    writes nothing; exit code 1 when a file would change
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import io
import json
import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from hassil import Intents
from hassil.expression import Alternative, Group, ListReference, Permutation, RuleReference, TextChunk
from hassil.intents import RangeSlotList, TextSlotList

FOLDER = Path(__file__).resolve().parent.parent / "fmtools" / "plugins" / "sources" / "data"
#: Words for open slots, by language and slot; "*" stands for every slot that is not named.
WORDS = {
    "en": {
        "area": ["living room", "kitchen", "bedroom", "office", "garage"],
        "name": ["ceiling lamp", "fan", "TV", "front door", "heater", "coffee machine"],
        "floor": ["first floor", "basement", "attic"],
        "zone": ["home", "work", "school"],
        "*": ["milk", "pizza", "call my sister", "laundry", "jazz radio"],
    },
    "zh-CN": {
        "area": ["客厅", "厨房", "卧室", "书房", "车库"],
        "name": ["吸顶灯", "风扇", "电视", "大门", "暖气", "咖啡机"],
        "floor": ["一楼", "地下室", "阁楼"],
        "zone": ["家", "公司", "学校"],
        "*": ["牛奶", "披萨", "给姐姐打电话", "洗衣服", "爵士电台"],
    },
}
SHARES = {"train": 0.7, "dev": 0.1, "test": 0.2}
#: The splits of an intent's first four templates: small intents reach train and test first, then dev.
FIRST = ("train", "test", "train", "dev")
PER_TEMPLATE = 8
COLUMNS = ("text", "intent", "template", "split")
Row = dict[str, str]


class Sampler:
    """Draws random sentences from parsed templates."""

    def __init__(self, intents: Any, words: dict[str, list[str]], draw: random.Random) -> None:
        self.lists, self.rules = intents.slot_lists, intents.expansion_rules
        self.words, self.draw = words, draw

    def text(self, node: Any, rules: dict[str, Any]) -> str:
        """Return one random reading of a template node."""
        if isinstance(node, TextChunk):
            return node.original_text
        if isinstance(node, RuleReference):
            return self.text(rules[node.rule_name].expression, rules)
        if isinstance(node, ListReference):
            return self.slot(node.list_name, rules)
        if isinstance(node, Alternative):
            return self.text(self.draw.choice(node.items), rules)
        if not isinstance(node, Group):
            raise TypeError(f"unknown template part {node!r}")
        items = self.draw.sample(node.items, len(node.items)) if isinstance(node, Permutation) else node.items
        return "".join(self.text(item, rules) for item in items)

    def slot(self, name: str, rules: dict[str, Any]) -> str:
        """Return one value of a slot: of its list, of its range, or one of our words."""
        values = self.lists.get(name)
        if isinstance(values, TextSlotList):
            return self.text(self.draw.choice(values.values).text_in, rules)
        if isinstance(values, RangeSlotList):
            return str(self.draw.randrange(values.start, values.stop + 1, values.step))
        return self.draw.choice(self.words.get(name) or self.words["*"])

    def sentences(self, template: Any, rules: dict[str, Any]) -> list[str]:
        """Return up to PER_TEMPLATE different sentences, sorted."""
        found = [self.text(template.expression, {**self.rules, **rules}) for _ in range(2 * PER_TEMPLATE)]
        unique = dict.fromkeys(re.sub(r"\s+", " ", text).strip() for text in found)
        return sorted(set(list(unique)[:PER_TEMPLATE]) - {""})


def splits_of(templates: list[str], draw: random.Random) -> dict[str, str]:
    """Give each template of an intent a split."""
    order = draw.sample(templates, len(templates))
    drawn = draw.choices(list(SHARES), list(SHARES.values()), k=len(order))
    return dict(zip(order, [*FIRST, *drawn[len(FIRST) :]], strict=False))


def expand(intents: Any, sampler: Sampler) -> list[Row]:
    """Return the sentences of every template of every intent."""
    rows = []
    for name, intent in intents.intents.items():
        templates = [(sentence, block.expansion_rules) for block in intent.data for sentence in block.sentences]
        splits = splits_of(sorted({sentence.text for sentence, _ in templates}), sampler.draw)
        for template, rules in templates:
            for text in sampler.sentences(template, rules):
                values = (text, name, template.text, splits[template.text])
                rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def consistent(rows: list[Row]) -> list[Row]:
    """Drop sentences with two intents, and keep every other sentence once."""
    intents: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, Row] = {}
    for row in rows:
        intents[row["text"]].add(row["intent"])
        kept.setdefault(row["text"], row)
    return [row for text, row in kept.items() if len(intents[text]) == 1]


def build(language: str) -> list[Row]:
    """Return the rows of one language."""
    spec = importlib.util.find_spec("home_assistant_intents")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("home-assistant-intents is not installed; see the usage at the top of this file")
    source = Path(next(iter(spec.submodule_search_locations))) / "data" / f"{language}.json"
    intents = Intents.from_dict(json.loads(source.read_text(encoding="utf-8")))
    return consistent(expand(intents, Sampler(intents, WORDS[language], random.Random(0))))


def packed(rows: list[Row]) -> bytes:
    """Return the rows as gzip'd CSV, without a time stamp."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def main() -> int:
    """Build both sets; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file would change")
    check = parser.parse_args().check
    changed = 0
    for language in WORDS:
        path, rows = FOLDER / f"intents-{language}.csv.gz", build(language)
        data = packed(rows)
        same = path.is_file() and gzip.decompress(path.read_bytes()) == gzip.decompress(data)
        changed += not same
        if not check:
            path.write_bytes(data)
        counts, intents = dict(Counter(row["split"] for row in rows)), {row["intent"] for row in rows}
        print(f"{path.name}: {len(rows)} sentences, {len(intents)} intents, {counts}, same: {same}")
    return int(check and changed > 0)


if __name__ == "__main__":
    sys.exit(main())
