// What keys and clicks mean: questions to the kernel. FmView draws what comes back.
class FmActs {
  // Runs an action after those before it; while the kernel keeps us waiting nothing new begins.
  act(action) {
    this.touched = true;
    return this.slow ? undefined : this.wire.then(action);
  }

  noKernel() {
    this.sayNotSaved(
      this.say('No kernel answers. Run the cell again to go on; everything that was said to be saved is there.')
    );
  }

  question(what, facts = {}) {
    return this.wire.ask(what, facts, slow => {
      const was = this.slow;
      this.slow = slow;
      if (slow) {
        this.noKernel();
      } else if (was && this.state) {
        this.draw(false);
      }
    });
  }

  async ask(what, facts) {
    const answer = await this.question(what, facts);
    if (answer === null) {
      this.noKernel();
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

  chooseHint() {
    const hint = this.row && this.state.kind === 'one' ? fmHint(this.row) : null;
    return hint ? this.choose(hint.label) : undefined;
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

  // Marks are kept as they are made; Enter says that the row is done.
  marked() {
    const spans = this.tokens.spans;
    const id = this.row.id;
    this.act(async () => {
      this.saved.textContent = this.say('Saving …');
      const answer = await this.question('decide', { id, at: this.state.at, state: { spans, open: true }, next: '' });
      if (answer && !answer.problem) {
        delete answer.row;
        this.take(answer);
        this.row.state = { spans, open: true };
        this.sayingSaved();
      } else if (answer) {
        this.problem(answer);
      } else {
        this.noKernel();
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
      m: () => this.act(() => this.chooseHint()), r: () => this.act(() => this.toggleRemove()), '/': () => this.words.focus(), n: () => this.choices.openAdder(),
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
}
