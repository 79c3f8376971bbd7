// The view: draws what the kernel says.
class FmView extends FmActs {
  constructor(model, el) {
    super();
    this.say = fmWords(model);
    this.wire = new FmWire(model, event => event === 'ranked' && this.ranked());
    this.model = model;
    this.touched = false;
    this.slow = false;
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
    this.choices = new FmChoices(say, label => this.act(() => this.choose(label)), (name, sure) => this.act(() => this.add(name, sure)), () => this.root.focus({ preventScroll: true }));
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
    // Save, copy and the like (with Ctrl or Command) stay the lab's.
    this.root.addEventListener('keydown', event => this.root.toggleAttribute('data-lm-suppress-shortcuts', !fmHeld(event)), true);
    for (const name of ['keydown', 'keyup', 'keypress']) {
      this.root.addEventListener(name, event => fmHeld(event) || event.stopPropagation());
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
    this.help.replaceChildren(fmHelp(this.say, this.state.kind, !this.choices.find.hidden));
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
      suggestion: row && !spans ? fmHint(row) : null,
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
