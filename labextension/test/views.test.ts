import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { TranslationBundle } from '@jupyterlab/translation';

import { fits, headMap, meanMap, paint, peakOf } from '../src/attention/tensor';
import { groupSeries } from '../src/curves/groups';
import { breaks, Smoother } from '../src/curves/smooth';
import { decode, FrameStore } from '../src/follow/frames';
import { confusedPairs, readConfusion } from '../src/results/confusion';
import { readReport, sortRows } from '../src/results/report';
import { pieces } from '../src/sidebar/spark';
import { formatCount, formatDuration, formatRate, formatValue } from '../src/ui/numbers';
import { palette } from '../src/ui/palette';
import { metricWord, splitMetricWord } from '../src/ui/words';

test('series are shared out to tabs', () => {
  const names = [
    'learning_rate',
    'validation/loss',
    'validation/f1_macro',
    'loss',
    'validation/perplexity',
    'validation/bits_per_byte',
    'validation/bits_per_character',
    'validation/calibration_error',
    'test/accuracy'
  ];
  assert.deepEqual(
    groupSeries(names).map(group => [group.key, group.series]),
    [
      ['loss', ['loss', 'validation/loss']],
      ['metrics', ['test/accuracy', 'validation/calibration_error', 'validation/f1_macro']],
      ['bits', ['validation/bits_per_byte', 'validation/bits_per_character']],
      ['perplexity', ['validation/perplexity']],
      ['learning_rate', ['learning_rate']]
    ]
  );
});

test('metrics are said in words', () => {
  const trans = { __: (text: string) => text } as unknown as TranslationBundle;
  const words = ['f1_macro', 'recall_at_3', 'ndcg_at_10', 'rougel', 'of_my_own'].map(name => metricWord(name, trans));
  assert.deepEqual(words, ['Macro F1', 'Recall@3', 'nDCG@10', 'ROUGE-L', 'of my own']);
  assert.equal(splitMetricWord('loss', 'validation', trans), 'Loss · validation');
  assert.equal(splitMetricWord('f1', 'test', trans), 'F1');
});

test('smoothing goes on where it stopped, and passes NaN by', () => {
  const values = [4, 3, NaN, 2, 1];
  const whole = new Smoother().next(values);
  const parts = new Smoother();
  assert.deepEqual([...parts.next(values.slice(0, 3)), ...parts.next(values.slice(3))], whole);
  assert.equal(whole[0], 4);
  assert.ok(Number.isNaN(whole[2]) && whole[4] < whole[3]);
});

test('what is not finite gets a cross at the height of the last finite value', () => {
  const found = breaks([1, 2, 3, 4], [5, NaN, Infinity, 2]);
  assert.deepEqual(
    [found.steps, found.heights, found.words],
    [
      [2, 3],
      [5, 5],
      ['NaN', '∞']
    ]
  );
  assert.deepEqual(breaks([1, 2], [NaN, 7]).heights, [7]);
});

test('attention maps are cut out of the bytes without mixing layers and heads', () => {
  const shape = { layers: 2, heads: 2, n: 2 };
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => index * 10);
  assert.ok(fits(bytes, shape) && !fits(bytes.subarray(1), shape));
  assert.deepEqual([...headMap(bytes, shape, 1, 0)], [80, 90, 100, 110]);
  assert.deepEqual([...meanMap(bytes, shape, 0)], [20, 30, 40, 50]);
  assert.equal(peakOf(Uint8Array.of(3, 9)), 9);
  const pixels = paint(Uint8Array.of(0, 200), palette('grey', false), 200);
  assert.deepEqual([...pixels.subarray(4)], [10, 10, 10, 255]);
});

test('frames come from the notebook first, and are fetched once', async () => {
  let fetched = 0;
  const store = new FrameStore(seq => Promise.resolve(Uint8Array.of(seq, ++fetched)));
  store.keep([{ seq: 1, step: 0, probe: 0, data: 'AQID' }]);
  assert.deepEqual([...(await store.get(1))], [1, 2, 3]);
  await Promise.all([store.get(7), store.get(7)]);
  await store.get(7);
  assert.equal(fetched, 1);
  assert.deepEqual([...decode('/wA=')], [255, 0]);
});

test('the weakest class stands first, averages stand apart', () => {
  const row = (f1: number) => ({ precision: f1, recall: f1, f1, support: 3 });
  const { classes, averages } = readReport({ good: row(0.9), bad: row(0.1), 'macro avg': row(0.5), odd: 'text' });
  assert.deepEqual(
    sortRows(classes, 'f1', false).map(each => each.label),
    ['bad', 'good']
  );
  assert.deepEqual(
    averages.map(each => each.label),
    ['macro avg']
  );
});

test('the most confused pairs are off the diagonal', () => {
  const confusion = readConfusion({
    labels: ['a', 'b'],
    matrix: [
      [5, 3],
      [1, 9]
    ]
  });
  assert.ok(confusion);
  assert.deepEqual(confusedPairs(confusion, 1), [{ truth: 'a', guess: 'b', count: 3, share: 3 / 8 }]);
  assert.equal(readConfusion({ labels: ['a', 'b'], matrix: [[5]] }), null);
  assert.equal(readConfusion({}), null);
});

test('a spark line breaks where there is no value', () => {
  assert.equal(pieces([3, 2, NaN, 1, 0]).length, 2);
  assert.equal(pieces([NaN, NaN]).length, 0);
  assert.ok(!pieces([1, 1, 1])[0].includes('NaN'));
});

test('numbers are written for people', () => {
  assert.equal(formatValue('NaN'), 'NaN');
  assert.equal(formatValue(null), '–');
  assert.equal(formatValue(0.41234), '0.4123');
  assert.equal(formatValue(0), '0.0000');
  assert.equal(formatRate(1e-4), '1e−4');
  assert.equal(formatRate(2.5e-5), '2.5e−5');
  assert.equal(formatCount(22713216), '22.7\u202fM');
  assert.equal(formatDuration(3723), '1:02:03');
  assert.equal(formatDuration(42.4), '0:42');
});
