import type { TranslationBundle } from '@jupyterlab/translation';

import { h } from '../ui/dom';
import { formatValue } from '../ui/numbers';
import type { Prediction } from './serversApi';

/** Numbers of a vector that are shown. */
const NUMBERS = 8;

/** Draw what a model answered: ranked labels or answers, entities, a written text, a vector; as JSON what is not known. */
export function drawAnswer(answer: Prediction, trans: TranslationBundle): HTMLElement {
  if (Array.isArray(answer.entities)) {
    return entities(answer.entities as Prediction[], trans);
  }
  if (Array.isArray(answer.top)) {
    return ranked(answer.top as Prediction[], trans);
  }
  const text = written(answer);
  if (text !== undefined) {
    return h('p', { class: 'fm-server-written' }, text);
  }
  if (Array.isArray(answer.embedding)) {
    return vector(answer.embedding as number[], trans);
  }
  if (typeof answer.score === 'number') {
    return h('p', {}, trans.__('likeness %1', formatValue(answer.score)));
  }
  return h('pre', {}, JSON.stringify(answer, null, 1));
}

/** Return what a model wrote; undefined when its answer is of another kind. */
function written(answer: Prediction): string | undefined {
  const found = answer.generated_text ?? answer.translation_text ?? answer.summary_text;
  return typeof found === 'string' ? found : undefined;
}

function ranked(top: Prediction[], trans: TranslationBundle): HTMLElement {
  const rows = top.map(each =>
    row(String(each.label ?? each.answer ?? each.token_str ?? written(each) ?? '') || trans.__('no answer'), each)
  );
  return h('ol', { class: 'fm-tab-results' }, ...rows);
}

function entities(found: Prediction[], trans: TranslationBundle): HTMLElement {
  if (found.length === 0) {
    return h('p', { class: 'fm-quiet' }, trans.__('No entity was found.'));
  }
  const rows = found.map(each => row(`${String(each.word)} · ${String(each.entity_group)}`, each));
  return h('ol', { class: 'fm-tab-results' }, ...rows);
}

function row(label: string, { score }: Prediction): HTMLElement {
  const share = typeof score === 'number' ? score : 0;
  const bar = h('meter', { min: 0, max: 1, value: share, 'aria-hidden': 'true' });
  const figure = h('span', { class: 'fm-tab-score' }, `${(100 * share).toFixed(1)} %`);
  return h('li', { 'data-label': label, 'data-score': share }, h('span', {}, label), bar, figure);
}

function vector(numbers: number[], trans: TranslationBundle): HTMLElement {
  const first = numbers.slice(0, NUMBERS).map(number => number.toFixed(3));
  const rest = numbers.length > NUMBERS ? ', …' : '';
  return h(
    'p',
    {},
    h('span', { class: 'fm-quiet' }, trans.__('a vector of %1 numbers', numbers.length)),
    h('code', { class: 'fm-line' }, `[${first.join(', ')}${rest}]`)
  );
}
