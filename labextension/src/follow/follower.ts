import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { ControlReply, ControlRequest, Increment, RunBundle } from '../contract';
import { ENDED } from '../ui/words';
import { FrameStore } from './frames';
import { RunState, type Change } from './state';

/** How the numbers on the screen came here: not yet asked, followed, out of reach for now, or from the notebook only. */
export type Connection = 'waiting' | 'live' | 'lost' | 'static';

/** What a follower needs of the server. */
export interface IRunSource {
  events(id: string, since: number, generation: number): Promise<Increment>;
  frame(id: string, seq: number): Promise<Uint8Array>;
  control(id: string, request: ControlRequest): Promise<ControlReply>;
}

/** When to look: `poll` ms between questions, `eventsWork` once the server is heard to say that runs grow. */
export interface IPace {
  readonly poll: number;
  readonly eventsWork: boolean;
  readonly hidden: boolean;
}

const SLOW = 5000;
const COALESCE = 80;
/** So many slow looks at a run that is interrupted, before it is left alone. */
const LONG = 24;

/**
 * Follows one run for all views of it. Every question says what is held already, so a lost answer, a missed event or a
 * sleeping laptop costs time and never points.
 */
export class RunFollower implements IDisposable {
  readonly state = new RunState();
  readonly frames: FrameStore;
  connection: Connection = 'waiting';

  constructor(
    readonly runId: string,
    private readonly _source: IRunSource | null,
    private readonly _pace: IPace
  ) {
    this.frames = new FrameStore(seq => this._fetchFrame(seq));
    this.connection = _source ? 'waiting' : 'static';
  }

  /** Emitted after `state` or `connection` has changed. */
  get changed(): ISignal<this, Change> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Whether the server answers for this run, so that controls have somewhere to go. */
  get reachable(): boolean {
    return this.connection === 'live' || this.connection === 'waiting';
  }

  /** Take what a notebook holds: shown until the server answers, and a hint that there may be more. */
  offer(bundle: RunBundle): void {
    this.frames.keep(bundle.attention ?? []);
    const snapshot = bundle.snapshot;
    if (!this._trusted && isNewer(snapshot, this.state)) {
      this.state.replace(snapshot);
      this._changed.emit('replace');
    }
    if (this._trusted && isNewer(snapshot, this.state)) {
      this.nudge();
    }
  }

  /** Register a view; while none of them is visible, nothing is asked. */
  attach(isVisible: () => boolean): IDisposable {
    this._views.add(isVisible);
    this.nudge();
    return new DisposableDelegate(() => this._views.delete(isVisible));
  }

  /** The run may have grown: look now. */
  nudge(): void {
    if (this._source && !this._disposed) {
      this._plan(COALESCE);
    }
  }

  /** An event said where the run is; look if that is news. */
  heard(lastSeq: number, status: string): void {
    if (lastSeq > this.state.lastSeq || status !== this.state.head?.status || !this._trusted) {
      this.nudge();
    }
  }

  /** Wish something of the run; resolves when the wish lies in its folder. */
  async control(request: ControlRequest): Promise<void> {
    if (this._source) {
      await this._source.control(this.runId, request);
      this.nudge();
    }
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    this._views.clear();
    Signal.clearData(this);
  }

  private async _look(): Promise<void> {
    if (this._busy) {
      this._again = true;
      return;
    }
    this._busy = true;
    try {
      this._take(await this._ask());
    } catch (error) {
      this._stumble((error as { status?: number }).status ?? 0);
    }
    this._busy = false;
    if (this._again) {
      this._again = false;
      this._plan(COALESCE);
    } else {
      this._planNext();
    }
  }

  private _ask(): Promise<Increment> {
    const { lastSeq, generation } = this.state;
    return this._source!.events(this.runId, this._trusted ? lastSeq : 0, this._trusted ? generation : 0);
  }

  private _take(increment: Increment): void {
    if (this._disposed) {
      return;
    }
    const change = this.state.apply(increment);
    this._trusted = change !== 'gap';
    this._again = this._again || change === 'gap';
    this._failures = 0;
    this._emit(change, 'live');
  }

  private _stumble(status: number): void {
    this._failures += 1;
    this._emit('none', status === 404 ? 'static' : 'lost');
  }

  private _emit(change: Change, connection: Connection): void {
    const moved = connection !== this.connection;
    this.connection = connection;
    if (!this._disposed && (moved || (change !== 'none' && change !== 'gap'))) {
      this._changed.emit(change);
    }
  }

  private _planNext(): void {
    // A run that the server does not know may be just about to appear there: ask a few times, then leave it.
    const gone = this.connection === 'static' && (this._failures > 4 || !this.state.head?.alive);
    const head = this.state.head;
    const ended = head !== null && !head.alive && ENDED.has(head.status);
    // An interrupted run may be one whose worker is only just starting, here or by a resume: look on for a while.
    this._wait = ended && head.status === 'interrupted' ? this._wait + 1 : ended ? LONG : 0;
    const over = this.connection === 'live' && this._wait >= LONG;
    if (!gone && !over && this._views.size) {
      const backoff = Math.min(SLOW, 1000 * 2 ** (this._failures - 1));
      this._plan(
        this._failures ? backoff : this._pace.eventsWork || ended ? Math.max(SLOW, this._pace.poll) : this._pace.poll
      );
    }
  }

  private _plan(delay: number): void {
    if (this._disposed || (this._due && this._due <= Date.now() + delay)) {
      return;
    }
    clearTimeout(this._timer);
    this._due = Date.now() + delay;
    this._timer = setTimeout(() => this._fire(), delay) as unknown as number;
  }

  private _fire(): void {
    this._due = 0;
    if (this._disposed) {
      return;
    }
    if (this._visible() || (!this._trusted && !this._failures)) {
      void this._look();
    } else if (this._views.size) {
      this._plan(this._pace.poll);
    }
  }

  private _visible(): boolean {
    return !this._pace.hidden && [...this._views].some(isVisible => isVisible());
  }

  private _fetchFrame(seq: number): Promise<Uint8Array> {
    return this._source && this.connection !== 'static'
      ? this._source.frame(this.runId, seq)
      : Promise.reject(new Error('This snapshot is not stored in the notebook.'));
  }

  private _trusted = false;
  private _busy = false;
  private _again = false;
  private _failures = 0;
  private _timer = 0;
  private _due = 0;
  private _wait = 0;
  private _disposed = false;
  private readonly _views = new Set<() => boolean>();
  private readonly _changed = new Signal<this, Change>(this);
}

function isNewer(snapshot: Increment, state: RunState): boolean {
  return (
    state.head === null ||
    snapshot.generation > state.generation ||
    (snapshot.generation === state.generation && snapshot.last_seq > state.lastSeq)
  );
}
