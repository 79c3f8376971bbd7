import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { h, setText } from './dom';

/** Copy a text, in a click's handler. */
export function copyText(text: string): void {
  if (navigator.clipboard && window.isSecureContext) {
    navigator.clipboard.writeText(text).catch(() => Clipboard.copyToSystem(text));
  } else {
    Clipboard.copyToSystem(text);
  }
}

/** A button that copies what `text` gives at the time of the click, and says so for a moment. */
export function copyButton(
  label: string,
  text: () => string,
  trans: TranslationBundle,
  hook: string
): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'fm-button', 'data-fm': hook }, label);
  button.addEventListener('click', () => {
    copyText(text());
    setText(button, trans.__('Copied'));
    setTimeout(() => setText(button, label), 1500);
  });
  return button;
}
