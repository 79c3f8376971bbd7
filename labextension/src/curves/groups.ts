/** A tab of the curves: some series that share an axis. */
export interface IGroup {
  key: string;
  series: string[];
}

/** The part of a series' name behind its split: "validation/f1_macro" -> "f1_macro". */
export function metricOf(series: string): string {
  return series.slice(series.indexOf('/') + 1);
}

/** Whether a metric is a share between 0 and 1, by its name: its values may not have come yet. */
export function isShare(metric: string): boolean {
  return /^(accuracy|calibration_error|precision|recall|f1|token_|exact_match|map|mean_iou|ndcg|spearman|rouge|chrf)/.test(
    metric
  );
}

/**
 * Share the series out to tabs: losses, shares between 0 and 1, and a tab for each other measure.
 * The order is stable: loss first, learning rate and gradient last.
 */
export function groupSeries(names: Iterable<string>): IGroup[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = groupOf(name);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const rank = (key: string) =>
    ['loss', 'metrics', ''].indexOf(key) + 1 || (key === 'learning_rate' ? 9 : key === 'grad_norm' ? 8 : 5);
  return [...groups]
    .map(([key, series]) => ({ key, series: series.sort() }))
    .sort((one, other) => rank(one.key) - rank(other.key) || one.key.localeCompare(other.key));
}

function groupOf(name: string): string {
  const metric = metricOf(name);
  if (metric === 'loss') {
    return 'loss';
  }
  return isShare(metric) ? 'metrics' : metric.startsWith('bits_per_') ? 'bits' : metric;
}
