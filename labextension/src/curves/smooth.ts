/** A moving average that can be carried on: exponential, corrected for its start; what is not finite is passed by. */
export class Smoother {
  constructor(private readonly _weight = 0.9) {}

  /** The average after each of the values; NaN before the first finite one. */
  next(values: readonly number[]): number[] {
    return values.map(value => {
      if (Number.isFinite(value)) {
        this._sum = this._weight * this._sum + (1 - this._weight) * value;
        this._mass = this._weight * this._mass + (1 - this._weight);
      }
      return this._mass > 0 && Number.isFinite(value) ? this._sum / this._mass : NaN;
    });
  }

  private _sum = 0;
  private _mass = 0;
}

/** Where a curve is not finite, and at which height to say so: the last finite value before, else the first after. */
export function breaks(steps: readonly number[], values: readonly number[], from = 0, level = NaN): IBreaks {
  const found: IBreaks = { steps: [], heights: [], words: [], level };
  let height = Number.isFinite(level) ? level : (values.find(Number.isFinite) ?? 0);
  for (let i = from; i < values.length; i++) {
    if (Number.isFinite(values[i])) {
      height = found.level = values[i];
    } else {
      found.steps.push(steps[i]);
      found.heights.push(height);
      found.words.push(Number.isNaN(values[i]) ? 'NaN' : values[i] > 0 ? '∞' : '−∞');
    }
  }
  return found;
}

/** Places of a curve without a finite value; `level` is the last finite value, to go on from. */
export interface IBreaks {
  steps: number[];
  heights: number[];
  words: string[];
  level: number;
}
