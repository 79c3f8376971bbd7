import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import { Signal, type ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { AttentionView } from '../attention/view';
import { CurvesView } from '../curves/view';
import type { RunBundle } from '../contract';
import type { RunFollower } from '../follow/follower';
import type { IRunFollowers } from '../follow/pool';
import { SamplesView } from '../results/samplesView';
import { ResultsView } from '../results/view';
import type { ISettings } from '../settings/tokens';
import { h, setAttribute, setShown } from '../ui/dom';
import { themeChanged } from '../ui/theme';
import { ENDED } from '../ui/words';
import { ControlsView } from './controls';
import { HeaderView, NoticesView, ProgressView } from './header';

/** What every card is built with. */
export interface ICardContext {
  followers: IRunFollowers;
  settings: ISettings;
  trans: TranslationBundle;
}

/** A point as tests and scripts read it from the card's element. */
export interface IHeldPoint {
  series: string;
  step: number;
  value: number;
}

/** One run on the screen: in a cell's output, or in a tab. It is built once and then only updated. */
export class RunCard extends Widget {
  constructor(
    readonly runId: string,
    private readonly _context: ICardContext
  ) {
    super();
    const { followers, settings, trans } = _context;
    const { follower, lease } = followers.acquire(runId);
    this._follower = follower;
    this._lease = lease;
    this._controls = new ControlsView(follower, trans);
    this._header = new HeaderView(trans, this._controls.node);
    this._progress = new ProgressView(trans);
    this._notices = new NoticesView(trans);
    this._curves = new CurvesView(follower.state, settings, trans);
    this._attention = new AttentionView(follower, settings, trans);
    this._samples = new SamplesView(trans);
    this._results = new ResultsView(follower.state, settings, trans);
    this._build();
    follower.changed.connect(this._schedule, this);
    themeChanged().connect(this._redraw, this);
    settings.changed.connect(this._redraw, this);
    this._view = follower.attach(() => this.isVisible);
    this._update();
  }

  /** Emitted with the run's name once it is known. */
  get named(): ISignal<this, string> {
    return this._named;
  }

  /** Take in what a notebook's output holds. */
  offer(bundle: RunBundle): void {
    this._follower.offer(bundle);
    this._update();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    cancelAnimationFrame(this._frame);
    this._follower.changed.disconnect(this._schedule, this);
    themeChanged().disconnect(this._redraw, this);
    this._context.settings.changed.disconnect(this._redraw, this);
    this._view.dispose();
    this._lease.dispose();
    this._curves.dispose();
    this._attention.dispose();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._follower.nudge();
  }

  private _build(): void {
    this.addClass('fm-card');
    this._empty = h(
      'p',
      { class: 'fm-quiet fm-empty', role: 'status' },
      this._context.trans.__('Looking for the run…')
    );
    const pictures = h('div', { class: 'fm-pictures' }, this._curves.node, this._attention.node);
    this._body = h('div', { class: 'fm-body' });
    this._body.append(this._header.node, this._progress.node, this._notices.node, pictures);
    this._body.append(this._samples.node, this._results.node);
    this.node.append(this._empty, this._body);
    setAttribute(this.node, 'data-fm', 'card');
    setAttribute(this.node, 'data-run-id', this.runId);
    const points = () => this._points();
    Object.defineProperty(this.node, 'fmtoolsPoints', { value: points });
  }

  private _schedule(): void {
    if (!this._frame) {
      this._frame = requestAnimationFrame(() => this._update());
    }
  }

  private _update(): void {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    const { state } = this._follower;
    const { head } = state;
    setShown(this._empty, !head);
    setShown(this._body, head !== null);
    if (!head) {
      this._empty.textContent = this._link() || this._context.trans.__('Looking for the run…');
      return;
    }
    this._header.update(head);
    this._tell(head.name || head.id);
    this._progress.update(head);
    this._notices.update(head, state.notices, this._link());
    this._controls.update();
    this._curves.update();
    this._attention.update();
    this._samples.update(state.samples);
    this._results.update();
    this._describe();
  }

  private _tell(name: string): void {
    if (name !== this._name) {
      this._name = name;
      this._named.emit(name);
    }
  }

  private _describe(): void {
    const { state, connection } = this._follower;
    setAttribute(this.node, 'data-status', state.head!.status);
    setAttribute(this.node, 'data-step', state.head!.step);
    setAttribute(this.node, 'data-points', state.count('loss'));
    setAttribute(this.node, 'data-generation', state.generation);
    setAttribute(this.node, 'data-connection', connection);
    setAttribute(this.node, 'data-stale', connection === 'static' && !ENDED.has(state.head!.status));
  }

  private _link(): string {
    const { trans } = this._context;
    const { connection, state } = this._follower;
    if (connection === 'lost') {
      return trans.__('The server does not answer; the card goes on by itself when it does.');
    }
    if (connection === 'static') {
      return state.head
        ? trans.__('As saved in this notebook: this server does not hold the run.')
        : trans.__('This server does not hold the run.');
    }
    const over = state.head && ENDED.has(state.head.status);
    return over || state.head?.alive !== false || connection === 'waiting' ? '' : trans.__('Waiting for the worker…');
  }

  private _redraw(): void {
    this._curves.redraw();
    this._attention.redraw();
    this._results.redraw();
  }

  private _points(): IHeldPoint[] {
    return [...this._follower.state.series].flatMap(([series, { steps, values }]) =>
      steps.map((step, index) => ({ series, step, value: values[index] }))
    );
  }

  private _frame = 0;
  private _name = '';
  private readonly _named = new Signal<this, string>(this);
  private _empty!: HTMLElement;
  private _body!: HTMLElement;
  private readonly _follower: RunFollower;
  private readonly _lease: IDisposable;
  private readonly _view: IDisposable;
  private readonly _header: HeaderView;
  private readonly _progress: ProgressView;
  private readonly _notices: NoticesView;
  private readonly _controls: ControlsView;
  private readonly _curves: CurvesView;
  private readonly _attention: AttentionView;
  private readonly _samples: SamplesView;
  private readonly _results: ResultsView;
}
