import { Signal, type ISignal } from '@lumino/signaling';

/** Whether the application wears a dark theme. */
export function isDark(): boolean {
  return document.body.dataset.jpThemeLight === 'false';
}

/** Tells when the theme changes; works without a theme manager, as in Notebook 7. */
class ThemeWatch {
  constructor() {
    const observer = new MutationObserver(() => this._changed.emit());
    observer.observe(document.body, {
      attributes: true,
      attributeFilter: ['data-jp-theme-light', 'data-jp-theme-name']
    });
  }

  get changed(): ISignal<ThemeWatch, void> {
    return this._changed;
  }

  private readonly _changed = new Signal<ThemeWatch, void>(this);
}

let watch: ThemeWatch | null = null;

/** Emitted after the theme's variables have changed. */
export function themeChanged(): ISignal<unknown, void> {
  watch ??= new ThemeWatch();
  return watch.changed;
}

/** The colour that a CSS variable stands for at an attached `node`, as `rgb(...)`: canvases cannot read variables. */
export function cssColour(node: Element, variable: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${variable})`;
  probe.style.display = 'none';
  node.appendChild(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour || 'rgb(128, 128, 128)';
}
