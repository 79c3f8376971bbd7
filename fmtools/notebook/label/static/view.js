// The view: draws what the kernel says, and turns keys and clicks into questions.
class FmView {
  constructor(model, el) {
    this.say = fmWords(model);
    this.wire = new FmWire(model, event => event === 'ranked' && this.ranked());
    this.model = model;
    this.touched = false;
    this.build();
    el.append(this.root);
    this.hideSummary(model.get('summary'));
    this.load();
  }

  build() {
    const say = this.say;
    this.title = fmEl('div', { class: 'fml-title', 'data-fm': 'version' });
    this.saved = fmEl('div', { class: 'fml-saved', 'data-fm': 'saved', role: 'status' });
    this.fill = fmEl('div', { class: 'fml-fill' });
    this.bar = fmEl('div', { class: 'fml-bar', role: 'progressbar', 'aria-valuemin': 0 }, this.fill);
    this.counts = fmEl('div', { class: 'fml-counts', 'data-fm': 'counts' });
    this.place = fmEl('span', { class: 'fml-place', 'data-fm': 'place' });
    this.only = fmEl('select', { class: 'fml-input', 'aria-label': say('Which rows'), 'data-fm': 'only', on: { change: () => this.search() } },
      ...[['all', 'All rows'], ['open', 'Open'], ['done', 'Done'], ['changed', 'Changed'], ['suspects', 'With a reason']].map(
        ([value, word]) => fmEl('option', { value }, say(word))));
    this.words = fmEl('input', { type: 'search', class: 'fml-input', placeholder: `${say('Find rows')}  /`, 'aria-label': say('Find rows'), 'data-fm': 'find',
      on: { keydown: event => this.searchKey(event), search: () => this.search() } });
    this.why = fmEl('div', { class: 'fml-why', 'data-fm': 'why', 'aria-live': 'polite' });
    this.text = fmEl('div', { class: 'fml-card', 'data-fm': 'row' });
    this.beside = fmEl('div', { class: 'fml-beside' });
    this.choices = new FmChoices(say, label => this.act(() => this.choose(label)), (name, sure) => this.act(() => this.add(name, sure)));
    this.tokens = new FmTokens(say, label => fmHue(this.state.labels.indexOf(label)), () => this.marked());
    this.foot = this.buildFoot();
    this.notices = fmEl('div', { class: 'fml-notices', 'data-fm': 'notices' });
    this.help = fmEl('div', {});
    const nav = fmEl('div', { class: 'fml-nav' },
      fmButton('‹', say('Previous row'), () => this.act(() => this.go(-1)), { class: 'fml-plain', 'data-fm': 'previous' }), this.place,
      fmButton('›', say('Next row'), () => this.act(() => this.go(1)), { class: 'fml-plain', 'data-fm': 'next' }),
      fmEl('span', { class: 'fml-gap' }), this.only, this.words);
    this.root = fmEl('div', { class: 'fml', tabindex: 0, 'data-lm-suppress-shortcuts': 'true', 'data-fm': 'label', role: 'application', 'aria-label': say('Label') },
      fmEl('div', { class: 'fml-head' }, this.title, fmEl('span', { class: 'fml-gap' }), this.saved), this.bar, this.counts, nav,
      this.why, this.text, this.beside, this.choices.node, this.foot, this.notices, this.help);
    this.listen();
  }

  buildFoot() {
    const say = this.say;
    const tool = (name, word, key, run) => fmEl('button', { type: 'button', class: 'fml-plain', 'data-fm': name, title: say(word), on: { click: () => this.act(run) } }, say(word), fmKey(key));
    this.accept = tool('accept', 'Confirm', '↵', () => this.confirm());
    this.accept.classList.add('fml-strong');
    this.remove = tool('remove', 'Remove row', 'R', () => this.toggleRemove());
    this.keep = fmEl('button', { type: 'button', class: 'fml-keep', 'data-fm': 'save', on: { click: () => this.act(() => this.save()) } }, say('Keep as new version'));
    return fmEl('div', { class: 'fml-foot' }, this.accept, tool('undo', 'Undo', 'U', () => this.undo()), tool('skip', 'Skip', 'S', () => this.decide({ skip: true })),
      this.remove, fmEl('span', { class: 'fml-gap' }), this.keep);
  }

