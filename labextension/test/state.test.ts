import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RunState } from '../src/follow/state';
import { increment, point } from './make';

test('points of increments are appended in order, and none is held twice', () => {
  const state = new RunState();
  assert.equal(state.apply(increment({ since: 0, last_seq: 2, points: [point(1, 3), point(2, 2)] })), 'replace');
  assert.equal(state.apply(increment({ since: 2, last_seq: 3, points: [point(3, 1)] })), 'append');
  assert.equal(state.apply(increment({ since: 2, last_seq: 3, points: [point(3, 1)] })), 'none');
  assert.deepEqual(state.series.get('loss'), { steps: [1, 2, 3], values: [3, 2, 1] });
});

test('a gap or another generation asks for the whole run and changes nothing', () => {
  const state = new RunState();
  state.apply(increment({ since: 0, last_seq: 2, points: [point(1, 3)] }));
  assert.equal(state.apply(increment({ since: 5, last_seq: 6, points: [point(9, 9)] })), 'gap');
  assert.equal(state.apply(increment({ since: 2, last_seq: 3, generation: 1, points: [point(9, 9)] })), 'gap');
  assert.equal(state.count('loss'), 1);
});

test('an answer from 0 replaces everything and starts another history', () => {
  const state = new RunState();
  state.apply(
    increment({
      since: 0,
      last_seq: 9,
      points: [point(1, 3), point(2, 2)],
      marks: [{ step: 1, kind: 'pause', text: '', t: 0 }]
    })
  );
  const before = state.epoch;
  state.apply(increment({ since: 0, last_seq: 4, generation: 1, points: [point(1, 3)] }));
  assert.equal(state.count('loss'), 1);
  assert.equal(state.marks.length, 0);
  assert.equal(state.generation, 1);
  assert.notEqual(state.epoch, before);
});

test('floats that JSON cannot hold arrive as words', () => {
  const state = new RunState();
  state.apply(
    increment({ since: 0, last_seq: 3, points: [point(1, 'NaN'), point(2, 'Infinity'), point(3, '-Infinity')] })
  );
  assert.deepEqual(state.series.get('loss')?.values, [NaN, Infinity, -Infinity]);
});

test('frames and sentences are held once', () => {
  const state = new RunState();
  const probe = { probe: 0, text: 'a', tokens: ['a'], layers: 1, heads: 1 };
  state.apply(increment({ since: 0, last_seq: 1, probes: [probe], frames: [{ seq: 1, step: 0, probe: 0 }] }));
  state.apply(
    increment({
      since: 1,
      last_seq: 2,
      probes: [probe],
      frames: [
        { seq: 1, step: 0, probe: 0 },
        { seq: 2, step: 5, probe: 0 }
      ]
    })
  );
  assert.equal(state.probes.length, 1);
  assert.deepEqual(
    state.frames.map(frame => frame.seq),
    [1, 2]
  );
});

test('texts are appended, details stay until others come', () => {
  const state = new RunState();
  const detail = { title: 'tags', kind: 'table' as const, columns: ['tag'], rows: [['O']], note: '' };
  state.apply(increment({ last_seq: 1, samples: [{ step: 1, prompt: 'a', text: 'b' }], details: [detail] }));
  state.apply(increment({ since: 1, last_seq: 2, samples: [{ step: 2, prompt: 'a', text: 'c' }] }));
  assert.deepEqual(
    state.samples.map(sample => sample.text),
    ['b', 'c']
  );
  assert.equal(state.details.length, 1);
});
