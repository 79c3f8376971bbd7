import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';

/** Open the exported model in a tab; where there are several, ask which one, below an element. */
export function openExport(
  commands: Menu.IOptions['commands'],
  runId: string,
  exports: readonly string[],
  at: HTMLElement
): void {
  if (exports.length === 1) {
    void commands.execute(CommandIDs.runInBrowser, { runId, artifact: exports[0] });
    return;
  }
  const menu = new Menu({ commands });
  for (const artifact of exports) {
    menu.addItem({ command: CommandIDs.runInBrowser, args: { runId, artifact, isMenu: true } });
  }
  const { left, bottom } = at.getBoundingClientRect();
  menu.aboutToClose.connect(() => setTimeout(() => menu.dispose()));
  menu.open(left, bottom);
}
