import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { ISettings } from '../settings/tokens';
import { IRunFollowers, RunFollowers } from './pool';

/** Provides the followers that every view of a run shares. */
export const followPlugin: JupyterFrontEndPlugin<IRunFollowers> = {
  id: 'fmtools:follow',
  description: 'Follows runs through the server.',
  autoStart: true,
  requires: [ISettings],
  provides: IRunFollowers,
  activate: (app: JupyterFrontEnd, settings: ISettings) => new RunFollowers(app.serviceManager, settings)
};
