import type { Mark } from '../contract';
import type { RunState } from '../follow/state';
import { cssColour } from '../ui/theme';
import type * as Bokeh from './bokeh';
import { CurveLine, type IChartTheme } from './lines';

type BokehModule = Bokeh.IBokeh;

const HEIGHT = 250;
const SERIES = 6;

/** Where the pointer is over a chart: the training step, and the place in CSS pixels; null when it has left. */
export type Pointed = { step: number; x: number; y: number; width: number; height: number } | null;

/** The part of BokehJS's mouse event that is used: the place in data and in pixels. */
interface IMoved {
  x: number;
  sx: number;
  sy: number;
}

/** A BokehJS figure of some series over the training step. */
export class Chart {
  readonly lines = new Map<string, CurveLine>();

  private constructor(
    private readonly _bokeh: BokehModule,
    private readonly _host: HTMLElement
  ) {
    this._figure = new _bokeh.Figure({
      height: HEIGHT,
      sizing_mode: 'stretch_width',
      toolbar_location: null,
      tools: 'box_zoom,pan,reset',
      active_drag: 'box_zoom',
      min_border: 0,
      min_border_right: 10,
      min_border_top: 8,
      outline_line_color: null,
      background_fill_color: null,
      border_fill_color: null
    });
    this._marks = new _bokeh.ColumnDataSource({ data: { x: [], colour: [] } });
    this._figure.vspan({ field: 'x' }, { line_color: { field: 'colour' }, line_dash: 'dashed', source: this._marks });
  }

  /** Build a chart inside `host`; `fill` gives it its first points, `onPoint` is told where the pointer is. */
  static async create(
    bokeh: BokehModule,
    host: HTMLElement,
    fill: (chart: Chart) => void,
    onPoint: (at: Pointed) => void
  ): Promise<Chart> {
    const chart = new Chart(bokeh, host);
    chart.dress();
    fill(chart);
    const document = new bokeh.Document();
    document.add_root(chart._figure);
    chart._views = await bokeh.add_document_standalone(document, host);
    chart._figure.on_event('mousemove', event => onPoint(chart._pointed(event as unknown as IMoved)));
    chart._figure.on_event('mouseleave', () => onPoint(null));
    chart._figure.on_event('doubletap', () => chart.reset());
    return chart;
  }

  /** Draw what is new in these series of a run. */
  update(state: RunState, series: string[]): void {
    for (const name of series) {
      this._line(name).update(state.series.get(name) ?? { steps: [], values: [] }, state.epoch);
    }
    this._mark(state.marks, state.epoch);
  }

  /** Undo zooming. */
  reset(): void {
    this._figure.reset.emit();
  }

  set smoothed(on: boolean) {
    this._smoothed = on;
    this.lines.forEach(line => (line.smoothed = on && line.name === 'loss'));
  }

  /** The colour of a series, as it was dressed. */
  colourOf(name: string): string {
    const index = [...this.lines.keys()].indexOf(name);
    return this._theme?.series[index % SERIES] ?? 'currentColor';
  }

  /** Wear the application's theme. */
  dress(): void {
    const theme = (this._theme = readTheme(this._host));
    for (const axis of this._figure.axes) {
      axis.major_label_text_color = axis.axis_label_text_color = theme.faint;
      axis.major_label_text_font = axis.axis_label_text_font = theme.font;
      axis.major_label_text_font_size = '11px';
      axis.axis_line_color = axis.major_tick_line_color = theme.grid;
      axis.minor_tick_line_color = null;
      axis.major_tick_in = 0;
      axis.major_tick_out = 4;
    }
    for (const grid of this._figure.grids) {
      grid.grid_line_color = grid.dimension === 1 ? theme.grid : null;
    }
    this.lines.forEach((line, name) => line.dress(this.colourOf(name), theme));
    this._marked = '';
  }

  dispose(): void {
    this._views?.clear();
  }

  private _line(name: string): CurveLine {
    let line = this.lines.get(name);
    if (!line) {
      line = new CurveLine(this._bokeh, this._figure, name, name.includes('/'));
      this.lines.set(name, line);
      line.dress(this.colourOf(name), this._theme!);
      line.smoothed = this._smoothed && name === 'loss';
    }
    return line;
  }

  private _mark(marks: Mark[], epoch: number): void {
    const key = `${epoch}/${marks.length}`;
    if (key !== this._marked) {
      this._marked = key;
      const colour = marks.map(mark => this._theme!.marks[kindOf(mark)] ?? this._theme!.grid);
      this._marks.data = { x: marks.map(mark => mark.step), colour };
    }
  }

  private _pointed(event: IMoved): Pointed {
    const box = this._views?.get(this._figure)?.frame.bbox;
    if (!box || !box.contains(event.sx, event.sy)) {
      return null;
    }
    return { step: event.x, x: event.sx, y: event.sy, width: box.right, height: box.bottom };
  }

  private _smoothed = false;
  private _marked = '';
  private _theme: IChartTheme | null = null;
  private _views: Bokeh.ViewManager | null = null;
  private readonly _figure: Bokeh.Figure;
  private readonly _marks: Bokeh.ColumnDataSource;
}

/** What a mark's colour goes by: every trouble ("trouble-nan", "trouble-spike" ...) has the same. */
function kindOf(mark: Mark): string {
  return mark.kind.startsWith('trouble-') ? 'trouble' : mark.kind;
}

/** The colours that hold where the chart is; pages without a style sheet of ours would give none. */
function readTheme(host: HTMLElement): IChartTheme {
  return {
    faint: cssColour(host, '--jp-ui-font-color2'),
    grid: cssColour(host, '--fm-rule'),
    error: cssColour(host, '--fm-failed'),
    marks: {
      trouble: cssColour(host, '--fm-trouble'),
      pause: cssColour(host, '--fm-paused'),
      resume: cssColour(host, '--fm-paused'),
      stop: cssColour(host, '--fm-failed'),
      set_learning_rate: cssColour(host, '--fm-series-4'),
      extend: cssColour(host, '--fm-series-3'),
      evaluate: cssColour(host, '--fm-series-2')
    },
    font: getComputedStyle(host).fontFamily,
    series: Array.from({ length: SERIES }, (_, index) => cssColour(host, `--fm-series-${index + 1}`))
  };
}
