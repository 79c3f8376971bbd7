import type { Float, Head, Increment, Point, RunBundle } from '../src/contract';

/** A head as the server sends it, with some fields of one's own. */
export function head(fields: Partial<Head> = {}): Head {
  return {
    id: '01J00000000000000000000001',
    name: 'run',
    task: 'text-classification',
    model: 'minilm',
    data: 'intents',
    status: 'running',
    phase: '',
    message: '',
    attempt: 1,
    created: 0,
    step: 0,
    total_steps: 10,
    epoch: 0,
    epochs: 1,
    loss: null,
    learning_rate: null,
    samples_per_second: null,
    tokens_per_second: null,
    elapsed_seconds: 0,
    eta_seconds: null,
    parameters: 0,
    trainable: 0,
    device: 'cpu',
    precision: 'fp32',
    rows: {},
    metrics: {},
    metrics_split: '',
    command: '',
    error: '',
    alive: true,
    lost_records: 0,
    forecast: null,
    ...fields
  };
}

/** An increment, with some fields of one's own. */
export function increment(fields: Partial<Increment> = {}): Increment {
  return {
    version: 1,
    run_id: '01J00000000000000000000001',
    since: 0,
    last_seq: 0,
    generation: 0,
    head: head({ step: fields.last_seq ?? 0 }),
    points: [],
    marks: [],
    probes: [],
    frames: [],
    notices: [],
    report: {},
    confusion: {},
    details: [],
    samples: [],
    ...fields
  };
}

export function bundle(snapshot: Increment): RunBundle {
  return { version: 1, run_id: snapshot.run_id, snapshot, attention: [] };
}

export function point(step: number, value: Float, series = 'loss'): Point {
  return { series, step, value };
}
