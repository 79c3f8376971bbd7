import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { ArtifactFiles, DamagedFile } from '../src/tab/files';
import { cut, hindrance, longest, rank, type IAbout } from '../src/tab/read';

const ABOUT: IAbout = {
  format: 'onnx',
  task: 'text-classification',
  labels: ['no', 'yes'],
  files: { model: 'onnx/model.onnx' }
};
const FILES = new Set(['fmtools.json', 'onnx/model.onnx']);

test('a long text loses its end, or its beginning, and keeps its special tokens', () => {
  const bare = [5, 6, 7, 8];
  assert.deepEqual(cut([1, ...bare, 2], bare, 6), [1, 5, 6, 7, 8, 2]);
  assert.deepEqual(cut([1, ...bare, 2], bare, 5), [1, 5, 6, 7, 2]);
  assert.deepEqual(cut([1, ...bare, 2], bare, 4, 'left'), [1, 7, 8, 2]);
  assert.deepEqual(cut(bare, bare, 2), [5, 6]);
  assert.deepEqual(cut([1, ...bare, 2], bare, 2, 'left'), [1, 2]);
  assert.equal(longest({ ...ABOUT, max_length: 64 }, { model_max_length: 512 }), 64);
  assert.equal(longest({ ...ABOUT, max_length: 512 }, { model_max_length: 1e30 }), 512);
});

test('scores are shares of one, or each for itself', () => {
  const one = rank([0, Math.log(3)], ['no', 'yes'], false);
  assert.deepEqual(
    one.map(({ label, score }) => [label, Number(score.toFixed(6))]),
    [
      ['yes', 0.75],
      ['no', 0.25]
    ]
  );
  assert.deepEqual(rank([1000, 0], ['no', 'yes'], false)[0], { label: 'no', score: 1 });
  assert.equal(rank([0, -1000], ['no', 'yes'], true)[0].score, 0.5);
});

test('what cannot be run as it was trained is not run', () => {
  assert.equal(hindrance(ABOUT, {}, FILES), '');
  assert.equal(hindrance({ ...ABOUT, task: 'fill-mask' }, {}, FILES), 'task');
  assert.equal(hindrance({ ...ABOUT, pair: true }, {}, FILES), 'pair');
  const sentencePiece = { normalizer: { type: 'Sequence', normalizers: [{ type: 'Precompiled' }] } };
  assert.equal(hindrance(ABOUT, sentencePiece, FILES), 'tokenizer');
  assert.equal(hindrance(ABOUT, {}, new Set(['fmtools.json'])), 'files');
  assert.equal(hindrance(ABOUT, {}, new Set([...FILES, 'onnx/model.onnx.data'])), 'files');
});

test('a file that is not the sealed one is refused, whatever is wrong with it', async () => {
  const good = new TextEncoder().encode('{"format": "onnx"}');
  const sealed = { sha256: createHash('sha256').update(good).digest('hex'), bytes: good.length };
  const manifest = JSON.stringify({ files: { 'fmtools.json': sealed } });
  const open = (bytes: Uint8Array<ArrayBuffer>) =>
    ArtifactFiles.open(
      { file: async (run, name, path) => new Response(path === 'MANIFEST.json' ? manifest : bytes) },
      'run',
      'onnx'
    );
  assert.deepEqual(await (await open(good)).json('fmtools.json'), { format: 'onnx' });
  const flipped = good.map((byte, place) => (place === 3 ? byte ^ 1 : byte));
  for (const bytes of [flipped, good.slice(0, -1), new Uint8Array([...good, 32])]) {
    const files = await open(bytes);
    await assert.rejects(files.bytes('fmtools.json'), DamagedFile);
  }
});
