import type { TranslationBundle } from '@jupyterlab/translation';

import { h, setAttribute } from '../ui/dom';
import { headMap, paint, peakOf, type IShape } from './tensor';

const GAP = 4;
const LARGEST = 84;
const SMALLEST = 22;
const LABEL = 52;

/** The least width in CSS pixels that all heads of a layer take side by side. */
export function leastWidth(heads: number): number {
  return LABEL + heads * (SMALLEST + GAP);
}

/** All heads of all layers as small pictures: a row a layer, a column a head. A click opens one. */
export class AttentionGrid {
  readonly node: HTMLElement;

  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _open: (layer: number, head: number) => void
  ) {
    this.node = h('div', { class: 'fm-thumbs', 'data-fm': 'attention-thumbs', role: 'group' });
  }

  /** Show a snapshot in `width` CSS pixels. */
  show(bytes: Uint8Array, shape: IShape, colours: Uint8ClampedArray, width: number): void {
    this._lay(shape, width);
    this._canvases.forEach((canvas, index) => {
      const map = headMap(bytes, shape, Math.floor(index / shape.heads), index % shape.heads);
      canvas.width = canvas.height = shape.n;
      canvas.getContext('2d')?.putImageData(new ImageData(paint(map, colours, peakOf(map)), shape.n, shape.n), 0, 0);
    });
  }

  /** Mark the picture that is open beside; NaN for none. */
  mark(layer: number, head: number): void {
    const heads = this._canvases.length / Math.max(1, this._layers);
    this._canvases.forEach((canvas, index) => {
      const here = Math.floor(index / heads) === layer && index % heads === head;
      setAttribute(canvas.parentElement!, 'aria-pressed', here ? 'true' : 'false');
    });
  }

  private _lay(shape: IShape, width: number): void {
    const size = Math.max(SMALLEST, Math.min(LARGEST, Math.floor((width - LABEL) / shape.heads - GAP)));
    this.node.style.setProperty('--fm-thumb', `${size}px`);
    const key = `${shape.layers}x${shape.heads}`;
    if (key !== this._key) {
      this._key = key;
      this._canvases = [];
      this._layers = shape.layers;
      this.node.replaceChildren(this._header(shape.heads), ...this._rows(shape));
    }
  }

  private _header(heads: number): HTMLElement {
    const cells = Array.from({ length: heads }, (_, head) => h('span', { class: 'fm-thumb-head' }, String(head)));
    return h('div', { class: 'fm-thumb-row', 'aria-hidden': 'true' }, h('span', { class: 'fm-thumb-layer' }), ...cells);
  }

  private _rows(shape: IShape): HTMLElement[] {
    return Array.from({ length: shape.layers }, (_, layer) => {
      const thumbs = Array.from({ length: shape.heads }, (__, head) => this._thumb(layer, head));
      const name = h('span', { class: 'fm-thumb-layer', 'aria-hidden': 'true' }, this._trans.__('layer %1', layer));
      return h('div', { class: 'fm-thumb-row' }, name, ...thumbs);
    });
  }

  private _thumb(layer: number, head: number): HTMLElement {
    const canvas = h('canvas', {});
    this._canvases.push(canvas);
    const label = this._trans.__('Layer %1, head %2', layer, head);
    const on = { click: () => this._open(layer, head) };
    return h('button', { type: 'button', class: 'fm-thumb', title: label, 'aria-label': label, on }, canvas);
  }

  private _key = '';
  private _layers = 0;
  private _canvases: HTMLCanvasElement[] = [];
}
