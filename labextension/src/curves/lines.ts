import type { ISeries } from '../follow/state';
import type * as Bokeh from './bokeh';
import { breaks, Smoother } from './smooth';

type BokehModule = Bokeh.IBokeh;

/** The colours of a chart, as canvases take them. */
export interface IChartTheme {
  faint: string;
  grid: string;
  error: string;
  marks: Record<string, string>;
  font: string;
  series: string[];
}

/** One curve of a chart: its line, perhaps a smoothed line over it, and crosses where it has no finite value. */
export class CurveLine {
  constructor(
    bokeh: BokehModule,
    figure: Bokeh.Figure,
    readonly name: string,
    private readonly _sparse: boolean
  ) {
    this._points = new bokeh.ColumnDataSource({ data: { step: [], value: [] } });
    this._average = new bokeh.ColumnDataSource({ data: { step: [], value: [] } });
    this._broken = new bokeh.ColumnDataSource({ data: { step: [], value: [] } });
    const [x, y] = [{ field: 'step' }, { field: 'value' }];
    this._raw = figure.line(x, y, { source: this._points, line_width: 1.5, line_join: 'round' });
    this._dots = figure.scatter(x, y, { source: this._points, size: 5, visible: _sparse });
    this._smooth = figure.line(x, y, { source: this._average, line_width: 2.25, line_join: 'round', visible: false });
    this._crosses = figure.scatter(x, y, { source: this._broken, marker: 'x', size: 9, line_width: 2 });
  }

  /** Draw what the series has beyond what is drawn; all of it when its history is another one. */
  update(series: ISeries, history: number): void {
    if (history !== this._history || series.steps.length < this._held) {
      this._history = history;
      this._held = 0;
      this._level = NaN;
      this._smoother = new Smoother();
    }
    const from = this._held;
    if (from < series.steps.length || from === 0) {
      this._held = series.steps.length;
      this._put(from === 0, series.steps.slice(from), series.values.slice(from), series, from);
    }
  }

  /** Show the line smoothed, with the single steps pale behind it. */
  set smoothed(on: boolean) {
    this._isSmoothed = on && !this._sparse;
    this._smooth.visible = this._shown && this._isSmoothed;
    this._raw.glyph.line_alpha = this._isSmoothed ? 0.28 : 1;
  }

  get shown(): boolean {
    return this._shown;
  }

  set shown(on: boolean) {
    this._shown = on;
    this._raw.visible = this._crosses.visible = on;
    this._dots.visible = on && this._sparse;
    this._smooth.visible = on && this._isSmoothed;
  }

  /** Wear the theme's colours. */
  dress(colour: string, theme: IChartTheme): void {
    this._raw.glyph.line_color = this._smooth.glyph.line_color = colour;
    this._dots.glyph.fill_color = this._dots.glyph.line_color = colour;
    this._crosses.glyph.line_color = theme.error;
  }

  private _put(all: boolean, step: number[], value: number[], series: ISeries, from: number): void {
    const broken = breaks(series.steps, series.values, from, this._level);
    this._level = broken.level;
    // An infinite value would stretch the axis to nothing: it is a gap with a cross, like NaN.
    const finite = value.map(each => (Number.isFinite(each) ? each : NaN));
    fill(this._points, all, step, finite);
    fill(this._average, all, step, this._smoother.next(value));
    if (all || broken.steps.length) {
      fill(this._broken, all, broken.steps, broken.heights);
    }
  }

  private _history = -1;
  private _held = 0;
  private _level = NaN;
  private _shown = true;
  private _isSmoothed = false;
  private _smoother = new Smoother();
  private readonly _points: Bokeh.ColumnDataSource;
  private readonly _average: Bokeh.ColumnDataSource;
  private readonly _broken: Bokeh.ColumnDataSource;
  private readonly _raw: ReturnType<Bokeh.Figure['line']>;
  private readonly _smooth: ReturnType<Bokeh.Figure['line']>;
  private readonly _dots: ReturnType<Bokeh.Figure['scatter']>;
  private readonly _crosses: ReturnType<Bokeh.Figure['scatter']>;
}

function fill(source: Bokeh.ColumnDataSource, all: boolean, step: number[], value: number[]): void {
  if (all) {
    source.data = { step, value };
  } else {
    source.stream({ step, value });
  }
}
