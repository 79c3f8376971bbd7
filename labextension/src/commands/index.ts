import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { RunSummary } from '../contract';
import { IRunFollowers } from '../follow/pool';
import { ISettings } from '../settings/tokens';
import { copyText } from '../ui/clipboard';
import { runsIcon } from '../ui/icons';
import { CommandIDs } from './ids';
import { createNotebook } from './notebook';
import { RunTabs } from './tabs';

/** Tabs of runs and the commands about them, in the palette. */
export const tabsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:tabs',
  description: 'Opens runs as tabs, and steers the latest one from the command palette.',
  autoStart: true,
  requires: [IRunFollowers, ISettings],
  optional: [ITranslator, ILabShell, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    followers: IRunFollowers,
    settings: ISettings,
    translator: ITranslator | null,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('fmtools');
    if (shell) {
      const tabs = new RunTabs(app, shell, { followers, settings, trans });
      addTabCommands(app, shell, tabs, followers, trans);
      if (restorer) {
        tabs.restore(restorer);
      }
    }
    addLatestCommands(app, followers, trans);
    const category = trans.__('Foundation models');
    for (const command of [
      CommandIDs.openSidebar,
      CommandIDs.openLatest,
      CommandIDs.stopLatest,
      CommandIDs.copyCommand
    ]) {
      if (app.commands.hasCommand(command)) {
        palette?.addItem({ command, category });
      }
    }
  }
};

/** A notebook with the lines of a first training, from the launcher and the palette. */
export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'fmtools:notebook',
  description: 'Creates training notebooks.',
  autoStart: true,
  optional: [ITranslator, ICommandPalette, ILauncher, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const trans = (translator ?? nullTranslator).load('fmtools');
    const category = trans.__('Foundation models');
    const command = CommandIDs.newNotebook;
    app.commands.addCommand(command, {
      label: args => (args.isPalette ? trans.__('New Training Notebook') : trans.__('Training notebook')),
      caption: trans.__('Create a notebook that fine-tunes a model'),
      icon: runsIcon,
      describedBy: { args: { type: 'object', properties: { cwd: { type: 'string' } } } },
      execute: async args => {
        const model = await createNotebook(app.serviceManager, String(args.cwd ?? browser?.model.path ?? ''));
        return app.commands.execute('docmanager:open', { path: model.path });
      }
    });
    palette?.addItem({ command, category, args: { isPalette: true } });
    launcher?.add({ command, category, rank: 1 });
  }
};

function addTabCommands(
  app: JupyterFrontEnd,
  shell: ILabShell,
  tabs: RunTabs,
  followers: IRunFollowers,
  trans: TranslationBundle
): void {
  app.commands.addCommand(CommandIDs.openSidebar, {
    label: trans.__('Show Runs'),
    execute: () => shell.activateById('fmtools-sidebar')
  });
  app.commands.addCommand(CommandIDs.openRun, {
    label: trans.__('Open Run'),
    describedBy: { args: { type: 'object', properties: { runId: { type: 'string' } }, required: ['runId'] } },
    execute: args => tabs.open(String(args.runId ?? ''))
  });
  app.commands.addCommand(CommandIDs.openLatest, {
    label: trans.__('Open Latest Run'),
    execute: () => withLatest(followers, trans, run => tabs.open(run.head.id))
  });
}

function addLatestCommands(app: JupyterFrontEnd, followers: IRunFollowers, trans: TranslationBundle): void {
  app.commands.addCommand(CommandIDs.stopLatest, {
    label: trans.__('Stop Latest Run'),
    execute: () =>
      withLatest(followers, trans, async run => {
        await followers.api.control(run.head.id, { action: 'stop', value: null });
        Notification.info(trans.__('Asked “%1” to stop at the end of its step.', run.head.name || run.head.id));
      })
  });
  app.commands.addCommand(CommandIDs.copyCommand, {
    label: trans.__('Copy Command of Latest Run'),
    execute: () => withLatest(followers, trans, run => copyText(run.head.command))
  });
}

async function withLatest(
  followers: IRunFollowers,
  trans: TranslationBundle,
  act: (run: RunSummary) => void | Promise<void>
): Promise<void> {
  try {
    const { runs } = await followers.api.list();
    const latest = runs.reduce<RunSummary | null>(
      (best, run) => (!best || run.head.id > best.head.id ? run : best),
      null
    );
    if (latest) {
      await act(latest);
    } else {
      Notification.info(trans.__('There are no runs yet.'));
    }
  } catch (error) {
    Notification.error(trans.__('That did not reach the run: %1', (error as Error).message));
  }
}
