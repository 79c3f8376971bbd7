import { toNumber } from '../ui/numbers';
import type { Float } from '../contract';

/** Scores of one class, or an average over the classes. */
export interface IClassRow {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

export type Column = keyof IClassRow;

/** The per-class rows of a report and its averages, apart. Entries that are no scores are left out. */
export function readReport(report: Record<string, unknown>): { classes: IClassRow[]; averages: IClassRow[] } {
  const rows = Object.entries(report).flatMap(([label, value]) => readRow(label, value));
  const isAverage = (row: IClassRow) => / avg$/.test(row.label);
  return { classes: rows.filter(row => !isAverage(row)), averages: rows.filter(isAverage) };
}

/** Sort rows in place of a column; what is no number goes last. */
export function sortRows(rows: IClassRow[], column: Column, descending: boolean): IClassRow[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    if (column === 'label') {
      return sign * one.label.localeCompare(other.label);
    }
    const [a, b] = [one[column], other[column]];
    return Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : sign * (a - b);
  });
}

function readRow(label: string, value: unknown): IClassRow[] {
  if (typeof value !== 'object' || value === null || !('precision' in value || 'f1' in value)) {
    return [];
  }
  const scores = value as Record<string, Float>;
  const number = (name: string) => toNumber(scores[name]);
  return [
    { label, precision: number('precision'), recall: number('recall'), f1: number('f1'), support: number('support') }
  ];
}
