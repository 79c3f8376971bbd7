import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';
import { runsIcon } from '../ui/icons';
import { isServerId, ServersApi } from './serversApi';
import { ServersModel } from './serversModel';
import { ServersPanel } from './serversPanel';
import { ServerCard } from './serversTab';

type Tab = MainAreaWidget<ServerCard>;

/** Make the list of model servers, and the command that opens one as a tab; return the list. */
export function addServers(
  app: JupyterFrontEnd,
  shell: ILabShell,
  restorer: ILayoutRestorer | null,
  trans: TranslationBundle
): Widget {
  const model = new ServersModel(new ServersApi(app.serviceManager.serverSettings));
  const tracker = new WidgetTracker<Tab>({ namespace: 'fmtools-servers' });
  app.commands.addCommand(CommandIDs.openServer, {
    label: trans.__('Open Model Server'),
    describedBy: { args: { type: 'object', properties: { serverId: { type: 'string' } }, required: ['serverId'] } },
    execute: args => open(String(args.serverId ?? ''), shell, tracker, model, trans)
  });
  void restorer?.restore(tracker, {
    command: CommandIDs.openServer,
    args: ({ content }) => ({ serverId: content.serverId }),
    name: ({ content }) => content.serverId,
    when: app.serviceManager.ready
  });
  const actions = {
    open: (serverId: string) => void app.commands.execute(CommandIDs.openServer, { serverId }),
    control: model.control.bind(model)
  };
  return new ServersPanel(model, actions, trans);
}

function open(
  serverId: string,
  shell: ILabShell,
  tracker: WidgetTracker<Tab>,
  model: ServersModel,
  trans: TranslationBundle
): void {
  if (!isServerId(serverId)) {
    return;
  }
  const same = tracker.find(({ content }) => content.serverId === serverId);
  const tab = same ?? create(new ServerCard(serverId, model, trans));
  if (!same) {
    void tracker.add(tab);
    shell.add(tab, 'main', { type: 'fmtools-server' });
  }
  shell.activateById(tab.id);
}

function create(content: ServerCard): Tab {
  const tab = new MainAreaWidget({ content });
  tab.id = `fmtools-server-${content.serverId}`;
  tab.addClass('fm-main');
  tab.toolbar.hide();
  tab.title.icon = runsIcon;
  tab.title.closable = true;
  tab.title.label = content.title.label || content.serverId.slice(-6);
  content.title.changed.connect(title => (tab.title.label = title.label));
  return tab;
}
