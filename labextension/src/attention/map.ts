import type { TranslationBundle } from '@jupyterlab/translation';

import { h } from '../ui/dom';
import { Heatmap } from '../ui/heatmap';
import { paint, peakOf } from './tensor';

const SMALLEST = 11;
const LARGEST = 32;
/** The font that travels along, see style/tokens.css. */
const FONT = '11px fm-chinese';

/** One attention map with its tokens: rows look from, columns are looked at. */
export class AttentionMap {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._heatmap = new Heatmap({
      label: _trans.__('Attention map; the arrow keys move over its cells'),
      hook: 'attention-heatmap',
      describe: (row, column) => this._describe(row, column),
      onPoint: cell => this._mark(cell)
    });
    this._top = h('div', { class: 'fm-tokens-top', 'data-fm': 'attention-tokens', 'aria-hidden': 'true' });
    this._left = h('div', { class: 'fm-tokens-left', 'aria-hidden': 'true' });
    const grid = h('div', { class: 'fm-attention-grid' }, h('div'), this._top, this._left, this._heatmap.node);
    this.node = h('div', { class: 'fm-attention-map', tabindex: -1 }, grid);
  }

  /**
   * Show a map, uint8 [n, n], for n tokens, in at most `width` CSS pixels where the cells do not get too small.
   * Returns about how many pixels it takes.
   */
  show(map: Uint8Array, tokens: string[], colours: Uint8ClampedArray, width: number): number {
    this._map = map;
    const n = tokens.length;
    const label = Math.min(120, this._labelWidth(tokens));
    const room = width - label - 28;
    const size = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(room / n)));
    this._label(tokens, size);
    this._heatmap.draw(paint(map, colours, peakOf(map)), n, n, size);
    return label + n * size + 40;
  }

  private _labelWidth(tokens: string[]): number {
    // A wide sign counts twice; this is only to share the room out, the browser measures for itself.
    const wide = (token: string) => [...token].reduce((sum, sign) => sum + (sign > '\u2e80' ? 13 : 7), 12);
    return Math.max(...tokens.map(wide));
  }

  private _label(tokens: string[], size: number): void {
    const key = `${size}\n${tokens.join('\n')}`;
    this._tokens = tokens;
    if (key === this._key) {
      return;
    }
    this._key = key;
    this._write(tokens, size);
    const text = tokens.join('');
    if (!document.fonts.check(FONT, text)) {
      // A sign that was shaped before its font was there may stay an empty box: labels are written anew when it has been
      // there for a frame, since the page takes a new font in only then.
      const anew = () => key === this._key && this._write(tokens, size);
      void document.fonts.load(FONT, text).then(() => setTimeout(anew, 100));
    }
  }

  private _write(tokens: string[], size: number): void {
    for (const side of [this._top, this._left]) {
      side.style.setProperty('--fm-cell', `${size}px`);
      side.replaceChildren(...tokens.map(token => h('span', { title: token }, h('span', {}, token))));
    }
  }

  private _describe(row: number, column: number): string {
    const weight = ((this._map[row * this._tokens.length + column] ?? 0) / 255).toFixed(2);
    return this._trans.__('from “%1” to “%2”: %3', this._tokens[row], this._tokens[column], weight);
  }

  private _mark(cell: readonly [number, number] | null): void {
    this._marked.forEach(label => label.classList.remove('fm-mod-pointed'));
    this._marked = cell ? [this._left.children[cell[0]], this._top.children[cell[1]]].filter(Boolean) : [];
    this._marked.forEach(label => label.classList.add('fm-mod-pointed'));
  }

  private _map: Uint8Array = new Uint8Array();
  private _tokens: string[] = [];
  private _key = '';
  private _marked: Element[] = [];
  private readonly _top: HTMLElement;
  private readonly _left: HTMLElement;
  private readonly _heatmap: Heatmap;
}
