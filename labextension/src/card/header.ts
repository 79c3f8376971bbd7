import type { TranslationBundle } from '@jupyterlab/translation';

import type { Head } from '../contract';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { formatCount, formatDuration, formatMetric, formatRate, formatValue, toNumber } from '../ui/numbers';
import { ENDED, phaseWord, splitMetricWord, statusWord } from '../ui/words';
import { forecastWords } from './forecast';

/** Who the run is: name, status, what is trained on what, and where. */
export class HeaderView {
  readonly node: HTMLElement;

  constructor(
    private readonly _trans: TranslationBundle,
    controls: HTMLElement
  ) {
    this._name = h('h2', { class: 'fm-name' });
    this._chip = h('span', { class: 'fm-chip', 'data-fm': 'status' });
    this._phase = h('span', { class: 'fm-quiet', 'data-fm': 'phase' });
    this._facts = h('p', { class: 'fm-facts' });
    this._machine = h('p', { class: 'fm-facts fm-quiet' });
    this._cost = h('p', { class: 'fm-facts fm-quiet', 'data-fm': 'forecast', hidden: true });
    const title = h('div', { class: 'fm-title' }, this._chip, this._name, this._phase);
    this.node = h(
      'div',
      { class: 'fm-header' },
      h('div', { class: 'fm-ident' }, title, this._facts, this._cost, this._machine),
      controls
    );
  }

  update(head: Head): void {
    setText(this._name, head.name || head.id);
    setText(this._chip, statusWord(head.status, this._trans));
    setAttribute(this._chip, 'data-status', head.status);
    setText(this._phase, phaseWord(head.phase, this._trans));
    setText(this._facts, [head.task, head.model, head.data].filter(Boolean).join(' · '));
    setText(this._machine, this._machineFacts(head).join(' · '));
    setAttribute(this._machine, 'title', this._parameters(head));
    setText(this._cost, forecastWords(head.forecast, this._trans));
    setAttribute(this._cost, 'title', head.forecast?.basis ?? '');
    setAttribute(this._cost, 'data-fits', String(head.forecast?.fits ?? true));
    setShown(this._cost, Boolean(head.forecast));
  }

  private _machineFacts(head: Head): string[] {
    const trained = head.parameters && head.trainable < head.parameters;
    const share = trained ? ` (${this._trans.__('%1 trained', formatCount(head.trainable))})` : '';
    const count = head.parameters ? this._trans.__('%1 parameters', formatCount(head.parameters)) + share : '';
    const rows = Object.entries(head.rows ?? {}).map(([split, number]) => `${split} ${number.toLocaleString()}`);
    const attempt = head.attempt > 1 ? this._trans.__('attempt %1', head.attempt) : '';
    return [head.device, head.precision, count, rows.join(', '), attempt].filter(Boolean);
  }

  private _parameters(head: Head): string {
    return head.parameters ? this._trans.__('%1 parameters', head.parameters.toLocaleString()) : '';
  }

  private readonly _name: HTMLElement;
  private readonly _chip: HTMLElement;
  private readonly _phase: HTMLElement;
  private readonly _facts: HTMLElement;
  private readonly _cost: HTMLElement;
  private readonly _machine: HTMLElement;
}

