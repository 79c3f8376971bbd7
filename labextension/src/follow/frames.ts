import type { StoredFrame } from '../contract';

const BUDGET = 48 * 1024 * 1024;

/** The bytes of attention snapshots: those the notebook holds, and the ones fetched lately, within a memory budget. */
export class FrameStore {
  constructor(private readonly _fetch: (seq: number) => Promise<Uint8Array>) {}

  /** Keep the snapshots that are stored in the notebook. */
  keep(stored: StoredFrame[]): void {
    for (const frame of stored) {
      this._stored.set(frame.seq, frame);
    }
  }

  /** The sequence numbers that can be shown with no server. */
  get stored(): StoredFrame[] {
    return [...this._stored.values()].sort((one, other) => one.seq - other.seq);
  }

  /** Whether the bytes are at hand. */
  has(seq: number): boolean {
    return this._cache.has(seq) || this._stored.has(seq);
  }

  /** The bytes of a snapshot, uint8 [layers, heads, n, n]; each is fetched at most once at a time. */
  async get(seq: number): Promise<Uint8Array> {
    const cached = this._cache.get(seq);
    if (cached) {
      this._cache.delete(seq);
      this._cache.set(seq, cached);
      return cached;
    }
    const stored = this._stored.get(seq);
    return this._remember(seq, stored ? decode(stored.data) : await this._fetchOnce(seq));
  }

  private _fetchOnce(seq: number): Promise<Uint8Array> {
    let pending = this._pending.get(seq);
    if (!pending) {
      pending = this._fetch(seq).finally(() => this._pending.delete(seq));
      this._pending.set(seq, pending);
    }
    return pending;
  }

  private _remember(seq: number, bytes: Uint8Array): Uint8Array {
    if (!this._cache.has(seq)) {
      this._cache.set(seq, bytes);
      this._held += bytes.length;
    }
    for (const [oldest, old] of this._cache) {
      if (this._held <= BUDGET || oldest === seq) {
        break;
      }
      this._cache.delete(oldest);
      this._held -= old.length;
    }
    return bytes;
  }

  private _held = 0;
  private readonly _cache = new Map<number, Uint8Array>();
  private readonly _stored = new Map<number, StoredFrame>();
  private readonly _pending = new Map<number, Promise<Uint8Array>>();
}

/** Bytes of a base64 text. */
export function decode(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    bytes[i] = raw.charCodeAt(i);
  }
  return bytes;
}
