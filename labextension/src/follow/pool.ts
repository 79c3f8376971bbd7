import type { ServiceManager } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { ISettings } from '../settings/tokens';
import { isRunId, RunsApi } from './api';
import { RunFollower, type IPace } from './follower';

export const RUN_CHANGED = 'https://schema.fmtools.org/run_changed/v1';

/** How long after an event the stream is believed to work. */
const TRUST = 20_000;

/** One follower a run, shared by the cards, tabs and lists that show it. */
export interface IRunFollowers {
  readonly api: RunsApi;
  readonly pace: IPace;
  /** Emitted with a run's id when the server says that it has changed. */
  readonly heard: ISignal<IRunFollowers, string>;
  /** Get the follower of a run; dispose the second part when done with it. */
  acquire(runId: string): { follower: RunFollower; lease: IDisposable };
}

export const IRunFollowers = new Token<IRunFollowers>('fmtools:IRunFollowers', 'Follows runs of foundation models.');

interface IEntry {
  follower: RunFollower;
  users: number;
}

/** Shares followers, and wakes them when the server's event stream speaks. */
export class RunFollowers implements IRunFollowers, IPace {
  readonly api: RunsApi;
  readonly pace: IPace = this;

  constructor(
    services: ServiceManager.IManager,
    private readonly _settings: ISettings
  ) {
    this.api = new RunsApi(services.serverSettings);
    services.events.stream.connect((_, event) => {
      if (event.schema_id === RUN_CHANGED) {
        this._hear(String(event.run_id), Number(event.last_seq), String(event.status));
      }
    });
    document.addEventListener('visibilitychange', () => this._wake());
  }

  get heard(): ISignal<IRunFollowers, string> {
    return this._heard;
  }

  get poll(): number {
    return this._settings.pollInterval;
  }

  get eventsWork(): boolean {
    return Date.now() - this._heardAt < TRUST;
  }

  get hidden(): boolean {
    return document.visibilityState === 'hidden';
  }

  acquire(runId: string): { follower: RunFollower; lease: IDisposable } {
    const entry = this._entries.get(runId) ?? this._create(runId);
    entry.users += 1;
    return { follower: entry.follower, lease: new Lease(() => this._release(runId, entry)) };
  }

  private _create(runId: string): IEntry {
    const entry = { follower: new RunFollower(runId, isRunId(runId) ? this.api : null, this), users: 0 };
    this._entries.set(runId, entry);
    return entry;
  }

  private _release(runId: string, entry: IEntry): void {
    entry.users -= 1;
    if (entry.users === 0) {
      this._entries.delete(runId);
      entry.follower.dispose();
    }
  }

  private _hear(runId: string, lastSeq: number, status: string): void {
    this._heardAt = Date.now();
    this._entries.get(runId)?.follower.heard(lastSeq, status);
    this._heard.emit(runId);
  }

  private _wake(): void {
    if (!this.hidden) {
      this._entries.forEach(entry => entry.follower.nudge());
    }
  }

  private _heardAt = 0;
  private readonly _entries = new Map<string, IEntry>();
  private readonly _heard = new Signal<IRunFollowers, string>(this);
}

class Lease implements IDisposable {
  constructor(private _end: (() => void) | null) {}

  get isDisposed(): boolean {
    return this._end === null;
  }

  dispose(): void {
    const end = this._end;
    this._end = null;
    end?.();
  }
}