/** How far the run is, and its present figures. */
export class ProgressView {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._bar = h('div', { class: 'fm-progress-bar' });
    this._track = h('div', {
      class: 'fm-progress',
      role: 'progressbar',
      'aria-label': _trans.__('Progress'),
      'aria-valuemin': 0
    });
    this._track.append(this._bar);
    this._words = h('div', { class: 'fm-progress-words' });
    this._tiles = h('dl', { class: 'fm-tiles' });
    this.node = h('div', { class: 'fm-state' }, this._track, this._words, this._tiles);
  }

  update(head: Head): void {
    const total = Math.max(head.total_steps, 0);
    const share = total ? Math.min(1, head.step / total) : 0;
    this._bar.style.width = `${100 * share}%`;
    setAttribute(this._track, 'aria-valuemax', total || 1);
    setAttribute(this._track, 'aria-valuenow', head.step);
    setAttribute(this._track, 'data-status', head.status);
    this._fill(
      this._words,
      this._progress(head, total).map(word => [word, ''])
    );
    this._fillTiles(this._figures(head));
  }

  private _progress(head: Head, total: number): string[] {
    const left = head.eta_seconds !== null && !ENDED.has(head.status);
    return [
      total ? this._trans.__('step %1 of %2', head.step.toLocaleString(), total.toLocaleString()) : '',
      total ? this._trans.__('epoch %1 of %2', toNumber(head.epoch).toFixed(2), trim(toNumber(head.epochs))) : '',
      this._trans.__('%1 elapsed', formatDuration(head.elapsed_seconds)),
      left ? this._trans.__('%1 left', formatDuration(head.eta_seconds)) : ''
    ].filter(Boolean);
  }

  private _figures(head: Head): [string, string][] {
    const figures: [string, string][] = [
      [this._trans.__('Loss'), formatValue(head.loss)],
      [this._trans.__('Learning rate'), formatRate(head.learning_rate)],
      [this._trans.__('Samples/s'), formatCount(head.samples_per_second)],
      [this._trans.__('Tokens/s'), formatCount(head.tokens_per_second)]
    ];
    const [metric] = Object.entries(head.metrics ?? {});
    return metric
      ? [[splitMetricWord(metric[0], head.metrics_split, this._trans), formatMetric(metric[1])], ...figures]
      : figures;
  }

  private _fillTiles(figures: [string, string][]): void {
    while (this._tiles.children.length > figures.length) {
      this._tiles.lastElementChild?.remove();
    }
    figures.forEach(([name, value], index) => {
      const tile = this._tiles.children[index] ?? this._tiles.appendChild(h('div', {}, h('dt'), h('dd')));
      setText(tile.children[0], name);
      setText(tile.children[1], value);
      tile.classList.toggle('fm-mod-bad', value === 'NaN');
    });
  }

  private _fill(node: HTMLElement, words: [string, string][]): void {
    words.forEach(([word], index) => setText(node.children[index] ?? node.appendChild(h('span')), word));
    while (node.children.length > words.length) {
      node.lastElementChild?.remove();
    }
  }

  private readonly _track: HTMLElement;
  private readonly _bar: HTMLElement;
  private readonly _words: HTMLElement;
  private readonly _tiles: HTMLElement;
}

/** What the user should hear: why it failed, what was guessed, whether the numbers still come. */
export class NoticesView {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._error = h('p', { class: 'fm-error', role: 'alert', 'data-fm': 'error', hidden: true });
    this._message = h('p', { class: 'fm-message', 'data-fm': 'message', hidden: true });
    this._link = h('p', { class: 'fm-quiet', 'data-fm': 'connection', role: 'status', hidden: true });
    this._summary = h('summary');
    this._list = h('ul', { class: 'fm-notices', 'data-fm': 'notices' });
    this._many = h('details', { class: 'fm-details', hidden: true }, this._summary);
    this.node = h('div', { class: 'fm-said' }, this._error, this._message, this._list, this._many, this._link);
  }

  update(head: Head, notices: readonly { text: string; level: string }[], link: string): void {
    const lost = head.lost_records ? this._trans.__('%1 damaged records were passed over.', head.lost_records) : '';
    this._say(this._error, head.status === 'failed' ? head.error || head.message : '');
    this._say(this._message, [head.status === 'failed' ? '' : head.message, lost].filter(Boolean).join(' '));
    this._say(this._link, link);
    if (notices.length !== this._count) {
      this._count = notices.length;
      this._list.replaceChildren(...notices.map(({ text, level }) => h('li', { 'data-level': level }, text)));
      this._collapse(notices.length > 3);
    }
  }

  private _collapse(many: boolean): void {
    setShown(this._many, many);
    setText(this._summary, this._trans.__('%1 notices', this._count));
    if (many) {
      this._many.append(this._list);
    } else {
      this.node.insertBefore(this._list, this._many);
    }
  }

  private _say(node: HTMLElement, text: string): void {
    setText(node, text);
    setShown(node, text !== '');
  }

  private _count = 0;
  private readonly _error: HTMLElement;
  private readonly _message: HTMLElement;
  private readonly _link: HTMLElement;
  private readonly _summary: HTMLElement;
  private readonly _list: HTMLElement;
  private readonly _many: HTMLElement;
}

function trim(number: number): string {
  return Number.isInteger(number) ? String(number) : number.toFixed(2);
}
