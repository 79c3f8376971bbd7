import type { TranslationBundle } from '@jupyterlab/translation';

import type { ControlRequest } from '../contract';
import { h, setAttribute, setShown } from '../ui/dom';
import { formatRate } from '../ui/numbers';

/** The most epochs that can be added at once. */
export const MOST_EPOCHS = 1000;

/** What the card says when a wish was sent. */
export function askedWords({ action, value }: ControlRequest, trans: TranslationBundle): string {
  const words: Record<ControlRequest['action'], string> = {
    pause: trans.__('Asked to pause…'),
    resume: trans.__('Asked to go on…'),
    stop: trans.__('Asked to stop…'),
    set_learning_rate: trans.__('Asked for the learning rate %1…', formatRate(value)),
    evaluate: trans.__('Asked for an evaluation…'),
    save: trans.__('Asked for a checkpoint…'),
    extend: trans.__('Asked for %1 more epochs…', value ?? '')
  };
  return words[action];
}

/** Evaluate now, save now, train longer. */
export class SteerView {
  readonly node: HTMLElement;

  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _send: (request: ControlRequest) => void,
    private readonly _complain: (text: string) => void
  ) {
    const evaluate = this._button(_trans.__('Evaluate now'), 'evaluate', () =>
      _send({ action: 'evaluate', value: null })
    );
    setAttribute(evaluate, 'title', _trans.__('Score the validation rows now; the training is not changed by it'));
    const save = this._button(_trans.__('Save now'), 'save', () => _send({ action: 'save', value: null }));
    setAttribute(save, 'title', _trans.__('Save a checkpoint at the end of the step'));
    this._epochs = h('input', {
      type: 'number',
      class: 'fm-input fm-mod-short',
      'data-fm': 'extend-input',
      step: 'any',
      min: 0,
      max: MOST_EPOCHS,
      value: '1'
    });
    setAttribute(this._epochs, 'aria-label', _trans.__('Epochs to add'));
    this._epochs.addEventListener('keydown', event => this._onKey(event));
    const extend = this._button(_trans.__('Extend'), 'extend', () => this._extend());
    setAttribute(extend, 'title', _trans.__('Train longer; the learning rate falls over the new length'));
    const label = h('span', { class: 'fm-quiet' }, _trans.__('epochs more'));
    this._parts = [evaluate, save, this._epochs, extend];
    this.node = h('div', { class: 'fm-rates' }, evaluate, save, this._epochs, label, extend);
  }

  /** Show what can be done now: nothing for a run that is over, nothing yet for one that nobody works on. */
  update(alive: boolean, over: boolean): void {
    this._parts.forEach(part => setAttribute(part, 'disabled', !alive));
    setShown(this.node, !over);
  }

  private _button(text: string, hook: string, click: () => void): HTMLButtonElement {
    return h('button', { type: 'button', class: 'fm-button', 'data-fm': hook, on: { click } }, text);
  }

  private _onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter') {
      this._extend();
    }
  }

  private _extend(): void {
    const value = this._epochs.valueAsNumber;
    if (value > 0 && value <= MOST_EPOCHS) {
      this._send({ action: 'extend', value });
    } else {
      this._complain(this._trans.__('Epochs to add are a number above 0 and at most %1.', MOST_EPOCHS));
    }
  }

  private readonly _epochs: HTMLInputElement;
  private readonly _parts: (HTMLButtonElement | HTMLInputElement)[];
}
