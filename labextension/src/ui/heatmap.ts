import { h, setText } from './dom';

/** A square picture of cells with a cell under the cursor; arrows move it when it has the focus. */
export interface IHeatmapOptions {
  label: string;
  hook: string;
  /** The words for a cell. */
  describe(row: number, column: number): string;
  /** Told which cell is pointed at, or null. */
  onPoint?(cell: readonly [number, number] | null): void;
}

/** Draws n x n cells of one colour each on a canvas, and says in words which one is pointed at. */
export class Heatmap {
  readonly node: HTMLElement;

  constructor(private readonly _options: IHeatmapOptions) {
    const { label, hook } = _options;
    this._canvas = h('canvas', { class: 'fm-heatmap-canvas', tabindex: 0, role: 'img', 'aria-label': label });
    this._tip = h('div', { class: 'fm-tip', 'data-fm': `${hook}-readout`, role: 'status', hidden: true });
    this._box = h('div', { class: 'fm-heatmap-cursor', hidden: true });
    this.node = h('div', { class: 'fm-heatmap', 'data-fm': hook }, this._canvas, this._box, this._tip);
    this._canvas.addEventListener('pointermove', event => this._point(this._cellAt(event)));
    this._canvas.addEventListener('pointerleave', () => this._point(null));
    this._canvas.addEventListener('blur', () => this._point(null));
    this._canvas.addEventListener('keydown', event => this._onKey(event));
  }

  /** Show RGBA pixels [rows, columns, 4], each cell `size` CSS pixels wide and high. */
  draw(pixels: Uint8ClampedArray<ArrayBuffer>, rows: number, columns: number, size: number): void {
    [this._rows, this._columns, this._size] = [rows, columns, size];
    this._canvas.width = columns;
    this._canvas.height = rows;
    this._canvas.style.width = `${columns * size}px`;
    this._canvas.style.height = `${rows * size}px`;
    this._canvas.getContext('2d')?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
    if (this._cell) {
      this._point(this._cell[0] < rows && this._cell[1] < columns ? this._cell : null);
    }
  }

  private _cellAt(event: PointerEvent): readonly [number, number] | null {
    const box = this._canvas.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this._rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this._columns);
    return row >= 0 && column >= 0 && row < this._rows && column < this._columns ? [row, column] : null;
  }

  private _onKey(event: KeyboardEvent): void {
    const moves: Record<string, readonly [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1]
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      event.stopPropagation();
      const [row, column] = this._cell ?? [0, 0];
      const clamp = (value: number, count: number) => Math.min(count - 1, Math.max(0, value));
      this._point([clamp(row + move[0], this._rows), clamp(column + move[1], this._columns)]);
    }
  }

  private _point(cell: readonly [number, number] | null): void {
    this._cell = cell;
    this._options.onPoint?.(cell);
    this._tip.hidden = this._box.hidden = cell === null;
    if (cell) {
      const [row, column] = cell;
      setText(this._tip, this._options.describe(row, column));
      const [x, y] = [column * this._size, row * this._size];
      Object.assign(this._box.style, {
        left: `${x}px`,
        top: `${y}px`,
        width: `${this._size}px`,
        height: `${this._size}px`
      });
      const leftward = x > (this._columns * this._size) / 2;
      this._tip.style.left = leftward ? 'auto' : `${x + this._size + 6}px`;
      this._tip.style.right = leftward ? `calc(100% - ${x - 6}px)` : 'auto';
      this._tip.style.top = `${y + this._size / 2}px`;
    }
  }

  private _rows = 0;
  private _columns = 0;
  private _size = 0;
  private _cell: readonly [number, number] | null = null;
  private readonly _canvas: HTMLCanvasElement;
  private readonly _tip: HTMLElement;
  private readonly _box: HTMLElement;
}
