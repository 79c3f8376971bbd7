import type { TranslationBundle } from '@jupyterlab/translation';

import type { Detail } from '../contract';
import { h, svg } from '../ui/dom';
import { formatMetric, toNumber } from '../ui/numbers';

/** Rows that a table shows before the rest is asked for. */
const ROWS = 12;
/** The size of a reliability diagram, in pixels. */
const SIDE = 150;

type Cell = Detail['rows'][number][number];

/** What else there is to see of an evaluation: tables, calibration, the worst errors, what was written. */
export class DetailsView {
  readonly node = h('div', { 'data-fm': 'details' });

  constructor(private readonly _trans: TranslationBundle) {}

  show(details: Detail[]): void {
    this.node.replaceChildren(...details.filter(({ rows }) => rows.length).map(detail => this._section(detail)));
  }

  private _section(detail: Detail): HTMLElement {
    const node = h('details', { class: 'fm-details', 'data-fm': `detail-${detail.kind}` });
    node.append(h('summary', {}, this._title(detail.title)));
    if (detail.note) {
      node.append(h('p', { class: 'fm-quiet' }, detail.note));
    }
    if (detail.kind === 'calibration') {
      node.append(this._reliability(detail));
    }
    node.append(this._table(detail));
    return node;
  }

  /** The engine's titles in the user's language, where they are known. */
  private _title(title: string): string {
    const trans = this._trans;
    const known: Record<string, string> = {
      calibration: trans.__('Calibration'),
      'worst errors': trans.__('Worst errors'),
      'tags, token by token': trans.__('Tags, token by token'),
      examples: trans.__('Examples')
    };
    return known[title] ?? title;
  }

  private _table(detail: Detail): HTMLElement {
    const head = h('thead', {}, h('tr', {}, ...detail.columns.map(name => h('th', { scope: 'col' }, name))));
    const body = h('tbody', {}, ...detail.rows.slice(0, ROWS).map(row => this._row(row)));
    const table = h('table', { class: 'fm-table fm-mod-detail' }, head, body);
    const scroll = h('div', { class: 'fm-scroll', tabindex: 0, role: 'region', 'aria-label': detail.title }, table);
    if (detail.rows.length > ROWS) {
      const more = h('button', { type: 'button', class: 'fm-more' }, this._trans.__('Show all %1', detail.rows.length));
      more.addEventListener('click', () => {
        body.append(...detail.rows.slice(ROWS).map(row => this._row(row)));
        more.remove();
      });
      scroll.append(more);
    }
    return scroll;
  }

  private _row(row: Cell[]): HTMLElement {
    return h('tr', {}, ...row.map(cell => h('td', { class: isText(cell) ? 'fm-text' : '' }, written(cell))));
  }

  /** Accuracy over confidence, a dot a bin: on the diagonal a model is as right as it is sure. */
  private _reliability({ rows }: Detail): HTMLElement {
    const place = (value: number) => 12 + value * (SIDE - 24);
    const picture = svg('svg', { width: SIDE, height: SIDE, viewBox: `0 0 ${SIDE} ${SIDE}`, role: 'img' });
    const frame = { x: 12, y: 12, width: SIDE - 24, height: SIDE - 24, class: 'fm-frame' };
    picture.append(svg('rect', frame));
    picture.append(svg('line', { x1: 12, y1: SIDE - 12, x2: SIDE - 12, y2: 12, class: 'fm-diagonal' }));
    const total = rows.reduce((sum, row) => sum + toNumber(row[2] as number), 0);
    for (const [sure, right, count] of rows.map(row => row.map(cell => toNumber(cell as number)))) {
      const r = 2 + 8 * Math.sqrt(count / total);
      picture.append(svg('circle', { cx: place(sure), cy: SIDE - place(right), r, class: 'fm-dot' }));
    }
    const caption = h('figcaption', { class: 'fm-quiet' }, this._trans.__('confidence → · accuracy ↑'));
    const figure = h('figure', { class: 'fm-figure fm-mod-reliability' }, caption);
    figure.prepend(picture);
    return figure;
  }
}

function isText(cell: Cell): boolean {
  return typeof cell === 'string' && !['NaN', 'Infinity', '-Infinity'].includes(cell);
}

function written(cell: Cell): string {
  if (cell === null) {
    return '–';
  }
  return isText(cell) ? String(cell) : Number.isInteger(cell) ? String(cell) : formatMetric(cell as number);
}
