import type { Float } from '../contract';

/** A float of the wire as a number; what is missing or no number at all reads as NaN. */
export function toNumber(value: Float | null | undefined): number {
  return typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : NaN;
}

/** A value as a person reads it: about four digits, NaN and infinities by name, nothing for what is missing. */
export function formatValue(value: Float | null | undefined, digits = 4): string {
  if (value === null || value === undefined) {
    return '–';
  }
  const number = toNumber(value);
  if (!Number.isFinite(number)) {
    return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return tidyExponent(number.toExponential(2));
  }
  return number.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : digits);
}

/** A learning rate: 1e-4, 2.5e-5. */
export function formatRate(value: Float | null | undefined): string {
  const number = toNumber(value);
  return Number.isFinite(number) ? (number === 0 ? '0' : tidyExponent(number.toExponential(2))) : '–';
}

/** A share of one as a percentage, or the value itself where it is none. */
export function formatMetric(value: Float | null | undefined): string {
  return formatValue(value, 3);
}

/** A count in short: 512, 4.1 k, 22.7 M, 7.2 G. */
export function formatCount(value: Float | null | undefined): string {
  const number = toNumber(value);
  if (!Number.isFinite(number)) {
    return '–';
  }
  for (const [unit, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3]
  ] as const) {
    if (Math.abs(number) >= size) {
      return `${trimZero((number / size).toFixed(1))}\u202f${unit}`;
    }
  }
  return Math.abs(number) >= 100 || Number.isInteger(number) ? number.toFixed(0) : number.toFixed(1);
}

/** Seconds as 0:42, 12:05 or 1:02:03. */
export function formatDuration(seconds: Float | null | undefined): string {
  const number = toNumber(seconds);
  if (!Number.isFinite(number)) {
    return '–';
  }
  const whole = Math.max(0, Math.round(number));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

function tidyExponent(text: string): string {
  return text
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e')
    .replace('e-', 'e−');
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}
