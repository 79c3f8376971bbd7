import type { TranslationBundle } from '@jupyterlab/translation';

import type { Frame, Probe } from '../contract';
import type { RunFollower } from '../follow/follower';
import type { ISettings } from '../settings/tokens';
import { h, setShown, setText } from '../ui/dom';
import { palette } from '../ui/palette';
import { isDark } from '../ui/theme';
import { AttentionGrid, leastWidth } from './grid';
import { AttentionMap } from './map';
import { FramePlayer } from './player';
import { fits, headMap, meanMap, type IShape } from './tensor';

const ALL = 'all';
const MEAN = 'mean';
const GAP = 32;

/** What the model looks at: a sentence, a layer, a head, and a moment of the training. */
export class AttentionView {
  readonly node: HTMLElement;

  constructor(
    private readonly _follower: RunFollower,
    private readonly _settings: ISettings,
    private readonly _trans: TranslationBundle
  ) {
    this._map = new AttentionMap(_trans);
    this._grid = new AttentionGrid(_trans, (layer, head) => this._choose(String(layer), String(head)));
    this._player = new FramePlayer(_trans, frame => this._load(frame));
    this._probe = this._select('attention-probe', _trans.__('Sentence'));
    this._layer = this._select('attention-layer', _trans.__('Layer'));
    this._head = this._select('attention-head', _trans.__('Head'));
    this._note = h('p', { class: 'fm-quiet', role: 'status', hidden: true });
    const bar = h(
      'div',
      { class: 'fm-bar' },
      h('h3', {}, _trans.__('Attention')),
      this._probe,
      this._layer,
      this._head
    );
    const stage = h('div', { class: 'fm-attention-stage' }, this._map.node, this._grid.node);
    this.node = h('section', { class: 'fm-section', 'data-fm': 'attention', hidden: true });
    this.node.append(bar, stage, this._player.node, this._note);
    this._observer = new ResizeObserver(() => this._onResize());
    this._observer.observe(this.node);
  }

  /** Take in what the run has now. */
  update(): void {
    const probes = this._follower.state.probes;
    setShown(this.node, probes.length > 0 && this._frames().length > 0);
    if (this.node.hidden) {
      return;
    }
    this._offer(
      this._probe,
      probes.map(probe => [String(probe.probe), probe.text])
    );
    const probe = this._current();
    if (probe) {
      this._offerHeads(probe);
      const another = probe.probe !== this._shown;
      this._shown = probe.probe;
      this._player.setFrames(
        this._frames().filter(frame => frame.probe === probe.probe),
        another
      );
    }
  }

  /** Draw again: other colours or another width. */
  redraw(): void {
    if (this._bytes) {
      this._draw(this._bytes);
    }
  }

  dispose(): void {
    this._player.stop();
    this._observer.disconnect();
  }

  private _select(hook: string, label: string): HTMLSelectElement {
    const on = { change: () => this._onSelect() };
    return h('select', { class: 'fm-select', 'data-fm': hook, 'aria-label': label, title: label, on });
  }

  private _offer(select: HTMLSelectElement, options: [string, string][]): void {
    const key = JSON.stringify(options);
    if (select.dataset.key !== key) {
      const value = select.value;
      select.dataset.key = key;
      select.replaceChildren(...options.map(([name, text]) => h('option', { value: name }, text)));
      select.value = options.some(([name]) => name === value) ? value : (options[0]?.[0] ?? '');
    }
  }

  private _offerHeads(probe: Probe): void {
    const range = (count: number) => Array.from({ length: count }, (_, index) => String(index));
    const layers = range(probe.layers).map(name => [name, this._trans.__('Layer %1', name)] as [string, string]);
    const heads = range(probe.heads).map(name => [name, this._trans.__('Head %1', name)] as [string, string]);
    const fresh = !this._layer.options.length;
    this._offer(this._layer, [[ALL, this._trans.__('All layers and heads')], ...layers]);
    this._offer(this._head, [[MEAN, this._trans.__('Mean of the heads')], ...heads]);
    if (fresh) {
      this._layer.value = String(probe.layers - 1);
    }
  }

