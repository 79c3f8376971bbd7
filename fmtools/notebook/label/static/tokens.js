// A text whose words are marked. `onChange(spans)` is told of every new set of spans: [first, last, kind].
class FmTokens {
  constructor(say, hue, onChange) {
    this.say = say;
    this.hue = hue;
    this.onChange = onChange;
    this.node = fmEl('div', { class: 'fml-tokens', 'data-fm': 'tokens', role: 'group' });
    this.node.addEventListener('mousedown', () => (this.dragged = false));
    this.node.addEventListener('click', event => this.clicked(event));
  }

  show(row, spans, guessed) {
    this.row = row;
    this.spans = spans.map(span => span.slice(0, 3));
    this.guessed = new Set(guessed.map(span => span.slice(0, 3).join('\u0000')));
    this.chosen = null;
    this.cursor = null;
    this.draw();
  }

  draw() {
    this.node.replaceChildren();
    this.words = [];
    let at = 0;
    while (at < this.row.pieces.length) {
      const span = this.spans.find(one => one[0] === at);
      if (span) {
        this.node.append(this.row.pieces[at][0], this.mark(span));
        at = Math.min(span[1], this.row.pieces.length - 1) + 1;
      } else {
        this.node.append(this.row.pieces[at][0], this.word(at));
        at += 1;
      }
    }
    this.node.append(this.row.tail || '');
    if (!this.row.pieces.length) {
      this.node.append(fmEl('span', { class: 'fml-quiet' }, this.say('empty')));
    }
    this.paint();
  }

  word(index) {
    const node = fmEl('span', { class: 'fml-word', 'data-i': index }, this.row.pieces[index][1]);
    this.words[index] = node;
    return node;
  }

  mark(span) {
    const guess = this.guessed.has(span.join('\u0000'));
    const node = fmEl('mark', {
      class: `fml-mark${guess ? ' fml-guess' : ''}`,
      style: `--fml-hue:${this.hue(span[2])}`,
      'data-kind': span[2],
      title: `${span[2]}: ${this.say('take a mark away')}`
    });
    const last = Math.min(span[1], this.row.pieces.length - 1);
    for (let i = span[0]; i <= last; i += 1) {
      node.append(i > span[0] ? this.row.pieces[i][0] : '', this.word(i));
    }
    node.append(fmEl('span', { class: 'fml-kind', 'aria-hidden': 'true' }, span[2]));
    return node;
  }

  paint() {
    const [first, last] = this.chosen || [-1, -2];
    this.words.forEach((node, i) => {
      node.classList.toggle('fml-chosen', i >= first && i <= last);
      node.classList.toggle('fml-cursor', this.cursor === i);
    });
  }

  indexOf(node) {
    const element = node && (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement);
    const word = element && element.closest('[data-i]');
    return word && this.node.contains(word) ? Number(word.dataset.i) : null;
  }

  // Words touched by what was selected with the mouse.
  takeSelection() {
    const selection = window.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) {
      return;
    }
    const range = selection.getRangeAt(0);
    const inside = this.words.map((node, i) => (FmTokens.touches(range, node) ? i : -1)).filter(i => i >= 0);
    if (inside.length) {
      this.choose(inside[0], inside[inside.length - 1]);
      this.dragged = true;
      selection.removeAllRanges();
    }
  }

  static touches(range, node) {
    if (!range.intersectsNode(node)) {
      return false;
    }
    const word = document.createRange();
    word.selectNodeContents(node);
    return (
      range.compareBoundaryPoints(Range.END_TO_START, word) < 0 && range.compareBoundaryPoints(Range.START_TO_END, word) > 0
    );
  }

  clicked(event) {
    if (this.dragged) {
      this.dragged = false;
      return;
    }
    const mark = event.target.closest('.fml-mark');
    const index = this.indexOf(event.target);
    if (mark) {
      this.removeAt(Number(mark.querySelector('[data-i]').dataset.i));
    } else if (index !== null) {
      this.choose(event.shiftKey && this.chosen ? this.chosen[0] : index, index);
    }
  }

  choose(first, last) {
    this.chosen = [Math.min(first, last), Math.max(first, last)];
    this.anchor = first;
    this.cursor = last;
    this.paint();
  }

  // Left and right move a cursor over the words; with shift they choose several.
  move(by, several) {
    const size = this.row.pieces.length;
    if (!size) {
      return;
    }
    const from = this.cursor === null ? (by > 0 ? -1 : size) : this.cursor;
    const to = Math.max(0, Math.min(size - 1, from + by));
    this.choose(several && this.chosen ? this.anchor : to, to);
    this.words[to].scrollIntoView({ block: 'nearest' });
  }

  // Marks what is chosen; marks that it touches give way.
  give(kind) {
    if (!this.chosen) {
      return false;
    }
    const [first, last] = this.chosen;
    this.spans = [...this.spans.filter(span => span[1] < first || span[0] > last), [first, last, kind]].sort((a, b) => a[0] - b[0]);
    this.changed();
    return true;
  }

  removeAt(index) {
    const before = this.spans.length;
    this.spans = this.spans.filter(span => index < span[0] || index > span[1]);
    if (this.spans.length !== before) {
      this.changed();
    }
  }

  changed() {
    this.chosen = null;
    this.draw();
    this.onChange(this.spans);
  }
}
