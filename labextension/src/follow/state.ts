import type { Detail, Frame, Head, Increment, Mark, Notice, Probe, Sample } from '../contract';
import { toNumber } from '../ui/numbers';

/** One curve: `steps[i]` belongs to `values[i]`; values may be NaN or infinite. */
export interface ISeries {
  steps: number[];
  values: number[];
}

/** What an increment did: nothing, more points behind the old ones, another history, or it left a gap. */
export type Change = 'none' | 'append' | 'replace' | 'gap';

/** Everything known of one run, built from increments only. */
export class RunState {
  head: Head | null = null;
  generation = 0;
  lastSeq = 0;
  series = new Map<string, ISeries>();
  marks: Mark[] = [];
  probes: Probe[] = [];
  frames: Frame[] = [];
  notices: Notice[] = [];
  report: Record<string, unknown> = {};
  confusion: Record<string, unknown> = {};
  details: Detail[] = [];
  samples: Sample[] = [];
  /** Counts the histories seen, so that a view can tell that what it drew is no longer true. */
  epoch = 0;

  /** Take an increment in; 'gap' means that it does not fit and that the run must be read from 0. */
  apply(increment: Increment): Change {
    if (increment.since === 0) {
      const untouched = increment.last_seq === 0 && this.lastSeq === 0 && sameHead(this.head, increment.head);
      return untouched ? 'none' : this.replace(increment);
    }
    if (increment.generation !== this.generation || increment.since > this.lastSeq) {
      return 'gap';
    }
    if (increment.since < this.lastSeq) {
      return 'none';
    }
    const quiet = increment.last_seq === this.lastSeq && sameHead(this.head, increment.head);
    this._append(increment);
    return quiet ? 'none' : 'append';
  }

  /** Throw everything away and hold this increment instead. */
  replace(increment: Increment): Change {
    this.epoch += 1;
    this.series = new Map();
    [this.marks, this.probes, this.frames, this.notices] = [[], [], [], []];
    [this.report, this.confusion, this.details, this.samples] = [{}, {}, [], []];
    this._append(increment);
    return 'replace';
  }

  /** The number of points that a curve holds. */
  count(series: string): number {
    return this.series.get(series)?.steps.length ?? 0;
  }

  private _append(increment: Increment): void {
    this.head = increment.head;
    this.generation = increment.generation;
    this.lastSeq = increment.last_seq;
    this._appendPoints(increment);
    this.marks.push(...(increment.marks ?? []));
    this.notices.push(...(increment.notices ?? []));
    for (const probe of increment.probes ?? []) {
      this.probes = [...this.probes.filter(known => known.probe !== probe.probe), probe];
    }
    const known = new Set(this.frames.map(frame => frame.seq));
    this.frames.push(...(increment.frames ?? []).filter(frame => !known.has(frame.seq)));
    this.report = filled(increment.report) ?? this.report;
    this.confusion = filled(increment.confusion) ?? this.confusion;
    this.details = increment.details?.length ? increment.details : this.details;
    this.samples.push(...(increment.samples ?? []));
  }

  private _appendPoints(increment: Increment): void {
    for (const point of increment.points ?? []) {
      let series = this.series.get(point.series);
      if (!series) {
        this.series.set(point.series, (series = { steps: [], values: [] }));
      }
      series.steps.push(point.step);
      series.values.push(toNumber(point.value));
    }
  }
}

function filled(value: Record<string, unknown> | undefined): Record<string, unknown> | null {
  return value && Object.keys(value).length ? value : null;
}

function sameHead(one: Head | null, other: Head): boolean {
  return one !== null && JSON.stringify(one) === JSON.stringify(other);
}
