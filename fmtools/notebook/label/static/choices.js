// The labels (or types of entities) as big buttons with their keys; many of them with a field to find one.
const FM_MANY = 12;

class FmChoices {
  // `onDone`: a field was left, and the keys are for the rows again.
  constructor(say, onChoose, onAdd, onDone) {
    this.say = say;
    this.onChoose = onChoose;
    this.onAdd = onAdd;
    this.onDone = onDone;
    this.find = fmEl('input', { type: 'search', class: 'fml-input', placeholder: `${say('Find a label')}  f`, 'aria-label': say('Find a label'), 'data-fm': 'find-label' });
    this.find.addEventListener('input', () => this.draw());
    this.find.addEventListener('keydown', event => this.findKey(event));
    this.list = fmEl('div', { class: 'fml-choices', 'data-fm': 'labels', role: 'group', 'aria-label': say('Label') });
    this.adder = fmEl('div', { class: 'fml-adder' });
    this.node = fmEl('div', {}, this.find, this.list, this.adder);
    this.labels = [];
    this.state = { chosen: [], given: [], suggestion: null, colours: null };
    this.closeAdder();
  }

  show(labels, state) {
    this.labels = labels;
    this.state = state;
    this.find.hidden = labels.length <= FM_MANY;
    this.draw();
  }

  // The label behind a key; undefined when the key means none.
  byKey(key) {
    const index = FM_KEYS.indexOf(key);
    return index < 0 ? undefined : this.labels[index];
  }

  matching() {
    const wanted = this.find.hidden ? '' : this.find.value.trim().toLowerCase();
    const found = this.labels.filter(label => label.toLowerCase().includes(wanted));
    const first = [...this.state.given, this.state.suggestion ? this.state.suggestion.label : ''];
    return this.find.hidden ? found : [...found.filter(l => first.includes(l)), ...found.filter(l => !first.includes(l))];
  }

  draw() {
    const shown = this.matching();
    this.list.replaceChildren(...shown.slice(0, 200).map(label => this.button(label)));
    if (!shown.length && this.labels.length) {
      this.list.append(fmEl('span', { class: 'fml-quiet' }, this.say('Nothing found.')));
    }
  }

  button(label) {
    const { chosen, given, suggestion, colours } = this.state;
    const guess = suggestion && suggestion.label === label ? suggestion : null;
    const picked = chosen.includes(label);
    const notes = [
      given.includes(label) ? fmEl('span', { class: 'fml-note' }, this.say('given')) : null,
      guess ? fmEl('span', { class: 'fml-note fml-note-model' }, `${this.say('model')} ${fmShare(guess.score)}`) : null
    ];
    return fmEl(
      'button',
      {
        type: 'button',
        class: `fml-choice${picked ? ' fml-picked' : ''}${guess ? ' fml-suggested' : ''}`,
        style: colours ? `--fml-hue:${colours(label)}` : null,
        'data-label': label,
        'aria-pressed': picked ? 'true' : 'false',
        on: { click: () => this.onChoose(label) }
      },
      fmKey((FM_KEYS[this.labels.indexOf(label)] || '').toUpperCase()),
      fmEl('span', { class: `fml-name${colours ? ' fml-dot' : ''}` }, label),
      ...notes
    );
  }

  findKey(event) {
    if (event.key === 'Enter' && this.matching().length) {
      const label = this.matching()[0];
      this.find.value = '';
      this.draw();
      this.onDone();
      this.onChoose(label);
    } else if (event.key === 'Escape') {
      this.find.value = '';
      this.draw();
      this.onDone();
    }
  }

  closeAdder() {
    this.adder.replaceChildren(
      fmButton(`+ ${this.say('New label').toLowerCase()}`, this.say('New label'), () => this.openAdder(), { class: 'fml-plain', 'data-fm': 'new-label' })
    );
  }

  openAdder() {
    const field = fmEl('input', { class: 'fml-input', placeholder: this.say('New label'), 'aria-label': this.say('New label'), maxlength: 100, 'data-fm': 'new-label-name' });
    const add = () => field.value.trim() && this.onAdd(field.value, false);
    field.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        add();
      } else if (event.key === 'Escape') {
        this.leaveAdder();
      }
    });
    this.adder.replaceChildren(
      field,
      fmButton(this.say('Add'), '', add, { class: 'fml-plain' }),
      fmButton(this.say('Cancel'), '', () => this.leaveAdder(), { class: 'fml-plain' })
    );
    field.focus();
  }

  // A new label that is nearly one that is there: which is meant?
  askDoubt(doubt) {
    this.adder.replaceChildren(
      fmEl('span', { class: 'fml-doubt', role: 'alert' }, this.say('There is a label “%1” already.', doubt.near)),
      fmButton(this.say('Use %1', doubt.near), '', () => this.onAdd(doubt.near, false), { class: 'fml-plain fml-strong', 'data-fm': 'doubt-use' }),
      fmButton(this.say('Add %1 all the same', doubt.name), '', () => this.onAdd(doubt.name, true), { class: 'fml-plain', 'data-fm': 'doubt-add' }),
      fmButton(this.say('Cancel'), '', () => this.leaveAdder(), { class: 'fml-plain' })
    );
    this.adder.querySelector('button').focus();
  }

  leaveAdder() {
    this.closeAdder();
    this.onDone();
  }
}
