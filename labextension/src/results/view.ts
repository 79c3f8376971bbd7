import type { TranslationBundle } from '@jupyterlab/translation';

import type { RunState } from '../follow/state';
import type { ISettings } from '../settings/tokens';
import { h, setShown, setText } from '../ui/dom';
import { formatMetric } from '../ui/numbers';
import { metricWord } from '../ui/words';
import { readConfusion } from './confusion';
import { ConfusionView } from './confusionView';
import { DetailsView } from './detailsView';
import { ReportView } from './reportView';

/** What came out of a run: its metrics, the scores by class, and what is taken for what. */
export class ResultsView {
  readonly node: HTMLElement;

  constructor(
    private readonly _state: RunState,
    settings: ISettings,
    private readonly _trans: TranslationBundle
  ) {
    this._report = new ReportView(_trans);
    this._confusion = new ConfusionView(settings, _trans);
    this._details = new DetailsView(_trans);
    this._split = h('span', { class: 'fm-quiet' });
    this._metrics = h('dl', { class: 'fm-metrics', 'data-fm': 'metrics' });
    const bar = h('div', { class: 'fm-bar' }, h('h3', {}, _trans.__('Results')), this._split);
    this.node = h('section', { class: 'fm-section', 'data-fm': 'results', hidden: true }, bar, this._metrics);
    this.node.append(this._report.node, this._confusion.node, this._details.node);
  }

  /** Take in what the run has now; tables are rebuilt only when they have changed. */
  update(): void {
    const { head, report, confusion, details } = this._state;
    const metrics = Object.entries(head?.metrics ?? {});
    setShown(this.node, metrics.length > 0);
    setText(this._split, head?.metrics_split ? this._trans.__('on “%1”', head.metrics_split) : '');
    const key = JSON.stringify(metrics);
    if (key !== this._metricsKey) {
      this._metricsKey = key;
      this._metrics.replaceChildren(
        ...metrics.map(([name, value]) =>
          h('div', { title: name }, h('dt', {}, metricWord(name, this._trans)), h('dd', {}, formatMetric(value)))
        )
      );
    }
    if (details !== this._shownDetails) {
      this._shownDetails = details;
      this._details.show(details);
    }
    if (report !== this._shownReport || confusion !== this._shownConfusion) {
      this.redraw();
    }
  }

  /** Build the tables again: another result, or another theme. */
  redraw(): void {
    const { report, confusion } = this._state;
    [this._shownReport, this._shownConfusion] = [report, confusion];
    setShown(this._report.node, this._report.show(report));
    const matrix = readConfusion(confusion);
    setShown(this._confusion.node, matrix !== null);
    if (matrix) {
      this._confusion.show(matrix);
    }
  }

  private _metricsKey = '';
  private _shownReport: object | null = null;
  private _shownConfusion: object | null = null;
  private _shownDetails: object | null = null;
  private readonly _split: HTMLElement;
  private readonly _metrics: HTMLElement;
  private readonly _report: ReportView;
  private readonly _confusion: ConfusionView;
  private readonly _details: DetailsView;
}
