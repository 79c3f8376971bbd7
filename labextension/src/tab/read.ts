/** What an exported model says of itself in fmtools.json; only what is needed here. */
export interface IAbout {
  format: string;
  task: string;
  name?: string;
  method?: string;
  files?: Record<string, string>;
  inputs?: Record<string, string[]>;
  labels?: string[];
  several?: boolean;
  pair?: boolean;
  max_length?: number;
}

/** The parts of the hub's tokenizer files that decide whether, and how, texts can be cut into tokens here. */
export interface ITokenizerFile {
  normalizer?: { type?: string; normalizers?: { type?: string }[] } | null;
}

export interface ITokenizerConfig {
  model_max_length?: number;
  truncation_side?: string;
}

/** A label and how sure the model is of it, from 0 to 1. */
export interface IRanked {
  label: string;
  score: number;
}

/** Why a model cannot be run in the browser. */
export type Hindrance = '' | 'task' | 'pair' | 'tokenizer' | 'files';

/** Tasks whose answers can be read here. */
export const TASKS: ReadonlySet<string> = new Set(['text-classification']);

/** Say what keeps a model from being run here; '' when nothing does. `files`: what its manifest lists. */
export function hindrance(about: IAbout, tokenizer: ITokenizerFile, files: ReadonlySet<string>): Hindrance {
  const model = about.files?.model ?? '';
  if (about.format !== 'onnx' || !TASKS.has(about.task) || !about.labels?.length) {
    return 'task';
  }
  if (about.pair) {
    return 'pair';
  }
  // SentencePiece's own table of characters has no exact counterpart in JavaScript: predictions would differ in silence.
  const { normalizer } = tokenizer;
  if ([normalizer, ...(normalizer?.normalizers ?? [])].some(each => each?.type === 'Precompiled')) {
    return 'tokenizer';
  }
  // Weights beside the graph are written only above 2 GB, which is more than a page can hold.
  return files.has(model) && !files.has(`${model}.data`) ? '' : 'files';
}

/** Where texts are cut, in tokens, special ones included: the shorter of what the model and its tokenizer say. */
export function longest(about: IAbout, config: ITokenizerConfig): number {
  return Math.min(about.max_length || 512, config.model_max_length || Infinity);
}

/**
 * Cut a text's ids to `most`, keeping the special tokens around it.
 *
 * @param whole ids with special tokens
 * @param bare ids of the same text without them
 */
export function cut(whole: readonly number[], bare: readonly number[], most: number, side = 'right'): number[] {
  if (whole.length <= most) {
    return [...whole];
  }
  const before = whole.findIndex((_, at) => bare.every((id, place) => whole[at + place] === id));
  if (before < 0) {
    throw new Error('The special tokens do not stand around the text.');
  }
  const room = Math.max(0, most - (whole.length - bare.length));
  const kept = side === 'left' ? bare.slice(bare.length - room) : bare.slice(0, room);
  return [...whole.slice(0, before), ...kept, ...whole.slice(before + bare.length)];
}

/** Labels by their scores, best first: shares of one, or each for itself where a text may have several. */
export function rank(logits: ArrayLike<number>, labels: readonly string[], several: boolean): IRanked[] {
  const values = Array.from(logits);
  const top = Math.max(...values);
  const powers = values.map(value => Math.exp(value - top));
  const sum = powers.reduce((one, other) => one + other, 0);
  const scores = several ? values.map(value => 1 / (1 + Math.exp(-value))) : powers.map(power => power / sum);
  return scores
    .map((score, place) => ({ label: labels[place] ?? String(place), score }))
    .sort((one, other) => other.score - one.score);
}
