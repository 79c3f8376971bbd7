// One row: why it is shown, its text, what else is known of it.
function fmWhy(say, row, kind) {
  const why = row.why;
  if (row.fault) {
    return say('This row cannot be read: %1. Confirm to tag it anew.', row.fault);
  }
  if (row.state && row.state.remove) {
    return say('Will be removed.');
  }
  if (row.state && row.state.skip) {
    return say('Skipped.');
  }
  if (!why) {
    return kind !== 'spans' && !row.given.length ? say('No label yet.') : '';
  }
  if (why.kind === 'uncertain') {
    return say('The model wavers: %1 %2, %3 %4.', why.guess, fmShare(why.score), why.other, fmShare(why.other_score));
  }
  if (why.kind === 'entity') {
    return say('The model is %2 sure that “%1” is %3.', why.word, fmShare(why.score), why.guess);
  }
  if (why.kind === 'no-entity') {
    return say('Given: “%1” is %2. The model does not find it.', why.word, why.given);
  }
  return say('Given: %1. The model is %2 sure of: %3.', why.given || '–', fmShare(why.score), why.guess);
}

function fmTexts(say, row) {
  const several = row.texts.length > 1;
  return row.texts.map(text =>
    fmEl(
      'div',
      { class: 'fml-text' },
      several ? fmEl('div', { class: 'fml-column' }, text.name) : null,
      text.text ? fmEl('div', { class: 'fml-words', dir: 'auto' }, text.text) : fmEl('div', { class: 'fml-quiet' }, say('empty'))
    )
  );
}

function fmBeside(row) {
  const parts = row.beside.map(([name, value]) =>
    fmEl('span', { class: 'fml-fact' }, fmEl('b', {}, name), ' ', value)
  );
  return [fmEl('span', { class: 'fml-fact' }, `${row.split} · ${row.number}`), ...parts];
}

// What the model would say: the run's suggestion, or the label that makes the given one suspect.
function fmHint(row) {
  if (row.suggestion) {
    return row.suggestion;
  }
  const told = row.why && ['suspect', 'differs'].includes(row.why.kind);
  return told ? { label: row.why.guess, score: row.why.score } : null;
}

// What Enter would decide, before anything is chosen: the model's suggestion where a run gives one, else what was given.
function fmFirst(state, row) {
  if (row.state || row.seen) {
    return null;
  }
  if (state.kind === 'one') {
    const suggestion = row.suggestion ? row.suggestion.label : null;
    return suggestion !== null ? [suggestion] : row.given.length ? [row.given[0]] : null;
  }
  if (state.kind === 'several') {
    const suggestion = row.suggestion && Array.isArray(row.suggestion.label) ? row.suggestion.label : null;
    return suggestion || row.given;
  }
  return null;
}

function fmHelp(say, kind, many) {
  const keys = [
    ['1 – 9', say('label')],
    ['Enter', say('accept')],
    [kind === 'spans' ? 'J K ↑ ↓' : 'J K ← →', say('rows')],
    ...(kind === 'one' ? [['M', say('the model’s label')]] : []),
    ['U', say('undo')],
    ['S', say('skip')],
    ['R', say('remove')],
    ['/', say('find rows')],
    ['N', say('new label')]
  ];
  const spans = [['← →', say('choose words')], ['Shift ← →', say('choose several')], ['X', say('take a mark away')], ['G', say('given tags')]];
  return fmEl(
    'div',
    { class: 'fml-help' },
    ...[...keys, ...(kind === 'spans' ? spans : []), ...(many ? [['F', say('find a label')]] : [])].map(([key, what]) =>
      fmEl('span', {}, fmKey(key), ' ', what)
    )
  );
}
