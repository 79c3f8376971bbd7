import type { TranslationBundle } from '@jupyterlab/translation';

import type { Forecast } from '../contract';
import { formatDuration } from '../ui/numbers';

/** What a run will cost, in one line: "about 2:05, 1.1 GB, 0.3 GB on disk"; nothing where nobody knows. */
export function forecastWords(forecast: Forecast | null, trans: TranslationBundle): string {
  if (!forecast) {
    return '';
  }
  const [memory, disk] = [forecast.peak_bytes, forecast.disk_bytes].map(formatBytes);
  const words = trans.__('about %1, %2, %3 on disk', formatDuration(forecast.seconds), memory, disk);
  return forecast.fits ? words : `${words} · ${trans.__('this machine has less')}`;
}

/** Bytes in GB, or in MB below a tenth of one. */
export function formatBytes(size: number): string {
  return size >= 1e8 ? `${(size / 1e9).toFixed(1)}\u202fGB` : `${(size / 1e6).toFixed(1)}\u202fMB`;
}
