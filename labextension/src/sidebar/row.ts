import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, copyIcon, ellipsesIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';

import type { ControlRequest, RunSummary } from '../contract';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { browserIcon, pauseIcon } from '../ui/icons';
import { formatMetric, formatValue, toNumber } from '../ui/numbers';
import { ago, ENDED, splitMetricWord, statusWord } from '../ui/words';
import { sparkline } from './spark';

/** What a row can have done. */
export interface IRowActions {
  open(runId: string): void;
  control(runId: string, action: ControlRequest['action']): void;
  /** Open the menu of what else can be asked of a run at work. */
  more(runId: string, at: HTMLElement): void;
  copy(text: string): void;
  /** Open one of a run's exported models in the browser. */
  browse(runId: string, exports: readonly string[], at: HTMLElement): void;
}

/** One run of the list. */
export class RunRow {
  readonly node: HTMLElement;

  constructor(
    runId: string,
    actions: IRowActions,
    private readonly _trans: TranslationBundle
  ) {
    const control = (action: ControlRequest['action']) => () => actions.control(runId, action);
    this._chip = h('span', { class: 'fm-chip fm-mod-small' });
    this._name = h('span', { class: 'fm-row-name' });
    this._facts = h('span', { class: 'fm-row-facts' });
    this._spark = h('span', { class: 'fm-row-spark' });
    this._open = h('button', {
      type: 'button',
      class: 'fm-row-open',
      'data-fm': 'run-open',
      on: { click: () => actions.open(runId) }
    });
    this._open.append(
      h('span', { class: 'fm-row-line' }, this._chip, this._name),
      h('span', { class: 'fm-row-line' }, this._facts, this._spark)
    );
    this._pause = this._action(pauseIcon, _trans.__('Pause'), 'row-pause', control('pause'));
    this._resume = this._action(runIcon, _trans.__('Resume'), 'row-resume', control('resume'));
    this._stop = this._action(stopIcon, _trans.__('Stop'), 'row-stop', control('stop'));
    this._more = this._action(ellipsesIcon, _trans.__('Evaluate, save, extend'), 'row-more', () =>
      actions.more(runId, this._more)
    );
    setAttribute(this._more, 'aria-haspopup', 'menu');
    this._copy = this._action(copyIcon, _trans.__('Copy the command'), 'row-copy', () => actions.copy(this._command));
    this._browse = this._action(browserIcon, _trans.__('Run in browser'), 'row-browser', () =>
      actions.browse(runId, this._exports, this._browse)
    );
    const wishes = [this._pause, this._resume, this._stop, this._more];
    const tools = h('div', { class: 'fm-row-tools' }, ...wishes, this._browse, this._copy);
    this.node = h('li', { class: 'fm-row', 'data-fm': 'run-row', 'data-run-id': runId }, this._open, tools);
  }

  /** Show a run as it stands; `exports` are the names of its exported models that the browser can run. */
  update({ head, spark }: RunSummary, now: number, exports: readonly string[]): void {
    this._exports = exports;
    setShown(this._browse, exports.length > 0);
    const name = head.name || head.id;
    this._command = head.command;
    setText(this._chip, statusWord(head.status, this._trans));
    setAttribute(this._chip, 'data-status', head.status);
    setAttribute(this.node, 'data-status', head.status);
    setText(this._name, name);
    setAttribute(this._open, 'title', [name, head.task, head.model, head.data].filter(Boolean).join(' · '));
    setText(this._facts, this._words({ head, spark }, now));
    this._draw(spark.map(toNumber));
    const alive = head.alive && !ENDED.has(head.status);
    setShown(this._pause, alive && head.status !== 'paused');
    setShown(this._resume, alive && head.status === 'paused');
    setShown(this._stop, alive);
    setShown(this._more, alive);
    setShown(this._copy, head.command !== '');
  }

  private _words({ head }: RunSummary, now: number): string {
    const [metric] = Object.entries(head.metrics ?? {});
    const figure = metric
      ? `${splitMetricWord(metric[0], head.metrics_split, this._trans)} ${formatMetric(metric[1])}`
      : head.loss !== null
        ? `${this._trans.__('loss')} ${formatValue(head.loss, 3)}`
        : '';
    const share =
      head.total_steps && !ENDED.has(head.status) ? `${Math.floor((100 * head.step) / head.total_steps)} %` : '';
    return [share, figure, ago(toNumber(head.created), now, this._trans)].filter(Boolean).join(' · ');
  }

  private _draw(values: number[]): void {
    const key = values.join();
    if (key !== this._drawn) {
      this._drawn = key;
      this._spark.replaceChildren(...(values.length > 1 ? [sparkline(values)] : []));
    }
  }

  private _action(icon: LabIcon, label: string, hook: string, click: () => void): HTMLButtonElement {
    const button = h('button', {
      type: 'button',
      class: 'fm-row-action',
      title: label,
      'data-fm': hook,
      on: { click }
    });
    setAttribute(button, 'aria-label', label);
    icon.element({ container: button, stylesheet: 'menuItem' });
    return button;
  }

  private _command = '';
  private _exports: readonly string[] = [];
  private _drawn = '';
  private readonly _chip: HTMLElement;
  private readonly _name: HTMLElement;
  private readonly _facts: HTMLElement;
  private readonly _spark: HTMLElement;
  private readonly _open: HTMLButtonElement;
  private readonly _pause: HTMLButtonElement;
  private readonly _resume: HTMLButtonElement;
  private readonly _stop: HTMLButtonElement;
  private readonly _more: HTMLButtonElement;
  private readonly _browse: HTMLButtonElement;
  private readonly _copy: HTMLButtonElement;
}
