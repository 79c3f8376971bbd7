import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunState } from '../follow/state';
import type { ISettings } from '../settings/tokens';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { metricWord } from '../ui/words';
import type * as Bokeh from './bokeh';
import { Chart, type Pointed } from './chart';
import { groupSeries, type IGroup } from './groups';
import { CurveTip } from './tip';

/** A tab of the curves: its button, its panel, and its chart once it has been looked at. */
interface ITab {
  group: IGroup;
  button: HTMLButtonElement;
  panel: HTMLElement;
  legend: HTMLElement;
  host: HTMLElement;
  tip: CurveTip;
  chart: Chart | null;
}

let loading: Promise<typeof Bokeh> | null = null;

/** The curves of a run in tabs; points are appended to what is drawn, so zoom and view stay. */
export class CurvesView {
  readonly node: HTMLElement;

  constructor(
    private readonly _state: RunState,
    settings: ISettings,
    private readonly _trans: TranslationBundle
  ) {
    this._tablist = h('div', { class: 'fm-tabs', role: 'tablist', 'aria-label': _trans.__('Curves') });
    this._tablist.addEventListener('keydown', event => this._onKey(event));
    this._smooth = h('input', { type: 'checkbox', 'data-fm': 'smooth', checked: settings.smoothing });
    this._smooth.addEventListener('change', () => this._onSmooth());
    this._check = h('label', { class: 'fm-check' }, this._smooth, _trans.__('Smooth'));
    const reset = h('button', { type: 'button', class: 'fm-button fm-mod-quiet' }, _trans.__('Reset zoom'));
    reset.addEventListener('click', () => this._tabs.get(this._chosen)?.chart?.reset());
    this._panels = h('div', { class: 'fm-panels' });
    const bar = h('div', { class: 'fm-bar' }, this._tablist, h('span', { class: 'fm-gap' }), this._check, reset);
    this.node = h('section', { class: 'fm-section', 'data-fm': 'curves', hidden: true }, bar, this._panels);
    this._observer = new ResizeObserver(() => this._onResize());
    this._observer.observe(this.node);
  }

  /** Take in what the run has now. */
  update(): void {
    const groups = groupSeries(this._state.series.keys());
    setShown(this.node, groups.length > 0);
    for (const group of groups) {
      const tab = this._tabs.get(group.key) ?? this._add(group);
      tab.group = group;
    }
    this._order(groups);
    if (!this._tabs.has(this._chosen) && groups.length) {
      this._choose(groups[0].key);
    }
    this._draw();
  }

  /** Wear another theme; off the page there are no colours to read, so that waits. */
  redraw(): void {
    this._stale = !this._attached;
    if (this._stale) {
      return;
    }
    for (const tab of this._tabs.values()) {
      tab.chart?.dress();
      tab.legend.dataset.key = '';
    }
    this._draw();
  }

  dispose(): void {
    this._disposed = true;
    this._observer.disconnect();
    this._tabs.forEach(tab => tab.chart?.dispose());
  }

  private _add(group: IGroup): ITab {
    const label = this._label(group.key);
    const button = h('button', { type: 'button', role: 'tab', class: 'fm-tab', 'data-fm-tab': group.key }, label);
    button.addEventListener('click', () => this._choose(group.key));
    const [legend, host, tip] = [
      h('div', { class: 'fm-legend' }),
      h('div', { class: 'fm-plot' }),
      new CurveTip(this._trans)
    ];
    const stage = h('div', { class: 'fm-plot-stage' }, host, tip.node);
    const panel = h('div', { role: 'tabpanel', 'aria-label': label, hidden: true }, stage, legend);
    const tab: ITab = { group, button, panel, legend, host, tip, chart: null };
    this._tabs.set(group.key, tab);
    this._panels.append(panel);
    return tab;
  }

  private _label(key: string): string {
    const words: Record<string, string> = {
      metrics: this._trans.__('Metrics'),
      learning_rate: this._trans.__('Learning rate'),
      grad_norm: this._trans.__('Gradient norm'),
      bits: this._trans.__('Bits')
    };
    return words[key] ?? metricWord(key, this._trans);
  }

