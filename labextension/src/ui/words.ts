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
