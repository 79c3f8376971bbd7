import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { RunSummary } from '../contract';
import type { IExport } from '../follow/api';
import type { IRunFollowers } from '../follow/pool';
import { TASKS } from '../tab/read';

const POLL = 3000;
const COALESCE = 300;

/** What is known of the list: not asked yet, read, or the reason why it could not be. */
export type ListState = 'waiting' | 'read' | 'absent' | 'lost';

/** The runs of this workspace, newest first; asked for while somebody looks. */
export class RunsModel implements IDisposable {
  runs: RunSummary[] = [];
  state: ListState = 'waiting';

  constructor(private readonly _followers: IRunFollowers) {
    _followers.heard.connect(this._hear, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Look while this is true. */
  set watching(on: boolean) {
    this._watching = on;
    if (on) {
      this.refresh();
    }
  }

  /** Look soon. */
  refresh(delay = 0): void {
    if (!this._due || this._due > Date.now() + delay) {
      clearTimeout(this._timer);
      this._due = Date.now() + delay;
      this._timer = setTimeout(() => void this.read(), delay) as unknown as number;
    }
  }

  /** Read the list now and return it, newest first; what could not be read is left as it was. */
  async read(): Promise<RunSummary[]> {
    this._due = 0;
    try {
      const [{ runs }, exports] = await Promise.all([this._followers.api.list(), this._readExports()]);
      this._exports = exports;
      this.runs = [...runs].sort((one, other) => (one.head.id < other.head.id ? 1 : -1));
      this.state = 'read';
    } catch (error) {
      this.state = (error as { status?: number }).status === 404 ? 'absent' : 'lost';
    }
    if (!this._disposed) {
      this._changed.emit();
      this._next();
    }
    return this.runs;
  }

  /** Names of a run's exported models that the browser can run, newest first. */
  runnable(runId: string): string[] {
    const found = this._exports[runId] ?? [];
    return found.filter(each => each.format === 'onnx' && TASKS.has(each.task)).map(each => each.name);
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    this._followers.heard.disconnect(this._hear, this);
    Signal.clearData(this);
  }

  /** Without this list the runs are shown all the same. */
  private async _readExports(): Promise<Record<string, IExport[]>> {
    try {
      return await this._followers.api.exports();
    } catch {
      return this._exports;
    }
  }

  private _hear(): void {
    if (this._watching) {
      this.refresh(COALESCE);
    }
  }

  private _next(): void {
    if (this._watching) {
      const calm = this._followers.pace.hidden || !this.runs.some(run => run.head.alive);
      this.refresh(calm ? 2 * POLL : POLL);
    }
  }

  private _exports: Record<string, IExport[]> = {};
  private _watching = false;
  private _disposed = false;
  private _due = 0;
  private _timer = 0;
  private readonly _changed = new Signal<this, void>(this);
}
