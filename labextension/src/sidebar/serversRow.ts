import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';

import type { ServiceRequest, ServiceSummary } from '../contract';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { AT_WORK } from './serversModel';
import { doing, showStanding } from './serversWords';

/** What a server's row can have done. */
export interface IServerActions {
  open(id: string): void;
  control(id: string, action: ServiceRequest['action']): void;
}

/** One model server of the list. */
export class ServerRow {
  readonly node: HTMLElement;

  constructor(
    id: string,
    actions: IServerActions,
    private readonly _trans: TranslationBundle
  ) {
    const wish = (action: ServiceRequest['action']) => () => actions.control(id, action);
    this._chip = h('span', { class: 'fm-chip fm-mod-small fm-mod-server' });
    this._name = h('span', { class: 'fm-row-name' });
    this._facts = h('span', { class: 'fm-row-facts', 'data-fm': 'server-facts' });
    this._complaint = h('p', { class: 'fm-server-complaint', role: 'alert', 'data-fm': 'server-complaint' });
    this._open = h('button', {
      type: 'button',
      class: 'fm-row-open',
      'data-fm': 'server-open',
      on: { click: () => actions.open(id) }
    });
    this._open.append(
      h('span', { class: 'fm-row-line' }, this._chip, this._name),
      h('span', { class: 'fm-row-line' }, this._facts)
    );
    this._start = action(runIcon, _trans.__('Start again'), 'server-start', wish('restart'));
    this._renew = action(refreshIcon, _trans.__('Take the model in anew'), 'server-renew', wish('restart'));
    this._stop = action(stopIcon, _trans.__('Stop'), 'server-stop', wish('stop'));
    const tools = h('div', { class: 'fm-row-tools' }, this._start, this._renew, this._stop);
    const hooks = { 'data-fm': 'server-row', 'data-server-id': id };
    this.node = h('li', { class: 'fm-row', ...hooks }, this._open, tools, this._complaint);
  }

  update(server: ServiceSummary, now: number, complaint: string, busy: boolean): void {
    const { status } = server;
    showStanding(this._chip, server, this._trans);
    setAttribute(this.node, 'data-status', status);
    setAttribute(this.node, 'aria-busy', String(busy));
    setText(this._name, server.name);
    setText(this._facts, doing(server, now, this._trans));
    setAttribute(
      this._open,
      'title',
      [server.name, server.task, server.artifact, server.method].filter(Boolean).join(' · ')
    );
    setText(this._complaint, complaint);
    setShown(this._complaint, complaint !== '');
    setShown(this._stop, AT_WORK.has(status) && status !== 'stopping');
    setShown(this._renew, status === 'running' && !server.sealed);
    setShown(this._start, !AT_WORK.has(status));
    for (const button of [this._start, this._renew, this._stop]) {
      button.disabled = busy;
    }
  }

  private readonly _chip: HTMLElement;
  private readonly _name: HTMLElement;
  private readonly _facts: HTMLElement;
  private readonly _complaint: HTMLElement;
  private readonly _open: HTMLButtonElement;
  private readonly _start: HTMLButtonElement;
  private readonly _renew: HTMLButtonElement;
  private readonly _stop: HTMLButtonElement;
}

function action(icon: LabIcon, label: string, hook: string, click: () => void): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'fm-row-action', title: label, 'data-fm': hook, on: { click } });
  setAttribute(button, 'aria-label', label);
  icon.element({ container: button, stylesheet: 'menuItem' });
  return button;
}
