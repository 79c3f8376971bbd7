import type { TranslationBundle } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../commands/ids';
import type { ControlRequest } from '../contract';

/** Epochs that the menu offers to add. */
const MORE = [1, 3, 10];

/** Register the command that sends a wish to a run; the sidebar's menu is made of it. */
export function addSteerCommand(
  commands: Menu.IOptions['commands'],
  trans: TranslationBundle,
  control: (runId: string, request: ControlRequest) => void
): void {
  commands.addCommand(CommandIDs.steer, {
    label: args => label(String(args.action), Number(args.value), trans),
    describedBy: {
      args: {
        type: 'object',
        properties: { runId: { type: 'string' }, action: { type: 'string' }, value: { type: ['number', 'null'] } },
        required: ['runId', 'action']
      }
    },
    execute: args => {
      const value = typeof args.value === 'number' ? args.value : null;
      control(String(args.runId), { action: args.action as ControlRequest['action'], value });
    }
  });
}

/** Open the menu of a run at work below an element: evaluate now, save now, train longer. */
export function openSteerMenu(commands: Menu.IOptions['commands'], runId: string, at: HTMLElement): void {
  const menu = new Menu({ commands });
  menu.addClass('fm-steer-menu');
  const add = (action: string, value: number | null) =>
    menu.addItem({ command: CommandIDs.steer, args: { runId, action, value } });
  add('evaluate', null);
  add('save', null);
  menu.addItem({ type: 'separator' });
  MORE.forEach(epochs => add('extend', epochs));
  const { left, bottom } = at.getBoundingClientRect();
  menu.aboutToClose.connect(() => setTimeout(() => menu.dispose()));
  menu.open(left, bottom);
}

function label(action: string, value: number, trans: TranslationBundle): string {
  if (action === 'extend') {
    return value === 1 ? trans.__('One epoch more') : trans.__('%1 epochs more', value);
  }
  return action === 'save' ? trans.__('Save now') : trans.__('Evaluate now');
}
