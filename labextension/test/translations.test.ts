import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SOURCES = join(process.cwd(), 'labextension', 'src');
const CHINESE = join(process.cwd(), 'fmtools', 'locale', 'zh_CN', 'LC_MESSAGES', 'fmtools.json');
const CALL = /trans\.__\(\s*(['"])((?:\\.|(?!\1).)*)\1/gs;
const UNREADABLE = /trans\.(?:__|_n|_p)\((?!\s*['"])/g;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : path.endsWith('.ts') ? [readFileSync(path, 'utf-8')] : [];
  });
}

const texts = sources(SOURCES);
const used = new Set(texts.flatMap(text => [...text.matchAll(CALL)].map(match => match[2])));
const chinese = JSON.parse(readFileSync(CHINESE, 'utf-8')) as Record<string, string[]>;

test('every string of the extension has a Chinese entry, and no entry is left over', () => {
  const known = Object.keys(chinese).filter(key => key !== '');
  assert.ok(used.size > 80);
  assert.deepEqual(
    [...used].filter(text => !known.includes(text)),
    []
  );
  assert.deepEqual(
    known.filter(text => !used.has(text)),
    []
  );
});

test('every string can be found by this test', () => {
  assert.deepEqual(
    texts.flatMap(text => text.match(UNREADABLE) ?? []),
    []
  );
});

test('a translation keeps the places for values', () => {
  const places = (text: string): string[] => (text.match(/%\d/g) ?? []).sort();
  for (const [text, [translated]] of Object.entries(chinese).filter(([key]) => key !== '')) {
    assert.deepEqual(places(translated), places(text), text);
  }
});