  listen() {
    // Keys are for the rows: the notebook must not take them for its own.
    for (const name of ['keydown', 'keyup', 'keypress']) {
      this.root.addEventListener(name, event => event.stopPropagation());
    }
    this.root.addEventListener('keydown', event => this.key(event));
    this.root.addEventListener('mousedown', event => event.stopPropagation());
    this.root.addEventListener('contextmenu', event => event.stopPropagation());
    this.root.addEventListener('mouseup', () => this.state && this.state.kind === 'spans' && this.tokens.takeSelection());
    this.root.addEventListener('click', event => {
      if (!event.target.closest('input, select')) {
        this.root.focus({ preventScroll: true });
      }
    });
  }

  // The summary beside is for those who have no kernel.
  hideSummary(name) {
    requestAnimationFrame(() => {
      const area = this.root.closest('.jp-OutputArea');
      const summary = name && area && area.getElementsByClassName(name)[0];
      const child = summary && summary.closest('.jp-OutputArea-child');
      if (child) {
        child.style.display = 'none';
        this.summary = child;
      }
    });
  }

  // ---------------------------------------------------------------- talking

  act(action) {
    this.touched = true;
    return this.wire.then(action);
  }

  async ask(what, facts) {
    const answer = await this.wire.ask(what, facts);
    if (answer === null) {
      this.sayNotSaved(this.say('No kernel answers. Run the cell again to go on; everything that was said to be saved is there.'));
    } else if (answer.problem) {
      if (answer.doubt) {
        this.choices.askDoubt(answer.doubt);
      } else {
        this.problem(answer);
      }
    } else {
      this.take(answer);
      return answer;
    }
    return null;
  }

  problem(answer) {
    this.sayNotSaved(`${answer.problem} ${answer.cure}`);
    if (answer.waiting) {
      setTimeout(() => this.act(async () => (await this.ask('settle')) && this.sayingSaved()), 2000);
    }
  }

  take(answer) {
    this.state = { ...this.state, ...Object.fromEntries(Object.entries(answer).filter(([name]) => name !== 'row')) };
    if ('row' in answer) {
      this.row = answer.row;
      this.picked = null;
    }
    this.draw('row' in answer);
  }

  async load() {
    this.saved.textContent = '…';
    if (await this.ask('hello')) {
      this.sayingSaved();
    } else if (this.summary) {
      this.summary.style.display = '';
    }
  }

  ranked() {
    const at = this.touched && this.row ? { id: this.row.id, at: this.state.at } : {};
    this.wire.then(() => this.ask('reorder', at));
  }

  // ---------------------------------------------------------------- deciding

  async decide(state, next = 'open') {
    if (!this.row) {
      return;
    }
    this.saved.textContent = this.say('Saving …');
    this.saved.className = 'fml-saved';
    if (await this.ask('decide', { id: this.row.id, at: this.state.at, state, next })) {
      this.sayingSaved();
    }
  }

  choose(label) {
    if (!this.row) {
      return undefined;
    }
    if (this.state.kind === 'spans') {
      this.tokens.give(label);
      return undefined;
    }
    if (this.state.kind === 'several') {
      const now = this.current();
      this.picked = now.includes(label) ? now.filter(one => one !== label) : [...now, label];
      this.draw(false);
      return undefined;
    }
    return this.decide({ label });
  }

  // The labels that are chosen now: by a decision, by hand just now, or to begin with.
  current() {
    const state = this.row.state || {};
    if (this.picked) {
      return this.picked;
    }
    if (state.label !== undefined || state.labels) {
      return state.labels || [state.label];
    }
    return state.remove || state.skip ? [] : fmFirst(this.state, this.row) || (this.row.seen ? this.row.given : []);
  }

