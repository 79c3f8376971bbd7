import type { TranslationBundle } from '@jupyterlab/translation';

import type { ServiceSummary } from '../contract';
import { setAttribute, setText } from '../ui/dom';
import { formatCount, formatValue, toNumber } from '../ui/numbers';
import { ago, statusWord } from '../ui/words';
import { AT_WORK } from './serversModel';

/** Say on a chip how a server stands. */
export function showStanding(chip: HTMLElement, server: ServiceSummary, trans: TranslationBundle): void {
  setText(chip, standing(server, trans));
  setAttribute(chip, 'data-status', silent(server) ? 'silent' : server.status);
}

function standing(server: ServiceSummary, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    starting: trans.__('Starting'),
    running: silent(server) ? trans.__('No answer') : trans.__('Ready'),
    stopping: trans.__('Stopping')
  };
  return words[server.status] ?? statusWord(server.status, trans);
}

/** Whether a server that should answer does not. */
function silent(server: ServiceSummary): boolean {
  return server.status === 'running' && server.answers === false;
}

/** Milliseconds as a person reads them; a dash where nobody asked. */
export function milliseconds(value: ServiceSummary['latency_p95_ms']): string {
  const number = toNumber(value);
  return Number.isFinite(number) ? `${number >= 100 ? number.toFixed(0) : number.toPrecision(2)} ms` : '–';
}

/** Requests a second; a dash where that is not known yet. */
export function rate(value: ServiceSummary['per_second']): string {
  const number = toNumber(value);
  return Number.isFinite(number) ? (number === 0 ? '0' : formatValue(number, number < 0.1 ? 3 : 1)) : '–';
}

/** What a server does, in one line. */
export function doing(server: ServiceSummary, now: number, trans: TranslationBundle): string {
  if (server.status === 'running') {
    const parts = [`${rate(server.per_second)}/s`, `p95 ${milliseconds(server.latency_p95_ms)}`, server.artifact];
    return parts.join(' · ');
  }
  const when = AT_WORK.has(server.status) ? '' : ago(toNumber(server.created), now, trans);
  return [server.message || server.task, when].filter(Boolean).join(' · ');
}

/** The names and values of a server's counts. */
export function figures(server: ServiceSummary, trans: TranslationBundle): [string, string][] {
  return [
    [trans.__('Requests/s'), rate(server.per_second)],
    [trans.__('Latency p50'), milliseconds(server.latency_p50_ms)],
    [trans.__('Latency p95'), milliseconds(server.latency_p95_ms)],
    [trans.__('Requests'), formatCount(server.requests)],
    [trans.__('Waiting'), formatCount(server.waiting)],
    [trans.__('Refused'), formatCount(server.refused)],
    [trans.__('Failed requests'), formatCount(server.failed)],
    [trans.__('Restarts'), formatCount(server.restarts)]
  ];
}
