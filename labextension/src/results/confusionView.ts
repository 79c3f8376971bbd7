import type { TranslationBundle } from '@jupyterlab/translation';

import { paint } from '../attention/tensor';
import type { ISettings } from '../settings/tokens';
import { h } from '../ui/dom';
import { Heatmap } from '../ui/heatmap';
import { colourOf, inkOn, palette } from '../ui/palette';
import { isDark } from '../ui/theme';
import { confusedPairs, rowShares, type IConfusion } from './confusion';

/** More classes than this do not fit a table that can be read. */
const TABLE_LIMIT = 15;
const PAIRS = 12;
const ROOM = 330;

/** A confusion matrix: a table of few classes, or the most confused pairs and a small picture of many. */
export class ConfusionView {
  readonly node: HTMLElement;

  constructor(
    private readonly _settings: ISettings,
    private readonly _trans: TranslationBundle
  ) {
    this._content = h('div', { class: 'fm-confusion' });
    this.node = h('details', { class: 'fm-details', 'data-fm': 'confusion', open: true });
    this.node.append(h('summary', {}, _trans.__('Confusion matrix')), this._content);
  }

  show(confusion: IConfusion): void {
    const small = confusion.labels.length <= TABLE_LIMIT;
    this._content.replaceChildren(
      ...(small ? [this._table(confusion)] : [this._pairs(confusion), this._picture(confusion)])
    );
  }

  private get _colours(): Uint8ClampedArray {
    return palette(this._settings.palette, isDark());
  }

  private _table({ labels, matrix }: IConfusion): HTMLElement {
    const shares = rowShares(matrix);
    const head = h(
      'tr',
      {},
      this._corner(),
      ...labels.map(label => h('th', { scope: 'col', title: label }, h('span', {}, label)))
    );
    const rows = labels.map((label, truth) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row', title: label }, label),
        ...matrix[truth].map((count, guess) => this._cell(count, shares[truth][guess]))
      )
    );
    const table = h('table', { class: 'fm-matrix' }, h('thead', {}, head), h('tbody', {}, ...rows));
    return h(
      'div',
      { class: 'fm-scroll', tabindex: 0, role: 'region', 'aria-label': this._trans.__('Confusion matrix') },
      table
    );
  }

  private _corner(): HTMLElement {
    return h('td', { class: 'fm-corner' }, this._trans.__('truth ↓ · predicted →'));
  }

  private _cell(count: number, share: number): HTMLElement {
    const colours = this._colours;
    const style = `background:${colourOf(colours, share)};color:${inkOn(colours, share)}`;
    return h('td', { style: count ? style : `background:${colourOf(colours, 0)};color:transparent` }, String(count));
  }

  private _pairs(confusion: IConfusion): HTMLElement {
    const pairs = confusedPairs(confusion, PAIRS);
    if (!pairs.length) {
      return h('p', { class: 'fm-quiet' }, this._trans.__('No class was taken for another one.'));
    }
    const heads = [
      this._trans.__('Truth'),
      this._trans.__('Predicted'),
      this._trans.__('Rows'),
      this._trans.__('Share')
    ];
    const rows = pairs.map(pair =>
      h(
        'tr',
        {},
        ...[pair.truth, pair.guess, String(pair.count), `${Math.round(100 * pair.share)} %`].map(text =>
          h('td', {}, text)
        )
      )
    );
    const head = h('thead', {}, h('tr', {}, ...heads.map(word => h('th', { scope: 'col' }, word))));
    const caption = h('caption', {}, this._trans.__('Most often confused'));
    return h('table', { class: 'fm-table fm-mod-pairs' }, caption, head, h('tbody', {}, ...rows));
  }

  private _picture({ labels, matrix }: IConfusion): HTMLElement {
    const shares = rowShares(matrix);
    const heatmap = new Heatmap({
      label: this._trans.__('Confusion matrix; the arrow keys move over its cells'),
      hook: 'confusion-heatmap',
      describe: (truth, guess) =>
        this._trans.__('“%1” called “%2”: %3', labels[truth], labels[guess], matrix[truth][guess])
    });
    const size = Math.max(2, Math.min(14, Math.floor(ROOM / labels.length)));
    const bytes = Uint8Array.from(shares.flat(), share => Math.round(255 * share));
    heatmap.draw(paint(bytes, this._colours, 255), labels.length, labels.length, size);
    return h(
      'figure',
      { class: 'fm-figure' },
      heatmap.node,
      h('figcaption', { class: 'fm-quiet' }, this._trans.__('truth ↓ · predicted →'))
    );
  }

  private readonly _content: HTMLElement;
}