  confirm() {
    if (!this.row) {
      return undefined;
    }
    if (this.state.kind === 'spans') {
      return this.decide({ spans: this.tokens.spans });
    }
    const now = this.current();
    if (this.state.kind === 'several') {
      return this.decide({ labels: now });
    }
    return now.length ? this.decide({ label: now[0] }) : undefined;
  }

  // Marks are kept as they are made, on the same row; Enter says that the row is done.
  marked() {
    const spans = this.tokens.spans;
    const id = this.row.id;
    this.act(async () => {
      this.saved.textContent = this.say('Saving …');
      const answer = await this.wire.ask('decide', { id, at: this.state.at, state: { spans }, next: '' });
      if (answer && !answer.problem) {
        delete answer.row;
        this.take(answer);
        this.row.state = { spans };
        this.sayingSaved();
      } else if (answer) {
        this.problem(answer);
      } else {
        this.sayNotSaved(this.say('No kernel answers. Run the cell again to go on; everything that was said to be saved is there.'));
      }
    });
  }

  toggleRemove() {
    const removed = this.row && this.row.state && this.row.state.remove;
    return this.decide(removed ? null : { remove: true }, removed ? '' : 'open');
  }

  async undo() {
    if (await this.ask('undo', { at: this.state.at })) {
      this.sayingSaved();
    }
  }

  go(by) {
    return this.ask('go', { at: this.state.at + by });
  }

  async add(name, sure) {
    const answer = await this.ask('add', { name, sure });
    if (answer) {
      this.choices.closeAdder();
      this.sayingSaved();
      this.root.focus({ preventScroll: true });
      if (this.state.kind !== 'spans' || this.tokens.chosen) {
        await this.choose(answer.added);
      }
    }
  }

  search() {
    this.act(() => this.ask('search', { words: this.words.value, only: this.only.value }));
  }

  async save() {
    this.saved.textContent = this.say('Saving …');
    const answer = await this.ask('save', {});
    if (answer) {
      this.only.value = 'all';
      this.words.value = '';
      this.sayingSaved(this.say('Kept as %1', answer.kept));
    }
  }

  // ---------------------------------------------------------------- keys

