import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { RunSummary } from '../contract';
import { copyButton } from '../ui/clipboard';
import { h, setShown, setText } from '../ui/dom';
import { arrange } from '../ui/rows';
import type { RunsModel } from './model';
import { RunRow, type IRowActions } from './row';

const PAGE = 100;
export const FIRST_LINE = '%fm_train text-classification --model minilm --data intents --epochs 3';

/** The runs of this workspace in the side area. */
export class RunsPanel extends Widget {
  constructor(
    private readonly _model: RunsModel,
    private readonly _actions: IRowActions & { create(): void },
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('fm-sidebar-runs');
    this._count = h('span', { class: 'fm-quiet' });
    const title = h('div', { class: 'fm-sidebar-title' }, h('h2', {}, _trans.__('Runs')), this._count);
    this._list = h('ul', { class: 'fm-rows', 'aria-label': _trans.__('Runs of this workspace') });
    this._more = h('button', { type: 'button', class: 'fm-button', hidden: true }, _trans.__('Show more'));
    this._more.addEventListener('click', () => this._showMore());
    this._note = h('p', { class: 'fm-quiet fm-sidebar-note', role: 'status', hidden: true });
    this._empty = this._emptyState();
    this.node.append(title, this._note, this._empty, this._list, this._more);
    _model.changed.connect(this._update, this);
  }

  dispose(): void {
    this._model.changed.disconnect(this._update, this);
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._model.watching = true;
  }

  protected onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this._model.watching = false;
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._model.watching = this.isVisible;
  }

  private _emptyState(): HTMLElement {
    const { _trans: trans } = this;
    const create = h(
      'button',
      { type: 'button', class: 'fm-button fm-mod-accent', 'data-fm': 'sidebar-new' },
      trans.__('New training notebook')
    );
    create.addEventListener('click', () => this._actions.create());
    const line = h('code', { class: 'fm-line', tabindex: 0 }, FIRST_LINE);
    return h(
      'div',
      { class: 'fm-sidebar-empty', 'data-fm': 'sidebar-empty', hidden: true },
      h(
        'p',
        {},
        trans.__('No runs yet. Train a first model: put this line into a notebook cell, after %load_ext fmtools.')
      ),
      line,
      h(
        'div',
        { class: 'fm-buttons' },
        copyButton(trans.__('Copy the line'), () => FIRST_LINE, trans, 'copy-first'),
        create
      )
    );
  }

  private _update(): void {
    const { runs, state } = this._model;
    setShown(this._empty, runs.length === 0 && (state === 'read' || state === 'absent'));
    setText(this._count, runs.length ? String(runs.length) : '');
    const note = {
      waiting: this._trans.__('Looking for runs…'),
      read: '',
      absent: this._trans.__('This server does not know fmtools; is its server extension enabled?'),
      lost: this._trans.__('The server does not answer.')
    }[state];
    setText(this._note, note);
    setShown(this._note, note !== '');
    this._drawRows(runs.slice(0, this._limit));
    setShown(this._more, runs.length > this._limit);
  }

  private _drawRows(runs: RunSummary[]): void {
    const now = Date.now() / 1000;
    const make = (id: string) => new RunRow(id, this._actions, this._trans);
    const rows = arrange(
      this._list,
      this._rows,
      runs.map(({ head }) => head.id),
      make
    );
    runs.forEach((run, index) => rows[index].update(run, now, this._model.runnable(run.head.id)));
  }

  private _showMore(): void {
    this._limit += PAGE;
    this._update();
  }

  private _limit = PAGE;
  private readonly _rows = new Map<string, RunRow>();
  private readonly _count: HTMLElement;
  private readonly _list: HTMLElement;
  private readonly _more: HTMLElement;
  private readonly _note: HTMLElement;
  private readonly _empty: HTMLElement;
}