  private _order(groups: IGroup[]): void {
    const buttons = groups.map(group => this._tabs.get(group.key)!.button);
    const now = [...this._tablist.children];
    if (now.length !== buttons.length || buttons.some((button, index) => button !== now[index])) {
      this._tablist.replaceChildren(...buttons);
    }
    for (const [key, tab] of this._tabs) {
      setShown(
        tab.button,
        groups.some(group => group.key === key)
      );
    }
  }

  private _choose(key: string): void {
    this._chosen = key;
    for (const [name, tab] of this._tabs) {
      setAttribute(tab.button, 'aria-selected', name === key ? 'true' : 'false');
      setAttribute(tab.button, 'tabindex', name === key ? 0 : -1);
      setShown(tab.panel, name === key);
    }
    setShown(this._check, key === 'loss');
    this._draw();
  }

  private _onKey(event: KeyboardEvent): void {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (move) {
      event.preventDefault();
      event.stopPropagation();
      const buttons = [...this._tablist.children] as HTMLButtonElement[];
      const at = buttons.findIndex(button => button.dataset.fmTab === this._chosen);
      const next = buttons[(at + move + buttons.length) % buttons.length];
      this._choose(next.dataset.fmTab ?? '');
      next.focus();
    }
  }

  private _draw(): void {
    const tab = this._tabs.get(this._chosen);
    if (!tab || !this._attached) {
      return;
    }
    if (!tab.chart) {
      void this._build(tab);
      return;
    }
    tab.chart.update(this._state, tab.group.series);
    this._drawLegend(tab, tab.chart);
  }

  /** Notebooks take cells off the page that are scrolled away. */
  private get _attached(): boolean {
    return this.node.isConnected && this.node.clientWidth > 0;
  }

  private _onResize(): void {
    const attached = this._attached;
    if (attached && !this._seen) {
      if (this._stale) {
        this.redraw();
      } else {
        this._draw();
      }
    }
    this._seen = attached;
  }

  private async _build(tab: ITab): Promise<void> {
    if (this._building.has(tab)) {
      return;
    }
    this._building.add(tab);
    loading ??= import('./bokeh');
    try {
      const fill = (chart: Chart) => {
        chart.smoothed = this._smooth.checked;
        chart.update(this._state, tab.group.series);
      };
      const point = (at: Pointed) => tab.chart && tab.tip.point(at, tab.chart, this._state);
      tab.chart = await Chart.create((await loading).bokeh, tab.host, fill, point);
      if (this._disposed) {
        tab.chart.dispose();
      } else {
        this._draw();
      }
    } catch (error) {
      console.error('fmtools: the curves could not be drawn.', error);
      setText(tab.legend, this._trans.__('The curves could not be drawn; the browser console says why.'));
    }
  }

  private _drawLegend(tab: ITab, chart: Chart): void {
    const key = tab.group.series.join('\n');
    if (tab.legend.dataset.key !== key) {
      tab.legend.dataset.key = key;
      tab.legend.replaceChildren(...tab.group.series.map(name => this._entry(name, chart)));
      setShown(tab.legend, tab.group.series.length > 1);
    }
  }

  private _entry(name: string, chart: Chart): HTMLElement {
    const swatch = h('i', { class: 'fm-swatch', style: `background:${chart.colourOf(name)}` });
    const text = name === 'loss' ? this._trans.__('training loss') : name;
    const shown = String(chart.lines.get(name)?.shown ?? true);
    const button = h('button', { type: 'button', class: 'fm-legend-entry', 'aria-pressed': shown }, swatch, text);
    button.addEventListener('click', () => {
      const line = chart.lines.get(name);
      if (line) {
        line.shown = !line.shown;
        setAttribute(button, 'aria-pressed', String(line.shown));
      }
    });
    return button;
  }

  private _onSmooth(): void {
    this._tabs.forEach(tab => {
      if (tab.chart) {
        tab.chart.smoothed = this._smooth.checked;
      }
    });
  }

  private _chosen = '';
  private _disposed = false;
  private _stale = false;
  private _seen = false;
  private readonly _observer: ResizeObserver;
  private readonly _tabs = new Map<string, ITab>();
  private readonly _building = new Set<ITab>();
  private readonly _tablist: HTMLElement;
  private readonly _panels: HTMLElement;
  private readonly _check: HTMLElement;
  private readonly _smooth: HTMLInputElement;
}
