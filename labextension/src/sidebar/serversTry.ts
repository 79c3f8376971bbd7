import type { TranslationBundle } from '@jupyterlab/translation';

import { h, setShown, setText } from '../ui/dom';
import { drawAnswer } from './serversAnswer';
import type { Prediction } from './serversApi';

/** Labels that are asked for. */
const TOP = 5;

/** A box for a text, and what the model says of it. */
export class TryBox {
  readonly node: HTMLElement;

  constructor(
    private readonly _ask: (asked: Record<string, unknown>) => Promise<Prediction>,
    private readonly _trans: TranslationBundle
  ) {
    this._boxes = h('div', { class: 'fm-server-boxes' });
    this._go = h('button', { type: 'button', class: 'fm-button fm-mod-accent', 'data-fm': 'server-go' });
    this._go.append(_trans.__('Predict'));
    this._go.addEventListener('click', () => void this.predict());
    this._note = h('p', { class: 'fm-quiet', role: 'status', 'data-fm': 'server-note' });
    this._answer = h('div', { 'data-fm': 'server-answer', 'aria-live': 'polite' });
    const title = h('h3', {}, _trans.__('Try it'));
    this.node = h(
      'section',
      { class: 'fm-server-try' },
      title,
      this._boxes,
      h('div', {}, this._go),
      this._note,
      this._answer
    );
  }

  /** Have a box for each field that the model reads; `ready`: whether it can be asked now. */
  update(fields: readonly string[], ready: boolean): void {
    if (fields.join() !== this._fields.join()) {
      this._fields = [...fields];
      this._inputs = fields.map(field => this._box(field));
      this._boxes.replaceChildren(...this._inputs);
    }
    this._ready = ready;
    setShown(this._go, fields.length > 0);
    this._go.disabled = !ready || this._busy;
    if (ready && fields.length === 0) {
      setText(this._note, this._trans.__('This model is asked with tensors, over /v2/models/NAME/infer.'));
    }
  }

  /** Ask the model about what stands in the boxes; resolves when the answer is shown. */
  async predict(): Promise<void> {
    const given = this._inputs.map(input => [input.dataset.field!, input.value] as const);
    if (!this._ready || this._busy || given.some(([, value]) => value.trim() === '')) {
      return;
    }
    this._busy = this._go.disabled = true;
    const began = performance.now();
    try {
      const answer = await this._ask({ ...Object.fromEntries(given), top: TOP });
      const spent = Math.max(1, Math.round(performance.now() - began));
      this._answer.replaceChildren(drawAnswer(answer, this._trans));
      setText(this._note, this._trans.__('answered in %1 ms, the way there and back included', spent));
    } catch (error) {
      this._answer.replaceChildren();
      setText(this._note, (error as Error).message);
    } finally {
      this._busy = false;
      this._go.disabled = !this._ready;
      this.node.dataset.asked = String(Number(this.node.dataset.asked ?? 0) + 1);
    }
  }

  private _box(field: string): HTMLTextAreaElement {
    const names: Record<string, string> = {
      text: this._trans.__('A text for the model'),
      pair: this._trans.__('The other text'),
      question: this._trans.__('A question'),
      context: this._trans.__('The text that holds the answer')
    };
    return h('textarea', {
      class: 'fm-tab-text',
      rows: field === 'question' ? 1 : 3,
      'data-fm': 'server-text',
      'data-field': field,
      'aria-label': names[field] ?? field,
      placeholder: names[field] ?? field,
      on: { keydown: event => this._onKey(event) }
    });
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.predict();
    }
  }

  private _fields: string[] = [];
  private _inputs: HTMLTextAreaElement[] = [];
  private _ready = false;
  private _busy = false;
  private readonly _boxes: HTMLElement;
  private readonly _go: HTMLButtonElement;
  private readonly _note: HTMLElement;
  private readonly _answer: HTMLElement;
}
