import type { TranslationBundle } from '@jupyterlab/translation';

import type { ControlRequest } from '../contract';
import type { RunFollower } from '../follow/follower';
import { copyButton } from '../ui/clipboard';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { formatRate, toNumber } from '../ui/numbers';
import { ENDED, RESUMABLE } from '../ui/words';
import { SteerView, askedWords } from './steer';

/** A wish that was sent and not yet seen obeyed. */
interface IWish {
  request: ControlRequest;
  marks: number;
  epoch: number;
  sent: number;
}

const PATIENCE = 30_000;
const MOST = 10;

/** Steers a run: pause, resume, stop, another learning rate. The worker obeys at the end of its step. */
export class ControlsView {
  readonly node: HTMLElement;

  constructor(
    private readonly _follower: RunFollower,
    private readonly _trans: TranslationBundle
  ) {
    this._pause = this._button(_trans.__('Pause'), 'pause', () => this._toggle());
    this._stop = this._button(_trans.__('Stop'), 'stop', () => this._send({ action: 'stop', value: null }));
    setAttribute(this._stop, 'title', _trans.__('Stop at the end of the step, and save; the run can be resumed'));
    this._rate = h('input', {
      type: 'number',
      class: 'fm-input',
      'data-fm': 'lr-input',
      step: 'any',
      min: 0,
      max: MOST
    });
    setAttribute(this._rate, 'aria-label', _trans.__('New learning rate'));
    this._rate.addEventListener('keydown', event => this._onKey(event));
    this._apply = this._button(_trans.__('Apply'), 'lr-apply', () => this._setRate(this._rate.valueAsNumber));
    this._half = this._button('×½', 'lr-half', () => this._scale(0.5), _trans.__('Halve the learning rate'));
    this._double = this._button('×2', 'lr-double', () => this._scale(2), _trans.__('Double the learning rate'));
    this._answer = h('span', { class: 'fm-quiet fm-answer', 'data-fm': 'ack', role: 'status' });
    this._resume = copyButton(
      _trans.__('Copy %fm_resume line'),
      () => `%fm_resume ${_follower.runId}`,
      _trans,
      'copy-resume'
    );
    const label = h('span', { class: 'fm-quiet' }, _trans.__('Learning rate'));
    this._rates = h('div', { class: 'fm-rates' }, label, this._rate, this._apply, this._half, this._double);
    const buttons = h('div', { class: 'fm-buttons' }, this._pause, this._stop, this._resume);
    this._steer = new SteerView(
      _trans,
      request => void this._send(request),
      text => setText(this._answer, text)
    );
    this._live = [this._pause, this._stop, this._rate, this._apply, this._half, this._double];
    this.node = h('div', { class: 'fm-controls' }, buttons, this._rates, this._steer.node, this._answer);
  }

  /** Show what can be done now, and whether the last wish was obeyed. */
  update(): void {
    const head = this._follower.state.head;
    if (!head) {
      return;
    }
    const alive = head.alive && !ENDED.has(head.status) && this._follower.reachable;
    const over = ENDED.has(head.status);
    this._live.forEach(node => setAttribute(node, 'disabled', !alive));
    this._steer.update(alive, over);
    setText(this._pause, head.status === 'paused' ? this._trans.__('Resume') : this._trans.__('Pause'));
    setAttribute(this._pause, 'data-action', head.status === 'paused' ? 'resume' : 'pause');
    [this._pause, this._stop, this._rates].forEach(node => setShown(node, !over));
    setShown(this._resume, RESUMABLE.has(head.status));
    setAttribute(this._rate, 'placeholder', formatRate(head.learning_rate));
    this._acknowledge();
  }

  private _button(text: string, hook: string, click: () => void, title = ''): HTMLButtonElement {
    const label = title ? { title, 'aria-label': title } : {};
    return h('button', { type: 'button', class: 'fm-button', 'data-fm': hook, ...label, on: { click } }, text);
  }

  private _onKey(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === 'Enter') {
      this._setRate(this._rate.valueAsNumber);
    }
  }

  private _toggle(): void {
    const paused = this._follower.state.head?.status === 'paused';
    void this._send({ action: paused ? 'resume' : 'pause', value: null });
  }

  private _scale(factor: number): void {
    this._setRate(toNumber(this._follower.state.head?.learning_rate) * factor);
  }

  private _setRate(value: number): void {
    if (value > 0 && value <= MOST) {
      this._rate.value = '';
      void this._send({ action: 'set_learning_rate', value: Number(value.toPrecision(6)) });
    } else {
      setText(this._answer, this._trans.__('A learning rate is a number above 0 and at most %1.', MOST));
    }
  }

  private async _send(request: ControlRequest): Promise<void> {
    const { marks, epoch } = this._follower.state;
    const wish = { request, marks: marks.length, epoch, sent: Date.now() };
    this._wish = wish;
    setText(this._answer, askedWords(request, this._trans));
    try {
      await this._follower.control(request);
      setTimeout(() => this._acknowledge(), PATIENCE);
    } catch (error) {
      this._wish = null;
      setText(this._answer, this._trans.__('That did not reach the run: %1', (error as Error).message));
    }
  }

  private _acknowledge(): void {
    const wish = this._wish;
    const { state } = this._follower;
    if (!wish) {
      return;
    }
    const fresh = state.epoch === wish.epoch ? state.marks.slice(wish.marks) : state.marks;
    const mark = fresh.find(each => each.kind === wish.request.action);
    if (mark) {
      this._wish = null;
      setText(this._answer, `✓ ${mark.text || mark.kind} · ${this._trans.__('step %1', mark.step)}`);
    } else if (state.head && ENDED.has(state.head.status)) {
      this._wish = null;
      setText(this._answer, '');
    } else if (Date.now() - wish.sent >= PATIENCE) {
      setText(this._answer, this._trans.__('No answer yet: the run obeys at the end of its step.'));
    }
  }

  private _wish: IWish | null = null;
  private readonly _live: HTMLElement[];
  private readonly _pause: HTMLButtonElement;
  private readonly _stop: HTMLButtonElement;
  private readonly _apply: HTMLButtonElement;
  private readonly _half: HTMLButtonElement;
  private readonly _double: HTMLButtonElement;
  private readonly _resume: HTMLButtonElement;
  private readonly _rate: HTMLInputElement;
  private readonly _rates: HTMLElement;
  private readonly _answer: HTMLElement;
  private readonly _steer: SteerView;
}
