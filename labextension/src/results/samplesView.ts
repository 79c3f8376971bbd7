import type { TranslationBundle } from '@jupyterlab/translation';

import type { Sample } from '../contract';
import { h, setShown, setText } from '../ui/dom';

/** What a model wrote while it was trained: the newest text after each beginning, and a way back to earlier ones. */
export class SamplesView {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._at = h('input', {
      type: 'range',
      min: 0,
      max: 0,
      value: 0,
      'aria-label': _trans.__('Text in training time')
    });
    this._at.addEventListener('input', () => {
      this._follows = this._at.value === this._at.max;
      this._draw();
    });
    this._step = h('span', { class: 'fm-quiet', 'data-fm': 'sample-step' });
    this._texts = h('div', { class: 'fm-samples' });
    const bar = h('div', { class: 'fm-bar' }, h('h3', {}, _trans.__('What the model writes')), this._at, this._step);
    this.node = h('section', { class: 'fm-section', 'data-fm': 'samples', hidden: true }, bar, this._texts);
  }

  update(samples: Sample[]): void {
    if (samples.length === this._samples.length && last(samples)?.step === last(this._samples)?.step) {
      return;
    }
    this._samples = [...samples];
    this._steps = [...new Set(samples.map(({ step }) => step))].sort((one, other) => one - other);
    setShown(this.node, samples.length > 0);
    this._at.max = String(Math.max(0, this._steps.length - 1));
    if (this._follows) {
      this._at.value = this._at.max;
    }
    this._draw();
  }

  private _draw(): void {
    const step = this._steps[Number(this._at.value)] ?? last(this._steps);
    setText(this._step, step === undefined ? '' : this._trans.__('step %1', step));
    const shown = this._samples.filter(sample => sample.step === step);
    this._texts.replaceChildren(
      ...shown.map(({ prompt, text }) => h('p', {}, h('span', { class: 'fm-quiet' }, prompt), h('span', {}, text)))
    );
  }

  private _samples: Sample[] = [];
  private _steps: number[] = [];
  private _follows = true;
  private readonly _at: HTMLInputElement;
  private readonly _step: HTMLElement;
  private readonly _texts: HTMLElement;
}

function last<T>(items: T[]): T | undefined {
  return items[items.length - 1];
}
