import type { TranslationBundle } from '@jupyterlab/translation';

import type { ServiceRequest, ServiceSummary } from '../contract';
import { h, setAttribute, setShown, setText } from '../ui/dom';
import { AT_WORK, type ServersModel } from './serversModel';
import { TryBox } from './serversTry';
import { ServersWidget } from './serversWidget';
import { figures, showStanding } from './serversWords';

/** A model server in a tab: health, rate, latency, and a box to try it. */
export class ServerCard extends ServersWidget {
  constructor(
    readonly serverId: string,
    model: ServersModel,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('fm-card');
    setAttribute(this.node, 'data-fm', 'server-card');
    const wish = (action: ServiceRequest['action']) => () => void model.control(serverId, action);
    this._chip = h('span', { class: 'fm-chip fm-mod-server', 'data-fm': 'server-status' });
    this._name = h('h2', { class: 'fm-name' });
    this._facts = h('p', { class: 'fm-facts' });
    this._said = h('p', { class: 'fm-server-complaint', role: 'alert', 'data-fm': 'server-said' });
    this._start = button(_trans.__('Start again'), 'card-start', wish('restart'));
    this._renew = button(_trans.__('Take the model in anew'), 'card-renew', wish('restart'));
    this._stop = button(_trans.__('Stop'), 'card-stop', wish('stop'));
    this._figures = h('dl', { class: 'fm-tiles', 'data-fm': 'server-figures' });
    this._lately = h('p', { class: 'fm-quiet' }, _trans.__('Requests/s and latency are those of the last minute.'));
    this._try = new TryBox(asked => model.api.predict(serverId, asked), _trans);
    const ident = h('div', { class: 'fm-ident' }, h('div', { class: 'fm-title' }, this._chip, this._name), this._facts);
    const wishes = h('div', { class: 'fm-buttons' }, this._start, this._renew, this._stop);
    const head = h('div', { class: 'fm-header' }, ident, wishes);
    this.node.append(
      h('div', { class: 'fm-body fm-try' }, head, this._said, this._figures, this._lately, this._try.node)
    );
    this._update();
  }

  protected _update(): void {
    const server = this._model.find(this.serverId);
    const gone = this._model.known && !server;
    const said = gone ? this._trans.__('This server does not hold that model server.') : this._sentence(server);
    setText(this._said, said);
    setShown(this._said, said !== '');
    if (server) {
      this._show(server);
    }
  }

  private _sentence(server: ServiceSummary | undefined): string {
    const lost = this._model.reached ? '' : this._trans.__('The server does not answer.');
    return lost || this._model.complaint(this.serverId) || server?.message || '';
  }

  private _show(server: ServiceSummary): void {
    const { status } = server;
    const busy = this._model.isBusy(this.serverId);
    showStanding(this._chip, server, this._trans);
    setAttribute(this.node, 'data-status', status);
    setText(this._name, server.name);
    this.title.label = server.name;
    setText(this._facts, [server.task, server.artifact, server.method].filter(Boolean).join(' · '));
    setShown(this._stop, AT_WORK.has(status) && status !== 'stopping');
    setShown(this._renew, status === 'running' && !server.sealed);
    setShown(this._start, !AT_WORK.has(status));
    [this._start, this._renew, this._stop].forEach(each => (each.disabled = busy));
    setShown(this._figures, status === 'running');
    setShown(this._lately, status === 'running');
    this._draw(figures(server, this._trans));
    this._try.update(server.fields, status === 'running');
  }

  private _draw(values: [string, string][]): void {
    values.forEach(([name, value], place) => {
      const pair = this._figures.children[place] ?? this._figures.appendChild(h('div', {}, h('dt'), h('dd')));
      setText(pair.children[0], name);
      setText(pair.children[1], value);
    });
  }

  private readonly _chip: HTMLElement;
  private readonly _name: HTMLElement;
  private readonly _facts: HTMLElement;
  private readonly _said: HTMLElement;
  private readonly _start: HTMLButtonElement;
  private readonly _renew: HTMLButtonElement;
  private readonly _stop: HTMLButtonElement;
  private readonly _figures: HTMLElement;
  private readonly _lately: HTMLElement;
  private readonly _try: TryBox;
}

function button(label: string, hook: string, click: () => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'fm-button', 'data-fm': hook, on: { click } }, label);
}
