// Generated from fmtools/core/wire.py by `python -m fmtools.derive.typescript`. Do not edit.

/** A float as JSON can hold it: what is not finite travels as a word. */
export type Float = number | 'NaN' | 'Infinity' | '-Infinity';

export const MIME_TYPE = 'application/vnd.fmtools.run.v1+json';

/** What a run will cost: seconds, bytes of memory and of disk, and whether this machine has them free. */
export interface Forecast {
  seconds: Float;
  peak_bytes: number;
  disk_bytes: number;
  free_bytes: number;
  free_disk_bytes: number;
  fits: boolean;
  basis: string;
  advice: string[];
}

/** The present state of a run, small enough to send with every increment. */
export interface Head {
  id: string;
  name: string;
  task: string;
  model: string;
  data: string;
  status: 'queued' | 'running' | 'paused' | 'stopped' | 'interrupted' | 'failed' | 'done';
  phase: string;
  message: string;
  attempt: number;
  created: Float;
  step: number;
  total_steps: number;
  epoch: Float;
  epochs: Float;
  loss: Float | null;
  learning_rate: Float | null;
  samples_per_second: Float | null;
  tokens_per_second: Float | null;
  elapsed_seconds: Float;
  eta_seconds: Float | null;
  parameters: number;
  trainable: number;
  device: string;
  precision: string;
  rows: Record<string, number>;
  metrics: Record<string, Float>;
  metrics_split: string;
  command: string;
  error: string;
  alive: boolean;
  lost_records: number;
  forecast: Forecast | null;
}

/** One point of a curve; `series` is "loss", "learning_rate", "validation/accuracy" ... */
export interface Point {
  series: string;
  step: number;
  value: Float;
}

/** Something that happened at a step: a pause, a new rate, a checkpoint, a resume. */
export interface Mark {
  step: number;
  kind: string;
  text: string;
  t: Float;
}

/** One stored attention snapshot; its bytes are fetched with runs/ID/attention/SEQ. */
export interface Frame {
  seq: number;
  step: number;
  probe: number;
}

/** A watched sentence. */
export interface Probe {
  probe: number;
  text: string;
  tokens: string[];
  layers: number;
  heads: number;
}

export interface Notice {
  text: string;
  level: 'info' | 'warning';
}

/** What the model wrote after a beginning, at a step. */
export interface Sample {
  step: number;
  prompt: string;
  text: string;
}

/**
 * One more thing to see of the last evaluation; `kind` says how it is drawn.
 *
 * "table": columns (names) and rows (texts and numbers). "calibration": columns confidence, accuracy, rows (counts), one
 * row a bin. "errors": rows that the model got most wrong. "texts": columns source, written, reference.
 */
export interface Detail {
  title: string;
  kind: 'table' | 'calibration' | 'errors' | 'texts';
  columns: string[];
  rows: ((string | Float | number | null)[])[];
  note: string;
}

/**
 * What happened in a run after `since`; with `since` 0 (or another `generation`), the whole of it.
 *
 * `generation` grows when earlier points stop being true (a resume from a checkpoint behind the last point); a client
 * that holds another generation throws its points away: the server then answers from 0.
 */
export interface Increment {
  version: 1;
  run_id: string;
  since: number;
  last_seq: number;
  generation: number;
  head: Head;
  points: Point[];
  marks: Mark[];
  probes: Probe[];
  frames: Frame[];
  notices: Notice[];
  report: Record<string, unknown>;
  confusion: Record<string, unknown>;
  details: Detail[];
  samples: Sample[];
}

/** An attention snapshot inside a saved notebook: `data` is base64 of uint8 [layers, heads, n, n]. */
export interface StoredFrame {
  seq: number;
  step: number;
  probe: number;
  data: string;
}

/** The data of the MIME type: what a renderer needs with no server at hand, and the id to follow with one. */
export interface RunBundle {
  version: 1;
  run_id: string;
  snapshot: Increment;
  attention: StoredFrame[];
}

/** One row of a list of runs; `spark` is the loss thinned to at most 40 values. */
export interface RunSummary {
  head: Head;
  spark: Float[];
}

export interface RunList {
  runs: RunSummary[];
  home: string;
}

export interface ControlRequest {
  action: 'pause' | 'resume' | 'stop' | 'set_learning_rate' | 'evaluate' | 'save' | 'extend';
  value: Float | null;
}

export interface ControlReply {
  control_id: string;
}

/**
 * A model server as a list shows it. `status`: starting, running, stopping, stopped, failed or interrupted.
 *
 * `answers`: whether it said what it counted just now; None for one that cannot be asked. Counts are those since it began;
 * `per_second` and the latencies those of the last minute, None before two looks, and where nobody asked.
 * `fields`: what a question to it has; `sealed`: its model is encrypted.
 */
export interface ServiceSummary {
  id: string;
  name: string;
  task: string;
  method: string;
  artifact: string;
  status: string;
  created: Float;
  began: Float;
  message: string;
  restarts: number;
  fields: string[];
  sealed: boolean;
  answers: boolean | null;
  requests: number;
  failed: number;
  refused: number;
  waiting: number;
  per_second: Float | null;
  latency_p50_ms: Float | null;
  latency_p95_ms: Float | null;
}

export interface ServiceList {
  services: ServiceSummary[];
}

export interface ServiceRequest {
  action: 'stop' | 'restart';
}

/** Every answer that is not 2xx. */
export interface ApiError {
  error: string;
}
