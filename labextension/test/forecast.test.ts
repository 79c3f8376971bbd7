import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TranslationBundle } from '@jupyterlab/translation';

import { formatBytes, forecastWords } from '../src/card/forecast';

// JupyterLab's own does no more in English: the words, with the values in their places.
const trans = {
  __: (text: string, ...values: unknown[]) => text.replace(/%(\d)/g, (_, place) => String(values[place - 1]))
} as unknown as TranslationBundle;
const forecast = {
  seconds: 125,
  peak_bytes: 1.1e9,
  disk_bytes: 29.2e6,
  free_bytes: 2e9,
  free_disk_bytes: 9e9,
  fits: true,
  basis: '',
  advice: []
};

test('a forecast is one line, and says when the machine has less', () => {
  assert.equal(forecastWords(forecast, trans), 'about 2:05, 1.1\u202fGB, 29.2\u202fMB on disk');
  assert.match(forecastWords({ ...forecast, fits: false }, trans), / · this machine has less$/);
  assert.equal(forecastWords(null, trans), '');
});

test('bytes are in GB from a tenth of one on', () => {
  assert.deepEqual([99e6, 1e8, 3.74e9].map(formatBytes), ['99.0\u202fMB', '0.1\u202fGB', '3.7\u202fGB']);
});
