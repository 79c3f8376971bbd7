import type { TranslationBundle } from '@jupyterlab/translation';

import type { Head } from '../contract';

export type Status = Head['status'];

/** Statuses that `%fm_resume` can go on from. */
export const RESUMABLE: ReadonlySet<string> = new Set(['interrupted', 'stopped', 'failed']);

/** Statuses after which no worker is at work any more. */
export const ENDED: ReadonlySet<string> = new Set(['interrupted', 'stopped', 'failed', 'done']);

/** A status as a word in the user's language. */
export function statusWord(status: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    queued: trans.__('Queued'),
    running: trans.__('Running'),
    paused: trans.__('Paused'),
    stopped: trans.__('Stopped'),
    interrupted: trans.__('Interrupted'),
    failed: trans.__('Failed'),
    done: trans.__('Done')
  };
  return words[status] ?? status;
}

/** What the worker does now, in the user's language; a phase of a newer engine stays as it is. */
export function phaseWord(phase: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    'loading model': trans.__('loading model'),
    tokenising: trans.__('tokenising'),
    training: trans.__('training'),
    evaluating: trans.__('evaluating'),
    saving: trans.__('saving')
  };
  return words[phase] ?? phase;
}

/** How long ago a moment was, in words; `created` and `now` in seconds since the epoch. */
export function ago(created: number, now: number, trans: TranslationBundle): string {
  const seconds = Math.max(0, now - created);
  if (!Number.isFinite(seconds) || created <= 0) {
    return '';
  }
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 86400) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  return seconds < 7 * 86400
    ? trans.__('%1 d ago', Math.floor(seconds / 86400))
    : new Date(created * 1000).toLocaleDateString();
}

/** A metric's name as a word in the user's language; one that is not listed here is only made readable. */
export function metricWord(metric: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    loss: trans.__('Loss'),
    accuracy: trans.__('Accuracy'),
    token_accuracy: trans.__('Token accuracy'),
    precision: trans.__('Precision'),
    recall: trans.__('Recall'),
    f1: trans.__('F1'),
    f1_macro: trans.__('Macro F1'),
    f1_micro: trans.__('Micro F1'),
    f1_weighted: trans.__('Weighted F1'),
    precision_macro: trans.__('Macro precision'),
    recall_macro: trans.__('Macro recall'),
    exact_match: trans.__('Exact match'),
    perplexity: trans.__('Perplexity'),
    bits_per_character: trans.__('Bits per character'),
    bits_per_byte: trans.__('Bits per byte'),
    calibration_error: trans.__('Calibration error'),
    reward_margin: trans.__('Reward margin'),
    reward_accuracy: trans.__('Reward accuracy'),
    bleu: 'BLEU',
    chrf: 'chrF',
    rouge1: 'ROUGE-1',
    rouge2: 'ROUGE-2',
    rougel: 'ROUGE-L',
    mrr: 'MRR'
  };
  const ranked = /^(recall|ndcg|mrr|map|precision)_at_(\d+)$/.exec(metric);
  const shown: Record<string, string> = { ndcg: 'nDCG', mrr: 'MRR', map: 'MAP' };
  return ranked
    ? `${shown[ranked[1]] ?? words[ranked[1]]}@${ranked[2]}`
    : (words[metric] ?? metric.replaceAll('_', ' '));
}

/** The name of a measure with its split where that matters: a loss that is not the training's. */
export function splitMetricWord(metric: string, split: string, trans: TranslationBundle): string {
  const word = metricWord(metric, trans);
  return metric === 'loss' && split ? `${word} · ${split}` : word;
}
