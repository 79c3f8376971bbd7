import type { TranslationBundle } from '@jupyterlab/translation';

import { h } from '../ui/dom';
import { formatMetric } from '../ui/numbers';
import { readReport, sortRows, type Column, type IClassRow } from './report';

/** The scores of every class in a table; the weakest class stands first until a heading is clicked. */
export class ReportView {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._body = h('tbody');
    this._foot = h('tfoot');
    this._head = h('tr');
    const table = h('table', { class: 'fm-table' }, h('thead', {}, this._head), this._body, this._foot);
    this._summary = h('summary', {}, _trans.__('Scores by class'));
    const scroll = h(
      'div',
      { class: 'fm-scroll', tabindex: 0, role: 'region', 'aria-label': _trans.__('Scores by class') },
      table
    );
    this.node = h('details', { class: 'fm-details', 'data-fm': 'report' }, this._summary, scroll);
  }

  /** Show a report; the node is empty of rows when it holds no scores. Returns whether there is something to see. */
  show(report: Record<string, unknown>): boolean {
    const { classes, averages } = readReport(report);
    this._classes = classes;
    this._foot.replaceChildren(...averages.map(row => this._row(row)));
    this._draw();
    return classes.length > 0;
  }

  private _draw(): void {
    this._head.replaceChildren(...this._columns().map(([column, word]) => this._heading(column, word)));
    const rows = sortRows(this._classes, this._by, this._descending);
    this._body.replaceChildren(...rows.map(row => this._row(row)));
  }

  private _columns(): [Column, string][] {
    return [
      ['label', this._trans.__('Class')],
      ['f1', 'F1'],
      ['precision', this._trans.__('Precision')],
      ['recall', this._trans.__('Recall')],
      ['support', this._trans.__('Rows')]
    ];
  }

  private _heading(column: Column, word: string): HTMLElement {
    const sorted = this._by === column ? (this._descending ? 'descending' : 'ascending') : 'none';
    const button = h('button', { type: 'button', class: 'fm-sort' }, word);
    button.addEventListener('click', () => this._sort(column));
    return h('th', { scope: 'col', 'aria-sort': sorted }, button);
  }

  private _sort(column: Column): void {
    this._descending = this._by === column ? !this._descending : column === 'support';
    this._by = column;
    this._draw();
    const buttons = this._head.querySelectorAll('button');
    buttons[this._columns().findIndex(([name]) => name === column)]?.focus();
  }

  private _row(row: IClassRow): HTMLElement {
    const bar = h('span', { class: 'fm-score-bar', style: `--fm-score:${Number.isFinite(row.f1) ? row.f1 : 0}` });
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, row.label),
      h('td', { class: 'fm-score' }, bar, formatMetric(row.f1)),
      h('td', {}, formatMetric(row.precision)),
      h('td', {}, formatMetric(row.recall)),
      h('td', {}, Number.isFinite(row.support) ? String(row.support) : '–')
    );
  }

  private _classes: IClassRow[] = [];
  private _by: Column = 'f1';
  private _descending = false;
  private readonly _summary: HTMLElement;
  private readonly _head: HTMLElement;
  private readonly _body: HTMLElement;
  private readonly _foot: HTMLElement;
}
