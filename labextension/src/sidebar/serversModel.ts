import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { ServiceRequest, ServiceSummary } from '../contract';
import type { ServersApi } from './serversApi';

const POLL = 3000;
/** How often a change that was asked for is looked for. */
const SOON = 400;

/** Statuses of a server that has a process. */
export const AT_WORK: ReadonlySet<string> = new Set(['starting', 'running', 'stopping']);

/** The model servers of this workspace: those at work first, then the newest; asked for while somebody looks. */
export class ServersModel implements IDisposable {
  servers: ServiceSummary[] = [];
  /** Whether the list was read at least once. */
  known = false;
  /** Whether the last look brought an answer. */
  reached = true;

  constructor(readonly api: ServersApi) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  find(id: string): ServiceSummary | undefined {
    return this.servers.find(server => server.id === id);
  }

  /** The sentence that says why the last wish for a server was not granted; empty where it was. */
  complaint(id: string): string {
    return this._complaints.get(id) ?? '';
  }

  /** Whether an answer to a wish for a server is awaited. */
  isBusy(id: string): boolean {
    return this._busy.has(id);
  }

  /** Look while anybody does: `who` begins or ends to. */
  watch(who: object, on: boolean): void {
    this._watchers[on ? 'add' : 'delete'](who);
    if (on) {
      this.refresh();
    }
  }

  refresh(delay = 0): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.read(), delay) as unknown as number;
  }

  /** Read the list now; what could not be read is left as it was. */
  async read(): Promise<void> {
    const asked = ++this._asked;
    try {
      const servers = await this.api.list();
      if (asked !== this._asked) {
        return; // a later question has overtaken this answer
      }
      this.servers = [...servers].sort((one, other) => rank(other) - rank(one) || (one.id < other.id ? 1 : -1));
      this.known = this.reached = true;
    } catch {
      this.reached = false;
    }
    this._say();
    this._next();
  }

  /** Ask for a change; what is said against it stands in `complaint`. */
  async control(id: string, action: ServiceRequest['action']): Promise<void> {
    if (this.isBusy(id)) {
      return;
    }
    this._complaints.delete(id);
    this._busy.add(id);
    this._say();
    this.refresh(SOON);
    try {
      await this.api.control(id, action);
    } catch (error) {
      this._complaints.set(id, (error as Error).message);
    } finally {
      this._busy.delete(id);
      this._say();
      this.refresh();
    }
  }

  dispose(): void {
    this._disposed = true;
    clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private _say(): void {
    if (!this._disposed) {
      this._changed.emit();
    }
  }

  private _next(): void {
    if (this._disposed || this._watchers.size === 0) {
      return;
    }
    const changing = this._busy.size > 0 || this.servers.some(({ status }) => /^(starting|stopping)$/.test(status));
    const calm = document.visibilityState === 'hidden' || !this.servers.some(({ status }) => AT_WORK.has(status));
    this.refresh(changing ? SOON : calm ? 2 * POLL : POLL);
  }

  private _disposed = false;
  private _asked = 0;
  private _timer = 0;
  private readonly _watchers = new Set<object>();
  private readonly _busy = new Set<string>();
  private readonly _complaints = new Map<string, string>();
  private readonly _changed = new Signal<this, void>(this);
}

function rank({ status }: ServiceSummary): number {
  return AT_WORK.has(status) ? 1 : 0;
}
