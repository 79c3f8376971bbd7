import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { Panel } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';
import type { ControlRequest } from '../contract';
import { IRunFollowers } from '../follow/pool';
import { copyText } from '../ui/clipboard';
import { runsIcon } from '../ui/icons';
import { openExport } from './exportMenu';
import { RunsModel } from './model';
import { RunsPanel } from './panel';
import type { IRowActions } from './row';
import { addServers } from './servers';
import { addSteerCommand, openSteerMenu } from './steerMenu';

const RANK = 610;

/** The list of runs in the left area, and below it that of the model servers. */
export const sidebarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:sidebar',
  description: 'Lists the training runs and the model servers of this workspace.',
  autoStart: true,
  requires: [IRunFollowers],
  optional: [ITranslator, ILayoutRestorer, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    followers: IRunFollowers,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    labShell: ILabShell | null
  ) => {
    if (!labShell) {
      return; // Notebook 7 shows one document and has no room for a list of runs.
    }
    const trans = (translator ?? nullTranslator).load('fmtools');
    const model = new RunsModel(followers);
    const panel = new Panel();
    panel.id = 'fmtools-sidebar';
    panel.addClass('fm-sidebar');
    panel.node.dataset.fm = 'sidebar';
    panel.addWidget(new RunsPanel(model, rowActions(app, followers, model, trans), trans));
    panel.addWidget(addServers(app, labShell, restorer, trans));
    panel.title.icon = runsIcon;
    panel.title.caption = trans.__('Foundation models');
    panel.node.setAttribute('role', 'region');
    panel.node.setAttribute('aria-label', trans.__('Foundation models'));
    labShell.add(panel, 'left', { rank: RANK, type: 'Foundation models' });
    restorer?.add(panel, panel.id);
  }
};

function rowActions(
  app: JupyterFrontEnd,
  followers: IRunFollowers,
  model: RunsModel,
  trans: TranslationBundle
): IRowActions & { create(): void } {
  addSteerCommand(app.commands, trans, (runId, request) => void steer(followers, model, runId, request));
  return {
    open: runId => void app.commands.execute(CommandIDs.openRun, { runId }),
    control: (runId, action) => void steer(followers, model, runId, { action, value: null }),
    more: (runId, at) => openSteerMenu(app.commands, runId, at),
    copy: copyText,
    browse: (runId, exports, at) => openExport(app.commands, runId, exports, at),
    create: () => void app.commands.execute(CommandIDs.newNotebook)
  };
}

async function steer(
  followers: IRunFollowers,
  model: RunsModel,
  runId: string,
  request: ControlRequest
): Promise<void> {
  try {
    await followers.api.control(runId, request);
  } finally {
    model.refresh(200);
  }
}
