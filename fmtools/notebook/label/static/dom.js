// Elements. Texts of rows and labels are written as text, never as markup.
function fmEl(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'on') {
      for (const [event, handler] of Object.entries(value)) {
        node.addEventListener(event, handler);
      }
    } else if (value === true) {
      node.setAttribute(name, '');
    } else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ''));
  return node;
}

function fmButton(text, title, run, attributes = {}) {
  return fmEl('button', { type: 'button', title, 'aria-label': title || text, on: { click: run }, ...attributes }, text);
}

function fmKey(text) {
  return text ? fmEl('kbd', { class: 'fml-key', 'aria-hidden': 'true' }, text) : null;
}

// Keys for choices: digits first, then letters that mean nothing else.
const FM_KEYS = [...'1234567890', ...'qwetyiopadhlzcvb'];

// What a key press says, also with an input method for Chinese switched on.
function fmPressed(event) {
  if (event.key.length === 1 && event.key.charCodeAt(0) < 128) {
    return event.key.toLowerCase();
  }
  if (event.key.length > 1 && event.key !== 'Process') {
    return event.key;
  }
  const code = /^(?:Key|Digit)(.)$/.exec(event.code || '');
  return code ? code[1].toLowerCase() : event.code === 'Slash' ? '/' : event.key;
}

// Whether a key is pressed together with one that makes it a command of the lab.
function fmHeld(event) {
  return event.ctrlKey || event.metaKey;
}

// A colour of its own for each type of entity.
function fmHue(index) {
  return [212, 24, 146, 278, 48, 330, 186, 88, 250, 4][index % 10];
}
