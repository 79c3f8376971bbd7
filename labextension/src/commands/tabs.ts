import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';

import { RunCard, type ICardContext } from '../card/card';
import { isRunId } from '../follow/api';
import { runsIcon } from '../ui/icons';
import { CommandIDs } from './ids';

/** Runs opened as tabs of the main area; they come back after a reload. */
export class RunTabs {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _shell: ILabShell,
    private readonly _context: ICardContext
  ) {}

  /** Show a run's tab, a new one if it has none. */
  open(runId: string): void {
    if (!isRunId(runId)) {
      return;
    }
    const tab = this._tracker.find(each => each.content.runId === runId) ?? this._create(runId);
    if (!tab.isAttached) {
      this._shell.add(tab, 'main', { type: 'fmtools-run' });
    }
    this._shell.activateById(tab.id);
  }

  /** Bring tabs back when the layout is restored. */
  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this._tracker, {
      command: CommandIDs.openRun,
      args: tab => ({ runId: tab.content.runId }),
      name: tab => tab.content.runId,
      when: this._app.serviceManager.ready
    });
  }

  private _create(runId: string): MainAreaWidget<RunCard> {
    const content = new RunCard(runId, this._context);
    const tab = new MainAreaWidget({ content });
    tab.id = `fmtools-run-${runId}`;
    tab.addClass('fm-main');
    tab.toolbar.hide();
    tab.title.icon = runsIcon;
    tab.title.closable = true;
    tab.title.label = runId.slice(-6);
    content.named.connect((_, name) => (tab.title.label = name));
    void this._tracker.add(tab);
    return tab;
  }

  private readonly _tracker = new WidgetTracker<MainAreaWidget<RunCard>>({ namespace: 'fmtools-runs' });
}
