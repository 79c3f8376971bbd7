// The line that the form stands for: shown in three spellings, inserted into the notebook or copied.
const KINDS = [['line', 'line'], ['cell', 'cell'], ['python', 'Python']];

function make(tag, facts, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// The lab's extension hears this and answers by preventing the default; elsewhere nobody does.
function insert(node, source) {
  const event = new CustomEvent('fmtools-insert-cell', { bubbles: true, cancelable: true, composed: true, detail: { source } });
  return !node.dispatchEvent(event);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make('textarea', { style: 'position:fixed;opacity:0' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

function render({ model, el }) {
  const say = word => model.get('words')[word] ?? word;
  const style = document.createElement('style');
  style.textContent = `.${model.get('hidden')} { display: none; }`;
  const shown = make('pre', { class: 'fmp-code', 'data-fm': 'line', tabindex: 0 });
  const answer = make('span', { class: 'fmp-quiet', role: 'status', 'data-fm': 'line-answer' });
  let kind = 'line';
  const text = () => model.get('forms')[kind] ?? '';
  const kinds = KINDS.map(([name, word]) => {
    const button = make('button', { type: 'button', class: 'fmp-kind', 'data-fm': `as-${name}` }, say(word));
    button.addEventListener('click', () => {
      kind = name;
      show();
    });
    return button;
  });
  const put = make('button', { type: 'button', class: 'fmp-button', 'data-fm': 'insert' }, say('Insert as a cell'));
  const take = make('button', { type: 'button', class: 'fmp-button', 'data-fm': 'copy' }, say('Copy'));
  const tell = word => {
    answer.textContent = say(word);
    setTimeout(() => (answer.textContent = ''), 4000);
  };
  put.addEventListener('click', async () => {
    if (insert(el, text())) {
      tell('Inserted below.');
    } else {
      tell((await copy(text())) ? 'Copied: paste it into a cell.' : 'It could not be copied: select the text.');
    }
  });
  take.addEventListener('click', async () => tell((await copy(text())) ? 'Copied.' : 'It could not be copied: select the text.'));
  function show() {
    shown.textContent = text();
    KINDS.forEach(([name], index) => kinds[index].setAttribute('aria-pressed', String(name === kind)));
  }
  model.on('change:forms', show);
  show();
  const bar = make('div', { class: 'fmp-codebar' }, make('span', { class: 'fmp-kinds', role: 'group' }, ...kinds), answer, take, put);
  el.append(style, make('div', { class: 'fmp-codebox' }, shown, bar));
  return () => model.off('change:forms', show);
}

export default { render };
