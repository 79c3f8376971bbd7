import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { cardPlugin } from './card';
import { notebookPlugin, tabsPlugin } from './commands';
import { followPlugin } from './follow';
import { panelPlugin } from './panel';
import { settingsPlugin } from './settings';
import { sidebarPlugin } from './sidebar';
import { tabPlugin } from './tab';

export * from './contract';

/** One plug-in a feature. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  settingsPlugin,
  followPlugin,
  cardPlugin,
  tabsPlugin,
  notebookPlugin,
  panelPlugin,
  sidebarPlugin,
  tabPlugin
];

export default plugins;
