import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { isRunId } from '../follow/api';
import { IRunFollowers } from '../follow/pool';
import { runsIcon } from '../ui/icons';
import { TabPanel } from './panel';

type Tab = MainAreaWidget<TabPanel>;

/** Exported models that compute in a tab of the page. */
export const tabPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:in-browser',
  description: 'Runs exported models in the browser.',
  autoStart: true,
  requires: [IRunFollowers],
  optional: [ITranslator, ILabShell, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    followers: IRunFollowers,
    translator: ITranslator | null,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null
  ) => {
    if (!shell) {
      return;
    }
    const trans = (translator ?? nullTranslator).load('fmtools');
    const tracker = new WidgetTracker<Tab>({ namespace: 'fmtools-in-browser' });
    app.commands.addCommand(CommandIDs.runInBrowser, {
      label: args => (args.isMenu ? String(args.artifact) : trans.__('Run in browser')),
      describedBy: {
        args: {
          type: 'object',
          properties: { runId: { type: 'string' }, artifact: { type: 'string' } },
          required: ['runId', 'artifact']
        }
      },
      execute: args => open(String(args.runId ?? ''), String(args.artifact ?? ''), { shell, tracker, followers, trans })
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.runInBrowser,
      args: ({ content }) => ({ runId: content.runId, artifact: content.artifact }),
      name: ({ content }) => `${content.runId}/${content.artifact}`,
      when: app.serviceManager.ready
    });
  }
};

interface IPlaces {
  shell: ILabShell;
  tracker: WidgetTracker<Tab>;
  followers: IRunFollowers;
  trans: TranslationBundle;
}

function open(runId: string, artifact: string, { shell, tracker, followers, trans }: IPlaces): void {
  if (!isRunId(runId) || !artifact) {
    return;
  }
  const same = tracker.find(({ content }) => content.runId === runId && content.artifact === artifact);
  const tab = same ?? new MainAreaWidget({ content: new TabPanel(runId, artifact, followers.api, trans) });
  if (!same) {
    tab.id = `fmtools-in-browser-${runId}-${artifact}`;
    tab.addClass('fm-main');
    tab.toolbar.hide();
    tab.title.icon = runsIcon;
    tab.title.closable = true;
    tab.title.label = artifact;
    tab.content.title.changed.connect(title => (tab.title.label = title.label));
    void tracker.add(tab);
    shell.add(tab, 'main', { type: 'fmtools-in-browser' });
  }
  shell.activateById(tab.id);
}
