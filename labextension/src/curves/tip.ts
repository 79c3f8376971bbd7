import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunState } from '../follow/state';
import { h } from '../ui/dom';
import { formatRate, formatValue } from '../ui/numbers';
import type { Chart, Pointed } from './chart';

/** The place in an ascending list that is nearest to a value. */
export function nearest(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    [low, high] = steps[middle] <= step ? [middle, high] : [low, middle];
  }
  return high >= 0 && Math.abs(steps[high] - step) < Math.abs(steps[low] - step) ? high : low;
}

/** The values under the pointer, in a box of our own: names are written as text, whatever they hold. */
export class CurveTip {
  readonly node: HTMLElement;

  constructor(private readonly _trans: TranslationBundle) {
    this._line = h('div', { class: 'fm-crosshair' });
    this._box = h('div', { class: 'fm-tip' });
    this.node = h('div', { class: 'fm-curve-tip', hidden: true, 'aria-hidden': 'true' }, this._line, this._box);
  }

  /** Show the shown curves' values at the step that is pointed at. */
  point(at: Pointed, chart: Chart, state: RunState): void {
    const names = [...chart.lines.values()].filter(line => line.shown && state.count(line.name)).map(line => line.name);
    this.node.hidden = at === null || names.length === 0;
    if (at && names.length) {
      const step = this._stepAt(at.step, names, state);
      this._box.replaceChildren(
        h('div', { class: 'fm-tip-step' }, this._trans.__('step %1', step)),
        ...names.map(name => this._row(name, step, chart, state)).filter(row => row !== null),
        ...this._marks(at, step, state)
      );
      this._place(at);
    }
  }

  private _stepAt(step: number, names: string[], state: RunState): number {
    const steps = names.map(name => state.series.get(name)!.steps).map(list => list[nearest(list, step)]);
    return steps.reduce((best, each) => (Math.abs(each - step) < Math.abs(best - step) ? each : best));
  }

  private _row(name: string, step: number, chart: Chart, state: RunState): HTMLElement | null {
    const series = state.series.get(name)!;
    const index = nearest(series.steps, step);
    if (series.steps[index] !== step) {
      return null;
    }
    const swatch = h('i', { class: 'fm-swatch', style: `background:${chart.colourOf(name)}` });
    const value = name === 'learning_rate' ? formatRate(series.values[index]) : formatValue(series.values[index]);
    return h('div', { class: 'fm-tip-row' }, swatch, h('span', {}, name), h('b', {}, value));
  }

  private _marks(at: NonNullable<Pointed>, step: number, state: RunState): HTMLElement[] {
    const near = state.marks.filter(mark => Math.abs(mark.step - step) <= Math.max(1, state.head!.step / 150));
    return near.slice(-4).map(mark => h('div', { class: 'fm-tip-mark' }, mark.text || mark.kind));
  }

  private _place(at: NonNullable<Pointed>): void {
    Object.assign(this._line.style, { left: `${at.x}px`, height: `${at.height}px` });
    const leftward = at.x > at.width / 2;
    this._box.style.left = leftward ? 'auto' : `${at.x + 12}px`;
    this._box.style.right = leftward ? `calc(100% - ${at.x - 12}px)` : 'auto';
    this._box.style.top = `${Math.max(24, Math.min(at.y, at.height - 30))}px`;
  }

  private readonly _line: HTMLElement;
  private readonly _box: HTMLElement;
}
