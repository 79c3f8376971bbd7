import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { h, setShown, setText } from '../ui/dom';
import type { Classifier, IAnswer } from './engine';
import { ArtifactFiles, DamagedFile, type IFileSource } from './files';
import type { Hindrance } from './read';

/** Labels that are shown; a text has one, or a few. */
const SHOWN = 5;

/** An exported model in a tab: a box for a text, and what the model says of it, computed in this page. */
export class TabPanel extends Widget {
  constructor(
    readonly runId: string,
    readonly artifact: string,
    private readonly _source: IFileSource,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('fm-card');
    this.node.dataset.fm = 'tab';
    this._status = h('p', { class: 'fm-quiet', role: 'status', 'data-fm': 'tab-status' });
    this._text = h('textarea', {
      class: 'fm-tab-text',
      rows: 4,
      disabled: true,
      'data-fm': 'tab-text',
      'aria-label': _trans.__('Text'),
      placeholder: _trans.__('A text for the model'),
      on: { keydown: event => this._onKey(event) }
    });
    this._go = h('button', { type: 'button', class: 'fm-button fm-mod-accent', disabled: true, 'data-fm': 'tab-go' });
    this._go.append(_trans.__('Predict'));
    this._go.addEventListener('click', () => void this.predict());
    this._results = h('ol', { class: 'fm-tab-results', 'data-fm': 'tab-results', 'aria-live': 'polite' });
    this._spent = h('p', { class: 'fm-quiet', 'data-fm': 'tab-spent' });
    const promise = _trans.__(
      'Computed in this page by onnxruntime-web: no model server, no request outside this Jupyter server.'
    );
    const parts = [this._status, this._text, h('div', {}, this._go), this._results, this._spent];
    this.node.append(h('div', { class: 'fm-body fm-try' }, ...parts, h('p', { class: 'fm-quiet' }, promise)));
    void this._load();
  }

  dispose(): void {
    if (!this.isDisposed) {
      void this._model?.release();
      this._model = null;
      super.dispose();
    }
  }

  /** Ask the model about the text in the box; resolves when the answer is shown. */
  async predict(): Promise<void> {
    const text = this._text.value.trim() === '' ? '' : this._text.value;
    if (!this._model || this._busy || text === '') {
      return;
    }
    this._busy = this._go.disabled = true;
    try {
      this._show(await this._model.predict(text));
    } catch (error) {
      this._fail(error);
    } finally {
      this._busy = this._go.disabled = false;
    }
  }

  private async _load(): Promise<void> {
    this.node.dataset.state = 'loading';
    setText(this._status, this._trans.__('Loading the model…'));
    try {
      const [{ Classifier }, files] = await Promise.all([
        import('./engine'),
        ArtifactFiles.open(this._source, this.runId, this.artifact)
      ]);
      const model = await Classifier.load(files, share => this._progress(share));
      if (this.isDisposed) {
        return void model.release();
      }
      this._ready(model);
    } catch (error) {
      this._fail(error);
    }
  }

  private _progress(share: number): void {
    setText(this._status, this._trans.__('Loading the model: %1 %', Math.floor(share * 100)));
  }

  private _ready(model: Classifier): void {
    this._model = model;
    const { name, method } = model.about;
    this.title.label = name || this.artifact;
    setText(this._status, [name || this.runId, this.artifact, method].filter(Boolean).join(' · '));
    this._text.disabled = this._go.disabled = false;
    this.node.dataset.state = 'ready';
    this._text.focus();
  }

  private _show({ ranked, tokens, milliseconds }: IAnswer): void {
    const rows = ranked.slice(0, SHOWN).map(({ label, score }) => {
      const bar = h('meter', { min: 0, max: 1, value: score, 'aria-hidden': 'true' });
      const figure = h('span', { class: 'fm-tab-score' }, `${(100 * score).toFixed(1)} %`);
      return h('li', { 'data-label': label, 'data-score': score }, h('span', {}, label), bar, figure);
    });
    this._results.replaceChildren(...rows);
    setText(this._spent, this._trans.__('%1 tokens, %2 ms', tokens, Math.max(1, Math.round(milliseconds))));
    this._answers += 1;
    this.node.dataset.answers = String(this._answers);
  }

  private _fail(error: unknown): void {
    this.node.dataset.state = 'failed';
    setText(this._status, this._reason(error));
    setShown(this._status, true);
  }

  private _reason(error: unknown): string {
    const { why } = error as { why?: Hindrance };
    const reasons: Record<string, string> = {
      task: this._trans.__('Only text classifiers that were exported to ONNX run in the browser.'),
      pair: this._trans.__('This model compares two texts; that does not run in the browser. Serve it with %fm_serve.'),
      tokenizer: this._trans.__(
        'This model’s tokenizer cannot be reproduced exactly in the browser. Serve it with %fm_serve.'
      ),
      files: this._trans.__('The export lacks a model of at most 2 GB that is not encrypted.')
    };
    if (why && reasons[why]) {
      return reasons[why];
    }
    if (error instanceof DamagedFile) {
      return this._trans.__('“%1” is damaged: it is not the file that was exported.', error.path);
    }
    return this._trans.__('The model could not be run: %1', (error as Error).message ?? String(error));
  }

  private _onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.predict();
    }
  }

  private _model: Classifier | null = null;
  private _busy = false;
  private _answers = 0;
  private readonly _status: HTMLElement;
  private readonly _text: HTMLTextAreaElement;
  private readonly _go: HTMLButtonElement;
  private readonly _results: HTMLElement;
  private readonly _spent: HTMLElement;
}
