import type { TranslationBundle } from '@jupyterlab/translation';

import type { Frame } from '../contract';
import { h, setAttribute, setText } from '../ui/dom';

const FRAME_TIME = 250;

/** A slider over the training time of a sentence's snapshots; it follows the newest one until it is moved. */
export class FramePlayer {
  readonly node: HTMLElement;

  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _show: (frame: Frame) => Promise<void>
  ) {
    this._slider = h('input', {
      type: 'range',
      min: 0,
      step: 1,
      class: 'fm-slider',
      'data-fm': 'attention-slider',
      'aria-label': _trans.__('Snapshot in training time')
    });
    this._slider.addEventListener('input', () => this._seek(Number(this._slider.value)));
    this._play = h('button', { type: 'button', class: 'fm-button fm-mod-icon', 'data-fm': 'attention-play' });
    this._play.addEventListener('click', () => this._toggle());
    this._step = h('span', { class: 'fm-slider-step' });
    this._follow = h('input', { type: 'checkbox', checked: true, 'data-fm': 'attention-follow' });
    this._follow.addEventListener('change', () => this._onFollow());
    const follow = h('label', { class: 'fm-check' }, this._follow, _trans.__('Follow newest'));
    this.node = h('div', { class: 'fm-player' }, this._play, this._slider, this._step, follow);
    this._drawPlay();
  }

  /** The frame that is shown, if any. */
  get frame(): Frame | null {
    return this._frames[this._index] ?? null;
  }

  /** Take the frames of the chosen sentence, oldest first. */
  setFrames(frames: Frame[], another: boolean): void {
    const seq = this.frame?.seq;
    this._frames = frames;
    const same = frames.findIndex(frame => frame.seq === seq);
    const index = this._follow.checked || same < 0 || another ? frames.length - 1 : same;
    setAttribute(this._slider, 'max', Math.max(0, frames.length - 1));
    this._go(index);
  }

  /** Stop playing. */
  stop(): void {
    clearInterval(this._timer);
    this._timer = 0;
    this._drawPlay();
  }

  private _seek(index: number): void {
    this.stop();
    this._follow.checked = index === this._frames.length - 1 && this._follow.checked;
    this._go(index);
  }

  private _onFollow(): void {
    if (this._follow.checked) {
      this.stop();
      this._go(this._frames.length - 1);
    }
  }

  private _toggle(): void {
    if (this._timer) {
      this.stop();
      return;
    }
    this._follow.checked = false;
    if (this._index >= this._frames.length - 1) {
      this._go(0);
    }
    this._timer = setInterval(() => this._advance(), FRAME_TIME) as unknown as number;
    this._drawPlay();
  }

  private _advance(): void {
    if (!this._loading) {
      this._go(this._index + 1);
      if (this._index >= this._frames.length - 1) {
        this.stop();
      }
    }
  }

  private _go(index: number): void {
    this._index = index;
    this._slider.value = String(index);
    const frame = this.frame;
    const text = frame ? this._trans.__('step %1', frame.step) : '';
    setText(this._step, text);
    setAttribute(this._slider, 'aria-valuetext', text);
    this._slider.disabled = this._play.disabled = this._frames.length < 2;
    if (frame) {
      this._loading = true;
      void this._show(frame).finally(() => (this._loading = false));
    }
  }

  private _drawPlay(): void {
    setText(this._play, this._timer ? '❚❚' : '▶');
    const label = this._timer ? this._trans.__('Halt the playback') : this._trans.__('Play through training time');
    setAttribute(this._play, 'aria-label', label);
    setAttribute(this._play, 'title', label);
  }

  private _frames: Frame[] = [];
  private _index = -1;
  private _timer = 0;
  private _loading = false;
  private readonly _slider: HTMLInputElement;
  private readonly _play: HTMLButtonElement;
  private readonly _step: HTMLElement;
  private readonly _follow: HTMLInputElement;
}
