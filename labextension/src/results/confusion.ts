/** A confusion matrix: `matrix[truth][guess]` rows were `labels[truth]` and were called `labels[guess]`. */
export interface IConfusion {
  labels: string[];
  matrix: number[][];
}

/** A pair of classes that are taken for each other. */
export interface IConfusedPair {
  truth: string;
  guess: string;
  count: number;
  share: number;
}

/** Read a confusion matrix; null when there is none or when its shape does not fit its labels. */
export function readConfusion(value: Record<string, unknown>): IConfusion | null {
  const { labels, matrix } = value as { labels?: unknown; matrix?: unknown };
  if (!Array.isArray(labels) || !Array.isArray(matrix) || !labels.length || matrix.length !== labels.length) {
    return null;
  }
  const square = matrix.every(row => Array.isArray(row) && row.length === labels.length);
  return square ? { labels: labels.map(String), matrix: matrix.map(row => row.map(Number)) } : null;
}

/** Each row's shares of its sum: what became of the rows of one class. */
export function rowShares(matrix: number[][]): number[][] {
  return matrix.map(row => {
    const sum = row.reduce((total, count) => total + count, 0);
    return row.map(count => (sum ? count / sum : 0));
  });
}

/** The pairs that are mistaken most often, at most `limit`. */
export function confusedPairs({ labels, matrix }: IConfusion, limit: number): IConfusedPair[] {
  const shares = rowShares(matrix);
  const pairs = matrix.flatMap((row, truth) =>
    row.map((count, guess) => ({ truth: labels[truth], guess: labels[guess], count, share: shares[truth][guess] }))
  );
  return pairs
    .filter((pair, index) => pair.count > 0 && Math.floor(index / labels.length) !== index % labels.length)
    .sort((one, other) => other.count - one.count || other.share - one.share)
    .slice(0, limit);
}
