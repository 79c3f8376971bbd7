import type { TranslationBundle } from '@jupyterlab/translation';

import type { ServiceSummary } from '../contract';
import { copyButton } from '../ui/clipboard';
import { h, setShown, setText } from '../ui/dom';
import { arrange } from '../ui/rows';
import { AT_WORK, type ServersModel } from './serversModel';
import { ServerRow, type IServerActions } from './serversRow';
import { ServersWidget } from './serversWidget';

/** Ended servers that are shown before somebody asks for all. */
const ENDED = 3;
const FIRST_LINE = '%fm_serve last';

/** The model servers of this workspace, below the runs. */
export class ServersPanel extends ServersWidget {
  constructor(
    model: ServersModel,
    private readonly _actions: IServerActions,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('fm-servers');
    this.node.dataset.fm = 'servers';
    this._count = h('span', { class: 'fm-quiet' });
    this._list = h('ul', { class: 'fm-rows', 'aria-label': _trans.__('Model servers of this workspace') });
    this._more = h('button', { type: 'button', class: 'fm-button', hidden: true, 'data-fm': 'servers-more' });
    this._more.addEventListener('click', () => this._showAll());
    this._empty = h(
      'div',
      { class: 'fm-sidebar-empty', hidden: true, 'data-fm': 'servers-empty' },
      h(
        'p',
        { class: 'fm-quiet' },
        _trans.__('No model server yet. This line in a notebook cell serves the newest run:')
      ),
      h('code', { class: 'fm-line', tabindex: 0 }, FIRST_LINE),
      h(
        'div',
        { class: 'fm-buttons' },
        copyButton(_trans.__('Copy the line'), () => FIRST_LINE, _trans, 'copy-serve')
      )
    );
    const title = h('div', { class: 'fm-sidebar-title' }, h('h2', {}, _trans.__('Servers')), this._count);
    this.node.append(title, this._empty, this._list, this._more);
  }

  protected _update(): void {
    const { servers, known } = this._model;
    const atWork = servers.filter(({ status }) => AT_WORK.has(status)).length;
    const shown = this._all ? servers : servers.slice(0, atWork + ENDED);
    setShown(this._empty, known && servers.length === 0);
    setText(this._count, servers.length ? String(servers.length) : '');
    setText(this._more, this._trans.__('Show all %1 servers', servers.length));
    setShown(this._more, shown.length < servers.length);
    this._draw(shown);
  }

  private _draw(servers: ServiceSummary[]): void {
    const now = Date.now() / 1000;
    const make = (id: string) => new ServerRow(id, this._actions, this._trans);
    const rows = arrange(
      this._list,
      this._rows,
      servers.map(({ id }) => id),
      make
    );
    servers.forEach((server, index) =>
      rows[index].update(server, now, this._model.complaint(server.id), this._model.isBusy(server.id))
    );
  }

  private _showAll(): void {
    this._all = true;
    this._update();
  }

  private _all = false;
  private readonly _rows = new Map<string, ServerRow>();
  private readonly _count: HTMLElement;
  private readonly _list: HTMLElement;
  private readonly _more: HTMLElement;
  private readonly _empty: HTMLElement;
}