  key(event) {
    const typing = event.target.closest('input, select, textarea');
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || !this.state) {
      return;
    }
    if (typing) {
      if (event.key === 'Escape') {
        this.root.focus({ preventScroll: true });
      }
      return;
    }
    const run = this.meaning(fmPressed(event), event);
    if (run) {
      event.preventDefault();
      run();
    }
  }

  meaning(key, event) {
    const spans = this.state.kind === 'spans';
    const arrows = { ArrowLeft: -1, ArrowRight: 1 };
    if (spans && key in arrows) {
      return () => this.tokens.move(arrows[key], event.shiftKey);
    }
    if (key === 'Enter' && event.target.closest('button') && !event.target.closest('[data-fm="labels"]')) {
      return null; // the button that has the focus
    }
    const label = event.repeat ? undefined : this.choices.byKey(key);
    if (label !== undefined) {
      return () => this.act(() => this.choose(label));
    }
    const known = {
      ArrowLeft: () => this.act(() => this.go(-1)), ArrowUp: () => this.act(() => this.go(-1)), k: () => this.act(() => this.go(-1)),
      ArrowRight: () => this.act(() => this.go(1)), ArrowDown: () => this.act(() => this.go(1)), j: () => this.act(() => this.go(1)),
      Enter: () => this.act(() => this.confirm()), u: () => this.act(() => this.undo()), s: () => this.act(() => this.decide({ skip: true })),
      r: () => this.act(() => this.toggleRemove()), '/': () => this.words.focus(), n: () => this.choices.openAdder(),
      f: () => !this.choices.find.hidden && this.choices.find.focus(), Escape: () => this.root.blur()
    };
    const marks = { x: () => this.unmark(), Delete: () => this.unmark(), Backspace: () => this.unmark(), g: () => this.useGiven() };
    const held = event.repeat && !key.startsWith('Arrow') && key !== 'j' && key !== 'k';
    return held ? null : known[key] || (spans ? marks[key] : null);
  }

  unmark() {
    if (this.tokens.cursor !== null) {
      this.tokens.removeAt(this.tokens.cursor);
    }
  }

  useGiven() {
    this.tokens.spans = this.row.given.map(span => span.slice(0, 3));
    this.tokens.changed();
  }

  searchKey(event) {
    if (event.key === 'Enter' || (event.key === 'Escape' && this.words.value)) {
      if (event.key === 'Escape') {
        this.words.value = '';
      }
      this.search();
      this.root.focus({ preventScroll: true });
    }
  }

  // ---------------------------------------------------------------- drawing

  sayingSaved(text) {
    this.saved.textContent = text || this.say('Saved');
    this.saved.className = 'fml-saved fml-good';
  }

  sayNotSaved(text) {
    this.saved.textContent = this.say('Not saved');
    this.saved.className = 'fml-saved fml-bad';
    this.notices.replaceChildren(fmEl('div', { class: 'fml-problem', role: 'alert' }, text));
  }

  draw(withRow) {
    this.drawHead();
    const row = this.row;
    this.why.textContent = row ? fmWhy(this.say, row, this.state.kind) : this.say('Nothing found.');
    this.why.hidden = !this.why.textContent;
    this.why.classList.toggle('fml-calm', !row || !row.why || Boolean(row.state));
    this.beside.replaceChildren(...(row ? fmBeside(row) : []));
    if (withRow || !row) {
      this.drawRow(row);
    }
    this.drawChoices(row);
    const lines = [...(this.state.working ? [this.say('Looking for likely wrong labels …')] : []), ...this.state.notices];
    this.notices.replaceChildren(...lines.map(line => fmEl('div', {}, line)));
    this.help.replaceChildren(fmHelp(this.say, this.state.kind));
  }

  drawHead() {
    const { progress: p, at, of } = this.state;
    this.title.textContent = this.state.version;
    this.place.textContent = of ? this.say('Row %1 of %2', at + 1, of.toLocaleString('en')) : '–';
    this.fill.style.width = `${(100 * p.done) / Math.max(1, p.rows)}%`;
    this.bar.setAttribute('aria-valuemax', p.rows);
    this.bar.setAttribute('aria-valuenow', p.done);
    const more = ['changed', 'removed', 'skipped'].filter(what => p[what]).map(what => this.say(`%1 ${what}`, p[what].toLocaleString('en')));
    const done = p.left ? this.say('%1 of %2 done', p.done.toLocaleString('en'), p.rows.toLocaleString('en')) : this.say('Every row is done.');
    this.counts.textContent = [done, ...more].join('  ·  ');
    this.keep.disabled = !(p.changed + p.removed);
  }

  drawRow(row) {
    this.text.classList.toggle('fml-gone', Boolean(row && row.state && row.state.remove));
    if (row && this.state.kind === 'spans') {
      const fresh = !row.state && !row.seen && row.suggested.length > 0;
      this.text.replaceChildren(this.tokens.node);
      this.tokens.show(row, fresh ? row.suggested : row.spans, row.suggested);
    } else {
      this.text.replaceChildren(...(row ? fmTexts(this.say, row) : []));
    }
    this.text.scrollTop = 0;
  }

  drawChoices(row) {
    const spans = this.state.kind === 'spans';
    const chosen = row && !spans ? this.current() : [];
    this.choices.show(this.state.labels, {
      chosen,
      given: row && !spans ? row.given : [],
      suggestion: row && !spans ? row.suggestion : null,
      colours: spans ? label => fmHue(this.state.labels.indexOf(label)) : null
    });
    this.accept.firstChild.textContent = this.say(row && row.suggestion && !row.state ? 'Accept' : 'Confirm');
    this.accept.disabled = !row || (this.state.kind === 'one' && !chosen.length);
    this.remove.firstChild.textContent = this.say(row && row.state && row.state.remove ? 'Keep row' : 'Remove row');
    this.text.dataset.id = row ? row.id : '';
  }
}

export default {
  render({ model, el }) {
    const view = new FmView(model, el);
    return () => view.wire.close();
  }
};