  private _choose(layer: string, head: string): void {
    this._layer.value = layer;
    this._head.value = head;
    this._onSelect();
  }

  private _onSelect(): void {
    this._bytes = null;
    this.update();
  }

  private _current(): Probe | undefined {
    return this._follower.state.probes.find(probe => String(probe.probe) === this._probe.value);
  }

  /** The frames whose bytes can be had: all of the run's with a server, else those in the notebook. */
  private _frames(): Frame[] {
    const { state, frames, connection } = this._follower;
    return connection === 'static' || connection === 'waiting' ? frames.stored : state.frames;
  }

  private async _load(frame: Frame): Promise<void> {
    if (this._bytes && this._wanted?.seq === frame.seq) {
      return;
    }
    this._wanted = frame;
    try {
      const bytes = await this._follower.frames.get(frame.seq);
      if (this._wanted === frame) {
        this._bytes = bytes;
        this._draw(bytes);
        this.node.dataset.frameStep = String(frame.step);
        this.node.dataset.frameSeq = String(frame.seq);
        this._say('');
      }
    } catch {
      if (this._wanted === frame) {
        this._say(this._trans.__('This snapshot could not be loaded.'));
      }
    }
  }

  private _draw(bytes: Uint8Array): void {
    const probe = this._current();
    if (!probe) {
      return;
    }
    const shape: IShape = { layers: probe.layers, heads: probe.heads, n: probe.tokens.length };
    if (!fits(bytes, shape)) {
      this._say(this._trans.__('This snapshot does not have the shape that its sentence asks for.'));
      return;
    }
    const [layer, head] = [this._layer.value, this._head.value];
    this.node.dataset.layer = layer;
    this.node.dataset.head = layer === ALL ? ALL : head;
    this._paint(bytes, shape, probe.tokens);
  }

  private _paint(bytes: Uint8Array, shape: IShape, tokens: string[]): void {
    const [layer, head] = [this._layer.value, this._head.value];
    const colours = palette(this._settings.palette, isDark());
    // A cell that is scrolled away is off the page for a moment: then the width it had last counts.
    const width = (this.node.clientWidth || this._width) - 2;
    this._drawn = width + 2;
    this._head.disabled = layer === ALL;
    setShown(this._map.node, layer !== ALL);
    let room = width;
    if (layer !== ALL) {
      const at = Number(layer);
      const map = head === MEAN ? meanMap(bytes, shape, at) : headMap(bytes, shape, at, Number(head));
      room -= this._map.show(map, tokens, colours, width) + GAP;
    }
    // Beside a small map there is room to see all heads at once.
    setShown(this._grid.node, layer === ALL || room > leastWidth(shape.heads));
    if (!this._grid.node.hidden) {
      this._grid.show(bytes, shape, colours, room);
      this._grid.mark(Number(layer), Number(head));
    }
  }

  private _onResize(): void {
    const width = this.node.clientWidth;
    this._width = width || this._width;
    if (width > 0 && width !== this._drawn) {
      this.redraw();
    }
  }

  private _say(text: string): void {
    setText(this._note, text);
    setShown(this._note, text !== '');
  }

  private _shown: number | null = null;
  private _wanted: Frame | null = null;
  private _bytes: Uint8Array | null = null;
  private _width = 0;
  private _drawn = 0;
  private readonly _observer: ResizeObserver;
  private readonly _map: AttentionMap;
  private readonly _grid: AttentionGrid;
  private readonly _player: FramePlayer;
  private readonly _probe: HTMLSelectElement;
  private readonly _layer: HTMLSelectElement;
  private readonly _head: HTMLSelectElement;
  private readonly _note: HTMLElement;
}
